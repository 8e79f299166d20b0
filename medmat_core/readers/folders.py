"""Class folders and file names that say the class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from medmat_core.card import Card
from medmat_core.model import LabelSample, Split
from medmat_core.shown import counted
from medmat_core.tree import Tree, fold

SPLIT_NAMES: Final[Mapping[str, Split]] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""What folders of a part are called, case folded."""


def split_of(path: str, names: Mapping[str, Split] | None = None) -> Split | None:
    """The official part that a path's folders name ("Training/glioma/x.jpg" -> "train"), nearest to the root.

    ``names`` maps folder names (case folded) to parts, where a data set has its own words.
    """
    table = SPLIT_NAMES if names is None else names
    for folder in path.split("/")[:-1]:
        split = table.get(fold(folder))
        if split is not None:
            return split
    return None


def spelled(tree: Tree, words: Mapping[str, str], alike: Callable[[str], str] = fold) -> Callable[[str], str | None]:
    """What gives the code that a name means: ``words`` maps names to codes.

    A name that is one of them as it stands comes first, then the one that is ``alike``. Where several codes are so the
    name means none of them, which is reported once.
    """
    plain: dict[str, list[str]] = {}
    for word, code in words.items():
        codes = plain.setdefault(alike(word), [])
        if code not in codes:
            codes.append(code)
    told: set[str] = set()

    def meant(name: str) -> str | None:
        if name in words:
            return words[name]
        codes = plain.get(alike(name), [])
        if len(codes) > 1 and name not in told:
            told.add(name)
            tree.report(
                "unknown_label", "", f"{name!r} may mean any of {', '.join(map(repr, codes))}; spell it as one of them"
            )
        return codes[0] if len(codes) == 1 else None

    return meant


def class_folders(
    tree: Tree,
    card: Card,
    *,
    under: str = "",
    code: Callable[[str], str | None] | None = None,
    group: Callable[[str], str | None] | None = None,
    split: Callable[[str], Split | None] | None = None,
    skip: Callable[[str], bool] | None = None,
) -> Iterator[LabelSample]:
    """Pictures whose class is the name of a folder they lie in, in the order of their folders.

    A folder counts as a class where its whole name is a code of the card, or the only one that is equal when case
    folded; ``code`` may turn a
    folder's name into a code (None: no class folder) where names carry more than the class. A class folder
    inside another class folder is part of the outer one. ``group``, ``split`` and ``skip`` are rules over
    the picture's path below the data set's root. Pictures beside class folders, loose or in a folder that is no
    class, that are not skipped and not ignored by the card are reported as ``unknown_label``, once a folder.
    """
    rule = code or spelled(tree, {label: label for label in card.labels})

    def left_alone(path: str) -> bool:
        return (skip is not None and skip(path)) or card.ignores(tree.prefix + path, tree.prefix)

    for folder, label in _class_dirs(tree, under.strip("/"), rule, left_alone):
        stated = (label,)
        for path in tree.images(folder):
            if skip is not None and skip(path):
                continue
            yield LabelSample(
                path,
                stated,
                (),
                (),
                group(path) if group is not None else None,
                split(path) if split is not None else None,
            )


def _class_dirs(
    tree: Tree, folder: str, rule: Callable[[str], str | None], left_alone: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    others: list[str] = []
    classes = False
    for name in tree.listdir(folder)[0]:
        path = f"{folder}/{name}" if folder else name
        label = rule(name)
        if label is not None:
            classes = True
            yield path, label
            continue
        empty = True
        for found in _class_dirs(tree, path, rule, left_alone):
            empty = False
            yield found
        if empty:
            others.append(path)
    if classes:
        paths = (f"{folder}/{name}" if folder else name for name in tree.listdir(folder)[1])
        loose = [path for path in paths if tree.is_picture(path) and not left_alone(path)]
        if loose:
            tree.report(
                "unknown_label",
                loose[0],
                counted(len(loose), "picture lies", "pictures lie") + " beside class folders and in none",
            )
    for path in others if classes else ():
        count = sum(not left_alone(picture) for picture in tree.images(path))
        if count:
            name = path.rpartition("/")[2]
            tree.report(
                "unknown_label",
                path,
                f"{counted(count, 'picture lies', 'pictures lie')} in a folder {name!r}, which is no class of the card",
            )


def labelled_files(
    tree: Tree,
    paths: Iterable[str],
    code: Callable[[str], str | None],
    *,
    group: Callable[[str], str | None] | None = None,
    split: Callable[[str], Split | None] | None = None,
) -> Iterator[LabelSample]:
    """Pictures whose path says the class. A path for which ``code`` gives None is reported as ``bad_name``."""
    for path in paths:
        label = code(path)
        if label is None:
            tree.report("bad_name", path, "the name fits none of the data set's naming rules, so it has no label")
            continue
        yield LabelSample(
            path,
            (label,),
            group=group(path) if group is not None else None,
            split=split(path) if split is not None else None,
        )
