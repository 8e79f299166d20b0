"""One picture is asked once: given twice, or as several files of equal bytes, before any split is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from medmat_core.splits.ledger import Decision, Labels, Ledger, Side, repeats


def settle_same(
    ledger: Ledger,
    decisions: bytearray,
    known: NDArray[np.uint8],
    identical: Callable[[list[list[int]]], Sequence[Sequence[int]]],
    contradict: Callable[[Labels, Labels], bool],
) -> list[list[int]]:
    """Decide all but one of every set of equal pictures; returns the sets of equal files.

    Kept is the first by path among those on the strongest known side: a copy in official train and one in official
    test leave one in test and a LEAK. The others are TWICE (a path given before) or COPY. What is not kept holds no
    side and no group from then on, so that a twin never sends its brother away.

    Where labels differ, the picture is kept only under labels that say all that the others say (``_covers``:
    "Edema; Effusion" beside "Edema") and stand on the strongest side. Otherwise nobody can tell which are right, and
    all copies are CONTRADICTORY, as they are where ``contradict`` says so of any two.
    """
    keys = np.frombuffer(ledger.keys, np.uint64)
    twins = {places[0]: places for places in repeats(keys)}
    candidates = [places for places in repeats(np.frombuffer(ledger.marks, np.uint64)) if len(set(keys[places])) > 1]
    copies = [list(places) for places in identical(candidates)] if candidates else []
    listed = {ledger.keys[first]: places for first, places in twins.items()}
    for places in copies:
        together: list[int] = []
        for key in dict.fromkeys(ledger.keys[place] for place in places):
            own = listed.pop(key, None) or [place for place in places if ledger.keys[place] == key]
            together.extend(_in_order(ledger, own))
        _settle_one(ledger, decisions, known, together, contradict)
    for places in listed.values():
        _settle_one(ledger, decisions, known, _in_order(ledger, places), contradict)
    return copies


def _in_order(ledger: Ledger, places: Iterable[int]) -> list[int]:
    """Listings of one path in an order that does not hang on where in the ledger they stand."""
    return sorted(places, key=lambda p: (ledger.sides[p], ledger.label_sets[ledger.labels[p]], ledger.groups[p]))


def _settle_one(
    ledger: Ledger,
    decisions: bytearray,
    known: NDArray[np.uint8],
    places: Sequence[int],
    contradict: Callable[[Labels, Labels], bool],
) -> None:
    numbers = sorted({ledger.labels[place] for place in places})
    labels = {number: ledger.label_sets[number] for number in numbers}
    clash = any(contradict(labels[a], labels[b]) for i, a in enumerate(numbers) for b in numbers[:i])
    fullest = {a for a in numbers if not clash and all(_covers(labels[a], labels[b]) for b in numbers)}
    side = max(int(known[place]) for place in places)
    kept = next((place for place in places if known[place] == side and ledger.labels[place] in fullest), None)
    if kept is None:
        for place in places:
            decisions[place] = Decision.CONTRADICTORY
        return
    seen = {ledger.keys[kept]}
    for place in places:
        if place == kept:
            continue
        if Side.UNSAID < known[place] < side:
            decisions[place] = Decision.LEAK
        else:
            decisions[place] = Decision.TWICE if ledger.keys[place] in seen else Decision.COPY
            seen.add(ledger.keys[place])


def _covers(one: Labels, other: Labels) -> bool:
    """Whether ``one`` says all that ``other`` says of the picture, and nothing that it denies."""
    if one == other:
        return True
    stated, uncertain = set(one[0]), set(one[1])
    return stated.issuperset(other[0]) and stated.isdisjoint(other[2]) and (stated | uncertain).issuperset(other[1])
