"""ChestX-ray14: one table of findings, pictures in one folder or in twelve, the official parts as lists of names."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._nih import findings

LISTS: tuple[tuple[readers.Split, str], ...] = (("train", "train_val_list.txt"), ("test", "test_list.txt"))


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    parts: dict[str, readers.Split] = {}
    for part, name in LISTS:
        file = tree.find(name)
        if file is not None:
            parts.update((picture, part) for _, picture in readers.lines(tree, file))
    # the revised table of 2020 before the first one: ages and some findings differ
    table = tree.find("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv") or "Data_Entry_2017_v2020.csv"
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, findings(tree, table, pictures, split=parts.get))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
