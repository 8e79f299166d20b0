"""Box questions: which boxes fit best around all regions of one class?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from medmat_core.questions.asked import Sheet
from medmat_core.questions.spread import spread
from medmat_core.questions.view import View
from medmat_core.regions.box_words import RELATIVE, box_text, steps_of
from medmat_core.regions.words import LISTED
from medmat_core.rounds import box_rounds
from medmat_core.subsets import OPEN_BOX, convention_clause, count_clause, in_sentence

_HULL = LISTED + 1


def ask_boxes(view: View, sheet: Sheet) -> None:
    """Put the box questions of every class and part on the sheet.

    Pictures meet only where they have as many boxes of the class; of more than four, the one box around all counts,
    and such pictures meet one another alone, since their instruction says so.
    """
    regions = view.regions
    assert regions is not None
    for part, name, caption, every in view.by_class():
        own = every[~_repeated(regions.owners[every], regions.boxes[every])]
        places, first, counts = np.unique(regions.owners[own], return_index=True, return_counts=True)
        for listed in range(1, _HULL + 1):
            some = np.flatnonzero(counts == listed if listed < _HULL else counts > LISTED)
            if len(some):
                boxes = _boxes(regions.boxes, own, first[some], counts[some], listed)
                _ask(view, sheet, part, name, caption, places[some], boxes, listed)


def _repeated(owners: npt.NDArray[np.int64], boxes: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Where a region has the box of the one before it: interlocking regions of one class are told by one box."""
    found = np.zeros(len(owners), bool)
    found[1:] = (owners[1:] == owners[:-1]) & (boxes[1:] == boxes[:-1]).all(axis=1)
    return found


def _boxes(
    every: npt.NDArray[np.int32],
    own: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    listed: int,
) -> npt.NDArray[np.int32]:
    """(pictures, boxes, 4): the boxes that the answers list, in the order of the regions."""
    if listed < _HULL:
        return np.asarray(every[own[first[:, None] + np.arange(listed)]])
    hulls = np.empty((len(first), 1, 4), np.int32)
    for row, (start, count) in enumerate(zip(first.tolist(), counts.tolist(), strict=True)):
        boxes = every[own[start : start + count]]
        hulls[row, 0, :2], hulls[row, 0, 2:] = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    return hulls


def _ask(
    view: View,
    sheet: Sheet,
    part: int,
    name: int,
    caption: str,
    places: npt.NDArray[np.int64],
    boxes: npt.NDArray[np.int32],
    listed: int,
) -> None:
    sizes = np.stack([view.widths[places], view.heights[places]], 1).astype(np.int64)
    printed = steps_of(boxes, sizes, view.box_format)
    salt = view.salt(part, "box", caption, listed)
    alike = None if view.box_format in RELATIVE else sizes
    rounds = box_rounds(view.record_keys(places, "box", caption), printed, salt, sizes=alike)
    named = in_sentence(caption)
    texts = [
        box_text(some, (width, height), view.box_format, named)
        for some, (width, height) in zip(boxes.tolist(), sizes.tolist(), strict=True)
    ]
    filled = {
        "caption": named, "count": count_clause(listed), "convention": convention_clause(view.box_format),
    }  # fmt: skip
    unchosen = [text.format(modality=view.card.modality_shown, **filled) for text in OPEN_BOX]
    spread(
        sheet, view, "box", rounds, places, texts, np.arange(len(texts)), name, view.wording("box", **filled),
        leftovers_open=True, open_wording=lambda template, _: unchosen[template],
    )  # fmt: skip
