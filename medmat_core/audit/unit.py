"""Files read once: those of one data set of a build, beside one another, and those that no manifest vouches for,
Med-MAT's own, in both forms, or anybody's in that form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import Factory, define, evolve, field

from medmat_core.audit.blind import Asked
from medmat_core.audit.faults import Fault, Told
from medmat_core.audit.home import Home, Homes, SubsetOf, Terms
from medmat_core.audit.place import PARTS, File
from medmat_core.audit.record import RecordRules, form_told, options_told, place_of, published_claims
from medmat_core.audit.report import Row
from medmat_core.audit.seen import Seen, compared
from medmat_core.audit.truth import Truth
from medmat_core.card import Card
from medmat_core.choices import KEYS, LETTERS, NEWER_KEYS, Choice, choice_of, choice_text, read_values
from medmat_core.model import Record
from medmat_core.records import RecordError, read_lines
from medmat_core.subsets import load_subset


@define(eq=False)
class Unit:
    """A data set. ``records`` and ``choices`` are its files by part, ``asked`` the label questions of every part for
    guessers, ``whole`` whether every line could be read."""

    name: str
    home: Home | None
    terms: Terms
    seen: Seen
    records: Mapping[int, File] = field(factory=dict)
    choices: Mapping[int, File] = field(factory=dict)
    truth: Truth | None = None
    asked: list[Asked] = field(factory=lambda: [Asked() for _ in PARTS])
    whole: bool = True
    row: Row = Factory(lambda unit: Row(unit.name, unit.name), takes_self=True)
    _rules: RecordRules | None = Factory(lambda unit: unit.home and RecordRules(unit.home), takes_self=True)

    def read(self) -> Iterator[Fault]:
        for part, file in self.records.items():
            yield from self._part(part, file)
        for part in self.choices.keys() - self.records.keys():
            yield Fault("missing_file", "its full records are not there", self.choices[part].shown)
        for fault in compared(self.seen, self.terms.label_rounds):
            self.row.leaks += fault.name in ("group_leak", "picture_leak")
            yield fault

    def judge(self, record: Record, part: int, number: int) -> Iterator[Told]:
        """What is wrong with a record by itself; it is remembered for what comes after all are read."""
        yield from form_told(record, PARTS[part])
        if self._rules is not None:
            yield from self._rules.faults(record)
        if self.truth is not None:
            yield from self.truth.faults(record)
        self.seen.add(record, part, number)
        self.row.records[PARTS[part]] += 1
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
                if record.options and (differs := beside.wrong(record)):
                    told.append(("formats_differ", differs))
                for name, sentence in told:
                    yield Fault(name, sentence, file.shown, number, record.key, record.image)
                wrong = any(name in ("distractor_true", "options_related") for name, _ in told)
                self.row.wrong = (self.row.wrong or 0) + wrong
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
        self.count = 0
        self._broken = ""
        self._values = None if file is None else self._read(file)

    def _read(self, file: File) -> Iterator[Any]:
        try:
            yield from read_values(file.path)
        except RecordError as error:
            self._broken = f"the file {error}"

    def wrong(self, record: Record) -> str:
        """How the next record there differs from this one's; "" where it does not, or there is no file."""
        if self._values is None:
            return ""
        self.count += 1
        raw = next(self._values, None)
        if raw is None:
            return "" if self.count > 1 and self._broken else "Med-MAT's file lacks it"
        expected = medmat_form(record, self.count)
        if type(raw) is not dict:
            return f"Med-MAT's file holds {raw!r:.60} in its place"
        if raw == expected and type(raw["id"]) is int and tuple(raw) == KEYS:
            return ""
        differ = [key for key in KEYS if raw.get(key) != expected[key] or type(raw.get(key)) is not type(expected[key])]
        if differ:
            found = json.dumps(raw.get(differ[0]), ensure_ascii=True)
            return f"Med-MAT's file says otherwise in {', '.join(differ)}: {found:.100}"
        return "" if tuple(raw) == KEYS else "the keys of Med-MAT's file are not those promised, in their order"

    def left(self) -> str:
        """What the file holds besides, once all records were compared."""
        rest = sum(1 for _ in self._values or ())
        return self._broken or (f"it holds {rest} records more than the full records" if rest else "")


@define(eq=False)
class Published:
    """Files of one name but for the part. In ``row``, ``wrong`` stays None where no data set is installed, and
    ``copies`` are questions asked again."""

    row: Row
    homes: Homes
    files: Sequence[File]
    asked: list[Asked] = field(factory=lambda: [Asked() for _ in PARTS])
    _seen: dict[tuple[str, str], tuple[int, str, int]] = field(factory=dict)

    def read(self) -> Iterator[Fault]:
        for file in self.files:
            number = 0
            try:
                for number, raw in enumerate(read_values(file.path), 1):
                    self.row.records[PARTS[file.part]] += 1
                    try:
                        choice = choice_of(raw)
                    except (TypeError, ValueError, KeyError) as error:
                        yield Fault("keys", str(error.args[0])[:200], file.shown, number)
                        continue
                    if tuple(raw) not in (KEYS, NEWER_KEYS):
                        yield Fault("keys", f"its keys are {', '.join(map(str, raw))}"[:200], file.shown, number)
                    yield from self._judge(choice, file, number)
            except RecordError as error:
                yield Fault("bad_json", f"the file {error}", file.shown, number)

    def _judge(self, choice: Choice, file: File, number: int) -> Iterator[Fault]:
        told: list[Told] = []
        if choice.id.isdecimal() and int(choice.id) != number:
            told.append(("ids", f"its id is {choice.id}, it is record {number} of its file"))
        if choice.form:
            told.append(("choice_text", choice.form))
        told.extend(options_told(choice.options, choice.answer, choice.slot))
        home = self.homes.of(choice.data_no) if choice.data_no else None
        if home is not None and home.card.head.kind not in ("mask", "box"):
            claims = published_claims(choice.answer, choice.options, home)
            self.row.wrong = (self.row.wrong or 0) + bool(claims)
            told.extend(claims)
        told.extend(self._again(choice, file, number))
        for name, sentence in told:
            yield Fault(name, sentence, file.shown, number, image=choice.image)
        if choice.slot >= 0 and choice.options.count(choice.answer) == 1:
            slot = choice.options.index(choice.answer)
            fold = f"{choice.data_no} {choice.image}"
            self.asked[file.part].add(choice.options, slot, choice.answer, choice.question, fold, (0, 0), bare=True)

    def _again(self, choice: Choice, file: File, number: int) -> list[Told]:
        """The same picture in another part, or asked about with the same answer before."""
        before = self._seen.setdefault((choice.image, choice.caption), (file.part, file.shown, number))
        if before[1:] == (file.shown, number):
            return []
        where = f"record {before[2]} of {before[1]}"
        if before[0] != file.part:
            self.row.leaks += 1
            return [("picture_leak", f"its picture is also in {PARTS[before[0]]}: {where}")]
        self.row.copies = (self.row.copies or 0) + 1
        return [("duplicate_record", f"{where} asks the same about the same picture")]


def medmat_form(record: Record, number: int) -> dict[str, Any]:
    """What Med-MAT's file has to say of a record."""
    slot = record.answer_index
    return {
        "id": number, "caption": "; ".join(record.captions), "image": record.image, "Question": record.question,
        "Answer": record.answer, "Question-choice": choice_text(record.question, record.options),
        "Answer-choice": LETTERS[slot] if 0 <= slot < len(LETTERS) else "", "data-no": record.data_no,
    }  # fmt: skip


def check_records(
    records: Iterable[Record],
    cards: Sequence[Card] = (),
    *,
    subset_of: SubsetOf = load_subset,
    terms: Terms | None = None,
) -> list[Fault]:
    """Everything that is wrong with records in memory, of any data sets, one by one, round by round and part by part.

    ``cards`` are those of the data sets, ``terms`` what the records were made to keep (default: those of a build
    without options). ``file`` of a fault is the data set's number or slug, ``line`` the place among its records."""
    terms = terms if terms is not None else Terms()
    found, homes = list[Fault](), Homes(cards, subset_of, terms)
    by_name: dict[str, list[Record]] = {}
    for record in records:
        by_name.setdefault(record.data_no, []).append(record)
    for name, several in by_name.items():
        unit = Unit(name, homes.of(name), terms, Seen(dict.fromkeys(range(len(PARTS)), name)))
        for line, record in enumerate(several, 1):
            told = list(unit.judge(record, PARTS.index(record.split), line))
            count = unit.row.records[record.split]
            if record.id != count:
                told.append(("ids", f"its id is {record.id}, it is record {count} of its part"))
            found.extend(Fault(fault, sentence, name, line, record.key, record.image) for fault, sentence in told)
        for fault in compared(unit.seen, terms.label_rounds):
            found.append(evolve(fault, key=several[fault.line - 1].key, image=several[fault.line - 1].image))
    return found
