"""m2caiSeg: frames in images, colour-coded masks <stem>_gt.png in groundtruth, for train and for test.

A third folder, trainval, holds both parts once more. Black and "unknown" are no structures and no classes here.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

# every level of the palette is a multiple of 85, so that half of that snaps a blended pixel to its nearest colour
SNAP = 42


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    for part in ("train", "test"):
        folder = tree.folder(f"{part}/images")
        if folder is None:
            continue
        yield from readers.paired_masks(
            tree,
            tree.images(folder),
            mask_of,
            make=lambda _, mask: readers.ColorMask(mask, readers.palette(card), SNAP),
            split=lambda _, part=part: part,
        )


def mask_of(image: str) -> str:
    """'train/images/00.jpg' -> 'train/groundtruth/00_gt.png'."""
    folder, _, name = readers.mask_beside(image, "images", "groundtruth").rpartition("/")
    return f"{folder}/{name.rpartition('.')[0]}_gt.png"


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
