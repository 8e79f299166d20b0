"""Output formats, one module each. A plugin adds one with the hook ``medmat_formats``.

``jsonl`` and ``medmat`` are what a build writes itself; every other is made from the records by ``medmat export``.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def core_formats() -> tuple[Format, ...]:
    """The core's own formats; each is made without a library of its own until it is used."""
    from medmat_core.formats.chat import ChatFormat
    from medmat_core.formats.choices import ChoicesFormat
    from medmat_core.formats.coco import CocoFormat
    from medmat_core.formats.croissant import CroissantFormat
    from medmat_core.formats.evalscope import EvalscopeFormat
    from medmat_core.formats.hf import HfFormat
    from medmat_core.formats.jsonl import JsonlFormat
    from medmat_core.formats.llava import LlavaFormat
    from medmat_core.formats.lmms_eval import LmmsEvalFormat
    from medmat_core.formats.medmat import MedmatFormat
    from medmat_core.formats.sharegpt import SharegptFormat
    from medmat_core.formats.swift import SwiftFormat
    from medmat_core.formats.vlmeval import VlmevalFormat
    from medmat_core.formats.webdataset import WebdatasetFormat

    return (
        MedmatFormat(), JsonlFormat(), LlavaFormat(), SharegptFormat(), SwiftFormat(), ChatFormat(), HfFormat(),
        VlmevalFormat(), LmmsEvalFormat(), EvalscopeFormat(), CocoFormat(), CroissantFormat(), WebdatasetFormat(),
        ChoicesFormat(),
    )  # fmt: skip


def formats() -> Mapping[str, Format]:
    """The core's formats by name."""
    return {format_.name: format_ for format_ in core_formats()}


__all__ = [
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
