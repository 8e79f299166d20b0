"""FIVES: in train and in test a folder of photographs and one of vessel masks with the same file names."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    for folder in tree.folders("Original"):
        part = folder.rpartition("/")[0]
        truth = tree.folder("Ground truth", "Groud truth", under=part) or f"{part}/Ground truth"
        masks = readers.stem_index(tree.images(truth))
        pictures = list(tree.images(folder))
        readers.report_unpaired(tree, masks.items(), set(map(readers.stem, pictures)))
        yield from readers.paired_masks(
            tree,
            pictures,
            masks,
            code="vessel",
            split=readers.split_of,
        )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
