"""AIROGS training set: one table of referral grades, pictures spread over six numbered folders."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

NAME = re.compile(r"train\d{6}\.\w+", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = readers.rows(tree, "train_labels.csv", require=["challenge_id", "class"])
    found: dict[bool, list[str]] = {True: [], False: []}
    for path in tree.images():
        found[NAME.fullmatch(path.rpartition("/")[2]) is not None].append(path)
    if found[False]:
        what = f"{len(found[False])} pictures have no name of the training set, as TRAIN000000"
        tree.report("left_out", found[False][0], what)
    pictures = readers.Pictures(tree, paths=found[True])
    labelled = readers.table_labels(tree, table, pictures, image="challenge_id", code="class")
    return readers.report_unlisted(pictures, labelled)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
