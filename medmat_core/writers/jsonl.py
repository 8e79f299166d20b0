"""The full record, a JSON object a line."""

from __future__ import annotations

from attrs import frozen

from medmat_core.formats.jsonl import line
from medmat_core.model import Record


@frozen
class JsonlWriter:
    """``records/Ori--NN-train.jsonl``: everything that is known of a record, keys in a fixed order."""

    name: str = "jsonl"
    opening: str = ""
    separator: str = "\n"
    closing: str = "\n"

    def file(self, stem: str, split: str) -> str:
        return f"records/Ori--{stem}-{split}.jsonl"

    def subset_file(self, no: int, split: str) -> str | None:
        return None

    def line(self, record: Record) -> str:
        return line(record)

    def around_image(self, record: Record) -> tuple[str, str] | None:
        return None
