"""VLMEvalKit's table of multiple choice: TSV, the picture inside as base64 or beside it as a path."""

from __future__ import annotations

import base64
import csv
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from attrs import frozen

from medmat_core.choice_text import letter
from medmat_core.errors import UsageError
from medmat_core.formats.lines import LineFormat
from medmat_core.formats.protocol import Folder, Item, NewFile, Picture, Place, Scope, Told
from medmat_core.model import Record

COLUMNS: Final = (
    "index", "image", "question", "A", "B", "C", "D", "answer", "category", "l2-category", "split", "key", "round",
)  # fmt: skip

CIRCLE: Final = 1_000_000
"""What VLMEvalKit adds to the index of a question for each turn of its options."""

_NONE: Final = frozenset("""#n/a #n/a-n/a #na -1.#ind -1.#qnan -nan 1.#ind 1.#qnan <na> n/a na null nan none""".split())
"""What pandas reads as nothing, folded; ours are written with a full stop behind them."""

_SWITCHES: Final = re.compile(r"(mmbench|ccbench|circular|mmcr|mmt|mmmu|mmsci|mmvp|cot)", re.IGNORECASE)
"""Parts of a file's name by which VLMEvalKit chooses another way to score."""


@frozen
class VlmevalOptions:
    """``by``: a file a data set, a subset, or one over all; ``circular``: every turn of a question's options
    (CircularEval); ``images``: inside (base64) or path."""

    by: Scope = "build"
    circular: bool = False
    images: Literal["inside", "path"] = "inside"


def safe_cell(text: str) -> str:
    """A text that pandas does not read as nothing: "None" as "None."; without tabs and line breaks it stays as it is.

    Tabs would end a cell without quotes, so they become spaces; line breaks stay, inside quotes.
    """
    text = text.replace("\t", " ").replace("\r\n", "\n").replace("\r", "\n")
    return f"{text}." if text.strip().casefold() in _NONE else text


def safe_name(name: str) -> str:
    """A name that changes nothing in how its file is scored: 'toy-mmmu' as 'toy-mm-mu'."""
    while found := _SWITCHES.search(name):
        cut = found.start() + len(found[0]) // 2
        name = f"{name[:cut]}-{name[cut:]}"
    return name


class VlmevalFormat(LineFormat):
    """``vlmeval/medmat-test.tsv`` (``medmat-test_circular.tsv``), of closed records."""

    name = "vlmeval"
    about = "VLMEvalKit: TSV of multiple choice, to lie in $LMUData"
    options = VlmevalOptions

    def file(self, place: Place, told: Told) -> str:
        return f"vlmeval/{safe_name(f'medmat-{place.stem}')}{'_circular' if told.options.circular else ''}.tsv"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        if told.options.images == "inside":
            shown = base64.b64encode(picture.read()).decode()
        else:
            shown = str(told.root / record.image)
        count = len(record.options)
        found = []
        for turn in range(count if told.options.circular else 1):
            options = tuple(record.options[(place + turn) % count] for place in range(count))
            cells = [
                shown, record.question, *options, *[""] * (4 - count),
                letter((record.answer_index - turn) % count), record.slug, record.ask, record.split, record.key,
                record.round,
            ]  # fmt: skip
            found.append(row([safe_cell(cell) for cell in cells]))
        return [b"\x1e".join(found)]

    def encoder(self, place: Place, folder: Folder, told: Told) -> _Table:
        head = [("image_path" if told.options.images == "path" and name == "image" else name) for name in COLUMNS]
        return _Table(folder.create(self.file(place, told)), row(head))

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        csv.field_size_limit(min(sys.maxsize, 1 << 31))
        with path.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines, dialect="excel-tab")
            if "index" not in (table.fieldnames or ()):
                raise UsageError(f"{path}: has no column 'index'; was it written by medmat?")
            yield from table


class _Table:
    """Numbers the questions, and the turns of each as VLMEvalKit does."""

    def __init__(self, file: NewFile, head: bytes) -> None:
        self._file = file
        self._count = 0
        file.write(head)

    def add(self, first: int, items: Sequence[Item]) -> None:
        for number, item in enumerate(items, first):
            for turn, cells in enumerate(item.body.split(b"\x1e")):
                self._file.write(b"%d\t" % (turn * CIRCLE + number) + cells)
        self._count += len(items)

    def close(self) -> None:
        self._file.finish(self._count)


def row(cells: Sequence[str]) -> bytes:
    """One line of the table, quoted where it has to be."""
    text = io.StringIO()
    csv.writer(text, dialect="excel-tab", lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", "backslashreplace")
