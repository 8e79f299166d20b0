"""Presence questions: is there any region of a class? As many pictures with it as without, class by class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from medmat_core.questions.asked import Sheet
from medmat_core.questions.spread import spread
from medmat_core.questions.view import View
from medmat_core.rounds import presence_rounds
from medmat_core.subsets import in_sentence


def ask_presences(view: View, sheet: Sheet) -> None:
    """Put the presence questions of every class and part on the sheet; a picture beyond the balance is not asked."""
    there, unknown = _there(view)
    clash = view.pools.clashing()
    for part in view.asked_parts:
        places = np.flatnonzero(view.parts == part)
        empty: npt.NDArray[np.bool_] = np.asarray(~(there[places] | unknown[places]).any(axis=1))
        for name, caption in enumerate(view.card.captions):
            if not view.askable[name]:
                continue
            shown = there[places, name]
            # a class that has no region of its own may be there all the same, as part of another
            absent = ~shown & ~unknown[places, name] & ~(there[places] & clash[name]).any(1)
            some = np.flatnonzero(shown | absent)
            if not shown.any() or not absent.any():
                continue
            keys, salt = view.record_keys(places[some], "presence", caption), view.salt(part, "presence", caption)
            rounds = presence_rounds(keys, shown[some], empty[some], salt)
            spread(
                sheet, view, "presence", rounds, places[some], [f"No {in_sentence(caption)}", caption],
                shown[some].astype(np.int64), name, view.wording("presence", caption=in_sentence(caption)),
            )  # fmt: skip


def _there(view: View) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(pictures, classes): where a class has a region, and where nobody can tell."""
    regions = view.regions
    assert regions is not None
    there = np.zeros((len(view.parts), len(view.card.captions)), bool)
    there[regions.owners, regions.classes] = True
    unknown = np.zeros_like(there)
    for place, classes in regions.unsure.items():
        unknown[place, list(classes)] = True
    return there, unknown & ~there
