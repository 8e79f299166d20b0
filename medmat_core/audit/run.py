"""The audit of a folder: every file read once, then what only shows when records are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import define, field

from medmat_core.audit.book import Book, SubsetOf, terms_of
from medmat_core.audit.faults import Fault, Faults
from medmat_core.audit.folder import count_faults, datasets, manifest_faults, problem_faults
from medmat_core.audit.found import File, Place, look, numbers_first
from medmat_core.audit.members import Member, leak_faults, union_faults
from medmat_core.audit.numbers import compare, untested
from medmat_core.audit.report import Report, figures, label_notes
from medmat_core.audit.stream import StreamError, records
from medmat_core.audit.unit import Unit
from medmat_core.card import Card
from medmat_core.errors import UsageError
from medmat_core.subsets import load_subset


class Progress(Protocol):
    """What an audit tells while it runs."""

    def file(self, shown: str, count: int) -> None:
        """A file of so many records was read."""


class Silent:
    """Tells nothing."""

    def file(self, shown: str, count: int) -> None: ...


def audit(
    paths: Sequence[Path | str] | Path | str,
    cards: Sequence[Card] = (),
    *,
    subset_of: SubsetOf = load_subset,
    data: Path | str | None = None,
    alike: bool = False,
    near: bool = False,
    keep: int | None = 20,
    progress: Progress | None = None,
) -> Report:
    """Audit a built folder, or published files of records.

    ``cards`` are those of the installed data sets. ``data`` is the folder that was given to the build: with it keys
    are worked out again and pictures are compared byte for byte; ``alike`` also decodes every picture, ``near`` also
    compares them by perceptual hash. ``keep`` faults of each name are kept whole, all
    are counted. Raises :class:`UsageError` where there is nothing to audit.
    """
    several = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if (alike or near) and data is None:
        raise UsageError("comparing pictures needs --data, the folder that was given to the build")
    place = look([Path(path) for path in several])
    work = Audit(place, Book(cards, terms_of(place.manifest, built=place.built), subset_of, place.manifest),
                 Faults(keep, lenient=not place.built), progress or Silent())  # fmt: skip
    return work.run(Path(data) if data is not None else None, alike or near, near)


@define
class Audit:
    """One audit. ``units`` are data sets by number or slug, ``groups`` subset files by stem."""

    place: Place
    book: Book
    faults: Faults
    progress: Progress
    units: dict[str, Unit] = field(factory=dict)
    groups: dict[str, Unit] = field(factory=dict)
    unseen: list[str] = field(factory=list)
    broken: set[str] = field(factory=set)
    rendered: Path | None = None

    def run(self, data: Path | None, alike: bool, near: bool) -> Report:
        for name, sentence, file in self.place.trouble:
            self.faults.tell(name, sentence, file)
        for fault in manifest_faults(self.place):
            self.faults.add(fault)
        if self.place.built:
            for fault in problem_faults(self.place):
                self.faults.add(fault)
        # with --data every picture is looked at; without it those that lie in the folder itself
        self.rendered = self.place.root if self.place.built and data is None else None
        full, own = self.place.of("full"), self.place.of("own")
        for stem in dict.fromkeys((*full, *own)):
            self._dataset(stem, full.get(stem, []), own.get(stem, []))
        for stem, files in self.place.of("subset").items():
            self._subset(stem, files, own)
        if data is not None:
            self._pictures(data, alike, near)
        return self._report(data)

    # -- reading ----------------------------------------------------------------------------------

    def _records(self, file: File) -> Iterator[Any]:
        """The records of a file; one that cannot be read to its end is told, once."""
        try:
            yield from records(file.path)
        except StreamError as error:
            if file.shown not in self.broken:
                self.broken.add(file.shown)
                self.faults.tell("bad_json", f"the file {error}", file.shown)

    def _dataset(self, stem: str, full: Sequence[File], own: Sequence[File]) -> None:
        name = self.book.number(stem)
        unit = self.units[name] = Unit(name, self.book, self.faults.add, fixed=self.book.rules(name), out=self.rendered)
        for part in (0, 1):
            whole = next((file for file in full if file.part == part), None)
            plain = next((file for file in own if file.part == part), None)
            if whole is not None and plain is not None:
                count = unit.read_both(self._records(whole), whole.shown, self._records(plain), plain.shown, part)
            elif whole is not None or plain is not None:
                file = whole or plain
                assert file is not None
                count = unit.read(self._records(file), part, file.shown)
            else:
                continue
            for file in (whole, plain):
                if file is not None:
                    self.progress.file(file.shown, count)
                    unit.whole = unit.whole and file.shown not in self.broken
        rules = unit.fixed
        labels = rules.labels if rules is not None else None
        self._add(compare(unit.seen, unit.pair, labels.apart if labels is not None and not labels.several else None))
        self._evenness(unit, f"data set {name}")
        listed = self._listed(name)
        if listed is not None:
            self._add(count_faults(listed, unit.tallies, unit.pictures if unit.whole else None))
            if listed.get("split") in ("group", "unprotected") and labels is not None:
                self._add(untested(unit.seen, f"data set {name}", labels.captions))

    def _listed(self, name: str) -> Mapping[str, Any] | None:
        """What the manifest says of a data set."""
        for dataset in datasets(self.place.manifest or {}):
            no = dataset.get("no")
            if str(dataset.get("slug") if no is None else no) == name:
                return dataset
        return None

    def _add(self, faults: Iterator[Fault]) -> None:
        for fault in faults:
            self.faults.add(fault)

    def _evenness(self, unit: Unit, title: str) -> None:
        for name, sentence in unit.even.faults(title):
            self.faults.tell(name, sentence, unit.files[0] or unit.files[1])

    # -- subsets ----------------------------------------------------------------------------------

    def _members(self, stem: str) -> list[str]:
        """What the data sets of a subset are called."""
        if not stem.isdecimal():
            return []
        return [name for name in self.units if self.book.subset_no(name) == int(stem)]

    def _subset(self, stem: str, files: Sequence[File], own: Mapping[str, Sequence[File]]) -> None:
        unit = self.groups[stem] = Unit(stem, self.book, self.faults.add)
        names = self._members(stem)
        # the members' files were judged, and the subset's are compared with them; otherwise they are judged here
        compared = self.place.manifest is not None and bool(names)
        for file in files:
            if compared:
                mine = {
                    self.book.number(s): next((f for f in several if f.part == file.part), None)
                    for s, several in own.items()
                    if self.book.number(s) in names
                }
                self._add(union_faults(file, mine, self._gone(stem, names), self._strange(unit, file)))
            count = unit.read(self._records(file), file.part, file.shown, judged=compared)
            self.progress.file(file.shown, count)
        members = [Member(name, self.units[name].pair, self.units[name].seen) for name in names]
        verified = self.book.terms.verify != "none"
        self._add(leak_faults(unit.seen, unit.pair, members, by_path=verified))
        self._evenness(unit, f"subset {stem}" if stem.isdecimal() else stem)

    def _gone(self, stem: str, names: Sequence[str]) -> dict[str, frozenset[str]]:
        """Pictures that the manifest says a subset leaves out, by member."""
        removals = (self.place.manifest or {}).get("subset_removals")
        found: dict[str, set[str]] = {name: set() for name in names}
        for removal in removals if isinstance(removals, list) else ():
            if isinstance(removal, dict) and removal.get("subset") == int(stem):
                no = removal.get("no")
                for name in names:
                    if (str(no) == name) if no is not None else not name.isdecimal():
                        found[name].add(str(removal.get("image")))
        return {name: frozenset(images) for name, images in found.items()}

    def _strange(self, unit: Unit, file: File) -> Any:
        """Judges a record of a subset file that no member holds as it stands there."""
        place = 0

        def judge(raw: Any) -> None:
            nonlocal place
            rules = unit.rules_for(raw)
            number = raw.get("id") if isinstance(raw, Mapping) else None
            place = number if isinstance(number, int) else place
            silent = Unit(unit.name, self.book, lambda fault: None)
            entry = silent.parse(raw, rules, file.shown, place)
            if entry is not None:
                unit.judge(entry, rules, file.shown, place)

        return judge

    # -- pictures ---------------------------------------------------------------------------------

    def _pictures(self, data: Path, alike: bool, near: bool) -> None:
        from medmat_core.audit.pictures import Gallery

        if not data.is_dir():
            raise UsageError(f"--data {data}: no such folder")
        gallery = Gallery(data, self.place.root, self.faults, alike=alike, near=near)
        full, own = self.place.of("full"), self.place.of("own")
        for stem in dict.fromkeys((*full, *own)):
            name = self.book.number(stem)
            files = full.get(stem) or own[stem]
            gallery.add(name, self.book.card(name), self.book.rules(name).labels, files)
        self.unseen.extend(gallery.unseen)
        opened = self.book.terms.verify != "none"  # else the build promised nothing about equal bytes
        for name in self.units:
            gallery.compare_parts(name, byte_equal=opened)
        for stem, unit in self.groups.items() if opened else ():
            gallery.compare_members(self._members(stem), unit)

    # -- the end ----------------------------------------------------------------------------------

    def _report(self, data: Path | None) -> Report:
        report = Report(self.place.root, self.faults, files=[file.shown for file in self.place.files])
        for name, unit in self.units.items():
            rules = unit.fixed
            assert rules is not None
            listed = self._listed(name) or {}
            slug = rules.card.head.slug if rules.card is not None else listed.get("slug", name)
            row = {"no": int(name) if name.isdecimal() else None, "slug": slug, "subset": self.book.subset_no(name)}
            report.datasets.append(row | figures(unit, rules.labels, splits=listed.get("split")))
            self._add(iter(label_notes(unit, f"data set {name}")))
        for stem, unit in self.groups.items():
            number = int(stem) if stem.isdecimal() else stem
            members = list(unit.seen.names.values())
            row = {"subset": number, "members": sorted(members, key=numbers_first)}
            report.subsets.append(row | figures(unit, None))
        report.records = sum(len(unit.seen) for unit in (self.units or self.groups).values())
        report.unseen = [*self._not_seen(data), *self.unseen]
        report.name_pictures({file.shown: file.path for file in self.place.files})
        return report

    def _not_seen(self, data: Path | None) -> Iterator[str]:
        if not self.place.built:
            yield "no manifest: read as files that medmat did not build; its promises of form are notes"
        if self.units and not self.place.of("full"):
            yield "no full records (build with --format jsonl): groups, boxes and keys were not audited"
        if self.place.built and not self.groups:
            yield "no subset files (build with --format medmat): leaks between members were not audited"
        if data is None:
            yield "no --data: keys, sizes and equal pictures were not audited"
        if self.book.missing:
            names = ", ".join(dict.fromkeys(name or "(none named)" for name in self.book.missing))
            yield f"no card is installed of data set {names}: labels were audited by the frozen pool alone"
        if self.book.terms.verify == "none":
            yield "built with --verify none: equal pictures were not promised to be on one side"
