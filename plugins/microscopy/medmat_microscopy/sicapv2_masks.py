"""SICAPv2 masks: beside each patch a PNG whose values are Gleason patterns, or (version 1) a JPEG of one grade."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, MaskSample, hookimpl, readers

PATTERNS = ((3, "3"), (4, "4"), (5, "5"))
JPEG_THRESHOLD = 100  # version 1: background up to 42, tissue from 153, nothing between
GRADES = ("NC", "G3", "G4", "G5")
PARTS: dict[str, readers.Split] = {"Train": "train", "Test": "test"}
PATIENT = readers.Group(
    pattern=r"(.*?)_Block_.*|(.+)", table="wsi_labels.xlsx", key="slide_id", column="patient_id", required=True
)


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    pictures = readers.Pictures(tree, "images")
    patient = PATIENT.at(tree)
    listed = {sample.image: sample for sample in patches(tree, card, pictures)}
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
        yield MaskSample(image, masks, group=patient(image), split=patch.split if patch is not None else None)


def patches(tree: readers.Tree, card: Card, found: readers.Pictures) -> Iterator[LabelSample]:
    """Every patch of the two official tables with its grade and part."""
    for name, part in PARTS.items():
        table = readers.rows(tree, f"partition/Test/{name}.xlsx", require=("image_name", *GRADES))
        yield from readers.one_hot(
            tree, card, table, found, image="image_name", columns=GRADES, by="name", split=part, single=True
        )


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
