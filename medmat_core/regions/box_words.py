"""How boxes are written, convention by convention, and read back.

Boxes are half-open pixel boxes (x1, y1, x2, y2) of a picture of ``size`` (width, height). The conventions stand in
:mod:`medmat_core.regions.conventions`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from medmat_core.regions.conventions import BOX_FORMATS as BOX_FORMATS
from medmat_core.regions.conventions import CONVENTIONS
from medmat_core.regions.conventions import RELATIVE as RELATIVE
from medmat_core.regions.conventions import BoxFormat as BoxFormat

PixelBox = tuple[int, int, int, int]
N = TypeVar("N", int, float)

FACTOR: Final = 28
"""Qwen2.5-VL's processor makes both sides multiples of this: patches of 14 pixels, merged two by two."""

MIN_PIXELS: Final = 56 * 56
MAX_PIXELS: Final = 28 * 28 * 16384
"""The pixels to which Qwen2.5-VL's published processor resizes; a trainer with other ones needs other boxes."""


def smart_resize(
    size: tuple[int, int], *, factor: int = FACTOR, min_pixels: int = MIN_PIXELS, max_pixels: int = MAX_PIXELS
) -> tuple[int, int]:
    """The (width, height) to which Qwen's processor resizes a picture of ``size``.

    Theirs refuses pictures more than 200 times as long as wide; this one does not, since such a picture has boxes too.
    """
    width, height = size
    down, across = (round(side / factor) * factor for side in (height, width))
    if down * across > max_pixels:
        by = math.sqrt(height * width / max_pixels)
        down, across = (max(factor, math.floor(side / by / factor) * factor) for side in (height, width))
    elif down * across < min_pixels:
        by = math.sqrt(min_pixels / (height * width))
        down, across = (math.ceil(side * by / factor) * factor for side in (height, width))
    return across, down


def thousandths(box: Sequence[float], size: tuple[int, int]) -> PixelBox:
    """The box in thousandths of width and height, rounded to nearest (halves up), inside 0..1000.

    A box that would lose its width or height is widened by one step, downwards where it lies at the far end.
    """
    width, height = size
    # floor((2000 v + length) / 2 length) is 1000 v / length rounded to nearest without a detour over fractions
    x1 = int((2000 * box[0] + width) // (2 * width))
    y1 = int((2000 * box[1] + height) // (2 * height))
    x2 = int((2000 * box[2] + width) // (2 * width))
    y2 = int((2000 * box[3] + height) // (2 * height))
    if 0 <= x1 < x2 <= 1000 and 0 <= y1 < y2 <= 1000:
        return x1, y1, x2, y2
    x1, x2 = _widened(x1, x2, 1000)
    y1, y2 = _widened(y1, y2, 1000)
    return x1, y1, x2, y2


def scaled(box: Sequence[float], size: tuple[int, int], to: tuple[int, int]) -> PixelBox:
    """The box of a picture of ``size`` in one resized to ``to``, in whole pixels, rounded to nearest; never empty."""
    across, down = to[0] / size[0], to[1] / size[1]
    x1, x2 = _widened(math.floor(box[0] * across + 0.5), math.floor(box[2] * across + 0.5), to[0])
    y1, y2 = _widened(math.floor(box[1] * down + 0.5), math.floor(box[3] * down + 0.5), to[1])
    return x1, y1, x2, y2


def _widened(low: int, high: int, end: int) -> tuple[int, int]:
    low, high = min(end, max(0, low)), min(end, max(0, high))
    if low < high:
        return low, high
    return (low, low + 1) if low < end else (end - 1, end)


def box_text(boxes: Iterable[Sequence[float]], size: tuple[int, int], fmt: BoxFormat = "unit", name: str = "") -> str:
    """Boxes as an answer, joined by '; ' in the order given: ``[0.123, 0.045, 0.678, 0.900]``.

    ``name`` is what the boxes enclose; only ``internvl`` writes it, and a question that asks what lies there must not.
    """
    if fmt == "pixel":
        steps = list(boxes)
    elif fmt == "qwen25":
        to = smart_resize(size)
        steps = [scaled(box, size, to) for box in boxes]
    else:
        steps = [thousandths(box, size) for box in boxes]
    if fmt == "internvl":
        listed = ", ".join([f"[{x1}, {y1}, {x2}, {y2}]" for x1, y1, x2, y2 in steps])
        return f"<ref>{name}</ref><box>[{listed}]</box>" if name else f"<box>[{listed}]</box>"
    return "; ".join([steps_text(box, fmt) for box in steps])


def steps_of(
    boxes: npt.NDArray[np.int32], sizes: npt.NDArray[np.int64], fmt: BoxFormat = "unit"
) -> npt.NDArray[np.int32]:
    """The numbers that :func:`box_text` prints, for many pictures at once, x first.

    ``boxes`` is (pictures, boxes, 4) in half-open pixels, ``sizes`` (pictures, 2) width and height.
    """
    if fmt == "pixel":
        return boxes
    lengths = np.concatenate([sizes, sizes], axis=1)[:, None, :]
    if fmt == "qwen25":
        to = np.array([smart_resize((w, h)) for w, h in sizes.tolist()], np.int64).reshape(-1, 2)
        ends = np.concatenate([to, to], axis=1)[:, None, :]
        steps = np.floor(boxes * (ends / np.maximum(lengths, 1)) + 0.5).astype(np.int64)
    else:
        ends = np.full_like(lengths, 1000)
        steps = (2000 * boxes.astype(np.int64) + lengths) // (2 * np.maximum(lengths, 1))
    steps = np.clip(steps, 0, ends)
    low, high = steps[..., :2], steps[..., 2:]
    flat = low >= high
    low -= flat & (low == ends[..., :2])
    high[...] = np.where(flat, low + 1, high)
    return np.asarray(steps, np.int32)


def steps_text(steps: Sequence[float], fmt: BoxFormat = "unit") -> str:
    """One box of :func:`steps_of` as text."""
    x1, y1, x2, y2 = steps
    if fmt == "unit":
        return f"[{x1 / 1000:.3f}, {y1 / 1000:.3f}, {x2 / 1000:.3f}, {y2 / 1000:.3f}]"
    if fmt == "gemini":
        return f"[{y1}, {x1}, {y2}, {x2}]"
    return f"<box>[[{x1}, {y1}, {x2}, {y2}]]</box>" if fmt == "internvl" else f"[{x1}, {y1}, {x2}, {y2}]"


_WHOLE: Final = r"\d{1,9}"


def _one(number: str) -> str:
    return rf"\[{number}, {number}, {number}, {number}\]"


_ONE: Final[dict[BoxFormat, str]] = {
    fmt: _one(rf"[01]\.\d{{{own.digits}}}" if own.digits else _WHOLE)
    for fmt, own in CONVENTIONS.items()
    if fmt != "internvl"
}
_TEXT: Final[dict[BoxFormat, re.Pattern[str]]] = {
    **{fmt: re.compile(rf"{one}(?:; {one})*") for fmt, one in _ONE.items()},
    "internvl": re.compile(rf"(?:<ref>[^<>]*</ref>)?<box>\[{_one(_WHOLE)}(?:, {_one(_WHOLE)})*\]</box>"),
}
_NUMBERS: Final = re.compile(r"\[([\d.]+), ([\d.]+), ([\d.]+), ([\d.]+)\]")


def find_box_texts(text: str, fmt: BoxFormat) -> list[tuple[int, int]]:
    """Where in a sentence boxes of this convention stand: (start, end) of each list of boxes, in order."""
    return [found.span() for found in _TEXT[fmt].finditer(text)]


def read_steps(text: str, fmt: BoxFormat) -> tuple[PixelBox, ...]:
    """The whole numbers that a box answer prints, x first: thousandths, or pixels.

    Raises ValueError for a text that :func:`box_text` would not write: another format, a box without area, or one that
    leaves every picture.
    """
    found = []
    for numbers in _printed(text, fmt):
        x1, y1, x2, y2 = _x_first([int(number.replace(".", "")) for number in numbers], fmt)
        if not (x1 < x2 and y1 < y2) or (fmt in RELATIVE and max(x2, y2) > 1000):
            raise ValueError(f"{numbers} in {text!r} has no area inside a picture")
        found.append((x1, y1, x2, y2))
    return tuple(found)


def parse_boxes(
    text: str, size: tuple[int, int], fmt: BoxFormat = "unit"
) -> tuple[tuple[float, float, float, float], ...]:
    """A box answer back to boxes in pixels of the picture, exact to half a step of its format.

    Raises ValueError for a text that :func:`box_text` would not write: another format, a box without area,
    or one that leaves the picture.
    """
    return tuple(box_of([float(number) for number in numbers], size, fmt) for numbers in _printed(text, fmt))


def box_of(numbers: Sequence[float], size: tuple[int, int], fmt: BoxFormat) -> tuple[float, float, float, float]:
    """The four numbers of a box in the order in which its format writes them, as a box in pixels of the picture.

    Raises ValueError for a box without area, or one that leaves the picture.
    """
    width, height = size
    far = CONVENTIONS[fmt].end
    end = (far, far) if far is not None else smart_resize(size) if fmt == "qwen25" else size
    across, down = width / end[0], height / end[1]
    x1, y1, x2, y2 = _x_first(numbers, fmt)
    box = (x1 * across, y1 * down, x2 * across, y2 * down)
    # a rounding error of the product is not outside
    if not (0 <= box[0] < box[2] <= width * (1 + 1e-9) and 0 <= box[1] < box[3] <= height * (1 + 1e-9)):
        raise ValueError(f"{list(numbers)} has no area inside a picture of {width} x {height}")
    return box[0], box[1], min(box[2], width), min(box[3], height)


def _printed(text: str, fmt: BoxFormat) -> list[tuple[str, ...]]:
    if _TEXT[fmt].fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a box in the format {fmt!r}")
    return _NUMBERS.findall(text)


def _x_first(numbers: Sequence[N], fmt: BoxFormat) -> tuple[N, N, N, N]:
    one, two, three, four = numbers
    return (two, one, four, three) if CONVENTIONS[fmt].y_first else (one, two, three, four)
