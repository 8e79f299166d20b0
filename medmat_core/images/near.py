"""Near copies: pictures whose perceptual hashes differ in a few bits. One notion for all who ask for it.

The hash (pHash): the picture in grey is shrunk to 32 x 32 by area and put through a cosine transform; of the 8 x 8
lowest frequencies each gives a bit, set where it is above their median. Another size, a lossy save, another
brightness or contrast change a few bits; another picture changes about half of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

DISTANCE: Final = 4
"""Hashes of 64 bits that differ in so many bits at most are near."""

_SIDE: Final = 32
_LOW: Final = 8
_PARTS: Final = DISTANCE + 1
_MOST: Final = 500
_AT_ONCE: Final = 1 << 18
_FAR: Final = 65 << 48
_GREY: Final = np.array([[1, 1, 1, 0]], np.float32) / 3
_ONES: Final = np.array([bin(value).count("1") for value in range(256)], np.uint8)

Marks = npt.NDArray[np.uint64]


def perceptual(pixels: npt.NDArray[Any]) -> int:
    """The 64-bit perceptual hash of decoded pixels, (height, width) or (height, width, channels); 0 for a picture
    of one shade, which would be near to every other one."""
    if pixels.dtype != np.uint8:
        pixels = np.nan_to_num(pixels.astype(np.float32))
    # shrunk first and then grey: what is left to do is a thousandth of the picture
    small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    if small.ndim == 3:
        small = cv2.transform(small, _GREY[:, : small.shape[2]])
    if small.min() == small.max():
        return 0
    low = cv2.dct(small)[:_LOW, :_LOW].ravel()
    return int.from_bytes(np.packbits(low > np.sort(low)[len(low) // 2 - 1]).tobytes(), "big")


def bits_apart(one: Marks, other: Marks) -> npt.NDArray[np.int64]:
    """How many of 64 bits differ, pair by pair."""
    differ = np.ascontiguousarray(one ^ other).view(np.uint8).reshape(-1, 8)
    counts: npt.NDArray[np.int64] = _ONES[differ].sum(axis=1, dtype=np.int64)
    return counts


def near_pairs(train: Marks, test: Marks, distance: int = DISTANCE) -> Iterator[tuple[int, int, int]]:
    """(place in train, place in test, bits that differ) of the nearest test picture of each train picture.

    Two hashes that differ in four bits agree in one of five parts, so only those that agree in a part are compared,
    and of a part that very many share the first few hundred. Equal hashes are compared once. 0 is nothing.
    """
    mine, of_train = np.unique(train, return_inverse=True)
    theirs, first = np.unique(test[test != 0], return_index=True)
    tested = np.flatnonzero(test != 0)[first]
    # nearest first, then the earliest test picture: one number that can be compared
    best = np.full(len(mine), _FAR, np.int64)
    for own, other in zip(_parts(mine), _parts(theirs), strict=True):
        order = np.lexsort((tested, other))
        starts, ends = (np.searchsorted(other[order], own, side) for side in ("left", "right"))
        counts = np.where(mine != 0, np.minimum(ends - starts, _MOST), 0)
        for low, high in _chunks(counts):
            one = np.repeat(np.arange(low, high), counts[low:high])
            step = np.arange(len(one)) - np.repeat(np.cumsum(counts[low:high]) - counts[low:high], counts[low:high])
            two = order[starts[one] + step]
            np.minimum.at(best, one, bits_apart(mine[one], theirs[two]) << 48 | tested[two])
    found = best[of_train]
    for place in np.flatnonzero(found >> 48 <= distance).tolist():
        yield place, int(found[place] & (1 << 48) - 1), int(found[place] >> 48)


def _chunks(counts: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of places whose counts come to about :data:`_AT_ONCE`, so that memory stays flat."""
    ends = np.cumsum(counts)
    low = 0
    while low < len(counts):
        done = ends[low - 1] if low else 0
        high = max(low + 1, int(np.searchsorted(ends, done + _AT_ONCE, "right")))
        yield low, high
        low = high


def near_within(marks: Marks, distance: int = DISTANCE) -> list[tuple[int, int]]:
    """All pairs of places, the lower first, whose hashes are near; found as in :func:`near_pairs`."""
    pairs: set[tuple[int, int]] = set()
    known = np.flatnonzero(marks != 0)
    for part in _parts(marks[known]):
        order = np.argsort(part, kind="stable")
        edges = np.flatnonzero(np.diff(part[order])) + 1
        for run in np.split(order, edges):
            places = known[run[:_MOST]]
            if len(places) < 2:
                continue
            one, other = np.triu_indices(len(places), 1)
            near = bits_apart(marks[places[one]], marks[places[other]]) <= distance
            pairs.update(zip(places[one[near]].tolist(), places[other[near]].tolist(), strict=True))
    return sorted(pairs)


def _parts(marks: Marks) -> Iterator[Marks]:
    """The hashes' bits in five parts, each as numbers."""
    edges = [64 * part // _PARTS for part in range(_PARTS + 1)]
    for low, high in zip(edges, edges[1:], strict=False):
        yield (marks >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
