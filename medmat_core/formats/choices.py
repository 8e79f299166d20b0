"""The newer form of Med-MAT's published files: choices as an object, the right one as caption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from medmat_core.choice_text import LETTERS
from medmat_core.errors import UsageError
from medmat_core.formats.lines import ArrayFormat, dumped, marks
from medmat_core.formats.protocol import Picture, Place, Scope, Told
from medmat_core.model import Record

KEYS: Final = ("id", "image", "question", "choices", "caption")
"""The keys of a published record; ours have ``key`` and ``round`` behind them."""


class ChoicesFormat(ArrayFormat):
    """``medmat-choices/Subset-06-train.json``: ``id`` ("Subset-06--1"), ``image``, ``question``, ``choices`` (letter to
    text), ``caption`` (the right text; there is no letter), ``key``, ``round``."""

    name = "medmat-choices"
    about = "the newer published form of Med-MAT: choices {A, B, ..} and the right one as caption"

    def scopes(self, told: Told) -> tuple[Scope, ...]:
        return ("subset",)

    def file(self, place: Place, told: Told) -> str:
        return f"medmat-choices/Subset-{place.name}-{place.split}.json"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        body = {
            "image": record.image,
            "question": record.question,
            "choices": {LETTERS[place]: option for place, option in enumerate(record.options)},
            "caption": record.answer,
            **marks(record),
        }
        return [b'{"id": "Subset-%02d--\0", ' % record.subset + dumped(body)[1:]]

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        for number, found in enumerate(super().read(path), 1):
            if not is_choices(found):
                raise UsageError(f"{path}: record {number}: not a record with {', '.join(KEYS)}")
            yield found


def is_choices(record: Mapping[str, Any]) -> bool:
    """Whether a parsed record has this form: its caption is one of its choices."""
    choices = record.get("choices")
    return (
        set(KEYS) <= record.keys()
        and isinstance(choices, dict)
        and all(isinstance(record[key], str) for key in ("image", "question", "caption"))
        and record["caption"] in choices.values()
    )
