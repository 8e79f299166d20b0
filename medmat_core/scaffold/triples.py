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

INSTRUCTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "label": (
        "Look at this {area} {modality} and name what it shows.",
        "Which of the choices describes the {area} {modality} best?",
        "What is the most fitting label for this {area} {modality}?",
        "Read the {area} {modality} and pick the finding that it supports.",
        "A colleague asks for your opinion on this {area} {modality}; what do you answer?",
        "Sort this {area} {modality} into the right category.",
    ),
    "box": (
        "Give {count} of the {caption} in this {area} {modality}, {convention}.",
        "Where does the {caption} lie in this {area} {modality}? State {count} {convention}.",
        "Mark the {caption} of the {area} {modality} by {count}, {convention}.",
        "Which answer holds {count} of the {caption} seen on this {area} {modality}, {convention}?",
        "Report {count} for the {caption} in the {area} {modality}; write coordinates {convention}.",
        "Frame the {caption} that this {area} {modality} shows: name {count}, {convention}.",
    ),
    "location": (
        "In which region in the picture is the {caption} of this {area} {modality}?",
        "Say where in the picture the {caption} lies in this {area} {modality}.",
        "Split this {area} {modality} into three rows of three fields: in which field in the picture is the {caption}?",
        "Toward which edge or corner in the picture would you look for the {caption} of the {area} {modality}?",
        "Name the region in the picture that holds the {caption} of this {area} {modality}.",
        "Where in the picture would you point to show the {caption} on this {area} {modality}?",
    ),
    "presence": (
        "Does this {area} {modality} show any {caption}?",
        "Is {caption} visible in this {area} {modality}, or is it not?",
        "Decide whether {caption} can be seen on the {area} {modality}.",
        "Check this {area} {modality} for {caption}; which statement holds?",
        "Which statement about {caption} is true of this {area} {modality}?",
        "A report on this {area} {modality} must mention {caption} if it is there; what should it say?",
    ),
    "structure": (
        "What lies inside the box {box} of this {area} {modality}? The box is given {convention}.",
        "Name the structure within {box} ({convention}) on this {area} {modality}.",
        "The region {box}, written {convention}, is marked in this {area} {modality}; what is it?",
        "Which of the choices fills the box {box} in the {area} {modality}? Coordinates are {convention}.",
        "Identify what the {area} {modality} shows at {box}, {convention}.",
        "Somebody framed {box} ({convention}) in this {area} {modality}. What did they frame?",
    ),
}
"""Six instructions an ask to start a new subset from."""


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
