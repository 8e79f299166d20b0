"""Small trees for layouts: a card's text, empty pictures and texts by path, and what is read from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from medmat_core.dataset import Dataset
from medmat_core.model import BoxSample, LabelSample, MaskSample, Sample
from medmat_core.tree import Tree
from tests.toy import CARD


def dataset_of(where: Path, layout: str, labels: Iterable[str] = ("cat", "dog"), kind: str = "single-label") -> Dataset:
    """A data set that its card alone describes; ``layout`` is what stands under [layout], further tables behind it."""
    where.mkdir(parents=True, exist_ok=True)
    path = where / "toy.toml"
    names = "\n".join(f'"{label}" = "{label.capitalize()}"' for label in labels)
    card = CARD.format(slug="toy", folder="toy", kind=kind, labels=names, head="", tables=f"[layout]\n{layout}")
    path.write_text(card.replace('markers = ["pics"]', "markers = []"))
    return Dataset.of_card(path)


@frozen
class Read:
    """What a layout made of a tree."""

    samples: Mapping[str, Sample]
    problems: list[tuple[str, str]]

    def of(self, name: str) -> dict[str, Any]:
        """One attribute of each sample, by picture."""
        return {image: getattr(sample, name) for image, sample in self.samples.items()}

    @property
    def said(self) -> dict[str, Any]:
        """What each picture shows: its stated codes, its masks as (file, class), or its boxes as (class, corners)."""
        return {image: _said(sample) for image, sample in self.samples.items()}


def _said(sample: Sample) -> Any:
    if isinstance(sample, LabelSample):
        return ",".join(sample.stated)
    if isinstance(sample, MaskSample):
        return [(str(getattr(mask, "path", "")), getattr(mask, "code", type(mask).__name__)) for mask in sample.masks]
    assert isinstance(sample, BoxSample)
    return [(box.code, box.xyxy) for box in sample.boxes]


def read(
    tmp: Path,
    layout: str,
    pictures: Iterable[str],
    files: Mapping[str, str] | None = None,
    labels: Iterable[str] = ("cat", "dog"),
    kind: str = "single-label",
) -> Read:
    """Lay pictures and files down, and read them by the layout."""
    base = tmp / "toy"
    for path, text in {**dict.fromkeys(pictures, ""), **(files or {})}.items():
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_text(text)
    dataset = dataset_of(tmp / "plugin", layout, labels, kind)
    tree = Tree(base)
    found = [sample for sample in dataset.samples(tree, dataset.card) if isinstance(sample, Sample)]
    assert len({str(sample.image) for sample in found}) == len(found)
    problems = [(problem.reason, problem.file) for problem in tree.problems]
    return Read({str(sample.image): sample for sample in found}, problems)
