"""What data sets leave out of the files that they share, for one another's sake.

The subset files of one build may be concatenated: no group and no equal picture is train in one and test in another,
of whatever subset. And within one subset no picture is asked twice in the same words, nor under labels of which not all
can be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations

import numpy as np
from attrs import field, frozen

from medmat_core.splits.ledger import STRONGER, Decision, Labels, Numbers, Part, Places

Finer = Callable[[int, Labels, Labels], bool]
"""(subset, one, other): whether ``one`` says all that ``other`` says, equal labels included: equal is both ways.
It must be transitive."""

Contradict = Callable[[int, Labels, int, Labels], bool]
"""(place of one data set, its labels, place of the other, its labels): whether not both can be true of a picture."""


def _numbers(values: Sequence[int] | Numbers) -> Numbers:
    return np.asarray(values, np.uint64)


def _bytes(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(bytes(values), np.uint8)


@frozen(eq=False)
class Standing:
    """One data set as it stands after its own split: columns, a place a picture.

    ``name`` is its number, or its slug where it has none. ``decisions`` as :class:`Decision`; ``groups`` are
    :func:`group_hash` values; ``digests`` are equal for pictures of equal bytes and for no others, 0 where unknown;
    ``labels`` index into ``label_sets``.
    """

    name: int | str
    subset: int
    decisions: np.ndarray[tuple[int], np.dtype[np.uint8]] = field(converter=_bytes)
    groups: Numbers = field(converter=_numbers)
    digests: Numbers = field(converter=_numbers)
    labels: Sequence[int]
    label_sets: Sequence[Labels]

    @property
    def rank(self) -> tuple[bool, int, str]:
        """The order of data sets: by number, then those without one by slug."""
        return (True, 0, self.name) if isinstance(self.name, str) else (False, self.name, "")


@frozen
class Dropped:
    """A picture that its subset's files leave out: the data set (its place in what was given), the place there, and
    the reason in words."""

    member: int
    place: int
    reason: str


def shared_marks(columns: Sequence[Sequence[int] | Numbers]) -> list[Places]:
    """Per data set the places whose mark, other than 0, occurs in another one, too: those that need a digest."""
    if len(columns) < 2:
        return [np.empty(0, np.intp) for _ in columns]
    distinct = [np.unique(_numbers(column)) for column in columns]
    values, counts = np.unique(np.concatenate(distinct or [_numbers(())]), return_counts=True)
    several = values[(counts > 1) & (values > 0)]
    return [np.flatnonzero(np.isin(_numbers(column), several)) for column in columns]


def crossing(members: Sequence[Standing], *, finer: Finer, contradict: Contradict) -> list[Dropped]:
    """What the subset files leave out, over all data sets that stand side by side, by (member, place).

    1. Of equal pictures in one subset, all whose labels contradict each other across data sets.
    2. A train picture whose group or whose equal is test or val in any data set, and a val picture whose group or equal
       is test.
    3. Of the equal pictures left in one subset, those that another member gives with a finer label, or with an equal
       one and a lower number. Labels of which neither is finer both stay.

    The order of ``members`` changes nothing but the numbers by which the result names them.
    """
    ranked = sorted(range(len(members)), key=lambda m: members[m].rank)
    whole = _Whole([members[m] for m in ranked], ranked)
    found: dict[int, str] = {}
    equal = list(whole.equal_pictures())
    told = whole.contradictions(equal, contradict)
    for level in STRONGER:
        for column, what in ((whole.groups, "its group"), (whole.digests, "the same picture")):
            reasons = [f"{what} is {level} in {name}" for name in whole.names]
            for row, owner in whole.weaker(column, level):
                found.setdefault(row, reasons[owner])
    found |= told
    found |= whole.outdone(equal, found, finer)
    where = sorted((ranked[owner], place, row) for row, (owner, place) in zip(found, whole.where(found), strict=True))
    return [Dropped(member, place, found[row]) for member, place, row in where]


class _Whole:
    """The asked pictures of all data sets, a row each, data sets in the order of their numbers."""

    def __init__(self, members: Sequence[Standing], given: Sequence[int]) -> None:
        self.members = members
        self.given = given
        self.names = [member.name for member in members]
        asked = [np.flatnonzero(member.decisions <= Decision.TEST) for member in members]
        self.owner = np.repeat(np.arange(len(members)), [len(places) for places in asked])
        self.place = np.concatenate([*asked, np.zeros(0, np.intp)])
        picked = list(zip(members, asked, strict=True))
        self.groups: Numbers = np.concatenate([*(m.groups[p] for m, p in picked), _numbers(())])
        self.digests: Numbers = np.concatenate([*(m.digests[p] for m, p in picked), _numbers(())])
        self.decisions = np.concatenate([*(m.decisions[p] for m, p in picked), _bytes(())])

    def where(self, rows: Iterable[int]) -> list[tuple[int, int]]:
        """The (data set, place) of rows."""
        at = np.fromiter(rows, np.intp)
        return list(zip(self.owner[at].tolist(), self.place[at].tolist(), strict=True))

    def weaker(self, column: Numbers, level: Part) -> Iterator[tuple[int, int]]:
        """(row, data set) of pictures below a level whose number stands at that level in a data set, the first such."""
        at = np.flatnonzero((self.decisions == level.decision) & (column > 0))
        below = np.flatnonzero((self.decisions < level.decision) & (column > 0))
        numbers, first = np.unique(column[at], return_index=True)
        if not len(numbers):
            return
        where = np.minimum(np.searchsorted(numbers, column[below]), len(numbers) - 1)
        hit = numbers[where] == column[below]
        owners = self.owner[at[first[where[hit]]]]
        yield from zip(below[hit].tolist(), owners.tolist(), strict=True)

    def equal_pictures(self) -> Iterator[list[int]]:
        """Rows of pictures of equal bytes in several data sets of one subset."""
        subsets = np.array([member.subset for member in self.members], np.int64)[self.owner]
        rows = np.flatnonzero(self.digests)
        order = rows[np.lexsort((rows, self.digests[rows], subsets[rows]))]
        if not len(order):
            return
        new = (np.diff(subsets[order]) != 0) | (np.diff(self.digests[order]) != 0)
        bounds = [0, *(np.flatnonzero(new) + 1).tolist(), len(order)]
        owners = self.owner[order]
        several = np.flatnonzero(np.diff(bounds) > 1).tolist()
        for run in several:
            start, end = bounds[run], bounds[run + 1]
            if owners[start] != owners[end - 1]:
                yield order[start:end].tolist()

    def labels(self, row: int) -> tuple[int, int]:
        """(data set, index of its labels)."""
        owner = int(self.owner[row])
        return owner, self.members[owner].labels[int(self.place[row])]

    def _said(self, labels: tuple[int, int]) -> Labels:
        return self.members[labels[0]].label_sets[labels[1]]

    def contradictions(self, equal: Sequence[Sequence[int]], contradict: Contradict) -> dict[int, str]:
        """Equal pictures of which two data sets say what cannot both be true."""

        @cache
        def clash(one: tuple[int, int], two: tuple[int, int]) -> bool:
            return contradict(self.given[one[0]], self._said(one), self.given[two[0]], self._said(two))

        found: dict[int, str] = {}
        for rows in equal:
            for one, two in combinations([self.labels(row) for row in rows], 2):
                # what one data set says of a picture was settled there
                if one[0] != two[0] and clash(one, two):
                    reason = f"{self.names[one[0]]} and {self.names[two[0]]} contradict each other on its label"
                    for row in rows:
                        found.setdefault(row, reason)
        return found

    def outdone(self, equal: Sequence[Sequence[int]], gone: dict[int, str], finer: Finer) -> dict[int, str]:
        """Of what is left of equal pictures, those that another data set gives as finely or more so."""

        @cache
        def covers(one: tuple[int, int], two: tuple[int, int]) -> bool:
            return finer(self.members[one[0]].subset, self._said(one), self._said(two))

        def beats(one: tuple[int, int], two: tuple[int, int]) -> bool:
            return one[0] != two[0] and covers(one, two) and (one[0] < two[0] or not covers(two, one))

        found: dict[int, str] = {}
        for rows in equal:
            left = [(row, self.labels(row)) for row in rows if row not in gone]
            for row, own in left:
                better = [other for _, other in left if beats(other, own)]
                if better:
                    winner = next((one for one in better if not any(beats(other, one) for _, other in left)), better[0])
                    how = "with an equal label" if covers(own, winner) else "with a finer label"
                    found[row] = f"{self.names[winner[0]]} gives the same picture {how}"
        return found
