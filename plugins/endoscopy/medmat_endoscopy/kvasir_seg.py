"""Kvasir-SEG: pictures in images, polyp masks under the same names in masks, both JPEG."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    return readers.paired_masks(
        tree,
        tree.images(tree.folder("images") or "images"),
        lambda image: readers.mask_beside(image, "images", "masks"),
        code="polyp",
    )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
