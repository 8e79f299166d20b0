"""APTOS 2019: ``train.csv`` grades the pictures in ``train_images``; the test pictures have no labels."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = readers.rows(tree, tree.find("train.csv") or "train.csv", require=["id_code", "diagnosis"])
    pictures = readers.Pictures(tree, under=tree.folder("train_images") or "train_images")
    labelled = readers.table_labels(tree, table, pictures, image="id_code", code="diagnosis")
    return readers.report_unlisted(pictures, labelled)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
