"""AIROGS training set: one table of referral grades, pictures spread over six numbered folders."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = readers.rows(tree, tree.find("train_labels.csv") or "train_labels.csv", require=["challenge_id", "class"])
    return readers.table_labels(tree, table, readers.Pictures(tree), image="challenge_id", code="class")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
