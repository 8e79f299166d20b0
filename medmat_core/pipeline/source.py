"""What a build reads: data sets' folders under the data folder, and their samples in shards."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from medmat_core.blame import place_of, said
from medmat_core.card import Card, Head
from medmat_core.catalog import Catalog
from medmat_core.dataset import Dataset
from medmat_core.errors import MedmatError, UsageError
from medmat_core.images.suffixes import IMAGE_SUFFIXES, RENDERED_SUFFIXES
from medmat_core.model import MaskSample, Problem, Sample, Slice
from medmat_core.pipeline.options import BuildOptions
from medmat_core.tree import Names, Tree

SHARD: Final = 2048
"""Samples in one partition: small enough to keep memory flat, large enough that starting one costs nothing."""

COSTLY_SHARD: Final = 64
"""Samples in one partition where each is decoded: enough partitions for many workers, little lost with one."""


def find_folder(dataset: Dataset, data: Path) -> Path | None:
    """The data set's folder under the data folder: by its own name or by one of its card's aliases, whatever their
    letter case. The folder keeps the name that it has."""
    head = dataset.card.head
    exact = data / head.folder
    if exact.is_dir():
        return exact
    try:
        with os.scandir(data) as entries:
            found = Names(entry.name for entry in entries if entry.is_dir()).of(head.folder, head.aliases)
    except OSError:
        return None
    return None if found is None else data / found


def lies_under(data: Path) -> Callable[[Head], bool]:
    """Whether the folder of a data set is under the data folder, told by its head: the others need not be loaded."""
    try:
        folders = Names(os.listdir(data))
    except OSError:
        folders = Names(())
    return lambda head: folders.of(head.folder, head.aliases) is not None


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


def present(catalog: Catalog, options: BuildOptions) -> list[tuple[Dataset, Tree]]:
    """The data sets to build, with their files; :class:`UsageError` where one named, or every one, is absent."""
    near = None if options.names else lies_under(options.data)
    chosen = catalog.select(
        options.names, subset=options.subset, modality=options.modality, access=options.access,
        licenses=options.licenses, where=near,
    )  # fmt: skip
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
        asked = f" of --subset {options.subset}" if options.subset is not None else ""
        asked += f" of --modality {options.modality}" if options.modality is not None else ""
        asked += "".join(f" of --access {access}" for access in options.access)
        asked += "".join(f" of --license {license_!r}" for license_ in options.licenses)
        raise UsageError(
            f"nothing to do: no folder of a data set{asked} lies under {options.data}; "
            "`medmat list` shows the folder names, `medmat check --data DIR` where they were looked for"
        )
    return found


def costly(card: Card, verify: str, samples: Sequence[Sample]) -> bool:
    """Whether looking at these samples decodes pixels: then shards are small, and what was found is kept for a
    build that goes on with ``--resume``."""
    if verify == "full" or (card.head.kind == "mask" and any(isinstance(s, MaskSample) for s in samples[:1])):
        return True
    return any(isinstance(s.image, Slice) or s.image.lower().endswith(RENDERED_SUFFIXES) for s in samples[:1])


def shards(
    dataset: Dataset, tree: Tree, verify: str, report: Callable[[Sequence[Problem]], None]
) -> Iterator[tuple[list[Sample], bool]]:
    """The adapter's samples, a shard at a time, and whether the shard is costly.

    Problems go to ``report`` as they come; if the adapter breaks, what it gave so far counts.
    """
    source: Iterator[Sample | Problem] = iter(())
    size = COSTLY_SHARD
    dear = True  # whether shards are costly is told by a few samples
    going, first = True, True
    while going:
        items: list[Any] = []
        try:
            if first:
                source = iter(dataset.samples(tree, dataset.card))
            items.extend(islice(source, size))  # keeps what came before an error
            going = len(items) == size
            if first:
                dear = costly(dataset.card, verify, [item for item in items if not isinstance(item, Problem)])
                if not dear:
                    size = SHARD
                    items.extend(islice(source, SHARD - len(items)))
                    going = len(items) == SHARD
                first = False
        except MedmatError:
            raise
        except Exception as error:
            tree.problems.append(_broken(dataset, error))
            going = False
        if Problem in set(map(type, items)):
            report([item for item in items if isinstance(item, Problem)])
            items = [item for item in items if not isinstance(item, Problem)]
        if items:
            yield items, dear
        if tree.problems:
            report(tree.problems)
            tree.problems.clear()


def _broken(dataset: Dataset, error: Exception) -> Problem:
    where = place_of(error, {dataset.module.partition(".")[0]} if dataset.module else ())
    name, _, line = where.rpartition(", line ")
    told = f" ({Path(name).name} line {line})" if where else ""  # no path of this machine stands in a build
    return Problem("reader_failed", "", f"{said(error)}{told}; please report it to the authors of {dataset.owner}")


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
