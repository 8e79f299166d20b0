"""m2caiSeg: frames in images, colour-coded masks <stem>_gt.png in groundtruth, for train and for test.

A third folder, trainval, holds both parts once more. Black and "unknown" are no structures and no classes here.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

# every level of the palette is a multiple of 85, so that half of that snaps a blended pixel to its nearest colour
SNAP = 42
PARTS: tuple[readers.Split, ...] = ("train", "test")


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    for part in PARTS:
        folder = tree.folder(f"{part}/images")
        # the mask of 00.jpg is 00_gt.png; 0.jpg is another picture
        truth = tree.folder(f"{part}/groundtruth") or f"{part}/groundtruth"
        masks = readers.stem_index(tree.images(truth), lambda name: name.casefold().removesuffix("_gt"))
        pictures = list(tree.images(folder)) if folder is not None else []
        readers.report_unpaired(tree, masks.items(), set(map(readers.stem, pictures)))
        yield from readers.paired_masks(
            tree,
            pictures,
            masks,
            make=lambda _, mask: readers.ColorMask(mask, readers.palette(card), SNAP),
            split=part,
        )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
