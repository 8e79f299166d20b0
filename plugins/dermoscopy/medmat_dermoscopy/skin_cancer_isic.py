"""Skin Cancer ISIC: nine class folders under Train and under Test; files keep their ISIC ids."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_dermoscopy.isic import isic_id


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=isic_id, split=readers.split_of)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
