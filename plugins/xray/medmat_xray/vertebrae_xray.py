"""Vertebrae X-ray images: three class folders, one picture a subject."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=subject, skip=shrunk)


def subject(path: str) -> str:
    """'Scol/N14, Rt TAIS, F, 14 yrs.jpg' -> 'N14, Rt TAIS, F, 14 yrs': the number alone starts anew in each class."""
    return path.rpartition("/")[2].rpartition(".")[0]


def shrunk(path: str) -> bool:
    """Whether a picture lies in a folder 224 beside the originals, which holds them again at 224 x 224 pixels."""
    return "224" in path.split("/")[:-1]


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
