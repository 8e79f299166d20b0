"""Label tables of a folder: which column names the pictures, and what the others hold."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, Literal

from attrs import evolve, field, frozen

from medmat_core.card import ExampleFile
from medmat_core.fileio import open_regular
from medmat_core.images.suffixes import IMAGE_SUFFIXES
from medmat_core.model import Split
from medmat_core.readers.tables import Row, lines, rows
from medmat_core.scaffold.survey import Survey, shared, stem, suffix
from medmat_core.scaffold.words import MASK_WORD, split_of_name, split_of_path
from medmat_core.tree import Tree, fold

LIMIT: Final = 300_000
"""Rows of a table that are looked at."""
_SUFFIXES: Final = (".csv", ".tsv", ".txt", ".xlsx")
RUNS: Final = re.compile(r"-?1?|\d+ \d+( \d+ \d+)*")
_DELIMITERS: Final = (",", ";", "\t", "|")
_SUBMISSION: Final = re.compile(r"submission", re.IGNORECASE)

By = Literal["stem", "name", "tail"]


@frozen(eq=False)
class Table:
    """A table whose column ``image`` names pictures of the folder.

    ``header`` are the columns, invented if ``bare`` (the file has none). ``by`` is how pictures are looked up,
    ``found`` the picture of each row (None: not there), ``under`` the folder that holds those pictures.
    ``delimiter`` is the one in the file (" ": any white space), "" for a spreadsheet.
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
    more: bool = False
    bom: bool = False
    crlf: bool = False
    twice: bool = field(default=False)

    @property
    def split(self) -> Split | None:
        """The part that the file's name speaks of."""
        return split_of_name(self.path.rpartition("/")[2].rpartition(".")[0])

    @property
    def pictures(self) -> set[str]:
        return {path for path in self.found if path is not None}

    def values(self, column: str) -> list[str]:
        """The cells of a column, of rows whose picture is there."""
        return [row.get(column) for row, path in zip(self.rows, self.found, strict=True) if path is not None]

    def pairs(self) -> Iterator[tuple[Row, str]]:
        """(row, picture) where the picture is there."""
        for row, path in zip(self.rows, self.found, strict=True):
            if path is not None:
                yield row, path


def read_tables(survey: Survey) -> tuple[list[Table], list[str]]:
    """The tables that name pictures, those with the most pictures first, and remarks on those that do not."""
    found: list[Table] = []
    remarks: list[str] = []
    for path in survey.with_suffix(*_SUFFIXES):
        if _SUBMISSION.search(path.rpartition("/")[2]):
            continue
        if path.lower().endswith(".xlsx") and not _openpyxl():
            remarks.append(f"{path} was not looked at: spreadsheets need openpyxl (pip install 'medmat-core[xlsx]')")
            continue
        table = _read(survey, path)
        if table is not None:
            found.append(table)
        elif path.lower().endswith((".csv", ".tsv", ".xlsx")):
            runs = " (it holds what looks like run-length masks)" if _has_runs(survey, path) else ""
            remarks.append(f"{path} has no column that names the pictures{runs}")
        elif _is_list(survey, path):
            remarks.append(f"{path} looks like the list of an official part, which is not read (see readers.lines)")
    found.sort(key=lambda table: (-len(table.pictures), table.path.count("/"), table.path))
    return found, remarks


def _has_runs(survey: Survey, path: str) -> bool:
    """Whether some cell of a table is a run-length mask."""
    if path.lower().endswith(".xlsx"):
        return False
    sample = islice(rows(Tree(survey.base), path), 2000)
    return any(RUNS.fullmatch(cell) and cell.count(" ") > 2 for row in sample for cell in row.cells.values())


def _is_list(survey: Survey, path: str) -> bool:
    """Whether a file lists the pictures of an official part, one a line."""
    if split_of_name(stem(path)) is None:
        return False
    named = [text for _, text in islice(lines(Tree(survey.base), path), 50)]
    return bool(named) and sum(_hit(survey, text) for text in named) > 0.5 * len(named)


def _openpyxl() -> bool:
    from importlib.util import find_spec

    return find_spec("openpyxl") is not None


def _read(survey: Survey, path: str) -> Table | None:
    tree = Tree(survey.base)
    raw = b""
    delimiter = ""
    if not path.lower().endswith(".xlsx"):
        try:
            with open_regular(tree.path(path)) as file:
                raw = file.read(1 << 16)
        except OSError:
            return None
        delimiter = _delimiter(raw, path)
        if not delimiter:
            return None
    wanted = " " if delimiter == " " else None
    cells = _first_cells(tree, path, wanted)
    if not cells:
        return None
    bare = any(_hit(survey, cell) for cell in cells)
    header: list[str] | None = [f"column_{place}" for place in range(1, len(cells) + 1)] if bare else None
    read = list(islice(rows(tree, path, header=header, delimiter=wanted), LIMIT + 1))
    if not read:
        return None
    names = tuple(read[0].cells)
    if any(not name for name in names):
        names = tuple(name for name in names if name)
    best = _image_column(survey, read, names)
    if best is None:
        return None
    image, by = best
    paths = [_matches(survey, row.get(image), by) for row in read[:LIMIT]]
    found, under, twice = _choose(survey, path, paths)
    table = Table(
        path, names, tuple(read[:LIMIT]), delimiter, bare, image, by, tuple(found), under, len(read) > LIMIT,
        raw.startswith(b"\xef\xbb\xbf"), b"\r\n" in raw, twice,
    )  # fmt: skip
    return _renamed(table) if bare else table


def _first_cells(tree: Tree, path: str, delimiter: str | None) -> list[str]:
    """The first line of a table as cells."""
    from medmat_core.readers.tables import read_text

    if path.lower().endswith(".xlsx"):
        row = next(iter(rows(tree, path, header=[f"column_{n}" for n in range(1, 200)], blanks=True)), None)
        return [cell for cell in row.cells.values() if cell] if row is not None else []
    text = read_text(tree, path) or ""
    line = text.lstrip("\r\n").split("\n", 1)[0].strip()
    if delimiter == " ":
        return line.split()
    sign = max(_DELIMITERS, key=line.count)
    return [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=sign, skipinitialspace=True), [])]


def _delimiter(raw: bytes, path: str) -> str:
    """What separates cells; "" where the file is no table."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw[: len(raw) // 2 * 2].decode("utf-16", "replace")
    else:
        text = raw.decode("utf-8", "replace")
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    if not lines:
        return ""
    sign = max(_DELIMITERS, key=lines[0].count)
    if sign in lines[0]:
        return sign
    if not path.lower().endswith(".txt"):
        return ","
    widths = {len(line.split()) for line in lines[: max(1, len(lines) - 1)]}
    return " " if len(widths) == 1 and widths.pop() >= 2 else ""


def _hit(survey: Survey, cell: str) -> bool:
    return bool(cell) and any(_matches(survey, cell, by) for by in ("name", "tail", "stem"))


def _matches(survey: Survey, cell: str, by: str) -> list[str]:
    """The pictures that a cell may mean."""
    text = cell.strip().replace("\\", "/")
    if not text:
        return []
    name = fold(text.rpartition("/")[2])
    if by == "stem":
        return survey.stems.get(fold(text), []) if "/" not in text else []
    if by == "name":
        return survey.names.get(name, []) if "/" not in text else []
    if suffix(name) not in IMAGE_SUFFIXES or "/" not in text:
        return []
    paths = survey.names.get(name, [])
    parts = fold(text).split("/")

    def alike(path: str) -> int:
        other = fold(path).split("/")
        return sum(1 for _ in _while_equal(reversed(parts), reversed(other)))

    most = max(map(alike, paths), default=0)
    return [path for path in paths if alike(path) == most]


def _while_equal(one: Iterator[str], two: Iterator[str]) -> Iterator[str]:
    for a, b in zip(one, two, strict=False):
        if a != b:
            return
        yield a


def _image_column(survey: Survey, read: Sequence[Row], names: Sequence[str]) -> tuple[str, By] | None:
    best: tuple[float, str, By] | None = None
    sample = read[:: max(1, len(read) // 2000)]
    ways: tuple[By, ...] = ("name", "tail", "stem")
    for column in names:
        cells = [row.get(column) for row in sample]
        for by in ways:
            # running numbers and grades match pictures called 1.png: an id does not come back row after row
            rate = sum(bool(_matches(survey, cell, by)) for cell in cells) / len(cells)
            rate *= 0.5 + 0.5 * len(set(cells)) / len(cells)
            if rate > (best[0] + 0.01 if best else 0.05):
                best = (rate, column, by)
    return (best[1], best[2]) if best else None


def _choose(survey: Survey, file: str, options: Sequence[list[str]]) -> tuple[list[str | None], str, bool]:
    """The picture of each row where names come up in several folders: those of the table's own part, then of the
    folder with the most of them, masks last. Also the folder of all, and whether names were ambiguous."""
    several = [paths for paths in options if len(paths) > 1]
    if len(several) <= 0.02 * len(options):
        found = [paths[0] if paths else None for paths in options]
        return found, _common(found), bool(several)
    counts = Counter(path.rpartition("/")[0] for paths in options for path in paths)
    part = split_of_name(file.rpartition("/")[2].rpartition(".")[0])

    def rank(folder: str) -> tuple[bool, bool, int, str]:
        return (
            part is not None and split_of_path(folder) != part, MASK_WORD.search(folder) is not None,
            -counts[folder], folder,
        )  # fmt: skip

    order = {folder: place for place, folder in enumerate(sorted(counts, key=rank))}
    chosen = [min(paths, key=lambda path: order[path.rpartition("/")[0]]) if paths else None for paths in options]
    if part is not None:
        own = [path if path is None or split_of_path(path) in (part, None) else None for path in chosen]
        if any(own):
            chosen = own
    return chosen, _common(chosen), True


def _common(paths: Sequence[str | None]) -> str:
    return shared({path.rpartition("/")[0] for path in paths if path is not None})


def _renamed(table: Table) -> Table:
    """Names for the columns of a table that has none."""
    names = {column: "image" if column == table.image else column for column in table.header}
    if len(names) == 2:
        names = {column: "image" if column == table.image else "label" for column in table.header}
    renamed = tuple(
        Row(row.file, row.number, {names[column]: cell for column, cell in row.cells.items()}) for row in table.rows
    )
    return evolve(table, header=tuple(names.values()), image="image", rows=renamed)


def rows_of(table: Table, wanted: set[str]) -> list[Row]:
    """The rows of some pictures."""
    return [row for row, path in table.pairs() if path in wanted]


def excerpt(
    table: Table, picked: Sequence[Row], keep: set[str], replaced: Mapping[str, Mapping[str, str]]
) -> ExampleFile:
    """The table with its header and some rows, as it lies on disk. Columns that the adapter does not read are blank:
    what they say of patients is nobody's business; ``replaced`` gives other values for cells (column -> old -> new)."""

    def cell(row: Row, column: str) -> str:
        text = row.get(column) if column in keep else ""
        return replaced.get(column, {}).get(text, text)

    body = [[cell(row, column) for column in row.cells] for row in picked]
    header = [] if table.bare else [list(picked[0].cells) if picked else list(table.header)]
    if not table.delimiter:
        sheets = {"Sheet1": tuple(tuple(line) for line in [*header, *body])}
        return ExampleFile(table.path, sheets=sheets)
    if table.delimiter == " ":
        text = "".join(" ".join(value or "-" for value in line) + "\n" for line in [*header, *body])
    else:
        out = io.StringIO()
        csv.writer(out, delimiter=table.delimiter, lineterminator="\n").writerows([*header, *body])
        text = out.getvalue()
    return ExampleFile(table.path, text, newline="crlf" if table.crlf else "lf", bom=table.bom)
