"""Structure questions: which class lies in the box that the round names?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from medmat_core.questions.asked import Sheet
from medmat_core.questions.spread import spread
from medmat_core.questions.view import View
from medmat_core.regions.box_words import RELATIVE, steps_of, steps_text
from medmat_core.rounds import Regions, structure_rounds
from medmat_core.subsets import convention_clause


def ask_structures(view: View, sheet: Sheet) -> None:
    """Put the structure questions of every part on the sheet; without a round nothing is asked."""
    regions = view.regions
    assert regions is not None
    captions = view.card.captions
    opposing = view.pools.opposing()
    opposing &= opposing.T
    sizes = np.stack([view.widths, view.heights], 1).astype(np.int64)
    steps = steps_of(regions.boxes[:, None], sizes[regions.owners], view.box_format)[:, 0]
    for part in view.asked_parts:
        own = np.flatnonzero(view.region_parts == part)
        if not len(own):
            continue
        largest = _largest(regions.owners[own], regions.classes[own], regions.areas[own], regions.boxes[own])
        bring = own[largest]
        bring = bring[view.askable[regions.classes[bring]]]
        if not len(bring):
            continue
        classes = regions.classes[bring].astype(np.int64)
        unsure = [
            (place, name) for place, names in regions.unsure.items() if view.parts[place] == part for name in names
        ]
        marked = Regions(
            pictures=regions.owners[own], classes=regions.classes[own].astype(np.int64), boxes=steps[own],
            unsure=np.array(unsure, np.int64).reshape(-1, 2),
        )  # fmt: skip
        keys = np.empty(len(bring), np.uint64)
        for name in np.unique(classes).tolist():
            some = classes == name
            keys[some] = view.record_keys(regions.owners[bring[some]], "structure", captions[name])
        rounds = structure_rounds(
            keys, regions.owners[bring], classes, steps[bring], marked, opposing,
            view.salt(part, "structure"),
            sizes=None if view.box_format in RELATIVE else sizes[regions.owners[bring]],
        )  # fmt: skip
        texts = [steps_text(box, view.box_format) for box in rounds.boxes.tolist()]

        def wording(template: int, which: int, texts: list[str] = texts) -> str:
            convention = convention_clause(view.box_format)
            return view.instruction("structure", template, box=texts[which], convention=convention)

        spread(
            sheet, view, "structure", rounds, regions.owners[bring], captions, classes, classes, wording,
            worded_by_round=True,
        )  # fmt: skip


def _largest(
    owners: npt.NDArray[np.int64],
    classes: npt.NDArray[np.uint16],
    areas: npt.NDArray[np.float64],
    boxes: npt.NDArray[np.int32],
) -> npt.NDArray[np.int64]:
    """The place of the largest region of every class in every picture; of equal ones that with the last box."""
    order = np.lexsort((boxes[:, 3], boxes[:, 2], boxes[:, 1], boxes[:, 0], areas, classes, owners))
    last = np.ones(len(order), bool)
    last[:-1] = (np.diff(owners[order]) != 0) | (np.diff(classes[order].astype(np.int64)) != 0)
    return order[last]
