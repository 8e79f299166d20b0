"""ChestX-ray14: one table of findings, pictures in one folder or in twelve, the official parts as lists of names."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._nih import findings, table

LISTS: tuple[tuple[readers.Split, str], ...] = (("train", "train_val_list.txt"), ("test", "test_list.txt"))


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, films(tree, pictures))


def films(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[LabelSample]:
    parts: dict[str, readers.Split] = {}
    lines: dict[str, tuple[str, int]] = {}
    for part, name in LISTS:
        file = tree.find(name)
        for number, picture in readers.lines(tree, file) if file else ():
            parts[picture.casefold()] = part
            lines[picture] = (file or name, number)

    def struck(rows: Iterator[readers.Row]) -> Iterator[readers.Row]:
        for row in rows:
            lines.pop(row["Image Index"], None)
            yield row

    # the revised table of 2020 before the first one: ages and some findings differ
    file = tree.find("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv") or "Data_Entry_2017_v2020.csv"
    yield from findings(
        tree, struck(table(tree, file)), pictures, split=lambda path: parts.get(path.rpartition("/")[2].casefold())
    )
    for picture, (name, number) in lines.items():
        tree.report("bad_row", name, f"{picture!r} stands in no row of {file}", number)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
