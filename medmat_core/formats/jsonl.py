"""The full record, a JSON object a line: what a build always writes, and every other format is made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from medmat_core.formats.lines import LineFormat
from medmat_core.formats.protocol import Picture, Place, Scope, Told
from medmat_core.model import Record

ID: Final = "\0"
"""Stands for the running number of a record in its file."""


def line(record: Record) -> str:
    """A record as text, with one :data:`ID` in it and no line break."""
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
    return f'{{"id": {ID}, ' + json.dumps(body, ensure_ascii=False)[1:]


class JsonlFormat(LineFormat):
    """``records/Ori--NN-train.jsonl``: everything that is known of a record, keys in a fixed order."""

    name = "jsonl"
    about = "the full record, a JSON object a line (`datasets`, pandas, medmat itself)"
    whole = True

    def scopes(self, told: Told) -> tuple[Scope, ...]:
        return ("dataset",)

    def takes(self, record: Record, told: Told) -> bool:
        return True

    def file(self, place: Place, told: Told) -> str:
        return f"records/Ori--{place.stem}.jsonl"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        return [line(record).encode()]

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        from medmat_core.records import record_of

        for number, raw in enumerate(super().read(path), 1):
            try:
                record_of(raw)
            except (TypeError, ValueError, KeyError) as error:
                from medmat_core.records import RecordError

                raise RecordError(f"{path}: line {number}: {error.args[0]}; build it again") from None
            yield raw
