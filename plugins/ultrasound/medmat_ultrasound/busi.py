"""BUSI: three class folders that hold the masks, "benign (4)_mask.png", beside the pictures, "benign (4).png"."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

MASK = re.compile(r"(.+)_mask(?:_\d+)?", re.IGNORECASE)
TWINS = {"malignant (145)": "benign (433)"}  # one picture, pixel by pixel, in two classes


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=picture_id, skip=lambda path: picture_of(path) is not None)


def picture_of(path: str) -> str | None:
    """'benign/benign (4)_mask_1.png' -> 'benign (4)', the picture that a mask belongs to; None for pictures."""
    mask = MASK.fullmatch(stem(path))
    return mask[1] if mask else None


def picture_id(path: str) -> str:
    """What the classification and the segmentation row call a picture, so that they split alike."""
    return TWINS.get(stem(path), stem(path))


def stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].lower()


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
