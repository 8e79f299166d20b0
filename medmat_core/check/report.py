"""What a check found, for others: patterns of names, counts and sizes. No picture, no id, no cell of a table.

Nothing is in it but numbers, words of fixed lists, patterns (:mod:`.patterns`), codes and captions of cards of
Med-MAT's table, and how data set and plugin are called. Classes and codes of any other card are numbered in card order,
for they may have been proposed from folders called like patients. Who has a data set can paste it into an issue;
``tools/merge_report.py`` makes of it what a card says under ``verified``.
"""

from __future__ import annotations

import csv
import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from attrs import Factory, define

from medmat_core.card import Card
from medmat_core.check.compare import unread_files
from medmat_core.check.found import Found
from medmat_core.check.patterns import Vocabulary, is_public
from medmat_core.dataset import Dataset
from medmat_core.errors import PluginError, UsageError
from medmat_core.fileio import open_regular
from medmat_core.folders import open_tree
from medmat_core.images.faults import PictureError, contained, opened, own_limit
from medmat_core.images.headers import read_header
from medmat_core.images.suffixes import DICOM_SUFFIXES, PILLOW_FORMATS, VOLUME_SUFFIXES, suffix_of
from medmat_core.model import PARTS, BoxSample, LabelSample, MaskSample, Problem, Sample, Slice, file_of
from medmat_core.pipeline.adapter import AdapterRun
from medmat_core.pipeline.options import TIMEOUT
from medmat_core.tree import Tree

VERSION: Final = 1
"""Of the report's form; the key ``medmat_report``."""

MOST: Final = 40
"""Patterns, sizes and modes that are told each by each; the rest is summed up."""

_HEADER: Final = 1 << 16
_COLUMNS: Final = 80
_TABLES: Final = (".csv", ".tsv", ".txt")
_COLORS: Final = frozenset({"MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR"})


def report(
    checked: Iterable[tuple[Found, Dataset, str]], data: Path, *, opened: bool, seconds: float = TIMEOUT
) -> dict[str, Any]:
    """The report on what was checked under ``data``, each data set with its plugin ("dist version").

    ``opened``: pictures may be looked at, as with any ``--verify`` but "none". ``seconds`` are those that an adapter
    may take to get on.
    """
    return {
        "medmat_report": VERSION,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "medmat_core": version("medmat-core"),
        "datasets": [_one(found, dataset, plugin, data, seconds, opened=opened) for found, dataset, plugin in checked],
    }


def may_replace(path: Path) -> None:
    """Refuse to write a report over a file that is none."""
    import json

    if not path.exists():
        return
    with suppress(OSError, ValueError, RecursionError), open_regular(path, 1 << 26) as file:
        if "medmat_report" in json.load(file):
            return
    raise UsageError(f"--report {path}: is there already and is no report; give another name")


def _one(found: Found, dataset: Dataset, plugin: str, data: Path, seconds: float, *, opened: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "slug": dataset.slug, "no": dataset.no, "plugin": plugin, "layout": found.layout,
        "completeness": found.completeness, "problems": found.problems, "images": found.images,
        "images_published": found.published,
        "classes": {
            name: [one.here, one.published]
            for name, one in zip(
                _called(dataset.card, "class", [one.caption for one in found.classes]), found.classes, strict=True
            )
        },
        "reasons": dict(found.reasons),
    }  # fmt: skip
    tree = open_tree(dataset.card, data)
    return told if tree is None else {**told, **_Look(dataset, tree, seconds).told(opened=opened)}


@define
class _Look:
    """One data set's tree, gone through once more. Its counters never hold a name."""

    dataset: Dataset
    tree: Tree
    seconds: float
    pictures: dict[str, None] = Factory(dict)
    masks: dict[str, None] = Factory(dict)
    codes: Counter[str] = Factory(Counter)
    parts: Counter[str] = Factory(Counter)
    groups: set[str] = Factory(set)
    problems: list[Problem] = Factory(list)

    def told(self, *, opened: bool) -> dict[str, Any]:
        card, say = self.dataset.card, Vocabulary.of(self.dataset.card).pattern
        for item in self._read():
            if isinstance(item, Problem):
                self.problems.append(item)
            else:
                self._take(item)
        unread = unread_files(self.dataset, self.tree, (*self.pictures, *self.masks), self.problems)
        files = {"pictures": list(self.pictures), "masks": list(self.masks), "label_files": sorted(self.tree.opened)}
        return {
            "outer": say(self.tree.prefix),
            "names": {
                **{kind: _most(Counter(map(say, names))) for kind, names in files.items() if names},
                **({"unread": _most(Counter(map(say, unread)))} if unread else {}),
            },
            "codes": {
                name: self.codes[code]
                for name, code in zip(_called(card, "code", list(card.labels)), card.labels, strict=True)
                if self.codes[code]
            },
            "codes_not_on_the_card": sum(count for code, count in self.codes.items() if code not in card.labels),
            "parts": {part: self.parts[part] for part in (*PARTS, "") if self.parts[part]},
            "groups": len(self.groups),
            "tables": [_table(self.tree, file, say) for file in files["label_files"] if suffix_of(file) in _TABLES],
            **({kind: self._looks(files[kind]) for kind in ("pictures", "masks") if files[kind]} if opened else {}),
        }

    def _read(self) -> Iterator[Sample | Problem]:
        """What the adapter yields, up to where it breaks off: the check has told that it does."""
        with suppress(PluginError):
            yield from AdapterRun(self.dataset, self.tree, self.seconds)
        yield from self.tree.problems

    def _take(self, sample: Sample) -> None:
        _name(sample.image, self.pictures)
        self.parts[sample.split or ""] += 1
        if sample.group:
            self.groups.add(sample.group)
        if isinstance(sample, LabelSample):
            self.codes.update(set(sample.stated))
        elif isinstance(sample, BoxSample):
            self.codes.update({box.code for box in sample.boxes})
        elif isinstance(sample, MaskSample):
            for mask in sample.masks:
                _name(getattr(mask, "path", None), self.masks)
            self.codes.update({mask.code for mask in sample.masks if hasattr(mask, "code")})

    def _looks(self, names: Sequence[str]) -> dict[str, Any]:
        sizes: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        for name in names:
            try:
                size, kind = look(self.tree.path(name))
            except PictureError as error:
                size, kind = "unread", error.reason
            sizes[size] += 1
            kinds[kind] += 1
        return {"sizes": _most(sizes), "modes": _most(kinds)}


def _called(card: Card, kind: str, names: Sequence[str]) -> Sequence[str]:
    """How a report calls classes or codes: by name for a card of Med-MAT's table, else "class 1", "class 2"."""
    return names if is_public(card) else [f"{kind} {number}" for number in range(1, len(names) + 1)]


def _name(image: str | Slice | None, names: dict[str, None]) -> None:
    if image is not None:
        names[file_of(image)] = None


def look(path: Path) -> tuple[str, str]:
    """("640x480", "PNG RGB") of a picture's header: words of fixed lists. Raises :class:`PictureError`."""
    suffix = suffix_of(path.name)
    if suffix in DICOM_SUFFIXES:
        return _dicom(path)
    if suffix in VOLUME_SUFFIXES or path.name.lower().endswith(VOLUME_SUFFIXES):
        return "volume", "volume"
    header = read_header(str(path))
    if header.format == "dicom":
        return _dicom(path)
    size = f"{header.width}x{header.height}"
    from PIL import Image

    with contained("image"), opened(path, "image") as file, own_limit():
        picture = Image.open(file, formats=PILLOW_FORMATS)
        return size, f"{picture.format} {picture.mode}"


def _dicom(path: Path) -> tuple[str, str]:
    import pydicom

    with contained("image"), opened(path, "image") as file:
        found = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=[
            "Rows", "Columns", "BitsStored", "PhotometricInterpretation"])  # fmt: skip
        color, syntax = str(found.PhotometricInterpretation), found.file_meta.TransferSyntaxUID
        named = syntax.name if syntax.is_transfer_syntax and syntax.name != syntax else "another syntax"
        kind = f"DICOM {int(found.BitsStored)} bits {color if color in _COLORS else 'another color'} {named}"
        return f"{int(found.Columns)}x{int(found.Rows)}", kind


def _table(tree: Tree, file: str, say: Any) -> dict[str, Any]:
    """A text table: how many lines, how they end, and its columns as patterns. A first line that is no header is
    patterns, too, as every word that the card does not have is."""
    told: dict[str, Any] = {"file": say(file), "columns": [], "lines": 0, "line_ends": "lf", "bom": False}
    with suppress(OSError), open_regular(tree.path(file)) as raw:
        first = raw.readline(_HEADER)
        told["lines"] = bool(first) + sum(1 for _ in raw)
        told["line_ends"] = "crlf" if first.endswith(b"\r\n") else "lf"
        told["bom"] = first.startswith(b"\xef\xbb\xbf")
        line = first.decode("utf-8-sig", "replace").strip()
        delimiter = max("\t;,", key=line.count)
        with suppress(csv.Error):
            told["columns"] = [say(cell) for cell in next(csv.reader([line], delimiter=delimiter), [])][:_COLUMNS]
    return told


def _most(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent, at most :data:`MOST`, in one order; the others under "other"."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = dict(ranked[:MOST])
    rest = sum(count for _, count in ranked[MOST:])
    return {**told, "other": told.get("other", 0) + rest} if rest else told
