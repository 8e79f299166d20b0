"""What has to be compared across records, kept as numbers so that a million of them fit.

A record becomes a few 64-bit hashes (of this process: they are never stored). Equal hashes of different texts are
possible once in billions of pairs; what is found is named by file and line, so that it can be looked at.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import Factory, define, frozen

from medmat_core.audit.place import PARTS
from medmat_core.model import ASKS, Record

_MASK: Final = 0xFFFFFFFFFFFFFFFF

Numbers = npt.NDArray[Any]


@frozen
class Told:
    """A fault of a row: its name, a sentence, and the row (an index into the columns)."""

    name: str
    sentence: str
    row: int


def hashed(value: Any) -> int:
    """64 bits of a text or a tuple of texts; never 0."""
    return hash(value) & _MASK or 1


@define(eq=False)
class Seen:
    """The records of one data set, a row each in the order read.

    ``parts`` is a place in PARTS, ``lines`` the line of the part's file. ``groups`` and ``rounds`` are 0 where there
    is none; ``texts`` is equal where question, list, order and class are; ``lists`` where the options are, in any
    order; ``slots`` is the right option, -1 of an open record. ``says`` numbers the captions of label questions (0 for
    other asks) in ``captions``.
    """

    parts: array[int] = Factory(lambda: array("B"))
    lines: array[int] = Factory(lambda: array("I"))
    images: array[int] = Factory(lambda: array("Q"))
    groups: array[int] = Factory(lambda: array("Q"))
    keys: array[int] = Factory(lambda: array("Q"))
    asks: array[int] = Factory(lambda: array("B"))
    rounds: array[int] = Factory(lambda: array("Q"))
    texts: array[int] = Factory(lambda: array("Q"))
    lists: array[int] = Factory(lambda: array("Q"))
    slots: array[int] = Factory(lambda: array("b"))
    sizes: array[int] = Factory(lambda: array("B"))
    templates: array[int] = Factory(lambda: array("b"))
    says: array[int] = Factory(lambda: array("I"))
    captions: list[tuple[str, ...]] = Factory(lambda: [()])
    counted: Counter[tuple[int, str]] = Factory(Counter)
    """Records by part and answer (labels, presence) or class, as the manifest counts them."""
    _number: dict[tuple[str, ...], int] = Factory(lambda: {(): 0})

    def add(self, record: Record, part: int, line: int) -> None:
        """One more record."""
        label, ask = record.ask == "label", ASKS.index(record.ask)
        what = () if label or record.ask == "structure" else record.captions
        self.parts.append(part)
        self.lines.append(line)
        self.images.append(hashed(record.image))
        self.groups.append(hashed(record.group) if record.group else 0)
        self.keys.append(hashed(record.key))
        self.asks.append(ask)
        self.rounds.append(hashed(record.round) if record.round else 0)
        self.texts.append(hashed((ask, what, record.question, record.options, record.template)))
        self.lists.append(hashed((ask, frozenset(record.options))))
        # out of range is told of the record itself; here it must only fit its column
        self.slots.append(max(-1, min(record.answer_index, 127)))
        self.sizes.append(min(len(record.options), 255))
        self.templates.append(record.template if 0 <= record.template <= 5 else -1)
        says = 0
        if label:
            says = self._number.get(record.captions, -1)
            if says < 0:
                says = self._number[record.captions] = len(self.captions)
                self.captions.append(record.captions)
        self.says.append(says)
        said = record.answer if label or record.ask == "presence" else (record.captions or ("",))[0]
        self.counted[part, said] += 1

    def __len__(self) -> int:
        return len(self.parts)

    def column(self, name: str) -> Numbers:
        """A column as a numpy array, without copying."""
        values = getattr(self, name)
        return np.frombuffer(values, dtype=values.typecode)

    def pictures(self) -> int:
        """Distinct pictures."""
        return len(np.unique(self.column("images")))


def runs(values: Numbers) -> Iterator[npt.NDArray[np.intp]]:
    """Rows of every value other than 0 that occurs more than once, each set in the order of rows."""
    if len(values) < 2:
        return
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    ends = np.concatenate((starts[1:], [len(ordered)]))
    several = (ends - starts > 1) & (ordered[starts] != 0)
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        yield order[start:end]


def across(values: Numbers, parts: Numbers) -> Iterator[tuple[int, int]]:
    """(row in the weaker part, row in the stronger) for every value other than 0 that is in two parts."""
    known = np.flatnonzero(values != 0)
    order = known[np.lexsort((known, parts[known], values[known]))]
    ordered, sides = values[order], parts[order]
    changes = np.flatnonzero((ordered[1:] == ordered[:-1]) & (sides[1:] != sides[:-1]))
    for place in changes.tolist():
        yield int(order[place]), int(order[place + 1])


def round_faults(seen: Seen) -> Iterator[Told]:
    """The identity: the pictures of a round are asked the same question with the same list in the same order, they are
    as many as the options, and each option is the right answer of exactly one of them."""
    rounds, parts, slots, sizes = (seen.column(name) for name in ("rounds", "parts", "slots", "sizes"))
    rows = np.flatnonzero((rounds != 0) & (slots >= 0))
    order = rows[np.lexsort((rows, parts[rows], rounds[rows]))]
    if not len(order):
        return
    new = (np.diff(rounds[order]) != 0) | (np.diff(parts[order].astype(int)) != 0)
    starts = np.concatenate(([0], np.flatnonzero(new) + 1))
    counts = np.diff(np.concatenate((starts, [len(order)])))
    first = np.repeat(order[starts], counts)
    texts, images = seen.column("texts"), seen.column("images")
    odd_size = counts != sizes[order[starts]]
    odd_text = np.logical_or.reduceat(texts[order] != texts[first], starts)
    bits = np.left_shift(np.uint64(1), slots[order].astype(np.uint64) & np.uint64(63))
    odd_answer = np.bitwise_or.reduceat(bits, starts) != np.left_shift(np.uint64(1), counts.astype(np.uint64)) - 1
    for number in np.flatnonzero(odd_size | odd_text | odd_answer).tolist():
        members = order[starts[number] : starts[number] + counts[number]]
        row, size = int(members[0]), int(sizes[members[0]])
        lines = ", ".join(str(seen.lines[int(member)]) for member in members[:6])
        if odd_text[number]:
            usual = Counter(texts[members].tolist()).most_common(1)[0][0]
            odd = int(next(member for member in members if texts[member] != usual))
            yield Told("round_question", f"its round (lines {lines}) is not asked one question with one list", odd)
        elif odd_size[number]:
            yield Told("round_size", f"its round (lines {lines}) has {len(members)} pictures and {size} options", row)
        else:
            yield Told("round_answer", f"in its round (lines {lines}) an option is right of none, or twice", row)
    # a picture stands at most once in a round
    pairs = order[np.lexsort((images[order], parts[order], rounds[order]))]
    same = (np.diff(rounds[pairs]) == 0) & (np.diff(images[pairs]) == 0) & (np.diff(parts[pairs].astype(int)) == 0)
    for place in np.flatnonzero(same).tolist():
        yield Told("round_size", "its picture stands twice in its round", int(pairs[place + 1]))


def surplus_faults(seen: Seen, label_rounds: bool) -> Iterator[Told]:
    """Options without a round: of labels alone, and borrowed from a round of the same part."""
    rounds, parts, sizes, lists = (seen.column(name) for name in ("rounds", "parts", "sizes", "lists"))
    label = seen.column("asks") == ASKS.index("label")
    closed = (sizes > 0) & (rounds == 0)
    for row in np.flatnonzero(closed & ~label).tolist():
        yield Told("round_missing", f"{ASKS[seen.asks[row]]} is asked with options but in no round", row)
    if not label_rounds:
        inside = np.flatnonzero(label & (rounds != 0))
        if len(inside):
            yield Told("round_id", "a label question names a round, in a build without label rounds", int(inside[0]))
        asked = np.flatnonzero(closed & label)
        if len(asked):
            usual = np.bincount(sizes[asked]).argmax()
            for row in asked[sizes[asked] != usual].tolist():
                yield Told("options_size", f"it has {seen.sizes[row]} options, others of its data set {usual}", row)
        return
    for part in np.unique(parts).tolist():
        mine = label & (parts == part)
        known = lists[mine & (rounds != 0)]
        for row in np.flatnonzero(mine & closed & ~np.isin(lists, known)).tolist():
            yield Told("surplus_list", "its options are those of no round of its part", row)


def repeat_faults(seen: Seen) -> Iterator[Told]:
    """Questions asked twice, and keys that two records have."""
    for rows in runs(seen.column("keys")):
        first = int(rows[0])
        for row in map(int, rows[1:]):
            where = f"line {seen.lines[first]} of {PARTS[seen.parts[first]]}"
            yield Told("duplicate_record", f"it has the key of {where}", row)
    label = np.where(seen.column("says") != 0, seen.column("images"), np.uint64(0))
    for rows in runs(label):
        first = int(rows[0])
        for row in map(int, rows[1:]):
            if seen.parts[row] == seen.parts[first]:
                yield Told("duplicate_record", f"its picture is asked about in line {seen.lines[first]} as well", row)


def part_faults(seen: Seen) -> Iterator[Told]:
    """Pictures and groups in two parts."""
    parts = seen.column("parts")
    for name, what, column in (("picture_leak", "picture", "images"), ("group_leak", "group", "groups")):
        for weak, strong in across(seen.column(column), parts):
            where = f"line {seen.lines[strong]} of {PARTS[seen.parts[strong]]}"
            yield Told(name, f"its {what} is also in {where}", weak)


def shares_of(seen: Seen) -> dict[str, dict[str, int]]:
    """Records of every ask in rounds of four, three and two, in surplus and open."""
    asks, rounds, sizes = (seen.column(name) for name in ("asks", "rounds", "sizes"))
    found = {}
    for number in np.unique(asks).tolist():
        mine = asks == number
        inside = mine & (rounds != 0)
        found[ASKS[number]] = {
            **{f"rounds_of_{size}": int(np.count_nonzero(inside & (sizes == size))) for size in (4, 3, 2)},
            "surplus": int(np.count_nonzero(mine & (rounds == 0) & (sizes > 0))),
            "open": int(np.count_nonzero(mine & (sizes == 0))),
        }
    return found


def instruction_counts(seen: Seen) -> dict[str, Sequence[int]]:
    """How often each of the six instructions was drawn, by ask: once a round, or once a record with borrowed options.

    Open records do not count: an instruction that speaks of options is none for them.
    """
    asks, rounds, templates, sizes = (seen.column(name) for name in ("asks", "rounds", "templates", "sizes"))
    draws = np.where(rounds != 0, rounds, np.arange(len(rounds), dtype=np.uint64))
    _, first = np.unique(draws, return_index=True)
    found = {}
    for number in np.unique(asks).tolist():
        drawn = templates[first[(asks[first] == number) & (templates[first] >= 0) & (sizes[first] > 0)]]
        found[ASKS[number]] = np.bincount(drawn, minlength=6).tolist()
    return found
