"""The one question generator that all data sets share: one module an ask, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from medmat_core.questions.asked import Sheet
from medmat_core.questions.box import ask_boxes
from medmat_core.questions.coverage import ask_coverages
from medmat_core.questions.labels import ask_labels
from medmat_core.questions.location import ask_locations
from medmat_core.questions.presence import ask_presences
from medmat_core.questions.structure import ask_structures
from medmat_core.questions.subset_rule import ask_labels_as_published, ask_labels_by_subset
from medmat_core.questions.view import View

Asking = Callable[[View, Sheet], None]
"""Puts the questions of one ask about one data set on the sheet, part by part."""

BY_ROUNDS: Final[Mapping[str, Asking]] = {
    "label": ask_labels,
    "box": ask_boxes,
    "location": ask_locations,
    "coverage": ask_coverages,
    "presence": ask_presences,
    "structure": ask_structures,
}
"""Ask -> what asks it, in the order in which the records of a picture are written."""

BY_SUBSET: Final[Mapping[str, Asking]] = {**BY_ROUNDS, "label": ask_labels_by_subset}
"""The same with ``--distractors subset``."""

AS_PUBLISHED: Final[Mapping[str, Asking]] = {**BY_ROUNDS, "label": ask_labels_as_published}
"""The same with ``--as-published``."""


def ask_all(view: View, table: Mapping[str, Asking] = BY_ROUNDS) -> Sheet:
    """Every question about one data set."""
    sheet = Sheet()
    for ask in view.asks:
        table[ask](view, sheet)
    return sheet


__all__ = ["AS_PUBLISHED", "BY_ROUNDS", "BY_SUBSET", "Asking", "Sheet", "View", "ask_all"]
