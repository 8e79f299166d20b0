"""Label files of an example tree: text with its quirks, and spreadsheets."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from typing import Any, Final

from medmat_core.card import Card
from medmat_core.errors import CardError, MedmatError
from medmat_core.example import ExampleFile

_MARKS: Final = {"utf16": ("utf-16-le", codecs.BOM_UTF16_LE), "utf8sig": ("utf-8", codecs.BOM_UTF8)}
_MOMENT: Final = (2000, 1, 1, 0, 0, 0)


def file_bytes(card: Card, file: ExampleFile) -> bytes:
    """The label file: its text in its encoding with its line ends, or its sheets as .xlsx."""
    if file.sheets:
        return _spreadsheet(card, file)
    try:
        return text_bytes(file.text, file.encoding, newline=file.newline, bom=file.bom)
    except (LookupError, UnicodeEncodeError) as error:
        raise CardError(f"{card.path}: example.files: {file.path!r}: encoding {file.encoding!r}: {error}") from error


def text_bytes(text: str, encoding: str = "utf-8", *, newline: str = "lf", bom: bool = False) -> bytes:
    """``text`` (line ends as "\\n") in an encoding. "utf-16" is little endian with its mark, on every machine."""
    text = text.replace("\r\n", "\n")
    if newline == "crlf":
        text = text.replace("\n", "\r\n")
    plain, mark = _MARKS.get(re.sub("[-_ ]", "", encoding.lower()), (encoding, b""))
    if bom and not mark:
        mark = codecs.BOM_UTF8
    return mark + text.encode(plain)


def _spreadsheet(card: Card, file: ExampleFile) -> bytes:
    """Sheets of rows as .xlsx; "" is an empty cell (TOML has no null)."""
    try:
        import openpyxl
    except ImportError as error:
        raise MedmatError(
            f"{card.path}: {file.path}: spreadsheets need openpyxl; run: pip install 'medmat-core[xlsx]'"
        ) from error
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in file.sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append([_cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return timeless(out.getvalue())


def _cell(value: Any) -> Any:
    return None if value == "" else value


def timeless(archive: bytes) -> bytes:
    """An .xlsx with every date of its making fixed, so that equal sheets are equal files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, content)
    return out.getvalue()
