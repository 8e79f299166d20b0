"""Output formats, one module each. A plugin adds one with the hook ``medmat_formats``.

``jsonl`` and ``medmat`` are what a build writes itself; every other is made from the records by ``medmat export``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from medmat_core.formats.lines import ArrayFormat, LineFormat
from medmat_core.formats.protocol import (
    BaseFormat,
    Encoder,
    Facts,
    Folder,
    Format,
    Item,
    NewFile,
    Picture,
    Place,
    Told,
    Written,
)

KINDS: Final[Mapping[str, str]] = {
    "medmat": "medmat.MedmatFormat",
    "jsonl": "jsonl.JsonlFormat",
    "llava": "llava.LlavaFormat",
    "sharegpt": "sharegpt.SharegptFormat",
    "swift": "swift.SwiftFormat",
    "chat": "chat.ChatFormat",
    "hf": "hf.HfFormat",
    "vlmeval": "vlmeval.VlmevalFormat",
    "lmms-eval": "lmms_eval.LmmsEvalFormat",
    "evalscope": "evalscope.EvalscopeFormat",
    "coco": "coco.CocoFormat",
    "croissant": "croissant.CroissantFormat",
    "webdataset": "webdataset.WebdatasetFormat",
    "medmat-choices": "choices.ChoicesFormat",
}
"""The core's own formats, each with the class that writes it, which is imported when formats are asked for."""


def core_formats() -> tuple[Format, ...]:
    """The core's own formats; each is made without a library of its own until it is used."""
    made: list[Format] = []
    for home in KINDS.values():
        module, _, name = home.partition(".")
        made.append(getattr(import_module(f"{__name__}.{module}"), name)())
    return tuple(made)


def formats() -> Mapping[str, Format]:
    """The core's formats by name."""
    return {format_.name: format_ for format_ in core_formats()}


__all__ = [
    "KINDS",
    "ArrayFormat",
    "BaseFormat",
    "Encoder",
    "Facts",
    "Folder",
    "Format",
    "Item",
    "LineFormat",
    "NewFile",
    "Picture",
    "Place",
    "Told",
    "Written",
    "core_formats",
    "formats",
]
