"""VinDr-SpineXR, boxes: a table a part with one box a row, DICOM files by image_id."""

from collections.abc import Iterator

from medmat_core import BoxSample, Card, Dataset, hookimpl, readers

PARTS: tuple[readers.Split, ...] = ("train", "test")
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def samples(tree: readers.Tree, card: Card) -> Iterator[BoxSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, films(tree, pictures))


def films(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[BoxSample]:
    for part in PARTS:
        file = tree.find(f"annotations/{part}.csv", f"annotation/{part}.csv", f"{part}.csv")
        columns = ("study_id", "image_id", "lesion_type", *CORNERS)
        yield from readers.table_boxes(
            tree,
            readers.rows(tree, file or f"annotations/{part}.csv", require=columns),
            pictures,
            image="image_id",
            code="lesion_type",
            corners=CORNERS,
            nothing=("No finding",),
            group="study_id",
            split=part,
        )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
