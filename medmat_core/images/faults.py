"""What may be wrong with a picture or a mask, and the extras that some formats need."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

from medmat_core.errors import MedmatError
from medmat_core.model import REASONS, Problem

Role = Literal["mask", "image"]
"""What a file is read for: it decides whether a fault is a ``bad_mask`` or a ``bad_image``."""

PIXEL_LIMIT: Final = 200_000_000
"""Pictures with more pixels are refused before anything is decoded."""

_lock = threading.Lock()


class PictureError(MedmatError):
    """A picture or mask that cannot be used. ``reason`` is from the fixed list of :data:`medmat_core.model.REASONS`,
    ``detail`` says what is wrong with this file."""

    exit_code = 1

    def __init__(self, reason: str, detail: str) -> None:
        if reason not in REASONS:
            raise ValueError(f"reason {reason!r} is not in the fixed list")
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"

    def problem(self, file: str, row: int | None = None) -> Problem:
        """The same as a line of problems.jsonl."""
        return Problem(self.reason, file, self.detail, row)


class MissingExtraError(MedmatError, ImportError):
    """A format needs a library that is not installed; the message names the extra that brings it."""


def need(module: str, extra: str, what: str) -> Any:
    """The library ``module``, imported when it is first needed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{what} needs {module.partition('.')[0]}, which is not installed: pip install 'medmat-core[{extra}]'"
        ) from error


def check_size(width: int, height: int) -> None:
    """Refuse a picture by its stated size. Raises :class:`PictureError` (``image_too_large``)."""
    if width * height > PIXEL_LIMIT:
        raise PictureError(
            "image_too_large", f"{width} x {height} pixels; the limit is {PIXEL_LIMIT // 1_000_000} megapixels"
        )


def bad(role: Role, detail: str) -> PictureError:
    """``bad_mask`` or ``bad_image``, by what the file is read for."""
    return PictureError("bad_mask" if role == "mask" else "bad_image", detail)


def missing(role: Role) -> PictureError:
    """``missing_mask`` or ``missing_image``."""
    return PictureError(
        "missing_mask" if role == "mask" else "missing_image",
        "the mask is not there" if role == "mask" else "the picture is not there",
    )


@contextmanager
def own_limit() -> Iterator[None]:
    """Pillow's own size limit lies below ours and is global: it is set aside while one of its readers runs."""
    from PIL import Image

    with _lock:
        theirs = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = theirs
