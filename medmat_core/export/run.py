"""From a built folder to an exported one: records are read, filtered, turned into items by workers, and encoded.

Two passes: data set by data set, for files of data sets and of the whole build; then, for formats that have files of
subsets, subset by subset with the members merged. Whatever is made of more than one data set leaves out the pictures
that Subset files leave out, so that nothing of a test part is trained on.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from attrs import Attribute, define, field, frozen

from medmat_core.errors import UsageError
from medmat_core.export.folder import ExportFolder, FormatFolder
from medmat_core.export.masks import Masks, masks_of
from medmat_core.export.pictures import FOLDER, As, Mode, Rules
from medmat_core.export.select import Filters, Source, classes_of, facts_of, merged, sources_of
from medmat_core.export.work import Done, Job, Refused, Task, work
from medmat_core.formats import core_formats
from medmat_core.formats.card import withheld
from medmat_core.formats.options import near, options_of
from medmat_core.formats.protocol import AskAs, Encoder, Facts, Format, Place, Reply, Scope, Told, Written
from medmat_core.model import Record
from medmat_core.pipeline.engines import start_engine
from medmat_core.records import Built

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog

_BATCH = 256
EXAMPLES = 20
"""Pictures made anew, and records refused, that are remembered one by one for each reason."""


def _one_of(kind: Any) -> Any:
    def check(instance: Any, attribute: Attribute[str], value: str) -> None:
        if value not in get_args(kind):
            flag = attribute.name.strip("_").replace("_", "-")
            raise UsageError(f"--{flag} {value!r}: {near(value, get_args(kind), 'choose from')}")

    return check


def _positive(instance: Any, attribute: Attribute[Any], value: int | None) -> None:
    if value is not None and value < 1:
        raise UsageError(f"--{attribute.name.replace('_', '-')} {value}: give a number from 1 up")


@frozen
class ExportOptions:
    """The arguments of ``medmat export``; see there for what each means."""

    to: Path = field(converter=Path)
    pictures: Mode = field(default="link", validator=_one_of(Mode))
    max_side: int | None = field(default=None, validator=_positive)
    as_: As = field(default="misread", validator=_one_of(As))
    reply: Reply = field(default="letter", validator=_one_of(Reply))
    ask_as: AskAs = field(default="choice", validator=_one_of(AskAs))
    filters: Filters = field(factory=Filters)
    option: tuple[str, ...] = ()
    public: bool = False
    jobs: int = field(factory=lambda: os.cpu_count() or 1, validator=_positive)


@define
class Exported:
    """What an export made. ``records`` counts items by format, ``left`` what each format does not take, ``anew``
    pictures by why they were made anew, ``removed`` records that stand only in files of one data set."""

    to: Path
    formats: tuple[str, ...]
    files: dict[str, str] = field(factory=dict)
    records: Counter[str] = field(factory=Counter)
    left: Counter[str] = field(factory=Counter)
    pictures: int = 0
    anew: Counter[str] = field(factory=Counter)
    examples: dict[str, list[tuple[str, str]]] = field(factory=dict)
    removed: int = 0
    refused: int = 0
    refusals: list[Refused] = field(factory=list)


def export(
    built: Built,
    formats: Sequence[str],
    options: ExportOptions,
    *,
    catalog: Catalog | None = None,
    known: Mapping[str, Format] | None = None,
    progress: Callable[[int], None] = lambda count: None,
) -> Exported:
    """Write formats of a built folder to ``options.to``.

    ``known`` are all formats by name: those of the ``catalog`` unless given, without one the core's. The catalog also
    tells what the manifest does not (access).
    ``progress`` is called with every number of records done. Raises :class:`UsageError` for arguments that fit
    nothing, for a folder that holds what no export wrote, and where no picture is found.
    """
    if known is None:
        known = catalog.formats() if catalog is not None else {format_.name: format_ for format_ in core_formats()}
    chosen = _chosen(formats, known)
    facts = facts_of(built, catalog)
    sources = sources_of(built, facts, options.filters)
    used = {source.facts.slug: source.facts for source in sources}
    if options.public:
        _check_public(used.values())
    root = Path(os.path.abspath(options.to))
    told_of = {
        name: Told(built.box_format("this medmat-core knows none so"), options.reply, options.ask_as, own, root, used)
        for name, own in options_of(chosen, options.option).items()
    }
    for format_ in chosen:
        format_.ready(told_of[format_.name])
    classes = classes_of(sources, built) if any(format_.name == "coco" for format_ in chosen) else {}
    folder = ExportFolder.begin(options.to)
    run = _Run(built, options, [(f, told_of[f.name]) for f in chosen], folder, classes, progress, catalog)
    try:
        run.all(sources)
        return run.end(used)
    finally:
        run.discard()
        folder.discard()


def _check_public(members: Iterable[Facts]) -> None:
    """Refuse what must not be passed on."""
    kept = [f"{facts.slug} ({why})" for facts in members if (why := withheld(facts))]
    if kept:
        raise UsageError(
            f"--public: {'; '.join(kept)}; leave {'it' if len(kept) == 1 else 'them'} out with --dataset or --license"
        )


def _chosen(names: Iterable[str], known: Mapping[str, Format]) -> list[Format]:
    """The formats of these names and those that they need, each once."""
    found: dict[str, Format] = {}
    wanted = list(names)
    if not wanted:
        raise UsageError("--format: name what to write; choose from " + ", ".join(sorted(known)))
    for name in wanted:
        if name not in known:
            raise UsageError(f"--format {name!r}: {near(name, sorted(known), 'choose from')}")
        for needed in known[name].needs:
            if needed not in found:
                found[needed] = known[needed]
        found.setdefault(name, known[name])
    return list(found.values())


@define(eq=False, slots=False)
class _Run:
    """One export under way."""

    built: Built
    options: ExportOptions
    formats: list[tuple[Format, Told]]
    folder: ExportFolder
    classes: Mapping[str, tuple[str, ...]]
    progress: Callable[[int], None]
    catalog: Catalog | None
    _open: dict[tuple[int, Place], Encoder] = field(factory=dict)
    _folders: dict[tuple[int, Place | None], FormatFolder] = field(factory=dict)
    _written: dict[int, list[Written]] = field(factory=dict)
    _given: dict[int, dict[Place, int]] = field(factory=dict)
    _known: tuple[str, Masks | None] | None = None
    _image: str = ""

    def __attrs_post_init__(self) -> None:
        self.exported = Exported(self.folder.to, tuple(format_.name for format_, _ in self.formats))
        self.engine = start_engine("local", self.options.jobs, None)
        rules = Rules(self.options.pictures, self.options.as_, self.options.max_side, self.folder.stage, self.folder.to)
        job = Job(
            tuple(self.formats), rules, Path(os.path.abspath(self.built.out)),
            Path(os.path.abspath(self.built.pictures)),
        )  # fmt: skip
        self.packed = job.packed()
        self.scopes = [format_.scopes(told) for format_, told in self.formats]

    # -- the two passes -----------------------------------------------------------------------------

    def all(self, sources: Sequence[Source]) -> None:
        """Everything but what stands beside the files of places."""
        if any(scope != "subset" for scopes in self.scopes for scope in scopes):
            for source in sources:
                own = Place("dataset", source.facts.name, source.split, source.facts.slug)
                self._stream(source.records(self.options.filters), (own, Place("build", "", source.split)), source)
                self._close(own)
            self._close()
        if any("subset" in scopes for scopes in self.scopes):
            by_subset = sorted(sources, key=lambda source: (source.facts.subset, source.split))
            for (subset, split), members in groupby(by_subset, key=lambda s: (s.facts.subset, s.split)):
                place = Place("subset", f"{subset:02d}", split)
                self._stream(merged(list(members), self.options.filters), (place,), None)
                self._close()

    def _stream(self, records: Iterator[Record], places: tuple[Place, ...], source: Source | None) -> None:
        """Turn records into items and hand them to the encoders of these places."""
        removed: frozenset[str] = source.removed if source is not None else frozenset()
        by_scope: dict[Scope, Place] = {place.scope: place for place in places}
        wanted = [any(scope in by_scope for scope in scopes) for scopes in self.scopes]
        whole = [format_.whole for format_, _ in self.formats]
        batches: list[list[Record]] = []

        def tasks() -> Iterator[Task]:
            for batch in _batches(records):
                batches.append(batch)
                gone = [record.image in removed for record in batch]
                self.exported.removed += sum(gone)
                given = [
                    [wanted[number] and (not out or whole[number]) for out in gone]
                    for number in range(len(self.formats))
                ]
                yield self.packed, batch, given, self._masks(source, batch)

        for done in self.engine.map(work, tasks()):
            batch = batches.pop(0)
            self._take(done, batch, by_scope, removed)
            self.progress(len(batch))

    def _masks(self, source: Source | None, batch: Sequence[Record]) -> Masks | None:
        """The masks of a batch's pictures, where a format wants them and they are at hand."""
        if source is None or self.catalog is None or batch[0].kind != "mask":
            return None
        if not any(format_.masks for format_, _ in self.formats):
            return None
        if self._known is None or self._known[0] != source.facts.slug:
            shown = next((r.image for r in batch if not r.image.startswith("rendered/")), self._image)
            self._image = shown or self._image
            found = masks_of(self.catalog, source.facts.slug, shown, Path(os.path.abspath(self.built.pictures)))
            self._known = (source.facts.slug, found)
        masks = self._known[1]
        return masks.of({record.image for record in batch}) if masks is not None else None

    def _take(self, done: Done, batch: list[Record], places: Mapping[Scope, Place], removed: frozenset[str]) -> None:
        exported = self.exported
        subset_pass = "subset" in places
        if not subset_pass or all(scopes == ("subset",) for scopes in self.scopes):
            exported.pictures += len(done.pictures)
            for before, after, why in done.anew:
                for reason in why:
                    exported.anew[reason] += 1
                    examples = exported.examples.setdefault(reason, [])
                    if len(examples) < EXAMPLES:
                        examples.append((before, after))
            exported.refused += len(done.refused)
            exported.refusals += done.refused[: max(0, EXAMPLES - len(exported.refusals))]
            exported.left.update(done.passed)
        for number, items in enumerate(done.items):
            for scope in self.scopes[number]:
                place = places.get(scope)
                if place is None:
                    continue
                own = [item for at, item in items if scope == "dataset" or batch[at].image not in removed]
                if own:
                    self._hand(number, place, own, done)

    def _hand(self, number: int, place: Place, items: list[Any], done: Done) -> None:
        format_, told = self.formats[number]
        counts = self._given.setdefault(number, {})
        folder = self._folder(number, place)
        folder.shown = done.pictures
        if (number, place) not in self._open:
            self._open[number, place] = format_.encoder(place, folder, told)
        self._open[number, place].add(counts.get(place, 0) + 1, items)
        counts[place] = counts.get(place, 0) + len(items)
        self.exported.records[format_.name] += len(items) if place.scope == self.scopes[number][0] else 0

    def _folder(self, number: int, place: Place | None) -> FormatFolder:
        if (number, place) not in self._folders:
            self._folders[number, place] = FormatFolder(
                self.folder, self.classes, self._written.setdefault(number, []), self._given.setdefault(number, {}),
                place,
            )  # fmt: skip
        return self._folders[number, place]

    def _close(self, only: Place | None = None) -> None:
        for number, place in [key for key in self._open if only is None or key[1] == only]:
            self._open.pop((number, place)).close()

    # -- the end ------------------------------------------------------------------------------------

    def end(self, facts: Mapping[str, Any]) -> Exported:
        """What stands beside the files, the README, and the folder in its place."""
        from medmat_core.export.readme import readme

        exported = self.exported
        if not sum(exported.records.values()):
            if exported.refused:
                first = exported.refusals[0]
                raise UsageError(
                    f"no record can be exported: {first.image}: {first.why}; where --out of the build was not the "
                    "parent of its data, give --data"
                )
            raise UsageError("no record is left to export; these formats take none of what the filters leave")
        for number, (format_, told) in enumerate(self.formats):
            format_.finish(self._folder(number, None), told)
        told = self.formats[0][1]
        names = {format_.name: number for number, (format_, _) in enumerate(self.formats)}
        about = {format_.name: format_.about for format_, _ in self.formats}
        hub = self._folder(names["hf"], None) if "hf" in names else None
        self.folder.write_text("README.md", readme(exported, self.options, told, about, hub))
        inside = all(format_.pictures == "inside" for format_, _ in self.formats)
        if inside:
            shutil.rmtree(self.folder.stage / FOLDER, ignore_errors=True)
        exported.files = self.folder.files
        self.folder.finish({"formats": list(exported.formats)}, () if inside else (f"{FOLDER}/",))
        return exported

    def discard(self) -> None:
        """Let the workers go, and drop files that were not finished."""
        self.engine.close()
        for folder in self._folders.values():
            folder.discard()


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Records in batches; those of one picture stay together."""
    batch: list[Record] = []
    for record in records:
        if len(batch) >= _BATCH and record.image != batch[-1].image:
            yield batch
            batch = []
        batch.append(record)
    if batch:
        yield batch
