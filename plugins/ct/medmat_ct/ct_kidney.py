"""CT Kidney Dataset: four class folders of slices, numbered without gaps inside each class."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

BLOCK = 100  # neighbouring numbers are neighbouring slices of one series


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=series_block)


def series_block(path: str) -> str | None:
    """'Cyst/Cyst- (561).jpg' -> 'Cyst-5': no series id is published, blocks of 100 running numbers stand in."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    name, _, number = stem.rpartition("(")
    number = number.rstrip(") ")
    return f"{name.strip(' -').lower()}-{int(number) // BLOCK}" if number.isdecimal() else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
