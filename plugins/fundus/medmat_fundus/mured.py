"""MuReD: two tables with a column a finding; the pictures of both lie in one folder, named by the table's ID."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLES: dict[str, readers.Split] = {"train_data.csv": "train", "val_data.csv": "val"}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree)
    left = dict.fromkeys(pictures.paths)
    for file, split in TABLES.items():
        table = readers.rows(tree, file, require=["ID", *card.labels])
        for sample in readers.one_hot(tree, card, table, pictures, image="ID", split=split):
            left.pop(str(sample.image), None)
            yield sample
    if left:
        tree.report("unlabelled", next(iter(left)).rpartition("/")[0], f"pictures in neither table: {len(left)}")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
