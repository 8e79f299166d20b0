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

import os
import re
import struct
import zlib
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from attrs import frozen

from medmat_core.images.faults import VOLUME_LIMIT, bad, contained, opened
from medmat_core.images.pixels import load
from medmat_core.images.strangers import starts_like_dicom
from medmat_core.images.suffixes import DICOM_SUFFIXES, VOLUME_SUFFIXES
from medmat_core.model import ImageRef, Slice, file_of

Window = tuple[float, float]

_VERSION: Final = 2
"""To be raised with every change of the rules above, so that pictures rendered before are made anew."""

_DECODERS: Final = ("pyjpegls", "pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle", "python-gdcm")

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_AFTER_HEADER: Final = len(_SIGNATURE) + 25
"""Where the chunk behind IHDR (length, name, 13 bytes, checksum) begins."""

_COMMENT: Final = b"Comment\0medmat "

_LONGEST: Final = 225
"""Bytes of a name: 255 on most disks, less what a temporary name adds."""

_KEPT: Final = 180
_CUT: Final = re.compile(r"~[0-9a-f]{16}((\.\d+-\d{4,})?\.png)?$")
_SLICE: Final = re.compile(r"(.+)\.(\d+)-(\d{4,})", re.DOTALL)


@frozen
class Rendered:
    """An 8-bit PNG, grey or RGB, and its size in pixels."""

    png: bytes
    width: int
    height: int


def rendered(path: Path, slice_: Slice | None = None, window: Window | None = None, source: str = "") -> Rendered:
    """The picture as an 8-bit PNG, the same bytes for the same source bytes and rule.

    ``window`` is the card's (center, width). ``source`` is the SHA-256 of the file's bytes, worked out here where it is
    not given (give it for the slices of one volume). The PNG carries its :func:`tie`. Raises
    :class:`~medmat_core.images.PictureError` (``bad_image``, ``truncated_image``, ``image_too_large``,
    ``missing_image``).
    """
    with contained("image", "cannot be rendered"):
        shown = shown_pixels(path, slice_, window)
        stamp = _stamp(tie(source or source_digest(path), slice_, window))
        return Rendered(_png(shown, stamp), shown.shape[1], shown.shape[0])


def rule_digest(slice_: Slice | None = None, window: Window | None = None) -> str:
    """SHA-256 over all that a rendered picture hangs on but its source: the rules above by their version, slice,
    window, and the versions of the libraries that decode and encode."""
    where = "whole" if slice_ is None else f"slice {slice_.index} axis {slice_.axis}"
    how = "own" if window is None else f"{float(window[0])!r}/{float(window[1])!r}"
    return sha256("\0".join((f"rule {_VERSION}", where, how, *library_versions())).encode()).hexdigest()


def tie(source: str, slice_: Slice | None = None, window: Window | None = None) -> str:
    """What a rendered picture is made of, as one SHA-256: ``source``, the one of the file's bytes, and the rule."""
    return sha256(f"{source}\0{rule_digest(slice_, window)}".encode()).hexdigest()


@cache
def library_versions() -> tuple[str, ...]:
    """``name version`` of every installed library that rendered pixels hang on, sorted."""
    found = []
    for name in ("nibabel", "numpy", "opencv-python-headless", "pillow", "pydicom", *_DECODERS):
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return tuple(sorted(found))


def source_digest(path: Path) -> str:
    """The SHA-256 of a picture file's bytes as hex. Raises :class:`~medmat_core.images.PictureError`."""
    digest = sha256()
    with contained("image", "cannot be read"), opened(path, "image", VOLUME_LIMIT) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def rendered_name(image: ImageRef) -> str:
    """The name of the PNG of a picture, below the data set's folder of rendered ones; no two pictures share one.

    ``a/b.dcm`` -> ``a/b.dcm.png``, slice 3 along axis 2 of ``v.nii.gz`` -> ``v.nii.gz.2-0003.png``. A name that would
    be too long for a file, or that looks like a slice's, is cut and ends in a hash of the whole.
    """
    folder, slash, name = file_of(image).rpartition("/")
    tail = f".{image.axis}-{image.index:04d}.png" if isinstance(image, Slice) else ".png"
    plain = isinstance(image, Slice) or not _SLICE.fullmatch(name)
    folders = "/".join(_short(part, "") for part in folder.split("/"))
    return folders + slash + _short(name, tail, plain=plain)


def source_of(name: str) -> ImageRef | None:
    """The picture that :func:`rendered_name` calls so; None where the name was cut and does not tell."""
    whole = name.removesuffix(".png")
    if whole == name or any(_CUT.search(part) for part in name.split("/")):
        return None
    match = _SLICE.fullmatch(whole)
    return Slice(match[1], int(match[3]), int(match[2])) if match else whole


def _short(part: str, tail: str, *, plain: bool = True) -> str:
    raw = os.fsencode(part)
    if plain and len(raw) + len(tail) <= _LONGEST and not _CUT.search(part + tail):
        return part + tail
    start = raw[:_KEPT].decode("utf-8", "ignore")
    return f"{start}~{sha256(raw).hexdigest()[:16]}{tail}"


def shown_pixels(path: Path, slice_: Slice | None = None, window: Window | None = None) -> npt.NDArray[np.uint8]:
    """The picture as :func:`rendered` encodes it: uint8, (height, width) or (height, width, 3) in RGB order."""
    if _is_dicom(path):
        return _dicom(path, slice_, window)
    return _to_8_bits(load(path, slice_, "stored", "image").array, window)


def _is_dicom(path: Path) -> bool:
    name = str(path).lower()
    if name.endswith(DICOM_SUFFIXES):
        return True
    if name.endswith(VOLUME_SUFFIXES):
        return False
    return starts_like_dicom(path)


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


def _stamp(text: str) -> bytes:
    return _chunk(b"tEXt", _COMMENT + text.encode("latin-1"))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(pixels: npt.NDArray[np.uint8], stamp: bytes) -> bytes:
    turned = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., ::-1])
    done, encoded = cv2.imencode(".png", turned, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not done:
        raise bad("image", "the rendered picture cannot be encoded")
    data = bytes(encoded.tobytes())
    return data[:_AFTER_HEADER] + stamp + data[_AFTER_HEADER:]
