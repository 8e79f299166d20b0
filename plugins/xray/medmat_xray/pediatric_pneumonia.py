"""Pediatric Pneumonia Chest X-ray: NORMAL and PNEUMONIA in ``train`` and ``test``; file names number the patients."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._kermany import patient


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=patient, split=readers.split_of)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
