"""Head CT: ``labels.csv`` says 1 (hemorrhage) or 0 for the picture whose three-digit name is its id."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = readers.rows(tree, tree.find("labels.csv") or "labels.csv", require=["id", "hemorrhage"])
    pictures = readers.Pictures(tree, tree.folder("head_ct") or "")
    labelled = readers.table_labels(
        tree, table, pictures, image=number, code="hemorrhage", group=lambda row, _: number(row)
    )
    return readers.report_unlisted(pictures, labelled)


def number(row: readers.Row) -> str:
    """'0' -> '000', the stem of the picture."""
    return row["id"] and row["id"].zfill(3)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
