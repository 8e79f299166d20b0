"""Montgomery County X-rays, lungs: a mask a lung, all three files of a film with one name in three folders."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_xray._montgomery import films, patient


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    masks = {side: readers.stem_index(tree.images(tree.folder(side) or side)) for side in card.labels}
    pictures = films(tree)
    for index in masks.values():
        readers.report_unpaired(tree, index.items(), set(map(readers.stem, pictures)))
    for path in pictures:
        found = {side: index.get(readers.stem(path)) for side, index in masks.items()}
        lungs = tuple(readers.MaskFile(mask, side) for side, mask in found.items() if mask)
        if len(lungs) < len(found):
            missing = ", ".join(side for side, mask in found.items() if not mask)
            tree.report("missing_mask", path, f"no mask of this name in {missing}")
            continue
        yield MaskSample(path, lungs, group=patient(path))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
