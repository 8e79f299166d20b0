"""Blood Cell Images, the half dataset2-master: crops of single cells in part folders of class folders.

Names say of which photograph a picture is an augmented copy.
"""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: dict[str, readers.Split] = {"train": "train", "test": "test", "test_simple": "test", "validation": "test"}
ORIGINAL = re.compile(r"_(\d+)_")  # '_24_1152.jpeg': copy 1152 of photograph 24 of this part and class


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=photograph, split=part)


def part(path: str) -> readers.Split | None:
    """TEST and TEST_SIMPLE show the same photographs and are one part."""
    return readers.split_of(path, PARTS)


def photograph(path: str) -> str | None:
    """'TRAIN/EOSINOPHIL/_24_1152.jpeg' -> 'train-eosinophil-24'; the numbers restart in each part and class."""
    folder, _, name = path.rpartition("/")
    original = ORIGINAL.match(name)
    return f"{part(path) or 'all'}-{folder.rpartition('/')[2].casefold()}-{original[1]}" if original else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
