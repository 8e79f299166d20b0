"""Masks of every kind to one array a class.

Decided here, and nowhere else:

- A file mask is foreground where its value is *above* the threshold; without one, above half of the
  format's range (127.5 of 8 bits, 32767.5 of 16, BitsStored of a DICOM). One-bit masks are foreground where
  they are True, whatever the threshold. Signed, floating-point and 32-bit arrays have no range: above 0.5.
- An 8-bit mask of zeros and ones is empty by that rule, unless the card gives a threshold (such as 0).
- A mask of another size is decoded first and then scaled to its picture, nearest pixel by centres.
- Blank run lengths are an empty mask; an odd count, a negative number or a run past the end are faults.
- An outline that lies wholly outside its picture is a fault, not an empty mask; one that lies partly
  outside is cut off. Where an outline crosses itself, what it encloses twice is outside (even-odd rule).
- In index and colour masks a value that is not listed is background.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from attrs import frozen

from medmat_core.images.faults import PictureError, bad, check_size
from medmat_core.images.pixels import load, load_color, load_gray
from medmat_core.images.raster import Pixels
from medmat_core.model import ColorMask, ImageRef, IndexMask, Mask, MaskFile, PolygonMask, RleMask, Slice

_FAR = 1_000_000
"""Pixels from the origin beyond which an outline is taken for damaged."""


LEAST_ONES: Final = 10
"""So many pixels of value 1 in an otherwise black mask are no noise."""


@frozen(eq=False)
class Decoded:
    """Where one class is: ``pixels`` is uint8 of shape (height, width), non-zero inside.

    ``scaled``: the mask had another size (``stored``, width and height) and was scaled to the picture's.
    """

    code: str
    pixels: npt.NDArray[np.uint8]
    scaled: bool = False
    stored: tuple[int, int] = (0, 0)


def decode(mask: Mask, size: tuple[int, int], root: Path) -> list[Decoded]:
    """The classes of a mask as arrays of the picture's ``size`` (width, height).

    ``root`` is what the mask's path is relative to. A mask of one class gives one array even if it is empty;
    index and colour masks give those of their classes that occur, in the order listed. Raises
    :class:`PictureError` for a mask that cannot be read and :class:`~medmat_core.images.MissingExtraError` for a
    format whose library is missing.
    """
    if isinstance(mask, MaskFile):
        found = [(mask.code, _file(mask, root))]
    elif isinstance(mask, RleMask):
        found = [(mask.code, _runs(mask, mask.size or size))]
    elif isinstance(mask, PolygonMask):
        found = [(mask.code, _outline(mask, size))]
    elif isinstance(mask, IndexMask):
        found = _indices(mask, root)
    elif isinstance(mask, ColorMask):
        found = _colors(mask, root)
    else:
        raise TypeError(f"{type(mask).__name__} is not a kind of mask that the core knows")
    return [_fitted(code, pixels, size) for code, pixels in found]


def _fitted(code: str, pixels: npt.NDArray[np.uint8], size: tuple[int, int]) -> Decoded:
    height, width = pixels.shape
    if (width, height) == size:
        return Decoded(code, pixels)
    # the exact variant samples at pixel centres, so that a mirrored mask gives the mirrored answer
    scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return Decoded(code, scaled, True, (width, height))


def _open(ref: ImageRef, root: Path) -> tuple[Path, Slice | None]:
    if isinstance(ref, Slice):
        return root / ref.path, ref
    return root / ref, None


# -- files ----------------------------------------------------------------------------------------------


def _file(mask: MaskFile, root: Path) -> npt.NDArray[np.uint8]:
    pixels = load_gray(*_open(mask.path, root))
    found = foreground(pixels, mask.threshold, mask.invert)
    if mask.threshold is None and not mask.invert:
        _refuse_ones(pixels, found)
    return found


def _refuse_ones(pixels: Pixels, found: npt.NDArray[np.uint8]) -> None:
    """A mask stored as 0 and 1 in a wider type looks empty at half of the range: it must not pass for a negative."""
    array = pixels.array
    if array.dtype == np.bool_ or pixels.top in (None, 1) or array.dtype.kind not in "ui" or found.any():
        return
    if array.max(initial=0) == 1 and np.count_nonzero(array) >= LEAST_ONES:
        raise PictureError(
            "bad_mask",
            "it holds only 0 and 1, which is nothing at half of its range; set mask.threshold = 0 on the card",
        )


def foreground(pixels: Pixels, threshold: float | None, invert: bool) -> npt.NDArray[np.uint8]:
    """1 where a pixel is above the threshold (below or at it, if ``invert``), else 0."""
    array, top = pixels.array, pixels.top
    if array.dtype == np.bool_:
        return (~array if invert else array).view(np.uint8)
    if threshold is None:
        threshold = 0.5 if top is None else top / 2
    if array.dtype == np.uint8:
        kind = cv2.THRESH_BINARY_INV if invert else cv2.THRESH_BINARY
        above: npt.NDArray[np.uint8] = cv2.threshold(np.ascontiguousarray(array), math.floor(threshold), 1, kind)[1]
        return above
    # a comparison with NaN is False either way, so that missing values are background
    return np.ascontiguousarray(array <= threshold if invert else array > threshold).view(np.uint8)


def _indices(mask: IndexMask, root: Path) -> list[tuple[str, npt.NDArray[np.uint8]]]:
    array = load(*_open(mask.path, root), "stored", "mask").array
    if array.ndim == 3:
        array = _equal_channels(array)
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    return _by_class([(code, array == value) for value, code in mask.codes])


def _equal_channels(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    first = array[..., 0]
    if array.shape[2] >= 3 and not (np.array_equal(first, array[..., 1]) and np.array_equal(first, array[..., 2])):
        raise PictureError("bad_mask", "an index mask whose channels differ; is it a colour mask?")
    return first


def _colors(mask: ColorMask, root: Path) -> list[tuple[str, npt.NDArray[np.uint8]]]:
    array = load_color(*_open(mask.path, root))
    tolerance = max(0, mask.tolerance)
    first: dict[tuple[int, int, int], str] = {}
    for colour, code in mask.codes:
        first.setdefault(colour, code)
    colours = list(first.items())
    if tolerance == 0:
        whole = _packed(array.astype(np.uint32))
        return _by_class([(code, whole == _packed(np.array(colour, np.uint32))) for colour, code in colours])
    best = np.full(array.shape[:2], tolerance + 1, np.int16)
    winner = np.full(array.shape[:2], -1, np.int16)
    signed = array.astype(np.int16)
    for place, (colour, _) in enumerate(colours):
        distance = np.abs(signed - np.array(colour, np.int16)).max(axis=2)
        nearer = distance < best
        best[nearer] = distance[nearer]
        winner[nearer] = place
    return _by_class([(code, winner == place) for place, (_, code) in enumerate(colours)])


def _packed(rgb: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return np.asarray((rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2], np.uint32)


def _by_class(parts: list[tuple[str, npt.NDArray[np.bool_]]]) -> list[tuple[str, npt.NDArray[np.uint8]]]:
    """Parts of one class united; classes that occur nowhere left out."""
    united: dict[str, npt.NDArray[np.bool_]] = {}
    for code, where in parts:
        if where.any():
            united[code] = united[code] | where if code in united else where
    return [(code, np.ascontiguousarray(where).view(np.uint8)) for code, where in united.items()]


# -- texts ----------------------------------------------------------------------------------------------


def _runs(mask: RleMask, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    width, height = size
    check_size(width, height)
    words = mask.runs.split()
    flat = np.zeros(width * height, np.uint8)
    if mask.start == "relative" and words == ["-1"]:
        words = []  # how SIIM-ACR writes "nothing here"
    if len(words) % 2:
        raise PictureError("bad_mask", f"{len(words)} numbers in the run lengths; they come in pairs")
    if not all(word.isascii() and word.isdecimal() for word in words):
        wrong = next(word for word in words if not (word.isascii() and word.isdecimal()))
        raise PictureError("bad_mask", f"{wrong[:40]!r} in the run lengths is not a whole number from 0 up")
    if any(len(word) > 12 for word in words):
        raise PictureError("bad_mask", "a run lies past the end of the picture")
    numbers = list(map(int, words))
    end = 0
    first = 1 if mask.start == "one" else 0
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        begin = end + start if mask.start == "relative" else start - first
        end = begin + length
        if begin < 0 or end > flat.size:
            raise PictureError(
                "bad_mask", f"run '{start} {length}' lies outside the {width} x {height} picture ({flat.size} pixels)"
            )
        flat[begin:end] = 1
    if mask.order == "rows":
        return flat.reshape(height, width)
    return np.ascontiguousarray(flat.reshape(width, height).T)


def _outline(mask: PolygonMask, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    width, height = size
    check_size(width, height)
    if not mask.points:
        raise bad("mask", "an outline without points")
    if not all(math.isfinite(value) and abs(value) < _FAR for point in mask.points for value in point):
        raise bad("mask", "an outline with a point that is no place in the picture")
    # nearest pixel centre, halves up: the same for every point however it is written
    points = np.array([[math.floor(x + 0.5), math.floor(y + 0.5)] for x, y in mask.points], np.int32)
    pixels = np.zeros((height, width), np.uint8)
    cv2.fillPoly(pixels, [points], 1)
    if not pixels.any():
        raise bad("mask", "an outline that lies outside the picture")
    return pixels
