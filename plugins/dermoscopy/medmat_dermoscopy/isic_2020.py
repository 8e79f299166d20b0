"""ISIC 2020: one folder of training pictures and one table of patients and classes; the test part has no labels.

The table is one of two official versions or the competition's train.csv; the pictures are JPEG or DICOM.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLES = ("ISIC_2020_Training_GroundTruth_v2.csv", "ISIC_2020_Training_GroundTruth.csv", "train.csv")
UNLABELLED = ("test", "isic_2020_test_input", "isic_2020_test_jpeg", "isic_2020_test_dicom")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    files = [path for path in tree.images() if not in_test_part(path)]
    jpegs = {stem(path) for path in files if is_jpeg(path)}
    # one competition download holds both forms of every picture
    doubled = {path for path in files if not is_jpeg(path) and stem(path) in jpegs}
    if doubled:
        tree.report("left_out", min(doubled), f"{len(doubled)} pictures lie here as JPEG, too, which is read")
    pictures = readers.Pictures(tree, paths=[path for path in files if path not in doubled])
    labelled = readers.table_labels(
        tree,
        readers.rows(tree, TABLES, require=("image_name", "benign_malignant")),
        pictures,
        image="image_name",
        code="benign_malignant",
        group="patient_id",
    )
    return readers.report_unlisted(pictures, labelled)


def is_jpeg(path: str) -> bool:
    return path.lower().endswith((".jpg", ".jpeg"))


def stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].casefold()


def in_test_part(path: str) -> bool:
    """Whether a picture lies in a folder of the test part, which is published without labels."""
    return any(folder.casefold() in UNLABELLED for folder in path.split("/")[:-1])


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
