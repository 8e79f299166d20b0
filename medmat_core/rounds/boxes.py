"""Rounds over boxes: each picture's own boxes are wrong of all its fellows, for they meet none of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmat_core.rounds.chunks import grouped_in_chunks, match
from medmat_core.rounds.hashing import Keys, Salt
from medmat_core.rounds.model import Places, Rounds, assembled

Boxes = NDArray[np.integer]
"""Half-open boxes (x1, y1, x2, y2) in whole numbers as they are printed: thousandths, or pixels."""


def box_rounds(keys: Keys, boxes: Boxes, salt: Salt, *, sizes: NDArray[np.integer] | None = None) -> Rounds:
    """Rounds of pictures no box of which has an IoU over 0.5 with a box of a fellow; all others are open.

    ``keys`` uint64 (N,). ``boxes`` (N, n, 4) as printed: every picture lists n boxes. ``sizes`` (N, 2), width and
    height: given where boxes are printed in pixels, as only pictures of equal size may then meet.
    """
    hashes = salt.hashed(keys)
    boxes = narrowed(boxes, 3)

    def grouped(places: Places, wanted: Sequence[int]) -> tuple[list[Places], Places]:
        groups, left = match(apart(boxes[places]), wanted, int(hashes[places[0]]))
        return [places[group] for group in groups], places[left]

    return assembled(keys, grouped_in_chunks(hashes, sizes, grouped), hashes)


def narrowed(boxes: Boxes, times: int) -> Boxes:
    """The boxes as int32, which is twice as fast, where ``times`` the sum of two areas fits it; else as int64."""
    largest = int(np.abs(boxes).max(initial=0))
    return boxes.astype(np.int32 if 2 * times * largest * largest < 2**31 else np.int64)


def shared(one: Boxes, two: Boxes) -> NDArray[Any]:
    """The area that boxes (..., 4) share, broadcast."""
    width = np.minimum(one[..., 2], two[..., 2]) - np.maximum(one[..., 0], two[..., 0])
    height = np.minimum(one[..., 3], two[..., 3]) - np.maximum(one[..., 1], two[..., 1])
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0))


def areas(boxes: Boxes) -> NDArray[Any]:
    """The area of each box (..., 4)."""
    return np.asarray((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]))


def apart(boxes: Boxes) -> NDArray[np.bool_]:
    """Whether no box of one picture has an IoU over 0.5 with a box of the other: (n, m, 4) -> bool (n, n).

    IoU > 1/2 is 3 * shared > area + area, in whole numbers: a tie is a tie.
    """
    count, each, _ = boxes.shape
    area = areas(boxes)
    meets = np.zeros((count, count), np.bool_)
    for a in range(each):
        for b in range(a, each):
            one = 3 * shared(boxes[:, None, a], boxes[None, :, b]) > area[:, None, a] + area[None, :, b]
            meets |= one
            if a != b:
                meets |= one.T
    np.fill_diagonal(meets, True)
    return ~meets
