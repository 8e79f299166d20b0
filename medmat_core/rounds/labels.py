"""Rounds over classes: one caption, a list of findings, or the cell of a region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from medmat_core.rounds.counts import Bools, Compatible, Ints, clash_groups, form, may_meet
from medmat_core.rounds.hashing import Keys, Salt, bucket_bits, buckets
from medmat_core.rounds.model import Places, Rounds, assembled
from medmat_core.rounds.surplus import borrowed

BUCKET: Final = 1_000
BLOCKS: Final = 60
POOL_BLOCKS: Final = 500
WORK: Final = 1 << 15
"""Lanes times classes that are worked on at a time, so that memory stays flat."""


def label_rounds(
    keys: Keys,
    classes: NDArray[np.integer],
    compatible: NDArray[np.bool_] | Compatible,
    salt: Salt,
    *,
    answers: NDArray[np.integer] | None = None,
    surplus: bool = True,
) -> Rounds:
    """Rounds of pictures whose classes may meet.

    ``keys`` uint64 (N,): the records' keys, all different. ``classes`` (N,): what each brings, from 0 up; numbers
    may have gaps, but their order must hang on nothing else than what they stand for. ``compatible``: which two may
    share a round, symmetric: a bool matrix (C, C), or a function of two arrays of class numbers that gives the
    same element by element. No class meets itself.

    ``answers`` (C,): the option that a class brings, where several bring the same (findings with different ones
    uncertain); by default the class itself. ``surplus`` lends options to pictures without a round; without it
    (location cells) they are all open.
    """
    hashes, meets = salt.hashed(keys), may_meet(compatible)
    groups, _ = _dealt(hashes, classes, meets, salt)
    rounds = assembled(keys, groups, hashes)
    if not surplus or not len(rounds):
        return rounds
    lent, left = borrowed(rounds, keys, classes, meets, answers, salt)
    return evolve(rounds, surplus=lent, open=left)


def _dealt(
    hashes: Keys, classes: NDArray[np.integer], compatible: Compatible, salt: Salt
) -> tuple[list[Places], Places]:
    """Fours within the buckets, then fours, threes and twos of what all buckets left."""
    every = np.argsort(hashes).astype(np.int32)
    bucket = buckets(hashes[every], bucket_bits(len(hashes), BUCKET))
    fours, pool = deal(every, bucket, classes, compatible, salt.sub("bucket"), (4,), BLOCKS)
    # the pool is in order of buckets and classes now; only the hash may decide who is dealt first
    pool = pool[np.argsort(hashes[pool])]
    rest, left = deal(
        pool, np.zeros(len(pool), np.int64), classes, compatible, salt.sub("pool"), (4, 3, 2), POOL_BLOCKS
    )
    return [*fours, *rest], left


def deal(
    places: Places,
    bucket: Ints,
    classes: NDArray[np.integer],
    compatible: Compatible,
    salt: Salt,
    sizes: Sequence[int],
    blocks: int,
) -> tuple[list[Places], Places]:
    """Groups of places, int32 (n, k) for each k of ``sizes``, and the places left.

    ``places`` int32 (M,) are sorted by hash, ``bucket`` (M,) says in which bucket each of them lies.
    """
    count = len(places)
    own = np.asarray(classes)[places]
    # one queue for each bucket and class, each in the order of hashes
    line = bucket * (int(own.max(initial=0)) + 1) + own
    order = np.argsort(line, kind="stable")
    places, line = places[order], line[order]
    first = np.flatnonzero(_changes(line))
    length = np.diff(np.r_[first, count])
    lane_of, of_class = bucket[order[first]], own[order[first]].astype(np.int64)
    del line, order, own
    heads = np.flatnonzero(_changes(lane_of))
    widths = np.diff(np.r_[heads, len(first)])
    used = np.zeros(len(first), np.int64)
    groups: list[Places] = []
    start = 0
    while start < len(heads):
        stop = start + 1
        while stop < len(heads) and (stop + 1 - start) * widths[start : stop + 1].max() <= WORK:
            stop += 1
        some = slice(start, stop)
        groups += _formed(
            places, first, length, of_class, used, heads[some], widths[some],
            salt.hashed(lane_of[heads[some]].astype(np.uint64)), compatible, sizes, blocks,
        )  # fmt: skip
        start = stop
    taken = np.zeros(count + 1, np.int8)  # +1 where a queue begins, -1 where what is left of it does
    np.add.at(taken, first, np.int8(1))
    np.add.at(taken, first + used, np.int8(-1))
    return groups, places[np.cumsum(taken[:-1], dtype=np.int8) == 0]


def _changes(line: Ints) -> Bools:
    """Where a sorted line has another value than before; its first always is."""
    new = np.ones(len(line), np.bool_)
    new[1:] = line[1:] != line[:-1]
    return new


def _formed(
    places: Places, first: Ints, length: Ints, of_class: Ints, used: Ints, heads: Ints, widths: Ints, starts: Keys,
    compatible: Compatible, sizes: Sequence[int], blocks: int,
) -> list[Places]:  # fmt: skip
    """Form and deal some lanes, of which each is a stretch of queues; ``used`` counts what was taken from a queue."""
    width = max(4, int(widths.max()))
    column = np.arange(width)
    there = column < widths[:, None]
    queue = np.where(there, heads[:, None] + column, heads[:, None])
    counts = np.where(there, length[queue], 0)
    names = of_class[queue]
    group = clash_groups(counts, names, compatible)
    groups = []
    for size in sizes:
        formed = form(counts, names, group, starts, compatible, size, blocks)
        queues = queue[formed.lanes[:, None], formed.sets]
        times = formed.times
        offset = used[queues] + _before(queues, times)
        np.add.at(used, queues, times[:, None])
        each = np.repeat(first[queues] + offset, times, axis=0)
        each += (np.arange(len(each)) - np.repeat(np.cumsum(times) - times, times))[:, None]
        groups.append(places[each].reshape(-1, size))
    return groups


def _before(queues: Ints, times: Ints) -> Ints:
    """How many were taken from each queue by the blocks before, int64 (n, k)."""
    flat = queues.ravel()
    taken = np.repeat(times, queues.shape[1])
    order = np.argsort(flat, kind="stable")
    flat, taken = flat[order], taken[order]
    summed = np.cumsum(taken) - taken
    new = np.flatnonzero(_changes(flat))
    start = np.repeat(summed[new], np.diff(np.r_[new, len(flat)]))
    before = np.empty_like(summed)
    before[order] = summed - start
    return before.reshape(queues.shape)
