"""DICOM: stored pixels for masks, shown pixels for pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medmat_core.images.faults import MissingExtraError, PictureError, Role, bad, check_size, missing, need
from medmat_core.images.raster import Pixels
from medmat_core.model import Slice

_IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"


def open_dicom(path: Path, role: Role) -> Any:
    """The DICOM data set at ``path``, its size checked. A file without the usual preamble is read, too."""
    pydicom = need("pydicom", "dicom", "DICOM")
    try:
        dataset = pydicom.dcmread(path, force=True)
        rows, columns = int(dataset.Rows), int(dataset.Columns)
        if not dataset.file_meta.get("TransferSyntaxUID"):
            dataset.file_meta.TransferSyntaxUID = _IMPLICIT_LITTLE_ENDIAN
    except FileNotFoundError as error:
        raise missing(role) from error
    except AttributeError as error:
        raise bad(role, "not a DICOM file with a picture in it") from error
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        if isinstance(error, EOFError):
            raise PictureError("truncated_image", "the DICOM file ends inside its header") from error
        raise bad(role, f"not a readable DICOM file: {error}") from error
    check_size(columns, rows)
    if "PixelData" not in dataset:
        raise PictureError("truncated_image", "the DICOM file ends before its pixels")
    return dataset


def read_dicom(path: Path, slice_: Slice | None, role: Role) -> Pixels:
    """Stored values of one frame: no rescaling, no window, no inversion."""
    return stored_frame(open_dicom(path, role), slice_, role)


def stored_frame(dataset: Any, slice_: Slice | None, role: Role) -> Pixels:
    """One frame of an opened data set: (rows, columns) or (rows, columns, 3); ``top`` from BitsStored."""
    frames = int(dataset.get("NumberOfFrames") or 1)
    index = 0
    if slice_ is not None:
        if slice_.axis != 0 or not 0 <= slice_.index < frames:
            raise bad(role, f"the DICOM file has {frames} frame(s) along axis 0, asked for {slice_}")
        index = slice_.index
    elif frames > 1:
        raise bad(role, f"the DICOM file has {frames} frames: name one as a slice along axis 0")
    from pydicom.pixels import pixel_array

    try:
        array = np.asarray(pixel_array(dataset, index=index))
    except MemoryError:
        raise
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        text = str(error)
        if "less than" in text or "truncated" in text.lower() or "end of" in text.lower():
            raise PictureError("truncated_image", "the DICOM file ends before its last pixel") from error
        if "plugins are missing dependencies" in text or "No decoders" in text:
            raise MissingExtraError(f"this DICOM's compression needs a further decoder: {text}") from error
        raise bad(role, f"the DICOM pixels cannot be decoded: {text or type(error).__name__}") from error
    bits = int(dataset.get("BitsStored") or 8 * array.itemsize)
    if array.dtype.kind != "u":
        return Pixels(array, None)
    if bits == 1:
        return Pixels(array != 0, 1)
    return Pixels(array, (1 << bits) - 1)


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
    """(center, width, function) of the file's first window; None without one, or if it has no width."""
    center, width = (_first(dataset.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if center is None or width is None:
        return None
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    if width <= 0 or (function == "LINEAR" and width < 1):
        return None
    return center, width, function


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    if not isinstance(value, (str, int, float)) and hasattr(value, "__getitem__"):
        value = value[0] if len(value) else None
    return None if value is None else float(value)


def padding(dataset: Any) -> float | None:
    """The stored value that fills what lies outside the film or the scan, None if the file names none."""
    return _first(dataset.get("PixelPaddingValue"))
