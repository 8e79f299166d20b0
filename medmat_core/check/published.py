"""Med-MAT's published files as the one outside oracle: path tails and captions, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from attrs import frozen

from medmat_core.choices import read_values
from medmat_core.concepts import fold
from medmat_core.dataset import Dataset
from medmat_core.errors import UsageError
from medmat_core.model import LabelSample
from medmat_core.pipeline.source import open_tree
from medmat_core.records import RecordError


@frozen
class Difference:
    """One picture on which the published file and the adapter disagree."""

    kind: Literal["only published", "only here", "caption"]
    image: str
    published: str
    here: str


def read_published(file: Path) -> list[tuple[str, str]]:
    """(picture, caption) of the records of a published file, of either form; :class:`UsageError` if it is none."""
    found = []
    try:
        for raw in read_values(file):
            if not isinstance(raw, dict) or not all(isinstance(raw.get(key), str) for key in ("image", "caption")):
                raise UsageError(f"{file}: not a Med-MAT file: a list of records with image and caption is expected")
            found.append((raw["image"], raw["caption"]))
    except RecordError as error:
        raise UsageError(f"{file}: not valid JSON: it {error}") from error
    return found


def compare_published(dataset: Dataset, data: Path, files: list[Path]) -> tuple[int, list[Difference]]:
    """(pictures that agree, differences) between published files and what the adapter reads under ``data``.

    Paths are compared by their part below the data set's folder, captions folded (case, spaces, punctuation).
    """
    tree = open_tree(dataset, data)
    if tree is None:
        raise UsageError(f"no folder {dataset.card.head.folder!r} under {data}")
    labels = dataset.card.labels
    here: dict[str, str] = {}
    for item in dataset.samples(tree, dataset.card):
        if isinstance(item, LabelSample):
            here[fold_path(tree.prefix + str(item.image))] = "; ".join(labels.get(c, c) for c in item.stated)
    published: dict[str, tuple[str, str]] = {}
    folder = fold_path(dataset.card.head.folder)
    for image, caption in (pair for file in files for pair in read_published(file)):
        path = fold_path(image)
        _, found, tail = path.partition(f"/{folder}/")
        published[tail if found else path] = (image, caption)
    same = 0
    differences: list[Difference] = []
    for path, (image, caption) in published.items():
        own = here.get(path)
        if own is None:
            differences.append(Difference("only published", image, caption, ""))
        elif fold(own) != fold(caption):
            differences.append(Difference("caption", image, caption, own))
        else:
            same += 1
    differences.extend(Difference("only here", path, "", here[path]) for path in here if path not in published)
    return same, differences


def fold_path(path: str) -> str:
    """A path for comparison: '/' separators, case folded."""
    return path.replace("\\", "/").casefold()
