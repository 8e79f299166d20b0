"""What every test of rounds needs: keys, the rules that hold for all asks, and optima by brute force."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import combinations

import numpy as np

MASK = (1 << 64) - 1


def some_keys(count, seed=0):
    """Keys as records have them: 64 bits, even, all different."""
    keys = np.unique(np.random.default_rng([seed, count]).integers(0, 2**64, count, dtype=np.uint64))
    assert len(keys) == count
    return np.random.default_rng(seed).permutation(keys)


def finalized(number):
    """SplitMix64's finalizer on whole numbers, as its authors print it."""
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & MASK
    return number ^ number >> 31


def id_of(keys):
    """A round's id from its members' keys alone."""
    number = len(keys)
    for key in sorted(int(key) for key in keys):
        number = finalized((number + 0x9E3779B97F4A7C15 & MASK) ^ key)
    return number


def members_of(rounds, row):
    """The places of one round, in option order."""
    return [int(place) for place in rounds.members[row] if place >= 0]


def check_rounds(rounds, keys):
    """What holds whatever is asked: every place once, ids of keys alone, columns that fit together."""
    count = len(keys)
    inside = rounds.members[rounds.members >= 0].tolist()
    told = [*inside, *rounds.surplus.places.tolist(), *rounds.open.tolist()]
    assert sorted(told) == list(range(count))
    assert ((rounds.members >= 0).sum(axis=1) == rounds.sizes).all()
    assert all(2 <= size <= 4 for size in rounds.sizes.tolist())
    for row, size in enumerate(rounds.sizes.tolist()):
        assert (rounds.members[row, size:] == -1).all()
        assert int(rounds.ids[row]) == id_of(keys[members_of(rounds, row)])
    assert (np.diff(rounds.ids.astype(object)) > 0).all()
    assert (rounds.templates < 6).all()
    assert sum(rounds.shares.values()) == count
    dtypes = [rounds.members.dtype, rounds.sizes.dtype, rounds.ids.dtype, rounds.templates.dtype, rounds.open.dtype]
    assert dtypes == [np.int32, np.uint8, np.uint64, np.uint8, np.int32]


def as_keys(rounds, keys):
    """Everything that the result says, with keys for places: what may not hang on the order of the input."""
    named = [tuple(int(keys[place]) for place in members_of(rounds, row)) for row in range(len(rounds))]
    lent = rounds.surplus
    return (
        named,
        rounds.ids.tolist(),
        rounds.templates.tolist(),
        rounds.boxes.tolist(),
        keys[lent.places].tolist(),
        lent.rounds.tolist(),
        lent.orders.tolist(),
        lent.slots.tolist(),
        lent.templates.tolist(),
        keys[rounds.open].tolist(),
    )


def same_rounds(one, other):
    """How many of the first rounds stand among the others, as a share."""
    known = set(other.ids.tolist())
    return sum(number in known for number in one.ids.tolist()) / len(one)


def most_groups(counts, matrix, size):
    """The largest number of groups of ``size`` classes that may all meet, by trying everything."""
    sets = [
        some for some in combinations(range(len(counts)), size) if all(matrix[a][b] for a, b in combinations(some, 2))
    ]

    @cache
    def most(left, first):
        best = 0
        for number in range(first, len(sets)):
            if all(left[name] for name in sets[number]):
                rest = tuple(count - (name in sets[number]) for name, count in enumerate(left))
                best = max(best, 1 + most(rest, number))
        return best

    return most(tuple(counts), 0)


def most_disjoint(matrix, size):
    """The largest number of disjoint groups of ``size`` of which any two are compatible, by trying everything."""
    count = len(matrix)
    return most_groups([1] * count, [[bool(matrix[a][b]) for b in range(count)] for a in range(count)], size)


def blind_accuracy(lists, right):
    """What a reader reaches who sees only lists of options, and knows of every list which answer is frequent."""
    seen = {}
    for options, answer in zip(lists, right, strict=True):
        seen.setdefault(frozenset(options), Counter())[answer] += 1
    return sum(max(counts.values()) for counts in seen.values()) / len(lists)
