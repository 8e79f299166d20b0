"""A look at what lies in a folder: pictures, label files, part lists, and where the data set's own root is."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import SequenceMatcher
from functools import cache, cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from medmat_core.fileio import open_regular
from medmat_core.images.suffixes import FOREIGN_VOLUMES, VOLUME_SUFFIXES, is_image
from medmat_core.layouts.guess.words import MASK_WORD, split_fields, split_of_name, split_of_path, whole
from medmat_core.model import Split
from medmat_core.readers.groups import part_of_path
from medmat_core.readers.pictures import Pictures
from medmat_core.readers.tables import lines
from medmat_core.tree import Tree, fold

_MARKERS: Final = 24


@frozen
class Root:
    """The data set's own root: the outer folders above it ("" or without a trailing slash), and names that lie in it
    (shell patterns)."""

    path: str = ""
    markers: tuple[str, ...] = ()

    def below(self, path: str) -> str:
        """A path of the folder as a layout sees it, below the root."""
        return path if not self.path else "" if path == self.path else path.removeprefix(self.path + "/")


class Survey:
    """Every file below a folder, by kind. Paths are relative to it, with '/' separators, sorted.

    ``remarks`` are what was seen and not understood, in words: whoever looks adds to them.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        self.tree = Tree(base)
        self.pictures: list[str] = []
        self.others: list[str] = []
        self.remarks: list[str] = []
        self._lookups: dict[Split | None, Pictures] = {}
        unwritable = 0
        for where, names in self.tree.walk():
            for name in names:
                path = f"{where}/{name}" if where else name
                if writable(path):
                    (self.pictures if self.shows(path) else self.others).append(path)
                else:
                    unwritable += 1
        if unwritable:
            self.remarks.append(f"{unwritable} files have names that no card can hold (no Unicode, or a backslash)")
        if self.volumes:
            how = 'volumes = true in a layout of the kind "masks" (docs/reference/layouts.md) reads their slices'
            self.remarks.append(f"{len(self.volumes)} volumes such as {self.volumes[0]} are not proposed here: {how}")

    @cached_property
    def by_folder(self) -> dict[str, list[str]]:
        """Folder -> the pictures that lie directly in it."""
        return grouped(self.pictures, folder_of)

    @cached_property
    def stems(self) -> dict[str, list[str]]:
        """Folded file name without its suffix -> pictures."""
        return grouped(self.pictures, lambda path: fold(stem(path)))

    @cached_property
    def lists(self) -> dict[str, tuple[Split, set[str]]]:
        """Text files that list the pictures of an official part, one a line -> that part and the pictures."""
        found: dict[str, tuple[Split, set[str]]] = {}
        every = self.lookup(None)
        for path in self.with_suffix(".txt"):
            split = split_of_name(stem(path))
            if split is None or fold(stem(path)) in self.stems:  # that one speaks of one picture
                continue
            told = {text for _, text in lines(Tree(self.base), path)}
            named = {every.name(text.rpartition("/")[2]) or every.stem(text) for text in told} - {None}
            if len(named) > 0.5 * len(told):  # "a.png 1" is a row of a table
                found[path] = split, {name for name in named if name is not None}
        return found

    def lookup(self, part: Split | None) -> Pictures:
        """The pictures to be looked up by name: of an official part those that lie in no other, and no masks of the
        same name as a picture."""
        if part not in self._lookups:
            plain = {stem(path) for path in self.pictures if not MASK_WORD.search(folder_of(path))}
            kept = [p for p in self.pictures if not MASK_WORD.search(folder_of(p)) or stem(p) not in plain]
            own = [path for path in kept if part is None or split_of_path(folder_of(path)) in (part, None)]
            self._lookups[part] = Pictures(self.tree, paths=own or kept)
        return self._lookups[part]

    def split(self, pictures: Collection[str]) -> dict[str, Any]:
        """A layout's ``split`` for these pictures, by lists of parts, else by folders; empty where there is none."""
        lists = {
            path: (part, told)
            for path, (part, told) in self.lists.items()
            if len(told.intersection(pictures)) > len(told) / 2
        }

        def torn(path: str) -> int:
            """How many of its pictures a list shares with those of other parts, as trainval.txt does with val.txt."""
            part, told = lists[path]
            return sum(len(told & other) for of, other in lists.values() if of != part)

        own = {lists[path][0]: path for path in sorted(lists, key=torn, reverse=True)}
        if whole(own):
            return {"split": {"lists": {part: path.rpartition("/")[2] for part, path in own.items()}}}
        return split_fields(sorted(set(map(folder_of, pictures))))

    @property
    def volumes(self) -> list[str]:
        """Files that hold many pictures each."""
        return self.with_suffix(*VOLUME_SUFFIXES, *FOREIGN_VOLUMES)

    def shows(self, path: str) -> bool:
        """Whether a file is a picture, as layouts see it."""
        return is_image(path) or self.tree.is_picture(path)

    def with_suffix(self, *suffixes: str) -> list[str]:
        """The other files with one of these suffixes (lower case)."""
        return [path for path in self.others if path.lower().endswith(suffixes)]

    def root(self, used: Collection[str]) -> Root:
        """The deepest folder that holds all files that are ``used`` and lies in no folder that names an official part.
        A folder that holds pictures alone has a name that says something, so that it is the one above.

        Markers are names there, those of pictures only if there is nothing else. A name that also comes up on the way
        down would make the root be found too early, so it is no marker; with none left it is the folder above.
        """
        root = shared(map(folder_of, used))
        while split_of_path(root) or (root and all(folder_of(path) == root and self.shows(path) for path in used)):
            root = folder_of(root)
        while True:
            cut = len(root) + 1 if root else 0
            names = sorted({path[cut:].split("/")[0] for path in used})
            way = {fold(part) for part in root.split("/")} if root else set()
            others = [name for name in names if not self.shows(f"{root}/{name}" if root else name)]
            plain = others or spread(names, _MARKERS // 2)
            markers = tuple(pattern(name) for name in plain if fold(name) not in way)[:_MARKERS]
            if not root or (markers and Tree(self.base, markers).prefix == f"{root}/"):
                return Root(root, markers)
            root = folder_of(root)


def head_of(path: Path, size: int) -> bytes:
    """What a file begins with; nothing where it cannot be read."""
    try:
        with open_regular(path) as file:
            return file.read(size)
    except OSError:
        return b""


def grouped(paths: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    """Paths by what a rule says of them."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(key(path), []).append(path)
    return found


def writable(path: str) -> bool:
    """Whether a card can name the path: it is Unicode, and no example tree has a backslash in a name."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return "\\" not in path


def pattern(name: str) -> str:
    """A name as a shell pattern that only it matches."""
    return re.sub(r"([\[*?])", r"[\1]", name)


def folder_of(path: str) -> str:
    """The folder that a file lies in; "" for the top."""
    return path.rpartition("/")[0]


def below(path: str, folder: str) -> str:
    """A path below a folder; "" where it lies elsewhere."""
    return path if not folder else path[len(folder) + 1 :] if path.startswith(f"{folder}/") else ""


def stem(path: str) -> str:
    """The file name without its suffix: 'a/b (1).jpg' -> 'b (1)'."""
    return part_of_path(path, "stem")


def shared(folders: Iterable[str]) -> str:
    """The deepest folder that holds all of these."""
    found = [f"/{folder}" for folder in folders]
    return os.path.commonpath(found).strip("/") if found else ""


def nearest(path: str, others: Sequence[str]) -> str:
    """Of several files of one name the one whose folders are most like those of ``path``."""
    folder = folder_of(path)
    return others[0] if len(others) == 1 else min(others, key=lambda other: _apart(folder, folder_of(other)))


@cache
def _apart(one: str, two: str) -> tuple[bool, int, float]:
    """How far two folders are apart: train and test number their pictures alike, so the same part comes first, then
    names that both paths have, then the spelling."""
    names = Counter(one.split("/")) & Counter(two.split("/"))
    return split_of_path(one) != split_of_path(two), -names.total(), -SequenceMatcher(None, one, two).ratio()


def spread(items: Sequence[str], count: int) -> list[str]:
    """At most ``count`` items, spread over the whole sequence."""
    if len(items) <= count:
        return list(items)
    return [items[place * (len(items) - 1) // max(1, count - 1)] for place in range(count)]


def some(names: Iterable[str], most: int = 5) -> str:
    """The first few names in words."""
    listed = list(names)
    return ", ".join(listed[:most]) + (", ..." if len(listed) > most else "")


def templated(texts: Sequence[Sequence[str]]) -> tuple[list[str], list[str]] | None:
    """Paths of several parts as one path with ``{part}`` in it, and the word of each part: [["train.csv"],
    ["test.csv"]] -> (["{part}.csv"], ["train", "test"]). Each item holds the paths of one part. None where the parts do
    not differ in one whole word alone; a part alone has no word."""
    if len(texts) == 1:
        return list(texts[0]), []
    whole = [item[0] for item in texts]
    for names in ([text.rpartition("/")[2] for text in whole], whole):
        lead, tail = _common(names), _common([text[::-1] for text in names])[::-1]
        lead = re.sub(r"[^\W_]+$", "", lead)
        tail = re.sub(r"^[^\W_]+", "", tail[-min(len(text) - len(lead) for text in names) :])
        words = [text[len(lead) : len(text) - len(tail)] for text in names]
        made = [path.replace(words[0], "{part}") for path in texts[0]] if all(words) else []
        filled = [[path.replace("{part}", word) for path in made] for word in words]
        if made and len(set(words)) == len(words) and filled == [list(paths) for paths in texts]:
            return made, words
    return None


def _common(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    alike = takewhile(lambda chars: len(set(chars)) == 1, zip(*texts, strict=False))
    return "".join(chars[0] for chars in alike)
