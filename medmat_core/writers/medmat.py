"""Med-MAT's own format: a JSON array of records with eight keys."""

from __future__ import annotations

from json.encoder import encode_basestring as quoted

from attrs import frozen

from medmat_core.choices import CLOSING_LINE, LETTERS, choice_text
from medmat_core.model import Record

__all__ = ["CLOSING_LINE", "LETTERS", "MedmatWriter", "choice_text"]


@frozen
class MedmatWriter:
    """``Ori--NN-train.json`` and ``Subset--NN-train.json`` with exactly Med-MAT's keys, in order:
    id, caption, image, Question, Answer, Question-choice, Answer-choice, data-no."""

    name: str = "medmat"
    opening: str = "[\n"
    separator: str = ",\n"
    closing: str = "\n]\n"

    def file(self, stem: str, split: str) -> str:
        return f"Original_Medical_Datasets/Ori--{stem}-{split}.json"

    def subset_file(self, no: int, split: str) -> str | None:
        return f"Aggregated_Subsets/Subset--{no:02d}-{split}.json"

    def line(self, record: Record) -> str:
        before, after = self.around_image(record)
        return before + quoted(record.image) + after

    def around_image(self, record: Record) -> tuple[str, str]:
        return (
            f'{{"id": \0, "caption": {quoted("; ".join(record.captions))}, "image": ',
            f', "Question": {quoted(record.question)}, "Answer": {quoted(record.answer)}, '
            f'"Question-choice": {quoted(choice_text(record.question, record.options))}, '
            f'"Answer-choice": "{LETTERS[record.answer_index]}", "data-no": {quoted(record.data_no)}}}',
        )
