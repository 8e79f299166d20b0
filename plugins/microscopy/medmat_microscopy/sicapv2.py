"""SICAPv2: patches of prostate biopsies, graded one-hot in two spreadsheets; slides belong to patients."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_microscopy import _sicapv2


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = _sicapv2.pictures(tree)
    graded = _sicapv2.patches(tree, card, pictures, _sicapv2.patients(tree))
    return readers.report_unlisted(pictures, graded, reason="unlabelled")  # a third of the patches has no grade


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
