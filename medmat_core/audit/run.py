"""The audit of a folder: every file read once, then what only shows when records are compared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from attrs import define, field, frozen

from medmat_core.audit.blind import Asked
from medmat_core.audit.chance import significant
from medmat_core.audit.faults import Faults
from medmat_core.audit.home import Homes, SubsetOf, Terms
from medmat_core.audit.manifest import (
    card_faults,
    count_faults,
    datasets,
    digests,
    file_faults,
    form_faults,
    number_of,
    problem_faults,
    removals,
)  # fmt: skip
from medmat_core.audit.odds import Odds
from medmat_core.audit.pictures import Wall
from medmat_core.audit.place import CHOICES, MANIFEST, PARTS, RECORDS, SUBSETS, Place, look
from medmat_core.audit.published import Published
from medmat_core.audit.report import Report, Row
from medmat_core.audit.seen import hashed, shares_of
from medmat_core.audit.subsets import leak_faults, union_faults
from medmat_core.audit.truth import Truth, rendered_faults
from medmat_core.audit.unit import Unit
from medmat_core.dataset import Dataset
from medmat_core.errors import UsageError
from medmat_core.pipeline.engines import Engine, start_engine
from medmat_core.subsets import load_subset


class Progress(Protocol):
    """What an audit tells while it runs."""

    def step(self, name: str, count: int) -> None:
        """A data set, of so many records, was read."""


class Silent:
    """Tells nothing."""

    def step(self, name: str, count: int) -> None: ...


@frozen
class Source:
    """The data to hold records against: the folder that was given to the build, the modules that decode masks, how
    many processes to use, and whether to look for near copies."""

    data: Path
    decoders: tuple[str, ...] = ()
    jobs: int = 1
    near: bool = False


def audit(
    paths: Sequence[Path | str] | Path | str,
    known: Sequence[Dataset] = (),
    *,
    subset_of: SubsetOf = load_subset,
    data: Path | str | None = None,
    near: bool = False,
    jobs: int = 1,
    decoders: tuple[str, ...] = (),
    keep: int | None = 20,
    progress: Progress | None = None,
) -> Report:
    """Audit a built folder, or published files of records.

    ``known`` are the installed data sets. ``data`` is the folder that was given to the build: with it labels, boxes
    and groups are derived again; ``near`` also decodes every picture and looks for near copies. ``decoders`` are
    modules that decode masks. ``keep`` faults of each name are kept whole, all are counted. Raises
    :class:`UsageError` where there is nothing to audit.
    """
    several = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if near and data is None:
        raise UsageError("--near compares pictures: it needs --data, the folder that was given to the build")
    place = look([Path(path) for path in several])
    source = None
    if data is not None:
        folder = Path(data)
        if not folder.is_dir():
            raise UsageError(f"--data {folder}: no such folder")
        if folder.name in ("", ".."):
            folder = folder.resolve()
        source = Source(folder, decoders, jobs, near)
    terms = Terms.of(place.manifest)
    homes = Homes([dataset.card for dataset in known], subset_of, terms)
    work = Audit(place, terms, homes, {d.slug: d for d in known}, Faults(keep, lenient=not place.built), source,
                 progress or Silent())  # fmt: skip
    return work.run()


@define
class Audit:
    """One audit. ``units`` are the data sets of a build by number or slug."""

    place: Place
    terms: Terms
    homes: Homes
    known: Mapping[str, Dataset]
    faults: Faults
    source: Source | None
    progress: Progress
    units: dict[str, Unit] = field(factory=dict)
    odds: Odds = field(factory=Odds)
    unseen: list[str] = field(factory=list)

    def run(self) -> Report:
        report = Report(self.place.root, self.faults)
        for name, sentence, file in self.place.trouble:
            self.faults.tell(name, sentence, file)
        if self.place.built:
            self._built(report)
        else:
            self._published(report)
        for test in significant(self.odds.tests):
            self.faults.tell(test.name, f"{test.sentence} (p = {test.p:.1e})", test.file)
        report.unseen = self.unseen
        report.name_records()
        return report

    def _published(self, report: Report) -> None:
        self.unseen.append("no manifest: read as files that medmat did not build; its promises of form are notes")
        for name, files in self.place.files.items():
            some = Published(name, self.homes, self.faults, files)
            some.read()
            shown = files[0].shown
            empty = Asked()
            self.odds.published(name, some.letters, some.table, shown)
            self.odds.blind(name, some.asked.get(0, empty), some.asked.get(2, empty), shown)
            counts = {part: some.records[number] for number, part in enumerate(PARTS) if some.records[number]}
            report.rows.append(
                Row(name, name, counts, {}, self.odds.guessed.get(name), some.wrong, some.leaks, some.copies)
            )
            report.files += len(files)
            if not some.judged:
                self.unseen.append(f"{name}: no plugin of its data sets is installed, or the form names none: "
                                   "true distractors were not looked for")  # fmt: skip

    # -- a build ----------------------------------------------------------------------------------------------------

    def _built(self, report: Report) -> None:
        manifest = self.place.manifest
        entries = {number_of(entry): entry for entry in datasets(manifest)}
        if manifest:
            for name, sentence, file in (*form_faults(manifest), *file_faults(self.place)):
                self.faults.tell(name, sentence, file)
            for name, sentence, file, line in problem_faults(self.place.root, list(entries.values())):
                self.faults.tell(name, sentence, file, line)
        records, choices = self.place.of(RECORDS, ".jsonl"), self.place.of(CHOICES, ".json")
        report.files = sum(map(len, (*records.values(), *choices.values())))
        stems = {str(int(stem)) if stem.isascii() and stem.isdecimal() else stem: stem
                 for stem in dict.fromkeys((*records, *choices))}  # fmt: skip
        for name, truth in self._truths(list(dict.fromkeys((*entries, *stems)))):
            stem = stems.get(name, "")
            unit = Unit(name, self.homes.of(name), self.terms, self.faults, records.get(stem, {}),
                        choices.get(stem, {}), truth)  # fmt: skip
            self.units[name] = unit
            before = self.faults.counts.copy()
            unit.read()
            self._entry(unit, entries.get(name))
            file = next((file.shown for file in unit.records.values()), "")
            self.odds.build(f"data set {name}", unit.seen, unit.asked, file)
            slug = str(entries.get(name, {}).get("slug", ""))
            counts = {part: int((unit.seen.column("parts") == number).sum()) for number, part in enumerate(PARTS)}
            row = Row(name, f"{name} {slug}" if slug != name else name, {p: n for p, n in counts.items() if n},
                      shares_of(unit.seen), self.odds.guessed.get(f"data set {name}"), unit.unsure)  # fmt: skip
            row.leaks = sum(self.faults.counts[leak] - before[leak] for leak in ("group_leak", "picture_leak"))
            report.rows.append(row)
            self.progress.step(name, len(unit.seen))
        gone, wrong = removals(manifest)
        for sentence in wrong:
            self.faults.tell("manifest_keys", sentence, MANIFEST)
        self._subsets(report, gone)
        if self.source is not None:
            self._pictures(report, gone)
        self._not_seen()

    def _entry(self, unit: Unit, entry: Mapping[str, Any] | None) -> None:
        if entry is None:
            if self.place.manifest:
                self.faults.tell("unlisted_file", f"the manifest lists no data set {unit.name}", MANIFEST)
            return
        arguments = self.place.manifest.get("arguments")
        arguments = arguments if isinstance(arguments, dict) else {}
        if unit.home is not None:
            listed = any(unit.truth.ledger.sides) if unit.truth is not None else None
            for found in card_faults(entry, unit.home, arguments, grouped=unit.grouped, listed=listed):
                self.faults.tell(*found)
        else:
            self.faults.tell("no_card", f"{entry['slug']}: its plugin is not installed", MANIFEST)
        images = entry.get("images")
        unit.records_tell_all = isinstance(images, dict) and images.get("unasked") == 0
        for found in count_faults(entry, unit.seen, whole=unit.whole):
            self.faults.tell(*found)
        if entry.get("split") == "unprotected":
            self.faults.tell("unprotected", f"{entry['slug']}: no split and no ids were published", MANIFEST)

    def _truths(self, names: Sequence[str]) -> Iterator[tuple[str, Truth | None]]:
        """Every data set with what its data say of it, where --data is given; one at a time."""
        if self.source is None:
            yield from ((name, None) for name in names)
            return
        engine = start_engine("local", self.source.jobs, None)
        try:
            for name in names:
                yield name, self._truth(name, self.source, engine)
        finally:
            engine.close()

    def _truth(self, name: str, source: Source, engine: Engine) -> Truth | None:
        home = self.homes.of(name)
        dataset = self.known.get(home.card.slug) if home is not None else None
        if home is None or dataset is None:
            return None
        arguments = self.place.manifest.get("arguments")
        seed = arguments.get("seed") if isinstance(arguments, dict) else 0
        with tempfile.TemporaryDirectory(prefix="medmat-audit-") as work:
            truth = Truth.of(
                home, dataset, source.data, Path(work), seed=seed if type(seed) is int else 0,
                verify=self.terms.verify, engine=engine, decoders=source.decoders, near=source.near,
            )  # fmt: skip
        if truth is None:
            self.unseen.append(f"data set {name}: no folder {home.card.folder!r} under {source.data}")
            return None
        for sentence, file in rendered_faults(truth, digests(self.place.manifest)):
            self.faults.tell("rendered_differs", sentence, file)
        return truth

    # -- over all data sets -------------------------------------------------------------------------------------------

    def _subsets(self, report: Report, gone: Mapping[str, set[str]]) -> None:
        held = {name: unit.seen for name, unit in self.units.items()}
        for name, images in gone.items():
            for image in sorted(image for image in images if not self._holds(name, image)):
                self.faults.tell("removal_unknown", f"data set {name} holds no such picture", MANIFEST, 0, "", image)
        subset_of = {}
        for entry in datasets(self.place.manifest):
            if type(entry.get("subset")) is int:
                subset_of[number_of(entry)] = int(entry["subset"])
        files = self.place.of(SUBSETS, ".json")
        report.files += sum(map(len, files.values()))
        wanted = {no: [name for name in self.units if subset_of.get(name) == no] for no in set(subset_of.values())}
        for stem, parts in files.items():
            names = wanted.get(int(stem) if stem.isascii() and stem.isdecimal() else -1, [])
            for part, file in parts.items():
                members = [(self.units[n].choices[part], frozenset(gone.get(n, ()))) for n in names
                           if part in self.units[n].choices]  # fmt: skip
                for name, sentence, record, image in union_faults(
                    file, [m for m, _ in members], [g for _, g in members]
                ):
                    self.faults.tell(name, sentence, file.shown, record, "", image)
        for no, names in wanted.items():
            for part, said in enumerate(PARTS):
                some = [n for n in names if part in self.units[n].choices and not gone.get(n)]
                if some and part not in files.get(f"{no:02d}", {}):
                    self.faults.tell(
                        "missing_file", f"subset {no} has {said} records", f"{SUBSETS}/Subset--{no:02d}-{said}.json"
                    )
        if self.terms.as_published:
            return  # Med-MAT's published subsets leave nothing out
        for leak in leak_faults(held, subset_of, gone):
            self.faults.tell(leak.name, leak.sentence, *self.units[leak.member].where(leak.row))

    def _holds(self, name: str, image: str) -> bool:
        """Whether a data set has a picture, as far as can be told: a removed one may be asked nothing at all."""
        unit = self.units.get(name)
        if unit is None:
            return False
        if unit.truth is not None:
            return unit.truth.place(hashed(image)) >= 0
        return not unit.records_tell_all or bool((unit.seen.column("images") == np.uint64(hashed(image))).any())

    def _pictures(self, report: Report, gone: Mapping[str, set[str]]) -> None:
        assert self.source is not None
        wall = Wall.of(self.units)
        rows = {row.name: row for row in report.rows}
        for name in wall.names:
            rows[name].copies = 0
        opened = self.terms.verify != "none"  # else the build promised nothing about equal bytes
        for fault, sentence, name, row in wall.equal(gone, self.source.data.parent, self.place.root) if opened else ():
            self.faults.tell(fault, sentence, *self.units[name].where(row))
            rows[name].copies = (rows[name].copies or 0) + 1
        if self.source.near:
            for fault, sentence, name, row in (*wall.alike(), *wall.nearby()):
                self.faults.tell(fault, sentence, *self.units[name].where(row))

    def _not_seen(self) -> None:
        if not self.place.manifest:
            self.unseen.append("no manifest: its counts, and what subset files leave out, were not audited")
        if self.units and not any(unit.choices for unit in self.units.values()):
            self.unseen.append("no files in Med-MAT's form: unions of subsets were not audited")
        if self.source is None:
            self.unseen.append("no --data: labels and boxes were not derived again, nor pictures compared")
        elif not self.source.near:
            self.unseen.append("no --near: copies that were encoded again or resized were not looked for")
        if self.terms.verify == "none":
            self.unseen.append("built with --verify none: equal pictures were not promised to be on one side")
