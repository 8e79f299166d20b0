"""What the rows made of NIH ChestX-ray14 share: the table of findings and the patient in a file name."""

from collections.abc import Callable, Iterable, Iterator

from medmat_core import LabelSample, readers


def patient(name: str) -> str | None:
    """'images/00000013_005.png' -> '13': the NIH patient number as the tables write it, the same in every row."""
    digits = name.rpartition("/")[2].partition("_")[0]
    return str(int(digits)) if digits.isdecimal() else None


def table(tree: readers.Tree, file: str) -> Iterator[readers.Row]:
    """The rows of a table of findings. Other columns differ between releases."""
    return readers.rows(tree, file, require=("Image Index", "Finding Labels"))


def findings(
    tree: readers.Tree,
    rows: Iterable[readers.Row],
    pictures: readers.Pictures,
    split: Callable[[str], readers.Split | None] | None = None,
) -> Iterator[LabelSample]:
    """One sample a row; several findings stand in one cell."""
    return readers.table_labels(
        tree,
        rows,
        pictures,
        image="Image Index",
        code=readers.in_cell("Finding Labels", "|"),
        by="name",
        group=patient,
        split=split,
    )
