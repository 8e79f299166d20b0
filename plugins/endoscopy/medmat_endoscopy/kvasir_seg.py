"""Kvasir-SEG: pictures in images, polyp masks under the same names in masks, both JPEG."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    seen: set[str] = set()
    for folder in tree.folders("images"):
        masks = readers.stem_index(tree.images(tree.folder("masks", under=folder.rpartition("/")[0]) or "masks"))
        pictures = list(tree.images(folder))
        stems = set(map(readers.stem, pictures))
        readers.report_unpaired(tree, masks.items(), stems)
        new = [path for path in pictures if readers.stem(path) not in seen]
        if pictures and not new:
            tree.report("left_out", folder, "a re-upload's second copy of the same pictures")
        seen |= stems
        yield from readers.paired_masks(tree, new, masks, code="polyp")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
