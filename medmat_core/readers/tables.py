"""Label files as text: CSV in whatever dress, spreadsheets, plain lines, JSON.

Byte-order marks, Windows line ends, Latin-1, full-width commas and blanks around header cells and values
are met and undone here, once for all data sets.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from medmat_core.fileio import check_regular, open_regular
from medmat_core.readers.pictures import escapes, nameless
from medmat_core.tree import Tree

LONGEST: Final = 1 << 31
"""Bytes of a label file; a sparse file may claim any number."""

_UNPACKED: Final = 1 << 29
"""Bytes that a spreadsheet may unpack to."""

_DIGITS: Final = 4000
"""Digits of a number in a label file; Python itself makes no number of some more."""

csv.field_size_limit(1 << 30)  # run-length masks are longer than the default 128 KiB

_DELIMITERS: Final = (",", ";", "\t", "|", "，")


@frozen
class Row:
    """One row of a table: cells by header name, stripped. ``number`` is the line in the file, from 1."""

    file: str
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def get(self, column: str, default: str = "") -> str:
        """The cell, or ``default`` where the table has no such column."""
        return self.cells.get(column, default)


def located(tree: Tree, file: str | Sequence[str]) -> str:
    """Where a label file lies: the path given, else the file of that name (of several, of the likeliest that is there)
    nearest to the root; the first name where there is none, so that whoever opens it says so."""
    if isinstance(file, str) and tree.exists(file):
        return file
    names = (file,) if isinstance(file, str) else tuple(file)
    return tree.find(*names) or names[0]


def read_text(tree: Tree, file: str) -> str | None:
    """The file's text, whatever its encoding: UTF-8 or UTF-16 by byte-order mark, UTF-8, else Windows-1252.

    Remembers the file as read. None, with a problem reported, if it is not there or cannot be read.
    """
    if tree.leads_out(file):
        return None
    tree.opened.add(file)
    try:
        with open_regular(tree.path(file), LONGEST) as handle:
            raw = handle.read()
    except FileNotFoundError:
        tree.report("missing_file", file, "the label file is not there; unzip the archive that holds it")
        return None
    except OSError as error:
        tree.report("bad_file", file, f"cannot be read: {error.strerror}")
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError as error:
            tree.report("bad_file", file, f"not valid UTF-16: {error.reason} at byte {error.start}")
            return None
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def lines(tree: Tree, file: str | Sequence[str]) -> Iterator[tuple[int, str]]:
    """(line number from 1, stripped text) of every line that is not blank. ``file`` as in :func:`rows`."""
    text = read_text(tree, located(tree, file))
    if text is None:
        return
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped:
            yield number, stripped


def json_file(tree: Tree, file: str | Sequence[str]) -> Any:
    """The parsed JSON of a file; None, with a problem reported, if it cannot be parsed. ``file`` as in :func:`rows`."""
    file = located(tree, file)
    text = read_text(tree, file)
    if text is None:
        return None
    try:
        try:
            found = json.loads(text, object_pairs_hook=_once)
        except json.JSONDecodeError:
            raise
        except ValueError:  # a number that is too long: as text it costs what it stands in, and not the file
            found = json.loads(text, object_pairs_hook=_once, parse_int=lambda n: int(n) if len(n) < _DIGITS else n)
    except (ValueError, RecursionError) as error:
        tree.report("bad_file", file, f"not valid JSON: {error}")
        return None
    if found is None:
        tree.report("bad_file", file, "the file holds nothing: null")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object of which no key stands twice: nobody knows which of the two is meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r:.60} stands twice in an object")
    return found


def rows(
    tree: Tree,
    file: str | Sequence[str],
    *,
    require: Sequence[str] = (),
    header: Sequence[str] | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    blanks: bool = False,
    key: str | None = None,
) -> Iterator[Row]:
    """The rows of a CSV file or a spreadsheet (.xlsx), each cell stripped.

    ``file`` is a path, or a name (or several, likeliest first) of a file that lies anywhere below the root.
    ``header`` names the columns of a table that has none; a first line that repeats those names (a copy with
    a header) is skipped. ``require`` are columns without which the table is reported and nothing is yielded.
    ``key`` is the column that says what a row is about: a row in which it is blank is noted as ``empty_row`` and not
    yielded, however long it is.
    ``delimiter`` None takes the one most frequent in the first line; ``" "`` splits at any white space.
    ``blanks`` keeps inner cells as they are when a row is shorter than the header (fixed trailing columns
    missing); otherwise a row with too few or too many filled cells is reported as ``bad_row``. So is one in which two
    columns of one name say different things.
    """
    file = located(tree, file)
    raw = _spreadsheet(tree, file, sheet) if file.lower().endswith(".xlsx") else _csv(tree, file, delimiter)
    names: list[str] | None = [name.strip() for name in header] if header is not None else None
    first = True
    twice = _twice(names) if names is not None else {}
    told = len(tree.problems)
    for number, cells in raw:
        if names is None:
            names = cells
            missing = [column for column in require if column not in names]
            if missing:
                tree.report(
                    "bad_file", file, f"no column {', '.join(map(repr, missing))}; the header reads {', '.join(names)}"
                )
                return
            first = False
            twice = _twice(names)
            continue
        if first:
            first = False
            if header is not None and [c.casefold() for c in cells[: len(names)]] == [n.casefold() for n in names]:
                continue
        if len(cells) > len(names) and not any(cells[len(names) :]):
            cells = cells[: len(names)]
        if key in names and not all(cells[names.index(key) :][:1]):
            nameless(tree, "", file, number)
            continue
        if len(cells) > len(names) or (len(cells) < len(names) and not blanks):
            tree.report("bad_row", file, f"{len(cells)} fields where the table has {len(names)}", number)
            continue
        torn = next(
            (name for name, places in twice.items() if len({cells[p] for p in places if p < len(cells)}) > 1), None
        )
        if sum(map(len, cells)) > _DIGITS and _has_endless_number(cells):
            tree.report("bad_row", file, f"a cell is a number of more than {_DIGITS} digits", number)
            continue
        if torn is not None:
            tree.report("bad_row", file, f"the table has two columns {torn!r}, which say different things here", number)
            continue
        yield Row(file, number, dict(zip(names, cells, strict=False)))
    if names is None and len(tree.problems) == told:  # a file that is not there is not also empty
        tree.report("bad_file", file, "the table is empty")


def _twice(names: Sequence[str]) -> dict[str, list[int]]:
    """The names that stand over more than one column, and over which."""
    if len(set(names)) == len(names):
        return {}
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return {name: several for name, several in places.items() if name and len(several) > 1}


def _has_endless_number(cells: Sequence[str]) -> bool:
    return any(len(cell) > _DIGITS and cell.lstrip("+-").isdecimal() for cell in cells)


def lookup(tree: Tree, file: str | Sequence[str], key: str, value: str, *, required: bool = False) -> dict[str, str]:
    """One column of a table by another: ``{row[key]: row[value]}``; of two rows with one key the first counts.

    A row in which one of the two is blank is left out. Where each row must have both (``required``), a blank value is
    reported as ``bad_row`` and a blank key noted as ``empty_row``. A key that points outside the data folder is
    reported as ``path_escapes``.
    """
    found: dict[str, str] = {}
    file = located(tree, file)
    for row in rows(tree, file, require=(key, value)):
        if escapes(row[key]):
            tree.report("path_escapes", file, f"{row[key]!r} points outside the data folder", row.number)
        elif row[key] and row[value]:
            found.setdefault(row[key], row[value])
        elif required and not nameless(tree, row[key], file, row.number):
            tree.report("bad_row", file, f"{value} is blank", row.number)
    return found


def json_rows(tree: Tree, file: str | Sequence[str], *, require: Sequence[str] = ()) -> Iterator[Row]:
    """The objects of a JSON array as rows, each value as text; ``number`` is the place in the array, from 1.

    An entry that is no object or lacks a key of ``require`` is reported as ``bad_row``.
    """
    file = located(tree, file)
    entries = json_file(tree, file)
    if entries is None:
        return
    if not isinstance(entries, list):
        tree.report("bad_file", file, "the file holds no JSON array")
        return
    for number, entry in enumerate(entries, 1):
        missing = [key for key in require if not isinstance(entry, dict) or key not in entry]
        if missing or not isinstance(entry, dict):
            what = f"the entry has no {', '.join(map(repr, missing))}" if missing else "the entry is no object"
            tree.report("bad_row", file, what, number)
            continue
        cells = {str(name): _cell(value) for name, value in entry.items()}
        if _has_endless_number([*cells.values()]):
            tree.report("bad_row", file, f"a value is a number of more than {_DIGITS} digits", number)
            continue
        yield Row(file, number, cells)


def _csv(tree: Tree, file: str, delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
    text = read_text(tree, file)
    if text is None:
        return
    if delimiter == " ":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield number, line.split()
        return
    if delimiter is None:
        first = text.lstrip("\r\n").split("\n", 1)[0]
        delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for cells in reader:
            if any(cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        tree.report("bad_file", file, f"not a table from line {reader.line_num} on: {error}")


def _spreadsheet(tree: Tree, file: str, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    import zipfile

    from medmat_core.errors import MedmatError

    try:
        import openpyxl
    except ImportError as error:
        raise MedmatError(f"{file}: spreadsheets need openpyxl; run: pip install 'medmat-core[xlsx]'") from error
    if tree.leads_out(file):
        return
    tree.opened.add(file)
    book: Any = None
    try:
        check_regular(tree.path(file))
        with zipfile.ZipFile(tree.path(file)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _UNPACKED:
                raise ValueError(f"it unpacks to more than {_UNPACKED >> 20} MiB")
        book = openpyxl.load_workbook(tree.path(file), read_only=True, data_only=True)
        if sheet is not None and sheet not in book.sheetnames:
            tree.report("bad_file", file, f"no sheet {sheet!r}; it has {', '.join(book.sheetnames)}")
            return
        page = book[sheet] if sheet is not None else book.worksheets[0]
        width = 0
        for number, values in enumerate(page.iter_rows(values_only=True), 1):
            cells = [_cell(value) for value in values]
            if not any(cells):
                continue
            width = width or len(cells)
            yield number, cells + [""] * (width - len(cells))
    except FileNotFoundError:
        tree.report("missing_file", file, "the spreadsheet is not there")
    except Exception as error:  # openpyxl raises whatever its parsers meet in a damaged file
        tree.report("bad_file", file, f"not a readable spreadsheet: {type(error).__name__}: {error}")
    finally:
        if book is not None:
            book.close()


def _cell(value: Any) -> str:
    """A spreadsheet cell as the text a person sees: 1.0 is '1'."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
