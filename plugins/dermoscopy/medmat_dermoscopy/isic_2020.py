"""ISIC 2020: one folder of training pictures and one table of patients and classes; the test part has no labels.

The table is one of two official versions or the competition's train.csv; the pictures are JPEG or DICOM.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLES = ("ISIC_2020_Training_GroundTruth_v2.csv", "ISIC_2020_Training_GroundTruth.csv", "train.csv")
UNLABELLED = ("test", "isic_2020_test_input", "isic_2020_test_jpeg", "isic_2020_test_dicom")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    files = [path for path in tree.images() if not in_test_part(path)]
    jpegs = [path for path in files if path.lower().endswith((".jpg", ".jpeg"))]
    pictures = readers.Pictures(tree, paths=jpegs or files)  # one competition download holds both forms of a picture
    labelled = readers.table_labels(
        tree,
        readers.rows(tree, tree.find(*TABLES) or TABLES[0], require=("image_name", "benign_malignant")),
        pictures,
        image="image_name",
        code="benign_malignant",
        group="patient_id",
    )
    return readers.report_unlisted(pictures, labelled)


def in_test_part(path: str) -> bool:
    """Whether a picture lies in a folder of the test part, which is published without labels."""
    return any(folder.casefold() in UNLABELLED for folder in path.split("/")[:-1])


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
