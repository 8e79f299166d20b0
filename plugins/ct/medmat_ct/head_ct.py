"""Head CT: ``labels.csv`` says 1 (hemorrhage) or 0 for the picture whose three-digit name is its id."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = readers.rows(tree, tree.find("labels.csv") or "labels.csv", require=["id", "hemorrhage"])
    pictures = readers.Pictures(tree, tree.folder("head_ct") or "")
    labelled = readers.table_labels(
        tree, table, pictures, image=lambda row: row["id"].zfill(3), code="hemorrhage", group=lambda row, _: row["id"]
    )
    return readers.report_unlisted(pictures, labelled)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
