"""Wrong boxes for a box question: plausible in size, inside the picture, and certainly wrong.

A box is wrong if none of the class's regions has a quarter of itself in it, and no quarter of it lies in one
of them; then their IoU is under a quarter, too. A region counts by its pixels where they are fewer than its
box holds: all of them may lie in the overlap. Where more than four regions are asked about as the one box
around all, that box counts as a region, and sizes are taken from it. All of this holds for the boxes in
pixels and for the boxes as their text gives them, and for either against the right ones in either form
(only the sizes of tiny boxes, which their text distorts, are compared form by form).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final

from attrs import frozen

from medmat_core.model import Region
from medmat_core.regions.words import LISTED, BoxFormat, Draws, PixelBox, box_text, joined_boxes, thousandths

_QUARTER: Final = 4
_TRIES: Final = 8
"""Boxes drawn at random before places are searched in order; most pictures need one or two."""

_FEW: Final = 6
_ENOUGH: Final = 60
_LOOKS: Final = 1500
"""With fewer boxes than that the search goes on to slender ones; it stops after so many that fit, or so many
that were looked at."""


def _shapes(areas: Sequence[float], aspects: Sequence[float]) -> tuple[tuple[int, int], ...]:
    """Width and height of a wrong box against the right one, in 256ths, for each area and aspect ratio."""
    return tuple((round(256 * math.sqrt(a * r)), round(256 * math.sqrt(a / r))) for a in areas for r in aspects)


# areas stay clear of the bounds 0.5 and 2, which rounding to whole pixels would cross otherwise
_SHAPES: Final = _shapes((0.6, 0.7, 0.82, 1.0, 1.2, 1.4, 1.65), (0.7, 0.85, 1.0, 1.18, 1.43))
_SLENDER: Final = _shapes((0.52, 0.6, 0.8), (0.15, 0.2, 0.25, 0.35, 0.5, 2.0, 2.85, 4.0, 5.0, 6.7))


@frozen
class _Right:
    """A true box. ``hull`` covers it in both its forms, in thousandths of pixels; ``least`` is the smallest of
    its areas, in millionths of square pixels; ``areas`` are those of its box in pixels and as written."""

    box: PixelBox
    hull: PixelBox
    least: int
    areas: tuple[int, int]


def wrong_boxes(
    regions_of_class: Sequence[Region],
    size: tuple[int, int],
    draw: Draws,
    wanted: int = 3,
    fmt: BoxFormat = "unit",
) -> list[tuple[PixelBox, ...]]:
    """Up to ``wanted`` wrong answers to where the regions of a class are, each with as many boxes as the right one.

    Boxes are half-open pixels of a picture of ``size`` (width, height), in each answer from top to bottom,
    then left to right. Answers differ in their text in the format ``fmt``. Fewer come back where no more
    fit, none where none fits. The same ``draw`` gives the same boxes.
    """
    if not regions_of_class:
        return []
    return _Search(regions_of_class, size, draw, fmt).answers(wanted)


class _Search:
    """One question's search; holds what does not change from box to box."""

    def __init__(self, regions: Sequence[Region], size: tuple[int, int], draw: Draws, fmt: BoxFormat) -> None:
        self.width, self.height = size
        self.size = size
        self.draw = draw
        self.fmt = fmt
        rights = [self._right(region.box, int(region.area)) for region in regions]
        answer = joined_boxes(regions)
        if len(regions) > LISTED:
            rights.append(self._right(answer[0], 0))
        self.rights = rights
        self.models = [self._right(box, 0) for box in answer]
        self.fitting: dict[PixelBox, list[PixelBox]] = {}

    def answers(self, wanted: int) -> list[tuple[PixelBox, ...]]:
        found: list[tuple[PixelBox, ...]] = []
        texts: set[str] = set()
        for _ in range(wanted):
            answer = None
            # several boxes drawn one by one may repeat an earlier answer: that is worth another draw
            for apart in (True, False, False, False):
                answer = self._answer(found, texts, apart)
                if answer is not None or (self.fitting and not any(self.fitting.values())):
                    break
            if answer is None:
                break
            found.append(answer)
            texts.add(box_text(answer, self.size, self.fmt))
        return found

    def _answer(self, others: list[tuple[PixelBox, ...]], texts: set[str], apart: bool) -> tuple[PixelBox, ...] | None:
        """One more answer. ``apart``: no box may be half another's, within the answer or in another answer."""
        boxes: list[PixelBox] = []
        taken = [box for other in others for box in other]
        for place in range(len(self.models)):
            box = self._box(place, [*taken, *boxes] if apart else boxes, texts if len(self.models) == 1 else set())
            if box is None:
                return None
            boxes.append(box)
        boxes.sort(key=lambda box: (box[1], box[0], box[3], box[2]))
        answer = tuple(boxes)
        return None if box_text(answer, self.size, self.fmt) in texts else answer

    def _box(self, place: int, taken: list[PixelBox], texts: set[str]) -> PixelBox | None:
        model = self.models[place]
        for _ in range(_TRIES):
            wide, high = _SHAPES[self.draw.below(len(_SHAPES))]
            box = self._placed(model.box, wide, high)
            if self._is_wrong(box, model) and _is_apart(box, taken) and self._says_new(box, texts):
                return box
        # the region's own size first; if that fits nowhere, the size of another region of the class
        for other in (model, *(m for m in self.models if m is not model)):
            if other.box not in self.fitting:
                self.fitting[other.box] = self._searched(other)
            fitting = [box for box in self.fitting[other.box] if _is_apart(box, taken) and self._says_new(box, texts)]
            if fitting:
                return fitting[self.draw.below(len(fitting))]
        return None

    def _placed(self, model: PixelBox, wide: int, high: int) -> PixelBox:
        width, height = self._shaped(model, wide, high)
        left = self.draw.below(self.width - width + 1)
        top = self.draw.below(self.height - height + 1)
        return left, top, left + width, top + height

    def _shaped(self, model: PixelBox, wide: int, high: int) -> tuple[int, int]:
        width = min(self.width, max(1, ((model[2] - model[0]) * wide + 128) >> 8))
        height = min(self.height, max(1, ((model[3] - model[1]) * high + 128) >> 8))
        return width, height

    def _searched(self, model: _Right) -> list[PixelBox]:
        """Wrong boxes at the edges of the picture and of the answer's boxes; slender ones if few others fit.

        The overlap with one true box is least at an edge of the picture or right beside the box, so a shape
        that fits nowhere there fits nowhere beside one true box. Of those that fit the first few will do.
        """
        fitting = list(islice(self._at_edges(model, _SHAPES), _ENOUGH))
        if len(fitting) < _FEW:
            fitting += islice(self._at_edges(model, _SLENDER), _ENOUGH)
        return fitting

    def _at_edges(self, model: _Right, shapes: Sequence[tuple[int, int]]) -> Iterator[PixelBox]:
        looked_at = 0
        for width, height in dict.fromkeys(self._shaped(model.box, wide, high) for wide, high in shapes):
            if not self._has_room(width, height):
                continue
            for left, top in product(self._stops(width, self.width, 0), self._stops(height, self.height, 1)):
                box = (left, top, left + width, top + height)
                if self._is_wrong(box, model):
                    yield box
                looked_at += 1
            if looked_at > _LOOKS:
                return

    def _has_room(self, width: int, height: int) -> bool:
        """Whether each true box alone leaves room for a box of that shape at one of the picture's corners."""
        for right in self.rights:
            x1, y1, x2, y2 = right.box
            across = width - max(x1, self.width - x2)
            down = height - max(y1, self.height - y2)
            if across > 0 and down > 0 and across * down * _QUARTER >= width * height:
                return False
        return True

    def _stops(self, extent: int, length: int, axis: int) -> list[int]:
        last = length - extent
        stops = {0, last, last // 2}
        for right in self.models:
            # a step of the text may reach over the edge of the true box by a pixel or more
            step = 2 + length // 500
            stops.update((right.box[axis] - extent, right.box[axis] - extent - step))
            stops.update((right.box[axis + 2], right.box[axis + 2] + step))
        return sorted(stop for stop in stops if 0 <= stop <= last)

    # -- the rules ----------------------------------------------------------------------------------

    def _written(self, box: PixelBox) -> PixelBox:
        """The box as its text gives it, in thousandths of pixels."""
        if self.fmt == "pixel":
            return 1000 * box[0], 1000 * box[1], 1000 * box[2], 1000 * box[3]
        x1, y1, x2, y2 = thousandths(box, self.size)
        return x1 * self.width, y1 * self.height, x2 * self.width, y2 * self.height

    def _right(self, box: PixelBox, pixels: int) -> _Right:
        hull, areas = self._forms(box)
        least = min(*areas, pixels * 1_000_000) if pixels else min(areas)
        return _Right(box, hull, least, areas)

    def _forms(self, box: PixelBox) -> tuple[PixelBox, tuple[int, int]]:
        """(what covers the box in both its forms, its areas in pixels and as written)."""
        x1, y1, x2, y2 = 1000 * box[0], 1000 * box[1], 1000 * box[2], 1000 * box[3]
        area = (x2 - x1) * (y2 - y1)
        if self.fmt == "pixel":
            return (x1, y1, x2, y2), (area, area)
        u1, v1, u2, v2 = self._written(box)
        hull = (min(x1, u1), min(y1, v1), max(x2, u2), max(y2, v2))
        return hull, (area, (u2 - u1) * (v2 - v1))

    def _is_wrong(self, box: PixelBox, model: _Right) -> bool:
        # most boxes fail here already, by their pixels alone
        pixels = 1_000_000 * _area(box)
        for right in self.rights:
            shared = 1_000_000 * _overlap(box, right.box)
            if shared and shared * _QUARTER >= min(pixels, right.least):
                return False
        hull, areas = self._forms(box)
        least, most = (areas[0], areas[1]) if areas[0] < areas[1] else (areas[1], areas[0])
        theirs = model.areas
        if 2 * areas[0] < theirs[0] or 2 * areas[1] < theirs[1] or areas[0] > 2 * theirs[0] or areas[1] > 2 * theirs[1]:
            return False
        if _close(theirs) and (most > 2 * min(theirs) or 2 * least < max(theirs)):
            return False
        for right in self.rights:
            shared = _overlap(hull, right.hull)
            if shared and shared * _QUARTER >= min(least, right.least):
                return False
        return True

    def _says_new(self, box: PixelBox, texts: set[str]) -> bool:
        return not texts or box_text((box,), self.size, self.fmt) not in texts


def _is_apart(box: PixelBox, taken: Sequence[PixelBox]) -> bool:
    """Whether the box has an IoU under one half with each of the others."""
    for other in taken:
        shared = _overlap(box, other)
        if shared and 3 * shared >= _area(box) + _area(other):
            return False
    return True


def _overlap(a: PixelBox, b: PixelBox) -> int:
    # without min() and max(): this is the innermost line of the search
    ax1, ay1, ax2, ay2 = a
    bx1, by1, bx2, by2 = b
    across = (ax2 if ax2 < bx2 else bx2) - (ax1 if ax1 > bx1 else bx1)
    if across <= 0:
        return 0
    down = (ay2 if ay2 < by2 else by2) - (ay1 if ay1 > by1 else by1)
    return across * down if down > 0 else 0


def _area(box: PixelBox) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _close(areas: tuple[int, int]) -> bool:
    """Whether a box keeps its area in its text, as all but tiny boxes do."""
    return 5 * min(areas) >= 4 * max(areas)
