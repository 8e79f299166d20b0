"""ISIC 2017, Part 3: two yes-or-no columns a picture, for melanoma and seborrheic keratosis; two noes mean a nevus.

Superpixel maps lie as PNG among the pictures.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_dermoscopy.isic import isic_id, labelled_parts

PARTS: dict[str, readers.Split] = {"Training": "train", "Validation": "val", "Test_v2": "test"}
IMAGES, TABLES = ("ISIC-2017_{}_Data",), ("ISIC-2017_{}_Part3_GroundTruth.csv",)
COLUMNS = ("melanoma", "seborrheic_keratosis")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    for split, pictures, table in labelled_parts(tree, PARTS, images=IMAGES, tables=TABLES):
        labelled = readers.table_labels(
            tree,
            readers.rows(tree, table, require=("image_id", *COLUMNS)),
            pictures,
            image="image_id",
            code=diagnosis,
            group=lambda row, path: isic_id(path),
            split=split,
        )
        yield from readers.report_unlisted(pictures, labelled)


def diagnosis(row: readers.Row) -> str | None:
    """The one column that is marked, "none" (a nevus) where both say no; None where the row says neither."""
    found = readers.marks(row, COLUMNS)
    if found is None or len(found.stated) + len(found.absent) < len(COLUMNS) or len(found.stated) > 1:
        return None
    return found.stated[0] if found.stated else "none"


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
