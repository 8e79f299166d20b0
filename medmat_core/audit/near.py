"""Near copies: pictures whose perceptual hashes differ in a few bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from medmat_core.errors import UsageError

DISTANCE: Final = 4
"""Hashes of 64 bits that differ in so many bits at most are near."""

_PARTS: Final = DISTANCE + 1
_MOST: Final = 500
_ONES: Final = np.array([bin(value).count("1") for value in range(256)], np.uint8)

Marks = npt.NDArray[np.uint64]


def perceptual(pixels: npt.NDArray[Any]) -> int:
    """The 64-bit perceptual hash of decoded pixels, (height, width) or (height, width, channels); 0 for a picture
    of one shade, which is near to every other one. Raises :class:`UsageError` where ImageHash is not installed."""
    try:
        import imagehash
    except ImportError as error:
        raise UsageError("--near needs ImageHash; run: pip install 'medmat-core[hash]'") from error
    from PIL import Image

    flat = pixels.astype(np.float32) if pixels.ndim == 2 else pixels[..., :3].astype(np.float32).mean(axis=2)
    low, high = float(flat.min()), float(flat.max())
    if high == low:
        return 0
    gray = ((flat - low) * (255 / (high - low))).astype(np.uint8)
    return int(str(imagehash.phash(Image.fromarray(gray))), 16)


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
    edges = [64 * part // _PARTS for part in range(_PARTS + 1)]
    tested = np.flatnonzero(test != 0)
    for low, high in zip(edges, edges[1:], strict=False):
        mask = np.uint64((1 << (high - low)) - 1)
        theirs = (test[tested] >> np.uint64(low)) & mask
        order = np.argsort(theirs, kind="stable")
        ordered = theirs[order]
        mine = (train >> np.uint64(low)) & mask
        starts, ends = np.searchsorted(ordered, mine, "left"), np.searchsorted(ordered, mine, "right")
        for one in np.flatnonzero((ends > starts) & (train != 0)):
            places = tested[order[starts[one] : min(ends[one], starts[one] + _MOST)]]
            bits = bits_apart(np.repeat(train[one], len(places)), test[places])
            nearest = int(bits.argmin())
            if bits[nearest] <= distance and bits[nearest] < best.get(int(one), (0, 65))[1]:
                best[int(one)] = (int(places[nearest]), int(bits[nearest]))
    yield from ((one, other, bits) for one, (other, bits) in sorted(best.items()))
