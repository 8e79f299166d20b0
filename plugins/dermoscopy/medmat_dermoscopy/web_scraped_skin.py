"""Web-scraped skin images: six class folders of originals, and the same six with 49 augmented copies of each.

The originals are read; the augmented copies only where the originals were not unpacked.
"""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

ORIGINALS, AUGMENTED = "preprocessed_original_images", "augmented_images"
COPY = re.compile(r"aug_([a-z]+_\d+)_\d+", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    originals, augmented = tree.folder(ORIGINALS), tree.folder(AUGMENTED)
    if originals is not None and any(tree.images(originals)):
        if augmented is not None:
            count = sum(1 for _ in tree.images(augmented))
            tree.report("left_out", augmented, f"{count} augmented copies: the originals lie beside them")
        return readers.class_folders(tree, card, under=originals, group=original)
    return readers.class_folders(tree, card, under=augmented or "", group=original)


def original(path: str) -> str | None:
    """'augmented_images/chickenpox/aug_ch_0001_0002.jpg' -> 'ch_0001', the original that a copy was made from."""
    copy = COPY.match(path.rpartition("/")[2])
    return copy[1].lower() if copy else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
