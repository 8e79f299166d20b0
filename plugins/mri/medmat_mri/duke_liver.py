"""Duke Liver Dataset, shared by its two versions: ``<patient>/<series>/images`` and ``masks`` hold one DICOM file a
slice. A mask has its picture's name or, where names differ, its place in natural order.
"""

import re
from collections.abc import Iterator, Sequence

from medmat_core import MaskSample, readers

VERSION_1 = ("6328447", "Duke_Liver_Dataset(MRI)_v1", "v1")
VERSION_2 = ("7774566", "Duke_Liver_Dataset(MRI)_v2", "v2")
"""Folder names under which the two Zenodo records are kept side by side."""


def liver_slices(tree: readers.Tree, own: Sequence[str], other: Sequence[str]) -> Iterator[MaskSample]:
    """The slices of one version. Where both versions lie side by side each row reads its own, else both read all."""
    every = sorted(tree.folders("images"))
    mine, theirs = (f"{tree.folder(*names)}/" for names in (own, other))
    series = [path for path in every if path.startswith(mine)]
    for images in series or [path for path in every if not path.startswith(theirs)] or every:
        yield from one_series(tree, images)


def one_series(tree: readers.Tree, images: str) -> Iterator[MaskSample]:
    series = images.rpartition("/")[0]
    patient = f"/{series}".rsplit("/", 2)[1]
    pictures = sorted(tree.images(images), key=natural)
    masks = sorted(tree.images(tree.folder("masks", under=series) or f"{series}/masks"), key=natural)
    by_name = readers.stem_index(masks)
    in_order = dict(zip(pictures, masks, strict=False)) if len(pictures) == len(masks) else {}
    alike = any(readers.stem(path) in by_name for path in pictures)
    if alike or not pictures:
        readers.report_unpaired(tree, by_name.items(), set(map(readers.stem, pictures)))
    return readers.paired_masks(
        tree,
        pictures,
        lambda path: by_name.get(readers.stem(path)) if alike else in_order.get(path),
        code="Liver",
        group=lambda _: patient,
    )


def natural(path: str) -> list[tuple[int, str]]:
    """A key that puts '9.dicom' before '10.dicom'."""
    parts = re.split(r"(\d+)", path)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
