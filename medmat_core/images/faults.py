"""What may be wrong with a picture or a mask, and the extras that some formats need."""

from __future__ import annotations

import errno
import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from medmat_core.blame import one_line
from medmat_core.errors import MedmatError
from medmat_core.fileio import open_regular, read_regular
from medmat_core.model import REASONS, Problem

Role = Literal["mask", "image"]
"""What a file is read for: it decides whether a fault is a ``bad_mask`` or a ``bad_image``."""

PIXEL_LIMIT: Final = 200_000_000
"""Pictures with more pixels are refused before anything is decoded."""

BYTE_LIMIT: Final = 1 << 31
"""Files with more bytes are refused unread: 200 megapixels of 10 bytes each, whatever a sparse file claims."""

VOLUME_LIMIT: Final = 1 << 36
"""The same for volumes, of which only a slice is read."""

DETAIL: Final = 300
"""Characters of a library's own message that are told on."""

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
        limit = PIXEL_LIMIT // 1_000_000
        raise PictureError("image_too_large", f"{width} x {height} pixels; the limit is {limit} megapixels")


def bad(role: Role, detail: str) -> PictureError:
    """``bad_mask`` or ``bad_image``, by what the file is read for."""
    return PictureError("bad_mask" if role == "mask" else "bad_image", detail)


def missing(role: Role) -> PictureError:
    """``missing_mask`` or ``missing_image``."""
    if role == "mask":
        return PictureError("missing_mask", "the mask is not there")
    return PictureError("missing_image", "the picture is not there")


def told(error: BaseException) -> str:
    """A library's message as one line of bounded length; its kind where it has none."""
    if isinstance(error, MemoryError):
        return "it asks for more memory than there is"
    return one_line(str(error))[:DETAIL] or type(error).__name__


@contextmanager
def contained(role: Role, doing: str = "cannot be decoded") -> Iterator[None]:
    """Whatever a library raises over one file becomes a :class:`PictureError` about that file.

    Decoders fed with a stranger's bytes may raise anything, want more memory than there is, or recurse too deep.
    """
    try:
        yield
    except MedmatError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise  # an interruption; but a panic of a decoder written in Rust is no Exception either
        raise bad(role, f"{doing}: {told(error)}") from error


def opened(path: Path | str, role: Role, most: int = BYTE_LIMIT) -> BinaryIO:
    """The file open for reading. Raises :class:`PictureError`: missing, no file at all, unreadable, or of more than
    ``most`` bytes."""
    try:
        return open_regular(path, most)
    except OSError as error:
        raise _unopened(error, role) from error


def read_bytes(path: Path | str, role: Role, most: int | None = None) -> bytes:
    """The whole file, of at most :data:`BYTE_LIMIT` bytes unless told otherwise. Raises as :func:`opened` does."""
    with contained(role, "cannot be read"):
        try:
            return read_regular(path, BYTE_LIMIT if most is None else most)
        except OSError as error:
            raise _unopened(error, role) from error


def _unopened(error: OSError, role: Role) -> PictureError:
    if isinstance(error, FileNotFoundError):
        return missing(role)
    if error.errno == errno.EFBIG:
        return PictureError("image_too_large", f"{error.strerror}")
    return bad(role, f"cannot be read: {error.strerror}")


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
