"""What an audit reports: faults, what could not be looked at, and figures a data set and a subset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import define, evolve, field

from medmat_core.audit.faults import Fault, Faults
from medmat_core.audit.guess import Tally, expected_without_own, merged
from medmat_core.audit.labels import Labels
from medmat_core.audit.numbers import PARTS
from medmat_core.audit.stream import StreamError, records
from medmat_core.audit.unit import Unit

ENOUGH: Final = 100
"""Label questions from which on a label that never occurs is worth a note."""


@define
class Report:
    """The result of an audit. ``sound`` where nothing but notes was found.

    ``unseen`` says what was not audited and why. ``datasets`` and ``subsets`` are plain figures: records, labels,
    guessers against chance, and how many questions meet no wrong option of the data set's own labels.
    """

    root: Path
    found: Faults
    records: int = 0
    files: list[str] = field(factory=list)
    unseen: list[str] = field(factory=list)
    datasets: list[dict[str, Any]] = field(factory=list)
    subsets: list[dict[str, Any]] = field(factory=list)

    @property
    def sound(self) -> bool:
        return self.found.sound

    @property
    def faults(self) -> list[Fault]:
        """The faults that were kept, notes left out."""
        return [fault for fault in self.found.kept if fault.level == "fault"]

    @property
    def notes(self) -> list[Fault]:
        """The notes that were kept."""
        return [fault for fault in self.found.kept if fault.level == "note"]

    def as_json(self) -> dict[str, Any]:
        return {
            "sound": self.sound,
            "root": str(self.root),
            "records": self.records,
            "files": self.files,
            "faults": dict(sorted(self.found.counts.items())),
            "notes": dict(sorted(self.found.notes.items())),
            "examples": [fault.as_json() for fault in self.found.kept],
            "not_audited": self.unseen,
            "datasets": self.datasets,
            "subsets": self.subsets,
        }

    def name_pictures(self, paths: Mapping[str, Path]) -> None:
        """Give every kept fault that names a record its picture, reading each file once more."""
        wanted: dict[str, set[int]] = {}
        for fault in self.found.kept:
            if fault.record is not None and not fault.image and fault.file in paths:
                wanted.setdefault(fault.file, set()).add(fault.record)
        images: dict[tuple[str, int], str] = {}
        for file, places in wanted.items():
            last = max(places)
            try:
                for place, raw in enumerate(records(paths[file]), 1):
                    if place in places and isinstance(raw, dict):
                        images[file, place] = str(raw.get("image", ""))
                    if place >= last:
                        break
            except StreamError:
                continue
        self.found.kept[:] = [
            evolve(fault, image=fault.image or images.get((fault.file, fault.record or 0), ""))
            for fault in self.found.kept
        ]


def figures(unit: Unit, labels: Labels | None, *, splits: str | None = None) -> dict[str, Any]:
    """The figures of one data set or subset, plain values ready for JSON."""
    whole = merged(unit.tallies)
    found: dict[str, Any] = {
        "records": {part: tally.records for part, tally in zip(PARTS, unit.tallies, strict=True)},
        "guessers": {part: tally.as_json() for part, tally in zip(PARTS, unit.tallies, strict=True)},
        "letters": {
            "ABCDEFGHIJ"[index]: count for index, count in sorted(whole.letters.items())
        },
        "labels": _labels(unit.tallies, labels),
        "only_answer": sorted(set(whole.findings) - set(whole.wrongs)),
        "only_distractor": sorted(set(whole.wrongs) - set(whole.findings)),
    }  # fmt: skip
    if splits is not None:
        found["split"] = splits
    if whole.label_questions:
        here = round(whole.without_own / whole.label_questions, 4)
        expected = expected_without_own(whole.said, labels) if labels is not None else {}
        found["without_own"] = {"here": here, **expected}
    return found


def _labels(tallies: tuple[Tally, Tally], labels: Labels | None) -> dict[str, dict[str, int]]:
    """Label -> how often it is (part of) an answer in train and in test, and a wrong option."""
    names = dict.fromkeys(labels.captions if labels is not None else ())
    names |= dict.fromkeys(sorted({name for tally in tallies for name in (*tally.findings, *tally.wrongs)}))
    train, test = tallies
    return {
        name: {
            "train": train.findings[name],
            "test": test.findings[name],
            "wrong": train.wrongs[name] + test.wrongs[name],
        }
        for name in names
    }


def label_notes(unit: Unit, title: str) -> list[Fault]:
    """Labels that are only ever right, or only ever wrong: a blind guesser soon knows them."""
    whole = merged(unit.tallies)
    if whole.label_questions < ENOUGH:
        return []
    notes = [
        Fault("only_answer", f"{title}: {name!r} is an answer {whole.findings[name]} times and never a wrong option")
        for name in sorted(set(whole.findings) - set(whole.wrongs))
    ]
    notes += [
        Fault("only_distractor", f"{title}: {name!r} is a wrong option {whole.wrongs[name]} times and never an answer")
        for name in sorted(set(whole.wrongs) - set(whole.findings))
    ]
    return notes
