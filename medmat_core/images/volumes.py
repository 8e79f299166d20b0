"""NIfTI and NumPy arrays: one two-dimensional picture of a volume."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from medmat_core.errors import MedmatError
from medmat_core.images.faults import VOLUME_LIMIT, PictureError, Role, bad, check_size, contained, need, opened, told
from medmat_core.images.raster import Pixels, top_of
from medmat_core.images.suffixes import NIFTI_SUFFIXES
from medmat_core.model import Slice

_INFLATED: Final = 1040
"""How many bytes one byte of a gzip file can hold at most (deflate: 1032)."""


def volume_shape(path: Path, role: Role = "image") -> tuple[int, ...]:
    """The shape of a volume by its header, once its file is long enough for it.

    Raises :class:`PictureError` (missing, unreadable, cut off, an axis without length) and
    :class:`MissingExtraError` where nibabel is not installed.
    """
    with contained(role, "the volume's header cannot be read"):
        return tuple(map(int, _volume(path, role).shape))


def read_volume(path: Path, slice_: Slice | None, role: Role) -> Pixels:
    """One slice of a NIfTI or NumPy file.

    NIfTI counts (x, y, z): of the two axes that the slice leaves, the first gives the columns and the second the rows,
    so that the picture's width is ``shape[0]`` for a slice along the last axis. NumPy: as it lies there, rows,
    columns, and channels if there are any; one slice reads only itself, and objects are never unpickled.
    """
    try:
        volume = _volume(path, role)
        shape = tuple(map(int, volume.shape))
        nifti = is_nifti(path)
        if not nifti and slice_ is None and len(shape) == 3 and shape[2] in (3, 4):
            check_size(shape[1], shape[0])
            array = np.ascontiguousarray(volume[..., :3])
            return Pixels(array, top_of(array))
        plane = _plane(shape, slice_, role)
        array = np.asarray(volume.dataobj[plane]) if nifti else np.ascontiguousarray(volume[plane])
    except MedmatError:
        raise
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        raise _unreadable(error, role) from error
    if nifti:
        array = _two_dimensional(array, role)
        return Pixels(np.ascontiguousarray(array.T), top_of(array))
    if array.ndim == 3 and array.shape[2] in (3, 4):
        array = np.ascontiguousarray(array[..., :3])
    else:
        array = _two_dimensional(array, role)
    return Pixels(array, top_of(array))


def is_nifti(path: Path) -> bool:
    """Whether a file is a NIfTI by its name."""
    return str(path).lower().endswith(NIFTI_SUFFIXES)


def _volume(path: Path, role: Role) -> Any:
    """The opened volume, nothing of its values read: a NIfTI image or a mapped array."""
    opened(path, role, VOLUME_LIMIT).close()
    if is_nifti(path):
        return _nifti(path, role)
    volume = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(volume, np.ndarray):
        raise bad(role, "an archive of several arrays is not a picture")
    _check_axes(volume.shape, role)
    return volume


def _nifti(path: Path, role: Role) -> Any:
    nibabel = need("nibabel", "nifti", "NIfTI")
    volume = nibabel.load(path)
    shape = tuple(map(int, volume.shape))
    _check_axes(shape, role)
    claimed = int(volume.dataobj.offset) + math.prod(shape) * int(volume.get_data_dtype().itemsize)
    if not _holds(path, claimed):
        raise PictureError("truncated_image", f"the file is too short for the volume of {_shown(shape)} in its header")
    return volume


def _holds(path: Path, claimed: int) -> bool:
    """Whether a file, unpacked if it is packed, is so long. Its first slices could be read if it were cut off behind
    them, and pictures of half a volume would pass for whole ones."""
    size = path.stat().st_size
    if not str(path).lower().endswith(".gz"):
        return size >= claimed
    if size * _INFLATED < claimed:
        return False
    with path.open("rb") as file:
        file.seek(-min(4, size), os.SEEK_END)
        if int.from_bytes(file.read(4), "little") == claimed & 0xFFFFFFFF:  # the length that a whole gzip file ends in
            return True
        file.seek(0)
        left = claimed
        try:  # several packed one behind the other, or more behind the volume
            with gzip.GzipFile(fileobj=file) as unpacked:
                while left > 0 and (block := unpacked.read(min(left, 1 << 20))):
                    left -= len(block)
        except (EOFError, OSError, zlib.error):
            return False
    return left <= 0


def _check_axes(shape: tuple[int, ...], role: Role) -> None:
    if any(length <= 0 for length in shape):
        raise bad(role, f"a volume of {_shown(shape)} holds nothing")


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "no axes"


def _plane(shape: tuple[int, ...], slice_: Slice | None, role: Role) -> tuple[Any, ...]:
    """The index of the slice; its size is checked before anything is read."""
    index: list[Any] = [slice(None)] * len(shape)
    if slice_ is not None:
        if not -len(shape) <= slice_.axis < len(shape):
            raise bad(role, f"the array has {len(shape)} axes, there is no axis {slice_.axis}")
        if not 0 <= slice_.index < shape[slice_.axis]:
            raise bad(role, f"slice {slice_.index} of {shape[slice_.axis]} along axis {slice_.axis}")
        index[slice_.axis] = slice_.index
    left = [n for n, at in zip(shape, index, strict=True) if isinstance(at, slice) and n != 1]
    check_size(int(np.prod(left, dtype=object)) if left else 1, 1)
    return tuple(index)


def _two_dimensional(array: npt.NDArray[Any], role: Role) -> npt.NDArray[Any]:
    """Further axes of length 1 are dropped from the end; any other number of axes is no picture."""
    while array.ndim > 2 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 2 or 0 in array.shape:
        raise bad(role, f"an array of shape {array.shape} is not one picture: name a slice")
    if array.dtype.kind not in "biuf":
        raise bad(role, f"values of type {array.dtype} are no pixels")
    return array


def _unreadable(error: Exception, role: Role) -> PictureError:
    text = told(error)
    if isinstance(error, EOFError) or any(word in text for word in ("end-of-stream", "mmap length", "Expected")):
        return PictureError("truncated_image", text)
    return bad(role, f"cannot be decoded: {text}")
