"""Bone Fracture Multi-Region: "fractured" and "not fractured" in ``train``, ``val`` and ``test``."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._rotated import films


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return films(tree, card)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
