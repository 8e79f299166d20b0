"""TN3K: the mask of ``test-image/0003.jpg`` is ``test-mask/0003.jpg``, and so for ``trainval``."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    yield from part(tree, "trainval", "train")
    yield from part(tree, "test", "test")


def part(tree: readers.Tree, name: str, split: readers.Split) -> Iterator[MaskSample]:
    images = list(tree.images(tree.folder(f"{name}-image") or f"{name}-image"))
    masks = readers.stem_index(tree.images(tree.folder(f"{name}-mask") or f"{name}-mask"))
    readers.report_unpaired(tree, masks.items(), set(map(readers.stem, images)))
    return readers.paired_masks(tree, images, masks, code="nodule", split=split)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
