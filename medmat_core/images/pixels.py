"""Files to pixels: any picture, mask or volume file that the data sets use.

Pixels are those that the file stores: EXIF orientation is ignored, nothing is stretched or inverted. The
format is told by the file's first bytes, volumes by their suffix. A picture of more than 200 megapixels is
refused by its header. Every fault is a :class:`~medmat_core.images.PictureError` whose reason is from the fixed list.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medmat_core.images.faults import Role, bad, contained, read_bytes
from medmat_core.images.raster import Kind, Pixels, alpha_differs, decode_picture, one_channel
from medmat_core.images.strangers import is_dicom
from medmat_core.images.suffixes import DICOM_SUFFIXES, VOLUME_SUFFIXES
from medmat_core.model import Slice


def load_array(path: Path | str, slice_: Slice | None = None, *, role: Role = "mask") -> npt.NDArray[Any]:
    """The stored pixels of a file, shape (height, width) or (height, width, 3 or 4 channels, RGB order).

    A one-bit picture is boolean, a palette picture gives its indices, 16 bits stay 16 bits. ``slice_`` picks
    a slice of a volume, a frame of a multi-frame DICOM (axis 0) or a page of a TIFF. In NIfTI the first of
    the two axes left is x: the array comes out with width ``shape[0]`` and height ``shape[1]``.

    ``role`` says whether a fault is the mask's or the picture's. Raises
    :class:`~medmat_core.images.PictureError` with reason ``bad_mask``/``bad_image``, ``truncated_image``,
    ``image_too_large`` or ``missing_mask``/``missing_image``, and :class:`~medmat_core.images.MissingExtraError` where
    pydicom or nibabel is not installed.
    """
    return load(path, slice_, "stored", role).array


def load_gray(path: Path | str, slice_: Slice | None = None, *, role: Role = "mask") -> Pixels:
    """One channel and the top of its range: equal channels as they are, others by luma, alpha dropped.

    A palette picture counts by its colours here, not by its indices.
    """
    pixels = load(path, slice_, "gray", role)
    if pixels.array.ndim == 2:
        return pixels
    return Pixels(one_channel(pixels.array), pixels.top, pixels.lossy)


def load_color(path: Path | str, slice_: Slice | None = None, *, role: Role = "mask") -> npt.NDArray[np.uint8]:
    """RGB of 8 bits, shape (height, width, 3). Grey becomes three equal channels."""
    array = load(path, slice_, "color", role).array
    if array.dtype != np.uint8:
        raise bad(role, f"colours of type {array.dtype}, expected 8 bits a channel")
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    return array


def load(path: Path | str, slice_: Slice | None, kind: Kind, role: Role) -> Pixels:
    """Pixels with the top of their range; see :func:`load_array` for the rest."""
    name = str(path).lower()
    if name.endswith(VOLUME_SUFFIXES):
        from medmat_core.images.volumes import read_volume

        return read_volume(Path(path), slice_, role)
    if not name.endswith(DICOM_SUFFIXES):
        data = read_bytes(path, role)
        if not is_dicom(data):
            return decode_picture(data, kind, _page(slice_, role), role)
    from medmat_core.images.dicom import read_dicom

    return read_dicom(Path(path), slice_, role)


def _page(slice_: Slice | None, role: Role) -> int | None:
    if slice_ is None:
        return None
    if slice_.axis != 0 or slice_.index < 0:
        raise bad(
            role,
            f"pages are slices along axis 0, counted from 0; asked for number {slice_.index} along axis {slice_.axis}",
        )
    return slice_.index


def hides_in_alpha(path: Path | str, role: Role = "mask") -> bool:
    """Whether a picture file has an alpha channel that is not the same everywhere: to be asked where its colors are."""
    name = str(path).lower()
    if name.endswith((*VOLUME_SUFFIXES, *DICOM_SUFFIXES)):
        return False
    data = read_bytes(path, role)
    with contained(role):
        return not is_dicom(data) and alpha_differs(data)
