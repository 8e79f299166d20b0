"""PAD-UFES-20: smartphone photographs in up to three part folders, named in full by one table of patients."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree)
    labelled = readers.table_labels(
        tree,
        readers.rows(tree, tree.find("metadata.csv") or "metadata.csv", require=("img_id", "diagnostic")),
        pictures,
        image="img_id",
        code="diagnostic",
        by="name",
        group="patient_id",
    )
    return readers.report_unlisted(pictures, labelled)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
