"""ChestX-Det, findings: a JSON file a part, one entry a picture with one finding an instance, so that they repeat."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._chestxdet import films

NO_FINDING = ("[]",)  # how the file writes a picture without instances


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, labelled(tree, pictures))


def labelled(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[LabelSample]:
    for film in films(tree, pictures):
        yield LabelSample(film.path, tuple(dict.fromkeys(film.findings)) or NO_FINDING, split=film.split)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
