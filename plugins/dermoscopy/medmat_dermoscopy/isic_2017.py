"""ISIC 2017, Part 1: a folder of pictures and a folder of lesion masks for training, validation and test.

Superpixel maps lie as PNG among the pictures; they are no masks.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_dermoscopy.isic import lesion_masks

PARTS: dict[str, readers.Split] = {"Training": "train", "Validation": "val", "Test_v2": "test"}
IMAGES, MASKS = ("ISIC-2017_{}_Data",), ("ISIC-2017_{}_Part1_GroundTruth",)


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    return lesion_masks(tree, PARTS, images=IMAGES, masks=MASKS)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
