"""What the columns of a label table are for: the class, one class each, an official part, a patient."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from medmat_core.model import Split
from medmat_core.scaffold.tables_read import RUNS, Table
from medmat_core.scaffold.words import split_of_name, whole
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
_SPLIT: Final = re.compile(
    r"split|(?<![a-z])(set|fold|part|partition|subset|phase|usage)(?![a-z])|dataset", re.IGNORECASE
)
_GROUP: Final = re.compile(
    r"patient|subject|(?<![a-z])(pid|case)(?![a-z])|lesion_?id|study_?(id|instance\w*)|case_?id|series_?id|person",
    re.IGNORECASE,
)
_NO_ID: Final = re.compile(r"age|sex|gender|count|number_of|position|weight", re.IGNORECASE)
_BINARY: Final = frozenset({"", "0", "1", "-1", "0.0", "1.0", "-1.0", "true", "false"})
MOST: Final = 150
"""More different values than this are ids or free text, not classes."""


@frozen
class LabelColumn:
    """The column that holds the class. ``separator`` where one cell lists several; ``strong``: its name says so."""

    name: str
    separator: str
    strong: bool
    others: tuple[str, ...] = ()


@frozen
class HotColumns:
    """One column a class. ``single``: exactly one is marked in every row; ``left_out`` only sum up the others."""

    names: tuple[str, ...]
    single: bool
    left_out: tuple[str, ...] = ()


def label_column(tables: Sequence[Table]) -> LabelColumn | None:
    """The column of the first table that most likely holds the class: by its name, by how often its values come back,
    and by whether folders of pictures are called like them."""
    table = tables[0]
    folders = {fold(name) for one in tables for path in one.pictures for name in path.split("/")[:-1]}
    ranked: list[tuple[float, int, str, str]] = []
    for place, column in enumerate(table.header):
        if column == table.image:
            continue
        cells = [cell for one in tables for cell in one.values(column) if cell]
        if not cells or len(cells) < 0.5 * sum(len(one.pictures) for one in tables):
            continue
        if any(RUNS.fullmatch(cell) and cell.count(" ") > 2 for cell in cells[:500]):
            continue
        if _SPLIT.search(column) and whole(split_of_name(cell) for cell in set(cells)):
            continue
        separator = _separator(cells)
        values = {part.strip() for cell in cells for part in (cell.split(separator) if separator else [cell])}
        if not 2 <= len(values) <= MOST or any(len(value) > 80 for value in values):
            continue
        few = len(values) <= max(2, 0.5 * len(cells)) or len(cells) < 30
        if not few or (len(values) == len(cells) and len(cells) > 3 and not _LABEL.search(column)):
            continue
        numbers = all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in values)
        if numbers and any("." in value and not value.endswith(".0") for value in values):
            continue
        score = 3.0 * bool(_LABEL.search(column)) - 3.0 * bool(_META.search(column)) - 3.0 * bool(_GROUP.search(column))
        score += 0.0 if numbers else 1.0
        score -= 0.25 if values <= _BINARY else 0.0
        score -= 2.0 if len(cells) >= 8 and len(values) > 0.5 * len(cells) and not separator else 0.0
        score += 2.0 if len(values) > 1 and {fold(value) for value in values} <= folders else 0.0
        ranked.append((score, -place, column, separator))
    if not ranked:
        return None
    ranked.sort(reverse=True)
    score, _, name, separator = ranked[0]
    if score < -0.5:
        return None
    others = tuple(column for other, _, column, _ in ranked[1:4] if other >= 0.5)
    return LabelColumn(name, separator, score >= 3.0, others)


def _separator(cells: Sequence[str]) -> str:
    """What separates several labels in one cell: the sign by which there come to be fewer different ones."""
    whole_cells = set(cells)
    for sign in ("|", ";", ","):
        parted = {part.strip() for cell in whole_cells for part in cell.split(sign)}
        several = [cell for cell in whole_cells if sign in cell]
        single = whole_cells - set(several)
        known = sum(part.strip() in single for cell in several for part in cell.split(sign))
        parts = sum(cell.count(sign) + 1 for cell in several)
        # parts come back more often than whole cells do, unless the sign belongs to the text
        again = parts / max(1, len({part for cell in several for part in cell.split(sign)})) >= 1.2
        bars = sign == "|" and len(several) > 1
        if (
            several
            and len(parted) <= MOST
            and (bars or len(parted) < len(whole_cells) or known >= 0.5 * parts or again)
        ):
            return sign
    return ""


def hot_columns(tables: Sequence[Table]) -> HotColumns | None:
    """The columns of 0 and 1 that are one class each; None where there are fewer than two."""
    table = tables[0]
    found = [
        column
        for column in table.header
        if column != table.image and not _META.search(column) and not _GROUP.search(column)
        and all({cell.lower() for cell in one.values(column)} <= _BINARY for one in tables)
        and any(cell for cell in table.values(column))
    ]  # fmt: skip
    if len(found) < 2:
        return None
    marked = [[_is_one(row.get(column)) for column in found] for one in tables for row, _ in one.pairs()]
    if all(sum(line) == 1 for line in marked):
        return HotColumns(tuple(found), True)
    left_out = [
        column
        for place, column in enumerate(found)
        if len(found) > 3 and (any(line[place] for line in marked))
        and all(line[place] == any(line[:place] + line[place + 1 :]) for line in marked)
    ]  # fmt: skip
    names = tuple(column for column in found if column not in left_out[:1])
    marked = [[_is_one(row.get(column)) for column in names] for one in tables for row, _ in one.pairs()]
    return HotColumns(names, all(sum(line) == 1 for line in marked), tuple(left_out[:1]))


def _is_one(cell: str) -> bool:
    return cell.lower() in ("1", "1.0", "true")


def split_column(tables: Sequence[Table], taken: Sequence[str]) -> tuple[str, dict[str, Split]] | None:
    """The column that names official parts, and what its values mean."""
    for column in tables[0].header:
        if column in taken or not _SPLIT.search(column):
            continue
        values = {cell for one in tables for cell in one.values(column)}
        meant = {value: split for value in values if (split := split_of_name(value)) is not None}
        if whole(meant.values()) and len(meant) == len(values):
            return column, meant
    return None


def group_column(tables: Sequence[Table], taken: Sequence[str]) -> str | None:
    """The column that names the patient (or lesion, or study), if no row leaves it blank."""
    ranked = sorted(
        (column for column in tables[0].header if column not in taken and _GROUP.search(column)),
        key=lambda column: not re.search(r"patient|subject|person|pid", column, re.IGNORECASE),
    )
    for column in ranked:
        cells = [cell for one in tables for cell in one.values(column)]
        if cells and all(cells) and len(set(cells)) > 1 and not set(map(str.lower, cells)) <= _BINARY:
            values = len(set(cells))
            # ages, counts and flags of patients come back far too often to be their ids
            if values >= len(cells) / 50 and not re.search(
                r"age|sex|gender|count|number_of|position|weight", column, re.I
            ):
                return column
    return None


def run_columns(table: Table) -> list[str]:
    """Columns that hold run-length masks."""
    return [
        column
        for column in table.header
        if sum(bool(RUNS.fullmatch(cell)) and cell.count(" ") > 2 for cell in table.values(column)[:500]) > 0
    ]


def corner_columns(table: Table) -> list[str]:
    """Columns that hold the corners of boxes."""
    corner = re.compile(r"[xy][ _]?(min|max)|(x|y)[12]|bbox.*", re.IGNORECASE)
    return [column for column in table.header if corner.fullmatch(column)]
