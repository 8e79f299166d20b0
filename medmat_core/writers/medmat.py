"""Med-MAT's own format: a JSON array of records with eight keys."""

from __future__ import annotations

from attrs import frozen

from medmat_core.formats.medmat import around_image, line
from medmat_core.formats.talk import CLOSING_LINE, LETTERS, choice_text
from medmat_core.model import Record


@frozen
class MedmatWriter:
    """``Ori--NN-train.json`` and ``Subset--NN-train.json`` with exactly Med-MAT's keys."""

    name: str = "medmat"
    opening: str = "[\n"
    separator: str = ",\n"
    closing: str = "\n]\n"

    def file(self, stem: str, split: str) -> str:
        return f"Original_Medical_Datasets/Ori--{stem}-{split}.json"

    def subset_file(self, no: int, split: str) -> str | None:
        return f"Aggregated_Subsets/Subset--{no:02d}-{split}.json"

    def line(self, record: Record) -> str:
        return line(record)

    def around_image(self, record: Record) -> tuple[str, str]:
        return around_image(record)


__all__ = ["CLOSING_LINE", "LETTERS", "MedmatWriter", "choice_text"]
