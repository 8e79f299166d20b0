"""What the two rows made of ChestX-Det share: its two JSON files."""

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from medmat_core import readers


@frozen
class Film:
    """A radiograph with its instances: ``findings[i]`` is drawn by ``outlines[i]``, a closed line of pixel centres."""

    path: str
    split: readers.Split
    findings: tuple[str, ...]
    outlines: tuple[tuple[readers.Point, ...], ...]


def films(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[Film]:
    """Every record of both files whose picture is there. No file name occurs in both, so the folder does not matter."""
    parts: tuple[readers.Split, ...] = ("train", "test")
    for part in parts:
        name = f"ChestX_Det_{part}.json"
        file = tree.find(name) or name
        for number, record in enumerate(readers.json_file(tree, file) or (), 1):
            try:
                picture, findings, outlines = _read(record)
            except (KeyError, TypeError, ValueError) as error:
                tree.report("bad_row", file, f"not a record of this file: {type(error).__name__}: {error}", number)
                continue
            path = pictures.wanted(picture, file, number)
            if path is not None:
                yield Film(path, part, findings, outlines)


def _read(record: Any) -> tuple[str, tuple[str, ...], tuple[tuple[readers.Point, ...], ...]]:
    findings = tuple(str(finding) for finding in record["syms"])
    outlines = tuple(tuple((float(x), float(y)) for x, y in outline) for outline in record["polygons"])
    if len(findings) != len(outlines):
        raise ValueError(f"{len(findings)} findings with {len(outlines)} outlines")
    return str(record["file_name"]), findings, outlines
