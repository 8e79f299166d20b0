"""ChestX-ray14: one table of findings, pictures in one folder or in twelve, the official parts as lists of names."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._nih import findings

LISTS: tuple[tuple[readers.Split, str], ...] = (("train", "train_val_list.txt"), ("test", "test_list.txt"))


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, films(tree, pictures))


def films(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[LabelSample]:
    parts: dict[str, tuple[readers.Split, str, int]] = {}
    for part, name in LISTS:
        file = tree.find(name)
        if file is not None:
            parts.update((picture, (part, file, number)) for number, picture in readers.lines(tree, file))

    def split(name: str) -> readers.Split | None:
        return parts.pop(name)[0] if name in parts else None

    # the revised table of 2020 before the first one: ages and some findings differ
    table = tree.find("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv") or "Data_Entry_2017_v2020.csv"
    yield from findings(tree, table, pictures, split)
    for name, (_, file, number) in parts.items():
        if pictures.name(name) is None:
            tree.report("bad_row", file, f"{name!r} is no picture of the table", number)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
