"""The plugin: a data set of class folders for each combination, and a subset for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from attrs import evolve

from medmat_core import Card, Dataset, LabelSample, Subset, hookimpl, readers
from medmat_core.readers import Tree
from medmat_phantoms.design import ASKED, COMBINATIONS, Combination

_HERE = Path(__file__).parent
_LEADS = ("", "Look closely. ", "One question. ", "Answer this. ", "Consider the picture. ", "Please tell. ")


def samples(tree: Tree, card: Card) -> Iterable[LabelSample]:
    return readers.class_folders(tree, card)


@cache
def _card(task: str) -> Card:
    return Card.load(_HERE / f"{task}.toml")


def _dataset(one: Combination) -> Dataset:
    """The task's card, told apart by texture and shape."""
    card = evolve(
        _card(one.task),
        slug=one.slug,
        title=f"Phantoms: {one.slug}",
        folder=f"phantoms-{one.slug}",
        modality=one.modality,
        area=one.area,
        task=one.task,
        subset=one.subset,
        modality_shown=f"{one.modality} scan",
        area_shown=one.area,
    )
    return Dataset(card, samples, module=__name__)


@hookimpl
def medmat_datasets() -> Sequence[Dataset]:
    return [_dataset(one) for one in COMBINATIONS]


@hookimpl
def medmat_subsets() -> Sequence[Subset]:
    found = []
    for one in COMBINATIONS:
        asked = tuple(f"{lead}{ASKED[one.task]} this {{area}} of the {{modality}}?" for lead in _LEADS)
        found.append(Subset(one.subset, one.modality, one.area, one.task, {"label": asked}))
    return found
