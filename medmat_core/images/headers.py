"""Reading a picture's size from its first bytes, without decoding it.

Opening 50,000 pictures must not cost much more than listing them, so the common formats are parsed here from
one short read; every other format goes through Pillow, DICOM through pydicom.
"""

from __future__ import annotations

import os
import stat
import zlib
from pathlib import Path
from typing import Final

from attrs import frozen

from medmat_core.images.faults import PictureError, check_size, contained, own_limit
from medmat_core.images.jpeg import NO_FRAME, jpeg_frame
from medmat_core.images.strangers import is_dicom, stranger
from medmat_core.images.suffixes import DICOM_SUFFIXES, PILLOW_FORMATS, VOLUME_SUFFIXES

_FIRST: Final = 4096
_MORE: Final = 65536
# without waiting: a named pipe among the pictures would be waited for without end
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_BESIDE: Final = os.open in os.supports_dir_fd


@frozen
class Header:
    """A picture's stored size in pixels, bits a channel, and ``mark``: a 64-bit number equal for equal files
    (length and checksum of the first 4 KiB), by which possible copies are found before they are hashed."""

    width: int
    height: int
    bits: int
    mark: int
    format: str


def read_header(path: str) -> Header:
    """The header of the picture at ``path``.

    Raises :class:`PictureError` with reason missing_image, bad_image or image_too_large.
    """
    return Header(*read_fields(path))


Fields = tuple[int, int, int, int, str]
"""The fields of :class:`Header` as a plain tuple, for the loop over all pictures."""


class HeaderReader:
    """Reads the headers of many pictures below a root, in the order of their folders.

    The folder of the last picture stays open: to open a file beside the last one takes two thirds of the time that
    its whole path takes.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._folder: str | None = None
        self._handle: int | None = None

    def fields(self, image: str) -> Fields:
        """The header of the picture at this path below the root; raises as :func:`read_header` does."""
        folder, _, name = image.rpartition("/")
        if folder != self._folder:
            self._enter(folder)
        return read_fields(f"{self._root}/{image}", name, self._handle)

    def close(self) -> None:
        """Close the folder."""
        if self._handle is not None:
            os.close(self._handle)
        self._folder = self._handle = None

    def _enter(self, folder: str) -> None:
        self.close()
        if _BESIDE:
            try:
                self._handle = os.open(f"{self._root}/{folder}", os.O_RDONLY)
            except OSError:
                return  # what is wrong shows when the picture is opened by its path
        self._folder = folder


def read_fields(path: str, name: str = "", folder: int | None = None) -> Fields:
    """The header of the picture at ``path``, which lies under ``name`` in an open ``folder``, where one is given."""
    try:
        handle = os.open(path if folder is None else name, _FLAGS, dir_fd=folder)
    except FileNotFoundError:
        raise PictureError("missing_image", "the picture is not there") from None
    except OSError as error:
        raise PictureError("bad_image", f"cannot be opened: {error.strerror}") from None
    except ValueError:  # a NUL in the name
        raise PictureError("bad_image", "no file can have this name") from None
    try:
        head = os.read(handle, _FIRST)
        size = os.lseek(handle, 0, os.SEEK_END)  # a third of what fstat takes
        mark = (size << 32 | zlib.crc32(head)) & 0xFFFFFFFFFFFFFFFF
        if head[:3] == b"\xff\xd8\xff":
            frame = jpeg_frame(head, lambda offset: _read_at(handle, offset))
            if frame is None:
                raise PictureError("bad_image", NO_FRAME)
            (width, height, bits), kind = frame, "jpeg"
        elif head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and len(head) > 28:
            width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
            bits, kind = head[24], "png"
        elif head[:2] == b"BM" and len(head) >= 30 and int.from_bytes(head[14:18], "little") >= 40:
            width = int.from_bytes(head[18:22], "little", signed=True)
            height = abs(int.from_bytes(head[22:26], "little", signed=True))
            bits, kind = 8, "bmp"
        else:
            width, height, bits, kind = _other(path, head, handle)
    except OSError as error:
        raise PictureError("bad_image", f"cannot be read: {error.strerror or error}") from None
    finally:
        os.close(handle)
    if width <= 0 or height <= 0:
        raise PictureError("bad_image", f"the header gives a size of {width} x {height}")
    check_size(width, height)
    return width, height, bits, mark, kind


def _read_at(handle: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(handle, _MORE, offset)
    os.lseek(handle, offset, os.SEEK_SET)
    return os.read(handle, _MORE)


def _other(path: str, head: bytes, handle: int) -> tuple[int, int, int, str]:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise PictureError("bad_image", "it is a pipe or a device, not a file")
    if not head:
        raise PictureError("bad_image", "the file is empty")
    name = path.lower()
    if is_dicom(head) or name.endswith(DICOM_SUFFIXES):
        from medmat_core.images.dicom import dicom_size

        return *dicom_size(Path(path), "image"), "dicom"
    if name.endswith(VOLUME_SUFFIXES):
        raise PictureError("bad_image", "a volume is not a picture; one of its slices is")
    what = stranger(head)
    if what is not None:
        raise PictureError("bad_image", what)
    with contained("image", "the header cannot be read"):
        return _by_pillow(path)


def _by_pillow(path: str) -> tuple[int, int, int, str]:
    from PIL import Image, UnidentifiedImageError

    try:
        with own_limit():
            picture = Image.open(path, formats=PILLOW_FORMATS)
    except UnidentifiedImageError:
        raise PictureError("bad_image", "not a picture of a known format") from None
    with picture:
        bits = 16 if picture.mode.startswith(("I", "F")) else 8
        width, height = picture.size
        if picture.format == "TIFF":  # Pillow turns a TIFF by its orientation and cuts colour to 8 bits
            tags = picture.tag_v2  # type: ignore[attr-defined]
            width, height = int(tags[256]), int(tags[257])
            bits = max(bits, *tags[258]) if 258 in tags and picture.mode != "1" else bits
        return width, height, bits, (picture.format or "").lower()
