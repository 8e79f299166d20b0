"""Shenzhen X-rays, tuberculosis: the last digit of a film's name is its label."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

FILM = re.compile(r"CHNCXR_(?P<number>\d{4})_(?P<label>[01])", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    folder = tree.folder("CXR_png", "images") or "CXR_png"  # NLM's name, the one of the Kaggle copy
    films = (path for path in tree.images(folder) if not stem(path).startswith("MCUCXR"))
    return readers.labelled_files(
        tree, films, lambda path: part(path, "label"), group=lambda path: part(path, "number")
    )


def stem(path: str) -> str:
    """'CXR_png/CHNCXR_0327_1.png' -> 'CHNCXR_0327_1'. A copy that mixes in Montgomery films calls those MCUCXR."""
    return path.rpartition("/")[2].rpartition(".")[0].upper()


def part(path: str, name: str) -> str | None:
    """One part of a film's name, or None for a name of another form (the mask of a lesion)."""
    film = FILM.fullmatch(stem(path))
    return film[name] if film else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
