"""VinDr-SpineXR, findings: a table a part with one lesion a row, DICOM files by image_id."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: tuple[readers.Split, ...] = ("train", "test")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, films(tree, pictures))


def films(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[LabelSample]:
    for part in PARTS:
        file = tree.find(f"annotations/{part}.csv", f"annotation/{part}.csv", f"{part}.csv")
        table = readers.rows(tree, file or f"annotations/{part}.csv", require=("study_id", "image_id", "lesion_type"))
        yield from readers.merged_labels(
            tree, table, pictures, image="image_id", code="lesion_type", group="study_id", split=part
        )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
