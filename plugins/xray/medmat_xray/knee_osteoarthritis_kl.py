"""Knee Osteoarthritis Dataset: folders 0 to 4 in ``train``, ``val`` and ``test``; file names begin with the subject."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

KNEE = re.compile(r"(\d{7})[LR]", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=subject, split=readers.split_of, skip=cropped_again)


def subject(path: str) -> str | None:
    """'test/0/9003175L.png' -> '9003175', who has a right knee, too."""
    knee = KNEE.match(path.rpartition("/")[2])
    return knee[1] if knee else None


def cropped_again(path: str) -> bool:
    """Whether a picture is of ``auto_test``: the knees of ``test``, cropped by a detector instead of by hand."""
    return "auto_test" in path.casefold().split("/")[:-1]


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
