"""What lies there to be audited: a built folder, or files of records published elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from medmat_core.audit.faults import Fault
from medmat_core.errors import UsageError
from medmat_core.model import PARTS as PARTS
from medmat_core.model import Record
from medmat_core.records import FOLDER, MANIFEST, RecordError, read_lines

PROBLEMS: Final = "problems.jsonl"
WORK: Final = ".medmat-work"
RECORDS: Final = FOLDER
CHOICES: Final = "Original_Medical_Datasets"
SUBSETS: Final = "Aggregated_Subsets"
RENDERED: Final = "rendered"
_NAME: Final = re.compile(r"(?P<kind>Ori|Subset)--?(?P<stem>.+?)-(?P<part>" + "|".join(PARTS) + ")", re.IGNORECASE)


@frozen
class File:
    """A file of records: ``shown`` is its path below what is audited, ``stem`` what its name says of the data set
    or subset ("02", "acrima"), ``part`` 0 for train, 1 for val, 2 for test."""

    path: Path
    shown: str
    stem: str
    part: int


def table(raw: Any, key: str) -> dict[str, Any]:
    """What stands under a key of a stranger's object, {} where that is no object."""
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def records_at(wanted: Collection[tuple[Path, int]]) -> dict[tuple[Path, int], Record]:
    """The records that stand in some (file, line), as far as they can be read; each file is read once."""
    found, last = {}, Counter[Path]()
    for path, number in wanted:
        last[path] = max(number, last[path])
    for path, most in last.items():
        with suppress(RecordError):  # told where the file is read as a whole
            for line in islice(read_lines(path), most):
                if (path, line.number) in wanted and line.record is not None:
                    found[path, line.number] = line.record
    return found


@frozen
class Place:
    """Everything that was found. ``manifest`` is empty where there is none, or it cannot be read; ``files`` are those
    published elsewhere, by group (none: it is a build); ``trouble`` is what is known to be wrong already."""

    root: Path
    manifest: Mapping[str, Any] = field(factory=dict)
    files: Mapping[str, Sequence[File]] = field(factory=dict)
    trouble: Sequence[Fault] = ()

    def of(self, folder: str, suffix: str) -> dict[str, dict[int, File]]:
        """A build's files below one of its folders, by what their names say (numbers first, "02" as "2") and part."""
        found: dict[str, dict[int, File]] = {}
        for path in sorted((self.root / folder).glob(f"*{suffix}")):
            match = _NAME.fullmatch(path.stem)
            if match is not None and path.is_file():
                stem = match["stem"]
                stem = str(int(stem)) if stem.isascii() and stem.isdecimal() else stem
                file = File(path, f"{folder}/{path.name}", stem, PARTS.index(match["part"].lower()))
                found.setdefault(stem, {})[file.part] = file
        return {stem: found[stem] for stem in sorted(found, key=numbers_first)}


def numbers_first(name: str) -> tuple[bool, int, str]:
    """Sorts numbers by their value, and names after them."""
    digits = name.isascii() and name.isdecimal()
    return (False, int(name), "") if digits and len(name) < 20 else (True, 0, name)


def look(paths: Sequence[Path]) -> Place:
    """Find what is to be audited; :class:`UsageError` where there is nothing.

    A folder with a manifest, records or the working folder of a build is taken as a built one; anything else for files
    published by others, of which less is asked."""
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder; give the --out folder of a build, or a file of records")
    if len(paths) == 1 and paths[0].is_dir():
        root = paths[0]
        if any((root / name).exists() for name in (MANIFEST, WORK, RECORDS, PROBLEMS)):
            return _built(root)
    found: list[File] = []
    for path in paths:
        below = [path] if path.is_file() else sorted(p for p in path.rglob("*.json") if p.is_file())
        found.extend(_published(file, path if path.is_dir() else path.parent) for file in below)
    if not found:
        raise UsageError(f"{paths[0]}: nothing to audit: no manifest.json and no .json file of records lies there")
    found.sort(key=lambda file: (numbers_first(file.stem), file.stem, file.part, file.shown))
    return Place(Path(), files={stem: list(files) for stem, files in groupby(found, lambda file: file.stem)})


def _built(root: Path) -> Place:
    trouble: list[Fault] = []
    path = root / MANIFEST
    if (root / WORK).exists():
        trouble.append(Fault("unfinished", "a build did not come to its end; go on with --resume", WORK))
    if not path.is_file():
        return Place(root, trouble=trouble or [Fault("missing_file", "there is no manifest", MANIFEST)])
    try:
        raw = path.read_bytes()
        manifest = json.loads(raw)
        if not isinstance(manifest, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        trouble.append(Fault("bad_json", f"the manifest cannot be read: {error}"[:200], MANIFEST))
        return Place(root, trouble=trouble)
    digest = manifest.get("sha256")
    head, mark, tail = raw.rpartition(str(digest).encode("utf-8", "replace"))
    if not isinstance(digest, str) or hashlib.sha256(head + b"0" * len(mark) + tail).hexdigest() != digest:
        trouble.append(Fault("manifest_seal", "its own SHA-256 is not the one that it ends with", MANIFEST))
    return Place(root, manifest, trouble=trouble)


def _published(path: Path, root: Path) -> File:
    shown = path.relative_to(root).as_posix()
    match = _NAME.fullmatch(path.stem)
    if match is not None:
        return File(path, shown, f"{match['kind'].lower()} {match['stem']}", PARTS.index(match["part"].lower()))
    test = re.search(r"(^|[^a-z])test([^a-z]|$)", path.stem, re.IGNORECASE)
    stem = re.sub(r"[-_. ]*(train|test)$", "", path.stem, flags=re.IGNORECASE) or path.stem
    return File(path, shown, stem, 2 if test else 0)
