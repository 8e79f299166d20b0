"""Regions in words: box texts, places, shares of the picture; and box texts back to boxes.

Boxes are half-open pixel boxes (x1, y1, x2, y2) of a picture of ``size`` (width, height).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from medmat_core.model import Region
from medmat_core.regions.box_words import BOX_FORMATS, BoxFormat, PixelBox, box_text, parse_boxes, thousandths
from medmat_core.regions.find import box_cells, place

__all__ = [
    "BOX_FORMATS", "CELLS", "HARDLY", "LISTED", "MOSTLY", "BoxFormat", "Draws", "PixelBox", "box_text", "coverage",
    "coverage_options", "coverage_text", "enclosing", "joined_boxes", "location", "location_distractors",
    "parse_boxes", "parse_coverage", "thousandths",
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


class Draws(Protocol):
    """A stream of random numbers: ``below(n)`` is uniform over 0 .. n-1."""

    def below(self, n: int) -> int: ...


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


def location_distractors(region: Region, size: tuple[int, int] | None = None) -> tuple[str, ...]:
    """The cells that hold hardly anything of the region, row by row. ``size`` is needed only for a region
    that has no ``cells`` of its own."""
    return tuple(name for name, share in zip(CELLS, _cells(region, size), strict=True) if share < HARDLY)


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


def coverage_options(percent: float, draw: Draws, wanted: int = 3) -> list[str]:
    """Wrong percentages for a coverage question, each far enough from the right one and from one another
    to be told by eye: at least twice as much, or 20 points more, and never less than 2 points apart.

    How many of them lie below the right one is drawn evenly over what is possible, so that its rank among
    the options gives nothing away. Fewer than ``wanted`` where the range ends; nothing is above 95 %.
    """
    shown = parse_coverage(coverage_text(percent))
    below, above = _ladder(shown, _less, wanted), _ladder(shown, _more, wanted)
    count = min(wanted, len(below) + len(above))
    least, most = max(0, count - len(above)), min(count, len(below))
    under = least + draw.below(most - least + 1)
    return [coverage_text(value) for value in (*reversed(below[:under]), *above[: count - under])]


def _ladder(start: float, step: _Step, wanted: int) -> list[float]:
    rungs: list[float] = []
    value = step(start)
    while value is not None and len(rungs) < wanted:
        rungs.append(value)
        value = step(value)
    return rungs


class _Step(Protocol):
    def __call__(self, value: float, /) -> float | None: ...


def _more(value: float) -> float | None:
    # whole numbers from here on, rounded up: what is written is what has to be apart
    higher = -(-(value + max(2.0, min(value, 20.0))) // 1)
    return higher if higher <= 95 else None


def _less(value: float) -> float | None:
    """The largest whole number (or one tenth) that lies as far below as ``_more`` asks."""
    for lower in (value - 20 if value >= 40 else value / 2, value - 2):
        lower = float(lower // 1) if lower >= 1 else int(lower * 10) / 10
        if lower >= 0.1 and value - lower >= max(2.0, min(lower, 20.0)):
            return lower
    return None
