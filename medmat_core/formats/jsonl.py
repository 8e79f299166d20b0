"""The full record, a JSON object a line: what a build always writes, and every other format is made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from medmat_core.formats.lines import LineFormat
from medmat_core.formats.protocol import Picture, Place, Scope, Told
from medmat_core.model import Record
from medmat_core.records import KEYS

ID: Final = "\0"
"""Stands for the running number of a record in its file."""


def line(record: Record) -> str:
    """A record as text, with one :data:`ID` in it and no line break."""
    body = {key: _said(record, key) for key in KEYS if key != "id"}
    return f'{{"id": {ID}, ' + json.dumps(body, ensure_ascii=False)[1:]


def _said(record: Record, key: str) -> Any:
    if key == "dataset":
        return {"no": record.no, "slug": record.slug}
    if key == "boxes":
        return [{"caption": found.caption, "boxes": found.boxes} for found in record.boxes]
    return getattr(record, key)


class JsonlFormat(LineFormat):
    """``records/Ori--NN-train.jsonl``: everything that is known of a record, keys in a fixed order."""

    name = "jsonl"
    about = "the full record, a JSON object a line (`datasets`, pandas, medmat itself)"
    whole = True
    open_records = "always"

    def scopes(self, told: Told) -> tuple[Scope, ...]:
        return ("dataset",)

    def file(self, place: Place, told: Told) -> str:
        return f"records/Ori--{place.stem}.jsonl"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        return [line(record).encode()]

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        from medmat_core.records import RecordError, record_of

        for number, raw in enumerate(super().read(path), 1):
            try:
                record_of(raw)
            except (TypeError, ValueError, KeyError) as error:
                raise RecordError(f"{path}: line {number}: {error.args[0]}; build it again") from None
            yield raw
