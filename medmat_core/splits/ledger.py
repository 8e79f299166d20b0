"""The numbers that a split is decided from, and the words for what is decided."""

from __future__ import annotations

import hashlib
from array import array
from enum import IntEnum, StrEnum, auto
from typing import Final

import numpy as np
from attrs import Factory, define, field
from numpy.typing import NDArray

Labels = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""(stated, uncertain, absent) captions of one picture."""

Numbers = NDArray[np.uint64]
Places = NDArray[np.intp]


class Part(StrEnum):
    """The part of a split in which a record stands, as files and records name it; weakest first, since what is on
    two sides stays on the stronger one."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"

    @property
    def decision(self) -> Decision:
        """The decision that asks a picture in this part."""
        return _DECISION_OF[self]


class Side(IntEnum):
    """The official part of a picture, as an adapter gave it. A side other than UNSAID is one above its decision."""

    UNSAID = 0
    TRAIN = auto()
    VAL = auto()
    TEST = auto()

    @classmethod
    def named(cls, split: str | None) -> Side:
        """The side of a sample's ``split``: None, "train", "val" or "test"."""
        return cls.UNSAID if split is None else cls[split.upper()]


class Decision(IntEnum):
    """What becomes of a picture. Up to TEST it is asked, in that part, and a higher number is the stronger part;
    everything above is a way out, with a ``reason`` by which the manifest counts it and a ``detail`` for the reader.
    """

    TRAIN = 0
    VAL = auto()
    TEST = auto()
    LEAK = auto()
    CONTRADICTORY = auto()
    TWICE = auto()
    COPY = auto()
    CAPPED = auto()
    NEAR = auto()

    @property
    def part(self) -> Part | None:
        """The part in which the picture is asked; None where it is not asked."""
        return _PART_OF.get(self)

    @property
    def reason(self) -> str:
        """Why the picture is not asked, as problems and manifest name it; "" where it is asked."""
        return _WAYS_OUT[self][0] if self in _WAYS_OUT else ""

    @property
    def detail(self) -> str:
        """The reason in words; "" where the picture is asked."""
        return _WAYS_OUT[self][1] if self in _WAYS_OUT else ""


STRONGER: Final = tuple(Part)[:0:-1]
"""The parts that others leak into, strongest first."""

_DECISION_OF: Final = {part: Decision[part.name] for part in Part}
_PART_OF: Final = {decision: part for part, decision in _DECISION_OF.items()}
_WAYS_OUT: Final = {
    Decision.LEAK: ("split_leak", "its group or an identical picture is in a stronger part; dropped from this one"),
    Decision.CONTRADICTORY: (
        "contradictory_label",
        "the same picture is filed under labels of which not all can be true",
    ),
    Decision.TWICE: ("listed_twice", "the picture was given before"),
    Decision.COPY: ("copy", "another picture of this data set has the same bytes and is asked instead"),
    Decision.CAPPED: ("max_per_label", "its label has as many pictures in this part as --max-per-label allows"),
    Decision.NEAR: ("near_copy", "a near copy of it is in a stronger part; dropped from this one"),
}


def group_hash(seed: int, namespace: str, group: str) -> int:
    """The 64-bit place of a group on the line from test to train: equal for equal (seed, namespace, group)."""
    raw = f"{seed}\0{namespace}\0{group}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(raw).digest()[:8], "big")


@define
class Ledger:
    """What is known of every picture of one data set; a column a fact, a place a picture, in any order.

    ``keys``: picture keys, equal where one path was given twice. ``groups``: :func:`group_hash`, or a hash of (seed,
    key) for a picture that has no group; ``named`` is 1 where it has one. ``marks``: equal for files that may be equal,
    0 where the file was not looked at. ``sides``: :class:`Side`. ``labels``: index into ``label_sets``.
    """

    keys: array[int] = Factory(lambda: array("Q"))
    groups: array[int] = Factory(lambda: array("Q"))
    marks: array[int] = Factory(lambda: array("Q"))
    sides: bytearray = Factory(bytearray)
    named: bytearray = Factory(bytearray)
    labels: array[int] = Factory(lambda: array("I"))
    label_sets: list[Labels] = Factory(list)
    _known: dict[Labels, int] = field(factory=dict, eq=False)

    def __len__(self) -> int:
        return len(self.keys)

    def label_id(self, labels: Labels) -> int:
        """The index of a set of labels, added when new."""
        number = self._known.get(labels)
        if number is None:
            number = self._known[labels] = len(self.label_sets)
            self.label_sets.append(labels)
        return number

    def extend(self, other: Ledger) -> None:
        """Append another part of the data set."""
        self.keys.extend(other.keys)
        self.groups.extend(other.groups)
        self.marks.extend(other.marks)
        self.sides.extend(other.sides)
        self.named.extend(other.named)
        renumbered = [self.label_id(labels) for labels in other.label_sets]
        self.labels.extend(array("I", map(renumbered.__getitem__, other.labels)))

    def classes(self, number: int) -> tuple[str, ...]:
        """What a set of labels counts under: its stated captions; "" where none is stated (a negative)."""
        return self.label_sets[number][0] or ("",)


def repeats(numbers: Numbers) -> list[list[int]]:
    """Places of every number other than 0 that occurs more than once, in the order of the numbers."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(ordered) else order
    lengths = np.diff(np.append(starts, len(ordered)))
    return [
        order[start : start + length].tolist()
        for start, length in zip(starts[lengths > 1].tolist(), lengths[lengths > 1].tolist(), strict=True)
        if ordered[start]
    ]
