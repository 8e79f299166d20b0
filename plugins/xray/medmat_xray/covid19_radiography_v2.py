"""COVID-19 Radiography Database: a folder a class; the latest release splits each into ``images`` and ``masks``."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

FIRST_RELEASE = {"covid-19": "COVID"}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    known = {code.casefold(): code for code in card.labels} | FIRST_RELEASE
    return readers.class_folders(tree, card, code=lambda folder: known.get(folder.casefold()), skip=is_mask)


def is_mask(path: str) -> bool:
    """Whether a picture is a mask of the lungs; it has the film's own name."""
    return "masks" in path.casefold().split("/")[:-1]


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
