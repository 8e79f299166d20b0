"""A look into mask files: how they say where a class is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from attrs import frozen

from medmat_core.errors import MedmatError
from medmat_core.scaffold.survey import spread

if TYPE_CHECKING:
    import numpy as np

_FILES: Final = 24
_VALUES: Final = 32
"""More different values than this are a picture, not classes."""
_GREY_EDGE: Final = 0.03

Kind = Literal["binary", "low", "index", "colors", "unclear"]


@frozen
class Peek:
    """What masks hold.

    ``kind``: "binary" (black and white), "low" (black and a value below half of the range, so that a threshold is
    needed), "index" (a number a class), "colors" (a color a class), "unclear". ``values`` are the numbers above 0 or
    the colors "#rrggbb" but black. ``empty`` are those of the ``seen`` masks that hold nothing. ``mostly``: the
    foreground fills more than half of most masks, which may be inverted. ``lossy``: JPEG.
    """

    kind: Kind
    values: tuple[str, ...]
    seen: int
    empty: tuple[str, ...]
    mostly: bool
    lossy: bool
    failed: int


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
    mostly = failed = 0
    top, palette = 1, False
    for path in masks:
        try:
            pixels = load(base / path, None, "stored", "mask")
        except (MedmatError, OSError, ValueError):
            failed += 1
            continue
        array, high = pixels.array, pixels.top or 1
        palette = palette or mode_of(base / path) == "P"
        if _count_colors(array, 40 if lossy else 0, colors):
            continue
        if array.dtype == bool:
            array, high = array.astype("uint8") * 255, 255
        array = array[..., 0] if array.ndim == 3 else array
        inside = float((array > (high / 2 if int(array.max()) > high / 2 else 0)).mean())
        mostly += inside > 0.6
        empty += [path] if inside == 0 else []
        top = max(top, high)
        _count(array, numbers)
    seen = len(masks) - failed
    kind, values = _kind(numbers, colors, top, lossy=lossy, palette=palette) if seen else ("unclear", ())
    return Peek(kind, values, seen, tuple(empty), mostly > seen / 2, lossy, failed)


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
    counts: Counter[int] = Counter()
    _count((rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., -1], counts)
    colors.update({f"#{value:06x}": count for value, count in counts.items()})
    return True


def _kind(
    numbers: Counter[int], colors: Counter[str], top: int, *, lossy: bool, palette: bool
) -> tuple[Kind, tuple[str, ...]]:
    if colors:
        least = 0.002 * colors.total() if lossy else 1
        kept = sorted(color for color, count in colors.items() if count >= least)
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
