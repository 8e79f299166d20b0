"""COVID-19-CT SCAN IMAGES: a folder of positives, one of negatives, most of them radiographs in spite of the name."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
