"""Tables that label pictures: one class a row, one column a class, or several classes in one cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen

from medmat_core.card import Card
from medmat_core.model import LabelSample, Split
from medmat_core.readers.groups import GroupRule, group_of, split_at
from medmat_core.readers.pictures import Pictures, nameless
from medmat_core.readers.tables import Row
from medmat_core.tree import Tree

BLANK: Final = ("", "nan")
"""Cells in lower case that say nothing of a class."""


@frozen
class Marks:
    """What one row of a one-column-a-class table says, in column order."""

    stated: tuple[str, ...]
    uncertain: tuple[str, ...]
    absent: tuple[str, ...]


def marks(row: Row, columns: Mapping[str, str] | Sequence[str]) -> Marks | None:
    """Read the 0/1 columns of a row: 1 states a class, 0 marks it absent, -1 leaves it uncertain, a blank says
    nothing. Floats ("1.0") and true/false count. ``columns`` maps header names to codes, or lists headers that
    are codes. None for a cell that is none of these (the caller reports the row)."""
    found: dict[float, list[str]] = {1.0: [], 0.0: [], -1.0: []}
    for column, code in _pairs(columns):
        value = row.get(column).lower()
        if value in BLANK:
            continue
        number = _mark(value)
        if number is None:
            return None
        found[number].append(code)
    return Marks(tuple(found[1.0]), tuple(found[-1.0]), tuple(found[0.0]))


def _pairs(columns: Mapping[str, str] | Sequence[str]) -> Iterable[tuple[str, str]]:
    return columns.items() if isinstance(columns, Mapping) else ((name, name) for name in columns)


def _mark(value: str) -> float | None:
    """1, 0 or -1; None where a cell in lower case is none of them."""
    try:
        number = float({"true": "1", "false": "0"}.get(value, value))
    except ValueError:
        return None
    return number if number in (1.0, 0.0, -1.0) else None


def _left_open(row: Row, columns: Mapping[str, str] | Sequence[str], known: Collection[str | None]) -> tuple[str, ...]:
    """The codes whose cells are there and neither state nor exclude them."""
    return tuple(code for column, code in _pairs(columns) if code not in known and column in row.cells)


def _unread(row: Row, columns: Mapping[str, str] | Sequence[str]) -> str:
    """The first cell that is no mark."""
    for column, _ in _pairs(columns):
        value = row.get(column).lower()
        if value not in BLANK and _mark(value) is None:
            return f"{column} holds {row.get(column)[:60]!r}, which is no 1, 0 or -1"
    return "a class column is blank"


def table_labels(
    tree: Tree,
    table: Iterable[Row],
    pictures: Pictures,
    *,
    image: str | Callable[[Row], str],
    code: str | Callable[[Row], str | tuple[str, ...] | None],
    by: str = "stem",
    group: str | GroupRule | None = None,
    split: Split | Callable[[str], Split | None] | None = None,
    skip: Callable[[Row], bool] | None = None,
) -> Iterator[LabelSample]:
    """One sample a row: ``image`` and ``code`` are columns or rules over the row.

    ``by`` says how the picture is looked up ("stem", "name", "tail"). A row without a code is reported as
    ``bad_row``; one whose picture is not there as ``missing_image``; one that names no picture is a note. ``group`` is
    a column, a rule over the picture's path or a :class:`Group`, ``split`` a part, a rule or a :class:`Part`. Rows that
    ``skip`` accepts are left out.
    """
    for row in table:
        if skip is not None and skip(row):
            continue
        name = row.get(image) if isinstance(image, str) else image(row)
        stated = row.get(code) if isinstance(code, str) else code(row)
        if nameless(tree, name, row.file, row.number):
            continue
        if not stated:
            tree.report("bad_row", row.file, "the row has no label", row.number)
            continue
        path = pictures.wanted(name, row.file, row.number, by=by)
        if path is None:
            continue
        yield LabelSample(
            path,
            (stated,) if isinstance(stated, str) else stated,
            group=group_of(group, path, row),
            split=split_at(split, path, row),
        )
    pictures.tell()


def in_cell(column: str, separator: str) -> Callable[[Row], tuple[str, ...] | None]:
    """A rule for :func:`table_labels`: the codes that one cell lists, each once, in the cell's order."""

    def codes(row: Row) -> tuple[str, ...] | None:
        parts = (part.strip() for part in row.get(column).split(separator))
        return tuple(dict.fromkeys(part for part in parts if part)) or None

    return codes


def by_value(table: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """The rows of a table by what stands in a column, in the order in which each value first comes up.

    For tables with one row a finding: all rows of one picture together.
    """
    found: dict[str, list[Row]] = {}
    for row in table:
        found.setdefault(row.get(column), []).append(row)
    return found


def named(tree: Tree, table: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """:func:`by_value` without the rows in which the column is blank: each of them is noted."""
    found = by_value(table, column)
    for row in found.pop("", ()):
        nameless(tree, "", row.file, row.number)
    return found


def merged_labels(
    tree: Tree,
    table: Iterable[Row],
    pictures: Pictures,
    *,
    image: str,
    code: str | Callable[[Row], str | tuple[str, ...] | None],
    by: str = "stem",
    group: str | GroupRule | None = None,
    split: Split | Callable[[str], Split | None] | None = None,
) -> Iterator[LabelSample]:
    """One sample a picture from a table with one finding a row: stated is what its rows say together.

    Rules are those of :func:`table_labels`; ``group`` and ``split`` go by a picture's first row. A row without a
    label is reported and its picture left out, since the other rows need not be all that is true of it.
    """
    for name, same in named(tree, table, image).items():
        first = same[0]
        labels = [row.get(code) if isinstance(code, str) else code(row) for row in same]
        bare = next((row for row, label in zip(same, labels, strict=True) if not label), None)
        if bare is not None:
            tree.report("bad_row", bare.file, "the row has no label", bare.number)
            continue
        path = pictures.wanted(name, first.file, first.number, by=by)
        if path is None:
            continue
        stated: dict[str, None] = {}
        for label in labels:
            stated.update(dict.fromkeys((label,) if isinstance(label, str) else label or ()))
        yield LabelSample(
            path,
            tuple(stated),
            group=group_of(group, path, first),
            split=split_at(split, path, first),
        )
    pictures.tell()


def one_hot(
    tree: Tree,
    card: Card,
    table: Iterable[Row],
    pictures: Pictures,
    *,
    image: str | Callable[[Row], str],
    columns: Mapping[str, str] | Sequence[str] = (),
    by: str = "stem",
    group: str | GroupRule | None = None,
    split: Split | Callable[[str], Split | None] | None = None,
    single: bool = False,
    normal: str | None = None,
) -> Iterator[LabelSample]:
    """One sample a row of a table with one column a class (``columns``; default: the card's codes).

    ``single`` wants exactly one class a row and reports any other row. ``normal`` is the code stated where
    every column is marked absent; where one is stated, it is marked absent itself. With both, every column says yes or
    no, and one yes at most. A class that its row leaves uncertain, or with ``single`` blank, is no wrong answer.
    """
    wanted = columns or tuple(card.labels)
    for row in table:
        name = row.get(image) if isinstance(image, str) else image(row)
        if nameless(tree, name, row.file, row.number):
            continue
        found = marks(row, wanted)
        if found is not None and single and normal is not None:
            whole = len(found.stated) + len(found.absent) == len(wanted)
            found = (found if found.stated else Marks((normal,), (), found.absent)) if whole else None
        if found is None or (single and len(found.stated) != 1):
            tree.report(
                "bad_row", row.file, _unread(row, wanted) if found is None else
                f"{len(found.stated)} classes marked where exactly one belongs", row.number,
            )  # fmt: skip
            continue
        path = pictures.wanted(name, row.file, row.number, by=by)
        if path is None:
            continue
        stated, absent = found.stated, found.absent
        if normal is not None and not single:
            if stated:
                absent = (*absent, normal)
            elif not found.uncertain and len(absent) == len(wanted):
                stated = (normal,)
        known = {*stated, *absent, normal}
        yield LabelSample(
            path,
            stated,
            _left_open(row, wanted, known) if single else found.uncertain,
            () if single else absent,
            group=group_of(group, path, row),
            split=split_at(split, path, row),
        )
    pictures.tell()
