"""A look at what lies in a folder: pictures, label files, and where the data set's own root is."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from attrs import frozen

from medmat_core.images.suffixes import FOREIGN_VOLUMES, IMAGE_SUFFIXES, VOLUME_SUFFIXES
from medmat_core.scaffold.words import folded
from medmat_core.tree import Tree, fold

_MARKERS: Final = 24


@frozen
class Root:
    """The data set's own root: the outer folders above it ("" or without a trailing slash), and names that lie in it
    (shell patterns)."""

    path: str
    markers: tuple[str, ...]

    def below(self, path: str) -> str:
        """A path of the folder as the adapter sees it, below the root."""
        return path if not self.path else "" if path == self.path else path.removeprefix(self.path + "/")


class Survey:
    """Every file below a folder, by kind. Paths are relative to it, with '/' separators, sorted."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.tree = Tree(base)
        self.pictures: list[str] = []
        self.others: list[str] = []
        self.unwritable = 0
        for where, names in self.tree.walk():
            for name in names:
                path = f"{where}/{name}" if where else name
                if not _writable(path):
                    self.unwritable += 1
                elif suffix(name).lower() in IMAGE_SUFFIXES:
                    self.pictures.append(path)
                else:
                    self.others.append(path)

    @cached_property
    def by_folder(self) -> dict[str, list[str]]:
        """Folder -> the pictures that lie directly in it."""
        found: dict[str, list[str]] = {}
        for path in self.pictures:
            found.setdefault(path.rpartition("/")[0], []).append(path)
        return found

    @cached_property
    def stems(self) -> dict[str, list[str]]:
        """Folded file name without its suffix -> pictures."""
        return _grouped(self.pictures, lambda name: name.rpartition(".")[0] or name)

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Folded file name -> pictures."""
        return _grouped(self.pictures, lambda name: name)

    @property
    def volumes(self) -> list[str]:
        """Files that hold many pictures each."""
        return [path for path in self.others if path.lower().endswith(VOLUME_SUFFIXES + FOREIGN_VOLUMES)]

    def with_suffix(self, *suffixes: str) -> list[str]:
        """The other files with one of these suffixes (lower case)."""
        return [path for path in self.others if path.lower().endswith(suffixes)]

    def root(self, anchors: Iterable[str]) -> Root:
        """The deepest folder that holds all ``anchors`` (paths of label files and folders that the adapter needs).

        Markers are the anchors' own names there. A name that also comes up on the way down would make the root be
        found too early, so it is no marker; with none left the folder itself is the root.
        """
        paths = sorted(set(anchors))
        root = shared(path.rpartition("/")[0] for path in paths)
        while True:
            names = dict.fromkeys(path[len(root) + 1 if root else 0 :].split("/")[0] for path in paths)
            way = {fold(part) for part in root.split("/")} if root else set()
            markers = tuple(pattern(name) for name in names if name and fold(name) not in way)[:_MARKERS]
            if not root or (markers and Tree(self.base, markers).prefix == f"{root}/"):
                return Root(root, markers)
            root = root.rpartition("/")[0]


def _grouped(paths: Iterable[str], key: object) -> dict[str, list[str]]:
    assert callable(key)
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(fold(key(path.rpartition("/")[2])), []).append(path)
    return found


def _writable(path: str) -> bool:
    """Whether a card can name the path: it is Unicode, and no example tree has a backslash in a name."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return "\\" not in path


def pattern(name: str) -> str:
    """A name as a shell pattern that only it matches."""
    return re.sub(r"([\[*?])", r"[\1]", name)


def stem(path: str) -> str:
    """The file name without its suffix: 'a/b (1).jpg' -> 'b (1)'."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def suffix(path: str) -> str:
    """The file name's suffix as it stands: 'a/b.JPG' -> '.JPG'."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""


def shared(folders: Iterable[str]) -> str:
    """The deepest folder that holds all of these."""
    found = [f"/{folder}" for folder in folders]
    return os.path.commonpath(found).strip("/") if found else ""


def apart(folders: Sequence[str]) -> bool:
    """Whether no folder is another, or lies in it."""
    return not any(
        one == two or not two or one.startswith(f"{two}/")
        for place, one in enumerate(folders)
        for at, two in enumerate(folders)
        if at != place
    )


def spread(items: Sequence[str], count: int) -> list[str]:
    """At most ``count`` items, spread over the whole sequence."""
    if len(items) <= count:
        return list(items)
    return [items[place * (len(items) - 1) // (count - 1)] if count > 1 else items[0] for place in range(count)]


def per_class(classes: int) -> int:
    """How many pictures of a class the example holds: enough to see a rule, few enough to read."""
    return 3 if classes <= 4 else 2 if classes <= 12 else 1


def group_hint(paths: Sequence[str]) -> tuple[str, ...]:
    """Comment lines on ids that names may hold; () where nothing is seen.

    A beginning that names share in many small groups may be a patient. It is a suggestion only: nothing tells an id
    from a running number but a person.
    """
    stems = [stem(path) for path in paths]
    folders = {folded(name) for path in paths for name in path.split("/")[:-1]}
    best: tuple[int, str, Counter[str]] | None = None
    for pieces in (1, 2, 3):
        expression = r"[^\W_]+" + r"[\W_]+[^\W_]+" * (pieces - 1)
        rule = re.compile(rf"({expression})[\W_]")
        heads = [found[1] for text in stems if (found := rule.match(text))]
        counts = Counter(heads)
        if len(heads) < 0.9 * len(stems) or not heads:
            break
        # "Cyst- (1).jpg" in a folder Cyst begins with its class
        named = sum(folded(head) in folders for head in heads)
        if named > 0.5 * len(heads):
            continue
        if len(counts) >= 3 and max(counts.values()) <= max(2, len(heads) // 3) and len(heads) >= 1.3 * len(counts):
            best = (pieces, expression, counts)
    if best is None:
        return ()
    _, expression, counts = best
    shown = next(head for head, count in counts.items() if count > 1)
    names = [path.rpartition("/")[2] for path in paths if stem(path).startswith(shown)][:2]
    return (
        f"# File names begin alike in {len(counts)} groups: {names[0]!r} and {names[-1]!r} share {shown!r}.",
        "# If that is a patient (or an eye, a lesion, a series), group by it, so that no patient is in train and in",
        "# test: hand group=patient_of to the reader, and on the card drop unprotected and say in group_by what it is.",
        "#",
        "# def patient_of(path: str) -> str | None:",
        f'#     found = re.match(r"({expression})[\\W_]", path.rpartition("/")[2])',
        "#     return found[1] if found else None",
    )
