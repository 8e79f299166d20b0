"""One picture of an example tree as bytes: drawn, then encoded in the format its name says."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any, Final

from medmat_core.card import Card
from medmat_core.errors import CardError
from medmat_core.example import ExamplePicture
from medmat_core.images.suffixes import is_bare

if TYPE_CHECKING:
    import numpy as np

_FORMATS: Final = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".bmp": "bmp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".pgm": "pgm",
    ".ppm": "ppm",
    ".gif": "gif",
    ".webp": "webp",
    ".dcm": "dicom",
    ".dicom": "dicom",
    ".nii": "nifti",
    ".nii.gz": "nifti",
    ".npy": "npy",
}
_MODES: Final = {
    "jpeg": ("RGB", "L"),
    "png": ("RGB", "RGBA", "L", "1", "P", "I;16"),
    "bmp": ("RGB", "RGBA", "L", "1", "P"),
    "tiff": ("RGB", "RGBA", "L", "1", "P", "I;16"),
    "pgm": ("L", "I;16"),
    "ppm": ("RGB",),
    "gif": ("P", "L"),
    "webp": ("RGB", "RGBA"),
    "dicom": ("L", "I;16"),
    "nifti": ("L", "I;16"),
    "npy": ("L", "I;16"),
}
_GREY_ONLY: Final = frozenset({"pgm", "gif", "dicom", "nifti", "npy"})

PHANTOM_QUALITY: Final = 80
MASK_QUALITY: Final = 90
"""JPEG quality of masks: low enough to leave the grey edges that real JPEG masks have."""


def format_of(card: Card, path: str, picture: ExamplePicture) -> str:
    """The format of a picture: what the card says, else what the suffix says; without one it is DICOM."""
    name = path.rpartition("/")[2].lower()
    suffix = ".nii.gz" if name.endswith(".nii.gz") else "." + name.rpartition(".")[2]
    found = picture.format or ("dicom" if is_bare(path) else _FORMATS.get(suffix, ""))
    if found not in _MODES:
        raise CardError(
            f"{card.path}: example.pictures: {path!r} has no known format; set format to one of {', '.join(_MODES)}"
        )
    return found


def mode_of(card: Card, path: str, picture: ExamplePicture) -> str:
    """Pillow's mode of the stored picture. The default RGB becomes grey where a format has no colour."""
    kind = format_of(card, path, picture)
    mode = picture.mode
    if mode == "RGB" and kind in _GREY_ONLY:
        # a DICOM keyword is the other place where a card says that pixels have more than 8 bits
        mode = "I;16" if int(picture.dicom.get("BitsStored", 8)) > 8 else "L"
    if mode not in _MODES[kind]:
        raise CardError(
            f"{card.path}: example.pictures: {path!r}: {kind} holds no mode {mode!r}; use {' or '.join(_MODES[kind])}"
        )
    return mode


def picture_bytes(card: Card, path: str, picture: ExamplePicture) -> bytes:
    """The file at ``path``: content follows from the card's folder and modality, the path, size, mode and lesions."""
    from medmat_core.samples import phantoms, shapes

    mode = mode_of(card, path, picture)
    kind = format_of(card, path, picture)
    drawn = bool(picture.shapes) or picture.background is not None
    layers: list[np.ndarray] = []
    for index in range(picture.slices or 1):
        if drawn:
            try:
                layers.append(shapes.draw(picture, mode, index if picture.slices else None))
            except (ValueError, TypeError, KeyError) as error:
                raise CardError(f"{card.path}: example.pictures: {path!r}: shapes: {error}") from error
        else:
            seed = _seed(card.folder, path, *picture.size, mode, index)
            lesions = _lesions(card, f"{path}#{index:04d}" if picture.slices else path)
            layers.append(phantoms.draw(card.modality, picture.size, mode, seed, _top(mode, picture), lesions))
    if kind == "dicom":
        from medmat_core.samples.dicom import dicom_bytes

        return dicom_bytes(card, path, picture, layers, invert=not drawn)
    if kind in ("nifti", "npy"):
        from medmat_core.samples.volumes import volume_bytes

        return volume_bytes(path, kind, layers, bool(picture.slices))
    if picture.slices:
        raise CardError(f"{card.path}: example.pictures: {path!r}: {kind} holds no slices; use dicom, nifti or npy")
    return _encode(layers[0], mode, kind, drawn)


def _lesions(card: Card, image: str) -> list[tuple[int, int, int, int]]:
    """The half-open boxes that this card, or the other card of the folder, has in a picture."""
    expected = (box for one in card.example.expect if one.image == image for some in one.boxes.values() for box in some)
    return list(dict.fromkeys((*expected, *card.example.lesions.get(image, ()))))


def _top(mode: str, picture: ExamplePicture) -> int:
    """The brightest value of a phantom: what the stored bits hold, or what a 16-bit scan typically reaches."""
    if mode != "I;16":
        return 255
    bits = int(picture.dicom.get("BitsStored", 12))
    return int((1 << (bits - int(picture.dicom.get("PixelRepresentation", 0)))) - 1)


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8], "big")


def _encode(pixels: np.ndarray, mode: str, kind: str, drawn: bool) -> bytes:
    """Pixels of shape (height, width[, channels]) as a file Pillow knows."""
    from PIL import Image

    if mode == "1":
        image = Image.fromarray((pixels > 0).astype("u1") * 255).convert("1", dither=Image.Dither.NONE)
    else:
        image = Image.fromarray(pixels)
    if mode == "P":
        # masks get a colour per class, as annotation tools write them; phantoms a grey ramp
        image.putpalette(_class_colours() if drawn else [level for grey in range(256) for level in (grey,) * 3])
    options: dict[str, Any] = {}
    if kind == "jpeg":
        options = {"quality": MASK_QUALITY if drawn else PHANTOM_QUALITY, "optimize": True}
    elif kind == "tiff":
        options = {"compression": "tiff_lzw"} if mode != "1" else {"compression": "raw"}
    elif kind == "webp":
        options = {"quality": PHANTOM_QUALITY, "lossless": drawn}
    out = io.BytesIO()
    image.save(out, format={"pgm": "PPM", "ppm": "PPM"}.get(kind, kind.upper()), **options)
    return out.getvalue()


def _class_colours() -> list[int]:
    """256 colours that differ widely for small neighbouring numbers: the bits of the number, spread over r, g, b."""
    colours: list[int] = []
    for number in range(256):
        for channel in range(3):
            bits = [(number >> (3 * place + channel)) & 1 for place in range(3)]
            colours.append(sum(bit << (7 - place) for place, bit in enumerate(bits)))
    return colours
