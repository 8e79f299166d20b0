"""Structure questions: which class lies in the box that the round names?"""

from __future__ import annotations

import numpy as np

from medmat_core.questions.asked import Sheet
from medmat_core.questions.spread import spread
from medmat_core.questions.view import View
from medmat_core.regions.words import steps_of, steps_text
from medmat_core.rounds import structure_rounds
from medmat_core.subsets import convention_clause


def ask_structures(view: View, sheet: Sheet) -> None:
    """Put the structure questions of every part on the sheet; without a round nothing is asked."""
    regions = view.regions
    assert regions is not None
    card = view.card
    captions = card.captions
    askable = np.array(
        [
            name not in view.never and caption != card.head.normal and view.pools.negated(caption) is None
            for name, caption in enumerate(captions)
        ]
    )
    opposing = view.pools.opposing()
    opposing &= opposing.T
    sizes = np.stack([view.widths, view.heights], 1).astype(np.int64)
    steps = steps_of(regions.boxes[:, None], sizes[regions.owners], view.box_format)[:, 0]
    for part in view.asked_parts:
        own = np.flatnonzero(view.region_parts == part)
        if not len(own):
            continue
        places, owners = np.unique(regions.owners[own], return_inverse=True)
        unsure = {p: regions.unsure[place] for p, place in enumerate(places.tolist()) if place in regions.unsure}
        found = structure_rounds(
            view.keys[places], owners, regions.classes[own].astype(np.int64), steps[own], regions.areas[own],
            opposing & askable[None, :] & askable[:, None], unsure, view.salt(part, "structure"),
            sizes=None if view.box_format in ("unit", "thousand") else sizes[places],
        )  # fmt: skip
        texts = [steps_text(box, view.box_format) for box in found.boxes.tolist()]

        def wording(template: int, which: int, texts: list[str] = texts) -> str:
            convention = convention_clause(view.box_format)
            return view.instruction("structure", template, box=texts[which], convention=convention)

        spread(
            sheet, view, "structure", found.rounds, places[found.pictures], captions, found.classes, found.classes,
            wording, worded_by_round=True,
        )  # fmt: skip
