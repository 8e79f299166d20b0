"""Vertebrae X-ray images: three class folders, one picture a subject."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

AASCE = re.compile(r"\d\d-[a-z]+-\d{4}-\d+", re.IGNORECASE)  # 01-July-2019-12, a picture of another set


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=subject, skip=foreign)


def subject(path: str) -> str:
    """'Scol/N14, Rt TAIS, F, 14 yrs.jpg' -> 'N14, Rt TAIS, F, 14 yrs': the number alone starts anew in each class."""
    return path.rpartition("/")[2].rpartition(".")[0]


def foreign(path: str) -> bool:
    """Whether a picture was mixed in from another set, or lies in a folder 224 beside the originals, which holds them
    again at 224 x 224 pixels."""
    return "224" in path.split("/")[:-1] or AASCE.fullmatch(subject(path)) is not None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
