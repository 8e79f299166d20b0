"""The main job: folders of unzipped data sets into files of records.

A data set goes through in four steps (:mod:`medmat_core.pipeline.one`): its adapter's samples are cut into shards and
workers look at every picture; the whole data set is settled (copies, contradictions, splits); its questions are made,
round by round; lines of text are numbered and written. Then the subset files are merged from what stands in OUT.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from attrs import define, evolve, field

from medmat_core.catalog import Catalog
from medmat_core.dataset import Dataset
from medmat_core.errors import CatalogError, PluginError, UsageError
from medmat_core.fileio import concerns, failed, write_text
from medmat_core.memory import keep_freed
from medmat_core.model import Problem
from medmat_core.pipeline.astray import unopened
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.engines import Engine, start_engine
from medmat_core.pipeline.finished import MANIFEST, PROBLEMS, sealed, state_path
from medmat_core.pipeline.hashes import NEAR
from medmat_core.pipeline.kept import stamp
from medmat_core.pipeline.lines import PARTS
from medmat_core.pipeline.manifest import DatasetReport, Manifest, with_notes
from medmat_core.pipeline.near import across_datasets, notes
from medmat_core.pipeline.one import OneBuild
from medmat_core.pipeline.options import RECORDED, BuildOptions
from medmat_core.pipeline.outfolder import OutFolder
from medmat_core.pipeline.progress import Progress, Silent
from medmat_core.pipeline.publish import choices_path, records_path, subset_path
from medmat_core.pipeline.rendered import Rendered
from medmat_core.pipeline.source import expected, ignored, is_a_neighbor_s, present
from medmat_core.pipeline.state import State
from medmat_core.pipeline.subsets import SubsetFiles
from medmat_core.subsets import Subset
from medmat_core.tree import Tree


@define
class Build:
    """One run of ``medmat build``."""

    catalog: Catalog
    options: BuildOptions
    progress: Progress
    engine: Engine
    manifest: Manifest
    place: OutFolder
    kept: dict[str, str] = field(factory=dict)
    """Files below OUT that stay, with their SHA-256."""

    def run(self, dataset: Dataset, tree: Tree, number: int, of: int) -> None:
        """Build one data set's own files."""
        self.progress.start(dataset, number, of, lambda: expected(dataset, tree))
        report = DatasetReport(dataset)
        one = OneBuild(
            dataset, tree, self._context(dataset, tree), self.options, self.engine, report, self.progress.advance,
            partial(self.catalog.blame, dataset), self._subset(dataset), self._extra_pool(dataset), self.place,
        )  # fmt: skip
        found = one.inspect()
        if not report.samples and not self.options.names:
            reasons = {problem.reason for problem in report.problems}
            if is_a_neighbor_s(dataset, reasons, self.catalog, self.options.data):
                return
        if not report.samples and all(problem.reason == "leaves_data" for problem in report.problems):
            archives = unopened(tree.base) or unopened(tree.root)
            detail = f"nothing in the folder {tree.base.name!r} is what the card describes" + (
                archives and f"; {archives}"
            )
            one.tell([Problem("no_picture", "", detail)])
        report.pictures.ignored.update(ignored(dataset, tree))
        tree.forget()
        settled = one.settle(found)
        if report.samples:
            one.tell_empty_classes(found)
        sheet, table = one.ask(found, settled)
        one.publish(found, settled, sheet, table)
        one.remember(found, settled)
        self.kept.update(one.kept)
        self.manifest.datasets.append(report)
        self.progress.finish(report)

    def _context(self, dataset: Dataset, tree: Tree) -> Context:
        """What the workers must know of a data set."""
        options = self.options
        folder = tree.base.relative_to(options.data).as_posix()
        prefix = f"{options.data.name}/{folder}/{tree.prefix}"
        work = self.place.work / dataset.slug
        work.mkdir(parents=True, exist_ok=True)
        standing = self.place.finished.files.get(state_path(dataset.slug), "")
        return Context(
            card=dataset.card, no=dataset.no, slug=dataset.slug, root=tree.root, image_prefix=prefix, work=work,
            rendered=Rendered(options.out, work, dataset.slug, standing), seed=options.seed, verify=options.verify,
            region_plugins=self.catalog.modules_with("medmat_regions"),
            hashes=frozenset({NEAR} if options.near != "off" else ()),
            resume=options.resume, timeout=options.timeout_per_file,
            # where pictures are decoded as well there is work for another process (--jobs) rather than for a thread
            ahead=options.jobs == 1 and options.engine == "local" and options.verify != "full",
            stamp=stamp(dataset, options.recorded(), tree.root, prefix, self.catalog.modules_with("medmat_regions")),
        )  # fmt: skip

    def _subset(self, dataset: Dataset) -> Subset:
        try:
            return self.catalog.subset(dataset.card.subset)
        except CatalogError as error:
            raise CatalogError(f"{dataset.card.path}: subset: {error}") from None

    def _extra_pool(self, dataset: Dataset) -> tuple[str, ...]:
        """With ``--pool installed``, the captions of the other data sets of the subset."""
        if self.options.pool != "installed":
            return ()
        return tuple(
            caption
            for other in self.catalog
            if other.card.subset == dataset.card.subset and other is not dataset
            for caption in other.card.captions
            if caption not in {*other.card.classes.catch_all, *other.card.classes.anatomy}
        )

    # -- what hangs on all data sets ----------------------------------------------------------------

    def finish(self) -> None:
        """Write the subset files, problems.jsonl and manifest.json, and let all appear in OUT."""
        built = {report.slug for report in self.manifest.datasets}
        finished = self.place.finished
        for slug in built:
            self.place.replace(slug)
        self.manifest.standing = [entry for entry in finished.datasets if entry["slug"] not in built]
        entries = self.manifest.entries()
        for entry in self.manifest.standing:
            self.kept.update(finished.files_of(entry["slug"]))
        states = [self._state(str(entry["slug"])) for entry in entries]
        crossed = across_datasets(states) if self.options.near != "off" else []
        files = SubsetFiles.of(
            states, self.options.data.parent, whole=self.options.as_published,
            near=crossed if self.options.near == "drop" else (),
        )  # fmt: skip
        self.manifest.subset_removals = files.removals
        for path in files.write(self.place):
            self.kept[path] = self.place.digest(path) or ""
        for path in (path for report in self.manifest.datasets for path in report.files):
            self.kept[path] = self.place.digest(path) or ""
        for slug in built:
            self.kept[state_path(slug)] = self.place.digest(state_path(slug)) or ""
        near: dict[int, list[Problem]] = {}
        for member, note in notes(states, crossed):
            near.setdefault(member, []).append(note)
        told = (with_notes(state.problems(), near.get(member, ())) for member, state in enumerate(states))
        self._write(PROBLEMS, chain.from_iterable(told))
        self.kept[PROBLEMS] = self.place.digest(PROBLEMS) or ""
        self.manifest.files = self.kept
        self._write(MANIFEST, [sealed(self.manifest.as_json())])
        self.place.commit(self.kept)

    def _state(self, slug: str) -> State:
        path = state_path(slug)
        return State.read(self.place.file(path), self.place.digest(path) or "", slug)

    def _write(self, path: str, chunks: Iterable[str]) -> None:
        self.place.add(path, write_text(self.place.new(path), chunks))


def needed(datasets: Sequence[Dataset]) -> Iterator[str]:
    """The names below OUT that a build of these data sets may need for records."""
    for part in PARTS:
        for dataset in datasets:
            yield records_path(dataset.file_stem, part)
            yield choices_path(dataset.file_stem, part)
            yield subset_path(dataset.card.subset, part)


def run_build(catalog: Catalog, options: BuildOptions, progress: Progress | None = None) -> Manifest:
    """Build what the options ask for; the manifest tells what came out and what was refused.

    Data sets that stand in ``out`` stay, and those built are added to them. Raises :class:`UsageError` if there is
    nothing to do, or if something in ``out`` that medmat did not write is in the way, :class:`StrictError` at the first
    refused input with ``strict``, :class:`BuildError` if the build cannot go on.
    """
    keep_freed()
    given = options.data  # a link keeps its own name: records begin with it
    data = given.resolve() if given.name in ("", "..") else given.parent.resolve() / given.name
    if not data.is_dir():
        raise UsageError(f"--data {options.data}: no such folder; give the folder that holds the data sets' folders")
    out = Path(os.path.abspath(options.out))
    if out.resolve().is_relative_to(data.resolve()):
        raise UsageError(f"--out {options.out} lies inside --data; choose a folder beside it")
    options = evolve(options, data=data, out=out)
    for name in options.formats:
        if name not in RECORDED and name not in catalog.formats():  # those of plugins are loaded only where asked for
            raise UsageError(f"--format {name!r}: choose from {', '.join(sorted({*RECORDED, *catalog.formats()}))}")
    todo = present(catalog, options)
    datasets = [dataset for dataset, _ in todo]
    manifest = Manifest.of(catalog, options)
    place = OutFolder(out, (data, *(tree.base for _, tree in todo)))
    unfinished = options.resume or place.work.exists()  # what killed the last build shall not kill this one
    engine = start_engine(options.engine, options.jobs, options.scheduler, careful=unfinished)
    build = Build(catalog, options, progress or Silent(), engine, manifest, place)
    try:
        standing = place.take()
        standing.agree(out, manifest.versions, manifest.arguments, [dataset.slug for dataset in datasets])
        place.begin(
            manifest.arguments, slugs=[dataset.slug for dataset in datasets], needed=needed(datasets),
            resume=options.resume,
        )  # fmt: skip
        engine.check((data, place.work))
        left_out: list[str] = []
        for number, (dataset, tree) in enumerate(todo, 1):
            try:
                build.run(dataset, tree, number, len(todo))
            except PluginError as error:  # the others are built
                catalog.blame(dataset, "the adapter", str(error))
                left_out.append(str(dataset))
        if left_out and not manifest.datasets:
            place.abandon()
            raise PluginError(f"nothing was built: the plugins of {', '.join(left_out)} failed")
        problems = [problem for report in manifest.datasets for problem in report.problems]
        if not any(report.samples for report in manifest.datasets) and all(p.reason == "no_picture" for p in problems):
            place.abandon()
            raise UsageError(
                f"nothing to do: no picture with a label lies in the folders under {data}: "
                + "; ".join(dict.fromkeys(problem.detail for problem in problems[:3]))
                + "; `medmat check --data DIR` tells more"
            )
        build.finish()
    except OSError as error:
        engine.abandon()
        if not concerns(out, error):
            raise
        raise failed(error.filename or out, error) from error
    except BaseException:
        engine.abandon()
        raise
    else:
        engine.close()
    finally:
        place.release()
        build.progress.close()
    return manifest
