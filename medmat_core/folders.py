"""Where data sets lie under the data folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from medmat_core.card import Head
from medmat_core.errors import UsageError
from medmat_core.tree import Names, Tree


def find_folder(head: Head, data: Path) -> Path | None:
    """The data set's folder under the data folder: by its own name or by one of its card's aliases, whatever their
    letter case. The folder keeps the name that it has."""
    exact = data / head.folder
    if exact.is_dir():
        return exact
    try:
        with os.scandir(data) as entries:
            found = Names(entry.name for entry in entries if entry.is_dir()).of(head.folder, head.aliases)
    except OSError:
        return None
    return None if found is None else data / found


def lies_under(data: Path) -> Callable[[Head], bool]:
    """Whether the folder of a data set is under the data folder, told by its head: the others need not be loaded."""
    try:
        folders = Names(os.listdir(data))
    except PermissionError as error:
        raise UsageError(f"--data {data}: cannot be listed: {error.strerror}; mend its rights") from None
    except OSError:
        folders = Names(())
    return lambda head: folders.of(head.folder, head.aliases) is not None


def open_tree(head: Head, data: Path) -> Tree | None:
    """The data set's files under the data folder; None where its folder is not there."""
    folder = find_folder(head, data)
    return None if folder is None else Tree(folder, head.markers)
