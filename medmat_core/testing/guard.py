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
from typing import Any
from unittest import mock

from medmat_core.images.suffixes import IMAGE_SUFFIXES


class PictureOpened(Exception):  # noqa: N818 - reads as a statement in a traceback
    """Raised inside an adapter that opens a picture."""


@contextmanager
def pictures_closed() -> Iterator[list[str]]:
    """While this lasts, opening a picture raises :class:`PictureOpened`; yields the list of those that were tried.

    The list tells of an adapter that swallows the exception. Label files and the headers of volumes can be read; a
    group that stands in a DICOM file is named as ``dicom:PatientID`` and looked up by the build.
    """
    tried: list[str] = []

    def refuse(name: str) -> None:
        tried.append(name)
        raise PictureOpened(f"{name}: opened by the adapter")

    def closed(real: Callable[..., Any]) -> Callable[..., Any]:
        def opener(file: Any, *args: Any, **kwargs: Any) -> Any:
            name = _name(file)
            if name and _suffix(name) in IMAGE_SUFFIXES:
                refuse(name)
            return real(file, *args, **kwargs)

        return opener

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
        yield tried


def _name(file: Any) -> str:
    return os.fsdecode(file) if isinstance(file, str | bytes | os.PathLike) else ""


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()
