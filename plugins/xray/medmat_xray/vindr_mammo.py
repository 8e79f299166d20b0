"""VinDr-Mammo: a table with one finding a row, pictures as <study>/<image>, DICOM or the Kaggle copy's PNG."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: dict[str, readers.Split] = {"training": "train", "test": "test"}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    # the Kaggle copy calls the same table Metadata.csv; the origin's metadata.csv holds DICOM tags
    file = tree.find("finding_annotations.csv", "Metadata.csv") or "finding_annotations.csv"
    pictures = readers.Pictures(tree)
    found = readers.merged_labels(
        tree,
        readers.rows(tree, file, require=("study_id", "image_id", "finding_categories", "split")),
        pictures,
        image="image_id",
        code=categories,
        group="study_id",
        split=lambda row, path: PARTS.get(row["split"]),
    )
    return readers.report_unlisted(pictures, found)


def categories(row: readers.Row) -> tuple[str, ...]:
    """The cell holds a Python list as text: "['Mass', 'Asymmetry']"."""
    return tuple(re.findall(r"'([^']+)'", row["finding_categories"].replace('"', "'")))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
