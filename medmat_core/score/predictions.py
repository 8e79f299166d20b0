"""What a model said, from the files that evaluations leave: (key, turn of the options, text), and counts of the rest.

Taken are JSON lines, one JSON array or object, VLMEvalKit's ``.xlsx`` and ``.tsv``, and lmms-eval's samples. A file
is a stranger's: whatever lies in it gives rows, counts, or one line that names it.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from medmat_core.errors import UsageError
from medmat_core.fileio import open_regular
from medmat_core.formats.vlmeval import CIRCLE

TEXTS: Final = (
    "prediction", "pred", "response", "filtered_resps", "resps", "output", "model_output", "generated_text",
    "generation", "completion", "reply", "predict", "text", "answer",
)  # fmt: skip
"""Where a reply may stand, in the order in which they are looked for."""

_LISTS: Final = ("predictions", "results", "samples", "data", "logs")
_OWN: Final = frozenset({"options", "answer_index", "question"})

Turn = tuple[str, int]
"""A record's key, and by how many places its options were turned (0 as they stand)."""


@define
class Predictions:
    """Replies by record and turn. ``odd`` counts rows that gave none, by why; ``circular`` says that some options
    were turned."""

    path: Path
    said: dict[Turn, str] = field(factory=dict, repr=False)
    odd: Counter[str] = field(factory=Counter)
    _torn: set[Turn] = field(factory=set, repr=False)

    @property
    def circular(self) -> bool:
        return any(turn for _, turn in self.said)

    def take(self, key: str, turn: int, text: str) -> None:
        """A reply; one that contradicts an earlier reply to the same question takes both away."""
        at = (key, turn)
        if at not in self.said:
            self.said[at] = text
        elif self.said[at] == text and at not in self._torn:
            self.odd["given twice, alike"] += 1
        else:
            self.odd["given twice with different texts; read as none"] += 1
            self._torn.add(at)
            self.said[at] = ""


def read_predictions(path: Path) -> Predictions:
    """The replies of one file; :class:`UsageError` where it cannot be read, or holds none."""
    found = Predictions(path)
    try:
        for row in _rows(path):
            _take(found, row)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        what = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: cannot be read: {what}; give JSON lines with `key` and `prediction`") from None
    if not found.said:
        why = "; ".join(f"{count} rows: {what}" for what, count in found.odd.most_common(2)) or "it is empty"
        raise UsageError(f"{path}: holds no prediction ({why}); each row needs `key` and `prediction`")
    return found


def _rows(path: Path) -> Iterator[Any]:
    suffix = path.suffix.casefold()
    if suffix == ".xlsx":
        yield from _sheet(path)
    elif suffix in (".tsv", ".csv"):
        csv.field_size_limit(min(sys.maxsize, 1 << 31))
        with open_regular(path) as raw:
            lines = (line.decode("utf-8-sig" if number == 0 else "utf-8") for number, line in enumerate(raw))
            yield from csv.DictReader(lines, dialect="excel-tab" if suffix == ".tsv" else "excel")
    else:
        yield from _json(path)


def _json(path: Path) -> Iterator[Any]:
    """The rows of a JSON file, be it lines, an array, an object with a list in it, or an object key -> text."""
    with open_regular(path) as raw:
        first = raw.read(1 << 16).decode("utf-8-sig", "replace").lstrip()
        raw.seek(0)
        if path.suffix.casefold() == ".json" or first.startswith("["):
            try:
                yield from _inside(json.loads(raw.read().decode("utf-8-sig")))
                return
            except ValueError:
                if not first.startswith("{"):
                    raise
                raw.seek(0)  # JSON lines under another suffix
        for number, line in enumerate(raw):
            text = line.decode("utf-8-sig" if number == 0 else "utf-8", "replace")
            if text.strip():
                try:
                    yield json.loads(text)
                except ValueError:
                    yield None


def _inside(whole: Any) -> Iterable[Any]:
    if isinstance(whole, list):
        return whole
    if isinstance(whole, Mapping):
        for name in _LISTS:
            if isinstance(whole.get(name), list):
                found: list[Any] = whole[name]
                return found
        if "key" not in whole and any(isinstance(text, str) for text in whole.values()):
            return [{"key": key, "prediction": text} for key, text in whole.items()]
        return [whole]
    return [whole]


def _sheet(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        import openpyxl
    except ImportError:
        raise UsageError(f"{path}: needs openpyxl; pip install medmat-core[xlsx]") from None
    import zipfile

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = [str(name) if name is not None else "" for name in next(rows, ())]
        for row in rows:
            yield dict(zip(head, row, strict=False))
        book.close()
    except (zipfile.BadZipFile, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no spreadsheet: {error}") from None


def _take(found: Predictions, row: Any) -> None:
    if not isinstance(row, Mapping):
        found.odd["no object" if row is not None else "no JSON"] += 1
        return
    doc = row.get("doc")
    key = row.get("key")
    if key is None and isinstance(doc, Mapping):
        key = doc.get("key")
    if not isinstance(key, str) or not key:
        found.odd["no key"] += 1
        return
    text = _text(row)
    if text is None:
        found.odd["no text"] += 1
        return
    found.take(key, _turn(row), text)


def _text(row: Mapping[str, Any]) -> str | None:
    for name in TEXTS:
        if name == "answer" and not _OWN.isdisjoint(row):
            continue  # there it is the right answer of an exported record, not a reply
        value = row.get(name)
        while isinstance(value, list | tuple) and len(value) == 1:
            value = value[0]
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if name in row and value in (None, "", []):
            return ""
    return None


def _turn(row: Mapping[str, Any]) -> int:
    """By how many places options were turned: said, or hidden in the index as VLMEvalKit does it."""
    for name, by in (("turn", 1), ("index", CIRCLE)):
        try:
            value = int(row[name])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if 0 <= value // by < 26:
            return value // by
    return 0
