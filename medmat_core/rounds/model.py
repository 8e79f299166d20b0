"""What forming rounds gives: columns, so that a million pictures stay some tens of megabytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from medmat_core.rounds.hashing import ORDERS, TEMPLATES, Keys, Salt, below, folded

Places = NDArray[np.int32]
"""Places into the arrays that were given."""

_ORDER, _TEMPLATE = Salt.of("round", "order"), Salt.of("round", "template")


def no_places() -> Places:
    """None at all."""
    return np.empty(0, np.int32)


@frozen(eq=False)
class Surplus:
    """Pictures without a round that take the options of one: parallel columns, sorted by hash.

    ``places`` int32 (S,). ``rounds`` int32 (S,): the row of the round whose options each takes. ``orders`` uint8
    (S, 4): option i of the record is column ``orders[:, i]`` of that round (i below the round's size). ``slots``
    uint8 (S,): which option is right. ``templates`` uint8 (S,): the instruction, 0-5.
    """

    places: Places = field(factory=no_places)
    rounds: Places = field(factory=no_places)
    orders: NDArray[np.uint8] = field(factory=lambda: np.empty((0, 4), np.uint8))
    slots: NDArray[np.uint8] = field(factory=lambda: np.empty(0, np.uint8))
    templates: NDArray[np.uint8] = field(factory=lambda: np.empty(0, np.uint8))

    def __len__(self) -> int:
        return len(self.places)


@frozen(eq=False)
class Rounds:
    """Who plays with whom; every place given stands exactly once in ``members``, ``surplus`` or ``open``.

    Rows are sorted by id. ``members`` int32 (R, 4): column i is the picture for which option i (letters A..) is
    right, -1 where the round is smaller. ``sizes`` uint8 (R,). ``ids`` uint64 (R,): the hash of the members' sorted
    keys, 16 hex digits in a record. ``templates`` uint8 (R,): the instruction, 0-5. ``open`` int32: places that get
    no options. ``boxes`` int32 (R, 4): the box that a structure round names, empty for all other asks.

    The order of options and the instruction are drawn from the id, so nothing else can show in them.
    """

    members: NDArray[np.int32]
    sizes: NDArray[np.uint8]
    ids: Keys
    templates: NDArray[np.uint8]
    surplus: Surplus
    open: Places
    boxes: NDArray[np.int32] = field(factory=lambda: np.empty((0, 4), np.int32))

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def shares(self) -> dict[str, int]:
        """Pictures in rounds of "4", "3" and "2", of "surplus" and "open"."""
        of_size = np.bincount(self.sizes, minlength=5)
        return {
            **{str(size): int(size * of_size[size]) for size in (4, 3, 2)},
            "surplus": len(self.surplus),
            "open": len(self.open),
        }


def assembled(keys: Keys, groups: Sequence[Places], hashes: Keys, boxes: Sequence[NDArray[np.int32]] = ()) -> Rounds:
    """Rounds of some groups of places, int32 (n, k) arrays with k 2 to 4; all other places are open.

    ``hashes`` orders the open places. ``boxes`` int32 (n, 4), parallel to ``groups``: for structure.
    """
    members, ids, sizes = [np.empty((0, 4), np.int32)], [np.empty(0, np.uint64)], [np.empty(0, np.uint8)]
    for group in groups:
        count, size = group.shape
        own = keys[group]
        own.sort(axis=1)
        number = folded(own)
        order = np.argsort(keys[group], axis=1)
        order = np.take_along_axis(order, ORDERS.drawn(size, _ORDER.hashed(number))[:, :size].astype(np.int64), axis=1)
        filled = np.full((count, 4), -1, np.int32)
        filled[:, :size] = np.take_along_axis(group, order, axis=1)
        members.append(filled)
        ids.append(number)
        sizes.append(np.full(count, size, np.uint8))
    number = np.concatenate(ids)
    by_id = np.argsort(number)
    number = number[by_id]
    placed = np.concatenate(members)[by_id]
    free = np.ones(len(keys), np.bool_)
    free[placed[placed >= 0]] = False
    left = np.flatnonzero(free).astype(np.int32)
    return Rounds(
        members=placed,
        sizes=np.concatenate(sizes)[by_id],
        ids=number,
        templates=below(_TEMPLATE.hashed(number), TEMPLATES).astype(np.uint8),
        surplus=Surplus(),
        open=left[np.argsort(hashes[left])],
        boxes=np.concatenate(boxes)[by_id] if boxes else np.empty((0, 4), np.int32),
    )
