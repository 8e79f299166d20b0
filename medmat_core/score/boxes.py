"""Boxes that a model wrote, against those of the record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations
from typing import Final

from medmat_core.model import Record
from medmat_core.regions.box_words import box_of, parse_boxes
from medmat_core.regions.conventions import CONVENTIONS, BoxFormat

XYXY = tuple[float, float, float, float]

MOST: Final = 4
"""Boxes of a class that an answer lists; of more it gives the one around all."""

_NUMBER: Final = r"(-?\d{1,9}(?:\.\d{1,12})?)"
_BOX: Final = re.compile(r"[\[(>]\s*" + r"(?:\s*,\s*|\s+)".join([_NUMBER] * 4) + r"\s*[\])<]")


def true_boxes(record: Record, fmt: BoxFormat) -> tuple[XYXY, ...]:
    """The boxes that a box record's answer lists: the record's own pixels, or the answer read back."""
    own = [found.boxes for found in record.boxes if found.caption in record.captions]
    boxes = [box for found in own for box in found]
    if 1 <= len(boxes) <= MOST:
        return tuple((float(x1), float(y1), float(x2), float(y2)) for x1, y1, x2, y2 in boxes)
    if boxes:
        return ((min(b[0] for b in boxes) * 1.0, min(b[1] for b in boxes) * 1.0,
                 max(b[2] for b in boxes) * 1.0, max(b[3] for b in boxes) * 1.0),)  # fmt: skip
    return parse_boxes(record.answer, (record.width, record.height), fmt)


def read_boxes(text: str, size: tuple[int, int], fmt: BoxFormat) -> tuple[XYXY, ...]:
    """The boxes in a reply, in pixels; () where there are none, or one that is no box in the convention asked for.

    Models drop trailing zeros and spaces: the numbers are what counts.
    """
    found: list[XYXY] = []
    digits = CONVENTIONS[fmt].digits
    for numbers in _BOX.findall(text)[: 8 * MOST]:
        try:
            found.append(box_of([round(float(number), digits) for number in numbers], size, fmt))
        except ValueError:
            return ()
    return tuple(dict.fromkeys(found))


def iou(one: XYXY, other: XYXY) -> float:
    """Intersection over union of two half-open boxes."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    return both / ((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - both)


def agreement(said: Sequence[XYXY], true: Sequence[XYXY]) -> tuple[float, bool]:
    """(mean IoU, whether all fit) of two lists: boxes are paired so that the sum is largest, what is left over on
    either side counts 0; all fit where the numbers agree and every pair has an IoU of at least 0.5."""
    if not said or not true:
        return 0.0, False
    few, many = (said, true) if len(said) <= len(true) else (true, said)
    if len(many) > 2 * MOST:  # a flood of boxes is no answer
        return 0.0, False
    table = [[iou(a, b) for b in many] for a in few]
    orders = permutations(range(len(many)), len(few))
    best = max(([table[row][column] for row, column in enumerate(order)] for order in orders), key=sum)
    return sum(best) / len(many), len(few) == len(many) and min(best) >= 0.5
