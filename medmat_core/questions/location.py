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
    for part, name, caption, own in view.by_class(regions.cells != NO_CELL):
        lies = regions.cells[own].astype(np.int64) << 9 | regions.touched[own]
        kinds, classes = np.unique(lies, return_inverse=True)
        cells, touched = kinds >> 9, kinds & 511
        # another cell, in which hardly anything of the other's region lies, both ways round
        clear = (touched[None, :] >> cells[:, None] & 1) == 0
        rounds = label_rounds(
            view.record_keys(regions.owners[own], "location", caption), classes.astype(np.int32), clear & clear.T,
            view.salt(part, "location", caption), surplus=False,
        )  # fmt: skip
        answers, wording = (
            [CELLS[cell] for cell in cells.tolist()],
            view.wording("location", caption=in_sentence(caption)),
        )
        spread(sheet, view, "location", rounds, regions.owners[own], answers, classes, name, wording)
