"""What lies there to be audited: a built folder, or files of records published elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from attrs import field, frozen

from medmat_core.audit.numbers import PARTS
from medmat_core.errors import UsageError

Kind = Literal["own", "full", "subset"]

_NAME: Final = re.compile(r"(?P<kind>Ori|Subset)--(?P<stem>.+?)(?:-(?P<part>train|test))?", re.IGNORECASE)
_SUFFIXES: Final = (".json", ".jsonl")
_NOT_RECORDS: Final = frozenset({"manifest.json", "problems.jsonl"})
WORK: Final = ".medmat-work"


@frozen
class File:
    """A file of records: ``shown`` is its path below what is audited, ``stem`` what its name says of the data set
    or subset ("02", "acrima"), ``part`` 0 for train, 1 for test. A file of another name counts as a subset's, since it
    may hold several data sets."""

    path: Path
    shown: str
    kind: Kind
    stem: str
    part: int


@frozen
class Place:
    """Everything that was found. ``manifest`` is None where there is none, or it cannot be read."""

    root: Path
    files: tuple[File, ...]
    manifest: dict[str, Any] | None = None
    built: bool = False
    trouble: tuple[tuple[str, str, str], ...] = field(default=())
    """(fault, sentence, file) that stands in the way already."""

    def of(self, kind: Kind) -> dict[str, list[File]]:
        """Files of a kind by stem: numbers first and in their order, then names; train before test."""
        found: dict[str, list[File]] = {}
        files = (file for file in self.files if file.kind == kind)
        for file in sorted(files, key=lambda f: (*numbers_first(f.stem), f.part, f.shown)):
            found.setdefault(file.stem, []).append(file)
        return found


def numbers_first(name: str) -> tuple[bool, int, str]:
    """Sorts numbers by their value, and names after them."""
    return (False, int(name), "") if name.isdecimal() else (True, 0, name)


def look(paths: Sequence[Path]) -> Place:
    """Find what is to be audited; :class:`UsageError` where there is nothing.

    One folder is taken as a built folder if a manifest, full records or problems.jsonl lie in it; anything else is
    taken for files published by others, of which less is asked.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder; give the --out folder of a build, or a file of records")
    if len(paths) == 1 and paths[0].is_dir():
        return _folder(paths[0])
    files = []
    for path in paths:
        files.extend(_files(path, path.parent) if path.is_file() else _files_below(path))
    if not files:
        raise UsageError(f"{paths[0]}: nothing to audit: no .json or .jsonl file of records")
    return Place(Path(), tuple(files))


def _folder(root: Path) -> Place:
    files = tuple(_files_below(root))
    manifest_file = root / "manifest.json"
    work = (root / WORK).is_dir()
    built = work or manifest_file.is_file() or (root / "problems.jsonl").is_file() or (root / "records").is_dir()
    if not files and not built:
        raise UsageError(f"{root}: nothing to audit: no manifest.json and no file of records lies there")
    trouble: list[tuple[str, str, str]] = []
    manifest = None
    if manifest_file.is_file():
        try:
            manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
            if not isinstance(manifest, dict):
                raise ValueError("it is no JSON object")
        except (OSError, ValueError) as error:
            manifest = None
            trouble.append(("bad_json", f"the manifest cannot be read: {error}", "manifest.json"))
    elif built and not work:
        trouble.append(("missing_file", "there is no manifest.json", "manifest.json"))
    if work:
        trouble.append(("unfinished", "a build did not come to its end; go on with --resume", WORK))
    return Place(root, files, manifest, built, tuple(trouble))


def _files_below(root: Path) -> list[File]:
    found: list[File] = []
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.suffix in _SUFFIXES and not hidden and path.name not in _NOT_RECORDS and path.is_file():
            if path.relative_to(root).parts[0] == "images":
                continue
            found.extend(_files(path, root))
    return found


def _files(path: Path, root: Path) -> list[File]:
    shown = path.relative_to(root).as_posix()
    match = _NAME.fullmatch(path.stem)
    if match is None:
        # a file of any name may hold several data sets, as those of subsets do
        test = re.search(r"(^|[^a-z])test([^a-z]|$)", path.stem, re.IGNORECASE)
        stem = re.sub(r"[-_. ]*(train|test)$", "", path.stem, flags=re.IGNORECASE) or path.stem
        return [File(path, shown, "subset", stem, 1 if test else 0)]
    part = PARTS.index((match["part"] or "train").lower())
    if match["kind"].lower() == "subset":
        kind: Kind = "subset"
    else:
        kind = "full" if path.suffix == ".jsonl" else "own"
    return [File(path, shown, kind, match["stem"], part)]
