"""What the two fracture rows share: two class folders a part, full of rotated copies that keep their number."""

import re
from collections.abc import Iterator

from medmat_core import Card, LabelSample, readers

_ROTATED = re.compile(r"-rotated\d+", re.IGNORECASE)
_COPY = re.compile(r"(\d+) ?\(\d+\)")


def films(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    known = {spelled(code): code for code in card.labels}
    return readers.class_folders(
        tree, card, code=lambda folder: known.get(spelled(folder)), group=source, split=readers.split_of
    )


def spelled(folder: str) -> str:
    """'Not_Fractured' -> 'not fractured': a class folder's whole name, whatever its case and separators."""
    return re.sub(r"[\s_-]+", " ", folder).strip().casefold()


def source(path: str) -> str:
    """'train/fractured/10-rotated1-rotated3.jpg' and 'test/fractured/10 (1).jpg' -> 'fractured-10'.

    Rotations were rotated again, each time adding to the name; numbers start anew in each class.
    """
    folder, name = path.split("/")[-2:]
    stem = _ROTATED.split(name.rpartition(".")[0])[0]
    copy = _COPY.fullmatch(stem)
    return f"{spelled(folder)}-{copy[1] if copy else stem}"
