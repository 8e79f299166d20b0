"""Coverage questions: how much of the picture does a class cover?"""

from __future__ import annotations

import numpy as np

from medmat_core.questions.asked import Sheet
from medmat_core.questions.spread import spread
from medmat_core.questions.view import View
from medmat_core.regions.words import coverage_text, parse_coverage
from medmat_core.rounds import coverage_rounds
from medmat_core.subsets import in_sentence


def ask_coverages(view: View, sheet: Sheet) -> None:
    """Put the coverage questions of every class and part on the sheet; without a round nothing is asked."""
    regions = view.regions
    assert regions is not None
    for part, name, caption, own in view.by_class():
        places, where = np.unique(regions.owners[own], return_inverse=True)
        areas = np.bincount(where, regions.areas[own])
        percent = 100 * areas / (view.widths[places].astype(float) * view.heights[places])
        texts = [coverage_text(value) for value in percent.tolist()]
        shown = np.array([parse_coverage(text) for text in texts])
        keys, salt = view.record_keys(places, "coverage", caption), view.salt(part, "coverage", caption)
        rounds = coverage_rounds(keys, percent, shown, salt)
        wording = view.wording("coverage", caption=in_sentence(caption))
        spread(sheet, view, "coverage", rounds, places, texts, np.arange(len(texts)), name, wording)
