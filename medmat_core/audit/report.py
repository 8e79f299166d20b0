"""What an audit reports: the verdict, faults, what could not be looked at, and figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from medmat_core.audit.blind import Guessed
from medmat_core.audit.faults import Fault, Faults
from medmat_core.audit.place import records_at


@define
class Row:
    """The figures of one data set, or of published files of one name.

    ``shares`` are records by ask, in rounds of four, three and two, surplus and open. ``wrong`` counts questions with
    a wrong option that is, or may be, true; ``leaks`` pictures that stand in two parts, by themselves or by group;
    ``copies`` equal pictures (None: not looked for).
    """

    name: str
    title: str
    records: dict[str, int]
    shares: Mapping[str, Mapping[str, int]] = field(factory=dict)
    guessed: Guessed | None = None
    wrong: int = 0
    leaks: int = 0
    copies: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "records": self.records,
            "asks": {ask: dict(shares) for ask, shares in self.shares.items()},
            "blind": self.guessed.as_json() if self.guessed is not None else None,
            "true_distractors": self.wrong,
            "leaks": self.leaks,
            "copies": self.copies,
        }


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
        return self.found.sound

    @property
    def records(self) -> int:
        """Records that were read."""
        return sum(sum(row.records.values()) for row in self.rows)

    @property
    def faults(self) -> list[Fault]:
        """The faults that were kept, notes left out."""
        return [fault for fault in self.found.kept if fault.level == "fault"]

    @property
    def notes(self) -> list[Fault]:
        """The notes that were kept."""
        return [fault for fault in self.found.kept if fault.level == "note"]

    @property
    def verdict(self) -> str:
        """In a line."""
        count = sum(self.found.counts.values())
        notes = sum(self.found.notes.values())
        said = "sound" if self.sound else f"{count} fault{'s' * (count != 1)} in {len(self.found.counts)} kinds"
        beside = f", {notes} note{'s' * (notes != 1)}" if notes else ""
        return f"{self.records} records in {self.files} files: {said}{beside}"

    def as_json(self) -> dict[str, Any]:
        return {
            "sound": self.sound,
            "verdict": self.verdict,
            "root": str(self.root),
            "records": self.records,
            "faults": dict(sorted(self.found.counts.items())),
            "notes": dict(sorted(self.found.notes.items())),
            "examples": [fault.as_json() for fault in self.found.kept],
            "not_audited": self.unseen,
            "figures": [row.as_json() for row in self.rows],
        }

    def name_records(self) -> None:
        """Give every kept fault of a line of records its key and picture, reading each file once more."""
        kept = self.found.kept
        unnamed = [fault for fault in kept if fault.line and not fault.key and fault.file.endswith(".jsonl")]
        known = {
            file: records_at(self.root / file, {fault.line for fault in unnamed if fault.file == file})
            for file in {fault.file for fault in unnamed}
        }
        for place, fault in enumerate(kept):
            record = known.get(fault.file, {}).get(fault.line)
            if record is not None:
                kept[place] = evolve(fault, key=fault.key or record.key, image=fault.image or record.image)
