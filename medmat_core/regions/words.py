"""Regions in words: box texts, places, shares of the picture; and box texts back to boxes.

Boxes are half-open pixel boxes (x1, y1, x2, y2) of a picture of ``size`` (width, height).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from medmat_core.model import Region
from medmat_core.regions.find import box_cells, place

PixelBox = tuple[int, int, int, int]
BoxFormat = Literal["unit", "thousand", "pixel"]

BOX_FORMATS: Final[tuple[BoxFormat, ...]] = ("unit", "thousand", "pixel")
"""``unit``: fractions of width and height with three decimals. ``thousand``: the same in whole thousandths.
``pixel``: pixels."""

RELATIVE: Final[tuple[BoxFormat, ...]] = ("unit", "thousand")
"""The formats in which boxes of pictures of different sizes compare."""

LISTED: Final = 4
"""How many regions of a class are listed one by one; of more, the one box around all is asked for."""

CELLS: Final = (
    "upper left",
    "upper center",
    "upper right",
    "center left",
    "center",
    "center right",
    "lower left",
    "lower center",
    "lower right",
)
"""The cells of the 3 x 3 grid row by row, as seen in the picture."""

MOSTLY: Final = 0.6
"""The share of a region that has to lie in one cell for the cell to be its place."""

HARDLY: Final = 0.05
"""A cell with less than this share of a region is a wrong answer to where it lies."""


NO_CELL: Final = 255
"""Stands for the cell of a region that lies mostly in none, or is not alone in its class."""


# -- boxes ----------------------------------------------------------------------------------------------


def thousandths(box: Sequence[float], size: tuple[int, int]) -> PixelBox:
    """The box in thousandths of width and height, rounded to nearest (halves up), inside 0..1000.

    A box that would lose its width or height is widened by one step, downwards where it lies at the far end.
    """
    width, height = size
    # floor((2000 v + length) / 2 length) is 1000 v / length rounded to nearest without a detour over fractions
    x1 = int((2000 * box[0] + width) // (2 * width))
    y1 = int((2000 * box[1] + height) // (2 * height))
    x2 = int((2000 * box[2] + width) // (2 * width))
    y2 = int((2000 * box[3] + height) // (2 * height))
    if 0 <= x1 < x2 <= 1000 and 0 <= y1 < y2 <= 1000:
        return x1, y1, x2, y2
    x1, x2 = _widened(x1, x2)
    y1, y2 = _widened(y1, y2)
    return x1, y1, x2, y2


def _widened(low: int, high: int) -> tuple[int, int]:
    low, high = min(1000, max(0, low)), min(1000, max(0, high))
    if low < high:
        return low, high
    return (low, low + 1) if low < 1000 else (999, 1000)


def box_text(boxes: Iterable[Sequence[int]], size: tuple[int, int], fmt: BoxFormat = "unit") -> str:
    """Boxes as an answer, joined by '; ' in the order given: ``[0.123, 0.045, 0.678, 0.900]``."""
    if fmt == "pixel":
        return "; ".join(f"[{x1}, {y1}, {x2}, {y2}]" for x1, y1, x2, y2 in boxes)
    steps = [thousandths(box, size) for box in boxes]
    if fmt == "thousand":
        return "; ".join([f"[{x1}, {y1}, {x2}, {y2}]" for x1, y1, x2, y2 in steps])
    return "; ".join(
        [f"[{x1 / 1000:.3f}, {y1 / 1000:.3f}, {x2 / 1000:.3f}, {y2 / 1000:.3f}]" for x1, y1, x2, y2 in steps]
    )


def steps_of(
    boxes: npt.NDArray[np.int32], sizes: npt.NDArray[np.int64], fmt: BoxFormat = "unit"
) -> npt.NDArray[np.int32]:
    """The numbers that :func:`box_text` prints, for many pictures at once.

    ``boxes`` is (pictures, boxes, 4) in half-open pixels, ``sizes`` (pictures, 2) width and height. Thousandths of the
    picture in the formats that print fractions, else pixels.
    """
    if fmt == "pixel":
        return boxes
    lengths = np.concatenate([sizes, sizes], axis=1)[:, None, :]
    steps = np.clip((2000 * boxes.astype(np.int64) + lengths) // (2 * np.maximum(lengths, 1)), 0, 1000)
    low, high = steps[..., :2], steps[..., 2:]
    flat = low >= high
    low -= flat & (low == 1000)
    high[...] = np.where(flat, low + 1, high)
    return np.asarray(steps, np.int32)


def steps_text(steps: Sequence[int], fmt: BoxFormat = "unit") -> str:
    """One box of :func:`steps_of` as text."""
    if fmt == "unit":
        return "[" + ", ".join(f"{step / 1000:.3f}" for step in steps) + "]"
    return "[" + ", ".join(map(str, steps)) + "]"


_NUMBERS: Final = {
    "unit": r"[01]\.\d{3}",
    "thousand": r"\d{1,4}",
    "pixel": r"\d+",
}
_BOXES: Final = {fmt: re.compile(rf"\[({n}), ({n}), ({n}), ({n})\]") for fmt, n in _NUMBERS.items()}


def parse_boxes(
    text: str, size: tuple[int, int], fmt: BoxFormat = "unit"
) -> tuple[tuple[float, float, float, float], ...]:
    """A box answer back to boxes in pixels of the picture, exact to half a step of its format.

    Raises ValueError for a text that :func:`box_text` would not write: another format, a box without area,
    or one that leaves the picture.
    """
    width, height = size
    across, down = {"unit": (width, height), "thousand": (width / 1000, height / 1000), "pixel": (1, 1)}[fmt]
    boxes = []
    for part in text.split("; "):
        found = _BOXES[fmt].fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is not a box in the format {fmt!r}")
        x1, y1, x2, y2 = (float(number) for number in found.groups())
        box = (x1 * across, y1 * down, x2 * across, y2 * down)
        # a rounding error of the product is not outside
        if not (0 <= box[0] < box[2] <= width * (1 + 1e-9) and 0 <= box[1] < box[3] <= height * (1 + 1e-9)):
            raise ValueError(f"{part!r} has no area inside a picture of {width} x {height}")
        boxes.append((box[0], box[1], min(box[2], width), min(box[3], height)))
    return tuple(boxes)


def enclosing(boxes: Iterable[PixelBox]) -> PixelBox:
    """The smallest box around all of them."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def joined_boxes(regions: Iterable[Region]) -> tuple[PixelBox, ...]:
    """The boxes that answer where the regions of a class are: up to four from top to bottom, then left to
    right; of more than four the one box around all. Regions of one box are listed once."""
    boxes = tuple(dict.fromkeys(region.box for region in sorted(regions, key=place)))
    return boxes if len(boxes) <= LISTED else (enclosing(boxes),)


# -- places ---------------------------------------------------------------------------------------------


def _cells(region: Region, size: tuple[int, int] | None) -> tuple[float, ...]:
    if region.cells:
        return region.cells
    if size is None:
        raise ValueError(f"the region at {region.box} has no cells of its own: the picture's size is needed")
    return box_cells(region.box, size)


def location(regions: Sequence[Region], size: tuple[int, int]) -> str | None:
    """The cell of the picture in which a class lies; None unless it has one region, mostly in one cell."""
    if len(regions) != 1:
        return None
    shares = _cells(regions[0], size)
    most = max(range(9), key=shares.__getitem__)
    return CELLS[most] if shares[most] >= MOSTLY else None


# -- shares of the picture ------------------------------------------------------------------------------


def coverage(regions: Iterable[Region], size: tuple[int, int]) -> float:
    """The percentage of the picture that the regions of a class cover."""
    return 100 * sum(region.area for region in regions) / (size[0] * size[1])


def coverage_text(percent: float) -> str:
    """A percentage as an answer: whole from 1 % up, one decimal below, never 0 % for what is there."""
    if percent >= 0.95:
        return f"{int(percent + 0.5)}%"
    return f"0.{max(1, int(10 * percent + 0.5))}%"


def parse_coverage(text: str) -> float:
    """A coverage answer back to its percentage. Raises ValueError for anything else."""
    if not re.fullmatch(r"\d{1,3}%|0\.\d%", text):
        raise ValueError(f"{text!r} is not a percentage")
    return float(text[:-1])
