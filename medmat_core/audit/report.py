"""What an audit reports: the verdict, faults, what could not be looked at, and figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, define, evolve, field

from medmat_core.audit.blind import Guessed
from medmat_core.audit.faults import Fault, Faults
from medmat_core.audit.place import records_at
from medmat_core.shown import counted


@define
class Row:
    """The figures of one data set, or of published files of one name.

    ``shares`` are records by ask, in rounds of four, three and two, surplus and open. ``wrong`` counts questions with
    a wrong option that is, or may be, true; ``leaks`` pictures that stand in two parts, by themselves or by group;
    ``copies`` equal pictures. None: not looked for."""

    name: str
    title: str
    records: Counter[str] = field(factory=Counter)
    shares: Mapping[str, Mapping[str, int]] = field(factory=dict)
    guessed: Guessed | None = None
    wrong: int | None = 0
    leaks: int = 0
    copies: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "title": self.title, "records": self.records, "asks": self.shares,
            "blind": self.guessed and self.guessed.as_json(), "true_distractors": self.wrong, "leaks": self.leaks,
            "copies": self.copies,
        }  # fmt: skip


@define
class Report:
    """The result of an audit. ``sound`` where nothing but notes was found; ``unseen`` says what was not audited, and
    why."""

    root: Path
    found: Faults
    files: int = 0
    rows: list[Row] = field(factory=list)
    unseen: list[str] = field(factory=list)

    @property
    def sound(self) -> bool:
        return not self.found.counts

    @property
    def records(self) -> int:
        return sum(row.records.total() for row in self.rows)

    @property
    def faults(self) -> list[Fault]:
        """The faults that were kept, notes left out."""
        return [fault for fault in self.found.kept if fault.level == "fault"]

    @property
    def notes(self) -> list[Fault]:
        return [fault for fault in self.found.kept if fault.level == "note"]

    @property
    def verdict(self) -> str:
        faults, kinds, notes = self.found.counts.total(), len(self.found.counts), self.found.notes.total()
        said = "sound" if self.sound else f"{counted(faults, 'fault')} in {counted(kinds, 'kind')}"
        beside = f", {counted(notes, 'note')}" if notes else ""
        return f"{counted(self.records, 'record')} in {counted(self.files, 'file')}: {said}{beside}"

    def as_json(self) -> dict[str, Any]:
        return {
            "sound": self.sound, "verdict": self.verdict, "root": str(self.root), "records": self.records,
            "faults": dict(sorted(self.found.counts.items())), "notes": dict(sorted(self.found.notes.items())),
            "examples": [asdict(fault) for fault in self.found.kept], "not_audited": self.unseen,
            "figures": [row.as_json() for row in self.rows],
        }  # fmt: skip

    def name_records(self) -> None:
        """Give every kept fault of a line of records its key and picture, reading each file once more."""
        kept = self.found.kept
        unnamed = (fault for fault in kept if fault.line and not fault.key and fault.file.endswith(".jsonl"))
        known = records_at({(self.root / fault.file, fault.line) for fault in unnamed})
        for place, fault in enumerate(kept):
            if record := known.get((self.root / fault.file, fault.line)):
                kept[place] = evolve(fault, key=fault.key or record.key, image=fault.image or record.image)
