"""Malignant lymphoma: three class folders; several numbered fields of each slide."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=slide)


def slide(path: str) -> str:
    """'FL/sj-05-588-R1_002.tif' -> 'sj-05-588-R1'."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    return stem.rpartition("_")[0] or stem


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
