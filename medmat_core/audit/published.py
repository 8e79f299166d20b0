"""Files of records that no manifest vouches for: Med-MAT's own, in both forms, or anybody's in that form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import Factory, define, field

from medmat_core.audit.blind import Asked
from medmat_core.audit.faults import Fault, Told
from medmat_core.audit.home import Homes
from medmat_core.audit.place import PARTS, File
from medmat_core.audit.record import options_told, published_claims
from medmat_core.choices import KEYS, NEWER_KEYS, Choice, choice_of, read_values
from medmat_core.records import RecordError


@define(eq=False)
class Published:
    """Files of one name but for the part. ``wrong`` counts questions with a wrong option that is, or may be, true;
    ``judged`` those whose data set is installed; ``leaks`` pictures in two parts, ``copies`` questions asked again."""

    name: str
    homes: Homes
    files: Sequence[File]
    asked: dict[int, Asked] = Factory(lambda: {part: Asked() for part in range(len(PARTS))})
    records: Counter[str] = field(factory=Counter)
    wrong: int = 0
    judged: int = 0
    leaks: int = 0
    copies: int = 0
    _seen: dict[tuple[str, str], tuple[int, str, int]] = field(factory=dict)

    def read(self) -> Iterator[Fault]:
        """Read every file, and judge what it holds."""
        for file in self.files:
            number = 0
            try:
                for number, raw in enumerate(read_values(file.path), 1):
                    self.records[PARTS[file.part]] += 1
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
            self.judged += 1
            claims = published_claims(choice.answer, choice.options, home)
            self.wrong += bool(claims)
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
            self.leaks += 1
            return [("picture_leak", f"its picture is also in {PARTS[before[0]]}: {where}")]
        self.copies += 1
        return [("duplicate_record", f"{where} asks the same about the same picture")]
