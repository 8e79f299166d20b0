"""ACRIMA: one flat folder of crops round the optic disc; the file name says glaucoma (``_g_``) or not."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

NAME = re.compile(r"im\d+(_|_g_)acrima\.\w+", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.labelled_files(tree, tree.images(), mark)


def mark(path: str) -> str | None:
    """'Database/Images/Im310_g_ACRIMA.jpg' -> '_g_', 'Im001_ACRIMA.jpg' -> '_'; None for any other name."""
    name = NAME.fullmatch(path.rpartition("/")[2])
    return name[1].lower() if name else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
