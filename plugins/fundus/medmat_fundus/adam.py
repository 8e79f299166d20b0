"""ADAM (iChallenge-AMD) training pictures: class folders AMD and Non-AMD, beside them perhaps drawings and masks."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

DRAWN = {
    "illustration",
    "disc_fovea_illustration",
    "disc_masks",
    "lesion_illustration",
    "lesion_masks",
    "lesions_masks",
    "training400-lesion",
}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, split=readers.split_of, skip=drawn)


def drawn(path: str) -> bool:
    """Whether a file is a mask (a bitmap) or lies in a folder of masks or drawings."""
    return path.lower().endswith(".bmp") or not DRAWN.isdisjoint(path.lower().split("/"))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
