"""CT of the Brain: three class folders with every slice twice, as JPEG and as DICOM; the JPEGs are read."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

BLOCK = 20  # neighbouring numbers are neighbouring slices


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=slice_block, skip=lambda path: path.lower().endswith(".dcm"))


def slice_block(path: str) -> str:
    """'files/cancer/90.jpg' -> 'cancer-4': no patient id is published, blocks of 20 running numbers stand in."""
    *_, folder, name = path.split("/")
    number = name.partition(".")[0]
    return f"{folder.lower()}-{int(number) // BLOCK}" if number.isdecimal() else f"{folder.lower()}-{number}"


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
