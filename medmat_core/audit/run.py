"""The audit of a folder: every file read once, then what only shows when records are compared."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from attrs import Factory, define, field

from medmat_core.audit import manifest as manifests
from medmat_core.audit import odds
from medmat_core.audit.blind import Asked, guess
from medmat_core.audit.faults import Fault, Faults
from medmat_core.audit.home import Homes, SubsetOf, Terms
from medmat_core.audit.pictures import Wall
from medmat_core.audit.place import CHOICES, PARTS, RECORDS, SUBSETS, Place, look, table
from medmat_core.audit.report import Report, Row
from medmat_core.audit.seen import Seen, hashed, shares_of
from medmat_core.audit.subsets import Gone, leak_faults, union_faults
from medmat_core.audit.truth import Source, Truth
from medmat_core.audit.unit import Published, Unit
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
    where there is nothing to audit."""
    if near and data is None:
        raise UsageError("--near compares pictures: it needs --data, the folder that was given to the build")
    place = look([Path(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)])
    source = None
    if data is not None:
        folder = Path(data)
        if not folder.is_dir():
            raise UsageError(f"--data {folder}: no such folder")
        source = Source(folder.resolve() if folder.name in ("", "..") else folder, decoders, near)
    terms = Terms.of(place.manifest)
    homes = Homes([dataset.card for dataset in known], subset_of, terms)
    faults = Faults(keep, lenient=bool(place.files))
    work = Audit(place, terms, homes, {dataset.slug: dataset for dataset in known}, source, Report(place.root, faults))
    faults.tell(place.trouble)
    engine = start_engine("local", jobs, None) if source is not None and not place.files else InProcess()
    with closing(engine):
        faults.tell(work.published() if place.files else work.build(engine, progress))
    faults.tell(odds.uncommon(work.trials))
    work.report.name_records()
    return work.report


def names_in(paths: Sequence[Path]) -> frozenset[str] | None:
    """What a built folder calls its data sets, by number ("2") and slug; None for files published elsewhere, of which
    the names say less. Raises :class:`UsageError` where there is nothing to audit."""
    place = look(paths)
    if place.files:
        return None
    entries = manifests.datasets(place.manifest)
    listed = [name for entry in entries for name in (manifests.number_of(entry), str(entry.get("slug")))]
    named = *listed, *place.of(RECORDS, ".jsonl"), *place.of(CHOICES, ".json")
    return frozenset(name.lstrip("0") or name for name in named)  # as homes are asked for


@define
class Audit:
    """One audit. ``units`` are the data sets of a build by number or slug, ``entries`` as the manifest lists them."""

    place: Place
    terms: Terms
    homes: Homes
    known: Mapping[str, Dataset]
    source: Source | None
    report: Report
    units: dict[str, Unit] = field(factory=dict)
    trials: list[odds.Trial] = field(factory=list)
    entries: dict[str, dict[str, Any]] = Factory(
        lambda audit: {manifests.number_of(entry): entry for entry in manifests.datasets(audit.place.manifest)},
        takes_self=True,
    )

    def published(self) -> Iterator[Fault]:
        """Files that medmat did not build."""
        say = self.report.unseen.append
        say("no manifest: read as files that medmat did not build; its promises of form are notes")
        for name, files in self.place.files.items():
            some = Published(Row(name, name, wrong=None, copies=0), self.homes, files)
            yield from some.read()
            self.trials.extend(odds.sizes(name, some.asked, files[0].shown))
            self._figures(some.row, name, some.asked, files[0].shown)
            self.report.files += len(files)
            if some.row.wrong is None:
                say(f"{name}: no plugin of its data sets is installed, or the form names none: true distractors were "
                    "not looked for")  # fmt: skip

    def _figures(self, row: Row, name: str, asked: list[Asked], file: str) -> None:
        """What guessers and letters tell of a data set or of published files, and its row."""
        self.trials.extend(odds.letters(name, asked, file))
        train, *others = asked
        row.guessed = guess(train, next((held for held in reversed(others) if len(held)), others[-1]))
        self.trials.extend(odds.blind(name, row.guessed, file))
        asked.clear()  # with many data sets it would add up
        self.report.rows.append(row)

    def build(self, engine: Engine, progress: Callable[[str, int], None]) -> Iterator[Fault]:
        """A folder that medmat built."""
        manifest = self.place.manifest
        if manifest:
            yield from manifests.form_faults(manifest)
            yield from manifests.file_faults(self.place)
            yield from manifests.problem_faults(self.place.root, list(self.entries.values()))
        records, choices = self.place.of(RECORDS, ".jsonl"), self.place.of(CHOICES, ".json")
        self.report.files = sum(map(len, (*records.values(), *choices.values())))
        for name in dict.fromkeys((*self.entries, *records, *choices)):
            files = records.get(name, {})
            seen = Seen({part: file.shown for part, file in files.items()})
            unit = Unit(name, self.homes.of(name), self.terms, seen, files, choices.get(name, {}))
            if self.source is not None:
                yield from self._look(unit, self.source, engine)
            self.units[name] = unit
            yield from self._unit(unit, self.entries.get(name))
            progress(name, len(seen))
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
            self.report.unseen.append(f"data set {unit.name}: no folder {unit.home.card.folder!r} under {source.data}")
            return
        listed = manifests.digests(self.place.manifest)
        for path, digest in unit.truth.rendered.items():
            if listed.get(path, digest) != digest:
                yield Fault("rendered_differs", "its source renders to other bytes now", path)

    def _unit(self, unit: Unit, entry: Mapping[str, Any] | None) -> Iterator[Fault]:
        """One data set: its records, and what the manifest says of it."""
        yield from unit.read()
        unit.row.shares = shares_of(unit.seen)
        title, file = f"data set {unit.name}", next(iter(unit.seen.files.values()), "")
        self.trials.extend(odds.instructions(title, unit.seen, file))
        self._figures(unit.row, title, unit.asked, file)
        if entry is None:
            if self.place.manifest:
                yield Fault("unlisted_file", f"the manifest lists no data set {unit.name}", MANIFEST)
            return
        if entry["slug"] != unit.name:
            unit.row.title = f"{unit.name} {entry['slug']}".strip()
        if unit.home is not None:
            listed = any(unit.truth.ledger.sides) if unit.truth is not None else None
            grouped = bool(unit.seen.rows["group"].any())
            yield from manifests.card_faults(entry, unit.home, grouped=grouped, listed=listed)
        else:
            yield Fault("no_card", f"{entry['slug']}: its plugin is not installed", MANIFEST)
        yield from manifests.count_faults(entry, unit.seen, whole=unit.whole)
        if entry.get("split") == "unprotected":
            yield Fault("unprotected", f"{entry['slug']}: its pictures were dealt one by one", MANIFEST)

    def _subsets(self, gone: Gone) -> Iterator[Fault]:
        for name, images in gone.items():
            for image in sorted(image for image in images if not self._holds(name, image)):
                yield Fault("removal_unknown", f"data set {name} holds no such picture", MANIFEST, image=image)
        subset_of = {name: int(e["subset"]) for name, e in self.entries.items() if type(e.get("subset")) is int}
        files = self.place.of(SUBSETS, ".json")
        self.report.files += sum(map(len, files.values()))
        for subset in dict.fromkeys((*files, *map(str, subset_of.values()))):
            members = [unit for name, unit in self.units.items() if str(subset_of.get(name)) == subset]
            for number, part in enumerate(PARTS):
                own = {unit.name: unit.choices[number] for unit in members if number in unit.choices}
                if file := files.get(subset, {}).get(number):
                    yield from union_faults(file, own, gone)
                elif any(not gone.get(name) for name in own):
                    path = f"{SUBSETS}/Subset--{subset:0>2}-{part}.json"
                    yield Fault("missing_file", f"subset {subset} has {part} records", path)
        if not self.terms.as_published:  # Med-MAT's published subsets leave nothing out
            yield from leak_faults({name: unit.seen for name, unit in self.units.items()}, subset_of, gone)

    def _holds(self, name: str, image: str) -> bool:
        """Whether a data set has a picture, as far as can be told: a removed one may be asked nothing at all."""
        unit = self.units.get(name)
        if unit is None:
            return False
        if unit.truth is not None:
            return unit.truth.place(hashed(image)) >= 0
        tells_all = table(self.entries.get(name, {}), "images").get("unasked") == 0
        return not tells_all or bool((unit.seen.rows["image"] == np.uint64(hashed(image))).any())

    def _pictures(self, source: Source, gone: Gone) -> Iterator[Fault]:
        wall = Wall.of(self.units)
        for unit in wall.units:
            unit.row.copies = 0
        # of pictures that were not opened the build promised nothing about equal bytes
        for unit, fault in wall.equal(gone, source.data.parent, self.place.root) if self.terms.opened else ():
            unit.row.copies = (unit.row.copies or 0) + 1
            yield fault
        if source.near:
            yield from wall.nearby(opened=self.terms.opened)

    def _not_seen(self) -> None:
        near = self.source is None or self.source.near
        published = not self.units or any(unit.choices for unit in self.units.values())
        reasons = {
            "no manifest: its counts, and what subset files leave out, were not audited": not self.place.manifest,
            "no files in Med-MAT's form: unions of subsets were not audited": not published,
            "no --data: labels and boxes were not derived again, nor pictures compared": self.source is None,
            "no --near: copies that were encoded again or resized were not looked for": not near,
            "built with --verify none: equal pictures were not promised to be on one side": not self.terms.opened,
        }
        self.report.unseen.extend(said for said, holds in reasons.items() if holds)
