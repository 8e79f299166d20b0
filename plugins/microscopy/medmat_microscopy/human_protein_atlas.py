"""Human Protein Atlas: train.csv lists the places of the protein, which the green one of four pictures shows."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

OTHERS = ("_red.png", "_blue.png", "_yellow.png")  # microtubules, nucleus, endoplasmic reticulum of the same cells


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    train = tree.folder("train") or "train"
    pictures = readers.Pictures(tree, paths=(path for path in tree.images(train) if not path.lower().endswith(OTHERS)))
    labelled = readers.table_labels(
        tree,
        readers.rows(tree, tree.find("train.csv") or "train.csv", require=("ID", "Label"), key="ID"),
        pictures,
        image=lambda row: f"{row['ID']}_green",
        code=lambda row: tuple(code.strip() for code in row["Label"].split("|") if code.strip()),
    )
    return readers.report_unlisted(pictures, labelled)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
