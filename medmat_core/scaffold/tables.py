"""Label files of a folder: tables, by the column that names their pictures, and lists of official parts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from typing import Final, Literal

from attrs import frozen

from medmat_core.example import ExampleFile
from medmat_core.fileio import open_regular
from medmat_core.images.suffixes import is_image
from medmat_core.model import Split
from medmat_core.readers.pictures import Pictures
from medmat_core.readers.tables import Row, lines, read_text, rows
from medmat_core.scaffold.proposal import Shown
from medmat_core.scaffold.survey import Survey, folder_of, shared, stem
from medmat_core.scaffold.words import split_of_name
from medmat_core.tree import Tree, fold

LIMIT: Final = 300_000
"""Rows of a table that are looked at."""
RUNS: Final = re.compile(r"-?1?|\d+ \d+( \d+ \d+)*")
_DELIMITERS: Final = (",", ";", "\t", "|")

By = Literal["stem", "name", "tail"]
_BY: Final[tuple[By, ...]] = ("name", "tail", "stem")


@frozen(eq=False)
class Table:
    """A table whose column ``image`` names pictures of the folder.

    ``header`` are the columns, invented if ``bare`` (the file has none). ``by`` is how pictures are looked up,
    ``found`` the picture of each row (None: not there), ``under`` the folder that holds those pictures.
    ``delimiter`` is the one in the file (" ": any white space), "" for a spreadsheet. ``kept`` are the columns that an
    excerpt shows, ``ids`` the one whose cells it replaces, ``corners`` those of a box beside its class ``label``.
    """

    path: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str
    bare: bool
    image: str
    by: By
    found: tuple[str | None, ...]
    under: str
    crlf: bool = False
    bom: bool = False
    kept: frozenset[str] = frozenset()
    ids: str = ""
    corners: tuple[str, ...] = ()
    label: str = ""

    @property
    def split(self) -> Split | None:
        """The part that the file's name speaks of."""
        return split_of_name(stem(self.path))

    @property
    def pictures(self) -> set[str]:
        return {path for path in self.found if path is not None}

    def values(self, column: str) -> list[str]:
        """The cells of a column, of rows whose picture is there."""
        return [row.get(column) for row, _ in self.pairs()]

    def pairs(self) -> Iterator[tuple[Row, str]]:
        """(row, picture) where the picture is there."""
        return ((row, path) for row, path in zip(self.rows, self.found, strict=True) if path is not None)

    def excerpt(self, shown: Sequence[Shown], groups: Mapping[str, str]) -> list[ExampleFile]:
        """Columns that are not read are blank: what they say of patients is nobody's business."""
        body = [
            [over.get(column, groups.get(cell, cell) if column == self.ids else cell if column in self.kept else "")
             for column, cell in row.cells.items()]
            for row, over in self._rows(shown)
        ]  # fmt: skip
        table = [*([] if self.bare else [list(self.rows[0].cells)]), *body]
        if not self.delimiter:
            return [ExampleFile(self.path, sheets={"Sheet1": tuple(map(tuple, table))})]
        if self.delimiter == " ":
            text = "".join(" ".join(value or "-" for value in line) + "\n" for line in table)
        else:
            out = io.StringIO()
            csv.writer(out, delimiter=self.delimiter, lineterminator="\n").writerows(table)
            text = out.getvalue()
        return [ExampleFile(self.path, text, newline="crlf" if self.crlf else "lf", bom=self.bom)]

    def _rows(self, shown: Sequence[Shown]) -> Iterator[tuple[Row, Mapping[str, str]]]:
        """The rows of these pictures, each with other values for some cells: the corners of the boxes shown."""
        wanted = {item.path: item for item in shown}
        own: dict[str, list[Row]] = {}
        for row, path in self.pairs():
            if path in wanted:
                own.setdefault(path, []).append(row)
        for path, found in own.items():
            if not self.corners or not wanted[path].boxes:
                yield from ((row, {}) for row in found)
            for code, boxes in wanted[path].boxes.items() if self.corners else ():
                row = next(row for row in found if row.get(self.label) == code)
                yield from ((row, dict(zip(self.corners, map(str, box), strict=True))) for box in boxes)


@frozen(eq=False)
class PartList:
    """A text file that lists the pictures of an official part, one a line."""

    path: str
    split: Split
    lines: Mapping[str, str]
    """Picture -> its line."""

    def excerpt(self, shown: Sequence[Shown], groups: Mapping[str, str]) -> list[ExampleFile]:
        return [ExampleFile(self.path, "".join(f"{self.lines[s.path]}\n" for s in shown if s.path in self.lines))]


def read_tables(survey: Survey) -> tuple[list[Table], list[PartList], list[str]]:
    """The tables that name pictures, those with the most pictures first; lists of parts; remarks on other files."""
    found: list[Table] = []
    lists: list[PartList] = []
    remarks: list[str] = []
    for path in survey.with_suffix(".csv", ".tsv", ".txt", ".xlsx"):
        if "submission" in fold(path.rpartition("/")[2]):
            continue
        if path.lower().endswith(".xlsx") and find_spec("openpyxl") is None:
            remarks.append(f"{path} was not looked at: spreadsheets need openpyxl (pip install 'medmat-core[xlsx]')")
        elif (listed := _part_list(survey, path)) is not None:
            lists.append(listed)
        elif (table := _read(survey, path)) is not None:
            found.append(table)
        elif not path.lower().endswith(".txt"):
            sample = islice(rows(Tree(survey.base), path), 2000)
            runs = any(is_runs(cell) for row in sample for cell in row.cells.values())
            told = " (it holds what looks like run-length masks: see readers.RleMask)" if runs else ""
            remarks.append(f"{path} has no column that names the pictures{told}")
    found.sort(key=lambda table: (-len(table.pictures), table.path.count("/"), table.path))
    return found, lists, remarks


def is_runs(cell: str) -> bool:
    """Whether a cell is a run-length mask of several runs."""
    return cell.count(" ") > 2 and RUNS.fullmatch(cell) is not None


def _part_list(survey: Survey, path: str) -> PartList | None:
    split = split_of_name(stem(path))
    if split is None or not path.lower().endswith(".txt"):
        return None
    told = dict.fromkeys(text for _, text in lines(Tree(survey.base), path))
    named = {found: text for text in told if (found := _meant(survey.lookup(None), text)) is not None}
    # "a.png 1" is a row of a table
    return PartList(path, split, named) if len(named) > 0.5 * len(told) else None


def _read(survey: Survey, path: str) -> Table | None:
    tree = Tree(survey.base)
    plain = not path.lower().endswith(".xlsx")
    text = (read_text(tree, path) or "") if plain else ""
    delimiter = _delimiter(text, path) if plain else ""
    if plain and not delimiter:
        return None
    pictures = survey.lookup(split_of_name(stem(path)))
    wanted = " " if delimiter == " " else None
    wide = [f"column_{place}" for place in range(1, 200)]
    first = next(iter(rows(tree, path, header=wide, blanks=True, delimiter=wanted)), None)
    cells = [cell for cell in first.cells.values() if cell] if first is not None else []
    bare = any(_meant(pictures, cell) for cell in cells)
    if bare and len(cells) == 2:
        first_is = is_image(cells[0]) or (not is_image(cells[1]) and _meant(pictures, cells[0]) is not None)
        wide = ["image", "label"] if first_is else ["label", "image"]
    read = list(islice(rows(tree, path, header=wide[: len(cells)] if bare else None, delimiter=wanted), LIMIT))
    names = tuple(name for name in read[0].cells if name) if read else ()
    best = _image_column(pictures, read, names) if names else None
    if best is None:
        return None
    image, by = best
    # the pictures of the table's own part, unless it speaks of others as well
    ways = [[_look_up(pool, row.get(image), by) for row in read] for pool in (pictures, survey.lookup(None))]
    found = ways[0] if ways[0].count(None) <= ways[1].count(None) + 0.02 * len(read) else ways[1]
    under = shared({folder_of(path) for path in found if path is not None})
    with open_regular(tree.path(path)) as file:
        raw = file.read(1 << 16)
    crlf, bom = plain and b"\r\n" in raw, raw.startswith(b"\xef\xbb\xbf")
    return Table(path, names, tuple(read), delimiter, bare, image, by, tuple(found), under, crlf, bom)


def _delimiter(text: str, path: str) -> str:
    """What separates cells; "" where the file is no table."""
    head = [line for line in islice(text.splitlines(), 50) if line.strip()]
    sign = max(_DELIMITERS, key=head[0].count) if head else ""
    if not head or sign in head[0] or not path.lower().endswith(".txt"):
        return sign if head and sign in head[0] else "," if head else ""
    widths = {len(line.split()) for line in head[: max(1, len(head) - 1)]}
    return " " if len(widths) == 1 and widths.pop() >= 2 else ""


def _meant(pictures: Pictures, cell: str) -> str | None:
    """The picture that a cell names in any way."""
    return next((found for by in _BY if cell and (found := _look_up(pictures, cell, by))), None)


def _look_up(pictures: Pictures, cell: str, by: By) -> str | None:
    if by == "tail":
        return pictures.tail(cell) if "/" in cell.replace("\\", "/") and is_image(cell) else None
    return pictures.stem(cell) if by == "stem" else pictures.name(cell)


def _image_column(pictures: Pictures, read: Sequence[Row], names: Sequence[str]) -> tuple[str, By] | None:
    best: tuple[float, str, By] | None = None
    sample = read[:: max(1, len(read) // 2000)]
    for column in names:
        cells = [row.get(column) for row in sample]
        for by in _BY:
            # running numbers and grades match pictures called 1.png: an id does not come back row after row
            rate = sum(_look_up(pictures, cell, by) is not None for cell in cells) / len(cells)
            rate *= 0.5 + 0.5 * len(set(cells)) / len(cells)
            if rate > (best[0] + 0.01 if best else 0.05):
                best = (rate, column, by)
    return (best[1], best[2]) if best else None
