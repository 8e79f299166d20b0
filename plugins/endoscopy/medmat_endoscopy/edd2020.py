"""EDD 2020: pictures in originalImages, one mask a class and picture in masks: EDD2020_AJ0002_cancer.tif."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

SERIES = re.compile(r"EDD2020_([A-Z]+)", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    masks: dict[str, list[readers.MaskFile]] = {}
    for path in tree.images(tree.folder("masks") or "masks"):
        name, _, code = path.rpartition("/")[2].rpartition(".")[0].rpartition("_")
        masks.setdefault(name.casefold(), []).append(readers.MaskFile(path, code))
    pictures = list(tree.images(tree.folder("originalImages") or "originalImages"))
    files = ((name, str(mask.path)) for name, some in masks.items() for mask in some)
    readers.report_unpaired(tree, files, set(map(readers.stem, pictures)))
    for image in pictures:
        found = masks.get(readers.stem(image))
        if found is None:
            tree.report("missing_mask", image, "no file in masks has the picture's name and a class behind it")
            continue
        yield MaskSample(image, tuple(found), group=series(image))


def series(path: str) -> str | None:
    """'originalImages/EDD2020_NAF0043.jpg' -> 'NAF', the source that the letters name."""
    found = SERIES.match(path.rpartition("/")[2])
    return found[1].upper() if found else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
