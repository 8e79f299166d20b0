"""Finding the picture that a label file means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TypeVar

from medmat_core.model import BoxSample, LabelSample, MaskSample
from medmat_core.tree import Tree, fold

S = TypeVar("S", LabelSample, MaskSample, BoxSample)


class Pictures:
    """The pictures of a tree (or of some paths), to be looked up by stem, by name or by a path's tail.

    Comparison is exact after NFC and case folding. Where a name occurs more than once, the path nearest to
    the root wins by code points; rows that need the folder look up by tail.
    """

    def __init__(self, tree: Tree, under: str = "", paths: Iterable[str] | None = None) -> None:
        self.tree = tree
        self.paths = sorted(tree.images(under) if paths is None else paths, key=lambda p: (p.count("/"), p))

    @cached_property
    def _names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for path in self.paths:
            names.setdefault(fold(path.rpartition("/")[2]), path)
        return names

    @cached_property
    def _stems(self) -> dict[str, str]:
        stems: dict[str, str] = {}
        for path in self.paths:
            name = fold(path.rpartition("/")[2])
            stems.setdefault(name.rpartition(".")[0] or name, path)
        return stems

    @cached_property
    def _tails(self) -> dict[int, dict[str, str]]:
        return {}

    def _by_tail(self, length: int) -> dict[str, str]:
        """Pictures by their last ``length`` names; made when first asked for, since most rows need one length."""
        known = self._tails.get(length)
        if known is None:
            known = self._tails[length] = {}
            for path in self.paths:
                names = fold(path).split("/")
                if len(names) >= length:
                    known.setdefault("/".join(names[-length:]), path)
        return known

    def stem(self, stem: str) -> str | None:
        """The picture with this file name without its suffix."""
        return self._stems.get(fold(stem))

    def name(self, name: str) -> str | None:
        """The picture with this file name."""
        return self._names.get(fold(name))

    def tail(self, text: str) -> str | None:
        """The picture whose path shares the longest tail of whole names with ``text``; the file name must agree."""
        parts = [fold(part) for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
        for length in range(len(parts), 0, -1):
            path = self._by_tail(length).get("/".join(parts[-length:]))
            if path is not None:
                return path
        return None

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
            self.tree.report("missing_image", file, f"no picture {text!r} below {self.tree.base.name}", row)
        return path


def stem(path: str) -> str:
    """'images/Case (3).JPG' -> 'case (3)': the file name without folders and suffix, folded as names are compared."""
    name = path.rpartition("/")[2]
    return fold(name.rpartition(".")[0] or name)


def report_unlisted(pictures: Pictures, samples: Iterable[S], *, reason: str = "missing_label") -> Iterator[S]:
    """Pass samples on; when they end, report each picture that none of them shows.

    ``reason`` is "missing_label", or "unlabelled" where the data set publishes such pictures knowingly. Where no
    picture at all is shown (the label file is not there, or another one), that is one problem and not thousands.
    """
    shown: set[str] = set()
    for sample in samples:
        shown.add(str(sample.image))
        yield sample
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
