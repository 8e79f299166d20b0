"""VinDr-PCXR, diseases: a table a part with one column a disease, DICOM files by image_id."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: tuple[readers.Split, ...] = ("train", "test")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, films(tree, card, pictures))


def films(tree: readers.Tree, card: Card, pictures: readers.Pictures) -> Iterator[LabelSample]:
    for part in PARTS:
        name = f"image_labels_{part}.csv"
        table = readers.rows(tree, tree.find(name) or name, require=("image_id", *card.labels))
        yield from readers.one_hot(tree, card, table, pictures, image="image_id", split=part)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
