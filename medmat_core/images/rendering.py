"""8-bit pictures of what no viewer opens: DICOM, NIfTI, NumPy, and pictures of more than 8 bits a channel.

How values become grey levels, first rule that fits:

1. the card's window (center, width), in rescaled units;
2. a DICOM's own value lookup table, else its first window (linear, linear exact or sigmoid);
3. values that are unsigned 8 bits already stay as they are, booleans become 0 and 255;
4. the 1st to 99th percentile of the picture (padding and missing values left out) becomes 0 to 255; where
   these two agree, the minimum to the maximum; a picture of one value is black.

MONOCHROME1 is inverted at the end, so that bone is bright in every X-ray. The picture is as wide as the
stored array has columns and as high as it has rows (for NIfTI: see ``pixels``), so that boxes found in masks
hold in it unchanged. Equal sources give equal bytes.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from medmat_core.fileio import write_bytes
from medmat_core.images.faults import bad, missing
from medmat_core.images.pixels import load
from medmat_core.images.suffixes import DICOM_SUFFIXES, RENDERED_SUFFIXES, VOLUME_SUFFIXES
from medmat_core.model import Slice

Window = tuple[float, float]

_VERSION: Final = 1
"""To be raised with every change of the rules above, so that pictures rendered before are made anew."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


class Header(Protocol):
    """What is known of a picture from its header; ``bits`` counts bits a channel."""

    @property
    def bits(self) -> int: ...


def needs_rendering(path: Path | str, header: Header | None = None) -> bool:
    """Whether the picture has to be rendered. DICOM and volumes are told by their suffix, others by ``header``.

    Opens nothing: without a header only the suffix counts (see :func:`bits_of` for a look into the file).
    """
    if str(path).lower().endswith(RENDERED_SUFFIXES):
        return True
    return header is not None and header.bits > 8


def bits_of(path: Path) -> int:
    """Bits a channel of a picture file by its header (1, 2, 4, 8, 16 ...); 8 where the header does not say.

    Raises :class:`~medmat_core.images.PictureError` if the file is not there or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(400)
            if start[:8] == _SIGNATURE and len(start) > 24:
                return start[24]
            if start[:1] == b"P" and start[1:2] in b"123456":
                from medmat_core.images.raster import pnm_bits

                return pnm_bits(start)
            if start[:4] in (b"II*\0", b"MM\0*"):
                return _tiff_bits(file)
    except FileNotFoundError as error:
        raise missing("image") from error
    except OSError as error:
        raise bad("image", f"cannot be read: {error.strerror or error}") from error
    return 8


def _tiff_bits(file: Any) -> int:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    try:
        file.seek(0)
        directory = ImageFileDirectory_v2(file.read(8))
        file.seek(directory.next)
        directory.load(file)
        bits = directory.get(258, 1)
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    except Exception as error:  # a parser fed with a stranger's bytes may raise anything
        raise bad("image", f"the TIFF's directory cannot be read: {error}") from error


def render(path: Path, slice_: Slice | None, out: Path, window: Window | None = None) -> tuple[int, int]:
    """Write the picture to ``out`` as an 8-bit PNG, grey or RGB; returns its (width, height).

    ``window`` is the card's (center, width). A file at ``out`` that this version made by the same rule, and
    that is not older than ``path``, is left alone. The file appears whole or not at all. Raises
    :class:`~medmat_core.images.PictureError` (``bad_image``, ``truncated_image``, ``image_too_large``,
    ``missing_image``), and :class:`~medmat_core.errors.BuildError` where the disk is full or not writable.
    """
    stamp = _stamp(slice_, window)
    size = _already_there(path, out, stamp)
    if size is not None:
        return size
    shown = shown_pixels(path, slice_, window)
    write_bytes(out, _png(shown, stamp))
    return shown.shape[1], shown.shape[0]


def shown_pixels(path: Path, slice_: Slice | None = None, window: Window | None = None) -> npt.NDArray[np.uint8]:
    """The picture as :func:`render` writes it: uint8, (height, width) or (height, width, 3) in RGB order."""
    if _is_dicom(path):
        return _dicom(path, slice_, window)
    return _to_8_bits(load(path, slice_, "stored", "image").array, window)


def _is_dicom(path: Path) -> bool:
    name = str(path).lower()
    if name.endswith(DICOM_SUFFIXES):
        return True
    if name.endswith(VOLUME_SUFFIXES):
        return False
    try:
        with open(path, "rb") as file:
            start = file.read(132)
    except OSError:
        return False  # said by whoever reads it next
    return start[128:] == b"DICM"


def _dicom(path: Path, slice_: Slice | None, window: Window | None) -> npt.NDArray[np.uint8]:
    from medmat_core.images import dicom

    dataset = dicom.open_dicom(path, "image")
    stored = dicom.stored_frame(dataset, slice_, "image").array
    if stored.ndim == 3:
        return _to_8_bits(stored, window)
    with dicom.tables():
        table = dicom.by_table(dataset, stored) if window is None else None
        values = dicom.rescaled(dataset, stored) if table is None else stored
    if table is not None:
        grey = _scaled(table[0].astype(np.float64), 0, table[1])
    elif window is not None:
        grey = windowed(values, window)
    elif (stated := dicom.file_window(dataset)) is not None:
        grey = windowed(values, stated[:2], stated[2])
    else:
        padding = dicom.padding(dataset)
        grey = _to_8_bits(values, None, leave_out=None if padding is None else stored == padding)
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
        grey = 255 - grey
    return grey


def windowed(values: npt.NDArray[Any], window: Window, function: str = "LINEAR") -> npt.NDArray[np.uint8]:
    """Values through a window, by the formulas of DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    center, width = float(window[0]), float(window[1])
    x = values.astype(np.float64)
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            return _rounded(255 / (1 + np.exp(-4 * (x - center) / width)))
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    if width <= 0:
        return np.where(x > center, 255, 0).astype(np.uint8)
    return _rounded(((x - center) / width + 0.5) * 255)


def _to_8_bits(
    array: npt.NDArray[Any], window: Window | None, leave_out: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.uint8]:
    if array.dtype.kind == "c" or array.dtype.kind not in "biuf":
        raise bad("image", f"values of type {array.dtype} are no picture")
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if window is not None:
        return windowed(array, window)
    if array.dtype == np.uint8:
        return array
    values = array.astype(np.float64)
    counted = np.isfinite(values)
    if leave_out is not None and not leave_out.all():
        counted &= ~leave_out
    wanted = values[counted]
    if not wanted.size:
        return np.zeros(array.shape, np.uint8)
    low, high = np.percentile(wanted, (1, 99))
    if low == high:
        low, high = wanted.min(), wanted.max()
    return _scaled(values, float(low), float(high))


def _scaled(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.uint8]:
    if low == high:
        return np.zeros(values.shape, np.uint8)
    return _rounded((values - low) / (high - low) * 255)


def _rounded(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    levels = np.nan_to_num(levels, nan=0.0, posinf=255.0, neginf=0.0)
    return np.floor(np.clip(levels, 0, 255) + 0.5).astype(np.uint8)


# -- files ----------------------------------------------------------------------------------------------


def _stamp(slice_: Slice | None, window: Window | None) -> bytes:
    """The rule in a text chunk of the PNG: by it a picture made by another rule is told."""
    where = "whole" if slice_ is None else f"slice {slice_.index} axis {slice_.axis}"
    how = "own" if window is None else f"{float(window[0])!r}/{float(window[1])!r}"
    return _chunk(b"tEXt", f"Comment\0medmat rendering {_VERSION}, {where}, window {how}".encode("latin-1"))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(pixels: npt.NDArray[np.uint8], stamp: bytes) -> bytes:
    turned = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., ::-1])
    done, encoded = cv2.imencode(".png", turned, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not done:
        raise bad("image", "the rendered picture cannot be encoded")
    data = encoded.tobytes()
    after_header = len(_SIGNATURE) + 25  # IHDR: length, name, 13 bytes, checksum
    return data[:after_header] + stamp + data[after_header:]


def _already_there(path: Path, out: Path, stamp: bytes) -> tuple[int, int] | None:
    try:
        made, source = out.stat(), path.stat()
        if made.st_mtime_ns < source.st_mtime_ns:
            return None
        with open(out, "rb") as file:
            start = file.read(len(_SIGNATURE) + 25 + len(stamp))
    except OSError:
        return None
    if not start.startswith(_SIGNATURE) or not start.endswith(stamp):
        return None
    width, height = struct.unpack(">II", start[16:24])
    return width, height
