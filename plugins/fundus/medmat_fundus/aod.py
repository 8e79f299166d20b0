"""Augmented ocular diseases: eight class folders of ODIR eyes, five of them filled up with augmented copies."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

EYE = re.compile(r"(\d+)_(?:left|right)", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=patient, split=readers.split_of)


def patient(path: str) -> str | None:
    """'AMD/43_left.jpg' -> '43', the patient of ODIR, whatever an augmented copy's name has before or behind it."""
    eye = EYE.search(path.rpartition("/")[2])
    return eye[1] if eye else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
