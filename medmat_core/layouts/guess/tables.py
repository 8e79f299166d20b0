"""Label tables: one class a row ("table"), one column a class ("one-hot"), or one box a row ("box-table")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice
from typing import Any, Final

from attrs import frozen

from medmat_core.images.suffixes import is_image
from medmat_core.layouts.guess.columns import (
    BoxColumns,
    HotColumns,
    LabelColumn,
    Sheet,
    box_columns,
    group_column,
    hot_columns,
    is_runs,
    label_column,
    split_column,
)
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.survey import Survey, folder_of, shared, stem, templated
from medmat_core.layouts.guess.words import captions_of, split_of_name
from medmat_core.readers.pictures import Pictures
from medmat_core.readers.tables import Row, rows
from medmat_core.tree import Tree, fold

_LIMIT: Final = 300_000
"""Rows of a table that are looked at."""
_BY: Final = {"name": "", "tail": " or path", "stem": " without its suffix"}
"""How a cell may name a picture, and in words."""
_FORMS: Final = {
    "xyxy": "two corners", "xywh": "a corner, width and height", "cxcywh": "a center, width and height"
}  # fmt: skip
_UNITS: Final = (" in half-open pixels", " in fractions of the picture")
_WIDE: Final = [f"column_{place}" for place in range(1, 200)]
"""Columns of a table without a header."""


@frozen(eq=False)
class Reading:
    """Tables of one make, and how their rows are read: the class by one column (``label``), by one each (``hot``), or
    by one beside those of ``boxes``."""

    tables: tuple[Sheet, ...]
    label: LabelColumn | None
    hot: HotColumns | None
    boxes: BoxColumns | None = None

    @property
    def rank(self) -> int:
        """How much the reading is worth: pictures, twice where the column's name speaks of a class."""
        strong = self.label is None or self.label.strong or self.boxes is not None
        return len(self.pictures) * (2 if strong else 1)

    @property
    def pictures(self) -> set[str]:
        return {path for table in self.tables for path in table.pictures}

    @property
    def read(self) -> list[str]:
        """The columns that say what a picture is and shows."""
        label = [self.label.name] if self.label else []
        return [
            self.tables[0].image,
            *label,
            *(self.hot.names if self.hot else ()),
            *(self.boxes.names if self.boxes else ()),
        ]


def guess(survey: Survey, kind: str | None = None) -> Iterator[Proposal]:
    """The tables of one make that tell most; ``kind`` takes that layout only. What else was seen is remarked."""
    tables = tables_of(survey)
    found: list[Reading] = []
    for first in tables:
        runs = [column for column in first.header if any(map(is_runs, first.values(column)[:500]))]
        survey.remarks += [f"{first.path}: column {one!r} holds run-length masks: see readers.RleMask" for one in runs]
        reading = _reading(_same_make(first, tables), kind)
        found += [reading] if reading is not None else []
        if (boxes := box_columns(first)) is not None and (reading is None or reading.boxes is None):
            how = 'a layout of the kind "box-table" reads them beside a column of their class'
            survey.remarks.append(
                f"{first.path} holds boxes in {', '.join(boxes.names)}, which are lost as it is: {how}"
            )
    if found:
        yield _proposal(survey, max(found, key=lambda reading: reading.rank), tables)
        return
    survey.remarks += [f"{one.path} names pictures, but no column of it looks like their class" for one in tables[:1]]


@lru_cache(maxsize=1)
def tables_of(survey: Survey) -> list[Sheet]:
    """The tables that name pictures, those with the most pictures first."""
    found: list[Sheet] = []
    for path in survey.with_suffix(".csv", ".tsv", ".txt", ".xlsx"):
        plain = path.lower().endswith(".txt")
        beside = plain and fold(stem(path)) in survey.stems  # it speaks of one picture
        if beside or "submission" in fold(path.rpartition("/")[2]) or path in survey.lists:
            continue
        if path.lower().endswith(".xlsx") and find_spec("openpyxl") is None:
            survey.remarks.append(f"{path} was not looked at: spreadsheets need pip install 'medmat-core[xlsx]'")
            continue
        tables = (_read(survey, path, delimiter) for delimiter in ((None, " ") if plain else (None,)))
        if (table := next(filter(None, tables), None)) is not None:
            found.append(table)
        elif not plain:
            read = islice(rows(Tree(survey.base), path, header=_WIDE, blanks=True), 2000)
            cells = [[cell for cell in row.cells.values() if cell] for row in read][1:]
            runs = any(is_runs(cell) for line in cells for cell in line)
            names = sum(any(_look_up(survey.lookup(None), cell, "name") for cell in line) for line in cells)
            told = "has no column that names the pictures"
            if names > 0.5 * len(cells):
                told = "names pictures, but its lines have not as many cells as its header"
            told += " (it holds what looks like run-length masks: see readers.RleMask)" if runs else ""
            survey.remarks.append(f"{path} {told}")
    return sorted(found, key=lambda table: (-len(table.pictures), table.path.count("/"), table.path))


def _read(survey: Survey, path: str, delimiter: str | None) -> Sheet | None:
    """A file as a table whose cells a sign separates, or white space; None where no column names pictures."""
    tree, pictures = Tree(survey.base), survey.lookup(split_of_name(stem(path)))
    wide = _WIDE
    first = next(rows(tree, path, header=wide, blanks=True, delimiter=delimiter), None)
    cells = [cell for cell in first.cells.values() if cell] if first is not None else []
    bare = any(_look_up(pictures, cell, by) for cell in cells for by in _BY)
    if bare and len(cells) == 2:
        first_is = is_image(cells[0]) or (not is_image(cells[1]) and pictures.stem(cells[0]) is not None)
        wide = ["image", "label"] if first_is else ["label", "image"]
    read = list(islice(rows(tree, path, header=wide[: len(cells)] if bare else None, delimiter=delimiter), _LIMIT))
    names = tuple(name for name in read[0].cells if name) if read else ()
    torn = len(tree.problems) > 0.1 * len(read)  # rows of another width
    best = _image_column(pictures, read, names) if len(names) > 1 and not torn else None
    if best is None:
        return None
    image, by = best
    # the pictures of the table's own part, unless it speaks of others as well
    ways = [[_look_up(pool, row.get(image), by) for row in read] for pool in (pictures, survey.lookup(None))]
    found = ways[0] if ways[0].count(None) <= ways[1].count(None) + 0.02 * len(read) else ways[1]
    under = shared({folder_of(path) for path in found if path is not None})
    return Sheet(path, names, tuple(read), bare, delimiter or "", image, by, tuple(found), under)


def _look_up(pictures: Pictures, cell: str, by: str) -> str | None:
    if not cell or (by == "tail" and not ("/" in cell.replace("\\", "/") and is_image(cell))):
        return None
    return {"name": pictures.name, "tail": pictures.tail, "stem": pictures.stem}[by](cell)


def _image_column(pictures: Pictures, read: Sequence[Row], names: Sequence[str]) -> tuple[str, str] | None:
    best: tuple[float, str, str] | None = None
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


def _same_make(first: Sheet, tables: Sequence[Sheet]) -> list[Sheet]:
    """Tables with the same columns that bring pictures of their own, in the order of their paths; the first alone where
    their names do not tell official parts."""
    chosen: list[Sheet] = [first]
    seen = set(first.pictures)
    for table in tables:
        same = set(table.header) == set(first.header) and (table.image, table.by) == (first.image, first.by)
        if table is not first and same and len(table.pictures & seen) <= 0.1 * len(table.pictures):
            chosen.append(table)
            seen |= table.pictures
    chosen.sort(key=lambda table: table.path)
    named = templated([[table.path, table.under] for table in chosen]) is not None
    return chosen if named and None not in {table.split for table in chosen} else [first]


def _reading(same: Sequence[Sheet], wanted: str | None) -> Reading | None:
    """The one way in which these tables are read."""
    label = label_column(same) if wanted != "one-hot" else None
    hot = hot_columns(same) if wanted not in ("table", "box-table") else None
    boxes = box_columns(same[0]) if wanted in (None, "box-table") else None
    if label is not None and boxes is not None and not (label.separator or label.find):
        return Reading(tuple(same), label, None, boxes)
    if hot is not None and not hot.single and wanted is None and label is not None:
        # flags of a patient are no classes: many columns, or no better one
        few = len(hot.names) < 3 and label.name not in hot.names
        hot = None if few or label.strong else hot
    if (hot is None and label is None) or wanted == "box-table":
        return None
    return Reading(tuple(same), None if hot else label, hot)


def _proposal(survey: Survey, found: Reading, tables: Sequence[Sheet]) -> Proposal:
    made = templated([[table.path, table.under] for table in found.tables])
    assert made is not None
    (file, under), words = made
    parts = _parts(survey, found, words)
    group = group_column(found.tables, [*found.read, parts.get("split", {}).get("column", "")])
    first, others = found.tables[0], [table.path for table in tables if table not in found.tables]
    return Proposal(
        layout={
            "kind": "box-table" if found.boxes else "one-hot" if found.hot else "table",
            "table": file,
            **({"pictures": under} if under else {}),
            **_fields(found),
            **parts,
            **({"group": {"column": group}} if group else {}),
        },
        labels=captions_of(found.hot.names) if found.hot else {},
        column=found.label.name if found.label else "",
        evidence=(
            f"{', '.join(table.path for table in found.tables)}: {len(found.pictures)} pictures by column "
            f"{first.image!r} (the file name{_BY[first.by]})",
        ),
        classes=_told(found),
        doubts=(
            *([f"{found.hot.left_out!r} sums up the other columns and was left out"]
              if found.hot and found.hot.left_out else []),
            *([f"{found.hot.uncertain} cells are -1: that class is uncertain, and neither an answer nor a wrong one"]
              if found.hot and found.hot.uncertain else []),
            *([f"{found.hot.blank} cells are blank, which says nothing; write blank = 'absent' in [layout] if that "
               "means that the class is not there"] if found.hot and found.hot.blank else []),
            *([f"other columns could hold the class: {', '.join(found.label.others)}; label may list several columns"]
              if found.label and found.label.others else []),
            *([f"boxes are taken as {_FORMS[found.boxes.form]}{_UNITS[found.boxes.relative]}: see the kind box-table; "
               "--layout table takes labels alone"] if found.boxes else []),
            *(f"{path} names pictures, too, and is not read" for path in others[:4]),
        ),
        covered=len(found.pictures),
    )  # fmt: skip


def _parts(survey: Survey, found: Reading, words: Sequence[str]) -> dict[str, Any]:
    """The layout's fields that say where official parts are told."""
    if words:
        return {"parts": {word: table.split for word, table in zip(words, found.tables, strict=True)}}
    if (column := split_column(found.tables, found.read)) is not None:
        return {"split": {"column": column[0], "names": column[1]}}
    return survey.split(found.pictures)


def _fields(found: Reading) -> dict[str, Any]:
    """The layout's fields that say how a row is read; those that have their default are left out."""
    first, label = found.tables[0], found.label
    pairs = [pair for table in found.tables for pair in table.pairs()]
    first_of = found.boxes.names[0] if found.boxes else ""
    drawn = {bool(row.get(first_of)): set[str]() for row, _ in pairs}
    for row, _ in pairs if label and first_of else ():
        drawn[bool(row.get(first_of))].add(row.get(label.name) if label else "")
    nothing = drawn.get(False, set()) - drawn.get(True, set())
    fields: Mapping[str, Any] = {
        "image": first.image,
        "by": first.by if first.by != "stem" else "",
        "label": label.name if label else "",
        "separator": label.separator if label else "",
        "find": label.find if label else "",
        "merge": label is not None and not found.boxes and len(pairs) > len(found.pictures),
        "single": bool(found.hot and found.hot.single),
        **(found.boxes.fields if found.boxes else {}),
        "nothing": sorted(nothing - {""}),
        "header": list(first.header) if first.bare else [],
        "delimiter": first.delimiter,
    }
    return {name: value for name, value in fields.items() if value}


def _told(found: Reading) -> str:
    """How the class is told."""
    if found.hot is not None:
        return f"columns of 0 and 1, {'one' if found.hot.single else 'any number'} marked in a row"
    assert found.label is not None
    sign, merged = found.label.separator, _fields(found).get("merge")
    several = f", several in a cell separated by {sign!r}" if sign else ", several in a cell" * bool(found.label.find)
    rows_ = ", one a row and several rows a picture" if merged else ""
    boxes = f", boxes in {', '.join(found.boxes.names)}" if found.boxes else ""
    return f"classes in column {found.label.name!r}{several}{rows_}{boxes}"
