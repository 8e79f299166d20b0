"""DICOM files of an example tree, with the keywords the card gives and identifiers that follow from the path."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING, Any, Final

from medmat_core.card import Card
from medmat_core.errors import CardError, MedmatError
from medmat_core.example import ExamplePicture

if TYPE_CHECKING:
    import numpy as np

EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
_UID: Final = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")


def uid_of(name: str) -> str:
    """A valid UID for a path: its last name where that is one already, else one derived from the text."""
    last = name.rpartition("/")[2]
    if len(last) <= 64 and last.count(".") > 3 and _UID.fullmatch(last):
        return last
    return f"2.25.{int.from_bytes(hashlib.sha256(name.encode()).digest()[:15], 'big')}"


def dicom_bytes(card: Card, path: str, picture: ExamplePicture, layers: list[np.ndarray], *, invert: bool) -> bytes:
    """The file at ``path``; each layer is one frame of shape (height, width), uint8 or uint16.

    ``picture.dicom`` sets keywords as they stand; ``invert`` stores a MONOCHROME1 phantom the way such files do,
    bright where the picture is dark. TransferSyntaxUID may be explicit little endian or JPEG baseline.
    """
    try:
        import pydicom
        from pydicom.datadict import tag_for_keyword
    except ImportError as error:
        raise MedmatError(f"{card.path}: {path}: DICOM needs pydicom; run: pip install 'medmat-core[dicom]'") from error
    given = dict(picture.dicom)
    syntax = str(given.pop("TransferSyntaxUID", EXPLICIT_LITTLE))
    for keyword in given:
        if tag_for_keyword(keyword) is None:
            raise CardError(f"{card.path}: example.pictures: {path!r}: dicom: {keyword!r} is no DICOM keyword")
    wide = layers[0].dtype.itemsize == 2
    stored = int(given.get("BitsStored", 16 if wide else 8))
    height, width = layers[0].shape
    file = pydicom.Dataset()
    file.file_meta = pydicom.dataset.FileMetaDataset()
    values: dict[str, Any] = {
        "SOPClassUID": _SECONDARY_CAPTURE,
        "SOPInstanceUID": uid_of(path.removesuffix(".dcm").removesuffix(".dicom")),
        "SeriesInstanceUID": uid_of(f"{card.folder}/{path}".rpartition("/")[0]),
        "StudyInstanceUID": uid_of(f"{card.folder}/{path}".rpartition("/")[0].rpartition("/")[0] or card.folder),
        "PatientName": "Phantom",
        "PatientID": "PHANTOM",
        "Modality": "OT",
        "Rows": height,
        "Columns": width,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelRepresentation": 0,
        "BitsAllocated": 16 if wide else 8,
        "BitsStored": stored,
        "HighBit": stored - 1,
        **({"NumberOfFrames": len(layers)} if picture.slices else {}),
        **given,
    }
    for keyword, value in values.items():
        try:
            setattr(file, keyword, list(value) if isinstance(value, tuple) else value)
        except (ValueError, TypeError) as error:
            raise CardError(f"{card.path}: example.pictures: {path!r}: dicom: {keyword}: {error}") from error
    if invert and file.PhotometricInterpretation == "MONOCHROME1":
        top = (1 << (stored - int(file.PixelRepresentation))) - 1
        layers = [top - layer for layer in layers]
    meta = file.file_meta
    meta.MediaStorageSOPClassUID = file.SOPClassUID
    meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    # fixed, or each release of pydicom would write other bytes
    meta.ImplementationClassUID = uid_of("medmat")
    meta.ImplementationVersionName = "MEDMAT"
    _pixels(file, layers, syntax, f"{card.path}: example.pictures: {path!r}")
    out = io.BytesIO()
    file.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _pixels(file: Any, layers: list[np.ndarray], syntax: str, where: str) -> None:
    if syntax == EXPLICIT_LITTLE:
        raw = b"".join(layer.astype(layer.dtype.newbyteorder("<")).tobytes() for layer in layers)
        file.PixelData = raw + b"\0" * (len(raw) % 2)
        file["PixelData"].VR = "OW" if layers[0].dtype.itemsize == 2 else "OB"
        return
    if syntax != JPEG_BASELINE or layers[0].dtype.itemsize != 1:
        raise CardError(
            f"{where}: dicom: TransferSyntaxUID may be {EXPLICIT_LITTLE}, or {JPEG_BASELINE} for 8 bits, not {syntax}"
        )
    from PIL import Image
    from pydicom.encaps import encapsulate

    frames = []
    for layer in layers:
        frame = io.BytesIO()
        Image.fromarray(layer).save(frame, "JPEG", quality=80)
        frames.append(frame.getvalue())
    file.PixelData = encapsulate(frames)
    file["PixelData"].VR = "OB"
    file["PixelData"].is_undefined_length = True
    file.LossyImageCompression = "01"
