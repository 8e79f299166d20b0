"""Monkeypox Skin Lesion Dataset: two class folders of originals, named by patient and picture: M01_02.jpg.

Augmented copies and an example fold repeat the originals and are left alone.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

ORIGINALS = "Original Images"


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    originals = tree.folder(ORIGINALS)
    if originals is None:
        tree.report("missing_file", ORIGINALS, "the folder of originals is not there; copies made from it are not read")
        return iter(())
    return readers.class_folders(tree, card, under=originals, group=patient)


def patient(path: str) -> str | None:
    """'Others/NM33_02.jpg' -> 'NM33'."""
    return path.rpartition("/")[2].partition("_")[0].upper() or None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
