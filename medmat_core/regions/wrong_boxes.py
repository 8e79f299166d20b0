"""Wrong boxes for a box question: plausible in size, inside the picture, and certainly wrong.

A box is wrong if none of the class's regions has a quarter of itself in it, and no quarter of it lies in one
of them; then their IoU is under a quarter, too. A region counts by its pixels where they are fewer than its
box holds: all of them may lie in the overlap. Where more than four regions are asked about as the one box
around all, that box counts as a region, and sizes are taken from it. All of this holds for the boxes in
pixels and for the boxes as their text gives them, and for either against the right ones in either form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from medmat_core.model import Region
from medmat_core.regions.words import LISTED, BoxFormat, Draws, PixelBox, box_text, joined_boxes, thousandths

_QUARTER: Final = 4
_TRIES: Final = 8
"""Boxes drawn at random before places are searched in order; most pictures need one or two."""

_SHAPES: Final = tuple(
    (round(256 * math.sqrt(area * aspect)), round(256 * math.sqrt(area / aspect)))
    for area in (0.6, 0.7, 0.82, 1.0, 1.2, 1.4, 1.65)
    for aspect in (0.7, 0.85, 1.0, 1.18, 1.43)
)
"""Width and height of a wrong box against the right one, in 256ths. Areas stay clear of the bounds 0.5 and 2,
which rounding to whole pixels would cross otherwise."""


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
            for apart in (True, False):
                answer = self._answer(found, texts, apart)
                if answer is not None:
                    break
            else:
                return found
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
            if self._is_new(box, taken, texts) and self._is_wrong(box, model):
                return box
        # the region's own size first; if that fits nowhere, the size of another region of the class
        for other in (model, *(m for m in self.models if m is not model)):
            if other.box not in self.fitting:
                self.fitting[other.box] = list(self._searched(other))
            fitting = [box for box in self.fitting[other.box] if self._is_new(box, taken, texts)]
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

    def _searched(self, model: _Right) -> Iterator[PixelBox]:
        """Wrong boxes at the edges of the picture and of the true boxes.

        The overlap with one true box is least at an edge of the picture or right beside the box, so a shape
        that fits nowhere there fits nowhere beside one true box.
        """
        shapes = dict.fromkeys(self._shaped(model.box, wide, high) for wide, high in _SHAPES)
        for width, height in shapes:
            if not self._has_room(width, height):
                continue
            lefts = self._stops(width, self.width, 0)
            tops = self._stops(height, self.height, 1)
            for left in lefts:
                for top in tops:
                    box = (left, top, left + width, top + height)
                    if self._is_wrong(box, model):
                        yield box

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
        for right in self.rights:
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
        hull, areas = self._forms(box)
        if not all(mine <= 2 * theirs and 2 * mine >= theirs for mine, theirs in zip(areas, model.areas, strict=True)):
            return False
        if _close(model.areas) and not (max(areas) <= 2 * min(model.areas) and 2 * min(areas) >= max(model.areas)):
            return False
        least = min(areas)
        for right in self.rights:
            shared = _overlap(hull, right.hull)
            if shared and shared * _QUARTER >= min(least, right.least):
                return False
        return True

    def _is_new(self, box: PixelBox, taken: Sequence[PixelBox], texts: set[str]) -> bool:
        for other in taken:
            shared = _overlap(box, other)
            if shared and 3 * shared >= _area(box) + _area(other):  # IoU of a half
                return False
        return not texts or box_text((box,), self.size, self.fmt) not in texts


def _overlap(a: PixelBox, b: PixelBox) -> int:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    return across * down if across > 0 and down > 0 else 0


def _area(box: PixelBox) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _close(areas: tuple[int, int]) -> bool:
    """Whether a box keeps its area in its text, as all but tiny boxes do."""
    return 5 * min(areas) >= 4 * max(areas)
