"""Leukemia: cells renamed to running numbers; a table gives their class and their old names, which tell the patient."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLE = "C-NMC_test_prelim_phase_data_labels.csv"
PARTS: tuple[readers.Split, ...] = ("train", "val", "test")
PATIENT = readers.Group(column="Patient_ID", pattern=r"UID_(H?\d+)_.*")  # the old name UID_H49_35_1_hem.bmp: H49


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    lists = [part for part in PARTS if tree.find(f"{part}.txt")]
    table = tree.find(TABLE)
    if table is not None or not lists:
        yield from numbered(tree, table or TABLE)
        return
    pictures = readers.Pictures(tree, tree.folder("image", "images") or "")
    yield from readers.report_unlisted(pictures, (s for part in lists for s in listed(tree, pictures, part)))


def numbered(tree: readers.Tree, table: str) -> Iterator[LabelSample]:
    # the unlabelled part has pictures of the same names: look in this part's folder alone
    folder = tree.folder("C-NMC_test_prelim_phase_data") or table.rpartition("/")[0]
    pictures = readers.Pictures(tree, folder)
    labelled = readers.table_labels(
        tree,
        readers.rows(tree, table, require=("Patient_ID", "new_names", "labels")),
        pictures,
        image="new_names",
        code="labels",
        by="name",
        group=PATIENT,
    )
    return readers.report_unlisted(pictures, labelled)


def listed(tree: readers.Tree, pictures: readers.Pictures, part: readers.Split) -> Iterator[LabelSample]:
    """The repackaged form: lines of a picture and its class, parted by a blank, a tab or a comma."""
    file = tree.find(f"{part}.txt") or f"{part}.txt"
    lines = ((number, re.split(r"[\s,]+", line)) for number, line in readers.lines(tree, file))
    rows = (
        readers.Row(file, number, {"image": words[0], "class": words[1] if len(words) == 2 else ""})
        for number, words in lines
    )
    return readers.table_labels(tree, rows, pictures, image="image", code="class", by="tail", split=part)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
