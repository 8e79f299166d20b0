"""Label questions: what does the data set say of the picture?

The answer that a picture brings is its caption, or all its stated findings. Two pictures may share a round where each
answer is certainly wrong of the other: by the relations between captions where classes exclude one another, and by the
data set's own table where findings stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from medmat_core.questions.asked import Sheet
from medmat_core.questions.pools import Pools
from medmat_core.questions.spread import spread
from medmat_core.questions.view import View
from medmat_core.rounds import label_rounds
from medmat_core.splits import Labels

NOTHING_STATED: Final = "no finding is stated, and the picture is not called normal"


def answer_of(labels: Labels) -> str:
    """All that is stated, in card order."""
    return "; ".join(labels[0])


def ask_labels(view: View, sheet: Sheet) -> None:
    """Put the label questions of every part on the sheet."""
    wording = view.wording("label")
    sets, rank = plain_sets(view.label_sets)
    stated = np.array([bool(labels[0]) for labels in sets], bool)
    compatible = Compatible(view.pools, sets)
    texts = [answer_of(labels) for labels in sets]
    said = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    answers = np.array([said[text] for text in texts], np.int64)
    for part in view.asked_parts:
        places = np.flatnonzero(view.parts == part)
        classes = rank[view.labels[places]]
        silent = ~stated[classes]
        if silent.any():
            sheet.why["no_label"] = NOTHING_STATED
            sheet.unasked.setdefault("no_label", []).extend(places[silent].tolist())
            places, classes = places[~silent], classes[~silent]
        if not len(places):
            continue
        salt = view.salt(part, "label")
        rounds = label_rounds(view.keys[places], classes, compatible, salt, answers=answers)
        spread(sheet, view, "label", rounds, places, texts, classes, 0, wording, leftovers_open=True)


def plain_sets(found: Sequence[Labels]) -> tuple[list[Labels], npt.NDArray[np.int64]]:
    """The sets of labels numbered by what they say, and the new number of each: the order in which an adapter came
    upon them must not matter."""
    order = sorted(range(len(found)), key=found.__getitem__)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return [found[number] for number in order], rank


class Compatible:
    """Which sets of labels may stand in one round, asked of two columns of their numbers, element by element.

    Sets are kept as bits over the card's captions, so that thousands of different sets of findings are compared
    without a matrix of all pairs.
    """

    def __init__(self, pools: Pools, sets: Sequence[Labels]) -> None:
        card = pools.card
        self._several = card.head.kind == "multi-label"
        order = card.order
        opposing = pools.opposing()
        stated = np.zeros((len(sets), len(card.captions)), bool)
        known = np.zeros_like(stated)
        wrong = np.zeros_like(stated)
        for row, (said, uncertain, absent) in enumerate(sets):
            stated[row, [order[name] for name in said]] = True
            known[row] = stated[row]
            known[row, [order[name] for name in uncertain]] = True
            wrong[row] = self._marked_absent(pools, stated[row], known[row], absent) if self._several else True
            # certainly wrong of this picture: opposed to all that is or may be there
            for name in np.flatnonzero(known[row] if self._several else stated[row]).tolist():
                wrong[row] &= opposing[name]
            wrong[row] &= ~known[row]
        self._stated, self._wrong = _packed(stated), _packed(wrong)
        self._implied = _packed((stated.astype(np.int64) @ pools.implying()) > 0) if self._several else self._stated

    def __call__(self, one: npt.NDArray[np.int64], two: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether the sets ``one[i]`` and ``two[i]`` may share a round; no set meets itself."""
        a, b, wrong_a, wrong_b = self._stated[one], self._stated[two], self._wrong[one], self._wrong[two]
        if not self._several:  # every caption of each is certainly wrong of the other
            return np.asarray(~((b & ~wrong_a) | (a & ~wrong_b)).any(-1))
        # each holds a finding that the other's table marks absent, and none says all that the other says
        found = (b & wrong_a).any(-1) & (a & wrong_b).any(-1)
        return np.asarray(found & (b & ~self._implied[one]).any(-1) & (a & ~self._implied[two]).any(-1))

    @staticmethod
    def _marked_absent(
        pools: Pools, stated: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_], absent: Sequence[str]
    ) -> npt.NDArray[np.bool_]:
        """What the data set's own table says is not there."""
        card = pools.card
        out = np.zeros(len(stated), bool)
        out[[card.order[name] for name in absent if name in card.order]] = True
        if card.head.blank_is_absent:
            out |= ~known
        if card.head.normal in card.order:
            normal = card.order[card.head.normal]
            beside = pools.beside_normal()
            if stated[normal]:
                out |= ~beside
            elif (stated & ~beside).any():
                out[normal] = True
        return out & ~known


def _packed(rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    """Rows of booleans as words of 64 bits."""
    width = -(-rows.shape[1] // 64) * 64
    padded = np.zeros((rows.shape[0], width), bool)
    padded[:, : rows.shape[1]] = rows
    return np.packbits(padded, axis=1).view(np.uint64)
