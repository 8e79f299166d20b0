"""Train and test: official where given, else by group, and never leaking.

A data set's pictures are decided together, from a few numbers each, so that a million of them fit. Leaks
outrank official lists: a group or a picture on both sides stays in test and its train records are dropped.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Final

from attrs import Factory, define

TRAIN: Final = 0
TEST: Final = 1
LEAK: Final = 2
CONTRADICTORY: Final = 3
TWICE: Final = 4
SURPLUS: Final = 5

SIDE_UNKNOWN: Final = 0
SIDE_TRAIN: Final = 1
SIDE_TEST: Final = 2

Labels = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""(stated, uncertain, absent) captions of one picture."""


def group_hash(seed: int, namespace: str, group: str) -> int:
    """The 64-bit place of a group on the line from train to test: equal for equal (seed, namespace, group)."""
    raw = f"{seed}\0{namespace}\0{group}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(raw).digest()[:8], "big")


@define
class Ledger:
    """What is known of every picture of one data set, in the order in which the adapter gave them.

    ``keys`` (picture keys), ``groups`` (:func:`group_hash`), ``marks`` (equal for equal files, 0: not
    looked at), ``sides`` (official part), ``labels`` (index into ``label_sets``). ``grouped`` counts the pictures
    that have a group of their own telling.
    """

    keys: array[int] = Factory(lambda: array("Q"))
    groups: array[int] = Factory(lambda: array("Q"))
    marks: array[int] = Factory(lambda: array("Q"))
    sides: bytearray = Factory(bytearray)
    labels: array[int] = Factory(lambda: array("I"))
    label_sets: list[Labels] = Factory(list)
    grouped: int = 0
    _known: dict[Labels, int] = Factory(dict)

    def __len__(self) -> int:
        return len(self.keys)

    def label_id(self, labels: Labels) -> int:
        """The index of a set of labels, added when new."""
        number = self._known.get(labels)
        if number is None:
            number = self._known[labels] = len(self.label_sets)
            self.label_sets.append(labels)
        return number

    def extend(self, other: Ledger) -> None:
        """Append another part of the data set."""
        self.grouped += other.grouped
        self.keys.extend(other.keys)
        self.groups.extend(other.groups)
        self.marks.extend(other.marks)
        self.sides.extend(other.sides)
        renumbered = [self.label_id(labels) for labels in other.label_sets]
        self.labels.extend(array("I", map(renumbered.__getitem__, other.labels)))


@define
class Settled:
    """The decision for every picture (TRAIN, TEST, LEAK, ...), how the split came about ("official", "group",
    "none" or "unprotected"), and the sets of identical pictures as lists of places."""

    decisions: bytearray
    mode: str
    copies: list[list[int]] = Factory(list)


def repeats(numbers: Sequence[int]) -> dict[int, list[int]]:
    """Places of every number other than 0 that occurs more than once."""
    distinct = set(numbers)
    if len(distinct) == len(numbers) or distinct == {0}:
        return {}
    seen: set[int] = set()
    again: set[int] = set()
    for number in numbers:
        if number in seen:
            again.add(number)
        else:
            seen.add(number)
    again.discard(0)
    found: dict[int, list[int]] = {number: [] for number in again}
    if again:
        for place, number in enumerate(numbers):
            if number in again:
                found[number].append(place)
    return found


def settle(
    ledger: Ledger,
    *,
    seed: int,
    split: str,
    test_fraction: float,
    unprotected: bool,
    captions: Sequence[str],
    identical: Callable[[list[list[int]]], list[list[int]]],
    contradict: Callable[[Labels, Labels], bool],
    max_per_label: int | None = None,
) -> Settled:
    """Decide every picture of a data set.

    ``identical`` confirms, by hashing the files, which places of each candidate list are equal byte for byte.
    ``contradict`` says whether two sets of labels exclude one another. ``captions`` in card order.
    """
    decisions = bytearray(len(ledger))
    _listed_twice(ledger, decisions, contradict)
    candidates = [
        places for _, places in sorted(repeats(ledger.marks).items()) if len({ledger.keys[p] for p in places}) > 1
    ]
    copies = identical(candidates) if candidates else []
    for places in copies:
        sets = {ledger.labels[place] for place in places}
        if len(sets) > 1 and _any_pair(sets, ledger.label_sets, contradict):
            for place in places:
                decisions[place] = CONTRADICTORY
    mode = _choose_sides(ledger, decisions, split, test_fraction, captions)
    if mode == "group" and (unprotected or not ledger.grouped):
        mode = "unprotected"
    _drop_leaks(ledger, decisions, copies)
    if max_per_label is not None:
        _cap(ledger, decisions, seed, max_per_label)
    return Settled(decisions, mode, copies)


def _any_pair(sets: Iterable[int], labels: Sequence[Labels], contradict: Callable[[Labels, Labels], bool]) -> bool:
    several = sorted(sets)
    return any(contradict(labels[a], labels[b]) for i, a in enumerate(several) for b in several[:i])


def _listed_twice(ledger: Ledger, decisions: bytearray, contradict: Callable[[Labels, Labels], bool]) -> None:
    for places in repeats(ledger.keys).values():
        sets = {ledger.labels[place] for place in places}
        clash = len(sets) > 1 and _any_pair(sets, ledger.label_sets, contradict)
        for place in places if clash else places[1:]:
            decisions[place] = CONTRADICTORY if clash else TWICE


def _choose_sides(
    ledger: Ledger, decisions: bytearray, split: str, test_fraction: float, captions: Sequence[str]
) -> str:
    if split == "none":
        return "none"
    sides = ledger.sides
    official = split == "official" and any(sides)
    limit = int(test_fraction * 2**64)
    hashed = bytes(map(limit.__gt__, ledger.groups))  # below the limit: True, which is TEST
    if official or any(decisions):
        for place, side in enumerate(sides):
            if not decisions[place]:
                decisions[place] = (TEST if side == SIDE_TEST else TRAIN) if official and side else hashed[place]
    else:
        decisions[:] = hashed
    if not official and test_fraction > 0:
        _give_each_class_a_test(ledger, decisions, captions)
    return "official" if official else "group"


def _give_each_class_a_test(ledger: Ledger, decisions: bytearray, captions: Sequence[str]) -> None:
    """A class with two groups and none in test gives its lowest-hash group."""
    sets_of: dict[str, list[int]] = {}
    for number, (stated, _, _) in enumerate(ledger.label_sets):
        for caption in stated:
            sets_of.setdefault(caption, []).append(number)
    tested = set(compress(ledger.labels, map(TEST.__eq__, decisions)))
    without = {number for numbers in sets_of.values() if tested.isdisjoint(numbers) for number in numbers}
    if not without:
        return  # nearly always
    lowest: dict[int, tuple[int, int]] = {}  # label set -> its two lowest group hashes
    top = 2**64
    for decision, group, labels in zip(decisions, ledger.groups, ledger.labels, strict=True):
        if labels in without and decision in (TRAIN, TEST):
            first, second = lowest.get(labels, (top, top))
            if group < first:
                lowest[labels] = (group, first)
            elif first < group < second:
                lowest[labels] = (first, group)
    given: set[int] = set()
    for caption in captions:
        numbers = sets_of.get(caption, [])
        if any(number in tested for number in numbers):
            continue
        hashes = sorted({h for number in numbers for h in lowest.get(number, ()) if h < top})
        if len(hashes) >= 2 and hashes[0] not in given:
            given.add(hashes[0])
            tested.update(
                labels
                for decision, group, labels in zip(decisions, ledger.groups, ledger.labels, strict=True)
                if group == hashes[0] and decision in (TRAIN, TEST)
            )
    if given:
        for place, group in enumerate(ledger.groups):
            if group in given and decisions[place] == TRAIN:
                decisions[place] = TEST


def _drop_leaks(ledger: Ledger, decisions: bytearray, copies: Sequence[Sequence[int]]) -> None:
    if TEST not in decisions:
        return
    tested = set(compress(ledger.groups, map(TEST.__eq__, decisions)))
    if not tested.isdisjoint(compress(ledger.groups, map(TRAIN.__eq__, decisions))):
        for place, group in enumerate(ledger.groups):
            if decisions[place] == TRAIN and group in tested:
                decisions[place] = LEAK
    for places in copies:
        if any(decisions[place] == TEST for place in places):
            for place in places:
                if decisions[place] == TRAIN:
                    decisions[place] = LEAK


def _cap(ledger: Ledger, decisions: bytearray, seed: int, limit: int) -> None:
    """At most ``limit`` pictures of every stated label (and of those with none) in a part.

    Chosen by the lowest keys after mixing in the seed; pictures of a rare label come first, so that those it shares
    with a frequent one are not lost to the frequent one's limit.
    """
    for part in (TRAIN, TEST):
        sets = Counter(compress(ledger.labels, map(part.__eq__, decisions)))
        counts: Counter[str] = Counter()
        for number, count in sets.items():
            counts.update(dict.fromkeys(_stated(ledger, number), count))
        over = {number for number in sets if any(counts[label] > limit for label in _stated(ledger, number))}
        found = [
            (min(counts[label] for label in _stated(ledger, labels)), group_hash(seed, "cap", str(key)), key, place)
            for place, (decision, labels, key) in enumerate(zip(decisions, ledger.labels, ledger.keys, strict=True))
            if decision == part and labels in over
        ]
        taken: Counter[str] = Counter()
        for number in sets.keys() - over:
            taken.update(dict.fromkeys(_stated(ledger, number), sets[number]))
        for _, _, _, place in sorted(found):
            stated = _stated(ledger, ledger.labels[place])
            if any(taken[label] >= limit for label in stated):
                decisions[place] = SURPLUS
            else:
                taken.update(stated)


def _stated(ledger: Ledger, number: int) -> tuple[str, ...]:
    return ledger.label_sets[number][0] or ("",)
