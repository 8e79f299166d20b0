"""Regions in words: places and shares of the picture. Boxes are those of :mod:`medmat_core.regions.box_words`.

Boxes are half-open pixel boxes (x1, y1, x2, y2) of a picture of ``size`` (width, height).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from medmat_core.regions.box_words import PixelBox

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


# -- places ---------------------------------------------------------------------------------------------


def cell_of(cells: Sequence[float]) -> tuple[int, int]:
    """(the cell with most of a region or :data:`NO_CELL`, a bit for every cell that holds more than hardly anything).

    ``cells`` holds the share of the region in each cell; without any, no cell is told and none is touched.
    """
    touched = sum(1 << number for number, share in enumerate(cells) if share >= HARDLY)
    most = max(range(len(cells)), key=cells.__getitem__) if cells else 0
    return (most if cells and cells[most] >= MOSTLY else NO_CELL), touched


# -- shares of the picture ------------------------------------------------------------------------------


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
