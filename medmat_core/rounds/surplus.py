"""Pictures without a round borrow the options of one, but never so many that frequency tells the answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medmat_core.rounds.counts import Compatible
from medmat_core.rounds.hashing import ORDERS, TEMPLATES, Keys, Salt, below
from medmat_core.rounds.model import Places, Rounds, Surplus

Names = NDArray[np.integer]
"""Numbers of classes or answers."""


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
    own = np.asarray(classes)
    said = np.asarray(answers) if answers is not None else np.arange(int(own.max(initial=0)) + 1, dtype=np.int32)
    majority = int(np.bincount(said, weights=np.bincount(own, minlength=len(said))).max())
    in_rounds = int(rounds.sizes.sum(dtype=np.int64))
    most = allowed(majority, len(own), in_rounds, len(rounds))
    if not most or not len(rounds.open):
        return Surplus(), rounds.open
    taken, spot = _lenders(rounds, own, said, compatible, keys[rounds.open], rounds.open, salt.sub("borrow"))
    able = np.flatnonzero(taken >= 0)[:most]
    places, lender, spot = rounds.open[able], taken[able], spot[able]
    stays = np.ones(len(rounds.open), np.bool_)
    stays[able] = False
    orders = np.tile(np.arange(4, dtype=np.uint8), (len(places), 1))
    sizes = rounds.sizes[lender]
    drawn = salt.sub("order").hashed(keys[places])
    for size in (2, 3, 4):
        orders[sizes == size] = ORDERS.drawn(size, drawn[sizes == size])
    return Surplus(
        places=places,
        rounds=lender,
        orders=orders,
        slots=(orders == spot[:, None]).argmax(axis=1).astype(np.uint8),
        templates=below(salt.sub("template").hashed(keys[places]), TEMPLATES).astype(np.uint8),
    ), rounds.open[stays]


def _lenders(
    rounds: Rounds, own: Names, said: Names, compatible: Compatible, keys: Keys, places: Places, salt: Salt
) -> tuple[Places, NDArray[np.uint8]]:
    """A round for each place whose options it may take, -1 where there is none, and the column of its answer there.

    Drawing a round evenly is drawing its list by how often it occurs. Rounds are sorted by id and the draw looks for
    the next id, so that one round more moves few of the others' borrowers.
    """
    found, spots = np.full(len(places), -1, np.int32), np.zeros(len(places), np.uint8)
    members = rounds.members
    wanted = np.zeros(int(said.max(initial=0)) + 1, np.bool_)
    wanted[said[own[places]]] = True
    # only rounds that hold an answer in want, mostly that of one large class
    row, column = np.nonzero((members >= 0) & wanted[said[own[members]]])
    of_answer = said[own[members[row, column]]]
    by_answer = np.argsort(of_answer, kind="stable")
    row, column, of_answer = row[by_answer], column[by_answer], of_answer[by_answer]
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
        rows, columns = rows[fits], columns[fits]
        if len(rows):
            chosen = np.searchsorted(rounds.ids[rows], drawn[some]) % len(rows)
            found[some], spots[some] = rows[chosen], columns[chosen]
    return found, spots
