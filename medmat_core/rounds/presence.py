"""Rounds of two: a picture with the class and one without it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from medmat_core.rounds.hashing import Keys, Salt, bucket_bits, buckets
from medmat_core.rounds.model import Places, Rounds, assembled

BUCKET: Final = 1_000


def presence_rounds(keys: Keys, there: NDArray[np.bool_], plain: NDArray[np.bool_], salt: Salt) -> Rounds:
    """As many pairs as the rarer side has pictures; all others are open.

    ``keys`` uint64 (N,). ``there`` bool (N,): whether the picture shows the class. ``plain`` bool (N,): pictures
    without any class, which come first on their side (beside a picture of another class, "no X" would often be
    known by that class). Within a side and preference, the lowest hash comes first.
    """
    hashes = salt.hashed(keys)
    both = []
    for shown in (True, False):
        places = np.flatnonzero(there == shown).astype(np.int32)
        both.append(places[np.lexsort((hashes[places], ~plain[places]))])
    pairs = min(map(len, both))
    chosen = [places[:pairs][np.argsort(hashes[places[:pairs]])] for places in both]
    near, *left = _by_bucket(hashes, chosen)
    return assembled(keys, [near, np.stack(left, axis=1)], hashes)


def _by_bucket(hashes: Keys, sides: list[Places]) -> list[Places]:
    """Pairs within buckets, int32 (n, 2), then what is left of each side, equally many: one picture more moves the
    pairs of its bucket only."""
    bits = bucket_bits(2 * len(sides[0]), BUCKET)
    bucket = [buckets(hashes[places], bits) for places in sides]
    counts = np.stack([np.bincount(some, minlength=1 << bits) for some in bucket])
    both = counts.min(axis=0)
    paired, left = [], []
    for places, some, count in zip(sides, bucket, counts, strict=True):
        rank = np.arange(len(places)) - (np.cumsum(count) - count)[some]
        within = rank < both[some]
        paired.append(places[within])
        left.append(places[~within])
    return [np.stack(paired, axis=1), *left]
