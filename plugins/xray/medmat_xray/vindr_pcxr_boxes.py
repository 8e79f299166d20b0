"""VinDr-PCXR, boxes: a table a part with one box a row, DICOM files by image_id."""

from collections.abc import Iterator

from medmat_core import BoxSample, Card, Dataset, hookimpl, readers

PARTS: tuple[readers.Split, ...] = ("train", "test")
CORNERS = ("x_min", "y_min", "x_max", "y_max")


def samples(tree: readers.Tree, card: Card) -> Iterator[BoxSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, films(tree, pictures))


def films(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[BoxSample]:
    for part in PARTS:
        name = f"annotations_{part}.csv"
        yield from readers.table_boxes(
            tree,
            readers.rows(tree, tree.find(name) or name, require=("image_id", "class_name", *CORNERS)),
            pictures,
            image="image_id",
            code="class_name",
            corners=CORNERS,
            nothing=("No finding",),
            split=part,
        )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
