"""Kvasir: eight class folders; file names are random ids, by which a picture that lies here twice is known."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    seen: set[tuple[str, ...]] = set()
    copies = 0
    for sample in readers.class_folders(tree, card):
        # version 2 holds version 1, and people lay train and test copies beside the class folders
        known = (*sample.stated, str(sample.image).rpartition("/")[2].casefold())
        if known in seen:
            copies += 1
            continue
        seen.add(known)
        yield sample
    if copies:
        tree.report("left_out", "", f"{copies} pictures lie here once more under the same class and name")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
