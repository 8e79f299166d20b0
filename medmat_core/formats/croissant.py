"""Croissant: what the data are, in JSON-LD, over a table of records a part."""

from __future__ import annotations

import datetime
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attrs import Attribute, field, frozen

from medmat_core.choice_text import letter
from medmat_core.formats.card import withheld
from medmat_core.formats.lines import LineFormat, columns, dumped, write_whole
from medmat_core.formats.protocol import Folder, Picture, Scope, Told
from medmat_core.model import Record


@cache
def _words() -> Mapping[str, Any]:
    """``croissant.toml`` beside this file: the columns, the context, and what is said of the data."""
    return tomllib.loads(Path(__file__).with_name("croissant.toml").read_text(encoding="utf-8"))


def _date(instance: Any, attribute: Attribute[str], value: str) -> None:
    if value:
        datetime.date.fromisoformat(value)


@frozen
class CroissantOptions:
    """``name``, ``url`` and ``date`` (YYYY-MM-DD) of what is published; a date is never taken from the clock."""

    name: str = "medmat"
    url: str = ""
    date: str = field(default="", validator=_date)


class CroissantFormat(LineFormat):
    """``croissant.json`` and ``croissant/train.jsonl``: a flat table a part, with its SHA-256."""

    name = "croissant"
    about = "Croissant 1.0 with RAI: search engines, `mlcroissant`, NeurIPS' data track"
    options = CroissantOptions
    open_records = "always"

    def scopes(self, told: Told) -> tuple[Scope, ...]:
        return ("build",)

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        boxes = [{"caption": found.caption, "boxes": found.boxes} for found in record.boxes]
        own = {
            "dataset": record.slug, "width": picture.width, "height": picture.height,
            "caption": "; ".join(record.captions), "options": json.dumps(record.options, ensure_ascii=False),
            "letter": letter(record.answer_index), "boxes": json.dumps(boxes, ensure_ascii=False),
        }  # fmt: skip
        return [dumped(columns(record, _words()["columns"], own))]

    def finish(self, folder: Folder, told: Told) -> None:
        members = list(told.facts.values())
        files = [file for file in folder.written() if file.place is not None and file.records]
        body: dict[str, Any] = {
            "@context": _words()["context"],
            "@type": "sc:Dataset",
            "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
            "name": told.options.name,
            "description": "Questions about medical pictures, made by medmat from "
            + ", ".join(facts.title or facts.slug for facts in members),
            "url": told.options.url or (members[0].source if members else ""),
            "version": "1.0.0",
            **({"datePublished": told.options.date} if told.options.date else {}),
            "license": sorted({facts.license for facts in members}),
            "creator": {"@type": "sc:Organization", "name": "the authors of each member, see citeAs"},
            "citeAs": "\n".join(dict.fromkeys(f.citation.strip() for f in members if f.citation.strip())),
            "cr:citation": [facts.source for facts in members],
            "isLiveDataset": False,
            **_rai(told),
            "distribution": [
                {
                    "@type": "cr:FileObject",
                    "@id": file.path.rpartition("/")[2],
                    "name": file.path.rpartition("/")[2],
                    "contentUrl": file.path,
                    "contentSize": f"{file.size} B",
                    "encodingFormat": "application/jsonlines",
                    "sha256": file.sha256,
                }
                for file in files
            ],
            "recordSet": [_record_set(file.place.split, file.path.rpartition("/")[2]) for file in files if file.place],
        }
        write_whole(folder, "croissant.json", (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode())


def _record_set(split: str, file: str) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "description": f"the {split} part, a question a row",
        "key": {"@id": f"{split}/key"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{split}/{name}",
                "name": name,
                "description": what,
                "dataType": kind,
                "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
            }
            for name, (kind, what) in _words()["columns"].items()
        ],
    }


def _rai(told: Told) -> dict[str, str]:
    """What the Responsible AI vocabulary asks, and who may not be passed on."""
    found: dict[str, str] = dict(_words()["rai"])
    kept = [f"{facts.title or facts.slug}: {why}" for facts in told.facts.values() if (why := withheld(facts))]
    if kept:
        found["rai:dataSocialImpact"] += f" Not to be passed on: {'; '.join(kept)}."
    return found
