"""One data set of a build: its files read once, beside one another, and what its records say together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import Factory, define, evolve, field

from medmat_core.audit.blind import Asked
from medmat_core.audit.faults import Fault, Faults, Told
from medmat_core.audit.home import Home, Homes, SubsetOf, Terms
from medmat_core.audit.place import PARTS, File
from medmat_core.audit.record import RecordRules, form_told, place_of
from medmat_core.audit.seen import Seen, compared
from medmat_core.audit.truth import Truth
from medmat_core.card import Card
from medmat_core.choices import KEYS, LETTERS, choice_text, read_values
from medmat_core.model import Record
from medmat_core.records import RecordError, read_lines
from medmat_core.subsets import load_subset


@define(eq=False)
class Unit:
    """A data set. ``records`` and ``choices`` are its files by part, ``asked`` the label questions of every part for
    guessers, ``whole`` whether every line could be read, ``grouped`` whether a record names a group; ``unsure`` counts
    records with an option that may be true, ``tells_all``: no picture is asked nothing."""

    name: str
    home: Home | None
    terms: Terms
    seen: Seen
    records: Mapping[int, File] = field(factory=dict)
    choices: Mapping[int, File] = field(factory=dict)
    truth: Truth | None = None
    asked: dict[int, Asked] = Factory(lambda: {part: Asked() for part in range(len(PARTS))})
    whole: bool = True
    grouped: bool = False
    unsure: int = 0
    tells_all: bool = False
    _rules: RecordRules | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rules = RecordRules(self.home) if self.home is not None else None

    @property
    def subset(self) -> int:
        """The number of its subset, 0 where its card is not at hand."""
        return self.home.card.subset if self.home is not None else 0

    def read(self) -> Iterator[Fault]:
        """Read every file, and judge what it holds."""
        for part, file in self.records.items():
            yield from self._part(part, file)
        for part in self.choices.keys() - self.records.keys():
            yield Fault("missing_file", "its full records are not there", self.choices[part].shown)
        yield from compared(self.seen, self.terms.label_rounds)

    def judge(self, record: Record, part: int, number: int) -> Iterator[Told]:
        """What is wrong with a record by itself; it is remembered for what comes after all are read."""
        yield from form_told(record, PARTS[part])
        if self._rules is not None:
            yield from self._rules.faults(record)
        if self.truth is not None:
            yield from self.truth.faults(record)
        self.seen.add(record, part, number)
        self.grouped = self.grouped or record.group != ""
        if record.ask == "label":
            self.asked[part].add(
                record.options, record.answer_index, record.answer, record.question, record.round or record.key,
                (record.width, record.height), bare=not record.round,
            )  # fmt: skip

    def _part(self, part: int, file: File) -> Iterator[Fault]:
        beside = _Beside(self.choices.get(part))
        before: tuple[str, int, int] = ("", 0, 0)
        number = 0
        try:
            for line in read_lines(file.path):
                number, record = line.number, line.record
                if record is None:
                    self.whole = False
                    yield Fault("keys", line.wrong, file.shown, number)
                    continue
                told = [] if line.in_order else [("key_order", "its keys are not in their order")]
                if record.id != number:
                    told.append(("ids", f"its id is {record.id}, it is line {number} of its file"))
                told.extend(self.judge(record, part, number))
                place = place_of(record, self.home)
                if place < before and not self.terms.as_published:
                    told.append(("order", "it does not stand in the order of pictures, asks and classes"))
                before = place
                if record.options and (wrong := beside.wrong(record)):
                    told.append(("formats_differ", wrong))
                for name, sentence in told:
                    yield Fault(name, sentence, file.shown, number, record.key, record.image)
                self.unsure += any(name in ("distractor_true", "options_related") for name, _ in told)
        except RecordError as error:
            self.whole = False
            yield Fault("bad_json", str(error), file.shown)
        if number == 0:
            yield Fault("bad_json", "the file holds no record; medmat writes none of that kind", file.shown)
        if left := beside.left():
            yield Fault("formats_differ", left, self.choices[part].shown)


class _Beside:
    """A data set's file in Med-MAT's form, read step by step beside the full records."""

    def __init__(self, file: File | None) -> None:
        self.there = file is not None
        self.count = 0
        self._broken = ""
        self._values: Iterator[Any] = iter(()) if file is None else read_values(file.path)

    def _next(self) -> Any:
        try:
            return next(self._values, None)
        except RecordError as error:
            self._broken = f"the file {error}"
            self._values = iter(())
            return None

    def wrong(self, record: Record) -> str:
        """How the next record there differs from this one's; "" where it does not, or there is no file."""
        if not self.there:
            return ""
        self.count += 1
        raw = self._next()
        if raw is None:
            return "" if self.count > 1 and self._broken else "Med-MAT's file lacks it"
        expected = medmat_form(record, self.count)
        if type(raw) is not dict:
            return f"Med-MAT's file holds {raw!r:.60} in its place"
        differ = [key for key in KEYS if raw.get(key) != expected[key] or type(raw.get(key)) is not type(expected[key])]
        if differ:
            found = json.dumps(raw.get(differ[0]), ensure_ascii=True)
            return f"Med-MAT's file says otherwise in {', '.join(differ)}: {found:.100}"
        return "" if tuple(raw) == KEYS else "the keys of Med-MAT's file are not those promised, in their order"

    def left(self) -> str:
        """What the file holds besides, once all records were compared."""
        rest = 0
        while self._next() is not None:
            rest += 1
        return self._broken or (f"it holds {rest} records more than the full records" if rest else "")


def medmat_form(record: Record, number: int) -> dict[str, Any]:
    """What Med-MAT's file has to say of a record."""
    slot = record.answer_index
    values = (
        number, "; ".join(record.captions), record.image, record.question, record.answer,
        choice_text(record.question, record.options), LETTERS[slot] if 0 <= slot < len(LETTERS) else "", record.data_no,
    )  # fmt: skip
    return dict(zip(KEYS, values, strict=True))


def check_records(
    records: Iterable[Record],
    cards: Sequence[Card] = (),
    *,
    subset_of: SubsetOf = load_subset,
    terms: Terms | None = None,
) -> list[Fault]:
    """Everything that is wrong with records in memory, of any data sets, one by one, round by round and part by part.

    ``cards`` are those of the data sets, ``terms`` what the records were made to keep (default: those of a build
    without options). ``file`` of a fault is the data set's number or slug, ``line`` the place among its records.
    """
    terms = terms if terms is not None else Terms()
    faults, homes = Faults(keep=None), Homes(cards, subset_of, terms)
    by_name: dict[str, list[Record]] = {}
    for record in records:
        by_name.setdefault(record.data_no, []).append(record)
    for name, several in by_name.items():
        unit = Unit(name, homes.of(name), terms, Seen(dict.fromkeys(range(len(PARTS)), name)))
        counted: Counter[str] = Counter()
        for line, record in enumerate(several, 1):
            told = list(unit.judge(record, PARTS.index(record.split), line))
            counted[record.split] += 1
            if record.id != counted[record.split]:
                told.append(("ids", f"its id is {record.id}, it is record {counted[record.split]} of its part"))
            faults.tell(Fault(fault, sentence, name, line, record.key, record.image) for fault, sentence in told)
        faults.tell(
            evolve(fault, key=several[fault.line - 1].key, image=several[fault.line - 1].image)
            for fault in compared(unit.seen, terms.label_rounds)
        )
    return faults.kept
