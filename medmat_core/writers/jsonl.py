"""The full record, a JSON object a line."""

from __future__ import annotations

import json

from attrs import frozen

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
        body = {
            "key": record.key,
            "dataset": {"no": record.no, "slug": record.slug},
            "subset": record.subset,
            "split": record.split,
            "group": record.group,
            "image": record.image,
            "width": record.width,
            "height": record.height,
            "kind": record.kind,
            "ask": record.ask,
            "captions": record.captions,
            "question": record.question,
            "answer": record.answer,
            "options": record.options,
            "answer_index": record.answer_index,
            "round": record.round,
            "boxes": [{"caption": found.caption, "boxes": found.boxes} for found in record.boxes],
            "template": record.template,
        }
        return '{"id": \0, ' + json.dumps(body, ensure_ascii=False)[1:]

    def around_image(self, record: Record) -> tuple[str, str] | None:
        return None
