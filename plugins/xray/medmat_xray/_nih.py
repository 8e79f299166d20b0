"""What the rows made of NIH ChestX-ray14 share: the table of findings and the patient in a file name."""

from collections.abc import Callable, Iterator

from medmat_core import LabelSample, readers


def patient(name: str) -> str | None:
    """'images/00000013_005.png' -> '13': the NIH patient number as the tables write it, the same in every row."""
    digits = name.rpartition("/")[2].partition("_")[0]
    return str(int(digits)) if digits.isdecimal() else None


def findings(
    tree: readers.Tree, file: str, pictures: readers.Pictures, split: Callable[[str], readers.Split | None]
) -> Iterator[LabelSample]:
    """One sample a row of the table; ``split`` is a rule over the file name."""
    return readers.table_labels(
        tree,
        readers.rows(tree, file, require=("Image Index", "Finding Labels")),
        pictures,
        image="Image Index",
        code=readers.in_cell("Finding Labels", "|"),
        by="name",
        group=lambda row, path: patient(path),
        split=lambda row, path: split(row["Image Index"]),
    )
