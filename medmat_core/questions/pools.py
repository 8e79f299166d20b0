"""Which captions may stand as wrong options beside an answer.

Two rules decide (DESIGN: options that are provably unambiguous). Captions of one data set exclude one another
unless its card lists them as nested or overlapping. Captions that meet from different data sets must be
unrelated by the concepts of their subset: not the same, not wider or narrower, not both possible at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from medmat_core.card import Card
from medmat_core.concepts import Concepts, fold
from medmat_core.subsets import Subset


def _chained(nested: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """(wider, narrower) pairs with those that follow from a chain of them."""
    pairs = set(nested)
    while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= more
    return pairs


class Pools:
    """The wrong options of one data set's questions.

    ``extra`` are captions of other installed data sets (``--pool installed``); otherwise the pool is the
    subset's frozen one, so that what else is installed changes nothing.
    """

    def __init__(self, card: Card, subset: Subset, concepts: Concepts, extra: Iterable[str] = ()) -> None:
        self.card = card
        self.concepts = concepts.with_card(card)
        self._own = {fold(caption): caption for caption in card.captions}
        pairs = (*_chained(card.classes.nested), *card.classes.overlapping)
        self._meeting = {frozenset(fold(name) for name in pair) for pair in pairs}
        self._coexist = card.head.kind == "multi-label"
        self._never = {fold(c) for c in (*card.classes.catch_all, *card.classes.anatomy)}
        others: dict[str, str] = {}
        usable = [label.caption for label in subset.pool if not label.never]
        for caption in (*usable, *extra):
            if fold(caption) not in self._own:
                others.setdefault(fold(caption), caption)
        self._others = tuple(sorted(others.values()))
        self._negates = dict(card.classes.negates)

    def negated(self, caption: str) -> str | None:
        """What a "No X" caption denies, or None."""
        return self._negates.get(caption) or self.concepts.negated(caption)

    def clash(self, one: str, two: str) -> bool:
        """Whether two captions must not meet in one question."""
        a, b = fold(one), fold(two)
        if a == b:
            return True
        if a in self._own and b in self._own:
            if frozenset((a, b)) in self._meeting or self.concepts.side_by_side(one, two):
                return True
            # findings of a multi-label data set do not exclude one another, so their meaning decides
            return self._coexist and self.concepts.nested(one, two)
        return self.concepts.related(one, two)

    def implied(self, one: Sequence[str], two: Sequence[str]) -> bool:
        """Whether one list of findings says all that the other says, be it by other or wider names."""
        return self._says(one, two) or self._says(two, one)

    def _says(self, one: Sequence[str], two: Sequence[str]) -> bool:
        return all(any(a == b or self.concepts.contains(b, a) for a in one) for b in two)

    def may_oppose(self, answer: str, caption: str) -> bool:
        """Whether ``caption`` is certainly false of a picture of which ``answer`` is true."""
        if fold(caption) in self._never or self.concepts.is_catch_all(caption) or self.clash(answer, caption):
            return False
        own = fold(answer) in self._own and fold(caption) in self._own
        denied = self.negated(caption)
        if denied is not None:  # "No X" says nothing beyond X: wrong only where X, or a kind of X, is there
            return fold(denied) == fold(answer) or self.concepts.contains(denied, answer)
        denied = self.negated(answer)
        if denied is not None and not own:  # a picture without X may well show anything else
            return fold(denied) == fold(caption) or self.concepts.contains(denied, caption)
        return True

    def captions(self) -> tuple[str, ...]:
        """All that may be a wrong option: the card's captions, then the rest of the subset's pool."""
        return (*self.card.captions, *self._others)

    # -- the same over all captions of the card, as matrices in card order ---------------------------------------

    def opposing(self) -> npt.NDArray[np.bool_]:
        """(answer, caption): where the caption is certainly false of a picture of which the answer is true."""
        return self._matrix(self.may_oppose)

    def clashing(self) -> npt.NDArray[np.bool_]:
        """Where two different captions must not meet in one question."""
        return self._matrix(lambda one, two: one != two and self.clash(one, two))

    def implying(self) -> npt.NDArray[np.bool_]:
        """(caption, other): where the caption says what the other says, be it by a narrower name."""
        return self._matrix(lambda one, two: one == two or self.concepts.contains(two, one))

    def beside_normal(self) -> npt.NDArray[np.bool_]:
        """Captions that may stand beside the card's normal one (support devices are no finding), and that itself."""
        normal = fold(self.card.head.normal)
        return np.array(
            [fold(name) == normal or frozenset((fold(name), normal)) in self._meeting for name in self.card.captions]
        )

    def _matrix(self, holds: Callable[[str, str], bool]) -> npt.NDArray[np.bool_]:
        captions = self.card.captions
        return np.array([[holds(one, two) for two in captions] for one in captions], bool)
