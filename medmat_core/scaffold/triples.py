"""Modality, area and task: which subset a data set joins, or what a new one needs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen

from medmat_core.errors import UsageError
from medmat_core.subsets import load_subset, subset_index
from medmat_core.tree import fold

SHOWN: Final[Mapping[str, str]] = {
    "Co": "colposcopy image",
    "CT": "CT scan",
    "Der": "skin photograph",
    "DP": "dental photograph",
    "End": "endoscopy image",
    "FP": "fundus photograph",
    "Mic": "microscopy image",
    "MRI": "MRI scan",
    "OCT": "OCT scan",
    "US": "ultrasound image",
    "Ultrasound": "ultrasound image",
    "X-Ray": "X-ray image",
}
"""Med-MAT's modalities, and what a question calls a picture of each."""

NEW: Final = 1000
"""Numbers of subsets from here up are free for plugins."""
_NUMBERS: Final = 9000


@frozen
class Place:
    """Where a data set goes: the subset's number and words, and whether the plugin has to define it."""

    no: int
    modality: str
    area: str
    task: str
    asks: tuple[str, ...]
    new: bool


def place(modality: str, area: str, task: str, asks: tuple[str, ...], taken: Collection[int] = ()) -> Place:
    """The subset of this triple: Med-MAT's own where there is one (compared case folded), else a new number.

    ``asks`` are those that suit the data set; an existing subset narrows them to what it has instructions for, and
    :class:`UsageError` says so where none is left. ``taken`` are numbers of subsets that other plugins define. A new
    number follows from the triple, so that two plugins hardly ever choose the same.
    """
    wanted = (fold(modality), fold(area), fold(task))
    for entry in subset_index().values():
        if (fold(entry.modality), fold(entry.area), fold(entry.task)) == wanted:
            known = load_subset(entry.no).instructions
            kept = tuple(ask for ask in asks if ask in known)
            if not kept:
                raise UsageError(
                    f"subset {entry.no} ({entry.modality}, {entry.area}, {entry.task}) asks about {', '.join(known)} "
                    f"and not about {', '.join(asks)}; give another --task, which makes a subset of its own"
                )
            return Place(entry.no, entry.modality, entry.area, entry.task, kept, new=False)
    digest = hashlib.sha256("\0".join(wanted).encode()).digest()
    no = NEW + int.from_bytes(digest[:4], "big") % _NUMBERS
    while no in taken:
        no = NEW + (no - NEW + 1) % _NUMBERS
    modality = next((code for code in SHOWN if fold(code) == wanted[0]), modality)
    return Place(no, modality, area, task, asks, new=True)


def same_modality(modality: str) -> list[str]:
    """The triples of Med-MAT that have this modality, a line each, for somebody who has to choose one."""
    return [
        f"{entry.no:2d}  {entry.modality} / {entry.area} / {entry.task}"
        for entry in subset_index().values()
        if fold(entry.modality) == fold(modality)
    ]
