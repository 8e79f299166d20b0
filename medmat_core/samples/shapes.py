"""Masks of an example tree: boxes, ellipses, polygons and points with exact bounds, on a plain background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from medmat_core.example import ExamplePicture

_KINDS: Final = ("box", "ellipse", "polygon", "point")
_CHANNELS: Final = {"RGB": 3, "RGBA": 4}


def draw(picture: ExamplePicture, mode: str, index: int | None = None) -> np.ndarray:
    """The picture's shapes as pixels of shape (height, width[, channels]), uint8 or (mode I;16) uint16.

    Later shapes cover earlier ones. ``index`` is the slice of a volume: shapes without ``slice`` are on all.
    A shape that leaves the picture is cut; :class:`ValueError` says what is wrong with one that cannot be drawn.
    """
    width, height = picture.size
    channels = _CHANNELS.get(mode)
    kind = np.uint16 if mode == "I;16" else np.uint8
    pixels = np.zeros((height, width, channels) if channels else (height, width), kind)
    pixels[:] = _value(0 if picture.background is None else picture.background, channels, mode)
    for shape in picture.shapes:
        if index is not None and shape.get("slice", index) != index:
            continue
        pixels[_inside(shape, width, height)] = _value(shape.get("value", 255), channels, mode)
    return pixels


def _value(value: Any, channels: int | None, mode: str) -> Any:
    """A number or colour of the card as what a pixel of this mode holds."""
    top = 65535 if mode == "I;16" else 255
    parts = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if not all(isinstance(part, int | float) and 0 <= part <= top for part in parts):
        raise ValueError(f"value {value!r} must be 0 to {top}, or a list of such for a colour")
    if channels is None:
        if len(parts) != 1:
            raise ValueError(f"value {value!r} is a colour, but mode {mode} holds one number a pixel")
        return parts[0]
    if len(parts) == 1:
        parts = parts * 3
    if len(parts) == 3 and channels == 4:
        parts = [*parts, 255]
    if len(parts) != channels:
        raise ValueError(f"value {value!r} must have {channels} parts for mode {mode}")
    return parts


def _inside(shape: Mapping[str, Any], width: int, height: int) -> np.ndarray:
    """Where the shape is: a boolean array of shape (height, width)."""
    kinds = [kind for kind in _KINDS if kind in shape]
    unknown = set(shape) - {*_KINDS, "value", "slice"}
    if len(kinds) != 1 or unknown:
        raise ValueError(f"a shape has one of {', '.join(_KINDS)}, a value and perhaps a slice, not {', '.join(shape)}")
    inside = np.zeros((height, width), bool)
    numbers = shape[kinds[0]]
    if kinds[0] == "point":
        x, y = numbers
        if not (0 <= x < width and 0 <= y < height):
            raise ValueError(f"point {numbers} lies outside the picture of {width}x{height}")
        inside[y, x] = True
        return inside
    if kinds[0] == "polygon":
        return _polygon([(float(x), float(y)) for x, y in numbers], inside)
    x1, y1, x2, y2 = numbers
    if not (x1 < x2 and y1 < y2):
        raise ValueError(f"{kinds[0]} {list(numbers)} has no area; it is x1, y1, x2, y2, half-open")
    left, top, right, bottom = max(0, x1), max(0, y1), min(width, x2), min(height, y2)
    if kinds[0] == "box":
        inside[top:bottom, left:right] = True
        return inside
    ys, xs = np.mgrid[top:bottom, left:right]
    across = (xs * 2 + 1 - x1 - x2) / (x2 - x1)
    down = (ys * 2 + 1 - y1 - y2) / (y2 - y1)
    # pixel centres alone would miss the outermost row of a flat ellipse: its axes are always drawn
    axis_x = np.abs(xs * 2 + 1 - x1 - x2) <= 1
    axis_y = np.abs(ys * 2 + 1 - y1 - y2) <= 1
    inside[top:bottom, left:right] = (across**2 + down**2 <= 1) | axis_x | axis_y
    return inside


def _polygon(points: list[tuple[float, float]], inside: np.ndarray) -> np.ndarray:
    """Filled, its outline included: points are pixel centres."""
    from PIL import Image, ImageDraw

    if len(points) < 3:
        raise ValueError("a polygon has at least three points")
    image = Image.fromarray(inside.astype(np.uint8))
    ImageDraw.Draw(image).polygon(points, fill=1, outline=1)
    return np.asarray(image) > 0
