"""A made-up data set for tests: class folders 'cat', 'dog', 'cow', 'eel' under toy/pics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from medmat_core import Card, Dataset, readers
from medmat_core.catalog import Catalog
from medmat_core.hooks import hookimpl
from medmat_core.subsets import Subset

INSTRUCTIONS = tuple(f"{verb} this {{area}} {{modality}}." for verb in ("Name", "Read", "Judge", "Sort", "See", "Call"))

CARD = """
slug = "{slug}"
title = "Toy"
folder = "{folder}"
modality = "Toy"
area = "Toy"
task = "Toy"
subset = 1000
kind = "{kind}"
modality_shown = "drawing"
area_shown = "animal"
source = "https://example.org/toy"
access = "open"
license = "CC0"
markers = ["pics"]
{head}

[labels]
{labels}

{tables}
"""


class ToyPlugin:
    """What a plugin module is to pluggy: an object with hook implementations."""

    def __init__(self, datasets: Iterable[Dataset], subset: Subset) -> None:
        self.datasets = list(datasets)
        self.subset = subset
        self.__name__ = "tests.toy"

    @hookimpl
    def medmat_datasets(self) -> list[Dataset]:
        return self.datasets

    @hookimpl
    def medmat_subsets(self) -> list[Subset]:
        return [self.subset]


def toy_card(
    where: Path,
    *,
    slug: str = "toy",
    folder: str = "toy",
    kind: str = "single-label",
    labels: dict[str, str] | None = None,
    head: str = "",
    tables: str = "",
) -> Card:
    """A card written to a file below ``where``."""
    names = labels or {"cat": "Cat", "dog": "Dog", "cow": "Cow", "eel": "Eel"}
    path = where / f"{slug}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(f'"{code}" = "{caption}"' for code, caption in names.items())
    path.write_text(CARD.format(slug=slug, folder=folder, kind=kind, labels=text, head=head, tables=tables))
    return Card.load(path)


def toy_dataset(where: Path, samples: Callable[..., Any] | None = None, **card: Any) -> Dataset:
    """A data set of class folders, or of what ``samples`` yields."""
    return Dataset(toy_card(where, **card), samples or readers.class_folders, module="tests.toy")


def toy_catalog(*datasets: Dataset, instructions: dict[str, tuple[str, ...]] | None = None) -> Catalog:
    """A catalog of these data sets alone, in subset 1000."""
    from medmat_core.catalog import load_catalog

    subset = Subset(1000, "Toy", "Toy", "Toy", instructions or {"label": INSTRUCTIONS})
    return load_catalog(plugins=[ToyPlugin(datasets, subset)])  # type: ignore[list-item]


def picture(path: Path, shade: int = 0, size: tuple[int, int] = (24, 16)) -> Path:
    """A small picture whose bytes depend on ``shade``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    pixels = (np.indices((height, width)).sum(0) * 5 + shade * 7) % 256
    pixels[0, :4] = [shade % 256, shade // 256 % 256, 7, 9]
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def zoo(data: Path, count: int = 5, classes: Iterable[str] = ("cat", "dog", "cow", "eel")) -> Path:
    """``count`` pictures a class under data/toy/pics, all different."""
    for place, name in enumerate(classes):
        for number in range(count):
            picture(data / "toy" / "pics" / name / f"{name} ({number}).png", 1000 * place + number)
    return data
