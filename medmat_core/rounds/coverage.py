"""Rounds over percentages that nobody could take for one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medmat_core.rounds.chunks import grouped_in_chunks, match
from medmat_core.rounds.hashing import Keys, Salt
from medmat_core.rounds.model import Places, Rounds, assembled

STEPS: Final = 1_000_000
"""Percentages are compared in millionths of a point, whole numbers, so that what reads 10 points apart is."""


def coverage_rounds(keys: Keys, true: NDArray[Any], shown: NDArray[Any], salt: Salt) -> Rounds:
    """Rounds of pictures whose percentages are 10 points or 1.5 times apart, measured and shown; the rest is open.

    ``keys`` uint64 (N,), ``true`` and ``shown`` (N,) in per cent, shown as the options print it.
    """
    hashes = salt.hashed(keys)
    values = np.stack([np.rint(np.asarray(some, np.float64) * STEPS).astype(np.int64) for some in (true, shown)])

    def grouped(places: Places, wanted: Sequence[int]) -> tuple[list[Places], Places]:
        groups: list[Places] = []
        # equal percentages stay in the order of hashes
        left = places[np.argsort(values[0, places], kind="stable")]
        for size in wanted:
            spread, left = _spread(left, values, size)
            (more,), rest = match(_apart(values[:, left]), (size,), int(hashes[places[0]]))
            groups += [spread, left[more]]
            left = left[rest]
        return groups, left[np.argsort(hashes[left])]

    return assembled(keys, grouped_in_chunks(hashes, None, grouped), hashes)


def _spread(places: Places, values: NDArray[np.int64], size: int) -> tuple[Places, Places]:
    """Groups of the i-th, (i + n/size)-th ... of places sorted by value, where they are apart; and those left."""
    step = len(places) // size
    columns = np.arange(step)[:, None] + np.arange(size) * step
    groups = places[columns]
    fits = np.ones(step, np.bool_)
    for a in range(size):
        for b in range(a):
            fits &= different(values[:, groups[:, a]], values[:, groups[:, b]])
    left = np.ones(len(places), np.bool_)
    left[columns[fits]] = False
    return groups[fits], places[left]


def _apart(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """``different`` of every two, (2, n) -> bool (n, n)."""
    return different(values[:, :, None], values[:, None, :])


def different(one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether percentages, in steps, are 10 points or 1.5 times apart in each row: (2, ...) -> (...)."""
    low, high = np.minimum(one, two), np.maximum(one, two)
    far = (high - low >= 10 * STEPS) | ((2 * high >= 3 * low) & (high > low))
    return np.asarray(far.all(axis=0))
