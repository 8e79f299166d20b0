"""Every picture of one data set is decided: what is one picture first, then its part, then the cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Literal

import numpy as np
from attrs import Factory, define
from numpy.typing import NDArray

from medmat_core.splits.deal import deal, deal_folds, falls
from medmat_core.splits.ledger import Decision, Labels, Ledger, Part, Side, group_hash
from medmat_core.splits.same import settle_same

Mode = Literal["official", "group", "none", "unprotected"]


@define
class Settled:
    """The :class:`Decision` for every place of the ledger, how the split came about, and the sets of pictures equal
    byte for byte as lists of places, each in the order of their paths."""

    decisions: bytearray
    mode: Mode
    copies: list[list[int]] = Factory(list)

    def count(self, decision: Decision) -> int:
        """How many pictures were so decided."""
        return self.decisions.count(decision)


def settle(
    ledger: Ledger,
    *,
    seed: int,
    identical: Callable[[list[list[int]]], Sequence[Sequence[int]]],
    contradict: Callable[[Labels, Labels], bool],
    split: Literal["official", "group", "none"] = "official",
    test_fraction: float = 0.15,
    fold: tuple[int, int] | None = None,
    validation: Literal["train", "test", "own"] = "train",
    shared: bool = False,
    unprotected: bool = False,
    max_per_label: int | None = None,
) -> Settled:
    """Decide every picture of a data set. The order of the ledger changes no picture's decision.

    1. Sides that are known: the official ones (``split`` "official"; an official validation part is train, test or a
       part of its own as ``validation`` says), and of pictures without one those of their group. Groups of a
       namespace that several data sets share (``shared``) go by their hash alone, so that these agree.
    2. One picture is asked once (:func:`~medmat_core.splits.same.settle_same`): listed twice, copies, contradictions.
    3. What is left is dealt by weight (:func:`~medmat_core.splits.deal.deal`), group by group, a picture without
       group on its own. ``fold`` (K, N), 1 <= K <= N: fold K of N is the test part, and official lists are not used.
    4. A group on two sides stays on the stronger one (test, val, train); its other pictures are leaks.
    5. At most ``max_per_label`` pictures of each label in each part.

    ``identical`` gets lists of places whose marks are equal and returns those whose files are equal byte for byte,
    **each list in the order of the pictures' paths**: the first is asked. ``contradict`` says whether two sets of
    labels of one picture exclude one another. The mode is "unprotected" where the split was dealt and the card says so
    or no picture has a group.
    """
    decisions = bytearray(len(ledger))
    if not decisions:
        return Settled(decisions, "none" if split == "none" else "unprotected")
    official = split == "official" and fold is None and any(ledger.sides)
    known = _known_sides(ledger, split, official, validation, test_fraction, fold, shared)
    copies = settle_same(ledger, decisions, known, identical, contradict)
    decided: NDArray[np.uint8] = np.frombuffer(decisions, np.uint8)
    left = decided == 0
    said = left & (known != Side.UNSAID)
    decided[said] = known[said] - 1
    rest = np.flatnonzero(left & (known == Side.UNSAID))
    if len(rest) and (fold is not None or test_fraction > 0):
        labels = np.frombuffer(ledger.labels, np.uint32)
        of_test = set(labels[decided == Decision.TEST].tolist())  # np.unique alone would load all of numpy.ma
        tested = {name for number in of_test for name in ledger.classes(number)}
        to_test = deal_folds(ledger, rest, fold) if fold is not None else deal(ledger, rest, test_fraction, tested)
        decided[rest[to_test]] = Decision.TEST
    _drop_leaks(ledger, decided)
    del decided
    if max_per_label is not None:
        _cap(ledger, decisions, seed, max_per_label)
    mode: Mode = "none" if split == "none" and fold is None else "official" if official else "group"
    if mode == "group" and (unprotected or not any(ledger.named)):
        mode = "unprotected"
    return Settled(decisions, mode, copies)


def _known_sides(
    ledger: Ledger,
    split: str,
    official: bool,
    validation: str,
    test_fraction: float,
    fold: tuple[int, int] | None,
    shared: bool,
) -> NDArray[np.uint8]:
    """The side of every picture that is known before any is dealt, as :class:`Side`."""
    if split == "none" and fold is None:
        return np.full(len(ledger), Side.TRAIN, np.uint8)
    known = np.zeros(len(ledger), np.uint8)
    groups = np.frombuffer(ledger.groups, np.uint64)
    if official:
        val = {"train": Side.TRAIN, "test": Side.TEST, "own": Side.VAL}[validation]
        meant = np.array([val if side == Side.VAL else side for side in Side], np.uint8)
        known = meant[np.frombuffer(ledger.sides, np.uint8)]
        if not known.all():
            known = np.where(known == Side.UNSAID, _strongest(groups, known), known)
    if shared:
        by_hash = (known == Side.UNSAID) & (np.frombuffer(ledger.named, np.uint8) > 0)
        test = falls(groups[by_hash], test_fraction, fold)
        known[by_hash] = np.where(test, Side.TEST, Side.TRAIN).astype(np.uint8)
    return known


def _strongest(groups: NDArray[np.uint64], sides: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """For every picture the highest number among those of its group."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    highest = np.maximum.reduceat(sides[order], np.flatnonzero(starts))
    found = np.empty_like(sides)
    found[order] = highest[np.cumsum(starts) - 1]
    return found


def _drop_leaks(ledger: Ledger, decided: NDArray[np.uint8]) -> None:
    """Of a group on two sides what is on the weaker ones. Pictures that are not asked hold no group anywhere."""
    asked = decided <= Decision.TEST
    if not (decided[asked] > Decision.TRAIN).any():
        return
    groups = np.frombuffer(ledger.groups, np.uint64)
    strongest = _strongest(groups, np.where(asked, decided, Decision.TRAIN).astype(np.uint8))
    decided[asked & (decided < strongest)] = Decision.LEAK


def _cap(ledger: Ledger, decisions: bytearray, seed: int, limit: int) -> None:
    """At most ``limit`` pictures of every stated label (and of those with none) in a part.

    Chosen by the lowest hash of (seed, key); pictures of a rare label come first, so that those it shares with a
    frequent one are not lost to the frequent one's limit.
    """
    for part in (part.decision for part in Part):
        sets = Counter(compress(ledger.labels, map(part.__eq__, decisions)))
        counts: Counter[str] = Counter()
        for number, count in sets.items():
            counts.update(dict.fromkeys(ledger.classes(number), count))
        over = {number for number in sets if any(counts[label] > limit for label in ledger.classes(number))}
        found = [
            (min(counts[label] for label in ledger.classes(labels)), group_hash(seed, "cap", str(key)), key, place)
            for place, (decision, labels, key) in enumerate(zip(decisions, ledger.labels, ledger.keys, strict=True))
            if decision == part and labels in over
        ]
        taken: Counter[str] = Counter()
        for number in sets.keys() - over:
            taken.update(dict.fromkeys(ledger.classes(number), sets[number]))
        for _, _, _, place in sorted(found):
            stated = ledger.classes(ledger.labels[place])
            if any(taken[label] >= limit for label in stated):
                decisions[place] = Decision.CAPPED
            else:
                taken.update(stated)
