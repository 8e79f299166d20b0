"""Chest CT-Scan: class folders in train, val (or valid) and test; outside test their names carry the tumor's stage."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    known = {code.casefold(): code for code in card.labels}

    def code(folder: str) -> str | None:
        name = folder.casefold().strip()
        return known.get(name) or known.get(name.partition("_")[0])  # the stage may read otherwise in a copy

    return readers.class_folders(tree, card, code=code, split=readers.split_of)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
