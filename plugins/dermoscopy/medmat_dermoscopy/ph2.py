"""PH2: a folder a case, which holds a folder with the picture and a folder with the mask of the lesion.

Mirrors keep pictures and masks in two flat folders instead.
"""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

PICTURES, MASKS = "_dermoscopic_image", "_lesion"
FLAT = {"trainx": "trainy", "images": "masks"}


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    pictures: list[str] = []
    masks: dict[str, str] = {}
    for path in tree.images():
        folder = path.rpartition("/")[0].rpartition("/")[2].casefold()
        if folder.endswith(PICTURES) or folder in FLAT:
            pictures.append(path)
        elif folder.endswith(MASKS) or folder in FLAT.values():
            masks.setdefault(case(path), path)
    readers.report_unpaired(tree, masks.items(), {case(path) for path in pictures})
    return readers.paired_masks(tree, pictures, lambda image: masks.get(case(image)), code="lesion", group=case)


def case(path: str) -> str:
    """'IMD002/IMD002_lesion/IMD002_lesion.bmp' -> 'IMD002'; the X7.bmp and Y7.bmp of a flat mirror are case '7'."""
    stem = path.rpartition("/")[2].rpartition(".")[0].casefold().removesuffix(MASKS)
    return re.sub(r"^[xy](?=\d+$)", "", stem).upper()


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
