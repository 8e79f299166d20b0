"""Regions in words: box texts, places, shares of the picture; and box texts back to boxes.

Boxes are half-open pixel boxes (x1, y1, x2, y2) of a picture of ``size`` (width, height).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from medmat_core.model import Region
from medmat_core.regions.box_words import (
    BOX_FORMATS,
    RELATIVE,
    BoxFormat,
    PixelBox,
    box_text,
    parse_boxes,
    steps_of,
    steps_text,
    thousandths,
)
from medmat_core.regions.find import box_cells, place

__all__ = [
    "BOX_FORMATS", "CELLS", "HARDLY", "LISTED", "MOSTLY", "NO_CELL", "RELATIVE", "BoxFormat", "PixelBox", "box_text",
    "coverage", "coverage_text", "enclosing", "joined_boxes", "location", "parse_boxes", "parse_coverage", "steps_of",
    "steps_text", "thousandths",
]  # fmt: skip

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
