"""Rounds over percentages that nobody could take for one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medmat_core.rounds.chunks import grouped_in_chunks
from medmat_core.rounds.hashing import Keys, Salt
from medmat_core.rounds.model import Places, Rounds, assembled

STEPS: Final = 1_000_000
"""Percentages are compared in millionths of a point, whole numbers, so that what reads 10 points apart is."""


def coverage_rounds(keys: Keys, true: NDArray[Any], shown: NDArray[Any], salt: Salt) -> Rounds:
    """Rounds of pictures whose percentages are 10 points or 1.5 times apart, measured and shown; the rest is open.

    ``keys`` uint64 (N,), ``true`` and ``shown`` (N,) in per cent, shown as the options print it.
    """
    hashes = salt.hashed(keys)
    measured, printed = (np.rint(np.asarray(some, np.float64) * STEPS).astype(np.int64) for some in (true, shown))

    def grouped(places: Places, wanted: Sequence[int]) -> tuple[list[Places], Places]:
        groups: list[Places] = []
        # equal percentages stay in the order of hashes
        left = places[np.lexsort((printed[places], measured[places]))]
        for size in wanted:
            chains = _chains(_beyond(measured[left], printed[left]), size)
            groups.append(left[chains])
            left = np.delete(left, chains.ravel())
        return groups, left[np.argsort(hashes[left])]

    return assembled(keys, grouped_in_chunks(hashes, None, grouped), hashes)


def _beyond(measured: NDArray[np.int64], printed: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of some percentages, sorted by what was measured, the first from which on all are apart from it."""
    # what is printed is sorted too unless somebody prints strangely; the lowest yet to come is on the safe side
    lowest = np.minimum.accumulate(printed[::-1])[::-1]
    return np.maximum(np.searchsorted(measured, _next(measured)), np.searchsorted(lowest, _next(printed)))


def _next(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The least percentage above each that is 10 points or 1.5 times apart."""
    return np.asarray(np.maximum(values + 1, np.minimum(values + 10 * STEPS, -(-3 * values // 2))))


def _chains(beyond: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """As many chains of ``size`` indices as there can be, int64 (M, size), each index beyond the one before.

    M chains begin best at the M lowest, and go on best to the lowest free one in the same order: whatever else would
    do, this does. So the largest M that works is found by halving.
    """
    best, low, high = np.empty((0, size), np.int64), 1, len(beyond) // size
    while low <= high:
        number = (low + high) // 2
        chains = _chained(beyond, size, number)
        if chains is None:
            high = number - 1
        else:
            best, low = chains, number + 1
    return best


def _chained(beyond: NDArray[np.int64], size: int, number: int) -> NDArray[np.int64] | None:
    """``number`` chains, or None if there are not so many."""
    rank = np.arange(number)
    columns = [rank]
    free = np.arange(number, len(beyond))
    for _ in range(1, size):
        wanted = np.searchsorted(free, beyond[columns[-1]])
        taken = rank + np.maximum.accumulate(wanted - rank)
        if taken[-1] >= len(free):
            return None
        columns.append(free[taken])
        free = np.delete(free, taken)
    return np.stack(columns, axis=1)
