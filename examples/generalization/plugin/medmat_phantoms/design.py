"""Which combinations of modality, area and task there are: one target, six that share one element, four that none."""

from __future__ import annotations

from typing import Final, NamedTuple


class Combination(NamedTuple):
    """A subset of the example: its number, and what its pictures show and are asked."""

    subset: int
    modality: str
    area: str
    task: str

    @property
    def slug(self) -> str:
        return f"{self.modality}-{self.area}-{self.task}"


TARGET: Final = Combination(1000, "hazy", "disc", "form")

COMBINATIONS: Final = (
    TARGET,
    # each shares one element with the target, so that no element is met twice together
    Combination(1001, "hazy", "box", "place"),
    Combination(1002, "hazy", "wedge", "count"),
    Combination(1003, "striped", "disc", "count"),
    Combination(1004, "grainy", "disc", "place"),
    Combination(1005, "striped", "wedge", "form"),
    Combination(1006, "grainy", "box", "form"),
    # these share none
    Combination(1007, "striped", "box", "place"),
    Combination(1008, "striped", "wedge", "count"),
    Combination(1009, "grainy", "box", "count"),
    Combination(1010, "grainy", "wedge", "place"),
)

LABELS: Final = {
    "form": ("cross", "ring", "bar", "dot"),
    "place": ("north-west", "north-east", "south-west", "south-east"),
    "count": ("one", "two", "three", "four"),
}
"""Codes (folder names) by task, in card order."""

ASKED: Final = {
    "form": "What form has the mark in",
    "place": "In which corner lies the mark of",
    "count": "How many marks are there in",
}
