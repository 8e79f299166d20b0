"""OCT2017 (Kermany): class folders in train, val and test; the second part of a name, CNV-13823-3, is the patient."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS = ("train", "val", "test")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    for part in PARTS:  # and nothing beside them: archives have held the whole tree a second time
        yield from readers.class_folders(tree, card, under=f"{home(tree)}{part}", group=patient, split=readers.split_of)


def home(tree: readers.Tree) -> str:
    """The folder of the parts: the root, or "OCT/" in the release that holds chest films beside it."""
    places = ("", *(f"{folder}/" for folder in tree.folders("OCT")))
    return next((place for place in places if not set(PARTS).isdisjoint(tree.listdir(place)[0])), "")


def patient(path: str) -> str:
    """'train/CNV/CNV-13823-3.jpeg' -> '13823'; one patient's pictures may lie in folders of several classes."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    parts = stem.split("-")
    return parts[1] if len(parts) == 3 else stem


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
