"""What captions mean relative to one another: same, wider, narrower, possible together, or exclusive.

The relations of a subset are data (``NN.toml``, each group with its source). They govern captions that meet from
different data sets; the classes of one data set exclude one another unless its card says otherwise.
Captions are compared folded (:func:`fold`); one that no relation names is related to itself alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from medmat_core.concepts._folding import fold
from medmat_core.concepts._relations import Group, Relations, read
from medmat_core.errors import CatalogError

if TYPE_CHECKING:
    from medmat_core.card import Card

__all__ = ["Concepts", "Group", "Relations", "fold", "load_concepts"]

_HERE: Final = Path(__file__).parent
_NONE: Final[frozenset[str]] = frozenset()


class Concepts:
    """The relations of one subset's captions, closed: wider is transitive, and what may coincide is known.

    All methods take captions as they are written. Two captions may coincide (both be true of one picture)
    where a relation says so for them, where one is a catch-all, and where one denies something else than the other
    ("No glaucoma" beside "Cataract"). A stated pair passes up: what may stand beside a narrower caption may stand
    beside all that contain it. It passes down as well, to whatever each of the two contains, for nothing tells which
    kind was meant; there it stops at a pair that ``apart`` or ``excludes`` keeps apart, or contains.
    """

    def __init__(self, relations: Relations) -> None:
        self.relations = relations
        self._first = _representatives(pair for group in relations.group for pair in group.same)
        self._below = self._closure(relations)
        self._above = _turned(self._below)
        self._pairs = self._both(pair for group in relations.group for pair in group.may_coincide)
        self._excludes = self._both(pair for group in relations.group for pair in group.excludes)
        self._apart = self._excludes | self._both((one, other) for one, other, _ in relations.apart)
        self._normal = frozenset(map(self._of, relations.normal))
        self._catch_all = frozenset(map(self._of, relations.catch_all))
        self._beside = self._catch_all | frozenset(map(self._of, relations.beside_any))
        self._families = {self._of(name): place for place, names in enumerate(relations.side_by_side) for name in names}
        self._negates = {self._of(name): denied for name, denied in relations.negates.items()}
        self._denied = {name: self._of(denied) for name, denied in self._negates.items()}
        self._known: dict[tuple[str, str], bool] = {}

    def same(self, one: str, other: str) -> bool:
        """Whether two captions mean the same: "Normal" and "No finding"."""
        return self._of(one) == self._of(other)

    def contains(self, wider: str, narrower: str) -> bool:
        """Whether all that ``narrower`` names is also named by ``wider``; true of captions that mean the same."""
        a, b = self._of(wider), self._of(narrower)
        # a normal picture is free of whatever a "No X" caption denies
        return a == b or b in self._below.get(a, _NONE) or (a in self._denied and b in self._normal)

    def nested(self, one: str, other: str) -> bool:
        """Whether two captions are the same or one contains the other."""
        return self.contains(one, other) or self.contains(other, one)

    def may_coincide(self, one: str, other: str) -> bool:
        """Whether both may be true of one picture although neither contains the other."""
        a, b = self._of(one), self._of(other)
        if frozenset((a, b)) in self._excludes:
            return False
        if frozenset((a, b)) in self._pairs or self._apart_in_kind(a, b):
            return True
        if a in self._denied or b in self._denied:
            return not self._denies(a, b) and not self._denies(b, a)
        if a in self._normal or b in self._normal:
            return False
        if a in self._beside or b in self._beside:
            return True
        below_a, below_b = {a, *self._below.get(a, _NONE)}, {b, *self._below.get(b, _NONE)}
        if not below_a.isdisjoint(below_b) or self._any(self._pairs, below_a, below_b):
            return True
        above_a, above_b = {a, *self._above.get(a, _NONE)}, {b, *self._above.get(b, _NONE)}
        return not self._any(self._apart, above_a, above_b) and self._any(
            self._pairs, above_a | below_a, above_b | below_b
        )

    def related(self, one: str, other: str) -> bool:
        """Whether two captions are the same, wider or narrower, or may coincide: then they never meet."""
        key = (fold(one), fold(other))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self.nested(one, other) or self.may_coincide(one, other)
        return known

    def side_by_side(self, one: str, other: str) -> bool:
        """Whether two captions are about different things that one picture can show together."""
        return self._apart_in_kind(self._of(one), self._of(other))

    def negated(self, caption: str) -> str | None:
        """What a "No X" caption denies: X; None for any other caption."""
        return self._negates.get(self._of(caption))

    def is_catch_all(self, caption: str) -> bool:
        """Whether the caption may be true of any picture ("Other diseases") and so is never a wrong option."""
        return self._of(caption) in self._catch_all

    def with_card(self, card: Card) -> Concepts:
        """These concepts and the relations that a card states, such as a third party's."""
        return Concepts(self.relations.with_card(card))

    def _of(self, caption: str) -> str:
        folded = fold(caption)
        return self._first.get(folded, folded)

    def _denies(self, negation: str, other: str) -> bool:
        """Whether ``negation`` is a "No X" and ``other`` is X or a kind of X."""
        denied = self._denied.get(negation)
        return denied is not None and (denied == other or other in self._below.get(denied, _NONE))

    def _apart_in_kind(self, a: str, b: str) -> bool:
        one, other = self._families.get(a), self._families.get(b)
        return one is not None and other is not None and one != other

    @staticmethod
    def _any(pairs: frozenset[frozenset[str]], some: set[str], others: set[str]) -> bool:
        return any(frozenset((x, y)) in pairs for x in some for y in others)

    def _both(self, pairs: Iterable[tuple[str, str]]) -> frozenset[frozenset[str]]:
        return frozenset(frozenset((self._of(a), self._of(b))) for a, b in pairs)

    def _closure(self, relations: Relations) -> Mapping[str, frozenset[str]]:
        """Concept -> everything narrower, however many steps away."""
        direct: dict[str, set[str]] = {}
        for group in relations.group:
            for wide, narrow in group.wider.items():
                direct.setdefault(self._of(wide), set()).update(map(self._of, narrow))
        below: dict[str, frozenset[str]] = {}
        for name in direct:
            found: set[str] = set()
            todo = list(direct[name])
            while todo:
                step = todo.pop()
                if step not in found:
                    found.add(step)
                    todo.extend(direct.get(step, ()))
            if name in found:
                raise CatalogError(
                    f"concepts: {name!r} is wider than itself; use 'same' for captions that mean the same"
                )
            below[name] = frozenset(found)
        return below


def _turned(below: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Concept -> everything wider."""
    above: dict[str, set[str]] = {}
    for wide, narrow in below.items():
        for name in narrow:
            above.setdefault(name, set()).add(wide)
    return {name: frozenset(wider) for name, wider in above.items()}


def _representatives(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Folded caption -> the one that stands for all that mean the same."""
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while name in above:
            name = above[name]
        return name

    for one, other in pairs:
        a, b = sorted((root(fold(one)), root(fold(other))))
        if a != b:
            above[b] = a
    return {name: root(name) for name in above}


@cache
def load_concepts(subset: int) -> Concepts:
    """The concepts of a subset; without any relation for one that is not Med-MAT's."""
    path = _HERE / f"{subset:02d}.toml"
    return Concepts(read(path) if path.is_file() else Relations())
