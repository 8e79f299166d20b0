"""Montgomery County X-rays, tuberculosis: the last digit of a film's name is its label."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._montgomery import films, patient, stem


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.labelled_files(tree, films(tree), code, group=patient)


def code(path: str) -> str | None:
    """'CXR_png/MCUCXR_0104_1.png' -> '1'."""
    digit = stem(path).rpartition("_")[2]
    return digit if digit in ("0", "1") else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
