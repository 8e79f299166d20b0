"""Which classes meet, and how often: rounds over counts, many buckets at a time.

A *lane* is one bucket on its way: how many pictures of each class are left in it. Lanes do not see one another, and
all take a step at the same time, so that a thousand buckets cost little more than one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from medmat_core.rounds.cliques import bit_rows, clique, square
from medmat_core.rounds.hashing import Keys, stream, uniform

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Compatible = Callable[[Any, Any], Any]
"""Whether two classes may share a round, element by element: arrays of class numbers, broadcast, to bool."""

TRIES: Final = 6
SEARCHED: Final = 256
STEPS: Final = 2_000
JOINABLE: Final = 64
"""A class looks for a clash group among the first so many; those that come later are small and hold up nothing."""


def may_meet(compatible: Bools | Compatible) -> Compatible:
    """The same as a function, where a matrix of classes by classes says it."""
    if not isinstance(compatible, np.ndarray):
        return compatible
    matrix = compatible
    return lambda one, two: np.asarray(matrix[one, two])


@frozen(eq=False)
class Formed:
    """Blocks in the order in which they were formed: in ``lanes`` (n,) the classes ``sets`` (n, k), given by their
    places in the lane, meet ``times`` (n,) times."""

    lanes: Ints
    sets: Ints
    times: Ints


def clash_groups(counts: Ints, classes: Ints, compatible: Compatible) -> Ints:
    """Groups of classes of which no two may meet, (B, L): each class's group, named by the place of its founder.

    Greedy, the most frequent class first: of a group only one can stand in a round, so its counts add up.
    """
    lanes, width = counts.shape
    rows = np.arange(lanes)
    group = np.tile(np.arange(width), (lanes, 1))
    ranked = np.argsort(-counts, axis=1, kind="stable")
    slots = min(width, JOINABLE)
    founders = np.full((lanes, slots), -1)
    fits = np.ones((lanes, slots, width), np.bool_)
    for place in range(int((counts > 0).sum(axis=1).max(initial=0))):
        own = ranked[:, place]
        joins = fits[rows, :, own]
        slot = joins.argmax(axis=1)
        some = joins[rows, slot] & (counts[rows, own] > 0)
        founder = founders[rows, slot]
        new = some & (founder < 0)
        founders[rows[new], slot[new]] = own[new]
        group[rows[some], own[some]] = founders[rows[some], slot[some]]
        meets = np.asarray(compatible(classes[rows, own][:, None], classes), np.bool_)
        fits[rows[some], slot[some]] &= ~meets[some]
    return group


@define(eq=False)
class Lanes:
    """The lanes that still form rounds of one size. Arrays are (B, L) but for ``ids``, ``starts``, ``most`` (B,).

    ``alone``: every class is a clash group of its own.
    """

    ids: Ints
    counts: Ints
    classes: Ints
    group: Ints
    starts: Keys
    alone: bool
    hopeless: Bools = field(init=False)
    most: Ints = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.hopeless = np.zeros(self.counts.shape, np.bool_)
        self.most = np.zeros(len(self.ids), np.int64)

    def keep(self, some: Bools) -> None:
        """Forget the other lanes."""
        for name in ("ids", "counts", "classes", "group", "starts", "hopeless", "most"):
            setattr(self, name, getattr(self, name)[some])


def form(
    counts: Ints, classes: Ints, group: Ints, starts: Keys, compatible: Compatible, size: int, blocks: int
) -> Formed:
    """Rounds of ``size`` classes, as many as counts allow; ``counts`` (B, L) is left with what remains.

    ``classes`` (B, L) names each lane's classes, ``group`` their clash groups, ``starts`` (B,) what is drawn from.
    ``blocks``: a set of classes is used for about that part of all rounds at a time.
    """
    width = counts.shape[1]
    alone = bool((group == np.arange(width)).all())
    lanes = Lanes(np.arange(len(counts)), counts.copy(), classes, group, starts, alone)
    told: list[tuple[Ints, Ints, Ints]] = []
    step = 0
    while len(lanes.ids) and width >= size:
        live = (lanes.counts > 0) & ~lanes.hopeless
        number = len(lanes.ids)
        counted = lanes.counts * live
        of_group = counted if lanes.alone else _by_group(counted, lanes.group)
        reach = _reach(of_group, size)
        if (reach < 1).any():
            done = reach < 1
            counts[lanes.ids[done]] = lanes.counts[done]
            lanes.keep(~done)
            live, of_group, reach, number = live[~done], of_group[~done], reach[~done], len(lanes.ids)
            if not number:
                break
        lanes.most = np.where(lanes.most == 0, reach, lanes.most)
        chosen, found = _sets(lanes, live, of_group, reach, size, step, compatible)
        if not found.all():
            rows = np.flatnonzero(~found)
            lanes.hopeless[rows, chosen[rows, 0]] = True
        rows = np.flatnonzero(found)
        if len(rows):
            sets = chosen[rows]
            own = lanes.counts[rows[:, None], sets]
            outside = of_group[rows]  # a copy
            outside[np.arange(len(rows))[:, None], lanes.group[rows[:, None], sets]] = 0
            times = own.min(axis=1)
            # where there are no other classes to choose, the next blocks would be of the same set
            choice = live[rows].sum(axis=1) > size
            times[choice] = np.minimum(times[choice], -(-lanes.most[rows[choice]] // blocks))
            times = np.maximum(1, np.minimum(times, reach[rows] - outside.max(axis=1)))
            lanes.counts[rows[:, None], sets] = own - times[:, None]
            told.append((lanes.ids[rows], sets, times))
        step += 1
    if not told:
        return Formed(np.empty(0, np.int64), np.empty((0, size), np.int64), np.empty(0, np.int64))
    return Formed(*(np.concatenate(some) for some in zip(*told, strict=True)))


def _by_group(counts: Ints, group: Ints) -> Ints:
    """Counts summed by group, at the founders' places, (B, L)."""
    lanes, width = counts.shape
    flat = (group + np.arange(lanes)[:, None] * width).ravel()
    summed = np.bincount(flat, weights=counts.ravel(), minlength=lanes * width)
    return summed.reshape(lanes, width).astype(np.int64)


def _reach(of_group: Ints, size: int) -> Ints:
    """The largest T with sum(min(count of a group, T)) >= size * T, in each lane: no more rounds can be formed.

    The sum is the least over j of j * T plus all but the j largest groups, so T is the least over j < size of
    (all but the j largest) // (size - j).
    """
    width = of_group.shape[1]
    top = np.sort(np.partition(of_group, width - size + 1, axis=1)[:, width - size + 1 :], axis=1)[:, ::-1]
    rest = of_group.sum(axis=1)
    reach = rest // size
    for j in range(1, size):
        rest = rest - top[:, j - 1]
        reach = np.minimum(reach, rest // (size - j))
    return np.asarray(reach)


def _sets(
    lanes: Lanes, live: Bools, of_group: Ints, reach: Ints, size: int, step: int, compatible: Compatible
) -> tuple[Ints, Bools]:
    """One set of classes a lane, (B, size), and whether it is whole; of a broken one the first class is to blame."""
    number = len(live)
    own_group = of_group if lanes.alone else np.take_along_axis(of_group, lanes.group, axis=1)
    forced = own_group >= reach[:, None]
    chosen = np.zeros((number, size), np.int64)
    found = np.zeros(number, np.bool_)
    draws = uniform(stream(lanes.starts, range(step * 64, step * 64 + size)))
    chosen[:, 0] = _drawn(live, lanes.counts, own_group, forced, draws[:, 0])
    after = _meeting(live, lanes.classes, chosen[:, 0], compatible)
    hope = after.sum(axis=1) >= size - 1
    for attempt in range(TRIES):
        rows = (hope & ~found).nonzero()[0]
        if not len(rows):
            return chosen, found
        some = slice(None) if len(rows) == number else rows  # a slice copies nothing
        candidates, counts, classes = after[some], lanes.counts[some], lanes.classes[some]
        groups, must = own_group[some], forced[some]
        if attempt:
            first = step * 64 + attempt * 8
            draws = uniform(stream(lanes.starts[rows], range(first, first + size)))
        else:
            draws = draws[some]
        good = np.ones(len(rows), np.bool_)
        for place in range(1, size):
            good &= candidates.any(axis=1)
            next_ = _drawn(candidates, counts, groups, must, draws[:, place])
            chosen[rows, place] = next_
            if place < size - 1:
                candidates = candidates & _meeting(candidates, classes, next_, compatible)
        found[rows] = good
    for row in np.flatnonzero(hope & ~found):
        rest = _searched(after[row], lanes.counts[row], lanes.classes[row], size - 1, compatible)
        if rest is not None:
            chosen[row, 1:] = rest
            found[row] = True
    return chosen, found


def _drawn(candidates: Bools, counts: Ints, own_group: Ints, forced: Bools, draws: NDArray[np.float64]) -> Ints:
    """A candidate a lane in proportion to counts: of the largest group that must be in every round, if one must.

    ``draws`` (B,) are numbers in [0, 1)."""
    must = candidates & forced
    if must.any():
        largest = np.where(must, own_group, -1).max(axis=1)[:, None]
        candidates = np.where(largest >= 0, must & (own_group == largest), candidates)
    summed = (counts * candidates).cumsum(axis=1)
    drawn = np.floor(draws * summed[:, -1])
    return np.asarray(np.minimum((summed <= drawn[:, None]).sum(axis=1), counts.shape[1] - 1))


def _meeting(candidates: Bools, classes: Ints, chosen: Ints, compatible: Compatible) -> Bools:
    """The candidates that may meet the chosen class of their lane; a class never meets itself."""
    rows = np.arange(len(chosen))
    meets = candidates & np.asarray(compatible(classes[rows, chosen][:, None], classes), np.bool_)
    meets[rows, chosen] = False
    return meets


def _searched(candidates: Bools, counts: Ints, classes: Ints, size: int, compatible: Compatible) -> Ints | None:
    """``size`` candidates that may all meet, the most frequent first; None if a bounded search finds none."""
    places = np.flatnonzero(candidates)
    places = places[np.argsort(-counts[places], kind="stable")][:SEARCHED]
    matrix = square(compatible, classes[places])
    np.fill_diagonal(matrix, False)
    found = clique(bit_rows(matrix), (1 << len(places)) - 1, size, STEPS)
    return None if found is None else places[found]
