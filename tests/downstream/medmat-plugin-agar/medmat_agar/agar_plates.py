"""Agar plates: ``scans/D01_24h.png`` is dish D01 after a day, ``spans/D01_24h.spans`` says what grows where.

``dishes.csv`` says the medium of each dish and the part it belongs to. A dish was scanned several times, so it is the
group. A spans file without lines means that nothing grew; a scan without a spans file was not looked at.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from attrs import frozen

from medmat_core import Card, Dataset, MaskSample, Subset, hookimpl, readers

MEDMAT_API = 2

PARTS = {"learn": "train", "exam": "test"}

GROWTH = Subset(
    no=1207,
    modality="Scan",
    area="Agar Plate",
    task="Growth Detection",
    instructions={
        "box": (
            "Which choice fits best as {count} of the {caption} on this {area} {modality}, {convention}?",
            "A robot picks the {caption} off this {area} {modality}. Which choice, {count} {convention}, fits best?",
            "Locate the {caption} on the {area} {modality}. Which choice, {count} {convention}, fits best?",
            "Each choice gives {count} {convention}. Which fits the {caption} on this {area} {modality} best?",
            "To crop this {area} {modality} to its {caption}, a program needs {count} {convention}: which fits best?",
            "Frame the {caption} on the {area} {modality} with {count} {convention}: which of the choices fits best?",
        ),
        "presence": (
            "Is there {caption} on this {area} {modality}?",
            "Did {caption} grow on this {area} {modality}?",
            "Look for {caption} on the {area} {modality}: what do you find?",
            "Does this {area} {modality} show {caption}?",
            "Read this {area} {modality} for {caption}.",
            "Check the {area} {modality} for {caption}.",
        ),
    },
)


@frozen
class SpanMask:
    """A file of runs below the data set's root, a line each: class, row, first column, column after the last."""

    path: str


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    parts = readers.lookup(tree, "dishes.csv", "dish", "part", required=True)
    for scan in tree.images("scans"):
        name = scan.rpartition("/")[2].rpartition(".")[0]
        dish = name.partition("_")[0]
        spans = f"spans/{name}.spans"
        if parts.get(dish) not in PARTS:
            tree.report("missing_label", scan, f"dishes.csv has no part for the dish {dish!r}")
        elif not tree.exists(spans):
            tree.report("missing_mask", scan, f"{spans} is not there")
        else:
            yield MaskSample(scan, (SpanMask(spans),), group=dish, split=PARTS[parts[dish]])


@hookimpl
def medmat_regions(mask: object, size: tuple[int, int], root: Path) -> Sequence[tuple[str, np.ndarray]] | None:
    if not isinstance(mask, SpanMask):
        return None
    width, height = size
    found: dict[str, np.ndarray] = {}
    for number, line in enumerate((root / mask.path).read_text("utf-8").splitlines(), 1):
        code, *places = line.split()
        row, start, end = (int(place) for place in places)
        if not (0 <= row < height and 0 <= start < end <= width):
            raise ValueError(f"{mask.path}: line {number}: {line!r} lies outside a scan of {width} x {height}")
        found.setdefault(code, np.zeros((height, width), np.uint8))[row, start:end] = 1
    return list(found.items())


@hookimpl
def medmat_subsets() -> list[Subset]:
    return [GROWTH]


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
