"""Records as dictionary-encoded columns: what a ``data-*.js`` file of a preview holds.

A text that many records share (a question, an answer, a caption) is written once and named by its place. A column is
a list with one entry a record, or one a picture; the page turns them into typed arrays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from attrs import Factory, define, field

from medmat_core.model import ASKS, PARTS, Record
from medmat_core.questions.asked import Texts

LIMIT: Final = 100_000
"""Records that the page opens together; beyond that data sets are opened one by one, and large ones in pages."""

_ESCAPED: Final = {ord("\\"): r"\\", ord("'"): r"\'", ord("\n"): r"\n", ord("\r"): r"\r"}


def script(call: str, value: Any, *names: str) -> str:
    """A classic script that hands ``value`` to a function of the page, after the texts ``names``.

    As a string to be parsed, which browsers do faster than they read the same as code. All but ASCII is escaped, so
    that no encoding, line separator or half of a character can break it.
    """
    parsed = json.dumps(value, separators=(",", ":"), sort_keys=False).translate(_ESCAPED)
    before = "".join(f"{json.dumps(name)}, " for name in names)
    return f"{call}({before}'{parsed}');\n"


_RECORD: Final = ("key", "picture", "ask", "captions", "question", "answer", "options", "right", "round", "template")
_PICTURE: Final = ("folder", "name", "width", "height", "group", "split", "boxes")


@define
class Sheet:
    """Records of one data set, at most :data:`LIMIT` and whole rounds, as columns."""

    texts: Texts = Factory(Texts)
    lists: Texts = Factory(Texts)
    folders: Texts = Factory(Texts)
    rounds: Texts = Factory(Texts)
    images: Texts = Factory(Texts)
    records: dict[str, list[Any]] = field(factory=lambda: {name: [] for name in _RECORD})
    pictures: dict[str, list[Any]] = field(factory=lambda: {name: [] for name in _PICTURE})

    def __len__(self) -> int:
        return len(self.records["key"])

    def add(self, record: Record) -> None:
        """Append a record, and its picture where that is new."""
        known = len(self.images)
        picture = self.images.number((record.split, record.image))
        if picture == known:
            self._add_picture(record)
        text = self.texts.number
        row = (
            record.key, picture, ASKS.index(record.ask), self.lists.number(tuple(map(text, record.captions))),
            text(record.question), text(record.answer), self.lists.number(tuple(map(text, record.options))),
            record.answer_index, self.rounds.number(record.round) if record.round else -1, record.template,
        )  # fmt: skip
        for name, value in zip(_RECORD, row, strict=True):
            self.records[name].append(value)

    def _add_picture(self, record: Record) -> None:
        folder, _, name = record.image.rpartition("/")
        boxes = [[self.texts.number(one.caption), *(n for box in one.boxes for n in box)] for one in record.boxes]
        row = (
            self.folders.number(folder), name, record.width, record.height, self.texts.number(record.group),
            PARTS.index(record.split), boxes or 0,
        )  # fmt: skip
        for column, value in zip(_PICTURE, row, strict=True):
            self.pictures[column].append(value)

    def plain(self, dataset: int, **more: Any) -> dict[str, Any]:
        """As it is written; ``dataset`` is the place in the page's list."""
        return {
            "dataset": dataset, "texts": self.texts.items, "lists": self.lists.items,
            "folders": self.folders.items, "rounds": self.rounds.items, "records": self.records,
            "pictures": {**self.pictures, **more},
        }  # fmt: skip


class Pages:
    """Deals the records of one data set to sheets: in their order, but a round is never torn.

    Its first record keeps room on a sheet for all of them, so that a sheet is full (and given back) when those have
    come.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._room = 0
        self._open: list[Sheet] = []
        self._last: Sheet | None = None
        self._rounds: dict[tuple[str, str], tuple[Sheet, int]] = {}
        self._due: dict[int, int] = {}

    def add(self, record: Record) -> None:
        """Deal a record."""
        name = (record.split, record.round)
        if record.round and name in self._rounds:
            sheet, missing = self._rounds[name]
            if missing:
                self._rounds[name] = sheet, missing - 1
                self._due[id(sheet)] -= 1
            sheet.add(record)
            return
        size = max(1, len(record.options)) if record.round else 1
        if self._last is None or self._room < size:
            self._last, self._room = Sheet(), max(self._limit, size)
            self._open.append(self._last)
            self._due[id(self._last)] = 0
        self._room -= size
        self._last.add(record)
        if record.round:
            self._rounds[name] = self._last, size - 1
            self._due[id(self._last)] += size - 1

    def full(self) -> Iterator[Sheet]:
        """The sheets that are finished by now, in order."""
        while self._open and self._open[0] is not self._last and not self._due[id(self._open[0])]:
            yield self._open.pop(0)

    def rest(self) -> Iterator[Sheet]:
        """All sheets that are left, at the end."""
        yield from self._open
        self._open = []
