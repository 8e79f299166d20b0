"""What a data set's labels mean beside one another, worked out from its card and its subset's relations.

Written from the contract and not from the question generator, so that an error there is not repeated here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from attrs import frozen

from medmat_core.card import Card
from medmat_core.concepts import Concepts, Relations, fold, load_concepts
from medmat_core.subsets import PoolLabel, Subset

BESIDE: Final = 3
"""How many wrong options a question has at most."""


@frozen
class Fitting:
    """Labels that could stand as wrong options beside an answer: the data set's own, and others of its subset.

    ``free``: no two of them exclude each other from one question, so every draw is even.
    """

    own: tuple[str, ...]
    other: tuple[str, ...]
    free: bool


class Labels:
    """The labels of one data set.

    ``card`` may be None where its plugin is not installed: then ``own`` names its labels and only the relations
    of the subset are known. ``installed`` are captions of other installed data sets (``--pool installed``).
    """

    def __init__(
        self,
        card: Card | None,
        pool: Sequence[PoolLabel],
        concepts: Concepts,
        *,
        own: Sequence[str] = (),
        installed: Iterable[str] = (),
    ) -> None:
        self.card = card
        self.captions: tuple[str, ...] = card.captions if card is not None else tuple(own)
        self.several = card is not None and card.head.kind == "multi-label"
        self.regions = card is not None and card.head.kind in ("mask", "box")
        self.normal = card.head.normal if card is not None else ""
        self.concepts = concepts if card is None else concepts.with_card(card)
        # the card's own relations alone: classes of one data set exclude one another unless *it* says otherwise
        self.alone = Concepts(Relations() if card is None else Relations().with_card(card))
        self.order = {caption: place for place, caption in enumerate(self.captions)}
        classes = card.tables.classes if card is not None else None
        self._own = {fold(caption): caption for caption in self.captions}
        self._never = {fold(c) for c in (*classes.catch_all, *classes.anatomy)} if classes else set()
        self._negates = {fold(k): v for k, v in classes.negates.items()} if classes else {}
        self._beside = {frozenset((fold(a), fold(b))) for a, b in classes.overlapping} if classes else set()
        self._pool = {fold(label.caption): label for label in pool}
        self._installed = {fold(caption): caption for caption in installed}
        self._fitting: dict[tuple[str, ...], Fitting] = {}

    # -- which labels there are -------------------------------------------------------------------

    def is_own(self, caption: str) -> bool:
        """Whether the data set itself has the label."""
        return fold(caption) in self._own

    def in_pool(self, caption: str) -> bool:
        """Whether the label may stand in the data set's questions at all: its own, or of its subset's pool."""
        folded = fold(caption)
        return folded in self._own or folded in self._pool or folded in self._installed

    def findings(self, text: str) -> tuple[str, ...]:
        """A caption or an option as the findings that it names: 'A; B' is two, unless it is one label."""
        if "; " not in text or self.in_pool(text):
            return (text,)
        return tuple(text.split("; "))

    def denied(self, caption: str) -> str | None:
        """X, if the caption is a 'No X'."""
        return self._negates.get(fold(caption)) or self.concepts.negated(caption)

    # -- what is true beside what -----------------------------------------------------------------

    def nested(self, one: str, other: str) -> bool:
        """Whether two labels mean the same, or one is wider than the other."""
        if self.is_own(one) and self.is_own(other):
            return self.alone.nested(one, other)
        return self.concepts.nested(one, other)

    def meet(self, one: str, other: str) -> bool:
        """Whether two labels may both be true of one picture, by name or by meaning."""
        a, b = fold(one), fold(other)
        if a == b:
            return True
        if a in self._own and b in self._own:
            return (
                frozenset((a, b)) in self._beside
                or self.alone.nested(one, other)
                or self.concepts.side_by_side(one, other)
            )
        return self.concepts.related(one, other)

    def apart(self, one: str, other: str) -> bool:
        """Whether one picture filed under both is a contradiction."""
        return not self.meet(one, other)

    def wrong(self, stated: str, option: str) -> str:
        """'' where ``option`` is certainly false of a picture of ``stated``; else the fault it would be."""
        a, b = fold(stated), fold(option)
        if a == b:
            return "distractor_true"
        ours = b in self._own
        label = self._pool.get(b)
        flag = "" if ours or label is None else label.kind
        if b in self._never or self.concepts.is_catch_all(option) or flag in ("catch_all", "anatomy"):
            return "catch_all"
        denied = self.denied(option)
        if flag == "negative" or (denied is not None and not self._says(denied, stated)):
            return "negation"
        if self.meet(stated, option):
            return "distractor_true"
        denied = self.denied(stated)
        if denied is not None and not (ours and a in self._own) and not self._says(denied, option):
            return "distractor_true"  # a picture without X may well show anything else
        return ""

    def _says(self, wide: str, narrow: str) -> bool:
        return fold(wide) == fold(narrow) or self.concepts.contains(wide, narrow)

    # -- what could have been drawn ---------------------------------------------------------------

    def fitting(self, stated: tuple[str, ...]) -> Fitting:
        """Every label that could stand as a wrong option beside these."""
        known = self._fitting.get(stated)
        if known is None:
            if len(self._fitting) > 20_000:
                self._fitting.clear()
            own = tuple(name for name in self.captions if not any(self.wrong(s, name) for s in stated))
            other = tuple(name for name in self._others if not any(self.wrong(s, name) for s in stated))
            names = {*own, *other}
            free = not any(a in names and b in names for a, b in self._clashes)
            known = self._fitting[stated] = Fitting(own, other, free)
        return known

    @cached_property
    def _clashes(self) -> list[tuple[str, str]]:
        """Pairs of labels that must not meet in one question."""
        names = (*self.captions, *self._others)
        return [(a, b) for place, a in enumerate(names) for b in names[:place] if self.meet(a, b)]

    @cached_property
    def _others(self) -> tuple[str, ...]:
        names = {folded: label.caption for folded, label in self._pool.items()} | self._installed
        return tuple(sorted(caption for folded, caption in names.items() if folded not in self._own))


def labels_of(card: Card, subset: Subset | None, installed: Iterable[str] = ()) -> Labels:
    """The labels of an installed data set."""
    return Labels(card, subset.pool if subset is not None else (), load_concepts(card.head.subset), installed=installed)


def labels_of_row(subset: Subset, row: int) -> Labels:
    """The labels of a row whose plugin is not installed, as the frozen pool lists them."""
    own = [label.caption for label in subset.pool if row in label.rows]
    return Labels(None, subset.pool, load_concepts(subset.no), own=own)
