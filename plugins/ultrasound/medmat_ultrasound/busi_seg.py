"""BUSI, segmentation: up to three masks beside each picture, "benign (4)_mask.png" and "benign (4)_mask_1.png", one a
lesion of the folder's class; those of normal pictures are black. They count on from the first, which has no number: one
that is missing between them would leave a lesion out.
"""

from collections import defaultdict
from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_ultrasound import busi


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    masks: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    pictures: set[tuple[str, str | None]] = set()
    for path in tree.images():
        folder, of = path.rpartition("/")[0], busi.picture_of(path)
        if of is None:
            pictures.add((folder, busi.stem(path)))
        else:
            masks[folder, of].append(path)
    readers.report_unpaired(tree, ((key, path) for key, some in masks.items() for path in some), pictures)
    for sample in busi.samples(tree, card):
        image, (code,) = str(sample.image), sample.stated
        own = masks.get((image.rpartition("/")[0], busi.stem(image)), [])
        there = {busi.stem(path).rpartition("_mask")[2] for path in own}
        lacking = [end for end in ("", "_1", "_2")[: len(there)] if end not in there]
        if not own:
            tree.report("missing_mask", image, "no file with its name and _mask lies beside it")
        elif lacking:
            told = f"{own[0].rpartition('/')[2]} lies beside it, and the one that ends on _mask{lacking[0]} does not"
            tree.report("missing_mask", image, told)
        else:
            yield MaskSample(image, tuple(readers.MaskFile(path, code) for path in own), group=sample.group)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
