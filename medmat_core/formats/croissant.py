"""Croissant: what the data are, in JSON-LD, over a table of records a part."""

from __future__ import annotations

import datetime
import json
from typing import Any, Final

from attrs import Attribute, field, frozen

from medmat_core.formats.card import withheld
from medmat_core.formats.lines import LineFormat, dumped, write_whole
from medmat_core.formats.protocol import Folder, Picture, Scope, Told
from medmat_core.formats.talk import letter
from medmat_core.model import Record

_COLUMNS: Final = {
    "key": ("sc:Text", "names the record across builds"),
    "round": ("sc:Text", "shared by the pictures of a round; empty elsewhere"),
    "dataset": ("sc:Text", "the member's slug"),
    "subset": ("sc:Integer", "Med-MAT's subset"),
    "split": ("sc:Text", "train, val or test"),
    "group": ("sc:Text", "patient or the like; records of one group lie in one part"),
    "image": ("sc:Text", "the picture's path below this folder"),
    "width": ("sc:Integer", "stored pixels"),
    "height": ("sc:Integer", "stored pixels"),
    "ask": ("sc:Text", "label, box, location, coverage, presence or structure"),
    "caption": ("sc:Text", "what is asked about"),
    "question": ("sc:Text", "the instruction"),
    "options": ("sc:Text", "a JSON list; empty of an open question"),
    "answer": ("sc:Text", "the right answer"),
    "letter": ("sc:Text", "the right option's letter; empty of an open question"),
    "boxes": ("sc:Text", "a JSON list of {caption, boxes}: [x1, y1, x2, y2] in pixels, half-open"),
}

_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source",
    "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip


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
        row = {
            "key": record.key, "round": record.round, "dataset": record.slug, "subset": record.subset,
            "split": record.split, "group": record.group, "image": record.image, "width": picture.width,
            "height": picture.height, "ask": record.ask, "caption": "; ".join(record.captions),
            "question": record.question, "options": json.dumps(record.options, ensure_ascii=False),
            "answer": record.answer, "letter": letter(record.answer_index),
            "boxes": json.dumps(
                [{"caption": found.caption, "boxes": found.boxes} for found in record.boxes], ensure_ascii=False
            ),
        }  # fmt: skip
        return [dumped(row)]

    def finish(self, folder: Folder, told: Told) -> None:
        members = list(told.facts.values())
        files = [file for file in folder.written() if file.place is not None and file.records]
        body: dict[str, Any] = {
            "@context": _CONTEXT,
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
            for name, (kind, what) in _COLUMNS.items()
        ],
    }


def _rai(told: Told) -> dict[str, Any]:
    """What the Responsible AI vocabulary asks: where the data come from, who is in them, what they are no good for."""
    kept = [f"{facts.title or facts.slug}: {why}" for facts in told.facts.values() if (why := withheld(facts))]
    return {
        "rai:dataCollection": "Public data sets of medical pictures, as their authors published them; see citeAs and "
        "the source of each member. No picture was taken for this collection.",
        "rai:dataCollectionType": "Secondary data analysis",
        "rai:dataAnnotationProtocol": "Labels, masks and boxes are those of the members; questions, options and splits "
        "are made by rules from them (medmat), without a model and without manual work.",
        "rai:dataPreprocessingProtocol": "Pictures that trainers misread are converted; the README of this folder says "
        "which and why. No other pixel is changed unless a largest side was asked for.",
        "rai:dataUseCases": "Training and evaluating multimodal language models on visual question answering.",
        "rai:dataLimitations": "Labels may be wrong where a member's are. Members come from few hospitals and devices; "
        "results on them say little about patients elsewhere. Not for diagnosis.",
        "rai:dataBiases": "Each member has the ages, sexes, origins and devices of its source; most do not state them.",
        "rai:personalSensitiveInformation": "Pictures of patients, de-identified by the members' authors.",
        "rai:dataReleaseMaintenancePlan": "Made again from its sources at any time by the same version of medmat.",
        "rai:dataSocialImpact": "May help research on medical assistants; wrong answers harm where they are trusted."
        + (" Not to be passed on: " + "; ".join(kept) + "." if kept else ""),
    }
