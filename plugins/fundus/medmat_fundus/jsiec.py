"""JSIEC 1000 images: 39 class folders named by ordinal and class; the archive holds the whole tree twice."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

COPY = "1000images"


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, skip=second_copy)


def second_copy(path: str) -> bool:
    """Whether a picture lies in the folder of the archive's name that stands among the class folders."""
    return path.partition("/")[0].casefold() == COPY


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
