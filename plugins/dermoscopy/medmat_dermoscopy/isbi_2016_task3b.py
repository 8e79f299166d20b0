"""ISBI 2016, Part 3B: the pictures and their lesion masks lie in one folder for training and one for test."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_dermoscopy.isic import lesion_masks

PARTS: dict[str, readers.Split] = {"Training": "train", "Test": "test"}
FOLDERS = ("ISBI2016_ISIC_Part3B_{}_Data", "{}_Data")


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    return lesion_masks(tree, PARTS, images=FOLDERS, masks=FOLDERS)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
