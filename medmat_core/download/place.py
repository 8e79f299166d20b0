"""What was unpacked, moved into the data set's folder: as a whole where it is new, else file by file, and never over
a file of the user's."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from medmat_core import fileio
from medmat_core.download import space
from medmat_core.download.chest import check_tree, folds_case
from medmat_core.errors import DownloadError


def place(parts: Sequence[Path], folder: Path, spare: Path) -> int:
    """Move the files below each of ``parts`` to the same path below ``folder``; returns how many came.

    A file that is there with the same bytes stays; another one is refused with :class:`DownloadError` before anything
    is moved, and so are two parts that hold different files of one path. Where ``folder`` is not there it appears
    whole, made as ``spare`` beside the parts (same disk).
    """
    try:
        moves = _moves(parts, folder)
        target = folder if folder.exists() else spare
        for source, relative in moves:
            path = target / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.parent.resolve().is_relative_to(target.resolve()):
                raise DownloadError(f"{path.parent}: a link leads out of {folder}; remove it and run again")
            source.rename(path)
        if target is spare and spare.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            spare.rename(folder)
    except OSError as error:
        raise space.failed(folder, error) from error
    return len(moves)


def _moves(parts: Sequence[Path], folder: Path) -> list[tuple[Path, str]]:
    """(file, path below the folder) of all that is to be moved; what is there already is dropped."""
    chosen: dict[str, tuple[Path, str]] = {}
    folds = folds_case(parts[0]) if parts else False
    differ: list[str] = []
    for part in parts:
        check_tree(part, part.name)
        for source in sorted(path for path in part.rglob("*") if not path.is_dir()):
            relative = source.relative_to(part).as_posix()
            key = unicodedata.normalize("NFC", relative).casefold() if folds else relative
            other, _ = chosen.get(key, (None, ""))
            there = other or folder / relative
            if os.path.lexists(there):
                if _same(source, there):
                    source.unlink()
                else:
                    differ.append(relative)
            else:
                chosen[key] = (source, relative)
    if differ:
        more = f" and {len(differ) - 1} more" if len(differ) > 1 else ""
        raise DownloadError(
            f"{folder}: another {differ[0]!r}{more} is there; nothing is overwritten: "
            "move it away, or give --to another folder, and run again"
        )
    return list(chosen.values())


def _same(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_size == fileio.check_regular(other) and fileio.sha256_of(one) == fileio.sha256_of(other)
    except fileio.NotAFileError:
        return False
