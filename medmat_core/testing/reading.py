"""An adapter run over a tree, and what can be said of the result."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from medmat_core.card import Card
from medmat_core.catalog import Catalog, load_catalog
from medmat_core.dataset import Dataset
from medmat_core.model import (
    BoxSample,
    ColorMask,
    ImageRef,
    IndexMask,
    LabelSample,
    MaskSample,
    Problem,
    Sample,
    Slice,
    file_of,
)
from medmat_core.samples import placed
from medmat_core.testing.guard import PictureOpened, pictures_closed
from medmat_core.tree import Tree

QUIET: Final = frozenset({"unlabelled", "left_out"})
"""Notes that an adapter may make of a tree in which nothing is wrong."""


@frozen(eq=False, slots=False)
class Reading:
    """What an adapter made of one tree.

    ``prefix`` is the path from the data set's folder to its root ("" or with a trailing "/"); paths of samples are
    relative to the root, all other paths here to the folder. ``crash`` is the adapter's error with the line that
    raised it, ``opened_pictures`` what it tried to open. ``decoders`` are the plugins' own for masks.
    """

    root: Path
    prefix: str
    samples: tuple[Sample, ...]
    strangers: tuple[object, ...]
    problems: tuple[Problem, ...]
    opened: frozenset[str]
    opened_pictures: tuple[str, ...] = ()
    crash: str = ""
    decoders: tuple[Callable[..., Any], ...] = ()

    @cached_property
    def by_image(self) -> Mapping[str, Sample]:
        """Samples by their picture's path below the folder; of one yielded twice the last."""
        return {self.full(sample.image): sample for sample in self.samples}

    @property
    def refused(self) -> tuple[Problem, ...]:
        """The problems that are no notes."""
        return tuple(problem for problem in self.problems if problem.level == "refused")

    def full(self, image: ImageRef) -> str:
        """A picture's path below the data set's folder ("path#0003" for a slice)."""
        return self.prefix + str(image)

    def file(self, sample: Sample) -> str:
        """The file of a sample's picture, below the data set's folder."""
        return self.prefix + file_of(sample.image)

    @cached_property
    def used(self) -> frozenset[str]:
        """Every file below the folder that the adapter made something of."""
        used = {self.prefix + path for path in self.opened}
        for sample in self.samples:
            used.add(self.file(sample))
            if isinstance(sample, MaskSample):
                used |= {self.prefix + path for path in mask_files(sample)}
        return frozenset(used)


def read(dataset: Dataset, card: Card, base: Path) -> Reading:
    """Run the adapter over the tree at ``base``, never failing: a crash is part of the result."""
    tree = Tree(base, card.markers)
    samples: list[Sample] = []
    strangers: list[object] = []
    problems: list[Problem] = []
    crash = ""
    with pictures_closed() as tried:
        try:
            items: Iterable[object] = dataset.samples(tree, card)
            for item in items:
                if isinstance(item, LabelSample | MaskSample | BoxSample):
                    samples.append(item)
                elif isinstance(item, Problem):
                    problems.append(item)
                else:
                    strangers.append(item)
        except PictureOpened:
            pass
        except Exception as error:
            crash = f"{type(error).__name__}: {error}{_raised_at()}"
    opened = tuple(os.path.relpath(name, base) if Path(name).is_absolute() else name for name in tried)
    return Reading(
        tree.root, tree.prefix, tuple(samples), tuple(strangers), (*problems, *tree.problems),
        frozenset(tree.opened), opened, crash, (alone(dataset).decoder(),),
    )  # fmt: skip


def alone(dataset: Dataset) -> Catalog:
    """A catalog that holds this data set only, with the hooks of its own module or of everything installed."""
    catalog = _installed()
    module = sys.modules.get(dataset.module)
    if module is not None and hasattr(module, "medmat_datasets") and dataset.module not in catalog.modules:
        catalog = load_catalog(plugins=[module])  # a source checkout, not installed
    return catalog.only(dataset)


def siblings(dataset: Dataset) -> list[Dataset]:
    """The installed data sets that lie in the same folder."""
    same_folder = _installed().select(where=lambda head: head.folder == dataset.card.folder)
    return [other for other in same_folder if other.slug != dataset.slug]


@lru_cache(maxsize=1)
def _installed() -> Catalog:
    return load_catalog()


def _raised_at() -> str:
    frames = traceback.extract_tb(sys.exc_info()[2])
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


def codes_of(sample: Sample) -> tuple[str, ...]:
    """Every class code that a sample holds."""
    if isinstance(sample, LabelSample):
        return (*sample.stated, *sample.uncertain, *sample.absent)
    if isinstance(sample, BoxSample):
        return tuple(box.code for box in sample.boxes)
    codes: list[str] = []
    for mask in sample.masks:
        if isinstance(mask, IndexMask | ColorMask):
            # an empty code names a color that is no class: unknown, outside, black
            codes.extend(code for _, code in mask.codes if code)
        elif isinstance(code := getattr(mask, "code", None), str):
            codes.append(code)
    return tuple(codes)


def mask_files(sample: MaskSample) -> list[str]:
    """Paths of the mask files of a sample, below the root: of whatever mask has a ``path``, a plugin's own included."""
    paths = (getattr(mask, "path", None) for mask in sample.masks)
    return [file_of(path) for path in paths if isinstance(path, str | Slice)]


@frozen
class Style:
    """A way to unzip: without ``outer``, with ``wrap`` around everything."""

    name: str
    outer: str = ""
    wrap: str = ""

    def place(self, path: str) -> str:
        """Where a path of the literal tree lies."""
        return placed(path, self.outer, self.wrap)


LITERAL = Style("as the archives unpack")


def styles(card: Card) -> list[Style]:
    """The ways in which people unzip a data set's archives: the literal one first."""
    parts = card.outer.strip("/").split("/") if card.outer else []
    stripped = [
        Style(f"without the outer folder {'/'.join(parts[:depth])}", "/".join(parts[:depth]))
        for depth in range(1, len(parts) + 1)
    ]
    return [
        LITERAL,
        *stripped,
        Style("inside a folder of the archive's name", wrap="archive"),
        *([Style("without the outer folder, inside another", card.outer, "archive")] if parts else []),
    ]


@frozen(eq=False)
class Files:
    """The files of an example tree, drawn once: path in the literal layout -> content."""

    content: Mapping[str, bytes] = field()

    def write(self, base: Path, style: Style = LITERAL) -> Path:
        """Write the tree below ``base`` in a style and return ``base``."""
        for path, content in self.content.items():
            target = base / style.place(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return base
