"""Rounds over structures: one box of text, and in each picture another class inside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from medmat_core.rounds.boxes import Boxes, areas, narrowed, shared
from medmat_core.rounds.chunks import Pass, grouped_in_chunks
from medmat_core.rounds.cliques import bit_rows, clique, square
from medmat_core.rounds.counts import Compatible, may_meet
from medmat_core.rounds.hashing import Keys, Salt
from medmat_core.rounds.model import Places, Rounds, assembled

FELLOWS: Final = 48
"""Of so many possible fellows a group is sought, those with the fewest partners first."""

STEPS: Final = 100


@frozen(eq=False)
class Regions:
    """All regions of all pictures, in any order: ``pictures`` (M,), ``classes`` (M,), ``boxes`` (M, 4) as printed.

    ``unsure`` (U, 2): pairs of picture and class that may be anywhere in the picture.
    """

    pictures: NDArray[np.integer]
    classes: NDArray[np.integer]
    boxes: Boxes
    unsure: NDArray[np.integer] = field(factory=lambda: np.empty((0, 2), np.int32))


@frozen(eq=False)
class _Scene:
    """What is asked about and what could make it wrong; regions lie picture by picture, at ``first`` and on."""

    pictures: NDArray[np.int64]
    classes: NDArray[np.int64]
    own: NDArray[Any]
    first: NDArray[np.int64]
    region_classes: NDArray[np.int64]
    region_boxes: NDArray[Any]

    @classmethod
    def of(cls, pictures: NDArray[Any], classes: NDArray[Any], own: Boxes, regions: Regions) -> _Scene:
        far = max(int(np.abs(own).max(initial=0)), int(np.abs(regions.boxes).max(initial=0)))
        # an unsure class may be anywhere: as good as a region that covers everything
        cover = np.tile(np.array([-far, -far, far, far]), (len(regions.unsure), 1))
        of_picture = np.concatenate([regions.pictures, regions.unsure[:, 0]]).astype(np.int64)
        order = np.argsort(of_picture, kind="stable")
        count = int(max(pictures.max(initial=-1), of_picture.max(initial=-1))) + 1
        return cls(
            pictures.astype(np.int64),
            classes.astype(np.int64),
            narrowed(own, 13),
            np.searchsorted(of_picture[order], np.arange(count + 1)),
            np.concatenate([regions.classes, regions.unsure[:, 1]]).astype(np.int64)[order],
            np.concatenate([regions.boxes, cover]).astype(narrowed(own, 13).dtype)[order],
        )

    def shown(self, records: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every region in the records' pictures: parallel (row, region)."""
        pictures = self.pictures[records]
        start, count = self.first[pictures], self.first[pictures + 1] - self.first[pictures]
        row = np.repeat(np.arange(len(records)), count)
        return row, np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + start[row]

    def touched(self, records: NDArray[Any], boxes: Boxes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which classes have a region in the record's picture that touches its box: parallel (row, class)."""
        row, region = self.shown(records)
        touches = overlap(self.region_boxes[region], boxes[row])
        return row[touches], self.region_classes[region[touches]]


def structure_rounds(
    keys: Keys,
    pictures: NDArray[np.integer],
    classes: NDArray[np.integer],
    own: Boxes,
    regions: Regions,
    compatible: NDArray[np.bool_] | Compatible,
    salt: Salt,
    *,
    sizes: NDArray[np.integer] | None = None,
) -> Rounds:
    """Rounds of pictures that each show another class in one box, which ``Rounds.boxes`` names; the rest is open.

    A record is a picture and a class: ``keys`` uint64 (N,), ``pictures`` and ``classes`` (N,), ``own`` (N, 4) the box
    of the class's largest region there, as printed. A picture may bring several classes, in different rounds.
    ``regions``: everything that is marked. ``compatible``: which classes may be options beside one another, as in
    :func:`medmat_core.rounds.labels.label_rounds`. ``sizes`` (N, 2): as in :func:`medmat_core.rounds.boxes.box_rounds`.

    Each member's own region has an IoU of at least 0.3 with the round's box, and in no member's picture does the class
    of another member, or an unsure one, touch it.
    """
    hashes, meets = salt.hashed(keys), may_meet(compatible)
    scene = _Scene.of(pictures, classes, own, regions)
    named: list[NDArray[np.int32]] = []

    def grouped(places: Places, wanted: Sequence[int]) -> tuple[list[Places], Places]:
        groups, left = _matched(scene, places, meets, wanted)
        named.extend(_named(scene, group) for group in groups if len(group))
        return groups, left

    groups = grouped_in_chunks(hashes, sizes, grouped, _passes(scene.own))
    return assembled(keys, groups, hashes, named)


def _passes(own: Boxes) -> tuple[Pass, ...]:
    """First among boxes of like place and size, cut in two ways, as boxes far apart never meet; then among all.

    The grid of a box is as coarse as the box itself, so nothing hangs on the picture's size.
    """
    near, shifted = _cells(own, 0), _cells(own, 1)
    return (Pass((4,), near), Pass((4,), shifted), Pass((4,)), Pass((3, 2), near), Pass((3, 2)))


def _cells(own: Boxes, shift: int) -> tuple[NDArray[np.int64], ...]:
    """The cell of each box, as columns: powers of two of width and height, and the middle in steps of these."""
    columns = []
    for axis in (0, 1):
        low, high = own[:, axis].astype(np.int64), own[:, axis + 2].astype(np.int64)
        # floor(log2(side) + shift / 2), by the exponent of its square: no rounding can differ between machines
        power = (np.frexp(((high - low) ** 2 << shift).astype(np.float64))[1].astype(np.int64) - 1) // 2
        columns += [power, ((low + high) + (shift << power)) >> (power + 1)]
    return tuple(columns)


def close(one: Boxes, two: Boxes) -> NDArray[np.bool_]:
    """Whether boxes (..., 4) have an IoU of at least 0.3: 13 * shared >= 3 * (area + area), in whole numbers."""
    return np.asarray(13 * shared(one, two) >= 3 * (areas(one) + areas(two)))


def overlap(one: Boxes, two: Boxes) -> NDArray[np.bool_]:
    """Whether boxes (..., 4) share any area."""
    return np.asarray(
        (one[..., 0] < two[..., 2])
        & (two[..., 0] < one[..., 2])
        & (one[..., 1] < two[..., 3])
        & (two[..., 1] < one[..., 3])
    )


def _matched(
    scene: _Scene, places: Places, compatible: Compatible, sizes: Sequence[int]
) -> tuple[list[Places], Places]:
    """Groups of a chunk; the first of each is the one whose own box the others fit."""
    own, classes, pictures = scene.own[places], scene.classes[places], scene.pictures[places]
    meets = square(compatible, classes) & (pictures[:, None] != pictures[None, :])
    np.fill_diagonal(meets, False)
    # around[i, j]: j may join a round that names i's own box
    around = meets & close(own[:, None], own[None, :]) & ~_disturbed(scene, places)
    free = np.ones(len(places), np.bool_)
    groups: list[Places] = []
    for size in sizes:
        degree = (around & free & free[:, None]).sum(axis=1)
        found = []
        for first in np.argsort(degree, kind="stable").tolist():
            if not free[first] or degree[first] < size - 1:
                continue
            fellows = np.flatnonzero(around[first] & free)
            if len(fellows) < size - 1:
                continue
            fellows = fellows[np.argsort(degree[fellows], kind="stable")][:FELLOWS]
            rest = _fellows(scene, places[fellows], own[first], meets[np.ix_(fellows, fellows)], size - 1)
            if rest is not None:
                group = [first, *fellows[rest].tolist()]
                free[group] = False
                found.append(group)
        groups.append(places[np.array(found, np.int64).reshape(-1, size)])
    return groups, places[free]


def _disturbed(scene: _Scene, places: Places) -> NDArray[np.bool_]:
    """bool (n, n): whether, with i's own box, i's class touches it in j's picture or j's class in i's."""
    count = len(places)
    own, classes = scene.own[places], scene.classes[places]
    width = int(max(scene.classes.max(initial=0), scene.region_classes.max(initial=0))) + 1
    there = np.zeros((count, width), np.bool_)
    there[scene.touched(places, own)] = True
    result = there[:, classes]
    of, region = scene.shown(places)
    for name in np.unique(classes).tolist():
        # only the class's own regions can disturb a round that its own box names
        same = scene.region_classes[region] == name
        rows = np.flatnonzero(classes == name)
        row, column = np.nonzero(overlap(own[rows][:, None], scene.region_boxes[region[same]][None]))
        result[rows[row], of[same][column]] = True
    return result


def _fellows(
    scene: _Scene, fellows: Places, box: NDArray[Any], meets: NDArray[np.bool_], size: int
) -> list[int] | None:
    """``size`` of the fellows that may all stand in one round that names the box."""
    if size == 1:
        return [0]
    classes = scene.classes[fellows]
    row, there = scene.touched(fellows, np.broadcast_to(box, (len(fellows), 4)))
    touches = np.zeros((len(fellows), int(max(classes.max(), there.max(initial=0))) + 1), np.bool_)
    touches[row, there] = True
    wrong = touches[:, classes]
    return clique(bit_rows(meets & ~wrong & ~wrong.T), (1 << len(fellows)) - 1, size, STEPS)


def _named(scene: _Scene, groups: Places) -> NDArray[np.int32]:
    """The box that each round names: the rounded mean of its members' own where that is right for all, else the
    first's own, int32 (n, 4). In the mean no picture's own region stands out by fitting exactly."""
    size = groups.shape[1]
    own = scene.own[groups]
    mean = ((2 * own.sum(axis=1, dtype=np.int64) + size) // (2 * size)).astype(own.dtype)
    fits = np.asarray(close(own, mean[:, None]).all(axis=1))
    row, there = scene.touched(groups.ravel(), np.repeat(mean, size, axis=0))
    group, member = np.divmod(row, size)
    classes = scene.classes[groups]
    wrong = (classes[group] == there[:, None]) & (np.arange(size) != member[:, None])
    fits[group[wrong.any(axis=1)]] = False
    return np.where(fits[:, None], mean, own[:, 0]).astype(np.int32)
