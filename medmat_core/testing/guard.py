"""Makes sure that an adapter opens no picture: decoding belongs in the workers of a build."""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from unittest import mock

from medmat_core.tree import IMAGE_SUFFIXES

_HEADERS_ALLOWED: Final = frozenset({".dcm", ".dicom"})
"""Of these the header may be read (a patient's id stands there); their pixels may not."""


class PictureOpened(Exception):  # noqa: N818 - reads as a statement in a traceback
    """Raised inside an adapter that opens a picture."""


@contextmanager
def pictures_closed() -> Iterator[list[str]]:
    """While this lasts, opening a picture raises :class:`PictureOpened`; yields the list of those that were tried.

    The list tells of an adapter that swallows the exception. Label files and the headers of DICOM files and volumes
    can be read.
    """
    tried: list[str] = []

    def refuse(name: str) -> None:
        tried.append(name)
        raise PictureOpened(f"{name}: opened by the adapter")

    def closed(real: Callable[..., Any]) -> Callable[..., Any]:
        def opener(file: Any, *args: Any, **kwargs: Any) -> Any:
            name = _name(file)
            if name and _suffix(name) in IMAGE_SUFFIXES - _HEADERS_ALLOWED:
                refuse(name)
            return real(file, *args, **kwargs)

        return opener

    def pixels(dataset: Any, *_: Any, **__: Any) -> Any:
        return refuse(str(getattr(dataset, "filename", "a DICOM file")))

    def reader(real: Callable[..., Any]) -> Callable[..., Any]:
        def opener(file: Any, *args: Any, **kwargs: Any) -> Any:
            if _name(file):
                refuse(_name(file))
            return real(file, *args, **kwargs)

        return opener

    with ExitStack() as patches:
        files: tuple[ModuleType, ...] = (builtins, io, os)
        for module in files:
            patches.enter_context(mock.patch.object(module, "open", closed(module.open)))
        for library, name in (("cv2", "imread"), ("PIL.Image", "open")):
            if (loaded := sys.modules.get(library)) is not None:
                patches.enter_context(mock.patch.object(loaded, name, reader(getattr(loaded, name))))
        if (pydicom := sys.modules.get("pydicom")) is not None:
            patches.enter_context(mock.patch.object(pydicom.Dataset, "pixel_array", property(pixels)))
        yield tried


def _name(file: Any) -> str:
    return os.fsdecode(file) if isinstance(file, str | bytes | os.PathLike) else ""


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()
