"""ToxoFundus, folder Data_Processed_Paper: enhanced copies in two class folders, named by the raw picture's number."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    if tree.folder("Data_Processed_Paper", "Diseased") is not None:  # else only the other row's half is here
        yield from readers.class_folders(tree, card, group=raw_number, skip=raw)


def raw(path: str) -> bool:
    """Whether a picture is of the raw half, which has a folder "healthy", too, and bare numbers for names."""
    *folders, name = path.lower().split("/")
    return "data_raw_6class_all" in folders or name.rpartition(".")[0].isdecimal()


def raw_number(path: str) -> str:
    """'Diseased/GG_100.jpg' -> '100', the number of the eye's picture in the raw folder."""
    return path.rpartition("/")[2].rpartition(".")[0].rpartition("_")[2]


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
