"""Phone moles: ``labels.csv`` says the diagnosis, the patient and the part of each photograph."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

MEDMAT_API = 2


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    photos = readers.Pictures(tree, under="photos")
    table = readers.rows(tree, "labels.csv", require=["photo", "diagnosis", "patient", "part"])
    found = readers.table_labels(
        tree, table, photos, image="photo", code="diagnosis", by="name", group="patient",
        split=lambda row, path: "test" if row.get("part") == "held out" else "train",
    )  # fmt: skip
    return readers.report_unlisted(photos, found)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
