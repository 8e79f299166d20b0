"""Fracture detection using X-ray images: fractured and not fractured in ``train`` and ``val``, in various spellings."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._rotated import films


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return films(tree, card)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
