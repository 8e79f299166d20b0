"""Masks of every kind to one array a class.

Decided here, and nowhere else:

- A file mask is foreground where its value is *above* the threshold; without one, above half of the
  format's range (127.5 of 8 bits, 32767.5 of 16, BitsStored of a DICOM). One-bit masks are foreground where
  they are True, whatever the threshold. Signed, floating-point and 32-bit arrays have no range: above 0.5.
- Half of the range is for masks that use it. One that holds 0 and one other value under it (0/2, 0/100) is binary by
  its values; one that holds 0 and 1, which may be an index of classes, or more values, all under it, is refused,
  since what it marks cannot be told. Fewer than ten such pixels, or a JPEG's noise, are nothing.
- A mask whose colours are the same everywhere while its alpha channel differs is refused.
- A mask of another size is decoded first and then scaled to its picture, nearest pixel by centers. One of another
  aspect is refused: one of the two was turned or cut.
- Blank run lengths are an empty mask; an odd count, a negative number or a run past the end are faults.
- An outline that lies wholly outside its picture is a fault, not an empty mask; one that lies partly
  outside is cut off. Where an outline crosses itself, what it encloses twice is outside (even-odd rule).
- In index and color masks 0, black and what is listed with an empty code are background. Where it is said what the
  card names, a value or color that it does not name is an ``unknown_label``: not specks of it, and not the seams that
  JPEG leaves between two colors.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from attrs import frozen

from medmat_core.images.colors import shown_color
from medmat_core.images.faults import PictureError, bad, check_size
from medmat_core.images.pixels import hides_in_alpha, load, load_color, load_gray
from medmat_core.images.raster import Pixels
from medmat_core.model import ColorMask, ImageRef, IndexMask, Mask, MaskFile, PolygonMask, RleMask, Slice, file_of
from medmat_core.readers.pictures import escapes
from medmat_core.regions.find import area_floor

_FAR = 1_000_000
"""Pixels from the origin beyond which an outline is taken for damaged."""


LEAST: Final = 10
"""So many pixels in an otherwise black mask are no noise."""

JPEG_NOISE: Final = 8
"""A black JPEG may come out as bright as this."""

_SOME: Final = 64
"""So many pixels are enough to say what most are."""

_EDGES: Final = bytes(value for value in range(256) if not 255 / 4 < value < 3 * 255 / 4)
"""The dark and the light values of 8 bits."""

_FILL: Final = 128
"""What libjpeg makes of a block that is not there."""

_SHADES: Final = 16
"""More shades than these are no classes of a mask."""

Read = Callable[[str, Slice | None], Pixels]
"""Reads a mask file as :func:`~medmat_core.images.pixels.load_gray` does."""

Rgb = tuple[int, int, int]


@frozen(eq=False)
class Decoded:
    """Where one class is: ``pixels`` is uint8 of shape (height, width), non-zero inside.

    ``scaled``: the mask had another size (``stored``, width and height) and was scaled to the picture's.
    """

    code: str
    pixels: npt.NDArray[np.uint8]
    scaled: bool = False
    stored: tuple[int, int] = (0, 0)


def decode(mask: Mask, size: tuple[int, int], root: Path, read: Read = load_gray) -> list[Decoded]:
    """The classes of a mask as arrays of the picture's ``size`` (width, height).

    ``root`` is what the mask's path is relative to; ``read`` reads files of one class. A mask of one class gives one
    array even if it is empty; index and color masks give those of their classes that occur, in the order listed.
    Raises :class:`PictureError` for a mask that cannot be read or used and
    :class:`~medmat_core.images.MissingExtraError` for a format whose library is missing.
    """
    if isinstance(mask, RleMask):
        return [_scaled(mask.code, _runs(mask, mask.size or size), size)]
    if isinstance(mask, PolygonMask):
        return [Decoded(mask.code, _outline(mask, size))]
    if isinstance(mask, MaskFile):
        found = [(mask.code, _file(mask, size, root, read))]
    elif isinstance(mask, IndexMask):
        found = _indices(mask, size, root)
    elif isinstance(mask, ColorMask):
        found = _colors(mask, size, root)
    else:
        raise TypeError(f"{type(mask).__name__} is not a kind of mask that the core knows")
    return [_scaled(code, pixels, size) for code, pixels in found]


def _check_aspect(array: npt.NDArray[Any], size: tuple[int, int]) -> None:
    """Refuse a mask of another aspect than its picture's. Raises :class:`PictureError`."""
    height, width = array.shape[:2]
    # a size that was scaled and rounded misses its aspect by one pixel a side at most
    if abs(width * size[1] - height * size[0]) > size[0] + size[1]:
        what = "one of the two was turned" if (height, width) == size else "they have another aspect"
        raise PictureError("bad_mask", f"a mask of {width} x {height} for a picture of {size[0]} x {size[1]}: {what}")


def _scaled(code: str, pixels: npt.NDArray[np.uint8], size: tuple[int, int]) -> Decoded:
    height, width = pixels.shape
    if (width, height) == size:
        return Decoded(code, pixels)
    # the exact variant samples at pixel centers, so that a mirrored mask gives the mirrored answer
    scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return Decoded(code, scaled, True, (width, height))


def _open(ref: ImageRef, root: Path) -> tuple[str, Slice | None]:
    path = file_of(ref)
    if os.path.isabs(path) or escapes(path):
        raise PictureError("path_escapes", "the mask's path leads out of the data folder")
    return f"{root}/{path}", ref if isinstance(ref, Slice) else None


# -- files ----------------------------------------------------------------------------------------------


def _file(mask: MaskFile, size: tuple[int, int], root: Path, read: Read) -> npt.NDArray[np.uint8]:
    path, slice_ = _open(mask.path, root)
    pixels = read(path, slice_)
    _check_aspect(pixels.array, size)
    _refuse_filled(pixels)
    if mask.threshold is None:
        _refuse_photo(pixels)
    found = foreground(pixels, mask.threshold, mask.invert)
    alike = _alike(found)
    if alike is not None:
        _refuse_alpha(path, slice_)
        if mask.threshold is None and pixels.array.dtype != np.bool_ and alike == mask.invert:
            threshold = _by_values(pixels)
            if threshold is not None:
                return foreground(pixels, threshold, mask.invert)
    return found


def _refuse_filled(pixels: Pixels) -> None:
    """Refuse a JPEG whose body ends before its last line, whatever its end marker says: decoders fill what is missing
    with the middle of the range, which is just above half of it."""
    if pixels.lossy and pixels.array[-1, -1] == _FILL and (pixels.array[-1] == _FILL).all():
        raise PictureError("truncated_image", f"its last line is {_FILL} throughout, which stands for what is missing")


def _refuse_photo(pixels: Pixels) -> None:
    """Refuse a mask of which most pixels are neither dark nor light, in many shades: half of its range tells nothing.
    Judged by about a thousand pixels."""
    step, top = max(1, min(pixels.array.shape) // 32), pixels.top
    some = pixels.array[::step, ::step]
    if top is None or some.size < _SOME:
        return
    if top == 255:  # most masks are such, and this is asked of every one
        between: Sequence[Any] = some.tobytes().translate(None, _EDGES)
    else:
        between = some[(some > top / 4) & (some < 3 * top / 4)].tolist()
    if 2 * len(between) > some.size and len(set(between)) > _SHADES:
        raise PictureError(
            "bad_mask", "most of it is neither dark nor light, as in a photograph; set mask.threshold on the card"
        )


def _alike(found: npt.NDArray[np.uint8]) -> bool | None:
    """What all of a mask is, inside or outside; None where it is not all one. Most are told by a few pixels."""
    some = found[::32, ::32].tobytes()
    if 0 in some and 1 in some:
        return None
    count = cv2.countNonZero(found)
    return bool(count) if count in (0, found.size) else None


def _by_values(pixels: Pixels) -> float | None:
    """The threshold of a mask of which nothing lies above half of its range; None where it is empty.

    Raises :class:`PictureError` where its values do not tell what it marks.
    """
    array = pixels.array
    if not array.any():
        return None
    values, counts = np.unique(array[np.isfinite(array)] if array.dtype.kind == "f" else array, return_counts=True)
    if counts.sum() < array.size or (values.size and values[0] < 0):
        raise PictureError("bad_mask", "some of its values are no numbers or below 0, and none is above")
    if counts[values != 0].sum() < LEAST or (pixels.lossy and values[-1] <= JPEG_NOISE):
        return None
    if len(values) == 2 and values[0] == 0:
        if values[1] == 1:  # an index of classes as well as truth values
            raise PictureError(
                "bad_mask",
                "it holds only 0 and 1, which is nothing at half of its range; set mask.threshold = 0 on the card",
            )
        return float(values[1]) / 2
    span = f"only {values[0]:g}" if len(values) == 1 else f"{len(values)} values from {values[0]:g} to {values[-1]:g}"
    raise PictureError(
        "bad_mask",
        f"it holds {span}, which is nothing at half of its range, and no two values that tell what it marks; "
        "set mask.threshold on the card",
    )


def _refuse_alpha(path: str, slice_: Slice | None) -> None:
    if slice_ is None and hides_in_alpha(path):
        raise PictureError(
            "bad_mask", "its colors are the same everywhere and only its alpha channel differs; save it without alpha"
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


def _indices(mask: IndexMask, size: tuple[int, int], root: Path) -> list[tuple[str, npt.NDArray[np.uint8]]]:
    path, slice_ = _open(mask.path, root)
    array = load(path, slice_, "stored", "mask").array
    _check_aspect(array, size)
    if array.ndim == 3:
        array = _equal_channels(array)
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if mask.named is not None:
        _refuse_values(array, {0, *mask.named, *(value for value, _ in mask.codes)})
    found = _by_class([(code, array == value) for value, code in mask.codes if code])
    if not found:
        _refuse_alpha(path, slice_)
    return found


def _refuse_values(array: npt.NDArray[Any], named: set[Any]) -> None:
    if array.dtype == np.uint8:
        counts = np.bincount(array.ravel(), minlength=256)
        values = np.flatnonzero(counts)
        counts = counts[values]
    else:
        values, counts = np.unique(array[np.isfinite(array)] if array.dtype.kind == "f" else array, return_counts=True)
    floor = area_floor(array.shape[1], array.shape[0])
    unnamed = [(int(count), value) for value, count in zip(values, counts, strict=True) if value not in named]
    count, value = max(unnamed, default=(0, 0), key=lambda pair: pair[0])
    if count >= floor:
        raise _unnamed(f"value {value:g}", count, array.size)


def _unnamed(what: str, count: int, size: int) -> PictureError:
    return PictureError("unknown_label", f"{what}, {100 * count / size:.2g} % of the mask, is not named on the card")


def _equal_channels(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    first = array[..., 0]
    if array.shape[2] >= 3 and not (np.array_equal(first, array[..., 1]) and np.array_equal(first, array[..., 2])):
        raise PictureError("bad_mask", "an index mask whose channels differ; is it a color mask?")
    return first


def _colors(mask: ColorMask, size: tuple[int, int], root: Path) -> list[tuple[str, npt.NDArray[np.uint8]]]:
    path, slice_ = _open(mask.path, root)
    array = load_color(path, slice_)
    _check_aspect(array, size)
    tolerance = max(0, mask.tolerance)
    first: dict[Rgb, str] = {}
    for color, code in mask.codes:
        first.setdefault(color, code)
    known = dict.fromkeys(mask.named or (), "") | first
    if mask.named is not None:
        known.setdefault((0, 0, 0), "")
    if tolerance == 0:
        whole = _packed(array.astype(np.uint32))
        parts = [(code, whole == _packed(np.array(color, np.uint32))) for color, code in known.items()]
        rest = ~np.logical_or.reduce([where for _, where in parts]) if mask.named is not None else None
    else:
        winner = _nearest(array, list(known), tolerance)
        parts = [(code, winner == place) for place, code in enumerate(known.values())]
        rest = winner < 0 if mask.named is not None else None
    if rest is not None:
        _refuse_colors(array, rest, tolerance)
    found = _by_class([(code, where) for code, where in parts if code])
    if not found:
        _refuse_alpha(path, slice_)
    return found


def _nearest(array: npt.NDArray[np.uint8], colors: Sequence[Rgb], tolerance: int) -> npt.NDArray[np.int16]:
    """The place of the nearest color within the tolerance, of equally near ones the first; -1 where there is none."""
    best = np.full(array.shape[:2], tolerance + 1, np.int16)
    winner = np.full(array.shape[:2], -1, np.int16)
    signed = array.astype(np.int16)
    for place, color in enumerate(colors):
        distance = np.abs(signed - np.array(color, np.int16)).max(axis=2)
        nearer = distance < best
        best[nearer] = distance[nearer]
        winner[nearer] = place
    return winner


_SEAM: Final = np.ones((5, 5), np.uint8)
"""What this erodes away is a seam between two colors and no color of its own."""


def _refuse_colors(array: npt.NDArray[np.uint8], rest: npt.NDArray[np.bool_], tolerance: int) -> None:
    """Refuse a mask with a color that is not named: the same color often, or, whatever its shades, in one piece."""
    floor = area_floor(array.shape[1], array.shape[0])
    there = int(np.count_nonzero(rest))
    if there < floor:
        return
    solid = cv2.erode(rest.view(np.uint8), _SEAM, borderType=cv2.BORDER_REPLICATE) != 0
    if np.count_nonzero(solid) >= LEAST:
        rest = solid
    elif tolerance:
        return
    shades, counts = np.unique(_packed(array[rest].astype(np.uint32)), return_counts=True)
    place = int(counts.argmax())
    if rest is solid or counts[place] >= floor:
        shade = int(shades[place])
        color = (shade >> 16, shade >> 8 & 255, shade & 255)
        raise _unnamed(f"color {shown_color(color)}", there if rest is solid else int(counts[place]), rest.size)


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
