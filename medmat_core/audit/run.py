"""The audit of a folder: every file read once, then what only shows when records are compared."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from attrs import define, field

from medmat_core.audit import manifest as manifests
from medmat_core.audit.faults import Fault, Faults
from medmat_core.audit.home import Homes, SubsetOf, Terms
from medmat_core.audit.odds import Odds
from medmat_core.audit.pictures import Wall
from medmat_core.audit.place import CHOICES, PARTS, RECORDS, SUBSETS, Place, look
from medmat_core.audit.published import Published
from medmat_core.audit.report import Report, Row
from medmat_core.audit.seen import Seen, hashed, shares_of
from medmat_core.audit.subsets import Gone, leak_faults, union_faults
from medmat_core.audit.truth import Source, Truth, rendered_faults
from medmat_core.audit.unit import Unit
from medmat_core.dataset import Dataset
from medmat_core.errors import UsageError
from medmat_core.pipeline.engines import Engine, InProcess, start_engine
from medmat_core.records import MANIFEST
from medmat_core.subsets import load_subset


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
    progress: Callable[[str, int], None] = lambda name, count: None,
) -> Report:
    """Audit a built folder, or published files of records.

    ``known`` are the installed data sets. ``data`` is the folder that was given to the build: with it labels, boxes
    and groups are derived again, by ``jobs`` processes; ``near`` also decodes every picture and looks for near copies.
    ``decoders`` are modules that decode masks. ``keep`` faults of each name are kept whole, all are counted.
    ``progress`` hears of every data set that was read, and of how many records it has. Raises :class:`UsageError`
    where there is nothing to audit.
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
        source = Source(folder.resolve() if folder.name in ("", "..") else folder, decoders, near)
    terms = Terms.of(place.manifest)
    homes = Homes([dataset.card for dataset in known], subset_of, terms)
    faults = Faults(keep, lenient=not place.built)
    work = Audit(place, terms, homes, {dataset.slug: dataset for dataset in known}, source, Report(place.root, faults))
    faults.tell(place.trouble)
    engine = start_engine("local", jobs, None) if source is not None and place.built else InProcess()
    with closing(engine):
        faults.tell(work.build(engine, progress) if place.built else work.published())
    faults.tell(work.odds.faults())
    work.report.name_records()
    return work.report


@define
class Audit:
    """One audit. ``units`` are the data sets of a build by number or slug."""

    place: Place
    terms: Terms
    homes: Homes
    known: Mapping[str, Dataset]
    source: Source | None
    report: Report
    units: dict[str, Unit] = field(factory=dict)
    odds: Odds = field(factory=Odds)

    def published(self) -> Iterator[Fault]:
        """Files that medmat did not build."""
        say = self.report.unseen.append
        say("no manifest: read as files that medmat did not build; its promises of form are notes")
        for name, files in self.place.files.items():
            some = Published(name, self.homes, files)
            yield from some.read()
            self.odds.letters(name, some.asked.values(), files[0].shown)
            self.odds.sizes(name, some.asked.values(), files[0].shown)
            self.odds.blind(name, some.asked, files[0].shown)
            counts, guessed = {part: some.records[part] for part in PARTS if some.records[part]}, self.odds.guessed
            self.report.rows.append(Row(name, name, counts, {}, guessed.get(name), some.wrong, some.leaks, some.copies))
            self.report.files += len(files)
            if not some.judged:
                say(f"{name}: no plugin of its data sets is installed, or the form names none: true distractors were "
                    "not looked for")  # fmt: skip

    # -- a build ----------------------------------------------------------------------------------------------------

    def build(self, engine: Engine, progress: Callable[[str, int], None]) -> Iterator[Fault]:
        """A folder that medmat built."""
        manifest = self.place.manifest
        entries = {manifests.number_of(entry): entry for entry in manifests.datasets(manifest)}
        if manifest:
            yield from manifests.form_faults(manifest)
            yield from manifests.file_faults(self.place)
            yield from manifests.problem_faults(self.place.root, list(entries.values()))
        records, choices = self.place.of(RECORDS, ".jsonl"), self.place.of(CHOICES, ".json")
        self.report.files = sum(map(len, (*records.values(), *choices.values())))
        stems = {str(int(stem)) if stem.isascii() and stem.isdecimal() else stem: stem
                 for stem in dict.fromkeys((*records, *choices))}  # fmt: skip
        for name in dict.fromkeys((*entries, *stems)):
            stem, home = stems.get(name, ""), self.homes.of(name)
            files = records.get(stem, {})
            unit = Unit(name, home, self.terms, Seen({part: file.shown for part, file in files.items()}), files,
                        choices.get(stem, {}))  # fmt: skip
            if self.source is not None:
                yield from self._look(unit, self.source, engine)
            self.units[name] = unit
            yield from self._unit(unit, entries.get(name))
            progress(name, len(unit.seen))
        gone, wrong = manifests.removals(manifest)
        yield from wrong
        yield from self._subsets(gone)
        if self.source is not None:
            yield from self._pictures(self.source, gone)
        self._not_seen()

    def _look(self, unit: Unit, source: Source, engine: Engine) -> Iterator[Fault]:
        """What its data say of a data set, where it is installed and they are there."""
        dataset = self.known.get(unit.home.card.slug) if unit.home is not None else None
        if unit.home is None or dataset is None:
            return
        with tempfile.TemporaryDirectory(prefix="medmat-audit-") as work:
            unit.truth = Truth.of(unit.home, dataset, source, Path(work), engine)
        if unit.truth is None:
            told = f"data set {unit.name}: no folder {unit.home.card.folder!r} under {source.data}"
            self.report.unseen.append(told)
        else:
            yield from rendered_faults(unit.truth, manifests.digests(self.place.manifest))

    def _unit(self, unit: Unit, entry: Mapping[str, Any] | None) -> Iterator[Fault]:
        """One data set: its records, and what the manifest says of it."""
        leaks = 0
        for fault in unit.read():
            leaks += fault.name in ("group_leak", "picture_leak")
            yield fault
        if entry is not None:
            yield from self._entry(unit, entry)
        elif self.place.manifest:
            yield Fault("unlisted_file", f"the manifest lists no data set {unit.name}", MANIFEST)
        title, file = f"data set {unit.name}", next(iter(unit.seen.files.values()), "")
        self.odds.letters(title, unit.asked.values(), file)
        self.odds.instructions(title, unit.seen, file)
        self.odds.blind(title, unit.asked, file)
        unit.asked.clear()  # guessers are done; with many data sets it would add up
        slug = str((entry or {}).get("slug", ""))
        counts = Counter(unit.seen.rows["part"].tolist())
        self.report.rows.append(
            Row(unit.name, unit.name if slug == unit.name else f"{unit.name} {slug}",
                {part: counts[number] for number, part in enumerate(PARTS) if counts[number]}, shares_of(unit.seen),
                self.odds.guessed.get(title), unit.unsure, leaks)
        )  # fmt: skip

    def _entry(self, unit: Unit, entry: Mapping[str, Any]) -> Iterator[Fault]:
        if unit.home is not None:
            listed = any(unit.truth.ledger.sides) if unit.truth is not None else None
            yield from manifests.card_faults(entry, unit.home, grouped=unit.grouped, listed=listed)
        else:
            yield Fault("no_card", f"{entry['slug']}: its plugin is not installed", MANIFEST)
        yield from manifests.count_faults(entry, unit.seen, whole=unit.whole)
        unit.tells_all = isinstance(entry.get("images"), dict) and entry["images"].get("unasked") == 0
        if entry.get("split") == "unprotected":
            yield Fault("unprotected", f"{entry['slug']}: no split and no ids were published", MANIFEST)

    # -- over all data sets -------------------------------------------------------------------------------------------

    def _subsets(self, gone: Gone) -> Iterator[Fault]:
        for name, images in gone.items():
            for image in sorted(image for image in images if not self._holds(name, image)):
                yield Fault("removal_unknown", f"data set {name} holds no such picture", MANIFEST, image=image)
        entries = manifests.datasets(self.place.manifest)
        subset_of = {manifests.number_of(e): int(e["subset"]) for e in entries if type(e.get("subset")) is int}
        files = self.place.of(SUBSETS, ".json")
        self.report.files += sum(map(len, files.values()))
        stems = {f"{no:02d}": no for no in subset_of.values()}
        for stem in {**files, **stems}:
            members = [unit for name, unit in self.units.items() if f"{subset_of.get(name, -1):02d}" == stem]
            for number, part in enumerate(PARTS):
                own = {unit.name: unit.choices[number] for unit in members if number in unit.choices}
                file = files.get(stem, {}).get(number)
                if file is not None:
                    yield from union_faults(file, own, gone)
                elif any(not gone.get(name) for name in own):
                    path = f"{SUBSETS}/Subset--{stem}-{part}.json"
                    yield Fault("missing_file", f"subset {stems[stem]} has {part} records", path)
        if not self.terms.as_published:  # Med-MAT's published subsets leave nothing out
            yield from leak_faults({name: unit.seen for name, unit in self.units.items()}, subset_of, gone)

    def _holds(self, name: str, image: str) -> bool:
        """Whether a data set has a picture, as far as can be told: a removed one may be asked nothing at all."""
        unit = self.units.get(name)
        if unit is None:
            return False
        if unit.truth is not None:
            return unit.truth.place(hashed(image)) >= 0
        return not unit.tells_all or bool((unit.seen.rows["image"] == np.uint64(hashed(image))).any())

    def _pictures(self, source: Source, gone: Gone) -> Iterator[Fault]:
        wall = Wall.of(self.units)
        rows = {row.name: row for row in self.report.rows}
        for unit in wall.units:
            rows[unit.name].copies = 0
        opened = self.terms.verify != "none"  # else the build promised nothing about equal bytes
        for unit, fault in wall.equal(gone, source.data.parent, self.place.root) if opened else ():
            rows[unit.name].copies = (rows[unit.name].copies or 0) + 1
            yield fault
        if source.near:
            yield from wall.nearby(opened=opened)

    def _not_seen(self) -> None:
        say = self.report.unseen.append
        if not self.place.manifest:
            say("no manifest: its counts, and what subset files leave out, were not audited")
        if self.units and not any(unit.choices for unit in self.units.values()):
            say("no files in Med-MAT's form: unions of subsets were not audited")
        if self.source is None:
            say("no --data: labels and boxes were not derived again, nor pictures compared")
        elif not self.source.near:
            say("no --near: copies that were encoded again or resized were not looked for")
        if self.terms.verify == "none":
            say("built with --verify none: equal pictures were not promised to be on one side")
