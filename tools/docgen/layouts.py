"""The page of layouts: what each reads, its fields, and a tiny data set that is laid out so."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from medmat_core.layouts import KINDS, layout_class
from medmat_core.layouts.base import InParts, Layout, SplitRule
from medmat_core.layouts.boxes import _AFile as BoxFiles
from medmat_core.layouts.rows import OfRows
from medmat_core.readers.groups import Group

from .markdown import code, docstring, fenced, page

_SHARED = (
    (Layout, "All layouts"),
    (Group, "group"),
    (SplitRule, "split"),
    (InParts, "parts"),
    (OfRows, "Tables"),
    (BoxFiles, "Files of boxes"),
)

_WORDS = """\
Where the files of a download stand that tell of classes, parts and boxes:

| in the download | on the card |
|---|---|
| classes in `data.yaml`, `obj.names` or `classes.txt` | `names` of `yolo` in that order; a caption each in `[labels]` |
| pictures in `ImageSets/Main/train.txt` | `split = {lists = {train = "Main/train.txt", test = "Main/test.txt"}}` |
| folders of parts: `train`, `valid`, `Testset` | `split = {folder = true}`; in it `names = {Testset = "test"}` |
| corners from 0 to 1 in a table of boxes | `relative = true` of `box-table`; `yolo` always, `voc` and `coco` never |

A class is called by its caption everywhere but in `[labels]`, which gives each code its caption: whoever renames one
renames it in `[counts.classes]`, `[classes]` and the example, too."""


def pages() -> Iterator[tuple[str, str]]:
    """(path below docs/, text) of the one page."""
    yield "reference/layouts.md", page(*_parts(), note="from the classes in medmat_core/layouts")


def _parts() -> Iterator[str]:
    yield "# Layouts"
    yield (
        "A card's table `[layout]` says how its data set lies on disk; a data set that one of these layouts reads\n"
        "needs no code. `medmat new-plugin NAME --from FOLDER` proposes the table. What no layout reads is read by\n"
        "an adapter: a function that calls [readers](readers.md)."
    )
    yield _WORDS
    for shape, title in _SHARED:
        yield f"## {title}"
        yield docstring(shape)
    shared = {field.name for field in attrs.fields(Layout)}
    for kind in KINDS:
        shape = layout_class(kind)
        own = [field.name for field in attrs.fields(shape) if field.name not in shared]
        yield f"## {kind}"
        yield f"{shape.about[0].upper()}{shape.about[1:]}. Fields: {', '.join(map(code, own))}."
        yield docstring(shape)
        yield fenced(shape.example.strip(), "toml")
