"""A data set: its card and its adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from attrs import field, frozen

from medmat_core.card import Card
from medmat_core.errors import UsageError
from medmat_core.folders import open_tree
from medmat_core.model import Problem, Sample
from medmat_core.tree import Tree

Adapter = Callable[[Tree, Card], Iterable[Sample | Problem]]
"""Reads a data set as it lies on disk. Opens label files, never pictures; yields samples and problems."""


@frozen
class Source:
    """Where a data set comes from: entry point name, distribution and version."""

    name: str = ""
    dist: str = ""
    version: str = ""


@frozen(eq=False)
class Dataset:
    """A card and the adapter that reads what it describes; the adapter may be the card's own layout.

    ``module`` is the plugin's name, by which it is found again (:func:`medmat_core.plugins.plugin_called`).
    """

    card: Card
    samples: Adapter
    module: str = ""
    source: Source = field(default=Source())

    @classmethod
    def beside(cls, module_file: str, samples: Adapter) -> Dataset:
        """The data set whose card lies beside its module: ``mias.toml`` beside ``mias.py``.

        Call it as ``Dataset.beside(__file__, samples)``.
        """
        path = Path(module_file).with_suffix(".toml")
        return cls(Card.load(path), samples, module=samples.__module__)

    @classmethod
    def of_card(cls, path: Path, module: str = "") -> Dataset:
        """The data set that its card alone describes: the card's ``[layout]`` reads it.

        ``module`` is the name by which the plugin registers it. :class:`CardError` where there is no layout, or a
        wrong one.
        """
        from medmat_core.layouts import layout_of

        card = Card.load(path)
        return cls(card, layout_of(card).samples, module=module)

    @property
    def is_card_alone(self) -> bool:
        """Whether the card's own layout reads the data set, and no module does."""
        from medmat_core.layouts.base import Layout

        return isinstance(getattr(self.samples, "__self__", None), Layout)

    def tree(self, data: Path | str) -> Tree:
        """The data set's files below the data folder, for ``samples(tree, card)``; :class:`UsageError` where its folder
        does not lie there."""
        found = open_tree(self.card.head, Path(data))
        if found is None:
            raise UsageError(
                f"{self}: no folder {self.card.folder!r} under {data}; `medmat show {self.slug}` tells what is expected"
            )
        return found

    def read(self, data: Path | str) -> Iterator[Sample | Problem]:
        """What the adapter finds below the data folder, for code of your own: samples and problems, in its order.

        Paths in samples start at ``tree(data).root``; no picture is opened.
        """
        tree = self.tree(data)
        for item in self.samples(tree, self.card):
            yield from tree.problems
            tree.problems.clear()
            yield item
        yield from tree.problems

    @property
    def slug(self) -> str:
        return self.card.head.slug

    @property
    def no(self) -> int | None:
        return self.card.head.no

    @property
    def number(self) -> str:
        """The row number as text, or the slug where there is none."""
        return self.slug if self.no is None else str(self.no)

    @property
    def file_stem(self) -> str:
        """How files name the data set: ``02``, or the slug of a third party's."""
        return self.slug if self.no is None else f"{self.no:02d}"

    def __str__(self) -> str:
        return self.slug if self.no is None else f"{self.no} {self.slug}"
