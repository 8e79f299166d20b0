"""One data set, from its files to its records: inspect, settle, ask, publish."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt
from attrs import define, evolve, field

from medmat_core.card import Card
from medmat_core.concepts import load_concepts
from medmat_core.dataset import Dataset
from medmat_core.errors import StrictError
from medmat_core.model import ASKS, REASONS, Problem
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.engines import Engine, InProcess
from medmat_core.pipeline.equal import equal_files
from medmat_core.pipeline.facts import Named, Regions, ShardNames, names_at
from medmat_core.pipeline.finished import state_path
from medmat_core.pipeline.hashes import Hashes
from medmat_core.pipeline.inspection import Task, inspect_shard, without_deadly
from medmat_core.pipeline.lines import PARTS, LineMaker
from medmat_core.pipeline.manifest import DatasetReport
from medmat_core.pipeline.near import REASON, Pair, across_parts, detail
from medmat_core.pipeline.options import BuildOptions
from medmat_core.pipeline.outfolder import OutFolder
from medmat_core.pipeline.publish import (
    KEPT,
    Publication,
)
from medmat_core.pipeline.source import shards
from medmat_core.pipeline.state import About, Shown, StateWriter
from medmat_core.pipeline.subsets import relations_of
from medmat_core.pipeline.translate import contradict
from medmat_core.questions import AS_PUBLISHED, BY_ROUNDS, BY_SUBSET, Asking, Sheet, View, ask_all
from medmat_core.questions.asked import Table
from medmat_core.questions.pools import Pools
from medmat_core.questions.view import RegionColumns, asks_of
from medmat_core.splits import Decision, Ledger, Part, Settled, settle, settle_as_published
from medmat_core.subsets import Subset
from medmat_core.tree import Tree


@define
class Inspected:
    """What the first pass found of a whole data set; a place is a picture, in the order of the adapter."""

    names: list[ShardNames] = field(factory=list)
    ledger: Ledger = field(factory=Ledger)
    widths: array[int] = field(factory=lambda: array("I"))
    heights: array[int] = field(factory=lambda: array("I"))
    regions: Regions | None = None
    hashes: Hashes = field(factory=Hashes)
    lost: Counter[str] = field(factory=Counter)
    rendered: list[Shown] = field(factory=list)

    def named(self, places: Sequence[int]) -> dict[int, Named]:
        """The names of the pictures at some places."""
        return names_at(self.names, places)


_ONE_IN: Final = 10
"""Of so many pictures one with boxes that reach far out is enough to doubt all of them."""


@define
class Reading:
    """One data set looked at: what a build and a check have in common. ``advance`` is told of every step and how many
    pictures it took."""

    dataset: Dataset
    tree: Tree
    context: Context
    options: BuildOptions
    engine: Engine
    report: DatasetReport
    advance: Callable[[str, int], None]
    failed: Callable[[str, str, str], None]

    # -- what could not be used -------------------------------------------------------------------

    def tell(self, problems: Sequence[Problem]) -> None:
        """Note problems; with ``--strict`` the first refused one ends the build."""
        # a library's message may tell where this machine has its files
        above = os.path.join(os.path.dirname(os.path.abspath(self.options.data)), "")
        for problem in problems:
            detail = problem.detail.replace(above, "") if above in problem.detail else problem.detail
            self.report.problems.append(evolve(problem, dataset=problem.dataset or self.report.slug, detail=detail))
            if self.options.strict and problem.level == "refused":
                where = f"{problem.file}: " if problem.file else ""
                raise StrictError(
                    f"{self.report.slug}: {where}{problem.detail} ({problem.reason}); --strict stops here"
                )

    # -- the first two steps ----------------------------------------------------------------------

    def inspect(self) -> Inspected:
        """The first pass: what every picture is."""
        found = Inspected(regions=Regions() if self.dataset.card.kind in ("mask", "box") else None)
        source = shards(
            self.dataset, self.tree, self.context.verify, self._told_by_adapter,
            lambda reason: self.failed("the adapter", reason, ""), self.options.timeout_per_file,
        )  # fmt: skip
        start = next(source, None)
        opened = self.dataset.card.head.kind in ("mask", "box") or self.context.verify != "none"
        # where no picture is opened, to hand samples to workers would take longer than to look at them here
        engine = self.engine if start is not None and (start[1] or opened) else InProcess()
        packed = self.context if isinstance(engine, InProcess) else self.context.packed()

        def tasks() -> Iterator[Task]:
            kept = 0
            for index, (samples, costly) in enumerate(chain((start,) if start is not None else (), source)):
                keep = engine.near and not costly and kept < KEPT
                kept += len(samples) if keep else 0
                yield Task(packed, index, samples, keep, costly)

        for done in engine.map(inspect_shard, tasks(), without_deadly):
            found.names.append(done.names)
            found.ledger.extend(done.ledger)
            found.widths.extend(done.widths)
            found.heights.extend(done.heights)
            if done.regions is not None and found.regions is not None:
                found.regions.extend(done.regions)
            found.hashes.extend(done.hashes)
            found.lost.update(done.lost)
            found.rendered.extend(done.rendered)
            self.report.samples += done.seen
            for module, reason in done.failed.items():
                self.failed("medmat_regions", f"{reason}; that picture is left out", module)
            self.tell(done.problems)
            self.advance("seen", done.seen)
        astray = found.lost["bad_box"]  # pictures: a box without area alone loses none
        if astray > 1 and astray * _ONE_IN >= self.report.samples:
            said = f"boxes reach far out of {astray} of {self.report.samples} pictures, so that those of the others may"
            self.tell([Problem("bad_box", "", f"{said} lie wrong, too: see on what size they were drawn")])
        return found

    def _told_by_adapter(self, problems: Sequence[Problem]) -> None:
        self.tell(problems)
        for problem in problems:
            if problem.level == "refused" and problem.file and self.tree.is_picture(problem.file):
                self.report.unread.setdefault(problem.file, problem.reason)

    def settle(self, found: Inspected) -> Settled:
        """Decide every picture's part, or why it is not asked about."""
        head, options = self.dataset.card.head, self.options

        def identical(candidates: list[list[int]]) -> list[list[int]]:
            return equal_files(self.context, found.named([p for some in candidates for p in some]), candidates)

        if options.as_published:
            return settle_as_published(found.ledger, options.seed)
        settled = settle(
            found.ledger, seed=options.seed, identical=identical,
            contradict=lambda one, two: contradict(self.dataset.card, one, two), split=options.split,
            test_fraction=options.test_fraction, fold=options.fold, validation=options.validation or head.validation,
            shared=head.shared_groups, unprotected=head.unprotected, max_per_label=options.max_per_label,
        )  # fmt: skip
        near = self._near_copies(found, settled) if options.near != "off" else []
        if options.near == "drop":
            for pair in near:
                settled.decisions[pair.weak] = Decision.NEAR
        ways_out = {way for way in Decision if way.reason and way not in (Decision.CAPPED, Decision.NEAR)}
        places = [place for place, way in enumerate(settled.decisions) if way in ways_out]
        for place, name in found.named(places).items():
            way = Decision(settled.decisions[place])
            self.tell([Problem(way.reason, name.below(self.context.image_prefix), way.detail)])
        self.report.split = settled.mode
        self.report.identical = len(settled.copies)
        return settled

    def _near_copies(self, found: Inspected, settled: Settled) -> list[Pair]:
        """Pictures whose near copy is in a stronger part; each is told."""
        pairs = across_parts(found.hashes.near, bytes(settled.decisions))
        names = found.named([place for pair in pairs for place in (pair.weak, pair.strong)])
        for pair in pairs:
            part = Decision(settled.decisions[pair.strong]).part
            assert part is not None
            weak, strong = (names[place].below(self.context.image_prefix) for place in (pair.weak, pair.strong))
            self.tell([Problem(REASON, weak, detail(strong, part, pair.bits))])
        return pairs


@define
class OneBuild(Reading):
    """The build of one data set: in four steps :meth:`inspect`, :meth:`settle`, :meth:`ask`, :meth:`publish`."""

    subset: Subset
    extra_pool: tuple[str, ...]
    place: OutFolder
    kept: dict[str, str] = field(factory=dict)

    def tell_empty_classes(self, found: Inspected) -> None:
        """Note every class of the card that no picture shows."""
        shown = shown_captions(found.ledger)
        self.tell([
            Problem("empty_class", "", f"no picture of {caption!r}")
            for caption in expected_classes(self.dataset.card)
            if not shown[caption]
        ])  # fmt: skip

    def ask(self, found: Inspected, settled: Settled) -> tuple[Sheet, Table]:
        """Every question of every picture, as columns."""
        context = self.context
        pools = Pools(context.card, self.subset, load_concepts(context.card.subset), self.extra_pool)
        decisions = np.frombuffer(bytes(settled.decisions), np.uint8)
        ledger = found.ledger
        view = View(
            context.card, self.subset, pools, self.options.seed, context.slug, self.options.box_format,
            asks_of(context.card, self.subset, self.options.asks), self.options.surplus,
            tuple(part.decision for part in Part if part.decision in settled.decisions),
            np.frombuffer(ledger.keys, np.uint64), decisions, np.frombuffer(found.widths, np.uint32),
            np.frombuffer(found.heights, np.uint32), np.frombuffer(ledger.labels, np.uint32), ledger.label_sets,
            _columns(found.regions),
        )  # fmt: skip
        sheet = ask_all(view, self._table())
        table = sheet.ordered()
        self.report.shares = sheet.shares
        self._account(found, settled, sheet, table, view.asks)
        return sheet, table

    def _table(self) -> Mapping[str, Asking]:
        if self.options.as_published:
            return AS_PUBLISHED
        return BY_SUBSET if self.options.distractors == "subset" else BY_ROUNDS

    def _account(self, found: Inspected, settled: Settled, sheet: Sheet, table: Table, asks: Sequence[str]) -> None:
        """Where every picture went: used, refused, a copy, or not asked about and why."""
        decisions = np.frombuffer(bytes(settled.decisions), np.uint8)
        asked = np.zeros(len(decisions), bool)
        asked[table.places] = True
        counts = self.report.pictures
        counts.used = int(np.count_nonzero(asked))
        for reason, count in found.lost.items():
            counts.lose(reason, count)
        for reason in self.report.unread.values():
            counts.lose(reason, 1)
        for way in Decision:
            if way.reason:
                counts.lose(way.reason, settled.count(way))
        silent = ~asked & (decisions <= Decision.TEST)
        for reason, places in sheet.unasked.items():
            named = np.zeros(len(decisions), bool)
            named[places] = True
            self._leave_out(found, silent & named, reason, sheet.why.get(reason, ""))
            silent &= ~named
        if found.regions is not None:
            for some, reason, detail in self._unmarked(found.regions, asks):
                self._leave_out(found, silent & some, reason, detail)
                silent &= ~some
        counts.lose("surplus_dropped" if self.options.surplus == "drop" else "no_round", int(np.count_nonzero(silent)))
        self._tell_if_nothing(asks)

    def _tell_if_nothing(self, asks: Sequence[str]) -> None:
        """Say that nothing was asked at all."""
        card, wanted = self.dataset.card, self.options.asks
        if self.report.samples and not self.report.pictures.used:
            detail = "no picture was left to ask about; the reasons of the others stand beside this one"
            own = card.asks if card.kind in ("mask", "box") else ("label",)
            if not asks and wanted is not None and not set(own) & set(wanted):
                detail = f"--ask {', '.join(wanted)}: its pictures can be asked by {', '.join(own)}"
            elif not asks:
                lacking = ", ".join(own if wanted is None else (ask for ask in own if ask in wanted))
                has = ", ".join(self.subset.instructions)
                detail = f"subset {card.subset} has instructions for {has} and none for {lacking}, which the card asks"
                detail += "; write six for one of these into its subset.toml"
            self.tell([Problem("no_question", "", detail)])

    def _unmarked(self, regions: Regions, asks: Sequence[str]) -> Iterator[tuple[npt.NDArray[np.bool_], str, str]]:
        """Pictures whose masks show nothing that a question could point at: which, and why they are not asked."""
        card = self.dataset.card
        empty = np.frombuffer(regions.counts, np.uint16) == 0
        if "presence" in asks:
            yield empty, "negative_beyond_balance", ""
        else:
            why, own = "presence is not asked about here", card.asks
            if "presence" in own and "presence" in (self.options.asks or own):
                why = f"subset {card.subset} has no instructions for presence"
            yield empty, "no_label", f"nothing is marked in it, and {why}"
        never = [card.order[name] for name in card.classes.catch_all]
        if never:
            owners = np.repeat(np.arange(len(regions.counts)), np.frombuffer(regions.counts, np.uint16))
            askable = np.zeros(len(empty), bool)
            askable[owners[~np.isin(np.frombuffer(regions.classes, np.uint16), never)]] = True
            yield ~askable, "no_label", "only a class is marked that nothing can be asked about"

    def _leave_out(self, found: Inspected, places: npt.NDArray[np.bool_], reason: str, detail: str) -> None:
        """Count pictures that are not asked about, and tell of each where its reason is one of problems.jsonl."""
        self.report.pictures.lose(reason, int(np.count_nonzero(places)))
        if reason in REASONS and places.any():
            names = found.named(np.flatnonzero(places).tolist())
            self.tell([Problem(reason, name.below(self.context.image_prefix), detail) for name in names.values()])

    def publish(self, found: Inspected, settled: Settled, sheet: Sheet, table: Table) -> None:
        """Write the data set's own files."""
        maker = LineMaker(self.context, sheet, found.ledger.label_sets, shuffled=self.options.as_published)
        publication = Publication(self.place, self.dataset.file_stem, self.context.work, self.context.rendered)
        for lines in publication.of(found.names, found.rendered, settled.decisions, table, maker):
            self.advance("written", lines)
        self.report.files = publication.files
        self.report.fingerprint = publication.fingerprint
        self.kept.update(publication.rendered_files)
        self._count_records(table, sheet, settled)

    def remember(self, found: Inspected, settled: Settled) -> None:
        """Leave the state by which other data sets can be added later."""
        card, ledger = self.dataset.card, found.ledger
        path = state_path(card.slug)
        about = About(
            card.slug, card.no or 0, card.subset, card.kind, card.normal, self.context.image_prefix,
            relations_of(card), tuple(ledger.label_sets),
        )  # fmt: skip
        writer = StateWriter.create(self.place.new(path), about)
        try:
            parts = np.frombuffer(bytes(settled.decisions), np.uint8)
            asked = parts <= Decision.TEST
            start = 0
            for shard in found.names:
                mine = np.flatnonzero(asked[start : start + shard.count]).tolist()
                if mine:
                    facts = shard.load()
                    writer.images([(facts.images[p], facts.sources.get(p, "")) for p in mine])
                start += shard.count
            columns = {name: array(code) for name, code in (("groups", "Q"), ("marks", "Q"), ("labels", "I"))}
            for name, column in columns.items():
                column.frombytes(np.frombuffer(getattr(ledger, name), column.typecode)[asked].tobytes())
            near: array[int] | None = None
            if found.hashes.near:
                near = array("Q")
                near.frombytes(np.frombuffer(found.hashes.near, np.uint64)[asked].tobytes())
            writer.columns(parts=parts[asked].tobytes(), near=near, **columns)
            writer.rendered(found.rendered)
            writer.problems(self.report.problem_lines())
            self.place.add(path, writer.finish())
        finally:
            writer.discard()

    def _count_records(self, table: Table, sheet: Sheet, settled: Settled) -> None:
        """Records by part and answer (labels, presence) or class."""
        if not len(table):
            return
        parts = np.frombuffer(bytes(settled.decisions), np.uint8)[table.places].astype(np.int64)
        said = np.isin(table.asks, [ASKS.index("label"), ASKS.index("presence")])
        classes = len(self.dataset.card.captions)
        what = np.where(said, table.answers.astype(np.int64) + classes, table.classes)
        width = int(what.max()) + 1
        both, counts = np.unique(parts * width + what, return_counts=True)
        for one, count in zip(both.tolist(), counts.tolist(), strict=True):
            part, number = divmod(one, width)
            named = number < classes
            name = self.dataset.card.captions[number] if named else sheet.answers.items[number - classes]
            self.report.records.setdefault(PARTS[part], Counter())[name] += count


def shown_captions(ledger: Ledger) -> Counter[str]:
    """Listings a stated caption."""
    counts: Counter[str] = Counter()
    for number, count in Counter(ledger.labels).items():
        counts.update(dict.fromkeys(ledger.label_sets[number][0], count))
    return counts


def expected_classes(card: Card) -> tuple[str, ...]:
    """The captions of which a whole copy holds pictures, in card order.

    All of the card, but where its published counts of classes account for every published picture: then those with a
    count (a class may be of another release, or published without pictures). What a picture without findings is called
    in a data set of masks or boxes is no class of theirs.
    """
    counts = card.counts
    complete = bool(counts.images) and sum(counts.classes.values()) >= counts.images
    drawn = card.kind in ("mask", "box")
    return tuple(
        caption
        for caption in card.captions
        if not (drawn and caption == card.normal) and (counts.classes.get(caption) or not complete)
    )


def _columns(regions: Regions | None) -> RegionColumns | None:
    if regions is None:
        return None
    starts = regions.starts()
    return RegionColumns(
        starts, np.repeat(np.arange(len(regions.counts)), np.diff(starts)), np.frombuffer(regions.classes, np.uint16),
        np.frombuffer(regions.boxes, np.int32).reshape(-1, 4), np.frombuffer(regions.areas, np.float64),
        np.frombuffer(regions.cells, np.uint8), np.frombuffer(regions.touched, np.uint16), regions.unsure,
    )  # fmt: skip
