"""ToxoFundus, the folder Data_Raw_6class_All: six class folders of numbered pictures."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    diseased = (code for code in card.labels if code != "healthy")
    if tree.folder("Data_Raw_6class_All", *diseased) is not None:  # else only the other row's half is here
        yield from readers.class_folders(tree, card, group=number, skip=processed)


def processed(path: str) -> bool:
    """Whether a picture is of the processed half, which has a folder "Healthy", too, and names such as GG_100."""
    *folders, name = path.lower().split("/")
    return "data_processed_paper" in folders or name.startswith("gg_")


def number(path: str) -> str:
    """'inactive/100.jpg' -> '100', which names the same eye in the processed folder."""
    return path.rpartition("/")[2].rpartition(".")[0]


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
