"""Pictures that decode alike in unequal bytes, and near copies: those that cross classes or parts come first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from medmat_core.check.found import Finding
from medmat_core.splits import Decision
from medmat_core.splits.ledger import repeats

if TYPE_CHECKING:
    from medmat_core.check.compare import Looked

EXAMPLES: Final = 5
_SHOWN: Final = 3


def copies(looked: Looked, *, near: bool) -> Iterator[Finding]:
    """What is told of them. Copies of equal bytes are not among them: a build asks one of these."""
    asked = np.frombuffer(bytes(looked.settled.decisions), np.uint8) <= Decision.TEST
    alike: list[list[int]] = []
    if looked.inspected.hashes.alike:
        alike = repeats(np.where(asked, np.frombuffer(looked.inspected.hashes.alike, np.uint64), 0).astype(np.uint64))
    yield from _told(looked, alike, "sets of pictures decode alike", " = ")
    if near and looked.inspected.hashes.near:
        from medmat_core.images.near import near_within

        marks = np.where(asked, np.frombuffer(looked.inspected.hashes.near, np.uint64), 0).astype(np.uint64)
        number = {place: one for one, places in enumerate(alike) for place in places}
        pairs = [[a, b] for a, b in near_within(marks) if number.get(a, -1) != number.get(b, -2)]
        yield from _told(looked, pairs, "pairs of near copies (perceptual hash)", " ~ ")


def _told(looked: Looked, sets: Sequence[Sequence[int]], what: str, sign: str) -> Iterator[Finding]:
    labels, decisions = looked.inspected.ledger.labels, looked.settled.decisions
    kinds: dict[str, list[Sequence[int]]] = {" across classes": [], " across parts": [], "": []}
    for places in sets:
        if len({labels[place] for place in places}) > 1:
            kinds[" across classes"].append(places)
        elif len({decisions[place] for place in places}) > 1:
            kinds[" across parts"].append(places)
        else:
            kinds[""].append(places)
    for how, some in kinds.items():
        if some:
            yield Finding("note", f"{what}{how}", len(some), tuple(_examples(looked, some, sign)))


def _examples(looked: Looked, sets: Sequence[Sequence[int]], sign: str) -> Iterator[str]:
    shown = [list(places[:_SHOWN]) for places in sets[:EXAMPLES]]
    names = looked.inspected.named([place for places in shown for place in places])
    for places in shown:
        yield sign.join(f"{names[place].below(looked.context.image_prefix)} ({looked.tell(place)})" for place in places)
