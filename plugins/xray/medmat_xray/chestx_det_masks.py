"""ChestX-Det, outlines: a JSON file a part, one entry a picture with one polygon an instance."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_xray._chestxdet import films


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, outlined(tree, pictures))


def outlined(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[MaskSample]:
    for film in films(tree, pictures):
        masks = (readers.PolygonMask(*pair) for pair in zip(film.outlines, film.findings, strict=True))
        yield MaskSample(film.path, tuple(masks), split=film.split)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
