"""The records of one data set, or of one subset file, read through once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from medmat_core.audit.book import Book
from medmat_core.audit.chance import Evenness
from medmat_core.audit.entries import Entry, data_no, full_entry, is_full, medmat_entry
from medmat_core.audit.faults import Fault
from medmat_core.audit.guess import Tally
from medmat_core.audit.numbers import PARTS, Seen
from medmat_core.audit.rules import Rules
from medmat_core.model import ASKS

Tell = Callable[[Fault], None]

_END: Final = object()
_PLACES: Final = {ask: place for place, ask in enumerate(ASKS)}


@define
class Unit:
    """What is known of the records of one data set or subset after reading them.

    ``name`` is the number or slug of a data set, or the subset's number. ``whole`` is False once a record could not
    be used, so that counts cannot be compared. ``fixed`` are the rules of the one data set that a file is about;
    without it each record names its own. ``out`` is the built folder, if rendered pictures are looked for here.
    """

    name: str
    book: Book
    tell: Tell
    seen: Seen = field(factory=Seen)
    tallies: tuple[Tally, Tally] = field(factory=lambda: (Tally(), Tally()))
    even: Evenness = field(factory=Evenness)
    files: list[str] = field(factory=lambda: ["", ""])
    whole: bool = True
    pictures: int = 0
    fixed: Rules | None = None
    out: Path | None = None
    _last: tuple[Any, ...] = ()

    @property
    def pair(self) -> tuple[str, str]:
        """The names of the train and the test file; a part without a file has no records."""
        return self.files[0], self.files[1]

    def start(self, part: int, shown: str) -> None:
        """A new file begins."""
        self.files[part] = shown
        self._last = ()

    def rules_for(self, raw: Any) -> Rules:
        """The rules of the data set that a raw record names."""
        if self.fixed is not None:
            return self.fixed
        return self.book.rules(data_no(raw) if isinstance(raw, Mapping) else "")

    def parse(self, raw: Any, rules: Rules, shown: str, place: int) -> Entry | None:
        """A raw record as an entry; what is wrong with its form is told."""
        if is_full(raw):
            entry, told = full_entry(raw)
        else:
            labels = rules.labels
            split = labels.findings if labels is not None else lambda text: (text,)
            regions = labels is not None and labels.regions
            entry, told = medmat_entry(raw, split, regions, strict=rules.terms.strict)
        image = raw.get("image") if isinstance(raw, Mapping) else None
        for name, sentence in told:
            self.tell(Fault(name, sentence, shown, place, image if isinstance(image, str) else ""))
        if entry is None:
            self.whole = False
        return entry

    def judge(self, entry: Entry, rules: Rules, shown: str, place: int) -> None:
        """Everything that can be said of a record by itself."""
        for name, sentence in rules.faults(entry):
            self.tell(Fault(name, sentence, shown, place, entry.image))
        if self.out is not None and entry.image.startswith("rendered/") and not (self.out / entry.image).is_file():
            self.tell(Fault("missing_image", "the rendered picture is not there", shown, place, entry.image))

    def take(self, entry: Entry, rules: Rules, part: int, place: int) -> None:
        """Place, order and numbers of a record that was judged."""
        shown = self.files[part]
        if entry.id != place:
            self.tell(Fault("ids", f"its id is {entry.id}, it is record {place}", shown, place, entry.image))
        if entry.full and entry.split != PARTS[part]:
            self.tell(Fault("misfiled", f"its split is {entry.split!r}", shown, place, entry.image))
        order = rules.labels.order if rules.labels is not None else {}
        first = 0 if entry.ask == "label" else min((order.get(c, -1) for c in entry.captions), default=-1)
        here = (entry.image, _PLACES[entry.ask], first)
        if self._last and here < self._last:
            sentence = f"it stands behind {self._last[0]!r} ({ASKS[self._last[1]]})"
            self.tell(Fault("order", sentence, shown, place, entry.image))
        if not self._last or self._last[0] != entry.image:
            self.pictures += 1
        self._last = here
        self.seen.add(entry, part, place)
        self.tallies[part].add(entry, rules.labels, self.tallies[0] if part else None)
        self._draws(entry, rules)

    def _draws(self, entry: Entry, rules: Rules) -> None:
        options, even = entry.options, self.even
        if entry.answer not in options:
            return
        even.letter(len(options), options.index(entry.answer))
        template = entry.template if entry.full else rules.instructions.template_of(entry)
        even.instruction(entry.ask, template, entry.question if template is None else "")
        labels = rules.labels
        if entry.ask != "label" or labels is None or labels.card is None or labels.several or not rules.terms.strict:
            return
        fitting = labels.fitting(entry.captions)
        if not fitting.free:
            return  # labels that may not meet push one another aside: no even draw is promised
        wrong = entry.wrong
        if rules.terms.mode == "subset":
            even.drew("any", entry.answer, (*fitting.own, *fitting.other), wrong)
        else:
            even.drew("own", entry.answer, fitting.own, wrong)
            if rules.terms.mode == "mixed":
                even.drew("other", entry.answer, fitting.other, wrong)

    # -- whole files ------------------------------------------------------------------------------

    def read(self, source: Iterator[Any], part: int, shown: str, *, judged: bool = False) -> int:
        """Read one file of records; ``judged``: each was judged elsewhere. Returns how many there were."""
        self.start(part, shown)
        place = 0
        for place, raw in enumerate(source, 1):
            rules = self.rules_for(raw)
            entry = self.parse(raw, rules, shown, place)
            if entry is not None:
                if not judged:
                    self.judge(entry, rules, shown, place)
                self.take(entry, rules, part, place)
        return place

    def read_both(self, full: Iterator[Any], shown: str, own: Iterator[Any], twin: str, part: int) -> int:
        """Read full records beside Med-MAT's records of the same questions, which must say the same."""
        self.start(part, shown)
        place, short = 0, False
        for place, raw in enumerate(full, 1):
            rules = self.rules_for(raw)
            entry = self.parse(raw, rules, shown, place)
            if entry is not None:
                self.judge(entry, rules, shown, place)
                self.take(entry, rules, part, place)
            other = None if short else next(own, _END)
            if other is _END:
                short = True
                self.tell(Fault("formats_differ", f"it ends before record {place} of {shown}", twin))
            elif not short:
                self._twin(entry, other, rules, twin, place)
        left = sum(1 for _ in own)
        if left:
            self.tell(Fault("formats_differ", f"{shown} lacks its last {left} records", twin))
        return place

    def _twin(self, entry: Entry | None, raw: Any, rules: Rules, shown: str, place: int) -> None:
        other = self.parse(raw, rules, shown, place)
        if other is None or entry is None:
            return
        if other.said != entry.said:
            names = ("id", "data-no", "image", "captions", "question", "answer", "options")
            differ = [name for name, a, b in zip(names, entry.said, other.said, strict=True) if a != b]
            sentence = f"it differs from its full record in {', '.join(differ)}"
            self.tell(Fault("formats_differ", sentence, shown, place, other.image))
            if other.id != place:
                self.tell(Fault("ids", f"its id is {other.id}, it is record {place}", shown, place, other.image))
            self.judge(other, rules, shown, place)
        elif other.answer_index != entry.answer_index:
            self.judge(other, rules, shown, place)
