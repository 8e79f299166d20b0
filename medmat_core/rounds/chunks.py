"""Rounds over pairs: where pictures have no classes that could be counted, every two of a chunk are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from medmat_core.rounds.cliques import bit_rows
from medmat_core.rounds.hashing import Keys, bucket_bits, buckets
from medmat_core.rounds.model import Places

CHUNK: Final = 1_000
"""Pictures that are compared with one another at a time: 500 to 1,000 on average, a matrix of a megabyte."""

TRIES: Final = 20

Grouped = Callable[[Places, Sequence[int]], tuple[list[Places], Places]]
"""From the places of a chunk (sorted by hash) and sizes to groups, int32 (n, k) for each, and the places left."""

_MASK = (1 << 64) - 1


@frozen(eq=False)
class Pass:
    """One go through all that is left: which ``sizes`` are formed, and how pictures are cut beforehand.

    Only pictures that agree in every column of ``kinds``, integers (N,), come into one chunk.
    """

    sizes: tuple[int, ...]
    kinds: tuple[NDArray[np.integer], ...] = ()


TWICE: Final = (Pass((4,)), Pass((4, 3, 2)))
"""Fours within chunks first; what all chunks left is cut anew."""


def grouped_in_chunks(
    hashes: Keys, sizes: NDArray[np.integer] | None, grouped: Grouped, passes: Sequence[Pass] = TWICE
) -> list[Places]:
    """Groups of places, found chunk by chunk. ``sizes`` (N, 2): only pictures of equal size may meet; None: all may."""
    always = () if sizes is None else (sizes[:, 0], sizes[:, 1])
    left = np.arange(len(hashes), dtype=np.int32)
    groups: list[Places] = []
    for one in passes:
        rest = [left[:0]]
        for chunk in chunks(left, hashes, (*always, *one.kinds)):
            found, over = grouped(chunk, one.sizes)
            groups += [group for group in found if len(group)]
            rest.append(over)
        left = np.concatenate(rest)
    return groups


def chunks(places: Places, hashes: Keys, kinds: Sequence[NDArray[np.integer]]) -> Iterator[Places]:
    """The places cut by kind and leading bits of their hashes, each chunk sorted by hash."""
    if not len(places):
        return
    order = places[np.lexsort((hashes[places], *(kind[places] for kind in kinds)))]
    new = np.zeros(len(order) - 1, np.bool_)
    for kind in kinds:
        new |= kind[order[1:]] != kind[order[:-1]]
    for same in np.split(order, np.flatnonzero(new) + 1):
        bucket = buckets(hashes[same], bucket_bits(len(same), CHUNK))
        yield from np.split(same, np.flatnonzero(bucket[1:] != bucket[:-1]) + 1)


def match(matrix: NDArray[np.bool_], sizes: Sequence[int], seed: int) -> tuple[list[NDArray[Any]], NDArray[Any]]:
    """Groups of which any two are compatible: indices (n, k) for each k of ``sizes``, and those left.

    ``matrix`` bool (n, n), symmetric, false on the diagonal. Whoever has the fewest partners chooses first and takes
    those of its partners that have the fewest; if that leads nowhere, some draws from ``seed`` are tried. So the hard
    ones, which can meet few, are served while there is a choice.
    """
    count = len(matrix)
    left = np.arange(count)
    groups: list[NDArray[Any]] = []
    for size in sizes:
        if len(left) < size:
            groups.append(np.empty((0, size), np.int64))
            continue
        among = matrix[np.ix_(left, left)]
        ranked = np.argsort(among.sum(axis=1), kind="stable")
        rows = bit_rows(among[np.ix_(ranked, ranked)])
        found, free = _groups(rows, size, seed)
        groups.append(left[ranked[np.array(found, np.int64).reshape(-1, size)]])
        stays = np.array([free >> place & 1 for place in range(len(left))], np.bool_)
        left = np.sort(left[ranked[stays]])
    return groups, left


def _groups(rows: list[int], size: int, seed: int) -> tuple[list[list[int]], int]:
    """Groups of ``size`` by rows of bits, and the set of those left; low numbers have few partners."""
    count = len(rows)
    free = (1 << count) - 1
    found = []
    state = seed
    for first in range(count):
        partners = rows[first] & free
        if not free >> first & 1 or partners.bit_count() < size - 1:
            continue
        for attempt in range(TRIES):
            group, candidates, taken = [first], partners, 1 << first
            while candidates:
                some = candidates
                if attempt:
                    state = (state * 6364136223846793005 + 1442695040888963407) & _MASK
                    some = (candidates >> (state >> 33) % count << (state >> 33) % count) or candidates
                lowest = some & -some
                place = lowest.bit_length() - 1
                group.append(place)
                taken |= lowest
                if len(group) == size:
                    break
                candidates &= rows[place]
            if len(group) == size:
                found.append(group)
                free &= ~taken
                break
    return found, free
