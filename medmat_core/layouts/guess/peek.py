"""A look into mask files: how they say where a class is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from attrs import frozen

from medmat_core.errors import MedmatError
from medmat_core.layouts.guess.survey import spread

if TYPE_CHECKING:
    import numpy as np

_FILES: Final = 24
_VALUES: Final = 32
"""More different values than this are a picture, not classes."""
_GREY_EDGE: Final = 0.03
NOISE: Final = 40
"""How far JPEG may move a channel."""
_FEW: Final = 12
"""More colors than this in JPEG masks are a picture, not classes."""

Kind = Literal["binary", "low", "index", "colors", "unclear"]


@frozen
class Peek:
    """What masks hold.

    ``kind``: "binary" (black and white), "low" (black and a value below half of the range, so that a threshold is
    needed), "index" (a number a class), "colors" (a color a class), "unclear". ``values`` are the numbers above 0 or
    the colors "#rrggbb" but black. ``empty`` are those of the ``seen`` masks that hold nothing. ``filled``: the
    share that the foreground has of a mask in the middle of all, and ``widest`` the value that has most of it.
    ``lossy``: JPEG. ``failed`` are those that cannot be read. ``background``: a color that is none of the values and
    not black, "" for none.
    """

    kind: Kind
    values: tuple[str, ...]
    seen: int
    empty: tuple[str, ...]
    filled: float
    lossy: bool
    failed: tuple[str, ...]
    background: str = ""
    widest: str = ""


def peek(base: Path, masks: Sequence[str]) -> Peek:
    """Look into some masks, spread over all; where they hold a number or a color a class, into all of them: what one
    of a thousand holds has to be on the card."""
    some = spread(masks, _FILES)
    first = _looked(base, some)
    return _looked(base, masks) if first.kind in ("index", "colors") and len(some) < len(masks) else first


def _looked(base: Path, masks: Sequence[str]) -> Peek:
    from medmat_core.images.pixels import load

    lossy = all(path.lower().endswith((".jpg", ".jpeg")) for path in masks)
    numbers: Counter[int] = Counter()
    colors: Counter[str] = Counter()
    empty: list[str] = []
    failed: list[str] = []
    colored = 0
    shares: list[float] = []
    top, palette = 1, False
    for path in masks:
        try:
            pixels = load(base / path, None, "stored", "mask")
        except (MedmatError, OSError, ValueError):
            failed.append(path)
            continue
        array, high = pixels.array, pixels.top or 1
        palette = palette or mode_of(base / path) == "P"
        if _count_colors(array, NOISE if lossy else 0, colors):
            colored += array.shape[0] * array.shape[1]
            shares.append(float((array[..., :3].max(axis=2) > (NOISE if lossy else 0)).mean()))
            continue
        if array.dtype == bool:
            array, high = array.astype("uint8") * 255, 255
        array = array[..., 0] if array.ndim == 3 else array
        inside = float((array > (high / 2 if int(array.max()) > high / 2 else 0)).mean())
        shares.append(inside)
        empty += [path] if inside == 0 else []
        top = max(top, high)
        _count(array, numbers)
    seen, unread = len(masks) - len(failed), tuple(failed)
    filled = sorted(shares)[seen // 2] if seen else 0.0
    widest = str(max((value for value in numbers if value), key=numbers.__getitem__, default=""))
    widest = next((color for color, _ in colors.most_common() if color != "#000000"), widest)
    if lossy and colored:
        # with shades in most places it is a picture
        values, background = _dominant(colors) if colors.total() > 0.5 * colored else ((), "")
        kind: Kind = "colors" if values else "unclear"
        return Peek(kind, values, seen, tuple(empty), 0.0 if background else filled, lossy, unread, background, widest)
    kind, values = _kind(numbers, colors, top, lossy=lossy, palette=palette) if seen else ("unclear", ())
    return Peek(kind, values, seen, tuple(empty), filled, lossy, unread, widest=widest)


def mode_of(path: Path) -> str:
    """Pillow's mode of a picture; "" where it is none of Pillow's."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.mode
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""


def _count(array: np.ndarray, counts: Counter[int]) -> None:
    import numpy as np

    found, times = np.unique(array, return_counts=True)
    counts.update(dict(zip(found[:4096].tolist(), times.tolist(), strict=False)))


def _count_colors(array: np.ndarray, noise: int, colors: Counter[str]) -> bool:
    """Count the colors of a mask, if it has any."""
    rgb = array[..., :3].astype("int32")
    if array.ndim != 3 or int((rgb.max(axis=2) - rgb.min(axis=2)).max()) <= noise:
        return False
    packed = (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., -1]
    counts: Counter[int] = Counter()
    _count(packed[_even(array[..., :3])] if noise else packed, counts)
    colors.update({f"#{value:06x}": count for value, count in counts.items()})
    return True


def _even(array: np.ndarray) -> np.ndarray:
    """Where a picture is nearly of one color all around: JPEG leaves shades between two colors that are neither."""
    import cv2
    import numpy as np

    around = np.ones((5, 5), np.uint8)
    whole = np.ascontiguousarray(array)
    spread_of: np.ndarray = (cv2.dilate(whole, around) - cv2.erode(whole, around)).max(axis=2)
    return spread_of <= NOISE


def _dominant(colors: Counter[str]) -> tuple[tuple[str, ...], str]:
    """The few colors around which all others of JPEG masks lie, without the background, and that if it is not black.
    No colors where they are not few: those of a photograph, or of a drawing with shades."""
    import numpy as np

    ranked = colors.most_common()
    rgb = np.array([[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color, _ in ranked])
    counts = np.array([count for _, count in ranked])
    found: dict[int, int] = {}
    left = np.ones(len(ranked), bool)
    while left.any() and len(found) <= 2 * _FEW:
        center = int(left.argmax())  # the most frequent that is left
        near = left & (np.abs(rgb - rgb[center]).max(axis=1) <= NOISE)
        found[center] = int(counts[near].sum())
        left &= ~near
    kept = [center for center, count in found.items() if count >= 0.001 * counts.sum()]
    if len(kept) > _FEW or sum(found[center] for center in kept) <= 0.99 * counts.sum():
        return (), ""
    black = [center for center in kept if rgb[center].max() <= NOISE]
    most = max(kept, key=lambda center: found[center])
    grey = int(rgb[most].max() - rgb[most].min()) <= NOISE
    behind = black or ([most] if grey else [])
    names = sorted(ranked[center][0] for center in kept if center not in behind)
    return tuple(names), "" if black or not behind else ranked[most][0]


def _kind(
    numbers: Counter[int], colors: Counter[str], top: int, *, lossy: bool, palette: bool
) -> tuple[Kind, tuple[str, ...]]:
    if colors:
        kept = sorted(colors)
        return ("colors", tuple(c for c in kept if c != "#000000")) if len(kept) <= _VALUES else ("unclear", ())
    values = sorted(value for value in numbers if value)
    names = tuple(map(str, values))
    edges = sum(n for value, n in numbers.items() if 0.1 * top < value < 0.9 * top) <= _GREY_EDGE * numbers.total()
    if lossy or len(values) > _VALUES:
        return ("binary" if edges else "unclear"), ()
    if palette and values:
        return "index", names  # stored numbers are places in a palette, not shades
    if len(values) == 1:
        return ("binary" if values[0] > top / 2 else "low"), names
    white = not values or (values[-1] > 0.9 * top and (values[0] > 0.9 * top or len(values) > 6))
    return ("binary", ()) if edges and white else ("index", names)
