"""Class folders and file names that say the class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from medmat_core.card import Card
from medmat_core.model import LabelSample, Split
from medmat_core.tree import Tree, fold

_SPLITS: Mapping[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def split_of(path: str, names: Mapping[str, Split] | None = None) -> Split | None:
    """The official part that a path's folders name ("Training/glioma/x.jpg" -> "train"), nearest to the root.

    ``names`` maps folder names (case folded) to parts, where a data set has its own words.
    """
    table = _SPLITS if names is None else names
    for folder in path.split("/")[:-1]:
        split = table.get(fold(folder))
        if split is not None:
            return split
    return None


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

    A folder counts as a class where its whole name, case folded, is a code of the card; ``code`` may turn a
    folder's name into a code (None: no class folder) where names carry more than the class. A class folder
    inside another class folder is part of the outer one. ``group``, ``split`` and ``skip`` are rules over
    the picture's path below the data set's root.
    """
    known = {fold(label): label for label in card.labels}

    def exact(name: str) -> str | None:
        return known.get(fold(name))

    rule = code or exact
    for folder, label in _class_dirs(tree, under.strip("/"), rule):
        stated = (label,)
        for path in tree.images(folder):
            if skip is not None and skip(path):
                continue
            yield LabelSample(
                path,
                stated,
                group=group(path) if group is not None else None,
                split=split(path) if split is not None else None,
            )


def _class_dirs(tree: Tree, folder: str, rule: Callable[[str], str | None]) -> Iterator[tuple[str, str]]:
    for name in tree.listdir(folder)[0]:
        path = f"{folder}/{name}" if folder else name
        label = rule(name)
        if label is None:
            yield from _class_dirs(tree, path, rule)
        else:
            yield path, label


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
