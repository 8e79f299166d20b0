"""A data set's folder is not where it was looked for: where it may be, and what to do about it."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from medmat_core.card import Head
from medmat_core.tree import Names, fold

ARCHIVES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".7z", ".rar")
_MOST: Final = 200
"""So many folders are looked into for a data set that lies a level deeper."""


def hint(head: Head, data: Path, others: Iterable[Head] = ()) -> str:
    """What is to be done so that the data set is found under ``data``: one sentence, "" where nothing is known.

    In this order: ``data`` is the data set itself, or a folder inside it; a folder there has nearly its name;
    its archive lies there unopened; it lies a level deeper; its markers lie there. Folders and archives of ``others``
    are theirs.
    """
    return next(_hints(head, data, others, named=True), "")


def hints(heads: Sequence[Head], data: Path) -> Iterator[tuple[Head, str]]:
    """The data sets of which something may be under ``data`` although their folders are not found there."""
    for head in heads:
        told = next(_hints(head, data, heads, named=False), "")
        if told:
            yield head, told


def unopened(folder: Path) -> str:
    """The archives in a data set's folder, as part of a sentence; "" where there are none."""
    found = [name for name in _listed(folder)[1] if name.lower().endswith(ARCHIVES)]
    return f"{', '.join(found[:3])} in it {'is' if len(found) == 1 else 'are'} not unzipped" if found else ""


def _hints(head: Head, data: Path, others: Iterable[Head], *, named: bool) -> Iterator[str]:
    names = (head.folder, *head.aliases)
    folders, files = _listed(data)
    if Names(folders).of(head.folder, head.aliases) is not None:
        return
    wanted = {fold(name) for name in names}
    whole = data.absolute()
    own_folder = [folder for folder in (whole, *whole.parents[:3]) if fold(folder.name) in wanted]
    if own_folder:
        where = "is the data set's own folder" if own_folder == [whole] else "lies inside the data set's folder"
        yield f"{data} {where}; give the folder above it: --data {own_folder[-1].parent}"
    claimed = {fold(name) for other in others if other is not head for name in (other.folder, *other.aliases)}
    for name in folders:
        if fold(name) not in claimed and any(_alike(name, own) for own in names):
            yield f"there is {str(data / name)!r}; rename it to {head.folder!r}"
    shared = {fold(archive) for other in others if other is not head for archive in other.archives}
    archives = {fold(archive) for archive in head.archives} - shared
    for name in files:
        suffix = next((suffix for suffix in ARCHIVES if name.lower().endswith(suffix)), None)
        if suffix and (fold(name) in archives or any(_alike(name[: -len(suffix)], title) for title in names)):
            yield f"{data / name} is not unzipped; unzip it into {data / head.folder}"
    for name in folders[:_MOST]:
        if fold(name) not in claimed:
            inside = Names(_listed(data / name)[0]).of(head.folder, head.aliases)
            if inside is not None:
                yield f"it lies a level deeper, in {data / name / inside}; give --data {data / name}"
    if named and any(
        fnmatch.fnmatchcase(fold(name), fold(mark)) for name in (*folders, *files) for mark in head.markers
    ):
        yield f"{data} may be the data set itself: put it into a folder {head.folder!r}, and give the folder above that"


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    """(folders, files) of a folder by name, sorted; nothing where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            every = [(entry.name, entry.is_dir()) for entry in entries]
    except OSError:
        return [], []
    return sorted(name for name, folder in every if folder), sorted(name for name, folder in every if not folder)


def _alike(one: str, other: str) -> bool:
    """Whether names differ by case, blanks, underscores, hyphens, or one letter at most. Short names must be equal but
    for such signs, and digits are no letters: ISIC2016 is not ISIC2017."""
    a, b = _squeezed(one), _squeezed(other)
    if a == b:
        return True
    if min(len(a), len(b)) < 4 or _digits(a) != _digits(b):
        return False
    return _one_letter(a, b)


def _squeezed(name: str) -> str:
    return "".join(c for c in fold(name) if c.isalnum())


def _digits(name: str) -> str:
    return "".join(c for c in name if c.isdigit())


def _one_letter(a: str, b: str) -> bool:
    """Whether one letter was put in, left out, replaced, or two neighbors were swapped."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) < len(b):
        return a[start:] == b[start + 1 :]
    swapped = a[:start] + a[start + 1 : start + 2] + a[start : start + 1] + a[start + 2 :]
    return a[start + 1 :] == b[start + 1 :] or swapped == b
