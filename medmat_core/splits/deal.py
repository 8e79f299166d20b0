"""Groups are dealt to train and test: by weight where one data set owns them, by hash alone where several share them.

By weight: the test part of every class shall hold ``fraction`` of its pictures, give or take its largest group and
one, and a class with two groups shall have a test part at all. Groups that hold equally many pictures of every class
are a *kind*; which of a kind go to test is told by their hashes (the lowest), and only how many by search. So a million
pictures without groups are a handful of kinds. The search starts where hashes alone would have it and moves one group,
or exchanges two, at a time, so that the seed counts and a picture more changes little. Nothing but the hashes and the
counts of captions per group enters.

That the shares are met is certain where every group is of one class, and for any data set whose kinds allow no more
than ``EXACT`` deals wherever some deal meets them all. Beyond that the search is local, from several starts: it may
miss a deal that many classes at once allow only barely.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from medmat_core.splits.ledger import Ledger, Numbers, Places

EXACT: Final = 2**14
"""Up to so many ways to deal, all are tried where the search finds none that will do."""

STARTS: Final = 8
"""Starting points of the search, where the first did not lead to shares that will do."""

BLOCK: Final = 4096
"""Kinds looked at together in a step of the search."""

PAIRS: Final = 256
"""Up to so many kinds, two groups are exchanged as well, which matters where there are few."""

_TOP: Final = 2.0**64
_STEP: Final = 0x9E3779B97F4A7C15
_UNTESTED: Final = 1e12
_EXCESS: Final = 1e6
_BETTER: Final = 1 - 1e-12

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def falls(groups: Numbers, fraction: float, fold: tuple[int, int] | None) -> Flags:
    """Which group hashes fall into test by themselves: the lowest ``fraction`` of all, or the Kth Nth of ``fold``."""
    low, high = 0, int(fraction * 2**64)
    if fold is not None:
        low, high = (-(-(k << 64) // fold[1]) for k in (fold[0] - 1, fold[0]))
    if high <= low:
        return np.zeros(len(groups), np.bool_)
    return (groups >= np.uint64(low)) & (groups <= np.uint64(high - 1))


def deal(ledger: Ledger, places: Places, fraction: float, tested: Set[str] = frozenset()) -> Flags:
    """Which of ``places`` go to test so that every class comes near its ``fraction`` there.

    ``tested`` are classes that have a test part already.
    """
    kinds = Kinds.of(ledger, places)
    taken = Search(kinds, fraction, tested).run()
    return kinds.lowest(taken)[kinds.group_of]


def deal_folds(ledger: Ledger, places: Places, fold: tuple[int, int]) -> Flags:
    """Which of ``places`` are in fold K of N: the folds before it are taken away first, each a fair share of what was
    left, so that every group is in exactly one fold."""
    number, folds = fold
    left = np.ones(len(places), np.bool_)
    for before in range(1, number):
        left[left] = ~deal(ledger, places[left], 1 / (folds - before + 1))
    if number < folds:
        left[left] = deal(ledger, places[left], 1 / (folds - number + 1))
    return left


@frozen
class Kinds:
    """Groups sorted into kinds.

    ``group_of``: the group of every place; ``kind_of``: the kind of every group; ``order``: groups by (kind, hash);
    ``starts``: where each kind begins there; ``sizes``: groups in each kind; ``marks``: a hash of each kind's groups;
    ``classes``: captions, sorted; ``counts``: pictures of each class in one group of a kind, classes x kinds. Kinds
    are ordered by mark, so that nothing hangs on the order of places.
    """

    group_of: Places
    kind_of: Places
    order: Places
    starts: Places
    sizes: Integers
    marks: Numbers
    classes: tuple[str, ...]
    counts: Integers

    @classmethod
    def of(cls, ledger: Ledger, places: Places) -> Kinds:
        """The kinds of the groups of these places."""
        labels = np.frombuffer(ledger.labels, np.uint32)[places]
        names = [ledger.classes(number) for number in range(len(ledger.label_sets))]
        hashes, group_of = np.unique(np.frombuffer(ledger.groups, np.uint64)[places], return_inverse=True)
        # equal multisets of label sets have equal sums of hashes; unequal ones differ but for chance in 2^64
        signs = np.array([_sign(name) for name in names], np.uint64)
        sums = np.zeros(len(hashes), np.uint64)
        np.add.at(sums, group_of, signs[labels])
        _, first, kind_of = np.unique(sums, return_index=True, return_inverse=True)
        sizes = np.bincount(kind_of)
        marks = np.zeros(len(first), np.uint64)
        np.bitwise_xor.at(marks, kind_of, hashes)

        by_mark = np.argsort(marks)
        rank = np.empty_like(by_mark)
        rank[by_mark] = np.arange(len(by_mark))
        kind_of, first, sizes, marks = rank[kind_of], first[by_mark], sizes[by_mark], marks[by_mark]
        order = np.argsort(kind_of, kind="stable")  # np.unique left the hashes in ascending order

        classes = tuple(sorted({name for number in set(labels.tolist()) for name in names[number]}))
        row = {name: place for place, name in enumerate(classes)}
        counts = np.zeros((len(classes), len(first)), np.int64)
        shown = np.full(len(hashes), -1, np.intp)  # the group that stands for its kind
        shown[first] = np.arange(len(first))
        kind = shown[group_of]
        pairs, often = np.unique(labels[kind >= 0].astype(np.int64) * len(first) + kind[kind >= 0], return_counts=True)
        numbers, begin = np.unique(pairs // len(first), return_index=True)
        for number, start, end in zip(numbers.tolist(), begin.tolist(), [*begin[1:].tolist(), len(pairs)], strict=True):
            rows = [row[name] for name in names[number]]
            counts[np.ix_(rows, pairs[start:end] % len(first))] += often[start:end]
        return cls(group_of, kind_of, order, np.cumsum(sizes) - sizes, sizes, marks, classes, counts)

    def lowest(self, taken: Integers) -> Flags:
        """The groups that are among the ``taken`` of their kind with the lowest hashes."""
        place_in_kind = np.arange(len(self.order)) - np.repeat(self.starts, self.sizes)
        found = np.zeros(len(self.order), np.bool_)
        found[self.order] = place_in_kind < np.repeat(taken, self.sizes)
        return found


def _sign(names: tuple[str, ...]) -> int:
    """A 64-bit hash of a set of captions."""
    raw = "\0".join(sorted(names)).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(raw).digest()[:8], "big")


class Search:
    """How many groups of each kind go to test.

    What is minimized is a sum over classes: whether a class of two groups has no test picture, then by how much its
    share is off beyond its largest group and one, then the square of how far it is off. Sums run in one order
    and use no fused arithmetic, so that machines agree.
    """

    def __init__(self, kinds: Kinds, fraction: float, tested: Set[str]) -> None:
        self.fraction = fraction
        self.sizes = kinds.sizes
        self.marks = kinds.marks
        self.counts = kinds.counts
        self.target = fraction * (kinds.counts * kinds.sizes).sum(axis=1).astype(np.float64)
        self.bound = kinds.counts.max(axis=1, initial=0) + 1.0
        groups = ((kinds.counts > 0) * kinds.sizes).sum(axis=1)
        self.wants_test = (groups >= 2) & np.array([name not in tested for name in kinds.classes], np.bool_)

    def run(self) -> Integers:
        """The number of groups of each kind that go to test."""
        best = self._descend(self._start(0))
        if self._will_do(best):
            return best
        if np.prod(self.sizes + 1.0) <= EXACT:
            return self._all()
        for start in range(1, STARTS):
            found = self._descend(self._start(start))
            if self._loss_of(found) < self._loss_of(best):
                best = found
            if self._will_do(best):
                break
        return best

    def _start(self, number: int) -> Integers:
        """The fraction of each kind, rounded up or down by its hash: with one group a kind, what hashes alone give."""
        whole = self.fraction * self.sizes
        floor = np.floor(whole)
        turned = (self.marks + np.uint64(number * _STEP % 2**64)) / _TOP
        started: Integers = (floor + (turned < whole - floor)).astype(np.int64)
        return started

    def _loss(self, test: Floats) -> Floats:
        """The loss of test counts (classes x any)."""
        total = np.zeros(test.shape[1])
        for row, counts in enumerate(test):
            off = np.abs(counts - self.target[row]) / self.bound[row]
            total += off * off + _EXCESS * np.maximum(off - 1, 0)
            if self.wants_test[row]:
                total += _UNTESTED * (counts == 0)
        return total

    def _loss_of(self, taken: Integers) -> float:
        return float(self._loss(self._tested(taken)[:, None])[0])

    def _tested(self, taken: Integers) -> Floats:
        tested: Floats = (self.counts * taken).sum(axis=1).astype(np.float64)
        return tested

    def _will_do(self, taken: Integers) -> bool:
        test = self._tested(taken)
        return bool((np.abs(test - self.target) <= self.bound).all() and (test[self.wants_test] > 0).all())

    def _descend(self, taken: Integers) -> Integers:
        """Move one group at a time, the best move of a block first, until no move in any block betters it. Where none
        does, two are exchanged."""
        blocks = [slice(start, start + BLOCK) for start in range(0, len(taken), BLOCK)]
        test = self._tested(taken)
        loss = self._loss_of(taken)
        idle = 0
        turn = 0
        while idle < len(blocks):
            block = blocks[turn % len(blocks)]
            counts = self.counts[:, block]
            more = np.where(taken[block] < self.sizes[block], self._loss(test[:, None] + counts), np.inf)
            less = np.where(taken[block] > 0, self._loss(test[:, None] - counts), np.inf)
            up, down = int(np.argmin(more)), int(np.argmin(less))
            found, change = (float(more[up]), {up: 1}) if more[up] <= less[down] else (float(less[down]), {down: -1})
            if not found < loss * _BETTER and len(taken) <= PAIRS:
                found, change = self._exchange(taken, test)
            if found < loss * _BETTER:
                for kind, step in change.items():
                    taken[block.start + kind] += step
                    test += step * counts[:, kind]
                loss, idle = found, 0
            else:
                idle += 1
                turn += 1
        return taken

    def _exchange(self, taken: Integers, test: Floats) -> tuple[float, dict[int, int]]:
        """The best exchange of a group in test for one outside."""
        inside, outside = np.flatnonzero(taken > 0), np.flatnonzero(taken < self.sizes)
        best: tuple[float, dict[int, int]] = np.inf, {}
        for down in inside.tolist() if len(outside) else ():
            losses = self._loss((test - self.counts[:, down])[:, None] + self.counts[:, outside])
            at = int(np.argmin(losses))
            if losses[at] < best[0] and outside[at] != down:
                best = float(losses[at]), {down: -1, int(outside[at]): 1}
        return best

    def _all(self) -> Integers:
        """The best of all deals; there are no more than ``EXACT``."""
        deals = np.indices(tuple(self.sizes + 1)).reshape(len(self.sizes), -1)
        losses = self._loss((self.counts @ deals).astype(np.float64))
        best: Integers = deals[:, int(np.argmin(losses))].astype(np.int64)
        return best
