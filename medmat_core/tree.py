"""What lies in a data set's folder, found once and in one order whatever the file system says.

All paths are relative to the data set's own root, with '/' separators, sorted by code points. The root is
the folder in which the card's markers lie, so that outer folders of an archive do not matter.
"""

from __future__ import annotations

import fnmatch
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from medmat_core.images.strangers import starts_like_dicom
from medmat_core.images.suffixes import FOREIGN_VOLUMES, IMAGE_SUFFIXES, VOLUME_SUFFIXES, is_bare, is_image, suffix_of
from medmat_core.model import Problem

_JUNK: Final = frozenset({"__macosx", "thumbs.db", "desktop.ini", ".ds_store", ".git", ".ipynb_checkpoints"})
_JUNK_STARTS: Final = frozenset({case + tail for case in "._dtDT" for tail in "._dDgGiIeEhH"})
"""The first two letters of junk, by which nearly every name is told at once to be none."""
_DIRECTORY: Final = "dicomdir"
"""What lies at the root of a DICOM medium: DICOM, and no picture."""
_DEPTH: Final = 7
_REACHED: Final = 16


def fold(name: str) -> str:
    """A name for comparison: NFC, case folded, blanks at the ends removed."""
    return unicodedata.normalize("NFC", name).casefold().strip()


class Names:
    """The folders that lie under a data folder, to be looked up by the names that a card gives."""

    def __init__(self, names: Iterable[str]) -> None:
        self._exact = frozenset(names)
        self._folded = {fold(name): name for name in sorted(self._exact, reverse=True)}

    def of(self, folder: str, aliases: Iterable[str] = ()) -> str | None:
        """The name under which a data set's folder lies there: its own, else the first alias that is there, each as it
        stands before the same in other letter case. None where there is none of them."""
        for wanted in (folder, *aliases):
            found = wanted if wanted in self._exact else self._folded.get(fold(wanted))
            if found is not None:
                return found
        return None


def _is_junk(name: str) -> bool:
    return name.casefold() in _JUNK or name.startswith(("._", ".DS_"))


class Tree:
    """The files of one data set.

    ``base`` is the folder under the data folder (``med-mat/BUSI``), ``root`` the data set's own root inside
    it. Reading is lazy: a folder is listed when first asked for and remembered. ``opened`` collects the
    label files that were read, ``problems`` what could not be used.
    """

    def __init__(self, base: Path, markers: Sequence[str] = ()) -> None:
        self.base = base
        self.opened: set[str] = set()
        self.problems: list[Problem] = []
        self._listed: dict[str, tuple[list[str], list[str]]] = {}
        self._name_sets: dict[str, set[str]] = {}
        self._bare: dict[str, bool] = {}
        self._seen_links: set[str] = set()
        self._reached: Counter[str] = Counter()
        self._prefix = ""
        if markers:
            self._prefix = self._find_root([fold(marker) for marker in markers])

    # -- where things are -------------------------------------------------------------------------

    @property
    def root(self) -> Path:
        """The data set's own root."""
        return self.base / self._prefix if self._prefix else self.base

    @property
    def prefix(self) -> str:
        """The root's path below ``base``: '' or 'outer/folders/' with a trailing slash."""
        return self._prefix + "/" if self._prefix else ""

    def path(self, relative: str) -> Path:
        """The file on disk."""
        return self.root / relative

    def leads_out(self, relative: str) -> bool:
        """Whether a path below the root leads out of the data folder, by its names alone; whether it is reported."""
        below = Path(os.path.normpath(f"{self.base.name}/{self.prefix}{relative}"))
        if not os.path.isabs(relative) and ".." not in below.parts:
            return False
        self.report("path_escapes", relative, "the file lies outside the data folder, and is not read")
        return True

    def _find_root(self, markers: Sequence[str]) -> str:
        level = [""]
        for _ in range(_DEPTH):
            found: dict[str, set[str]] = {}
            for folder in level:
                dirs, files = self._list(folder)
                names = {fold(name) for name in (*dirs, *files)}
                hit = {m for m in markers if any(fnmatch.fnmatchcase(name, m) for name in names)}
                if hit:
                    found[folder] = hit
            if found:
                return self._best(found)
            level = [f"{folder}/{name}" if folder else name for folder in level for name in self._list(folder)[0]]
        return ""

    @staticmethod
    def _best(found: dict[str, set[str]]) -> str:
        """The one folder that has the markers; folders side by side meet in their common parent, since
        nothing of what lies there may be dropped silently."""
        if len(found) == 1:
            return next(iter(found))
        common = os.path.commonpath([PurePosixPath("/", folder) for folder in found])
        return common.strip("/")

    # -- listing ----------------------------------------------------------------------------------

    def share(self, other: Tree) -> None:
        """Take over what another tree of the same folder has listed."""
        self._listed, self._bare = other._listed, other._bare

    def forget(self) -> None:
        """Let go of what was listed: the names of a million files weigh more than all else that is known of them."""
        self._listed, self._bare = {}, {}
        self._name_sets.clear()

    def _list(self, folder: str) -> tuple[list[str], list[str]]:
        """(folders, files) of a folder below ``base``, sorted, junk left out. Links are followed."""
        known = self._listed.get(folder)
        if known is not None:
            return known
        dirs: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(self.base / folder if folder else self.base) as entries:
                for entry in entries:
                    name = entry.name
                    if name[:2] in _JUNK_STARTS and _is_junk(name):
                        continue
                    if entry.is_file(follow_symlinks=False):  # nearly all are; one question is enough for them
                        files.append(name)
                    elif entry.is_dir(follow_symlinks=False):
                        dirs.append(name)
                    elif entry.is_symlink():
                        self._link(entry, dirs, files)
                    else:
                        self._unusable(entry, "it is neither a file nor a folder")
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self.report("bad_file", folder, f"folder cannot be listed: {error.strerror}")
        dirs.sort()
        files.sort()
        self._listed[folder] = (dirs, files)
        return dirs, files

    def _link(self, link: os.DirEntry[str], dirs: list[str], files: list[str]) -> None:
        """Put a link where what it leads to belongs."""
        try:
            folder, file = link.is_dir(), link.is_file()
        except OSError:  # a link to itself
            folder = file = False
        if not folder and not file:
            self._unusable(link, "the link leads to no file")
            return
        self._follow(link.path)
        if file:
            files.append(link.name)
        elif not self._loops(link.path):
            dirs.append(link.name)

    def _unusable(self, entry: os.DirEntry[str], detail: str) -> None:
        """Tell of a picture that cannot be opened (to open a pipe would wait for ever). What else cannot be opened is
        missed by whoever asks for it."""
        if is_image(entry.name) or entry.name.lower().endswith(VOLUME_SUFFIXES + FOREIGN_VOLUMES):
            where = os.path.relpath(entry.path, self.base).replace(os.sep, "/")
            self.report("bad_image", where, detail)

    def _loops(self, link: str) -> bool:
        """Whether a link leads to a folder that holds it, by whatever links it was come to, or that was come to by
        links too often: folders full of links to one another have more paths than anybody could walk."""
        target = os.path.realpath(link)
        around = os.path.dirname(link)
        top = os.fspath(self.base)
        while True:
            real = os.path.realpath(around)
            if real == target or real.startswith(target.rstrip(os.sep) + os.sep):
                return True
            if around == top or len(around) <= len(top):
                break
            around = os.path.dirname(around)
        self._reached[target] += 1
        if self._reached[target] > _REACHED:
            where = os.path.relpath(link, self.base).replace(os.sep, "/")
            if self._reached[target] == _REACHED + 1:
                self.report(
                    "bad_file", where, f"more than {_REACHED} links lead to the same folder; no more are followed"
                )
            return True
        return False

    def _follow(self, link: str) -> None:
        data = os.path.realpath(self.base.parent)
        base = os.path.realpath(self.base)
        target = os.path.realpath(link)
        inside = any(target == top or target.startswith(top + os.sep) for top in (data, base))
        if not inside and not self._seen_links:
            self._seen_links.add(target)
            where = os.path.relpath(link, self.base).replace(os.sep, "/")
            self.problems.append(Problem("leaves_data", where, f"link leads to {target}; it is followed"))

    def _below(self, folder: str) -> str:
        return self.prefix + folder if folder else self._prefix

    def listdir(self, folder: str = "") -> tuple[list[str], list[str]]:
        """(folders, files) by name in one folder below the root, sorted."""
        return self._list(self._below(folder.strip("/")))

    def walk(self, folder: str = "") -> Iterator[tuple[str, list[str]]]:
        """(folder, file names) for the folder and all below it, in the order of their paths."""
        folder = folder.strip("/")
        dirs, files = self.listdir(folder)
        yield folder, files
        for name in dirs:
            yield from self.walk(f"{folder}/{name}" if folder else name)

    def files(self, folder: str = "", suffixes: Sequence[str] | frozenset[str] = IMAGE_SUFFIXES) -> Iterator[str]:
        """Paths of all files below ``folder`` with one of the suffixes (lower case; () means any).

        Sorted within each folder; '..JPG' and upper-case suffixes count. Where DICOM is asked for, files without any
        suffix are looked into and count if they are DICOM.
        """
        plain, known = tuple(suffixes), frozenset(suffixes)
        dicom = ".dcm" in known
        for where, names in self.walk(folder):
            prefix = where + "/" if where else ""
            for name in names:
                # the first question is enough for nearly all
                if (
                    name[-4:] in known
                    or name.endswith(plain)
                    or not suffixes
                    or suffix_of(name) in suffixes
                    or name.lower().endswith(plain)
                    or (dicom and self._is_bare_dicom(prefix + name))
                ):
                    yield prefix + name

    def images(self, folder: str = "") -> Iterator[str]:
        """Paths of all pictures below ``folder``."""
        return self.files(folder)

    def folders(self, name: str | Callable[[str], bool], under: str = "") -> list[str]:
        """All folders whose whole name is ``name`` (case folded, a shell pattern), nearest to the root first.

        ``name`` may be a function over the folded name, or a tail of several names ("images/train").
        """
        tail: list[str] = []
        if isinstance(name, str):
            *tail, last = (fold(part) for part in name.split("/"))
            fits = _matcher(last)
        else:
            fits = name
        return [
            f"{folder}/{child}" if folder else child
            for folder, dirs, _ in self._by_level(under)
            if _ends(folder, tail)
            for child in dirs
            if fits(fold(child))
        ]

    def _by_level(self, under: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """(folder, folders in it, files in it) for the folder and all below it, nearest to the root first."""
        level = [under.strip("/")]
        while level:
            below: list[str] = []
            for folder in level:
                dirs, files = self.listdir(folder)
                yield folder, dirs, files
                below.extend(f"{folder}/{child}" if folder else child for child in dirs)
            level = below

    def folder(self, *names: str, under: str = "") -> str | None:
        """The first folder that has one of the names, nearest to the root; None if there is none."""
        for name in names:
            found = self.folders(name, under)
            if found:
                return found[0]
        return None

    def find(self, *names: str, under: str = "") -> str | None:
        """The first file that has one of the names (case folded, a shell pattern, or a tail such as
        'partition/Test/Train.xlsx'), nearest to the root; None if there is none."""
        for name in names:
            *tail, last = (fold(part) for part in name.split("/"))
            fits = _matcher(last)
            for folder, _, files in self._by_level(under):
                for file in files if _ends(folder, tail) else ():
                    if fits(fold(file)):
                        return f"{folder}/{file}" if folder else file
        return None

    def exists(self, relative: str) -> bool:
        """Whether a file lies there, by the listing (exact spelling)."""
        folder, _, name = relative.rpartition("/")
        return name in self._names(folder)

    def is_picture(self, relative: str) -> bool:
        """Whether a picture lies there, by its name and the listing; a file without suffix is one if it is DICOM."""
        return (is_image(relative) or self._is_bare_dicom(relative)) and self.exists(relative)

    def _is_bare_dicom(self, relative: str) -> bool:
        """Whether a file has no suffix and is DICOM by its first bytes, which are read once."""
        if not is_bare(relative):
            return False
        path = self.prefix + relative
        known = self._bare.get(path)
        if known is None:
            directory = fold(relative.rpartition("/")[2]) == _DIRECTORY
            known = self._bare[path] = not directory and starts_like_dicom(self.base / path)
        return known

    def _names(self, folder: str) -> set[str]:
        names = self._name_sets.get(folder)
        if names is None:
            names = self._name_sets[folder] = set(self.listdir(folder)[1])
        return names

    # -- reporting --------------------------------------------------------------------------------

    def report(self, reason: str, file: str = "", detail: str = "", row: int | None = None) -> None:
        """Note an input that cannot be used; the build goes on."""
        self.problems.append(Problem(reason, file, detail, row))


def _matcher(wanted: str) -> Callable[[str], bool]:
    """Whether a folded name is the wanted one, or fits it where it is a shell pattern."""
    if any(c in wanted for c in "*?"):
        return lambda text: fnmatch.fnmatchcase(text, wanted)
    return wanted.__eq__


def _ends(folder: str, tail: Sequence[str]) -> bool:
    """Whether a folder's path ends in these folded names."""
    return not tail or [fold(part) for part in folder.split("/")[-len(tail) :]] == tail
