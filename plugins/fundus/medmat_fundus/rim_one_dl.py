"""RIM-ONE DL: crops round the optic disc, cut into train and test in two ways; one mask of the disc and one of the cup.

The masks lie by class and are found by the picture's name. Of the two partitions of the same pictures the one
by hospital is read, since it cannot put one patient on both sides.
"""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

PICTURE = re.compile(r"(r[123]_im\d+)\.\w+", re.IGNORECASE)
MASK = re.compile(r"(r[123]_im\d+)-\d+-(disc|cup)-t\.png", re.IGNORECASE)
STRUCTURES = {"disc": "Disc", "cup": "Cup"}


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    masks: dict[tuple[str, str], str] = {}
    for path in tree.images(tree.folder("RIM-ONE_DL_reference_segmentations", "reference_segmentations") or ""):
        if name := MASK.fullmatch(path.rpartition("/")[2]):
            masks.setdefault((name[1].lower(), name[2].lower()), path)  # sorted, so that "-1-" comes first
    folder = tree.folder("partitioned_by_hospital", "partitioned_randomly", "RIM-ONE_DL_images") or ""
    named = {image: PICTURE.fullmatch(image.rpartition("/")[2]) for image in tree.images(folder)}
    names = {name[1].lower() for name in named.values() if name}
    readers.report_unpaired(tree, ((name, path) for (name, _), path in masks.items()), names)
    others = sum(name is None for image, name in named.items() if not MASK.fullmatch(image.rpartition("/")[2]))
    if others:
        tree.report(
            "left_out", folder, f"{others} pictures are named neither r1_, r2_ nor r3_: the licence as a picture"
        )
    for image, name in named.items():
        if name is None:
            continue
        paths = {structure: masks.get((name[1].lower(), structure)) for structure in STRUCTURES}
        missing = [structure for structure, path in paths.items() if path is None]
        if missing:
            tree.report("missing_mask", image, f"no mask of the {' and the '.join(missing)} has the picture's name")
            continue
        yield MaskSample(
            image,
            tuple(readers.MaskFile(path, STRUCTURES[structure]) for structure, path in paths.items() if path),
            split=readers.split_of(image, {"training_set": "train", "test_set": "test"}),
        )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
