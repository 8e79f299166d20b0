"""NIH sample: one table of findings and one folder of pictures, which the archive may hold two or three times."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._nih import findings, table


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    file = tree.find("sample_labels.csv") or "sample_labels.csv"
    return findings(tree, table(tree, file), readers.Pictures(tree))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
