"""Location questions: in which cell of the 3 x 3 grid does the one region of a class lie?"""

from __future__ import annotations

import numpy as np

from medmat_core.questions.asked import Sheet
from medmat_core.questions.spread import spread
from medmat_core.questions.view import View
from medmat_core.regions.words import CELLS, NO_CELL
from medmat_core.rounds import label_rounds
from medmat_core.subsets import in_sentence


def ask_locations(view: View, sheet: Sheet) -> None:
    """Put the location questions of every class and part on the sheet; without a round nothing is asked."""
    regions = view.regions
    assert regions is not None
    told = regions.cells != NO_CELL
    for part in view.asked_parts:
        mine = (view.region_parts == part) & told
        for name, caption in enumerate(view.card.captions):
            own = np.flatnonzero(mine & (regions.classes == name))
            if name in view.never or not len(own):
                continue
            lies = regions.cells[own].astype(np.int64) << 9 | regions.touched[own]
            kinds, classes = np.unique(lies, return_inverse=True)
            cells, touched = kinds >> 9, kinds & 511
            # another cell, in which hardly anything of the other's region lies, both ways round
            clear = (touched[None, :] >> cells[:, None] & 1) == 0
            words = [view.instruction("location", template, caption=in_sentence(caption)) for template in range(6)]
            rounds = label_rounds(
                view.record_keys(regions.owners[own], "location", caption), classes.astype(np.int32), clear & clear.T,
                view.salt(part, "location", caption), surplus=False,
            )  # fmt: skip
            spread(
                sheet, view, "location", rounds, regions.owners[own], [CELLS[cell] for cell in cells.tolist()],
                classes, name, lambda template, _, words=words: words[template],  # type: ignore[misc]
            )  # fmt: skip
