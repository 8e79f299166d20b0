"""Room on the disk: asked before work begins, and told in one voice when it ends."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from medmat_core.download_entries import size_text
from medmat_core.errors import DownloadError, NoSpaceError
from medmat_core.fileio import FULL

RESERVE: Final = 64 << 20
"""Bytes that are left to everybody else on the disk."""


def free(folder: Path) -> int:
    """Free bytes where a folder lies, or will lie."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def need(folder: Path, size: int, what: str) -> None:
    """:class:`NoSpaceError` where ``size`` bytes more do not fit."""
    room = free(folder)
    if size > max(0, room - RESERVE):
        raise NoSpaceError(
            f"{folder}: {what} needs {size_text(size)} and {size_text(room)} are free; "
            "free some room or give --to another disk, then run again: what is there is kept"
        )


def failed(path: Path, error: OSError) -> DownloadError:
    """What to tell of a file that cannot be written."""
    if error.errno in FULL:
        return NoSpaceError(f"{path}: the disk is full; free some room and run again: what is there is kept")
    return DownloadError(f"{path}: cannot be written: {error.strerror or error}; mend its rights or give another --to")
