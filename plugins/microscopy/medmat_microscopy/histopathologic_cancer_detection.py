"""Histopathologic Cancer Detection: train_labels.csv says of each patch in train whether its middle holds a tumor."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree, tree.folder("train") or "train")
    rows = readers.rows(tree, tree.find("train_labels.csv") or "train_labels.csv", require=("id", "label"))
    return readers.report_unlisted(pictures, readers.table_labels(tree, rows, pictures, image="id", code="label"))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
