"""ISIC 2016, Part 1: a folder of pictures and a folder of lesion masks for training and for test."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_dermoscopy.isic import lesion_masks

PARTS: dict[str, readers.Split] = {"Training": "train", "Test": "test"}
IMAGES, MASKS = ("ISBI2016_ISIC_Part1_{}_Data",), ("ISBI2016_ISIC_Part1_{}_GroundTruth",)


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    return lesion_masks(tree, PARTS, images=IMAGES, masks=MASKS)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
