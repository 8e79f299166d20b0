"""Connected regions of one class: boxes, exact areas, and where they lie.

The fast path follows the outlines (``cv2.findContours``) instead of labelling pixels: an outline that runs
through pixel centres and takes ``n`` steps around an area ``A`` holds ``A + n/2 + 1`` pixels, itself
included, and the outline of a hole ``A - n/2 + 1``, itself excluded (Pick's theorem). Both hold for
outlines that touch themselves. So counts are exact, and labels are needed only to share pixels among cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from medmat_core.model import Region

Mask = npt.NDArray[np.uint8]


class _Band(NamedTuple):
    """Rows or columns that lie alike in the grid: pixels start..stop-1, and (cell, their thirds in it)."""

    start: int
    stop: int
    thirds: tuple[tuple[int, int], ...]


def area_floor(width: int, height: int) -> float:
    """The size under which a region is dropped: 10 pixels or 0.01 % of the picture, whichever is more."""
    return max(10.0, width * height / 10_000)


def find_regions(pixels: npt.NDArray[Any], code: str, min_area: float | None = None) -> tuple[list[Region], int]:
    """The regions of a class, top to bottom, then left to right, and how many were too small to keep.

    ``pixels`` is (height, width), non-zero where the class is. Regions are 8-connected; one that lies inside
    another's hole is its own region. Boxes are half-open, areas count pixels, ``cells`` holds the share of
    the area in each cell of the 3 x 3 grid, whose lines cut through pixels where the size is no multiple
    of three. Regions with fewer than ``min_area`` pixels are dropped and counted (None: see :func:`area_floor`).
    """
    mask: Mask = np.ascontiguousarray(pixels if pixels.dtype == np.uint8 else pixels != 0).view(np.uint8)
    height, width = mask.shape
    top, bottom = _rows(mask)
    if top == bottom:
        return [], 0
    contours, tree = cv2.findContours(mask[top:bottom], cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(0, top))
    floor = area_floor(width, height) if min_area is None else min_area
    links = tree[0].tolist()
    outer = [
        (contour, cv2.boundingRect(contour), link[2])
        for contour, link in zip(contours, links, strict=True)
        if link[3] < 0
    ]
    regions: list[Region] = []
    for contour, (x, y, w, h), hole in outer:
        if w * h < floor:
            continue
        area = _enclosed(contour) + 1 + _steps(contour)
        while hole >= 0:
            area -= _enclosed(contours[hole]) + 1
            hole = links[hole][0]
        if area < floor or not area:
            continue
        box = (x, y, x + w, y + h)
        cells = _one_cell(box, width, height)
        if cells is None:
            crop = mask[y : y + h, x : x + w]
            if len(outer) > 1 and any(_meet(box, other) for same, other, _ in outer if same is not contour):
                labels = cv2.connectedComponents(crop, connectivity=8)[1]
                crop = (labels == labels[contour[0, 0, 1] - y, contour[0, 0, 0] - x]).view(np.uint8)
            cells = _shares(crop, box, width, height, area)
        regions.append(Region(code, box, area, cells))
    regions.sort(key=place)
    return regions, len(outer) - len(regions)


def _rows(mask: Mask) -> tuple[int, int]:
    """Rows start..stop-1 of a mask outside which nothing is set: told much faster than outlines are looked for."""
    some = np.flatnonzero(np.maximum.reduceat(mask.reshape(-1), _starts(*mask.shape)))
    return (int(some[0]) * _TOGETHER, int(some[-1] + 1) * _TOGETHER) if some.size else (0, 0)


_TOGETHER: Final = 16
"""So many rows are looked at at once: one by one, each would cost more than its pixels do."""


@lru_cache(maxsize=256)
def _starts(height: int, width: int) -> npt.NDArray[np.intp]:
    return np.arange(0, height * width, _TOGETHER * width)


def _meet(box: tuple[int, int, int, int], rectangle: Sequence[int]) -> bool:
    """Whether pixels of another region's rectangle (x, y, width, height) lie in a box."""
    x, y, w, h = rectangle
    return x < box[2] and box[0] < x + w and y < box[3] and box[1] < y + h


def place(region: Region) -> tuple[int, int, int, int]:
    """The order of regions: top to bottom, then left to right (then by the far corner)."""
    x1, y1, x2, y2 = region.box
    return y1, x1, y2, x2


def _steps(contour: npt.NDArray[np.int32]) -> int:
    """How many steps the closed outline takes; a single pixel takes none."""
    return len(contour) if len(contour) > 1 else 0


def _enclosed(contour: npt.NDArray[np.int32]) -> int:
    """A - n/2 of an outline: a whole number, one less than the pixels strictly inside."""
    return round(cv2.contourArea(contour) - _steps(contour) / 2)


@lru_cache(maxsize=256)
def _bands(length: int) -> tuple[_Band, ...]:
    """An axis of ``length`` pixels cut where its thirds change; at most five bands.

    Counted in thirds of a pixel the axis is 3 x length long and cell ``c`` runs from c x length to
    (c + 1) x length, so that everything is whole.
    """
    cuts = sorted({0, length, length // 3, -(-length // 3), 2 * length // 3, -(-2 * length // 3)})
    bands = []
    for start, stop in pairwise(cuts):
        inside = [max(0, min(3 * start + 3, (c + 1) * length) - max(3 * start, c * length)) for c in range(3)]
        bands.append(_Band(start, stop, tuple((c, part) for c, part in enumerate(inside) if part)))
    return tuple(bands)


def _one_cell(box: tuple[int, int, int, int], width: int, height: int) -> tuple[float, ...] | None:
    """The shares of a box that lies inside one cell; None for any other."""
    x1, y1, x2, y2 = box
    column, row = 3 * x1 // width, 3 * y1 // height
    if 3 * x2 <= (column + 1) * width and 3 * y2 <= (row + 1) * height:
        return _ONE_CELL[3 * row + column]
    return None


_ONE_CELL = tuple(tuple(float(i == cell) for i in range(9)) for cell in range(9))


def _shares(
    crop: npt.NDArray[np.uint8], box: tuple[int, int, int, int], width: int, height: int, area: int
) -> tuple[float, ...]:
    """The share of a region's pixels in each cell; ``crop`` holds the region alone, cut to its box."""
    x1, y1, x2, y2 = box
    ninths = [0] * 9
    across = [band for band in _bands(width) if band.stop > x1 and band.start < x2]
    for down in _bands(height):
        if down.stop <= y1 or down.start >= y2:
            continue
        rows = crop[max(down.start - y1, 0) : down.stop - y1]
        for band in across:
            count = cv2.countNonZero(rows[:, max(band.start - x1, 0) : band.stop - x1])
            if count:
                for r, high in down.thirds:
                    for c, wide in band.thirds:
                        ninths[3 * r + c] += count * high * wide
    return tuple(part / (9 * area) for part in ninths)


def box_cells(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[float, ...]:
    """The share of a whole box in each cell of the grid of a picture of ``size`` (width, height)."""
    width, height = size
    x1, y1, x2, y2 = box
    across = [max(0, min(3 * x2, (c + 1) * width) - max(3 * x1, c * width)) for c in range(3)]
    down = [max(0, min(3 * y2, (r + 1) * height) - max(3 * y1, r * height)) for r in range(3)]
    whole = 9 * (x2 - x1) * (y2 - y1)
    return tuple(d * a / whole for d in down for a in across)
