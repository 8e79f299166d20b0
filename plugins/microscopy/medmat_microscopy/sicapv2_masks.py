"""SICAPv2 masks: beside each patch a PNG whose values are Gleason patterns, or (version 1) a JPEG of one grade."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_microscopy import _sicapv2

PATTERNS = ((3, "3"), (4, "4"), (5, "5"))
JPEG_THRESHOLD = 100  # version 1: background up to 42, tissue from 153, nothing between


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    pictures = _sicapv2.pictures(tree)
    patient = _sicapv2.patients(tree)
    listed = {sample.image: sample for sample in _sicapv2.patches(tree, card, pictures, patient)}
    folder = tree.folder("masks") or "masks"
    png = readers.Pictures(tree, paths=tree.files(folder, (".png",)))
    jpeg = readers.Pictures(tree, paths=tree.files(folder, (".jpg", ".jpeg")))
    files = ((readers.stem(mask), mask) for mask in (*png.paths, *jpeg.paths))
    readers.report_unpaired(tree, files, set(map(readers.stem, pictures.paths)))
    for image in pictures.paths:
        stem = readers.stem(image)
        patch = listed.get(image)
        masks: tuple[readers.IndexMask | readers.MaskFile, ...] = ()
        if (index := png.stem(stem)) is not None:
            masks = (readers.IndexMask(index, PATTERNS),)
        elif (binary := jpeg.stem(stem)) is None:
            tree.report("missing_mask", image, f"no mask {stem} below {folder}")
            continue
        elif patch is None:
            tree.report("unlabelled", image, "a version 1 mask names no grade, and the patch stands in neither table")
            continue
        elif patch.stated != ("NC",):
            masks = (readers.MaskFile(binary, patch.stated[0].removeprefix("G"), JPEG_THRESHOLD),)
        yield MaskSample(
            image, masks, group=_sicapv2.patient_of(image, patient), split=patch.split if patch is not None else None
        )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
