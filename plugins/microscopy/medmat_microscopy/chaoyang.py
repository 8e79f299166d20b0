"""Chaoyang: train.json and test.json list patches with their class; names say the case."""

import re
from collections.abc import Iterator
from itertools import chain

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

CASE = re.compile(r"(\d+)(?:[_-]\d+)?-IMG", re.IGNORECASE)  # '353042_4-IMG005x014-1.JPG': case 353042, block 4


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return chain(listed(tree, "train"), listed(tree, "test"))


def listed(tree: readers.Tree, part: readers.Split) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree, tree.folder(part) or part)
    rows = readers.json_rows(tree, tree.find(f"{part}.json") or f"{part}.json", require=("name", "label"))
    labelled = readers.table_labels(
        tree,
        rows,
        pictures,
        image="name",
        code="label",
        by="tail",
        group=lambda row, path: case(path),
        split=part,
    )
    return readers.report_unlisted(pictures, labelled)


def case(path: str) -> str | None:
    found = CASE.match(path.rpartition("/")[2])
    return found[1] if found else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
