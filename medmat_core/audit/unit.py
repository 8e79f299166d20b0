"""One data set of a build: its files read once, beside one another, and what its records say together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from medmat_core.audit.blind import Asked
from medmat_core.audit.faults import Faults
from medmat_core.audit.home import Home, Terms
from medmat_core.audit.place import PARTS, File
from medmat_core.audit.record import RecordRules, place_of
from medmat_core.audit.regions import Told
from medmat_core.audit.seen import Seen, part_faults, repeat_faults, round_faults, surplus_faults
from medmat_core.audit.truth import Truth
from medmat_core.choices import KEYS, LETTERS, choice_text, read_values
from medmat_core.model import Record
from medmat_core.records import RecordError, read_lines


@define(eq=False)
class Unit:
    """A data set. ``records`` and ``choices`` are its files by part, ``asked`` the label questions of every part for
    guessers, ``whole`` whether every line could be read, ``unsure`` counts records with an option that may be true,
    ``records_tell_all``: no picture is asked nothing."""

    name: str
    home: Home | None
    terms: Terms
    faults: Faults
    records: Mapping[int, File]
    choices: Mapping[int, File]
    truth: Truth | None = None
    seen: Seen = field(factory=Seen)
    asked: dict[int, Asked] = field(factory=dict)
    whole: bool = True
    grouped: bool = False
    unsure: int = 0
    records_tell_all: bool = False
    _rules: RecordRules = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rules = RecordRules(self.home)

    def read(self) -> None:
        """Read every file, and judge what it holds."""
        for part, file in self.records.items():
            self._part(part, file)
        for part in self.choices.keys() - self.records.keys():
            self.faults.tell("missing_file", "its full records are not there", self.choices[part].shown)
        label_rounds = self.terms.label_rounds
        for found in (round_faults(self.seen), surplus_faults(self.seen, label_rounds), repeat_faults(self.seen),
                      part_faults(self.seen)):  # fmt: skip
            for told in found:
                self.faults.tell(told.name, told.sentence, *self.where(told.row))

    def where(self, row: int) -> tuple[str, int]:
        """File and line of a row."""
        return self.records[self.seen.parts[row]].shown, int(self.seen.lines[row])

    def _part(self, part: int, file: File) -> None:
        beside = _Beside(self.choices.get(part))
        before: tuple[str, int, int] = ("", 0, 0)
        number = 0
        try:
            for line in read_lines(file.path):
                number = line.number
                record = line.record
                if record is None:
                    self.whole = False
                    self.faults.tell("keys", line.wrong, file.shown, number)
                    continue
                told = list(self._judged(record, part, number, in_order=line.in_order))
                place = place_of(record, self.home)
                if place < before and not self.terms.as_published:
                    told.append(("order", "it does not stand in the order of pictures, asks and classes"))
                before = place
                if record.options and (wrong := beside.wrong(record)):
                    told.append(("formats_differ", wrong))
                for name, sentence in told:
                    self.faults.tell(name, sentence, file.shown, number, record.key, record.image)
                self.unsure += any(name in ("distractor_true", "options_related") for name, _ in told)
        except RecordError as error:
            self.whole = False
            self.faults.tell("bad_json", str(error), file.shown)
        if number == 0:
            self.faults.tell("bad_json", "the file holds no record; medmat writes none of that kind", file.shown)
        if left := beside.left():
            assert beside.file is not None
            self.faults.tell("formats_differ", left, beside.file.shown)

    def _judged(self, record: Record, part: int, number: int, *, in_order: bool) -> Iterator[Told]:
        if not in_order:
            yield "key_order", "its keys are not in their order"
        if record.id != number:
            yield "ids", f"its id is {record.id}, it is line {number} of its file"
        yield from self._rules.faults(record, PARTS[part])
        if self.truth is not None:
            yield from self.truth.faults(record)
        self.seen.add(record, part, number)
        self.grouped = self.grouped or record.group != ""
        if record.ask == "label":
            asked = self.asked.setdefault(part, Asked())
            asked.add(
                record.options, record.answer_index, record.answer, record.question, record.round or record.key,
                (record.width, record.height), bare=not record.round,
            )  # fmt: skip


class _Beside:
    """A data set's file in Med-MAT's form, read step by step beside the full records."""

    def __init__(self, file: File | None) -> None:
        self.file = file
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
        if self.file is None:
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
        if self.file is None:
            return ""
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
