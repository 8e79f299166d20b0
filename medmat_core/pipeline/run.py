"""The main job: folders of unzipped data sets into files of records.

A data set goes through in five steps: its adapter's samples are cut into shards; workers look at every picture
of a shard (facts); the whole data set is settled (splits, copies, contradictions); workers turn decided facts
into lines; the lines are merged, numbered and written. A subset file is merged from its members' lines.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from attrs import define, evolve, field

from medmat_core.catalog import Catalog
from medmat_core.dataset import Dataset
from medmat_core.errors import MedmatError, StrictError, UsageError
from medmat_core.fileio import sha256_of, share_file
from medmat_core.model import Problem, Sample
from medmat_core.pipeline.ask import PARTS, ShardAsked, ask_shard
from medmat_core.pipeline.context import SHARD, Context
from medmat_core.pipeline.engines import Engine, InProcess, start_engine
from medmat_core.pipeline.facts import ShardDone, contradict, inspect_shard
from medmat_core.pipeline.manifest import DatasetReport, Manifest
from medmat_core.pipeline.options import BuildOptions
from medmat_core.pipeline.publish import merged, write_records
from medmat_core.pipeline.subsets import Member, confirm_identical, removals
from medmat_core.splits import CONTRADICTORY, LEAK, SURPLUS, TEST, TRAIN, TWICE, Ledger, Settled, settle
from medmat_core.tree import Tree, fold
from medmat_core.writers import Writer

WORK = ".medmat-work"
KEPT = 60_000
"""Pictures whose facts and lines are kept in memory in one process; what comes after goes through files."""


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


def find_folder(dataset: Dataset, data: Path) -> Path | None:
    """The data set's folder under the data folder: its name, or the same name in other letter case."""
    exact = data / dataset.card.head.folder
    if exact.is_dir():
        return exact
    wanted = fold(dataset.card.head.folder)
    try:
        return next((entry for entry in sorted(data.iterdir()) if fold(entry.name) == wanted and entry.is_dir()), None)
    except OSError:
        return None


def open_tree(dataset: Dataset, data: Path) -> Tree | None:
    """The data set's files under the data folder; None where its folder is not there."""
    folder = find_folder(dataset, data)
    return None if folder is None else Tree(folder, dataset.card.head.markers)


def is_present(dataset: Dataset, data: Path) -> bool:
    """Whether the adapter matches a picture and its labels there, not merely a folder."""
    tree = open_tree(dataset, data)
    if tree is None:
        return False
    try:
        return any(not isinstance(item, Problem) for item in dataset.samples(tree, dataset.card))
    except MedmatError:
        raise
    except Exception:  # a broken label file may break an adapter; then nothing usable is there
        return False


@define
class Build:
    """One run of ``medmat build``."""

    catalog: Catalog
    options: BuildOptions
    progress: Progress
    engine: Engine
    writers: list[Writer]
    manifest: Manifest
    members: dict[int, list[Member]] = field(factory=dict)
    kept: int = 0

    @property
    def work(self) -> Path:
        return self.options.out / WORK

    # -- one data set -----------------------------------------------------------------------------

    def run(self, dataset: Dataset, tree: Tree) -> None:
        """Build one data set's own files."""
        self.progress.start(dataset)
        report = DatasetReport.of(dataset)
        context = self.context(dataset, tree)
        shards, ledger = self._inspect(dataset, tree, context, report)
        member = Member(context, ledger, Settled(bytearray(), "none"), shards, ())
        if not report.seen and not report.problems and not self.options.names:
            return  # a folder that another data set's download made: this one is not there
        settled = member.settled = self._settle(dataset, context, ledger, member, report)
        report.split = settled.mode
        member.asked = self._ask(context, shards, settled, report)
        for writer in self.writers:
            for part in PARTS:
                path = writer.file(dataset.file_stem, part)
                digest, count = write_records(self.options.out / path, writer, merged(member.asked, writer.name, part))
                self.manifest.files[path] = digest
                report.files.append(path)
                self.progress.advance("written", count)
        for path in sorted((self.options.out / "images" / dataset.slug).rglob("*.png")):
            self.manifest.files[path.relative_to(self.options.out).as_posix()] = sha256_of(path)
        report.ignored = count_ignored(dataset, tree)
        self.manifest.add(report)
        self.members.setdefault(dataset.card.head.subset, []).append(member)
        self.progress.finish(report)

    def context(self, dataset: Dataset, tree: Tree) -> Context:
        """What the workers must know of a data set."""
        options = self.options
        card = dataset.card
        folder = tree.base.relative_to(options.data).as_posix()
        extra: tuple[str, ...] = ()
        if options.pool == "installed":
            extra = tuple(
                caption
                for other in self.catalog
                if other.card.head.subset == card.head.subset and other is not dataset
                for caption in other.card.captions
                if caption not in {*other.card.classes.catch_all, *other.card.classes.anatomy}
            )
        hook = self.catalog.manager.hook
        work = self.work / dataset.slug
        work.mkdir(parents=True, exist_ok=True)
        return Context(
            card=card, no=dataset.no, slug=dataset.slug, root=tree.root,
            image_prefix=f"{options.data.name}/{folder}/{tree.prefix}", out=options.out, work=work,
            subset=self.catalog.subset(card.head.subset), seed=options.seed, verify=options.verify,
            distractors=options.distractors, extra_pool=extra, asks=options.asks, box_format=options.box_format,
            formats=tuple(writer.name for writer in self.writers),
            writer_plugins=_modules(hook.medmat_writers),
            region_plugins=_modules(hook.medmat_regions),
            resume=options.resume,
        )  # fmt: skip

    def _keep(self, count: int) -> bool:
        """Whether a shard may stay in memory."""
        if not isinstance(self.engine, InProcess) or self.kept >= KEPT:
            return False
        self.kept += count
        return True

    def _samples(self, dataset: Dataset, tree: Tree, report: DatasetReport) -> Iterator[list[Sample]]:
        """The adapter's samples, a shard at a time; its problems go to the report, and if it breaks, what it
        gave so far counts."""
        source = iter(dataset.samples(tree, dataset.card))
        going = True
        while going:
            items: list[Any] = []
            try:
                items.extend(islice(source, SHARD))  # keeps what came before an error
                going = len(items) == SHARD
            except MedmatError:
                raise
            except Exception as error:
                import traceback

                frame = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(frame.filename).name} line {frame.lineno}"
                detail = f"{type(error).__name__}: {error} ({where}); please report it"
                tree.problems.append(Problem("reader_failed", "", detail))
                going = False
            if Problem in set(map(type, items)):
                self._report(report, [item for item in items if isinstance(item, Problem)])
                items = [item for item in items if not isinstance(item, Problem)]
            if items:
                yield items
            if tree.problems:
                self._report(report, tree.problems)
                tree.problems.clear()

    def _report(self, report: DatasetReport, problems: Sequence[Problem]) -> None:
        for problem in problems:
            report.problems.append(evolve(problem, dataset=problem.dataset or report.slug))
            if self.options.strict and problem.level == "refused":
                where = f"{problem.file}: " if problem.file else ""
                raise StrictError(f"{report.slug}: {where}{problem.detail} ({problem.reason}); --strict stops here")

    def _inspect(
        self, dataset: Dataset, tree: Tree, context: Context, report: DatasetReport
    ) -> tuple[list[ShardDone], Ledger]:
        in_process = isinstance(self.engine, InProcess)
        packed: Any = context if in_process else context.packed()

        def tasks() -> Iterator[tuple[Any, int, Any, bool]]:
            for index, samples in enumerate(self._samples(dataset, tree, report)):
                yield packed, index, samples, self._keep(len(samples))

        shards: list[ShardDone] = []
        ledger = Ledger()
        for done in self.engine.map(inspect_shard, tasks()):
            shards.append(done)
            ledger.extend(done.ledger)
            report.seen += done.seen
            self._report(report, done.problems)
            self.progress.advance("seen", done.seen)
        return shards, ledger

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

    def _ask(
        self, context: Context, shards: Sequence[ShardDone], settled: Settled, report: DatasetReport
    ) -> list[ShardAsked]:
        in_process = isinstance(self.engine, InProcess)
        packed: Any = context if in_process else context.packed()

        def tasks() -> Iterator[tuple[Any, int, Any, bytes, bool]]:
            start = 0
            for shard in shards:
                end = start + len(shard.ledger)
                decisions = bytes(settled.decisions[start:end])
                start = end
                if TRAIN in decisions or TEST in decisions:
                    keep = shard.facts is not None
                    yield packed, shard.index, shard.facts if keep else shard.file, decisions, keep

        asked: list[ShardAsked] = []
        for result in self.engine.map(ask_shard, tasks()):
            asked.append(result)
            report.used += result.used
            for (part, _, label), count in result.records.items():
                report.records.setdefault(part, Counter())[label] += count
            self._report(report, result.problems)
            self.progress.advance("asked", result.used)
        return asked

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
        import heapq

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
        self.manifest.files[path], _ = write_records(target, writer, heapq.merge(*streams))


def _modules(hook: Any) -> tuple[str, ...]:
    """The modules that implement a hook, by name, so that workers can import them."""
    return tuple(impl.plugin.__name__ for impl in hook.get_hookimpls())


def _without(images: set[str], lines: Iterator[Any]) -> Iterator[Any]:
    """Lines of other pictures. A function, so that each member's stream keeps its own set."""
    return (line for line in lines if line[0] not in images)


def _stem(context: Context) -> str:
    return context.slug if context.no is None else f"{context.no:02d}"


def count_ignored(dataset: Dataset, tree: Tree) -> int:
    """Pictures that the card leaves alone on purpose."""
    import fnmatch
    import re

    from medmat_core.tree import IMAGE_SUFFIXES

    patterns = [fnmatch.translate(item.pattern) for item in dataset.card.ignored if _may_be_a_picture(item.pattern)]
    if not patterns:
        return 0
    ignored = re.compile("|".join(patterns)).match
    whole = Tree(tree.base)
    whole._listed = tree._listed  # the same folders; listed once
    return sum(1 for path in whole.files("", IMAGE_SUFFIXES) if ignored(path) or ignored(path.rpartition("/")[2]))


def _may_be_a_picture(pattern: str) -> bool:
    """Whether a pattern can match a picture: '*.csv' cannot, and need not be tried on a million names."""
    from medmat_core.tree import IMAGE_SUFFIXES

    tail = pattern.rpartition(".")[2]
    return "." not in pattern or any(c in tail for c in "*?[]") or f".{tail.lower()}" in IMAGE_SUFFIXES


def run_build(catalog: Catalog, options: BuildOptions, progress: Progress | None = None) -> Manifest:
    """Build what the options ask for; the manifest tells what came out and what was refused.

    Raises :class:`UsageError` if there is nothing to do, :class:`StrictError` at the first refused input with
    ``strict``, :class:`BuildError` if the build cannot go on.
    """
    data = options.data.resolve()
    if not data.is_dir():
        raise UsageError(f"--data {options.data}: no such folder; give the folder that holds the data sets' folders")
    out = options.out.resolve()
    if out == data or out.is_relative_to(data):
        raise UsageError(f"--out {options.out} lies inside --data; choose a folder beside it")
    options = evolve(options, data=data, out=out)
    known = catalog.writers()
    for name in options.formats:
        if name not in known:
            raise UsageError(f"--format {name!r}: choose from {', '.join(sorted(known))}")
    todo = _present(catalog, options)
    work = out / WORK
    if not options.resume:
        shutil.rmtree(work, ignore_errors=True)
    engine = start_engine(options.engine, options.jobs, options.scheduler)
    manifest = Manifest.of(catalog, options)
    build = Build(catalog, options, progress or Silent(), engine, [known[name] for name in options.formats], manifest)
    try:
        for dataset, tree in todo:
            build.run(dataset, tree)
        if not manifest.datasets:
            raise UsageError(
                f"nothing to do: no data set's folder under {options.data} holds a picture with a label; "
                "`medmat check --data DIR` tells what was looked for"
            )
        build.write_subsets()
        manifest.write(out)
    finally:
        engine.close()
    shutil.rmtree(work, ignore_errors=True)
    return manifest


def _present(catalog: Catalog, options: BuildOptions) -> list[tuple[Dataset, Tree]]:
    chosen = catalog.select(options.names, subset=options.subset, modality=options.modality)
    found = [(dataset, tree) for dataset in chosen if (tree := open_tree(dataset, options.data)) is not None]
    if options.names:
        there = {dataset.slug for dataset, _ in found}
        absent = [dataset for dataset in chosen if dataset.slug not in there]
        if absent:
            first = absent[0]
            raise UsageError(
                f"{first}: no folder {first.card.head.folder!r} under {options.data}; "
                f"unzip the data set there (`medmat show {first.slug}` tells what is expected)"
            )
    if not found:
        raise UsageError(
            f"nothing to do: no data set's folder lies under {options.data}; "
            "`medmat list` shows the folder names, `medmat check --data DIR` where they were looked for"
        )
    return found
