"""The adapter of a data set with label tables, as Python text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from medmat_core.model import Split
from medmat_core.readers.tables import Row
from medmat_core.scaffold.columns import HotColumns, LabelColumn
from medmat_core.scaffold.proposal import Code
from medmat_core.scaffold.quoting import python_text
from medmat_core.scaffold.survey import Root, apart, shared
from medmat_core.scaffold.tables_read import Table
from medmat_core.scaffold.words import STANDARD
from medmat_core.tree import fold


@frozen(eq=False)
class Reading:
    """Tables of one make, and how their rows are read: the class by one column (``label``) or by one each (``hot``),
    the official part by a column, by the table or by a folder's name, the group by a column. ``merged``: a picture may
    have several rows, one finding each."""

    tables: tuple[Table, ...]
    label: LabelColumn | None
    hot: HotColumns | None
    by_column: tuple[str, dict[str, Split]] | None
    by_folder: dict[str, Split]
    by_file: bool
    group: str | None
    merged: bool = False

    def codes(self, row: Row) -> tuple[str, ...]:
        if self.hot is not None:
            return tuple(name for name in self.hot.names if row.get(name).lower() in ("1", "1.0", "true"))
        assert self.label is not None
        cell = row.get(self.label.name)
        if not self.label.separator:
            return (cell,) if cell else ()
        return tuple(dict.fromkeys(part.strip() for part in cell.split(self.label.separator) if part.strip()))

    def uncertain(self, row: Row) -> tuple[str, ...]:
        if self.hot is None or self.hot.single:
            return ()
        return tuple(name for name in self.hot.names if row.get(name).lower() in ("-1", "-1.0"))

    def split(self, table: Table, row: Row, path: str) -> Split | None:
        if self.by_column is not None:
            return self.by_column[1].get(row.get(self.by_column[0]))
        if self.by_file:
            return table.split
        return next((self.by_folder[fold(n)] for n in path.split("/")[:-1] if fold(n) in self.by_folder), None)


def table_code(found: Reading, root: Root) -> Code:
    """The adapter: one table inline, several in a loop over a constant."""
    constants, split = _split(found)
    settings = _settings(found)
    call = _call(found, split)
    if len(found.tables) == 1:
        table = found.tables[0]
        body = (
            "def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:\n"
            f"    pictures = readers.Pictures(tree{_under(root.below(table.under))})\n"
            f"    table = readers.rows(tree, {python_text(root.below(table.path))}, {settings})\n"
            f"    found = {call}\n"
            "    return readers.report_unlisted(pictures, found)\n"
        )
    else:
        body = _loop(found, root, settings, call, constants)
    return Code("".join(f"{item}\n\n\n" for item in constants) + body, ("LabelSample",))


def _loop(found: Reading, root: Root, settings: str, call: str, constants: list[str]) -> str:
    unders = [root.below(table.under) for table in found.tables]
    own = apart(unders)
    columns: list[tuple[str, str, Callable[[Table], str | None]]] = [
        ("file", "str", lambda table: root.below(table.path))
    ]
    if own:
        columns.append(("under", "str", lambda table: root.below(table.under)))
    if found.by_file:
        columns.append(("split", "readers.Split | None", lambda table: table.split))
    names = ", ".join(name for name, _, _ in columns)
    cells = [
        [python_text(text) if (text := value(table)) is not None else "None" for _, _, value in columns]
        for table in found.tables
    ]
    if len(columns) == 1:
        constants.insert(0, f"TABLES = ({', '.join(line[0] for line in cells)})")
    else:
        types = ", ".join(kind for _, kind, _ in columns)
        lines = "".join(f"    ({', '.join(line)}),\n" for line in cells)
        constants.insert(0, f"TABLES: tuple[tuple[{types}], ...] = (\n{lines})")
    if own:
        return (
            "def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:\n"
            f"    for {names} in TABLES:\n"
            "        pictures = readers.Pictures(tree, under=under)\n"
            f"        table = readers.rows(tree, file, {settings})\n"
            f"        found = {call}\n"
            "        yield from readers.report_unlisted(pictures, found)\n"
        )
    # a picture that one table leaves out may be in another: what none lists is told once, at the end
    return (
        "def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:\n"
        f"    pictures = readers.Pictures(tree{_under(shared(unders))})\n"
        "    return readers.report_unlisted(pictures, labelled(tree, card, pictures))\n\n\n"
        "def labelled(tree: readers.Tree, card: Card, pictures: readers.Pictures) -> Iterator[LabelSample]:\n"
        f"    for {names} in TABLES:\n"
        f"        table = readers.rows(tree, file, {settings})\n"
        f"        yield from {call}\n"
    )


def _under(folder: str) -> str:
    return f", under={python_text(folder)}" if folder else ""


def _settings(found: Reading) -> str:
    """How the file is read."""
    first = found.tables[0]
    if first.bare:
        settings = [f"header=[{', '.join(python_text(name) for name in first.header)}]"]
    elif found.hot is not None:
        settings = [f"require=[{python_text(first.image)}, *card.labels]"]
    else:
        assert found.label is not None
        settings = [f"require=[{python_text(first.image)}, {python_text(found.label.name)}]"]
    if first.delimiter == " ":
        settings.append('delimiter=" "')
    return ", ".join(settings)


def _call(found: Reading, split: str) -> str:
    """How a row is read."""
    first = found.tables[0]
    how = [f"image={python_text(first.image)}"]
    if found.label is not None:
        name = python_text(found.label.name)
        sign = found.label.separator
        how.append(f"code=readers.in_cell({name}, {python_text(sign)})" if sign else f"code={name}")
    if first.by != "stem":
        how.append(f'by="{first.by}"')
    if found.group:
        how.append(f"group={python_text(found.group)}")
    if split:
        how.append(f"split={split}")
    if found.hot is not None:
        single = ", single=True" if found.hot.single else ""
        return f"readers.one_hot(tree, card, table, pictures, {', '.join(how)}{single})"
    reader = "merged_labels" if found.merged else "table_labels"
    return f"readers.{reader}(tree, table, pictures, {', '.join(how)})"


def _split(found: Reading) -> tuple[list[str], str]:
    """The constants that the rule for official parts needs, and the rule."""
    if found.by_column is not None:
        column, meant = found.by_column
        return [_splits(meant)], f"lambda row, _: SPLITS.get(row[{python_text(column)}])"
    if found.by_file:
        return [], "split"
    if not found.by_folder:
        return [], ""
    if set(found.by_folder) <= STANDARD:
        return [], "lambda _, path: readers.split_of(path)"
    return [_splits(found.by_folder)], "lambda _, path: readers.split_of(path, SPLITS)"


def _splits(meant: Mapping[str, Split]) -> str:
    lines = "".join(f"    {python_text(name)}: {python_text(split)},\n" for name, split in sorted(meant.items()))
    return f"SPLITS: dict[str, readers.Split] = {{\n{lines}}}"
