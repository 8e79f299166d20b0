"""ICPR HEp-2: one table of running numbers for three folders of cells; some copies have a folder a pattern instead."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

BLOCK = 100  # neighbouring numbers come from one specimen


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = tree.find("gt_training.csv")
    if table is None and any(tree.folder(code) for code in card.labels):
        return readers.class_folders(tree, card, group=specimen_block, skip=is_mask)
    pictures = readers.Pictures(tree)
    rows = readers.rows(tree, table or "gt_training.csv", require=("Image ID", "Image class"), key="Image ID")
    labelled = readers.table_labels(
        tree,
        rows,
        pictures,
        image=lambda row: row["Image ID"].zfill(5),  # the files' form; copies of the table differ in it
        code="Image class",
        group=lambda row, path: None if readers.split_of(path) else specimen_block(path),
        split=lambda row, path: readers.split_of(path),
    )
    return readers.report_unlisted(pictures, labelled)


def specimen_block(path: str) -> str | None:
    """'Golgi/12873.png' -> 'golgi-128': no specimen is published, blocks of 100 running numbers stand in."""
    folder, _, name = path.rpartition("/")
    number = name.rpartition(".")[0]
    return f"{folder.rpartition('/')[2].casefold()}-{int(number) // BLOCK}" if number.isdecimal() else None


def is_mask(path: str) -> bool:
    return path.rpartition(".")[0].casefold().endswith("mask")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
