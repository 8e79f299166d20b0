"""Formats of text: a file is what opens it, its items with a separator between them, and what closes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from medmat_core.errors import UsageError
from medmat_core.formats.protocol import BaseFormat, Encoder, Folder, Item, NewFile, Place, Told
from medmat_core.model import Record

ID: Final = b"\0"
"""Stands in an item for its running number in its file; JSON text cannot hold it otherwise."""


def dumped(value: Any) -> bytes:
    """One line of JSON. A name that is no valid Unicode (a file name of bytes) stays readable by escapes."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def marks(record: Record) -> dict[str, str]:
    """What every trainer's item carries besides, so that it is found again: the record's key and its round."""
    return {"key": record.key, "round": record.round}


def columns(record: Record, names: Iterable[str], own: Mapping[str, Any]) -> dict[str, Any]:
    """A row of these columns: what is the format's ``own`` way to say it, else the record's field of that name."""
    return {name: own[name] if name in own else getattr(record, name) for name in names}


def write_whole(folder: Folder, name: str, raw: bytes) -> None:
    """A small file that stands beside those of places."""
    file = folder.create(name)
    file.write(raw)
    file.finish()


def positive(instance: Any, attribute: Any, value: int) -> None:
    """For an option that counts something; ValueError for anything below 1."""
    if value < 1:
        raise ValueError(f"{value} is not a number from 1 up")


class LineEncoder:
    """Writes items as they come, numbered from 1."""

    def __init__(self, file: NewFile, opening: bytes, separator: bytes, closing: bytes) -> None:
        self._file = file
        self._opening, self._separator, self._closing = opening, separator, closing
        self._count = 0
        file.write(opening)

    def add(self, first: int, items: Sequence[Item]) -> None:
        if not items:
            return
        numbered = [item.body.replace(ID, b"%d" % number, 1) for number, item in enumerate(items, first)]
        self._file.write((self._separator if self._count else b"") + self._separator.join(numbered))
        self._count += len(items)

    def close(self) -> None:
        if self._count or self._opening:
            self._file.write(self._closing)
        self._file.finish(self._count)


class LineFormat(BaseFormat):
    """A format of one text file a place; the subclass says what an item is, and where the file lies if not in a folder
    of the format's name."""

    suffix: str = ".jsonl"
    opening: bytes = b""
    separator: bytes = b"\n"
    closing: bytes = b"\n"

    def file(self, place: Place, told: Told) -> str:
        """The file's path below the export's folder."""
        return f"{self.name}/{place.stem}{self.suffix}"

    def encoder(self, place: Place, folder: Folder, told: Told) -> Encoder:
        return LineEncoder(folder.create(self.file(place, told)), self.opening, self.separator, self.closing)

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        if self.opening:
            yield from _array(path)
            return
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    found = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise UsageError(f"{path}: line {number}: not valid JSON: {error}") from None
                if not isinstance(found, dict):
                    raise UsageError(f"{path}: line {number}: expected an object; was it written by medmat?")
                yield found


class ArrayFormat(LineFormat):
    """A JSON array, an item a line."""

    suffix = ".json"
    opening = b"[\n"
    separator = b",\n"
    closing = b"\n]\n"


def _array(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UsageError(f"{path}: expected an array of objects; was it written by medmat?")
    yield from found
