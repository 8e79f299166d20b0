"""Label tables: one class a row ("table"), one column a class ("one-hot"), or one box a row ("box-table")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, field, frozen

from medmat_core.model import Split
from medmat_core.readers.tables import Row
from medmat_core.scaffold.columns import (
    HotColumns,
    LabelColumn,
    corner_columns,
    group_column,
    hot_columns,
    is_one,
    label_column,
    split_column,
)
from medmat_core.scaffold.proposal import LabelFile, Proposal, counted
from medmat_core.scaffold.survey import Survey, folder_of, templated
from medmat_core.scaffold.tables import PartList, Table, is_runs, read_tables
from medmat_core.scaffold.words import (
    caption_of,
    captions_of,
    natural,
    normal_of,
    part_of,
    split_names,
    split_rule,
    whole,
)
from medmat_core.tree import fold

_NAMELESS: Final = frozenset(
    {"label", "labels", "class", "target", "category", "diagnosis", "outcome", "result", "grade"}
)
_HOW: Final = {"stem": " without its suffix", "tail": " or path", "name": ""}


@frozen(eq=False)
class Reading:
    """Tables of one make, and how their rows are read: the class by one column (``label``), by one each (``hot``), or
    by one beside four ``corners``."""

    tables: tuple[Table, ...]
    label: LabelColumn | None
    hot: HotColumns | None
    corners: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(init=False)
    """Picture -> all that its rows state."""

    @codes.default
    def _codes(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for row, path in self.pairs():
            found[path] = tuple(dict.fromkeys((*found.get(path, ()), *self.said(row))))
        return found

    @property
    def kind(self) -> str:
        return "box-table" if self.corners else "one-hot" if self.hot else "table"

    @property
    def merged(self) -> bool:
        """Whether a picture has several rows."""
        return sum(1 for _ in self.pairs()) > len(self.codes)

    @property
    def several(self) -> bool:
        """Whether a picture may have several labels."""
        return bool(self.hot and not self.hot.single) or any(len(codes) > 1 for codes in self.codes.values())

    @property
    def read(self) -> list[str]:
        """The columns that say what a picture is and shows."""
        label = [self.label.name] if self.label else []
        return [self.tables[0].image, *label, *(self.hot.names if self.hot else ()), *self.corners]

    def pairs(self) -> Iterator[tuple[Row, str]]:
        return (pair for table in self.tables for pair in table.pairs())

    def said(self, row: Row) -> tuple[str, ...]:
        """What one row states."""
        if self.hot is not None:
            return tuple(name for name in self.hot.names if is_one(row.get(name)))
        if self.label is None or (self.corners and not row.get(self.corners[0])):
            return ()
        return self.label.codes(row.get(self.label.name))


@frozen
class Parts:
    """Official parts: the layout's fields, the part of each picture, in words, and where they are told."""

    fields: Mapping[str, Any]
    of: Mapping[str, Split | None]
    told: str = ""
    lists: tuple[PartList, ...] = ()
    column: str = ""


def labels(survey: Survey, wanted: str | None = None) -> tuple[Proposal | None, list[str]]:
    """The label tables as a proposal, and remarks on what was seen. ``wanted`` takes that layout only."""
    tables, lists, remarks = read_tables(survey)
    best: tuple[int, Reading] | None = None
    for first in tables:
        runs = [column for column in first.header if any(map(is_runs, first.values(column)[:500]))]
        remarks += [f"{first.path}: column {column!r} holds run-length masks: see readers.RleMask" for column in runs]
        reading = _reading(_same_make(first, tables), wanted)
        if reading is not None:
            strong = reading.label is None or reading.label.strong or bool(reading.corners)
            rank = len(reading.codes) * (2 if strong else 1)
            best = (rank, reading) if best is None or rank > best[0] else best
    if best is not None:
        return _proposal(survey, best[1], tables, lists), remarks
    remarks += [f"{table.path} names pictures, but no column of it looks like their class" for table in tables[:1]]
    return None, remarks + [f"{one.path} lists pictures of a part, but no table says what they show" for one in lists]


def _reading(same: Sequence[Table], wanted: str | None) -> Reading | None:
    """The one way in which these tables are read."""
    label = label_column(same) if wanted != "one-hot" else None
    hot = hot_columns(same) if wanted not in ("table", "box-table") else None
    corners = corner_columns(same[0]) if wanted in (None, "box-table") else []
    if label is not None and corners and not (label.separator or label.find):
        return Reading(tuple(same), label, None, tuple(corners))
    if hot is not None and not hot.single and wanted is None and label is not None:
        # flags of a patient are no classes: many columns, or no better one
        few = len(hot.names) < 3 and label.name not in hot.names
        hot = None if few or label.strong else hot
    if (hot is None and label is None) or wanted == "box-table":
        return None
    return Reading(tuple(same), None if hot else label, hot)


def _same_make(first: Table, tables: Sequence[Table]) -> list[Table]:
    """Tables with the same columns that bring pictures of their own, in the order of their paths; the first alone where
    their names do not tell official parts."""
    chosen: list[Table] = [first]
    seen = set(first.pictures)
    for table in tables:
        same = set(table.header) == set(first.header) and (table.image, table.by) == (first.image, first.by)
        if table is not first and same and len(table.pictures & seen) <= 0.1 * len(table.pictures):
            chosen.append(table)
            seen |= table.pictures
    chosen.sort(key=lambda table: table.path)
    named = templated([[table.path, table.under] for table in chosen]) is not None
    return chosen if named and None not in {table.split for table in chosen} else [first]


def _parts(found: Reading, lists: Sequence[PartList], words: Sequence[str]) -> Parts:
    if words:
        of = {path: table.split for table in found.tables for path in table.pictures}
        parts = {word: table.split for word, table in zip(words, found.tables, strict=True)}
        return Parts({"parts": parts}, of, "by table")
    if (column := split_column(found.tables, found.read)) is not None:
        name, meant = column
        of = {path: meant.get(row.get(name)) for row, path in found.pairs()}
        return Parts({"split": {"column": name, "names": meant}}, of, f"by column {name!r}", column=name)
    own = {one.split: one for one in lists if len(one.lines.keys() & found.codes.keys()) > 0.5 * len(one.lines)}
    if whole(own):
        listed = {path: split for split, one in own.items() for path in one.lines}
        names = {split: one.path.rpartition("/")[2] for split, one in own.items()}
        told = f"by lists: {', '.join(one.path for one in own.values())}"
        of = {path: listed.get(path) for path in found.codes}
        return Parts({"split": {"lists": names}}, of, told, tuple(own.values()))
    splits = split_names({folder_of(path) for path in found.codes})
    of = {path: part_of(folder_of(path), splits) for path in found.codes}
    return Parts({"split": split_rule(splits)}, of, f"by folder: {', '.join(splits)}") if splits else Parts({}, of)


def _proposal(survey: Survey, found: Reading, tables: Sequence[Table], lists: Sequence[PartList]) -> Proposal:
    # a folder that holds the table, too, says nothing of where the root is
    unders = [t.under for t in found.tables if t.under and not t.path.startswith(f"{t.under}/")]
    root = survey.root([*(table.path for table in found.tables), *unders])
    made = templated([[root.below(table.path), root.below(table.under)] for table in found.tables])
    assert made is not None
    (file, under), words = made
    parts = _parts(found, lists, words)
    group = group_column(found.tables, [*found.read, parts.column])
    counts = Counter(code for codes in found.codes.values() for code in codes)
    column = found.label.name if found.label else ""
    captions = _captions(found.hot.names if found.hot else sorted(counts, key=natural), column)
    negates = _negates(captions)
    normal = normal_of(captions) or next((code for code in captions if captions[code] in negates), "")
    beside = sum(normal in codes and len(codes) > 1 for codes in found.codes.values())
    kept = frozenset(filter(None, (*found.read, group, parts.column)))
    shown = [evolve(t, kept=kept, ids=group, corners=found.corners, label=column) for t in found.tables]
    sources: list[LabelFile] = [*shown, *parts.lists]
    others = [table.path for table in tables if table not in found.tables]
    return Proposal(
        layout={
            "kind": found.kind,
            "table": file,
            **({"pictures": under} if under else {}),
            **_fields(found),
            **parts.fields,
            **({"group": {"column": group}} if group else {}),
        },
        kind="box" if found.corners else "multi-label" if found.several else "single-label",
        labels=captions,
        root=root,
        sources=sources,
        negates=negates,
        normal="" if beside else normal,
        group_by=f"what the column {group} names" if group else "",
        parts=frozenset(parts.of.values()),
        blank_is_absent=found.several and found.kind == "table",
        has_negatives=bool(found.corners) and any(not codes for codes in found.codes.values()),
        extras=("xlsx",) if any(not table.delimiter for table in found.tables) else (),
        evidence=(
            f"{', '.join(table.path for table in found.tables)}: {len(found.codes)} pictures by column "
            f"{found.tables[0].image!r} (the file name{_HOW[found.tables[0].by]})",
            f"{_told(found, len(captions))}: {counted(captions, counts)}",
            *([f"official parts {parts.told}"] if parts.told else []),
            *([f"groups by column {group!r}"] if group else []),
        ),
        doubts=(
            *_doubts(survey, found, captions),
            *(
                [f"{beside} pictures have {normal!r} and something else: is it a finding, or a fault?"]
                if beside
                else []
            ),
            *([f"tables that are not read: {', '.join(others[:4])}"] if others else []),
        ),
        covered=len(found.codes),
    )


def _fields(found: Reading) -> dict[str, Any]:
    """The layout's fields that say how a row is read; those that have their default are left out."""
    first = found.tables[0]
    nothing = {row.get(found.label.name) for row, _ in found.pairs() if found.label and not found.said(row)} - {""}
    fields = {
        "image": first.image,
        "by": first.by if first.by != "stem" else "",
        "label": found.label.name if found.label else "",
        "separator": found.label.separator if found.label else "",
        "find": found.label.find if found.label else "",
        "merge": found.kind == "table" and found.merged,
        "single": bool(found.hot and found.hot.single),
        "corners": list(found.corners),
        "nothing": sorted(nothing) if found.corners else [],
        "header": list(first.header) if first.bare else [],
        "delimiter": " " if first.delimiter == " " else "",
    }
    return {name: value for name, value in fields.items() if value}


def _told(found: Reading, classes: int) -> str:
    """How the class is told."""
    if found.hot is not None:
        return f"{classes} columns of 0 and 1, {'one' if found.hot.single else 'any number'} marked in a row"
    assert found.label is not None
    sign, rows = found.label.separator, found.merged and not found.corners
    several = (
        f", several in a cell separated by {sign!r}" if sign else ", several in a cell" if found.label.find else ""
    )
    several += ", one a row and several rows a picture" if rows else ""
    return f"{classes} classes in column {found.label.name!r}{several}" + (
        f", boxes in {', '.join(found.corners)}" if found.corners else ""
    )


def _doubts(survey: Survey, found: Reading, captions: Mapping[str, str]) -> Iterator[str]:
    numbers = [code for code in captions if not any(map(str.isalpha, code))]
    missing = sum(path is None for table in found.tables for path in table.found)
    bare = sum(not codes for codes in found.codes.values())
    inside = {p for p in survey.pictures if any(not t.under or p.startswith(f"{t.under}/") for t in found.tables)}
    stray = len(inside - found.codes.keys())
    if numbers:
        yield f"the classes are numbers ({', '.join(numbers[:6])}): write on the card what they mean"
    if missing:
        yield f"{missing} rows name a picture that is not there"
    if bare and found.several:
        yield f"{bare} pictures have no class" + (
            ": write normal = CODE in [layout] if that means nothing was found" if found.hot else ""
        )
    if found.hot and found.merged:
        yield "some pictures are in several rows: one of them wins"
    if stray:
        yield f"{stray} pictures beside those of the table are in no row of it"
    if found.hot and found.hot.left_out:
        yield f"{found.hot.left_out!r} sums up the other columns and was left out"
    if found.label and found.label.others:
        yield f"other columns could hold the class: {', '.join(found.label.others)}; label may list several columns"
    if found.corners:
        yield "corners are taken as half-open pixels: the last pixel is not in the box"
    if found.several and found.kind == "table":
        yield "a class that a cell does not list counts as absent"


def _captions(codes: Sequence[str], column: str) -> dict[str, str]:
    """Captions; a column of 0 and 1 named after a finding says "Finding" and "No finding"."""
    plain = {code: code.removesuffix(".0") for code in codes}
    if set(plain.values()) == {"0", "1"} and caption_of(column) and fold(column) not in _NAMELESS:
        finding = caption_of(column)
        lower = finding[0].lower() + finding[1:] if finding[1:2].islower() else finding
        return {code: finding if number == "1" else f"No {lower}" for code, number in plain.items()}
    return captions_of(codes, column)


def _negates(labels: Mapping[str, str]) -> dict[str, str]:
    captions = list(labels.values())
    pairs = {caption: other for caption in captions for other in captions if fold(caption) == fold(f"No {other}")}
    return pairs if len(captions) == 2 else {}
