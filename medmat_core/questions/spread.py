"""From rounds of pictures to columns of questions: one loop for all asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from medmat_core.model import ASKS
from medmat_core.questions.asked import OPEN, Shares, Sheet
from medmat_core.questions.view import View
from medmat_core.rounds import Rounds, Salt
from medmat_core.rounds.hashing import below

Places = npt.NDArray[np.int64]
Wording = Callable[[int, int], str]
"""The text of a question by (template, place of the round or of the picture that has none)."""


def spread(
    sheet: Sheet,
    view: View,
    ask: str,
    rounds: Rounds,
    places: Places,
    answers: Sequence[str],
    numbers: npt.NDArray[np.int64],
    classes: npt.NDArray[np.int64] | int,
    wording: Wording,
    *,
    worded_by_round: bool = False,
    leftovers_open: bool = False,
    open_wording: Wording | None = None,
) -> None:
    """Put rounds, surplus and what is left open on the sheet.

    ``places`` are the pictures of the inputs that ``rounds`` counts, ``numbers`` point into ``answers`` for each of
    them, ``classes`` is the class of each (or of all). ``wording`` makes the question of a template; with
    ``worded_by_round`` it differs from round to round. ``leftovers_open``: what found no round is an open record, where
    surplus is kept at all; else it is not asked. ``open_wording`` is what such a question says, where that differs.
    """
    answer_ids = np.array([sheet.answers.number(text) for text in answers] or [0], np.int64)[numbers]
    classes = np.broadcast_to(np.asarray(classes, np.int64), places.shape)
    shares = Shares()
    ask_no = ASKS.index(ask)

    def questions(templates: npt.NDArray[Any], which: Places) -> npt.NDArray[np.int64]:
        if worded_by_round:
            texts = [wording(t, w) for t, w in zip(templates.tolist(), which.tolist(), strict=True)]
            return np.array([sheet.questions.number(text) for text in texts], np.int64)
        table = np.array([sheet.questions.number(wording(t, 0)) for t in range(6)], np.int64)
        return np.asarray(table[templates])

    def options(rows: Places) -> npt.NDArray[np.int64]:
        """Numbers of the option lists whose answers stand in these rows, -1 where a list is shorter."""
        distinct, where = np.unique(rows, axis=0, return_inverse=True)
        texts = sheet.answers.items
        lists = [tuple(texts[number] for number in row if number >= 0) for row in distinct.tolist()]
        return np.array([sheet.options.number(options) for options in lists], np.int64)[where.reshape(-1)]

    members = rounds.members
    if len(members):
        there = members >= 0
        rows = np.where(there, answer_ids[np.where(there, members, 0)], -1)
        which, slots = np.nonzero(there)
        inputs = members[which, slots]
        made = options(rows)
        worded = questions(rounds.templates, np.arange(len(members)))
        sheet.add(
            ask_no, places=places[inputs], classes=classes[inputs], questions=worded[which],
            options=made[which], slots=slots, answers=answer_ids[inputs], rounds=rounds.ids[which],
            templates=rounds.templates[which],
        )  # fmt: skip
        for size in (2, 3, 4):
            shares.rounds[size] += size * int(np.count_nonzero(rounds.sizes == size))
        surplus = rounds.surplus
        if len(surplus) and view.surplus == "keep":
            borrowed = np.take_along_axis(rows[surplus.rounds], surplus.orders.astype(np.int64), axis=1)
            sheet.add(
                ask_no, places=places[surplus.places], classes=classes[surplus.places],
                questions=questions(surplus.templates, surplus.rounds.astype(np.int64)), options=options(borrowed),
                slots=surplus.slots, answers=answer_ids[surplus.places],
                rounds=np.zeros(len(surplus), np.uint64), templates=surplus.templates,
            )  # fmt: skip
            shares.surplus = len(surplus)
    left = rounds.open
    if len(left) and leftovers_open and view.surplus == "keep":
        free = view.open_templates(ask)
        salt = Salt.of(view.seed, "open", ask, *sorted(set(np.atleast_1d(classes).tolist())))
        templates = free[below(salt.hashed(view.keys[places[left]]), len(free))]
        worded = np.array([sheet.questions.number((open_wording or wording)(t, 0)) for t in range(6)], np.int64)
        sheet.add(
            ask_no, places=places[left], classes=classes[left], questions=worded[templates],
            options=np.full(len(left), sheet.none), slots=np.full(len(left), OPEN), answers=answer_ids[left],
            rounds=np.zeros(len(left), np.uint64), templates=templates,
        )  # fmt: skip
        shares.open = len(left)
    else:
        shares.alone = len(left)
    if view.surplus == "drop":
        shares.alone += len(rounds.surplus)
    sheet.share(ask, shares)
