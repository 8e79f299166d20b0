"""RSNA 2018 pneumonia challenge as Kaggle packs it: a class table with one row a box, DICOM files by patientId."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PATIENT = readers.Group(pattern=r"0*(\d+)(?:_.*)?")  # NIH's name of the film, 00000013_005.png: 13


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    patients = nih_patients(tree)
    name = "stage_2_detailed_class_info.csv"
    pictures = readers.Pictures(tree, "stage_2_train_images")
    found = readers.merged_labels(
        tree,
        readers.rows(tree, name, require=("patientId", "class")),
        pictures,
        image="patientId",
        code="class",
        group=lambda path: patients.get(readers.stem(path)),
    )
    return readers.report_unlisted(pictures, found)


def nih_patients(tree: readers.Tree) -> dict[str, str]:
    """patientId (a picture, in truth) -> NIH patient number, if RSNA's own mapping was put beside the tables."""
    file = tree.find("pneumonia-challenge-dataset-mappings_2018.json")
    found: dict[str, str] = {}
    for row in readers.json_rows(tree, file, require=("subset_img_id", "img_id")) if file else ():
        number = PATIENT(row["img_id"])
        if number is not None:
            found[row["subset_img_id"].casefold()] = number
    return found


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
