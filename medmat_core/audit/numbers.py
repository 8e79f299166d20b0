"""What has to be compared across records, kept as numbers so that a million of them fit.

A record becomes a few 64-bit hashes (of this process: they are never stored). Equal hashes of different texts are
possible once in billions of pairs; what is found is named by file and id, so that it can be looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import Factory, define

from medmat_core.audit.entries import Entry
from medmat_core.audit.faults import Fault, listed

PARTS: Final = ("train", "test")
_MASK: Final = 0xFFFFFFFFFFFFFFFF

Numbers = npt.NDArray[np.uint64]


def hashed(value: Any) -> int:
    """64 bits of a text or a tuple of texts; never 0."""
    return hash(value) & _MASK or 1


def _column() -> array[int]:
    return array("Q")


@define
class Seen:
    """The records of one data set, or of one subset file, a row each in the order read.

    ``parts`` is 0 for train, 1 for test; ``files`` numbers the file, ``ids`` the record in it. ``groups`` is 0 where
    the format knows none. ``says`` is the set of captions of a label question (0 for other kinds), ``members`` the
    data set that the record names.
    """

    ids: array[int] = Factory(_column)
    images: array[int] = Factory(_column)
    questions: array[int] = Factory(_column)
    keys: array[int] = Factory(_column)
    groups: array[int] = Factory(_column)
    says: array[int] = Factory(_column)
    members: array[int] = Factory(_column)
    parts: bytearray = Factory(bytearray)
    captions: dict[int, tuple[str, ...]] = Factory(dict)
    names: dict[int, str] = Factory(dict)

    def add(self, entry: Entry, part: int, record: int) -> None:
        """One more record; ``record`` is its place in its file, from 1."""
        self.ids.append(record)
        self.images.append(hashed(entry.image))
        label = entry.ask == "label"
        asked = (entry.data_no, entry.image, entry.ask, () if label else entry.captions)
        self.questions.append(hashed(asked))
        self.keys.append(int(entry.key, 16) if entry.key else 0)
        self.groups.append(hashed(entry.group) if entry.group is not None else 0)
        says = hashed(entry.captions) if label else 0
        self.says.append(says)
        if says and says not in self.captions and len(self.captions) < 100_000:
            self.captions[says] = entry.captions
        member = hashed(entry.data_no)
        self.members.append(member)
        self.names.setdefault(member, entry.data_no)
        self.parts.append(part)

    def __len__(self) -> int:
        return len(self.ids)

    def column(self, name: str) -> Numbers:
        """A column as a numpy array, without copying."""
        return np.frombuffer(getattr(self, name), dtype=np.uint64)

    @property
    def sides(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self.parts, dtype=np.uint8)


def runs(values: Numbers) -> Iterator[npt.NDArray[np.intp]]:
    """Rows of every value other than 0 that occurs more than once, each set in the order of rows."""
    if len(values) < 2:
        return
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    ends = np.concatenate((starts[1:], [len(ordered)]))
    for start, end in zip(
        *(edge[(ends - starts > 1) & (ordered[starts] != 0)] for edge in (starts, ends)), strict=True
    ):
        yield order[start:end]


def across(values: Numbers, sides: npt.NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """(row in train, row in test) for every value other than 0 that is on both sides."""
    both = np.intersect1d(values[sides == 0], values[sides == 1])
    both = both[both != 0]
    if not len(both):
        return
    rows = np.flatnonzero(np.isin(values, both))
    first: dict[int, list[int]] = {}
    for row in rows:
        pair = first.setdefault(int(values[row]), [-1, -1])
        if pair[sides[row]] < 0:
            pair[sides[row]] = int(row)
    yield from ((train, test) for train, test in first.values())


def compare(seen: Seen, files: tuple[str, str], apart: Callable[[str, str], bool] | None) -> Iterator[Fault]:
    """Faults between the records of one data set: repeats, leaks, and pictures under excluding labels.

    ``files`` are the names of its train and test file. ``apart`` says whether two labels exclude one another.
    """
    sides = seen.sides

    def where(row: int) -> tuple[str, int]:
        return files[seen.parts[row]], int(seen.ids[row])

    repeated: set[int] = set()
    for rows in runs(seen.column("questions")):
        for row in rows[1:]:
            repeated.add(int(row))
            earlier = next((int(r) for r in rows if r < row and seen.parts[r] == seen.parts[row]), None)
            if earlier is not None:
                yield Fault("duplicate_record", f"asks again what record {seen.ids[earlier]} asks", *where(int(row)))
    for rows in runs(seen.column("keys")):
        for row in rows[1:]:
            if int(row) not in repeated:
                file, record = where(int(rows[0]))
                yield Fault("duplicate_record", f"has the key of record {record} of {file}", *where(int(row)))
    for train, test in across(seen.column("images"), sides):
        yield Fault(
            "picture_leak", f"its picture is also in test: record {seen.ids[test]} of {files[1]}", *where(train)
        )
    for train, test in across(seen.column("groups"), sides):
        yield Fault("group_leak", f"its group is also in test: record {seen.ids[test]} of {files[1]}", *where(train))
    if apart is not None:
        yield from _contradictions(seen, where, apart)


def _contradictions(
    seen: Seen, where: Callable[[int], tuple[str, int]], apart: Callable[[str, str], bool]
) -> Iterator[Fault]:
    labelled = np.where(seen.column("says") != 0, seen.column("images"), np.uint64(0))
    for rows in runs(labelled):
        first = int(rows[0])
        for row in map(int, rows[1:]):
            one, other = seen.captions.get(seen.says[first]), seen.captions.get(seen.says[row])
            if one is None or other is None or not contradict(one, other, apart):
                continue
            there, record = where(first)
            sentence = f"its picture is {listed(one)} in record {record} of {there}, here {listed(other)}"
            yield Fault("contradictory_picture", sentence, *where(row))


def contradict(one: tuple[str, ...], other: tuple[str, ...], apart: Callable[[str, str], bool]) -> bool:
    """Whether one picture cannot have both sets of labels."""
    return any(a != b and apart(a, b) for a in one for b in other if a not in other and b not in one)


def untested(seen: Seen, title: str, captions: Sequence[str]) -> Iterator[Fault]:
    """Notes on labels that several groups of train have and no record of test."""
    says, sides = seen.column("says"), seen.sides
    if not (sides == 1).any():
        return
    groups = np.where(seen.column("groups") != 0, seen.column("groups"), seen.column("images"))
    sets_of: dict[str, list[int]] = {}
    for number, names in seen.captions.items():
        for name in names:
            sets_of.setdefault(name, []).append(number)
    for caption in captions:
        rows = np.isin(says, np.array(sets_of.get(caption, []), np.uint64))
        if (rows & (sides == 1)).any():
            continue
        count = len(np.unique(groups[rows & (sides == 0)]))
        if count > 1:
            yield Fault("class_untested", f"{title}: {caption!r} has {count} groups in train and none in test")
