"""Label tables: one class a row (layout "table") or one column a class (layout "one-hot")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen

from medmat_core.card import Picture, TextFile
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
from medmat_core.scaffold.proposal import Code, Layout, Proposal, Shown
from medmat_core.scaffold.quoting import python_text
from medmat_core.scaffold.survey import Root, Survey, group_hint, per_class
from medmat_core.scaffold.tables_read import Table, excerpt, read_tables, rows_of
from medmat_core.scaffold.words import STANDARD, caption_of, captions_of, natural, split_of_name, split_of_path, whole
from medmat_core.tree import fold

_NO: Final = frozenset({"0", "0.0", "false"})


@frozen(eq=False)
class _Found:
    """Tables of one make, and how their rows are read."""

    tables: tuple[Table, ...]
    label: LabelColumn | None
    hot: HotColumns | None
    by_column: tuple[str, dict[str, Split]] | None
    by_folder: dict[str, Split]
    by_file: bool
    group: str | None

    def codes(self, row: Row) -> tuple[str, ...]:
        if self.hot is not None:
            return tuple(name for name in self.hot.names if row.get(name).lower() in ("1", "1.0", "true"))
        assert self.label is not None
        cell = row.get(self.label.name)
        if not self.label.separator:
            return (cell,) if cell else ()
        return tuple(dict.fromkeys(part.strip() for part in cell.split(self.label.separator) if part.strip()))

    def split(self, table: Table, row: Row, path: str) -> Split | None:
        if self.by_column is not None:
            return self.by_column[1].get(row.get(self.by_column[0]))
        if self.by_file:
            return table.split
        return next((self.by_folder[fold(n)] for n in path.split("/")[:-1] if fold(n) in self.by_folder), None)


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
        if hot is not None and not hot.single and wanted is None and (len(hot.names) < 3 or (label and label.strong)):
            hot = None
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


def _parts(tables: Sequence[Table], label: LabelColumn | None, hot: HotColumns | None) -> _Found:
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
    return _Found(tuple(tables), label, hot, by_column, by_folder, by_file, group)


def _proposal(survey: Survey, layout: Layout, found: _Found, tables: Sequence[Table]) -> Proposal:
    first = found.tables[0]
    unders = {table.path: table.under for table in found.tables}
    root = survey.root(
        [
            *(table.path for table in found.tables),
            # a folder that holds the table, too, says nothing of where the root is
            *(_anchor(under) for path, under in unders.items() if under and not path.startswith(f"{under}/")),
        ]
    )
    picked: dict[str, tuple[Table, Row]] = {}
    counts: Counter[str] = Counter()
    classes: dict[str, None] = dict.fromkeys(found.hot.names) if found.hot else {}
    unlabelled = 0
    for table in found.tables:
        for row, _ in table.pairs():
            codes = found.codes(row)
            counts.update(codes)
            classes.update(dict.fromkeys(codes))
            unlabelled += not codes
    ordered = list(classes) if found.hot else sorted(classes, key=natural)
    column = found.label.name if found.label else ""
    labels = _captions(ordered, column)
    need: Counter[tuple[str, Split | None]] = Counter()
    for table in found.tables:
        for row, path in table.pairs():
            codes = found.codes(row)
            split = found.split(table, row, path)
            if codes and path not in picked and any(need[code, split] < per_class(len(labels)) for code in codes):
                picked[path] = (table, row)
                need.update((code, split) for code in codes)
    several = bool(found.hot and not found.hot.single) or bool(found.label and found.label.separator)
    groups = _numbered([row.get(found.group) for _, row in picked.values()]) if found.group else {}
    shown = tuple(
        Shown(
            path,
            found.codes(row),
            group=groups.get(row.get(found.group)) if found.group else None,
            split=found.split(table, row, path),
        )
        for path, (table, row) in sorted(picked.items())
    )
    keep = {first.image, *ordered} if found.hot else {first.image, column}
    keep |= {found.group} if found.group else set()
    keep |= {found.by_column[0]} if found.by_column else set()
    replaced = {found.group: groups} if found.group else {}
    files = tuple(excerpt(table, rows_of(table, set(picked)), keep, replaced) for table in found.tables)
    files = _quoted(files)
    has_split = found.by_column is not None or found.by_file or bool(found.by_folder)
    all_split = has_split and all(
        found.split(table, row, path) is not None for table in found.tables for row, path in table.pairs()
    )
    parts = {found.split(table, row, path) for table in found.tables for row, path in table.pairs()}
    numbers = [code for code in labels if not any(char.isalpha() for char in code)]
    missing = sum(path is None for table in found.tables for path in table.found)
    listed = set().union(*(table.pictures for table in found.tables))
    inside = {
        path for path in survey.pictures if any(not u or path.startswith(f"{u}/") for u in unders.values())
    }
    doubts = [
        *([f"the classes are numbers ({', '.join(numbers[:6])}): write on the card what they mean"] if numbers else []),
        *([f"{missing} rows name a picture that is not there"] if missing else []),
        *([f"{unlabelled} rows of pictures that are there state no class"] if unlabelled else []),
        *([f"{len(inside - listed)} pictures beside those of the table are in no row of it"] if inside - listed else []),
        *([f"{found.hot.left_out[0]!r} sums up the other columns and was left out"] if found.hot and found.hot.left_out else []),
        *([f"other columns could hold the class: {', '.join(found.label.others)}"] if found.label and found.label.others else []),
        *([f"{first.path} has more rows than were looked at"] if first.more else []),
        *(["a class that a cell does not list is taken as absent (blank_is_absent)"] if found.label and several else []),
    ]  # fmt: skip
    others = [table.path for table in tables if table not in found.tables]
    return Proposal(
        layout=layout,
        kind="multi-label" if several else "single-label",
        labels=labels,
        root=root.path,
        markers=root.markers,
        code=_code(found, root),
        doc=f"{' and '.join(table.path.rpartition('/')[2] for table in found.tables[:3])} "
        + ("has a column a class" if found.hot else f"says the class in its column {column}"),
        pictures=(Picture(tuple(item.path for item in shown), (96, 72)),),
        files=files,
        shown=shown,
        negates=_negates(labels),
        group_by=f"what the column {found.group} names" if found.group else "",
        unprotected=not found.group and not all_split,
        validation_is_test=has_split and "test" not in parts,
        blank_is_absent=bool(found.label and several),
        extras=("xlsx",) if any(not table.delimiter for table in found.tables) else (),
        suggestion=() if found.group else group_hint(sorted(listed)),
        evidence=(
            f"{', '.join(table.path for table in found.tables)}: {len(listed)} pictures by column {first.image!r} "
            f"(the file name{' without its suffix' if first.by == 'stem' else ' or path' if first.by == 'tail' else ''})",
            (f"{len(labels)} columns of 0 and 1, {'one' if found.hot.single else 'any number'} marked in a row"
             if found.hot else
             f"{len(labels)} classes in column {column!r}"
             + (f", several in a cell separated by {found.label.separator!r}" if found.label and several else ""))
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


def _quoted(files: Sequence[TextFile]) -> tuple[TextFile, ...]:
    return tuple(files)


def _anchor(folder: str) -> str:
    return folder


def _captions(codes: Sequence[str], column: str) -> dict[str, str]:
    """Captions; a column of 0 and 1 named after a finding says "Finding" and "No finding"."""
    plain = {code: code.removesuffix(".0") for code in codes}
    if set(plain.values()) == {"0", "1"} and caption_of(column) and fold(column) not in _NAMELESS:
        finding = caption_of(column)
        lower = finding[0].lower() + finding[1:] if finding[1:2].islower() else finding
        return {code: finding if number == "1" else f"No {lower}" for code, number in plain.items()}
    return captions_of(codes, column)


_NAMELESS: Final = frozenset({"label", "labels", "class", "target", "category", "diagnosis", "outcome", "result", "grade"})


def _negates(labels: dict[str, str]) -> dict[str, str]:
    captions = list(labels.values())
    pairs = {caption: other for caption in captions for other in captions if fold(caption) == fold(f"No {other}")}
    return pairs if len(captions) == 2 else {}


def _numbered(values: Sequence[str]) -> dict[str, str]:
    """Running names for ids, so that none stands in the example."""
    return {value: f"group-{place}" for place, value in enumerate(dict.fromkeys(values), 1)}


def _code(found: _Found, root: Root) -> Code:
    first = found.tables[0]
    unders = [root.below(table.under) for table in found.tables]
    require = [python_text(first.image)]
    if found.hot is None:
        assert found.label is not None
        require.append(python_text(found.label.name))
    else:
        require.append("*card.labels")
    settings = [f"require=[{', '.join(require)}]"]
    if first.bare:
        settings = [f"header=[{', '.join(python_text(name) for name in first.header)}]"]
    if first.delimiter == " ":
        settings.append('delimiter=" "')
    how = [f"image={python_text(first.image)}"]
    if found.label is not None:
        name = python_text(found.label.name)
        cell = f"readers.in_cell({name}, {python_text(found.label.separator)})" if found.label.separator else name
        how.append(f"code={cell}")
    if first.by != "stem":
        how.append(f'by="{first.by}"')
    if found.group:
        how.append(f"group={python_text(found.group)}")
    constants: list[str] = []
    if found.by_column is not None:
        constants.append(_table("SPLITS", found.by_column[1], str))
        how.append(f"split=lambda row, _: SPLITS.get(row[{python_text(found.by_column[0])}])")
    elif found.by_file:
        how.append("split=split")
    elif found.by_folder and set(found.by_folder) <= STANDARD:
        how.append("split=lambda _, path: readers.split_of(path)")
    elif found.by_folder:
        constants.append(_table("SPLITS", found.by_folder, fold))
        how.append("split=lambda _, path: readers.split_of(path, SPLITS)")
    if found.hot is not None and found.hot.single:
        how.append("single=True")
    reader = "readers.one_hot(tree, card, table, pictures" if found.hot else "readers.table_labels(tree, table, pictures"
    call = f"{reader}, {', '.join(how)})"
    if len(found.tables) == 1:
        under = f", under={python_text(unders[0])}" if unders[0] else ""
        body = (
            "def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:\n"
            f"    pictures = readers.Pictures(tree{under})\n"
            f"    table = readers.rows(tree, {python_text(root.below(first.path))}, {', '.join(settings)})\n"
            f"    found = {call}\n"
            "    return readers.report_unlisted(pictures, found)\n"
        )
        return Code("".join(f"{item}\n\n\n" for item in constants) + body, ("LabelSample",))
    lines = "".join(
        f"    ({python_text(root.below(table.path))}, {python_text(under)}"
        f"{f', {python_text(table.split) if table.split else None}' if found.by_file else ''}),\n"
        for table, under in zip(found.tables, unders, strict=True)
    )
    split_type = ", readers.Split | None" if found.by_file else ""
    constants.insert(0, f"TABLES: tuple[tuple[str, str{split_type}], ...] = (\n{lines})")
    # a table may list pictures of a folder that another table shares: what none lists is told once, at the end
    shared = len(set(unders)) == 1
    names = f"file, {'_' if shared else 'under'}" + (", split" if found.by_file else "")
    if shared:
        under = f", under={python_text(unders[0])}" if unders[0] else ""
        body = (
            "def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:\n"
            f"    pictures = readers.Pictures(tree{under})\n"
            "    return readers.report_unlisted(pictures, labelled(tree, card, pictures))\n\n\n"
            "def labelled(tree: readers.Tree, card: Card, pictures: readers.Pictures) -> Iterator[LabelSample]:\n"
            f"    for {names} in TABLES:\n"
            f"        table = readers.rows(tree, file, {', '.join(settings)})\n"
            f"        yield from {call}\n"
        )
    else:
        body = (
            "def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:\n"
            f"    for {names} in TABLES:\n"
            "        pictures = readers.Pictures(tree, under=under)\n"
            f"        table = readers.rows(tree, file, {', '.join(settings)})\n"
            f"        found = {call}\n"
            "        yield from readers.report_unlisted(pictures, found)\n"
        )
    if shared:
        constants[0] = constants[0].replace("tuple[str, str", "tuple[str", 1)
        for table in found.tables:
            own = python_text(root.below(table.path))
            constants[0] = constants[0].replace(f"({own}, {python_text(unders[0])}", f"({own}", 1)
        body = body.replace("for file, _", "for file", 1)
        if not found.by_file:
            constants[0] = "TABLES = (" + ", ".join(python_text(root.below(t.path)) for t in found.tables) + ")"
    return Code("".join(f"{item}\n\n\n" for item in constants) + body, ("LabelSample",))


def _table(name: str, items: dict[str, Split], key: Callable[[str], str]) -> str:
    lines = "".join(f"    {python_text(key(item))}: {python_text(split)},\n" for item, split in sorted(items.items()))
    return f"{name}: dict[str, readers.Split] = {{\n{lines}}}"


__all__ = ["look_at_tables", "split_of_path"]
