"""Phone moles: ``labels.csv`` says the diagnosis, the patient and the part of each photograph."""

from collections.abc import Iterator
from itertools import chain

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

MEDMAT_API = 2

PARTS = {"open": "train", "held out": "test"}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    photos = readers.Pictures(tree, under="photos")
    return readers.report_unlisted(photos, chain.from_iterable(part(tree, photos, name) for name in PARTS))


def part(tree: readers.Tree, photos: readers.Pictures, name: str) -> Iterator[LabelSample]:
    """The photographs of one part, as the table calls it."""
    table = readers.rows(tree, "labels.csv", require=["photo", "diagnosis", "patient", "part"])
    return readers.table_labels(
        tree, table, photos, image="photo", code="diagnosis", by="name", group="patient",
        split=PARTS[name], skip=lambda row: row.get("part") != name,
    )  # fmt: skip


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
