"""What a build reads: data sets' folders under the data folder, and their samples in shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from medmat_core.card import Card
from medmat_core.catalog import Catalog
from medmat_core.dataset import Dataset
from medmat_core.errors import PluginError, UsageError
from medmat_core.folders import lies_under, open_tree
from medmat_core.images.suffixes import IMAGE_SUFFIXES, may_be_rendered
from medmat_core.model import MaskSample, Problem, Sample, Slice
from medmat_core.pipeline.adapter import AdapterRun
from medmat_core.pipeline.astray import hint, hints
from medmat_core.pipeline.options import TIMEOUT, BuildOptions
from medmat_core.tree import Tree

SHARD: Final = 2048
"""Samples in one partition: small enough to keep memory flat, large enough that starting one costs nothing."""

COSTLY_SHARD: Final = 64
"""Samples in one partition where each is decoded: enough partitions for many workers, little lost with one."""


def is_present(
    dataset: Dataset, data: Path, seconds: float = TIMEOUT, failed: Callable[[str], object] = lambda reason: None
) -> bool:
    """Whether the adapter matches a picture and its labels there, not merely a folder. ``failed`` is told why it cannot
    say so: it broke, or did not get on for ``seconds``."""
    tree = open_tree(dataset.card.head, data)
    if tree is None:
        return False
    run = AdapterRun(dataset, tree, seconds)
    count = 1  # no more than is needed: to read a table of millions takes its time
    try:
        while True:
            items = run.take(count)
            if any(not isinstance(item, Problem) for item in items):
                return True
            if len(items) < count:  # at its end, or broken
                break
            count *= 2
    except PluginError as error:
        failed(str(error))
    if run.failure:
        failed(run.failure)
    return False


def is_a_neighbor_s(dataset: Dataset, reasons: Iterable[str], catalog: Iterable[Dataset], data: Path) -> bool:
    """Whether the folder, in which nothing of this data set was found, is there for another one of the same download:
    then this one is simply absent. ``reasons`` are those of its problems."""
    lacking = {"missing_file", "missing_label", "missing_mask", "unlabelled"}
    if not lacking.issuperset(reasons):
        return False
    return any(
        other.card.folder == dataset.card.folder and is_present(other, data)
        for other in catalog
        if other.slug != dataset.slug
    )


def present(catalog: Catalog, options: BuildOptions) -> list[tuple[Dataset, Tree]]:
    """The data sets to build, with their files; :class:`UsageError` where one named, or every one, is absent."""
    near = None if options.names else lies_under(options.data)
    chosen = catalog.select(
        options.names, subset=options.subset, modality=options.modality, access=options.access,
        licenses=options.licenses, where=near,
    )  # fmt: skip
    found = [(dataset, tree) for dataset in chosen if (tree := open_tree(dataset.card.head, options.data)) is not None]
    if options.names:
        there = {dataset.slug for dataset, _ in found}
        absent = [dataset for dataset in chosen if dataset.slug not in there]
        if absent:
            first = absent[0]
            heads = [entry.head for entry in catalog.entries]
            todo = hint(first.card, options.data, heads) or (
                f"unzip the data set there (`medmat show {first.slug}` tells what is expected)"
            )
            raise UsageError(f"{first}: no folder {first.card.folder!r} under {options.data}; {todo}")
    if not found:
        asked = f" of --subset {options.subset}" if options.subset is not None else ""
        asked += f" of --modality {options.modality}" if options.modality is not None else ""
        asked += "".join(f" of --access {access}" for access in options.access)
        asked += "".join(f" of --license {license_!r}" for license_ in options.licenses)
        meant = catalog.heads(
            subset=options.subset, modality=options.modality, access=options.access, licenses=options.licenses
        )
        heads = [entry.head for entry in meant]
        told = next((f"{head.slug}: {todo}" for head, todo in hints(heads, options.data)), "")
        raise UsageError(
            f"nothing to do: no folder of a data set{asked} lies under {options.data}; "
            + (told or "`medmat list` shows the folder names, `medmat check --data DIR` where they were looked for")
        )
    return found


def costly(card: Card, verify: str, samples: Sequence[Sample]) -> bool:
    """Whether looking at these samples decodes pixels: then shards are small, and what was found is kept for a
    build that goes on with ``--resume``."""
    if verify == "full" or (card.head.kind == "mask" and any(isinstance(s, MaskSample) for s in samples[:1])):
        return True
    return any(isinstance(s.image, Slice) or may_be_rendered(s.image) for s in samples[:1])


def shards(
    dataset: Dataset,
    tree: Tree,
    verify: str,
    report: Callable[[Sequence[Problem]], None],
    failed: Callable[[str], None] = lambda reason: None,
    seconds: float = 0,
) -> Iterator[tuple[list[Sample], bool]]:
    """The adapter's samples, a shard at a time, and whether the shard is costly.

    Problems go to ``report`` as they come; if the adapter breaks, what it gave so far counts, and ``failed`` is told
    why. Raises :class:`PluginError` where it does not get on for ``seconds`` (0: any time is allowed) or never ends.
    """
    run = AdapterRun(dataset, tree, seconds)
    size = COSTLY_SHARD
    dear = True  # whether shards are costly is told by a few samples
    going, first = True, True
    while going:
        items: list[Any] = run.take(size)
        going = len(items) == size and not run.failure
        if first:
            dear = costly(dataset.card, verify, [item for item in items if not isinstance(item, Problem)])
            if not dear:
                size = SHARD
                if going:
                    items.extend(run.take(SHARD - len(items)))
                    going = len(items) == SHARD and not run.failure
            first = False
        if Problem in set(map(type, items)):
            report([item for item in items if isinstance(item, Problem)])
            items = [item for item in items if not isinstance(item, Problem)]
        if items:
            yield items, dear
        if tree.problems:
            report(tree.problems)
            tree.problems.clear()
    if run.failure:
        failed(run.failure)


def expected(dataset: Dataset, tree: Tree) -> int:
    """About how many pictures there are: the files that could be some, and at most as many as were published (masks
    are files, too). 0 where a file holds many."""
    files = sum(1 for _ in tree.files("", IMAGE_SUFFIXES))
    return min(files, dataset.card.counts.images or files)


def ignored(dataset: Dataset, tree: Tree) -> Counter[str]:
    """Pictures that the card leaves alone on purpose, by its reasons."""
    card = dataset.card
    rules = [item for item in card.ignored if _may_be_a_picture(item.pattern)]
    found: Counter[str] = Counter()
    if rules:
        whole = Tree(tree.base)
        whole.share(tree)  # the same folders; listed once
        for path in whole.files("", IMAGE_SUFFIXES):
            if card.ignores(path, tree.prefix):
                found[next(item.reason for item in card.ignored if item.matches(path, tree.prefix))] += 1
    return found


def _may_be_a_picture(pattern: str) -> bool:
    """Whether a pattern can match a picture: '*.csv' cannot, and need not be tried on a million names."""
    tail = pattern.rpartition(".")[2]
    return "." not in pattern or any(c in tail for c in "*?[]") or f".{tail.lower()}" in IMAGE_SUFFIXES
