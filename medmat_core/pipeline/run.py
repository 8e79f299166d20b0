"""The main job: folders of unzipped data sets into files of records.

A data set goes through in five steps: its adapter's samples are cut into shards; workers look at every picture
of a shard (facts); the whole data set is settled (splits, copies, contradictions); workers turn decided facts
into lines; the lines are numbered and written as they come, or merged where shards reach into one another. A subset
file is merged from its members' lines.
"""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from attrs import define, evolve, field

from medmat_core.catalog import Catalog
from medmat_core.dataset import Dataset
from medmat_core.errors import StrictError, UsageError
from medmat_core.fileio import concerns, failed, share_file
from medmat_core.model import Problem, Sample
from medmat_core.pipeline.ask import PARTS, ShardAsked, ask_shard
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.engines import Engine, InProcess, start_engine
from medmat_core.pipeline.facts import ShardDone, contradict, inspect_shard
from medmat_core.pipeline.kept import stamp
from medmat_core.pipeline.manifest import DatasetReport, Manifest
from medmat_core.pipeline.options import BuildOptions
from medmat_core.pipeline.outfolder import OutFolder
from medmat_core.pipeline.publish import RecordFile, lie_apart, lines_of, merged, write_records
from medmat_core.pipeline.source import count_ignored, is_present, present, shards
from medmat_core.pipeline.subsets import Member, confirm_identical, removals
from medmat_core.splits import CONTRADICTORY, LEAK, SURPLUS, TEST, TRAIN, TWICE, Ledger, Settled, settle
from medmat_core.tree import Tree
from medmat_core.writers import WRITERS, Writer

KEPT = 60_000
"""Pictures whose facts, and as many whose lines, are kept in memory; what comes after goes through files."""


class Progress(Protocol):
    """What a build tells while it runs; the command line draws it."""

    def start(self, dataset: Dataset) -> None: ...
    def advance(self, step: str, count: int) -> None: ...
    def finish(self, report: DatasetReport) -> None: ...


class Silent:
    """Tells nothing."""

    def start(self, dataset: Dataset) -> None: ...
    def advance(self, step: str, count: int) -> None: ...
    def finish(self, report: DatasetReport) -> None: ...


@define
class Build:
    """One run of ``medmat build``. ``shared`` holds the numbers of subsets that have several members in it."""

    catalog: Catalog
    options: BuildOptions
    progress: Progress
    engine: Engine
    writers: list[Writer]
    manifest: Manifest
    place: OutFolder
    shared: frozenset[int]
    members: dict[int, list[Member]] = field(factory=dict)
    facts_kept: int = 0
    lines_kept: int = 0

    # -- one data set -----------------------------------------------------------------------------

    def run(self, dataset: Dataset, tree: Tree) -> None:
        """Build one data set's own files."""
        self.progress.start(dataset)
        self.place.wrote(f"images/{dataset.slug}/")
        report = DatasetReport.of(dataset)
        context = self.context(dataset, tree)
        done, ledger = self._inspect(dataset, tree, context, report)
        if not report.seen and not self.options.names and self._is_a_neighbour_s(dataset, report):
            return
        if not report.seen and all(problem.reason == "leaves_data" for problem in report.problems):
            detail = f"nothing in the folder {tree.base.name!r} is what the card describes"
            self._report(report, [Problem("no_picture", "", detail)])
        member = Member(context, ledger, Settled(bytearray(), "none"), done, ())
        settled = member.settled = self._settle(dataset, context, ledger, member, report)
        report.split = settled.mode
        member.asked = self._publish(dataset, context, done, settled, report)
        for shard in done:
            self.manifest.files.update(shard.rendered)
        report.ignored = count_ignored(dataset, tree)
        self.manifest.add(report)
        self.members.setdefault(dataset.card.head.subset, []).append(member)
        self.progress.finish(report)

    def _is_a_neighbour_s(self, dataset: Dataset, report: DatasetReport) -> bool:
        """Whether the folder is there for another data set of the same download: then this one is simply absent."""
        lacking = {"missing_file", "missing_label", "missing_mask", "unlabelled"}
        if any(problem.reason not in lacking for problem in report.problems):
            return False
        return any(
            is_present(other, self.options.data)
            for other in self.catalog.select(where=lambda head: head.folder == dataset.card.folder)
            if other.slug != dataset.slug
        )

    def context(self, dataset: Dataset, tree: Tree) -> Context:
        """What the workers must know of a data set."""
        options = self.options
        card = dataset.card
        folder = tree.base.relative_to(options.data).as_posix()
        extra: tuple[str, ...] = ()
        if options.pool == "installed":
            extra = tuple(
                caption
                for other in self.catalog.select(subset=card.head.subset)
                if other.slug != dataset.slug
                for caption in other.card.captions
                if caption not in {*other.card.classes.catch_all, *other.card.classes.anatomy}
            )
        work = self.place.work / dataset.slug
        work.mkdir(parents=True, exist_ok=True)
        prefix = f"{options.data.name}/{folder}/{tree.prefix}"
        return Context(
            card=card, no=dataset.no, slug=dataset.slug, root=tree.root, image_prefix=prefix, out=options.out,
            work=work, subset=self.catalog.subset(card.head.subset), seed=options.seed, verify=options.verify,
            distractors=options.distractors, extra_pool=extra, asks=options.asks, box_format=options.box_format,
            formats=tuple(writer.name for writer in self.writers),
            writer_plugins=self.catalog.modules_with("medmat_formats"),
            region_plugins=self.catalog.modules_with("medmat_regions"),
            resume=options.resume, stamp=stamp(dataset, options.recorded(), tree.root, prefix),
        )  # fmt: skip

    def _report(self, report: DatasetReport, problems: Sequence[Problem]) -> None:
        for problem in problems:
            report.problems.append(evolve(problem, dataset=problem.dataset or report.slug))
            if self.options.strict and problem.level == "refused":
                where = f"{problem.file}: " if problem.file else ""
                raise StrictError(f"{report.slug}: {where}{problem.detail} ({problem.reason}); --strict stops here")

    def _inspect(
        self, dataset: Dataset, tree: Tree, context: Context, report: DatasetReport
    ) -> tuple[list[ShardDone], Ledger]:
        """The first pass: what every picture is."""
        source = shards(dataset, tree, context.verify, lambda problems: self._report(report, problems))
        start = next(source, None)
        opened = dataset.card.head.kind in ("mask", "box") or context.verify != "none"
        # where no picture is opened, to hand samples to workers would take longer than to look at them here
        engine = self.engine if start is not None and (start[1] or opened) else InProcess()
        packed = context if isinstance(engine, InProcess) else context.packed()

        def tasks() -> Iterator[tuple[bytes | Context, int, list[Sample], bool, bool]]:
            for index, (samples, costly) in enumerate(chain((start,) if start is not None else (), source)):
                keep = engine.near and not costly and self.facts_kept < KEPT
                self.facts_kept += len(samples) if keep else 0
                yield packed, index, samples, keep, costly

        found: list[ShardDone] = []
        ledger = Ledger()
        for done in engine.map(inspect_shard, tasks()):
            found.append(done)
            ledger.extend(done.ledger)
            report.seen += done.seen
            self._report(report, done.problems)
            self.progress.advance("seen", done.seen)
        return found, ledger

    def _settle(
        self, dataset: Dataset, context: Context, ledger: Ledger, member: Member, report: DatasetReport
    ) -> Settled:
        card = dataset.card

        def identical(candidates: list[list[int]]) -> list[list[int]]:
            places = [place for some in candidates for place in some]
            return confirm_identical(context, member.facts_at(places), candidates)

        settled = settle(
            ledger,
            seed=self.options.seed,
            split=self.options.split,
            test_fraction=self.options.test_fraction,
            unprotected=card.head.unprotected,
            captions=card.captions,
            identical=identical,
            contradict=lambda one, two: contradict(card, one, two),
            max_per_label=self.options.max_per_label,
        )
        told = {
            CONTRADICTORY: ("contradictory_label", "the same picture is filed under classes that exclude one another"),
            TWICE: ("listed_twice", "the picture was given before"),
            LEAK: ("split_leak", "its group or an identical picture is in the test part; dropped from train"),
        }
        places = [place for place, decision in enumerate(settled.decisions) if decision in told]
        for place, fact in member.facts_at(places).items():
            reason, detail = told[settled.decisions[place]]
            file = fact[1] if fact[1] is not None else fact[0].removeprefix(context.image_prefix)
            self._report(report, [Problem(reason, file, detail)])
        report.surplus = settled.decisions.count(SURPLUS)
        report.copies = len(settled.copies)
        return settled

    def _publish(
        self, dataset: Dataset, context: Context, done: Sequence[ShardDone], settled: Settled, report: DatasetReport
    ) -> list[ShardAsked]:
        """Ask, and write the data set's own files; returns what is needed again for its subset."""
        starts = [0]
        for shard in done:
            starts.append(starts[-1] + len(shard.ledger))
        order = sorted(range(len(done)), key=lambda number: done[number].span)
        streaming = lie_apart([done[number].span for number in order if len(done[number].ledger)])
        retained = not streaming or context.subset.no in self.shared
        asked: list[ShardAsked] = []
        files: dict[tuple[str, str], tuple[str, RecordFile]] = {}
        try:
            for writer in self.writers:
                for part in PARTS:
                    path = writer.file(dataset.file_stem, part)
                    self.place.wrote(path)
                    files[writer.name, part] = path, RecordFile(self.options.out / path, writer)
            for result in self._ask(context, [(done[n], starts[n]) for n in order], settled, report, retained):
                if streaming:
                    for place, (_, file) in files.items():
                        file.add(lines_of(result, place))
                if retained:
                    asked.append(result)
            for place, (path, file) in files.items():
                if not streaming:
                    file.add(merged(asked, *place))
                self.manifest.files[path] = file.finish()
                report.files.append(path)
                self.progress.advance("written", file.count)
        finally:
            for _, file in files.values():
                file.discard()
        return asked

    def _ask(
        self,
        context: Context,
        found: Sequence[tuple[ShardDone, int]],
        settled: Settled,
        report: DatasetReport,
        retained: bool,
    ) -> Iterator[ShardAsked]:
        """The second pass over shards (each with the place of its first picture in the ledger), in their order."""
        # facts that are here are label facts, about which to ask takes less than to hand them to a worker
        here = all(shard.facts is not None for shard, _ in found)
        engine = InProcess() if here else self.engine
        packed = context if isinstance(engine, InProcess) else context.packed()

        def tasks() -> Iterator[tuple[bytes | Context, int, Any, bytes, bool]]:
            for shard, start in found:
                decisions = bytes(settled.decisions[start : start + len(shard.ledger)])
                if TRAIN in decisions or TEST in decisions:
                    facts = shard.facts if shard.facts is not None else shard.file
                    # lines that are written at once may come back as they are, since few shards are under way
                    keep = engine.near and (not retained or self.lines_kept < KEPT)
                    self.lines_kept += len(decisions) if keep and retained else 0
                    yield packed, shard.index, facts, decisions, keep

        for result in engine.map(ask_shard, tasks()):
            report.used += result.used
            for (part, _, label), count in result.records.items():
                report.records.setdefault(part, Counter())[label] += count
            self._report(report, result.problems)
            self.progress.advance("asked", result.used)
            yield result

    # -- subsets ----------------------------------------------------------------------------------

    def write_subsets(self) -> None:
        """Merge the members of every subset that is present."""
        for no in sorted(self.members):
            members = self.members[no]
            left_out = []
            if len(members) > 1:
                concepts = members[0].context.concepts
                for member in members[1:]:
                    concepts = concepts.with_card(member.context.card)
                left_out = removals(no, members, concepts.with_card(members[0].context.card).related)
                self.manifest.subset_removals.extend(left_out)
            gone: dict[int | str, set[str]] = {}
            for removal in left_out:
                gone.setdefault(removal.no, set()).add(removal.image)
            for writer in self.writers:
                for part in PARTS:
                    path = writer.subset_file(no, part)
                    if path is not None:
                        self._write_subset(path, writer, part, members, gone)

    def _write_subset(
        self, path: str, writer: Writer, part: str, members: Sequence[Member], gone: dict[int | str, set[str]]
    ) -> None:
        self.place.wrote(path)
        target = self.options.out / path
        if len(members) == 1:  # the union of one: the same bytes
            own = writer.file(_stem(members[0].context), part)
            share_file(self.options.out / own, target)
            self.manifest.files[path] = self.manifest.files[own]
            return
        streams = []
        for member in members:
            dropped = gone.get(member.number, set())
            lines = merged(member.asked, writer.name, part)
            streams.append(_without(dropped, lines) if dropped else lines)
        self.manifest.files[path] = write_records(target, writer, heapq.merge(*streams))


def _without(images: set[str], lines: Iterator[Any]) -> Iterator[Any]:
    """Lines of other pictures. A function, so that each member's stream keeps its own set."""
    return (line for line in lines if line[0] not in images)


def _stem(context: Context) -> str:
    return context.slug if context.no is None else f"{context.no:02d}"


def run_build(catalog: Catalog, options: BuildOptions, progress: Progress | None = None) -> Manifest:
    """Build what the options ask for; the manifest tells what came out and what was refused.

    The folder ``out`` is the build's alone: files of an earlier build there are removed. Raises :class:`UsageError` if
    there is nothing to do, :class:`StrictError` at the first refused input with ``strict``, :class:`BuildError` if the
    build cannot go on.
    """
    given = options.data  # a link keeps its own name: records begin with it
    data = given.resolve() if given.name in ("", "..") else given.parent.resolve() / given.name
    if not data.is_dir():
        raise UsageError(f"--data {options.data}: no such folder; give the folder that holds the data sets' folders")
    out = Path(os.path.abspath(options.out))
    if out.resolve().is_relative_to(data.resolve()):
        raise UsageError(f"--out {options.out} lies inside --data; choose a folder beside it")
    options = evolve(options, data=data, out=out)
    known = catalog.formats()
    for name in options.formats:
        if name not in known:
            raise UsageError(f"--format {name!r}: choose from {', '.join(sorted(known))}")
    todo = present(catalog, options)
    members = Counter(dataset.card.head.subset for dataset, _ in todo)
    engine = start_engine(options.engine, options.jobs, options.scheduler)
    place = OutFolder(out, options.recorded())
    build = Build(
        catalog, options, progress or Silent(), engine, [w for w in WRITERS if w.name in options.formats],
        Manifest.of(catalog, options), place, frozenset(no for no, count in members.items() if count > 1),
    )  # fmt: skip
    try:
        place.begin(resume=options.resume)
        for dataset, tree in todo:
            build.run(dataset, tree)
        told = (problem for report in build.manifest.datasets for problem in report.problems)
        if not any(report.seen for report in build.manifest.datasets) and all(p.reason == "no_picture" for p in told):
            raise UsageError(
                f"nothing to do: no picture with a label lies in the folders under {data}; "
                "`medmat check --data DIR` tells what was looked for"
            )
        build.write_subsets()
        build.manifest.write(out)
        place.finish(build.manifest.files)
    except OSError as error:
        if not concerns(out, error):
            raise
        raise failed(error.filename or out, error) from error
    finally:
        engine.close()
        place.release()
    _export_others(catalog, options, [name for name in options.formats if name not in {w.name for w in WRITERS}])
    return build.manifest


def _export_others(catalog: Catalog, options: BuildOptions, formats: Sequence[str]) -> None:
    """What the build does not write itself is an export with defaults, made of its records."""
    if formats:
        from medmat_core.export import ExportOptions, export
        from medmat_core.records import Built

        built = Built.open(options.out, pictures=options.data.parent)
        export(built, formats, ExportOptions(options.out / "export", jobs=options.jobs), catalog=catalog)
