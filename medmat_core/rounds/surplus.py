"""Pictures without a round borrow the options of one, but never so many that frequency tells the answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medmat_core.rounds.counts import Compatible, Ints
from medmat_core.rounds.hashing import ORDERS, TEMPLATES, Keys, Salt, below
from medmat_core.rounds.model import Places, Rounds, Surplus


def allowed(majority: int, count: int, in_rounds: int, rounds: int) -> int:
    """How many pictures may borrow options: s = (m I - R) / (1 - m), with m = majority / count.

    A reader who knows for every list which answer is frequent is right once a round, and at most always with
    borrowed lists: (R + s) / (I + s), which stays at m or under.
    """
    if in_rounds == 0 or majority >= count:
        return 0
    return max(0, (majority * in_rounds - rounds * count) // (count - majority))


def borrowed(
    rounds: Rounds,
    keys: Keys,
    classes: NDArray[np.integer],
    compatible: Compatible,
    answers: NDArray[np.integer] | None,
    salt: Salt,
) -> tuple[Surplus, Places]:
    """The surplus pictures with their borrowed options, and those that stay open.

    Arguments are those of :func:`medmat_core.rounds.labels.label_rounds`; ``rounds.open`` holds all that found no
    round, in the order of hashes.
    """
    own = np.asarray(classes).astype(np.int64)
    said: Ints = np.asarray(answers).astype(np.int64) if answers is not None else np.arange(own.max(initial=0) + 1)
    majority = int(np.unique(said[own], return_counts=True)[1].max())
    in_rounds = int(rounds.sizes.sum(dtype=np.int64))
    most = allowed(majority, len(own), in_rounds, len(rounds))
    if not most or not len(rounds.open):
        return Surplus(), rounds.open
    taken = _lenders(rounds, own, said, compatible, keys[rounds.open], rounds.open, salt.sub("borrow"))
    able = np.flatnonzero(taken >= 0)[:most]
    places, lender = rounds.open[able], taken[able]
    stays = np.ones(len(rounds.open), np.bool_)
    stays[able] = False
    orders = np.tile(np.arange(4, dtype=np.uint8), (len(places), 1))
    sizes = rounds.sizes[lender]
    drawn = salt.sub("order").hashed(keys[places])
    for size in (2, 3, 4):
        orders[sizes == size] = ORDERS.drawn(size, drawn[sizes == size])
    members = np.take_along_axis(rounds.members[lender], orders.astype(np.int64), axis=1)
    right = (said[own[members]] == said[own[places]][:, None]) & (members >= 0)
    return Surplus(
        places=places,
        rounds=lender.astype(np.int32),
        orders=orders,
        slots=right.argmax(axis=1).astype(np.uint8),
        templates=below(salt.sub("template").hashed(keys[places]), TEMPLATES).astype(np.uint8),
    ), rounds.open[stays]


def _lenders(
    rounds: Rounds, own: Ints, said: Ints, compatible: Compatible, keys: Keys, places: Places, salt: Salt
) -> NDArray[np.int64]:
    """A round for each place whose options it may take, -1 where there is none.

    Drawing a round evenly is drawing its list by how often it occurs. Rounds are sorted by id and the draw looks for
    the next id, so that one round more moves few of the others' borrowers.
    """
    found = np.full(len(places), -1, np.int64)
    members = rounds.members
    option = np.where(members >= 0, said[own[members]], -1)
    row, column = np.nonzero(members >= 0)
    by_answer = np.argsort(option[row, column], kind="stable")
    row, column = row[by_answer], column[by_answer]
    of_answer = option[row, column]
    drawn = salt.hashed(keys)
    order = np.argsort(own[places], kind="stable")
    names, starts = np.unique(own[places][order], return_index=True)
    for name, some in zip(names.tolist(), np.split(order, starts[1:]), strict=True):
        low, high = np.searchsorted(of_answer, [said[name], said[name] + 1])
        rows, columns = row[low:high], column[low:high]
        fits = np.ones(len(rows), np.bool_)
        for place in range(4):
            other = members[rows, place]
            meets = np.asarray(compatible(np.full(len(rows), name), own[other]), np.bool_)
            fits &= meets | (other < 0) | (columns == place)
        rows = rows[fits]
        if len(rows):
            found[some] = rows[np.searchsorted(rounds.ids[rows], drawn[some]) % len(rows)]
    return found


__all__ = ["allowed", "borrowed"]
