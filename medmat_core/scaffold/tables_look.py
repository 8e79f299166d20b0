"""Label tables: one class a row (layout "table") or one column a class (layout "one-hot")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from medmat_core.card import ExamplePicture
from medmat_core.model import Split
from medmat_core.readers.tables import Row
from medmat_core.scaffold.columns import (
    HotColumns,
    LabelColumn,
    corner_columns,
    group_column,
    hot_columns,
    label_column,
    run_columns,
    split_column,
)
from medmat_core.scaffold.proposal import Layout, Proposal, Shown
from medmat_core.scaffold.survey import Survey, group_hint, per_class
from medmat_core.scaffold.tables_code import Reading, table_code
from medmat_core.scaffold.tables_read import Table, excerpt, read_tables, rows_of
from medmat_core.scaffold.words import caption_of, captions_of, natural, normal_of, split_of_name, whole
from medmat_core.tree import fold

_NAMELESS: Final = frozenset(
    {"label", "labels", "class", "target", "category", "diagnosis", "outcome", "result", "grade"}
)


def look_at_tables(survey: Survey, wanted: Layout | None = None) -> tuple[Proposal | None, tuple[str, ...]]:
    """The label tables as a proposal, and remarks on what was seen. ``wanted`` takes that layout only."""
    tables, remarks = read_tables(survey)
    for table in tables:
        if runs := run_columns(table):
            remarks.append(
                f"{table.path}: column {runs[0]!r} looks like run-length masks; this command writes no adapter for "
                "those (see readers.RleMask)"
            )
        if len(corners := corner_columns(table)) >= 4:
            remarks.append(
                f"{table.path}: columns {', '.join(corners[:4])} look like boxes; this command writes no adapter for "
                "boxes in tables (see readers.table_boxes)"
            )
    if not tables:
        return None, tuple(remarks)
    best: tuple[int, Layout, list[Table], LabelColumn | None, HotColumns | None] | None = None
    for first in tables:
        same = _same_make(first, tables)
        label = label_column(same) if wanted != "one-hot" else None
        hot = hot_columns(same) if wanted != "table" else None
        if hot is not None and not hot.single and wanted is None and label is not None:
            # flags of a patient are no classes: many columns, or no better one
            few = len(hot.names) < 3 and label.name not in hot.names
            hot = None if few or label.strong else hot
        if hot is None and label is None:
            continue
        pictures = len(set().union(*(table.pictures for table in same)))
        layout: Layout = "one-hot" if hot is not None else "table"
        strong = hot is not None or (label is not None and label.strong)
        rank = pictures * (2 if strong else 1)
        if best is None or rank > best[0]:
            best = (rank, layout, same, None if hot is not None else label, hot)
    if best is None:
        remarks.append(f"{tables[0].path} names pictures, but no column of it looks like their class")
        return None, tuple(remarks)
    _, layout, same, label, hot = best
    return _proposal(survey, layout, _parts(same, label, hot), tables), tuple(remarks)


def _same_make(first: Table, tables: Sequence[Table]) -> list[Table]:
    """Tables with the same columns that bring pictures of their own, in the order of their paths."""
    chosen: list[Table] = [first]
    seen = set(first.pictures)
    for table in tables:
        if table is first or set(table.header) != set(first.header) or table.image != first.image:
            continue
        if table.by == first.by and len(table.pictures & seen) <= 0.1 * len(table.pictures):
            chosen.append(table)
            seen |= table.pictures
    return sorted(chosen, key=lambda table: table.path)


def _parts(tables: Sequence[Table], label: LabelColumn | None, hot: HotColumns | None) -> Reading:
    names = [tables[0].image, *([label.name] if label else []), *(hot.names if hot else ())]
    by_column = split_column(tables, names)
    by_file = by_column is None and len(tables) > 1 and whole(table.split for table in tables)
    by_folder: dict[str, Split] = {}
    if by_column is None and not by_file:
        folders = {fold(n) for table in tables for path in table.pictures for n in path.split("/")[:-1]}
        by_folder = {name: split for name in folders if (split := split_of_name(name)) is not None}
        if not whole(by_folder.values()):
            by_folder = {}
    group = group_column(tables, [*names, *([by_column[0]] if by_column else [])])
    merged = any(sum(path is not None for path in table.found) > len(table.pictures) for table in tables)
    return Reading(tuple(tables), label, hot, by_column, by_folder, by_file, group, merged)


def _proposal(survey: Survey, layout: Layout, found: Reading, tables: Sequence[Table]) -> Proposal:
    first = found.tables[0]
    unders = {table.path: table.under for table in found.tables}
    root = survey.root(
        [
            *(table.path for table in found.tables),
            # a folder that holds the table, too, says nothing of where the root is
            *(under for path, under in unders.items() if under and not path.startswith(f"{under}/")),
        ]
    )
    said: dict[str, list[tuple[Table, Row]]] = {}
    for table in found.tables:
        for row, path in table.pairs():
            said.setdefault(path, []).append((table, row))
    told = {
        path: tuple(dict.fromkeys(code for _, row in own for code in found.codes(row))) for path, own in said.items()
    }
    counts = Counter(code for codes in told.values() for code in codes)
    classes = dict.fromkeys(found.hot.names if found.hot else counts)
    unlabelled = sum(not codes for codes in told.values())
    ordered = list(classes) if found.hot else sorted(classes, key=natural)
    column = found.label.name if found.label else ""
    labels = _captions(ordered, column)
    need: Counter[tuple[str, Split | None]] = Counter()
    picked: list[str] = []
    for path, own in said.items():
        split = found.split(*own[0], path)
        if any(need[code, split] < per_class(len(labels)) for code in told[path]):
            picked.append(path)
            need.update((code, split) for code in told[path])
    several = any(len(codes) > 1 for codes in told.values()) or bool(found.hot and not found.hot.single)
    groups = _numbered([said[path][0][1].get(found.group) for path in picked]) if found.group else {}
    shown = tuple(
        Shown(
            path,
            told[path],
            tuple(code for _, row in said[path] for code in found.uncertain(row)),
            group=groups.get(said[path][0][1].get(found.group)) if found.group else None,
            split=found.split(*said[path][0], path),
        )
        for path in sorted(picked)
    )
    keep = {first.image, *ordered} if found.hot else {first.image, column}
    keep |= {found.group} if found.group else set()
    keep |= {found.by_column[0]} if found.by_column else set()
    replaced = {found.group: groups} if found.group else {}
    files = tuple(excerpt(table, rows_of(table, set(picked)), keep, replaced) for table in found.tables)
    has_split = found.by_column is not None or found.by_file or bool(found.by_folder)
    all_split = has_split and all(
        found.split(table, row, path) is not None for table in found.tables for row, path in table.pairs()
    )
    parts = {found.split(table, row, path) for table in found.tables for row, path in table.pairs()}
    numbers = [code for code in labels if not any(char.isalpha() for char in code)]
    missing = sum(path is None for table in found.tables for path in table.found)
    listed = set().union(*(table.pictures for table in found.tables))
    inside = {path for path in survey.pictures if any(not u or path.startswith(f"{u}/") for u in unders.values())}
    normal = normal_of(labels) or next((code for code in labels if labels[code] in _negates(labels)), "")
    beside = sum(normal in codes and len(codes) > 1 for codes in told.values())
    sums = found.hot.left_out if found.hot else ()
    rivals = found.label.others if found.label else ()
    stray = len(inside - listed)
    how = {"stem": " without its suffix", "tail": " or path", "name": ""}[first.by]
    doubts = [
        *([f"the classes are numbers ({', '.join(numbers[:6])}): write on the card what they mean"] if numbers else []),
        *([f"{missing} rows name a picture that is not there"] if missing else []),
        *([f"{unlabelled} pictures have no class" + (": give one_hot normal=... if that means nothing was found"
           if found.hot and not found.hot.single else "")] if unlabelled else []),
        *([f"{beside} pictures have {normal!r} and something else: is it a finding, or a fault?"] if beside else []),
        *(["some pictures are in several rows: one of them wins"] if found.hot and found.merged else []),
        *([f"{stray} pictures beside those of the table are in no row of it"] if stray else []),
        *([f"{sums[0]!r} sums up the other columns and was left out"] if sums else []),
        *([f"other columns could hold the class: {', '.join(rivals)}"] if rivals else []),
        *([f"{first.path} has more rows than were looked at"] if first.more else []),
        *(["a class that a cell does not list counts as absent"] if several and not found.hot else []),
    ]  # fmt: skip
    others = [table.path for table in tables if table not in found.tables]
    return Proposal(
        layout=layout,
        kind="multi-label" if several else "single-label",
        labels=labels,
        root=root.path,
        markers=root.markers,
        code=table_code(found, root),
        doc=f"{' and '.join(table.path.rpartition('/')[2] for table in found.tables[:3])} "
        + ("has a column a class" if found.hot else f"says the class in its column {column}"),
        pictures=(ExamplePicture(tuple(item.path for item in shown), (96, 72)),),
        files=files,
        shown=shown,
        negates=_negates(labels),
        normal="" if beside else normal,
        group_by=f"what the column {found.group} names" if found.group else "",
        unprotected=not found.group and not all_split,
        validation_is_test=has_split and "test" not in parts,
        blank_is_absent=bool(found.label and several),
        extras=("xlsx",) if any(not table.delimiter for table in found.tables) else (),
        suggestion=() if found.group else group_hint(sorted(listed)),
        evidence=(
            f"{', '.join(table.path for table in found.tables)}: {len(listed)} pictures by column {first.image!r} "
            f"(the file name{how})",
            (f"{len(labels)} columns of 0 and 1, {'one' if found.hot.single else 'any number'} marked in a row"
             if found.hot else
             f"{len(labels)} classes in column {column!r}"
             + (f", several in a cell separated by {found.label.separator!r}" if found.label and found.label.separator
                else "")
             + (", one a row and several rows a picture" if found.merged else ""))
            + ": " + ", ".join(f"{code} ({counts[code]})" for code in list(labels)[:12]),
            *([f"official parts by column {found.by_column[0]!r}"] if found.by_column else []),
            *(["official parts by table"] if found.by_file else []),
            *([f"official parts by folder: {', '.join(sorted(found.by_folder))}"] if found.by_folder else []),
            *([f"groups by column {found.group!r}"] if found.group else []),
            *([f"tables that are not needed: {', '.join(others[:4])}"] if others else []),
        ),
        doubts=tuple(doubts),
        covered=len(listed),
        classes=counts,
    )  # fmt: skip


def _captions(codes: Sequence[str], column: str) -> dict[str, str]:
    """Captions; a column of 0 and 1 named after a finding says "Finding" and "No finding"."""
    plain = {code: code.removesuffix(".0") for code in codes}
    if set(plain.values()) == {"0", "1"} and caption_of(column) and fold(column) not in _NAMELESS:
        finding = caption_of(column)
        lower = finding[0].lower() + finding[1:] if finding[1:2].islower() else finding
        return {code: finding if number == "1" else f"No {lower}" for code, number in plain.items()}
    return captions_of(codes, column)


def _negates(labels: dict[str, str]) -> dict[str, str]:
    captions = list(labels.values())
    pairs = {caption: other for caption in captions for other in captions if fold(caption) == fold(f"No {other}")}
    return pairs if len(captions) == 2 else {}


def _numbered(values: Sequence[str]) -> dict[str, str]:
    """Running names for ids, so that none stands in the example."""
    return {value: f"group-{place}" for place, value in enumerate(dict.fromkeys(values), 1)}
