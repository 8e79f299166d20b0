"""PALM: the first letter of a picture's name tells its part (H, N, P training, V validation, T test), its disc mask has
the same stem; a picture without an optic disc has no mask file. Masks are inverted: the disc is black.
"""

import re
from collections.abc import Iterable, Iterator
from os.path import commonpath

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

PARTS: dict[str, readers.Split] = {"h": "train", "n": "train", "p": "train", "v": "val", "t": "test"}
PICTURE = re.compile(r"[hnpvt]\d{4}\.jpe?g", re.IGNORECASE)
DRAWN = {"disc_fovea_illustration", "lesion_illustration"}


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    images = photographs(tree)
    masks = disc_masks(tree, images)
    labelled = {PARTS.get(name[:1]) for name in masks}
    readers.report_unpaired(tree, masks.items(), set(map(readers.stem, images)))
    for name in dict.fromkeys(PARTS.values()):
        count = sum(part(image) == name for image in images)
        if count and name not in labelled:
            tree.report("unlabelled", "", f"{count} pictures of the part {name!r} are here without disc masks")
    yield from readers.paired_masks(
        tree,
        [image for image in images if part(image) in labelled],
        masks,
        code="disc",
        missing="negative",
        split=part,
    )


def disc_masks(tree: readers.Tree, images: Iterable[str]) -> dict[str, str]:
    """Masks by the stem of their picture: of several the one whose folders are most those of the picture; the others,
    copies of zips within zips, are told."""
    found: dict[str, list[str]] = {}
    for folder in (folder for name in ("Disc_Masks", "Disc Masks") for folder in tree.folders(name)):
        for path in tree.images(folder):
            found.setdefault(readers.stem(path), []).append(path)
    places = {readers.stem(image): image for image in images}
    for stem, paths in found.items():
        paths.sort(key=lambda path: -len(commonpath([f"/{path}", f"/{places.get(stem, '')}"])))
        for path in paths[1:]:
            tree.report("left_out", path, f"a second mask of its picture; {paths[0]} is read")
    return {stem: paths[0] for stem, paths in found.items()}


def photographs(tree: readers.Tree) -> list[str]:
    """Each photograph once: drawings on the pictures have the same names, and zips within zips leave second copies."""
    found: dict[str, str] = {}
    for path in sorted(tree.images(), key=lambda path: (path.count("/"), path)):
        if not DRAWN.isdisjoint(path.lower().split("/")):
            continue
        if PICTURE.fullmatch(path.rpartition("/")[2]):
            found.setdefault(readers.stem(path), path)
        elif path.lower().endswith((".jpg", ".jpeg")):
            tree.report("bad_name", path, "photographs are named H, N, P, V or T and four digits")
    return sorted(found.values())


def part(path: str) -> readers.Split:
    return PARTS[readers.stem(path)[0]]


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
