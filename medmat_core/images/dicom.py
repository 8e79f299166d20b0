"""DICOM: stored pixels for masks, shown pixels for pictures.

pydicom reads the files; compressed pixels need decoders, which the extra ``dicom`` installs: python-gdcm (JPEG,
JPEG lossless, JPEG-LS, JPEG 2000) and pylibjpeg with pylibjpeg-openjpeg (JPEG 2000, HTJ2K); run lengths pydicom reads
by itself. Both have wheels for Python 3.11 to 3.14 and free licenses (GDCM: BSD, its wheel Apache-2.0; pylibjpeg: MIT,
OpenJPEG: BSD). Left out: pyjpegls (MIT, no wheel for 3.14), pylibjpeg-rle (MIT, only faster, and damaged run lengths
end in a Rust panic), pylibjpeg-libjpeg (GPL), which alone reads JPEG of 12 bits: whoever installs it, has it used.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from medmat_core.images.faults import PictureError, Role, bad, check_size, contained, need, opened, told
from medmat_core.images.raster import Pixels
from medmat_core.images.strangers import stranger
from medmat_core.model import Slice

_IMPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
_PIXELS: Final = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def dicom_size(path: Path, role: Role) -> tuple[int, int, int]:
    """(width, height, bits stored) from the header alone, in stored pixels. Raises :class:`PictureError`."""
    dataset = _read(path, role, stop_before_pixels=True, specific_tags=["Rows", "Columns", "BitsStored"])
    columns, rows = _size(dataset, role)
    return columns, rows, _whole(dataset, "BitsStored", 8, role)


def open_dicom(path: Path, role: Role) -> Any:
    """The DICOM data set at ``path``, its size checked. A file without the usual preamble is read, too."""
    dataset = _read(path, role)
    columns, rows = _size(dataset, role)
    check_size(columns, rows)
    if not any(keyword in dataset for keyword in _PIXELS):
        raise PictureError("truncated_image", "the DICOM file ends before its pixels")
    with contained(role, "not a readable DICOM file"):
        if not dataset.file_meta.get("TransferSyntaxUID"):
            dataset.file_meta.TransferSyntaxUID = _IMPLICIT_LITTLE_ENDIAN
    return dataset


def _read(path: Path, role: Role, **how: Any) -> Any:
    pydicom = need("pydicom", "dicom", "DICOM")
    with opened(path, role) as file:
        what = stranger(file.read(512))
        if what is not None:
            raise bad(role, what)
        file.seek(0)
        with contained(role, "not a readable DICOM file"):
            try:
                with _quiet():
                    return pydicom.dcmread(file, force=True, **how)
            except EOFError as error:
                raise PictureError("truncated_image", "the DICOM file ends inside its header") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """pydicom warns of every oddity of a header; what matters of it becomes a line of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _size(dataset: Any, role: Role) -> tuple[int, int]:
    if "Rows" not in dataset or "Columns" not in dataset:
        raise bad(role, "not a DICOM file with a picture in it")
    columns, rows = (_whole(dataset, keyword, 0, role) for keyword in ("Columns", "Rows"))
    if columns <= 0 or rows <= 0:
        raise bad(role, f"the header gives a size of {columns} x {rows}")
    return columns, rows


def _whole(dataset: Any, keyword: str, otherwise: int, role: Role) -> int:
    """A whole number of the header; ``otherwise`` where it is not there or blank."""
    value = _value(dataset, keyword, role)
    try:
        return otherwise if value is None or value == "" else int(value)
    except Exception as error:
        raise bad(role, f"the DICOM's {keyword} is no number") from error


def _value(dataset: Any, keyword: str, role: Role) -> Any:
    try:
        with _quiet():
            return dataset.get(keyword)
    except Exception as error:  # a value is parsed when it is asked for
        raise bad(role, f"the DICOM's {keyword} cannot be read: {told(error)}") from error


def read_dicom(path: Path, slice_: Slice | None, role: Role) -> Pixels:
    """Stored values of one frame: no rescaling, no window, no inversion."""
    return stored_frame(open_dicom(path, role), slice_, role)


def stored_frame(dataset: Any, slice_: Slice | None, role: Role) -> Pixels:
    """One frame of an opened data set: (rows, columns) or (rows, columns, 3); ``top`` from BitsStored."""
    frames = max(1, _whole(dataset, "NumberOfFrames", 1, role))
    index = 0
    if slice_ is not None:
        if slice_.axis != 0 or not 0 <= slice_.index < frames:
            raise bad(role, f"the DICOM file has {frames} frame(s) along axis 0, asked for {slice_}")
        index = slice_.index
    elif frames > 1:
        raise bad(role, f"the DICOM file has {frames} frames: name one as a slice along axis 0")
    array = _decoded(dataset, index, role)
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf":
        raise bad(role, f"an array of shape {array.shape} is no picture")
    bits = _whole(dataset, "BitsStored", 0, role)
    if not 1 <= bits <= 8 * array.itemsize:
        bits = 8 * array.itemsize
    if array.dtype.kind != "u":
        return Pixels(array, None)
    if bits == 1:
        return Pixels(array != 0, 1)
    return Pixels(array, (1 << bits) - 1)


def _decoded(dataset: Any, index: int, role: Role) -> npt.NDArray[Any]:
    from pydicom.pixels import pixel_array

    with contained(role, "the DICOM pixels cannot be decoded"):
        try:
            with _quiet():
                return np.asarray(pixel_array(dataset, index=index))
        except Exception as error:
            text = str(error)
            if "less than" in text or "truncated" in text.lower() or "end of" in text.lower():
                raise PictureError("truncated_image", "the DICOM file ends before its last pixel") from error
            if "missing dependencies" in text or "No decoders" in text or "12-bit precision" in text:
                raise bad(role, _no_decoder(dataset)) from error
            raise


def _no_decoder(dataset: Any) -> str:
    syntax = dataset.file_meta.TransferSyntaxUID
    more = "pylibjpeg-libjpeg" if "JPEG Extended" in syntax.name else "'medmat-core[dicom]'"
    return f"no decoder is installed for its compression, {syntax.name}; run: pip install {more}"


def rescaled(dataset: Any, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Stored values in the modality's units (Hounsfield units and the like)."""
    if "ModalityLUTSequence" not in dataset and _is_identity(dataset):
        return stored
    from pydicom.pixels import apply_modality_lut

    return np.asarray(apply_modality_lut(stored, dataset))


def by_table(dataset: Any, stored: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], int] | None:
    """(grey levels or colours through the file's own lookup table, the top of the table's range); None without one."""
    from pydicom.pixels import apply_color_lut, apply_voi

    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        colours = np.asarray(apply_color_lut(stored, dataset))
        return colours, int(np.iinfo(colours.dtype).max)
    if not dataset.get("VOILUTSequence"):
        return None
    levels = np.asarray(apply_voi(np.rint(rescaled(dataset, stored)).astype(np.int64), dataset))
    return levels, (1 << int(dataset.VOILUTSequence[0].LUTDescriptor[2])) - 1


def _is_identity(dataset: Any) -> bool:
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    return (slope is None or float(slope) == 1.0) and (intercept is None or float(intercept) == 0.0)


def file_window(dataset: Any) -> tuple[float, float, str] | None:
    """(center, width, function) of the file's first window; None without one, or if it has no width.

    Raises :class:`PictureError` where it is a text: to show the picture in another window would be a guess.
    """
    center, width = (_first(dataset, name) for name in ("WindowCenter", "WindowWidth"))
    if center is None or width is None:
        return None
    function = str(_value(dataset, "VOILUTFunction", "image") or "LINEAR")
    if width <= 0 or (function == "LINEAR" and width < 1):
        return None
    return center, width, function


def _first(dataset: Any, keyword: str) -> float | None:
    value = _value(dataset, keyword, "image")
    try:
        if value is not None and not isinstance(value, (str, int, float)) and hasattr(value, "__getitem__"):
            value = value[0] if len(value) else None
        return None if value is None or value == "" else float(value)
    except Exception as error:
        raise bad("image", f"the DICOM's {keyword} is no number") from error


def padding(dataset: Any) -> float | None:
    """The stored value that fills what lies outside the film or the scan, None if the file names none."""
    return _first(dataset, "PixelPaddingValue")


@contextmanager
def tables() -> Iterator[None]:
    """Faults of a header's lookup tables and slopes, which may be damaged in many ways, as :class:`PictureError`."""
    with contained("image", "the DICOM's lookup tables cannot be used"), _quiet():
        yield
