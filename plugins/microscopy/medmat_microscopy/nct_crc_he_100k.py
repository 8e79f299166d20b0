"""NCT-CRC-HE-100K: nine class folders of patches; CRC-VAL-HE-7K beside it holds other patients."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    held_out = tree.folder("CRC-VAL-HE-7K")
    raw = tree.folder("NCT-CRC-HE-100K-NONORM")
    classes = [folder for code in card.labels for folder in tree.folders(code)]
    tested = any(within(folder, held_out) for folder in classes)
    # the same kind of patches without color normalization: read only by those who have nothing else
    normalized = any(not within(folder, held_out) and not within(folder, raw) for folder in classes)
    return readers.class_folders(
        tree,
        card,
        split=lambda path: ("test" if within(path, held_out) else "train") if tested else None,
        skip=lambda path: normalized and within(path, raw),
    )


def within(path: str, folder: str | None) -> bool:
    return folder is not None and path.startswith(f"{folder}/")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
