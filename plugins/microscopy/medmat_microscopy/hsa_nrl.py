"""HSA-NRL: the name of the method published with Chaoyang; the same patches and labels, listed as a row of its own."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_microscopy import chaoyang


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return chaoyang.samples(tree, card)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
