"""What has to be compared across records, kept as numbers so that a million of them fit.

A record becomes a few 64-bit hashes (of this process: they are never stored). Equal hashes of different texts are
possible once in billions of pairs; what is found is named by file and line, so that it can be looked at.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import Factory, define

from medmat_core.audit.faults import Fault
from medmat_core.audit.place import PARTS
from medmat_core.model import ASKS, Record
from medmat_core.splits.ledger import repeats

_MASK: Final = 0xFFFFFFFFFFFFFFFF
_ROW: Final = np.dtype([
    ("part", "<u1"), ("line", "<u4"), ("image", "<u8"), ("group", "<u8"), ("key", "<u8"), ("ask", "<u1"),
    ("round", "<u8"), ("text", "<u8"), ("list", "<u8"), ("slot", "<i1"), ("size", "<u1"), ("template", "<i1"),
    ("says", "<u8"),
])  # fmt: skip
_PACK: Final = struct.Struct("<BIQQQBQQQbBbQ").pack

Numbers = npt.NDArray[Any]


def hashed(value: Any) -> int:
    """64 bits of a text or a tuple of texts; never 0."""
    return hash(value) & _MASK or 1


@define(eq=False)
class Seen:
    """The records of one data set, a row each in the order read. ``files`` names the file of every part.

    Of a row, ``part`` is a place in PARTS, ``line`` the line of the part's file. ``group`` and ``round`` are 0 where
    there is none; ``text`` is equal where question, list, order and class are; ``list`` where the options are, in any
    order; ``slot`` is the right option, -1 of an open record. ``says`` is equal where the captions of label questions
    are (0 for other asks). ``counted`` are records by part and answer (labels, presence) or class, as the manifest
    counts them."""

    files: Mapping[int, str]
    counted: Counter[tuple[int, str]] = Factory(Counter)
    _packed: bytearray = Factory(bytearray)

    def add(self, record: Record, part: int, line: int) -> None:
        label, ask = record.ask == "label", ASKS.index(record.ask)
        what = () if label or record.ask == "structure" else record.captions
        # what is out of range is told of the record itself; here it must only fit its column
        self._packed += _PACK(
            part, line, hashed(record.image), hashed(record.group) if record.group else 0, hashed(record.key), ask,
            hashed(record.round) if record.round else 0,
            hashed((ask, what, record.question, record.options, record.template)),
            hashed((ask, frozenset(record.options))), max(-1, min(record.answer_index, 127)),
            min(len(record.options), 255), record.template if 0 <= record.template <= 5 else -1,
            hashed(record.captions) if label else 0,
        )  # fmt: skip
        said = record.answer if label or record.ask == "presence" else (record.captions or ("",))[0]
        self.counted[part, said] += 1

    def __len__(self) -> int:
        return len(self._packed) // _ROW.itemsize

    @property
    def rows(self) -> Numbers:
        """All rows as a numpy array with a field a column, without copying; nothing can be added while it is held."""
        return np.frombuffer(self._packed, _ROW)

    def where(self, row: int) -> tuple[str, int]:
        """File and line of a row."""
        found = self.rows[row]
        return self.files[int(found["part"])], int(found["line"])

    def fault(self, row: int, name: str, sentence: str) -> Fault:
        return Fault(name, sentence, *self.where(row))


def across(values: Numbers, parts: Numbers) -> Iterator[tuple[int, int]]:
    """(row in the weaker part, row in the stronger) for every value other than 0 that is in two parts."""
    known = np.flatnonzero(values != 0)
    order = known[np.lexsort((known, parts[known], values[known]))]
    ordered, sides = values[order], parts[order]
    for place in np.flatnonzero((ordered[1:] == ordered[:-1]) & (sides[1:] != sides[:-1])).tolist():
        yield int(order[place]), int(order[place + 1])


def compared(seen: Seen, label_rounds: bool) -> Iterator[Fault]:
    """Everything that shows when the records of a data set stand beside one another. ``label_rounds``: label questions
    have options by rounds."""
    yield from _rounds(seen)
    yield from _surplus(seen, label_rounds)
    yield from _repeats(seen)
    for name, what in (("picture_leak", "image"), ("group_leak", "group")):
        for weak, strong in across(seen.rows[what], seen.rows["part"]):
            told = f"line {seen.rows['line'][strong]} of {PARTS[seen.rows['part'][strong]]}"
            yield seen.fault(weak, name, f"its {name.removesuffix('_leak')} is also in {told}")


def _rounds(seen: Seen) -> Iterator[Fault]:
    """The identity: the pictures of a round are asked the same question with the same list in the same order, they are
    as many as the options, and each option is the right answer of exactly one of them."""
    every = seen.rows
    of_rounds = np.flatnonzero((every["round"] != 0) & (every["slot"] >= 0))
    places = of_rounds[np.lexsort((of_rounds, every["part"][of_rounds], every["round"][of_rounds]))]
    if not len(places):
        return
    rows = every[places]
    starts = np.flatnonzero(np.concatenate(([True], rows[1:][["round", "part"]] != rows[:-1][["round", "part"]])))
    counts = np.diff(np.append(starts, len(rows)))
    odd_size = counts != rows["size"][starts]
    odd_text = np.logical_or.reduceat(rows["text"] != np.repeat(rows["text"][starts], counts), starts)
    bits = np.left_shift(np.uint64(1), rows["slot"].astype(np.uint64) & np.uint64(63))
    odd_answer = np.bitwise_or.reduceat(bits, starts) != np.left_shift(np.uint64(1), counts.astype(np.uint64)) - 1
    for number in np.flatnonzero(odd_size | odd_text | odd_answer).tolist():
        members = slice(starts[number], starts[number] + counts[number])
        texts, row, size = rows["text"][members], int(places[members][0]), int(rows["size"][members][0])
        lines = ", ".join(map(str, rows["line"][members][:6].tolist()))
        if odd_text[number]:
            usual = Counter(texts.tolist()).most_common(1)[0][0]
            row = int(places[members][np.flatnonzero(texts != usual)[0]])
            name, told = "round_question", "is not asked one question with one list"
        elif odd_size[number]:
            name, told = "round_size", f"has {len(texts)} pictures and {size} options"
        else:
            name, told = "round_answer", "has an option that is right of none, or twice"
        yield seen.fault(row, name, f"its round (lines {lines}) {told}")
    pairs = places[np.lexsort((rows["image"], rows["part"], rows["round"]))]
    same = every[pairs[1:]][["round", "part", "image"]] == every[pairs[:-1]][["round", "part", "image"]]
    for place in np.flatnonzero(same).tolist():
        yield seen.fault(int(pairs[place + 1]), "round_size", "its picture stands twice in its round")


def _surplus(seen: Seen, label_rounds: bool) -> Iterator[Fault]:
    """Options without a round: of labels alone, and borrowed from a round of the same part."""
    rows = seen.rows
    label, inside = rows["ask"] == ASKS.index("label"), rows["round"] != 0
    closed = (rows["size"] > 0) & ~inside
    for row in np.flatnonzero(closed & ~label).tolist():
        yield seen.fault(row, "round_missing", f"{ASKS[rows['ask'][row]]} is asked with options but in no round")
    if label_rounds:
        for part in range(len(PARTS)):
            mine = label & (rows["part"] == part)
            for row in np.flatnonzero(mine & closed & ~np.isin(rows["list"], rows["list"][mine & inside])).tolist():
                yield seen.fault(row, "surplus_list", "its options are those of no round of its part")
        return
    for row in np.flatnonzero(label & inside)[:1].tolist():
        yield seen.fault(row, "round_id", "a label question names a round, in a build without label rounds")
    asked = np.flatnonzero(closed & label)
    usual = np.bincount(rows["size"][asked]).argmax() if len(asked) else 0
    for row in asked[rows["size"][asked] != usual].tolist():
        yield seen.fault(row, "options_size", f"it has {rows['size'][row]} options, others of its data set {usual}")


def _repeats(seen: Seen) -> Iterator[Fault]:
    rows = seen.rows
    for first, *others in repeats(rows["key"]):
        told = f"it has the key of line {rows['line'][first]} of {PARTS[rows['part'][first]]}"
        yield from (seen.fault(row, "duplicate_record", told) for row in others)
    for first, *others in repeats(np.where(rows["says"] != 0, rows["image"], np.uint64(0))):
        told = f"its picture is asked about in line {rows['line'][first]} as well"
        twice = (row for row in others if rows["part"][row] == rows["part"][first])
        yield from (seen.fault(row, "duplicate_record", told) for row in twice)


SHARES: Final = ("rounds_of_4", "rounds_of_3", "rounds_of_2", "surplus", "open")


def shares_of(seen: Seen) -> dict[str, dict[str, int]]:
    """Records of every ask by how they stand: :data:`SHARES`."""
    found = {}
    for number in np.unique(seen.rows["ask"]).tolist():
        mine = seen.rows[seen.rows["ask"] == number]
        inside, sizes = mine["round"] != 0, mine["size"]
        stand = (*(inside & (sizes == size) for size in (4, 3, 2)), ~inside & (sizes > 0), sizes == 0)
        found[ASKS[number]] = {name: int(some.sum()) for name, some in zip(SHARES, stand, strict=True)}
    return found
