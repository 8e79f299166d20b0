"""ISBI 2016, Part 3: a folder of pictures and a table without header for training and for test.

Training rows say benign or malignant, test rows 0.0 or 1.0. Part 3B holds the same pictures and serves in its stead.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_dermoscopy.isic import isic_id, labelled_parts

PARTS: dict[str, readers.Split] = {"Training": "train", "Test": "test"}
IMAGES = ("ISBI2016_ISIC_Part3_{}_Data", "ISBI2016_ISIC_Part3B_{}_Data", "{}_Data")
TABLES = ("ISBI2016_ISIC_Part3_{}_GroundTruth.csv", "ISBI2016_ISIC_Part3B_{}_GroundTruth.csv", "{}_GroundTruth.csv")
SHORT = {"0": "0.0", "1": "1.0"}  # copies that a spreadsheet program saved again


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    for split, pictures, table in labelled_parts(tree, PARTS, images=IMAGES, tables=TABLES):
        labelled = readers.table_labels(
            tree,
            readers.rows(tree, table, header=("image", "label")),
            pictures,
            image="image",
            code=lambda row: SHORT.get(row["label"], row["label"]),
            group=isic_id,
            split=split,
            skip=is_header,
        )
        yield from readers.report_unlisted(pictures, labelled)


def is_header(row: readers.Row) -> bool:
    """Whether a row is the header that some copies of the table got: the first line, and no picture's id in it."""
    return row.number == 1 and isic_id(row["image"]) is None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
