"""Med-MAT's own format: a JSON array of records with eight keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import Any, Final

from medmat_core.choice_text import around_question
from medmat_core.errors import UsageError
from medmat_core.formats.lines import ArrayFormat
from medmat_core.formats.protocol import Picture, Place, Scope, Told
from medmat_core.model import Record

ID: Final = "\0"
"""Stands for the running number of a record in its file."""

KEYS: Final = (
    "id", "caption", "image", "Question", "Answer", "Question-choice", "Answer-choice", "data-no",
)  # fmt: skip
"""The keys of a record, in their order."""


def line(record: Record) -> str:
    """A closed record as text, with one :data:`ID` in it and no line break."""
    before, after = around_question(
        "; ".join(record.captions), record.question, record.answer, record.options, record.answer_index, record.data_no
    )
    return f'{{"id": {ID}, {before}{quoted(record.image)}{after}'


class MedmatFormat(ArrayFormat):
    """``Ori--NN-train.json`` and ``Subset--NN-train.json`` with exactly Med-MAT's keys."""

    name = "medmat"
    about = "Med-MAT's own JSON: Question/Answer and Question-choice/Answer-choice"
    whole = True

    def scopes(self, told: Told) -> tuple[Scope, ...]:
        return ("dataset", "subset")

    def file(self, place: Place, told: Told) -> str:
        if place.scope == "subset":
            return f"Aggregated_Subsets/Subset--{place.name}-{place.split}.json"
        return f"Original_Medical_Datasets/Ori--{place.stem}.json"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        return [line(record).encode()]

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        for number, found in enumerate(super().read(path), 1):
            if tuple(found) != KEYS:
                raise UsageError(f"{path}: record {number}: its keys are not Med-MAT's {', '.join(KEYS)}")
            yield found
