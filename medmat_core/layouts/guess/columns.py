"""What the columns of a label table are for: the class, one class each, corners, an official part, a patient."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

from attrs import frozen

from medmat_core.layouts.guess.survey import folder_of, stem
from medmat_core.layouts.guess.words import split_of_name, split_of_path, whole
from medmat_core.model import Split
from medmat_core.readers.tables import Row
from medmat_core.readers.tagged import marks
from medmat_core.tree import fold

_LABEL: Final = re.compile(
    r"label|class|diagnos|(?<![a-z])dx(?![a-z])|target|categor|grade|level|disease|condition|patholog|finding|"
    r"lesion_?type|tumou?r_?type|outcome|result",
    re.IGNORECASE,
)
_META: Final = re.compile(
    r"(?<![a-z])(sex|gender|male|female|age|side|laterality|eye|od|os|view|position|split|set|fold|part|usage|subset|"
    r"site|region|location|width|height|size|date|time|year|camera|device|center|centre|hospital|race|ethnic\w*|"
    r"quality|smok\w*|drink\w*|biopsed|itch|grew|hurt|changed|bleed|elevation|test|train\w*|valid\w*|follow\w*|"
    r"projection|series|columns|rows|comments?|notes?|source|dir|folder|path|url|md5\w*|hash|index)(?![a-z])|"
    r"(?<![a-z])(is|has)_|_xy$|method|confirm",
    re.IGNORECASE,
)
_PERSON: Final = re.compile(
    r"patient|subject|person|participant|individual|donor|animal|(?<![a-z])(pid|mrn|pat)(?![a-z])", re.IGNORECASE
)
_GROUP: Final = re.compile(
    rf"{_PERSON.pattern}|(?<![a-z])(case|slide)(?![a-z])|(case|slide|series|lesion)_?id|study_?(id|instance\w*)",
    re.IGNORECASE,
)
_NO_ID: Final = re.compile(r"age|sex|gender|count|number_of|position|weight", re.IGNORECASE)
_NEAR: Final = tuple(rf"{side}[ _]?min|min[ _]?{side}|{side}1?|{edge}" for side, edge in (("x", "left"), ("y", "top")))
_FAR: Final = tuple(
    rf"{side}[ _]?max|max[ _]?{side}|{side}2|{edge}" for side, edge in (("x", "right"), ("y", "bottom"))
)
_CENTER: Final = tuple(rf"{side}[ _]?(c|center|centre)|(c|center|centre)[ _]?{side}" for side in "xy")
_SIZE: Final = ("(bbox[ _])?(w|width)", "(bbox[ _])?(h|height)")
_BOXES: Final = {"xyxy": _NEAR + _FAR, "xywh": _NEAR + _SIZE, "cxcywh": _CENTER + _SIZE}
"""What columns of boxes are called, by the form that a card gives them."""
_BOX: Final = re.compile(r"b?box|bounding|coord", re.IGNORECASE)
_FLOAT: Final = r"-?\d+(?:\.\d*)?"
_FOUR: Final = re.compile(rf"[\[(]?\s*({_FLOAT})[,;\s]+({_FLOAT})[,;\s]+({_FLOAT})[,;\s]+({_FLOAT})\s*[\])]?")
_QUOTED: Final = "'([^']+)'"
_BINARY: Final = frozenset({"", "0", "1", "-1", "0.0", "1.0", "-1.0", "true", "false"})
MOST: Final = 150
"""More different values than this are ids or free text, not classes."""
_RUNS: Final = re.compile(r"-?1?|\d+ \d+( \d+ \d+)*")


@frozen(eq=False, slots=False)
class Sheet:
    """A table whose column ``image`` names pictures of the folder.

    ``header`` are the columns, invented if ``bare`` (the file has none); ``delimiter`` is " " where white space
    separates them, "" where a sign does.
    ``by`` is how pictures are looked up, ``found`` the picture of each row (None: not there), ``under`` the folder that
    holds those pictures.
    """

    path: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    bare: bool
    delimiter: str
    image: str
    by: str
    found: tuple[str | None, ...]
    under: str

    @property
    def split(self) -> Split | None:
        """The part that the file's name speaks of, or else its folder's."""
        return split_of_name(stem(self.path)) or split_of_path(folder_of(self.path))

    @cached_property
    def pictures(self) -> set[str]:
        return {path for path in self.found if path is not None}

    def values(self, column: str) -> list[str]:
        """The cells of a column, of rows whose picture is there."""
        return [row.get(column) for row, _ in self.pairs()]

    def pairs(self) -> Iterator[tuple[Row, str]]:
        """(row, picture) where the picture is there."""
        return ((row, path) for row, path in zip(self.rows, self.found, strict=True) if path is not None)


def is_runs(cell: str) -> bool:
    """Whether a cell is a run-length mask of several runs."""
    return cell.count(" ") > 2 and _RUNS.fullmatch(cell) is not None


@frozen
class LabelColumn:
    """The column that holds the class. ``separator`` or ``find`` (a regular expression) where one cell lists several;
    ``strong``: its name says so; ``others`` could hold it, too."""

    name: str
    separator: str
    find: str
    strong: bool
    others: tuple[str, ...] = ()


@frozen
class HotColumns:
    """One column a class. ``single``: exactly one is marked in every row; ``left_out`` only sums up the others.
    ``uncertain`` cells hold -1, ``blank`` ones nothing."""

    names: tuple[str, ...]
    single: bool
    left_out: str = ""
    uncertain: int = 0
    blank: int = 0


@frozen
class BoxColumns:
    """The columns of a box's four numbers, or the one that holds them all, with the ``form`` that a card calls it by;
    ``relative``: all are fractions of the picture, whose width and height stand in the columns of its ``size``."""

    names: tuple[str, ...]
    form: str
    relative: bool
    size: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """What a layout says of them; what has its default is left out."""
        corners = list(self.names) if len(self.names) == 4 else self.names[0]
        fields = {"corners": corners, "form": self.form, "relative": self.relative, "size": list(self.size)}
        return {name: value for name, value in fields.items() if value and value != "xyxy"}


def _parted(cell: str, separator: str, find: str = "") -> list[str]:
    """What a cell lists."""
    parts = re.findall(find, cell) if find else cell.split(separator) if separator else [cell]
    return [part.strip() for part in parts if part.strip()]


def label_column(tables: Sequence[Sheet]) -> LabelColumn | None:
    """The column of the first table that most likely holds the class: by its name, by how often its values come back,
    and by whether folders of pictures are called like them."""
    table = tables[0]
    boxes = box_columns(table)
    taken = (table.image, *(boxes.names if boxes is not None else ()))
    folders = {fold(name) for one in tables for path in one.pictures for name in path.split("/")[:-1]}
    pictures = sum(len(one.pictures) for one in tables)
    ranked: list[tuple[float, int, str, str, str]] = []
    for place, column in enumerate(table.header):
        cells = [cell for one in tables for cell in one.values(column) if cell]
        if column in taken or not cells or len(cells) < 0.5 * pictures or any(map(is_runs, cells[:500])):
            continue
        if whole(split_of_name(cell) for cell in set(cells)):
            continue
        find = _QUOTED if all(re.fullmatch(r"\[('[^']+'(, )?)*\]", cell) for cell in cells) else ""
        separator = "" if find else _separator(cells)
        values = {part for cell in cells for part in _parted(cell, separator, find)}
        if not 2 <= len(values) <= MOST or any(len(value) > 80 for value in values):
            continue
        few = len(values) <= max(2, 0.5 * len(cells)) or len(cells) < 30
        named = _LABEL.search(column) is not None
        if not few or (len(values) == len(cells) and len(cells) > 3 and not named):
            continue
        numbers = all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in values)
        if numbers and any("." in value and not value.endswith(".0") for value in values):
            continue
        score = 3.0 * named - 3.0 * bool(_META.search(column)) - 3.0 * bool(_GROUP.search(column))
        score += (not numbers) - 0.25 * (values <= _BINARY)
        score -= 2.0 * (len(cells) >= 8 and len(values) > 0.5 * len(cells) and not (separator or find))
        score += 2.0 * ({fold(value) for value in values} <= folders)
        ranked.append((score, -place, column, separator, find))
    ranked.sort(reverse=True)
    if not ranked or ranked[0][0] < -0.5:
        return None
    score, _, name, separator, find = ranked[0]
    return LabelColumn(name, separator, find, score >= 3.0, tuple(other[2] for other in ranked[1:4] if other[0] >= 0.5))


def _separator(cells: Sequence[str]) -> str:
    """What separates several labels in one cell: the sign by which there come to be fewer different ones."""
    whole_cells = set(cells)
    for sign in ("|", ";", ","):
        several = [cell for cell in whole_cells if sign in cell]
        parted = {part.strip() for cell in whole_cells for part in cell.split(sign)}
        if not several or len(parted) > MOST:
            continue
        single = whole_cells - set(several)
        parts = [part for cell in several for part in cell.split(sign)]
        known = sum(part.strip() in single for part in parts) >= 0.5 * len(parts)
        # parts come back more often than whole cells do, unless the sign belongs to the text
        again = len(parts) >= 1.2 * len(set(parts))
        if (sign == "|" and len(several) > 1) or len(parted) < len(whole_cells) or known or again:
            return sign
    return ""


def hot_columns(tables: Sequence[Sheet]) -> HotColumns | None:
    """The columns of 0 and 1 that are one class each; None where there are fewer than two."""
    table = tables[0]
    found = [
        column
        for column in table.header
        if column != table.image and not _META.search(column) and not _GROUP.search(column)
        and all({cell.lower() for cell in one.values(column)} <= _BINARY for one in tables)
        and any(table.values(column))
    ]  # fmt: skip
    if len(found) < 2:
        return None
    read = [marks(row, found) for one in tables for row, _ in one.pairs()]
    marked = [set(said.stated) for said in read if said is not None]
    cells = Counter(cell for one in tables for column in found for cell in one.values(column))
    uncertain, blank = cells["-1"] + cells["-1.0"], cells[""]
    single = all(len(line) == 1 for line in marked) and not (uncertain or blank)
    for column in found if len(found) > 3 and not single else ():
        others = [line - {column} for line in marked]
        sums = [(column in line) == bool(rest) for line, rest in zip(marked, others, strict=True)]
        if all(sums) and any(others):
            left = tuple(name for name in found if name != column)
            return HotColumns(left, all(len(rest) == 1 for rest in others), column, uncertain, blank)
    return HotColumns(tuple(found), single, "", uncertain, blank)


def box_columns(table: Sheet) -> BoxColumns | None:
    """The columns of the numbers of a box: four, or one whose cells hold all; None where there are none."""
    for form, rules in _BOXES.items():
        names = [next((c for c in table.header if re.fullmatch(rule, c, re.IGNORECASE)), "") for rule in rules]
        cells = [tuple(row.get(name) for name in names) for row, _ in table.pairs()] if all(names) else []
        read = [tuple(map(float, four)) for four in cells if all(re.fullmatch(_FLOAT, cell) for cell in four)]
        if read:
            return BoxColumns(tuple(names), form, _in_fractions(read), _size_columns(table, names))
    for name in filter(_BOX.search, table.header):
        found = [_FOUR.fullmatch(cell) for cell in table.values(name) if cell]
        if found and all(found):
            read = [tuple(map(float, one.groups())) for one in found if one is not None]
            form = "xyxy" if all(x2 > x1 and y2 > y1 for x1, y1, x2, y2 in read) else "xywh"
            return BoxColumns((name,), form, _in_fractions(read), _size_columns(table, ()))
    return None


def _size_columns(table: Sheet, taken: Sequence[str]) -> tuple[str, ...]:
    """The columns of the width and height of pictures."""
    rules = (rf"((image|img|original)[ _]?)?{side}" for side in ("width", "height"))
    found = [next((c for c in table.header if re.fullmatch(rule, c, re.IGNORECASE)), "") for rule in rules]
    known = all(found) and not {*found} & {*taken} and all(cell.isdecimal() for c in found for cell in table.values(c))
    return tuple(found) if known else ()


def _in_fractions(boxes: Sequence[tuple[float, ...]]) -> bool:
    return all(-0.5 <= number <= 1.5 for box in boxes for number in box)


def split_column(tables: Sequence[Sheet], taken: Sequence[str]) -> tuple[str, dict[str, Split]] | None:
    """The column that names official parts, and what its values mean."""
    for column in tables[0].header:
        if column in taken:
            continue
        values = {cell for one in tables for cell in one.values(column)}
        meant = {value: split for value in sorted(values) if (split := split_of_name(value)) is not None}
        if whole(meant.values()) and len(meant) == len(values):
            return column, meant
    return None


def group_column(tables: Sequence[Sheet], taken: Sequence[str], *, blanks: bool = False) -> str:
    """The column that names the patient (or lesion, or study), if no row leaves it blank (most do not, where
    ``blanks`` may be); "" for none."""
    ranked = sorted(
        (column for column in tables[0].header if column not in taken and _GROUP.search(column)),
        key=lambda column: not _PERSON.search(column),
    )
    for column in ranked:
        cells = [cell for one in tables for cell in one.values(column)]
        filled, values = sum(map(bool, cells)), {cell.lower() for cell in cells if cell}
        # ages, counts and flags of patients come back far too often to be their ids
        known = filled > 0.5 * len(cells) if blanks else filled == len(cells)
        if known and len(values) > max(1, len(cells) / 50) and not values <= _BINARY and not _NO_ID.search(column):
            return column
    return ""
