"""COVID19, Pneumonia and Normal Chest X-ray PA: three class folders; films taken from NIH keep their NIH names."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray import _kermany
from medmat_xray._nih import patient

NIH = re.compile(r"\d{8}_\d{3}")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=group)


def group(path: str) -> str | None:
    """'normal/00000002_000.png' -> '2', NIH's patient; 'covid/COVID-19 (102).jpg' -> 'covid/COVID-19 (102)'."""
    folder, name = path.split("/")[-2:]
    stem = name.rpartition(".")[0]
    return patient(stem) if NIH.fullmatch(stem) else _kermany.patient(stem) or f"{folder}/{stem}"


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
