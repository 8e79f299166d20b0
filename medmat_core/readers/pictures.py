"""Finding the picture that a label file means."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from medmat_core.images.suffixes import without_suffix
from medmat_core.model import BoxSample, LabelSample, MaskSample
from medmat_core.readers.folders import split_of
from medmat_core.tree import Tree, fold

S = TypeVar("S", LabelSample, MaskSample, BoxSample)


class Pictures:
    """The pictures of a tree (or of some paths), to be looked up by stem, by name or by a path's tail.

    ``under`` is a folder's path, or its name (or several, likeliest first) wherever it lies below the root.
    A name that is spelled as in the label file comes first, then the one that is equal after NFC, then after case
    folding; where several are equal only so, none is meant. Where one name occurs more than once, the path nearest to
    the root wins by code points; rows that need the folder look up by tail.
    """

    def __init__(self, tree: Tree, under: str | Sequence[str] = "", paths: Iterable[str] | None = None) -> None:
        self.tree = tree
        under = housed(tree, under)
        self.paths = sorted(tree.images(under) if paths is None else paths, key=lambda p: (p.count("/"), p))
        self._respelled: dict[str, int] = {}

    @cached_property
    def _names(self) -> _Index:
        return _Index(self.paths, _name_of)

    @cached_property
    def _stems(self) -> _Index:
        return _Index(self.paths, _stem_of)

    @cached_property
    def _tails(self) -> dict[int, _Index]:
        return {}

    def _by_tail(self, length: int) -> _Index:
        """Pictures by their last ``length`` names; made when first asked for, since most rows need one length."""
        known = self._tails.get(length)
        if known is None:
            long = (path for path in self.paths if path.count("/") + 1 >= length)
            known = self._tails[length] = _Index(long, lambda path: "/".join(path.split("/")[-length:]))
        return known

    def stem(self, stem: str) -> str | None:
        """The picture with this file name without its suffix."""
        return self._stems.get(stem)

    def name(self, name: str) -> str | None:
        """The picture with this file name."""
        return self._names.get(name)

    def tail(self, text: str) -> str | None:
        """The picture whose path shares the longest tail of whole names with ``text``; the file name must agree.

        Where several share it none is meant, but for the one whose whole path it is. The file name alone is enough
        where the text gives no more, or where all pictures lie in one folder, which is not called like another part.
        """
        parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
        for length in range(len(parts), 0, -1):
            tail = "/".join(parts[-length:])
            path = self._by_tail(length).get(tail)
            if path is None:
                continue
            if self._by_tail(length).shared(tail):
                return path if path == "/".join(parts) else None
            return path if length > 1 or len(parts) == 1 or self._one_folder_for("/".join(parts)) else None
        return None

    def _one_folder_for(self, text: str) -> bool:
        """Whether a folder that a text names may well be the one in which all pictures lie."""
        here, there = split_of(self.paths[0]), split_of(text)
        return len(self._folders) == 1 and (here == there or None in (here, there))

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(path.rpartition("/")[0] for path in self.paths)

    def wanted(self, text: str, file: str, row: int | None = None, *, by: str = "name") -> str | None:
        """Look up by "stem", "name" or "tail"; None, with a problem reported, where there is no such picture
        or the text points outside the data folder, and with a note where it is empty."""
        if nameless(self.tree, text, file, row):
            return None
        if escapes(text):
            self.tree.report("path_escapes", file, f"{text!r} points outside the data folder", row)
            return None
        path = {"stem": self.stem, "name": self.name, "tail": self.tail}[by](text)
        if path is None:
            like = (self._stems if by == "stem" else self._names).like(_name_of(text.replace("\\", "/")))
            other = f"; it may be any of {', '.join(map(repr, like))}" if len(like) > 1 else ""
            if by == "tail" and not other and (alone := self.name(_name_of(text.replace("\\", "/")))) is not None:
                other = f"; whether {alone!r} is meant its folder does not tell"
            self.tree.report("missing_image", file, f"no picture {text!r} below {self.tree.base.name}{other}", row)
        else:
            told = text.replace("\\", "/").strip()
            named, own = _name_of(told), (_stem_of if by == "stem" else _name_of)(path)
            above, folder = told.rpartition("/")[0], path.rpartition("/")[0]
            if by == "tail" and above and folder and fold(_name_of(above)) != fold(_name_of(folder)):
                named, own = told, path
            if named.strip() != own:  # one of each label file is shown: it may be so in all of its rows
                self._respelled[file] = self._respelled.get(file, 0) + 1
                if self._respelled[file] == 1:
                    self.tree.report("other_spelling", file, f"{named!r} is taken to mean the file {own!r}", row)
        return path

    def tell(self) -> None:
        """Report of each label file how many of its rows spell a picture in other letters, where that is more than the
        one that is told by itself. What reads tables calls it after the last row."""
        for file, count in self._respelled.items():
            if count > 1:
                said = f"{count} rows name pictures in other letters than their files; see the first"
                self.tree.report("other_spelling", file, said)
            self._respelled[file] = 1


def housed(tree: Tree, folder: str | Sequence[str]) -> str:
    """Where a folder lies: the path given, else the folder of that name (of several, of the likeliest that is there)
    nearest to the root; the first name, below which there is nothing, where there is none."""
    names = (folder,) if isinstance(folder, str) else tuple(folder)
    if names == ("",):
        return ""
    above, _, last = names[0].rpartition("/")
    if len(names) == 1 and last in tree.listdir(above)[0]:
        return names[0]
    return tree.folder(*names) or names[0]


class _Index:
    """Paths by a part of them, such as the file name: as it is spelled, else in NFC, else in any letter case."""

    def __init__(self, paths: Iterable[str], part: Callable[[str], str]) -> None:
        self._folded: dict[str, str] = {}
        self._shared: set[str] = set()
        self._more: dict[str, dict[str, str]] = {}
        self._part = part
        for path in paths:
            name = part(path)
            folded = fold(name)
            first = self._folded.setdefault(folded, path)
            if first is path:
                continue
            if (own := part(first)) != name and name not in self._more.get(folded, ()):
                self._more.setdefault(folded, {own: first})[name] = path
            else:
                self._shared.add(name)

    def shared(self, name: str) -> bool:
        """Whether several paths have exactly the part that a name means."""
        path = self.get(name)
        return path is not None and self._part(path) in self._shared

    def get(self, name: str) -> str | None:
        """The path that is meant; None where there is none, or no one of several."""
        folded = fold(name)
        several = self._more.get(folded)
        if several is None:
            return self._folded.get(folded)
        if name in several:
            return several[name]
        same = [path for own, path in several.items() if _nfc(own) == _nfc(name)]
        return same[0] if len(same) == 1 else None

    def like(self, name: str) -> list[str]:
        """The parts that differ from a name in spelling alone."""
        return sorted(self._more.get(fold(name), ()))


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]


def _stem_of(path: str) -> str:
    return without_suffix(path.rpartition("/")[2])


def stem(path: str) -> str:
    """'images/Case (3).JPG' -> 'case (3)': the file name without folders and suffix, folded as names are compared.

    The two suffixes of a packed volume, scan.nii.gz, are one.
    """
    name = path.rpartition("/")[2]
    if name[-7:].lower() == ".nii.gz":
        return fold(name[:-7])
    return fold(without_suffix(name))


def report_unlisted(pictures: Pictures, samples: Iterable[S], *, reason: str = "missing_label") -> Iterator[S]:
    """Pass samples on; when they end, report each picture that none of them shows.

    ``reason`` is "missing_label", or "unlabelled" where the data set publishes such pictures knowingly. Where no
    picture at all is shown (the label file is not there, or another one), that is one problem and not thousands.
    """
    shown: set[str] = set()
    for sample in samples:
        shown.add(str(sample.image))
        yield sample
    pictures.tell()
    if not shown and len(pictures.paths) > 1:
        folder = os.path.commonpath([path.rpartition("/")[0] for path in pictures.paths])
        what = f"no usable row of a label file names any of the {len(pictures.paths)} pictures"
        pictures.tree.report(reason, folder, what)
        return
    for path in pictures.paths:
        if path not in shown:
            pictures.tree.report(reason, path, "no usable row of the label file names the picture")


def nameless(tree: Tree, text: str, file: str, row: int | None = None) -> bool:
    """Whether a row of a label file names nothing, which is noted: tables end in blank rows or hold stray remarks."""
    if text.strip():
        return False
    tree.report("empty_row", file, "the row names no picture", row)
    return True


def escapes(text: str) -> bool:
    """Whether a path from a label file climbs out of the folder it is relative to."""
    depth = 0
    for part in text.replace("\\", "/").split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in ("", "."):
            depth += 1
    return False


def picture_beside(tree: Tree, file: str, text: str, row: int | None = None) -> str | None:
    """The picture that ``file`` names by a path relative to its own folder, or to the folder around that one.

    In the second case the path begins with the name of the file's own folder ("CheXpert-v1.0-small/train/x.jpg"),
    which may have been left out when unzipping: the first name is dropped if there is no such picture with it.
    Only the folders on the way are listed. None, with a problem reported, where there is no such picture or the
    path climbs out of the folder it starts in; with a note, where the text is empty.
    """
    if nameless(tree, text, file, row):
        return None
    names = [name for name in text.replace("\\", "/").split("/") if name not in ("", ".")]
    if ".." in names:
        tree.report("path_escapes", file, f"{text!r} points outside the data folder", row)
        return None
    folder = file.rpartition("/")[0]
    for start in (0, 1) if len(names) > 1 else (0,):
        path = "/".join([folder, *names[start:]] if folder else names[start:])
        if tree.exists(path):
            return path
    tree.report("missing_image", file, f"no picture {text!r} beside it", row)
    return None
