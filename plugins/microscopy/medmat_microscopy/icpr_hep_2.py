"""ICPR HEp-2: one table of running numbers for three folders of cells; some copies have a folder a pattern instead."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

BLOCK = 100  # neighbouring numbers come from one specimen
AGAIN = range(11199, 11393)  # the pixels of 11005 to 11198 once more, in other bytes


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = tree.find("gt_training.csv")
    if table is None and any(tree.folder(code) for code in card.labels):
        return readers.class_folders(tree, card, group=specimen_block, skip=lambda path: is_mask(path) or again(path))
    pictures = readers.Pictures(tree, paths=(path for path in tree.images() if not again(path)))
    rows = readers.rows(tree, table or "gt_training.csv", require=("Image ID", "Image class"), key="Image ID")
    labelled = readers.table_labels(
        tree,
        rows,
        pictures,
        image=lambda row: name_of(pictures, row["Image ID"]),
        code="Image class",
        group=lambda path: None if readers.split_of(path) else specimen_block(path),
        split=readers.split_of,
        skip=lambda row: again(row["Image ID"]),
    )
    return readers.report_unlisted(pictures, labelled)


def name_of(pictures: readers.Pictures, number: str) -> str:
    """'6750' or '06750', whichever form the files have; tables differ in it, too."""
    bare = number.lstrip("0")
    return bare if pictures.stem(bare) else number.zfill(5)


def specimen_block(path: str) -> str | None:
    """'Golgi/12873.png' -> 'golgi-128': no specimen is published, blocks of 100 running numbers stand in."""
    number = readers.stem(path)
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return f"{folder.casefold()}-{int(number) // BLOCK}" if number.isdecimal() else None


def again(path: str) -> bool:
    """Whether a number is one of the second block: a cell that stands there under another number, too."""
    number = readers.stem(path)
    return number.isdecimal() and int(number) in AGAIN


def is_mask(path: str) -> bool:
    return path.rpartition(".")[0].casefold().endswith("mask")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
