"""LC25000: five class folders at any depth; a third party's table says which pictures show one original tile."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: dict[str, readers.Split] = {
    "train and validation set": "train", "test set": "test", "train": "train", "val": "val", "test": "test",
}  # fmt: skip


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = tree.find("lc25000_image_groups.csv")
    if table is None:
        return readers.class_folders(tree, card, split=lambda path: readers.split_of(path, PARTS))
    # part folders are a re-uploader's random cut through the copies of each tile: tiles outrank them
    tile = readers.lookup(tree, table, "stem", "group_id")
    return readers.class_folders(tree, card, group=lambda path: tile.get(path.rpartition("/")[2].rpartition(".")[0]))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
