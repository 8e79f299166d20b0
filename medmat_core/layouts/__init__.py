"""Layouts: the ways in which data sets lie on disk, as data. A card's ``[layout]`` names one and fills in its fields.

Each layout is a class: its fields are what data sets differ in, ``samples(tree, card)`` reads one, and ``example`` is
the card of a tiny data set that is laid out so. A layout calls readers and knows no file format itself. How to guess a
layout from a folder stands in :mod:`medmat_core.layouts.guess`, in a module of the same name as the layout's own, which
nothing but ``medmat new-plugin`` imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from medmat_core.errors import CardError

if TYPE_CHECKING:
    from medmat_core.card import Card
    from medmat_core.layouts.base import Layout

KINDS: Final[Mapping[str, str]] = {
    "class-folders": "folders.ClassFolders",
    "file-names": "folders.FileNames",
    "table": "tables.Table",
    "one-hot": "tables.OneHot",
    "box-table": "tables.BoxTable",
    "masks": "masks.Masks",
    "voc": "boxes.Voc",
    "yolo": "boxes.Yolo",
    "coco": "boxes.Coco",
}
"""The kinds of layouts, each with the class that reads it, which is imported when a card names it. The module's name is
that of what guesses it, too."""


def layout_class(kind: str) -> type[Layout]:
    """The class of a kind of layout."""
    module, _, name = KINDS[kind].partition(".")
    found: type[Layout] = getattr(import_module(f"medmat_core.layouts.{module}"), name)
    return found


def layout_from(raw: Mapping[str, Any], path: Path) -> Layout:
    """The layout that a table says; ``path`` is the file that it stands in.

    Raises :class:`CardError`, which names file and field, for a kind that there is not and for any field that is wrong.
    """
    from medmat_core._structure import structure

    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        from difflib import get_close_matches

        near = get_close_matches(str(kind), KINDS, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near and kind is not None else f"; there are {', '.join(KINDS)}"
        what = "it is missing and has to be given" if kind is None else f"there is no layout {kind!r}"
        raise CardError(f"{path}: layout.kind: {what}{hint}")
    return structure(raw, layout_class(kind), path, "layout")


def layout_of(card: Card) -> Layout:
    """The layout that a card says, held against its labels; :class:`CardError` where it says none or a wrong one."""
    if not card.layout:
        raise CardError(
            f"{card.path}: layout: it is missing and has to be given, for no module of this name reads the data set; "
            f"the kinds are {', '.join(KINDS)}"
        )
    layout = layout_from(card.layout, card.path)
    for where, code in layout.codes():
        if code not in card.labels:
            raise CardError(f"{card.path}: layout.{where}: {code!r} is not a code of [labels]")
    return layout
