"""CVC-ClinicDB: 612 numbered frames of 29 videos in Original, their masks under the same names in Ground Truth.

One mirror holds every frame as PNG and as TIFF, another calls the folders images and masks.
"""

from bisect import bisect
from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

FIRST_FRAMES = (
    *(1, 26, 51, 68, 79, 104, 127, 152, 178, 200, 206, 228, 253, 278, 298),
    *(318, 343, 364, 384, 409, 429, 448, 467, 479, 504, 529, 547, 572, 592),
)
MASKS = ("Ground Truth", "Ground_Truth", "GroundTruth", "masks")
FORMATS = ("png", "tif")


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    seen: set[str] = set()
    for folder in sorted((*tree.folders("Original"), *tree.folders("images")), key=preference):
        beside = folder.rpartition("/")[0]
        masks = next(
            (path for name in MASKS for path in tree.folders(name, beside)), f"{beside}/{MASKS[0]}".lstrip("/")
        )
        every = list(tree.images(folder))
        frames = [path for path in every if readers.stem(path) not in seen]
        if every and not frames:
            tree.report("left_out", folder, "the same frames in another format")
        seen.update(map(readers.stem, frames))
        known = readers.stem_index(tree.images(masks))
        readers.report_unpaired(tree, known.items(), set(map(readers.stem, every)))
        yield from readers.paired_masks(tree, frames, known, code="polyp", group=sequence)


def preference(folder: str) -> int:
    """Which copy of a frame is read: the official archive's, else the PNG, else the TIFF of the mirror with both."""
    above = folder.rpartition("/")[0].rpartition("/")[2].casefold()
    return FORMATS.index(above) + 1 if above in FORMATS else 0


def sequence(path: str) -> str | None:
    """'Original/26.tif' -> 'sequence 2': frames of one video follow one another, 29 videos in all."""
    number = readers.stem(path)
    return f"sequence {bisect(FIRST_FRAMES, int(number))}" if number.isdecimal() else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
