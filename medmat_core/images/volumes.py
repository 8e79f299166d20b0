"""NIfTI and NumPy arrays: one two-dimensional picture of a volume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medmat_core.images.faults import PictureError, Role, bad, check_size, missing, need
from medmat_core.images.raster import Pixels, top_of
from medmat_core.model import Slice


def read_nifti(path: Path, slice_: Slice | None, role: Role) -> Pixels:
    """One slice of a NIfTI file, turned so that the first remaining axis runs to the right.

    NIfTI counts (x, y, z): of the two axes that the slice leaves, the first gives the columns and the
    second the rows, so that the picture's width is ``shape[0]`` for a slice along the last axis.
    """
    nibabel = need("nibabel", "nifti", "NIfTI")
    try:
        volume = nibabel.load(path)
        plane = _plane(tuple(int(n) for n in volume.shape), slice_, role)
        array = np.asarray(volume.dataobj[plane])
    except (PictureError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise missing(role) from error
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        raise _unreadable(error, role) from error
    array = _two_dimensional(array, role)
    return Pixels(np.ascontiguousarray(array.T), top_of(array))


def read_numpy(path: Path, slice_: Slice | None, role: Role) -> Pixels:
    """One slice of a .npy file as it lies there: rows, columns, and channels if there are any.

    Objects are never unpickled; the file is mapped, so that one slice of a large volume reads only itself.
    """
    try:
        volume = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(volume, np.ndarray):
            raise bad(role, "an archive of several arrays is not a picture")
        if slice_ is None and volume.ndim == 3 and volume.shape[2] in (3, 4):
            check_size(volume.shape[1], volume.shape[0])
            array = np.ascontiguousarray(volume[..., :3])
            return Pixels(array, top_of(array))
        array = np.ascontiguousarray(volume[_plane(volume.shape, slice_, role)])
    except (PictureError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise missing(role) from error
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        raise _unreadable(error, role) from error
    if array.ndim == 3 and array.shape[2] in (3, 4):
        array = np.ascontiguousarray(array[..., :3])
    else:
        array = _two_dimensional(array, role)
    return Pixels(array, top_of(array))


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
    text = str(error) or type(error).__name__
    if isinstance(error, EOFError) or any(word in text for word in ("end-of-stream", "mmap length", "Expected")):
        return PictureError("truncated_image", text)
    return bad(role, f"cannot be decoded: {text}")
