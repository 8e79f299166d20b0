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
        small = small[..., :3].mean(axis=2)
    if small.min() == small.max():
        return 0
    low = cv2.dct(small)[:_LOW, :_LOW]
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def bits_apart(one: Marks, other: Marks) -> npt.NDArray[np.int64]:
    """How many of 64 bits differ, pair by pair."""
    differ = np.ascontiguousarray(one ^ other).view(np.uint8).reshape(-1, 8)
    counts: npt.NDArray[np.int64] = _ONES[differ].sum(axis=1, dtype=np.int64)
    return counts


def near_pairs(train: Marks, test: Marks, distance: int = DISTANCE) -> Iterator[tuple[int, int, int]]:
    """(place in train, place in test, bits that differ) of the nearest test picture of each train picture.

    Two hashes that differ in four bits agree in one of five parts, so only those that agree in a part are compared,
    and of a part that very many share the first few hundred. 0 is nothing.
    """
    best: dict[int, tuple[int, int]] = {}
    tested = np.flatnonzero(test != 0)
    for theirs, mine in zip(_parts(test[tested]), _parts(train), strict=True):
        order = np.argsort(theirs, kind="stable")
        ordered = theirs[order]
        starts, ends = np.searchsorted(ordered, mine, "left"), np.searchsorted(ordered, mine, "right")
        for one in np.flatnonzero((ends > starts) & (train != 0)):
            places = tested[order[starts[one] : min(ends[one], starts[one] + _MOST)]]
            bits = bits_apart(np.repeat(train[one], len(places)), test[places])
            nearest = int(bits.argmin())
            if bits[nearest] <= distance and bits[nearest] < best.get(int(one), (0, 65))[1]:
                best[int(one)] = (int(places[nearest]), int(bits[nearest]))
    yield from ((one, other, bits) for one, (other, bits) in sorted(best.items()))


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
