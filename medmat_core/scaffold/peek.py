"""A look into mask files: how they say where a class is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from attrs import Factory, define, frozen

from medmat_core.errors import MedmatError
from medmat_core.scaffold.survey import spread, suffix

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
    values: tuple[str, ...] = ()
    seen: int = 0
    empty: tuple[str, ...] = ()
    mostly: bool = False
    lossy: bool = False
    failed: int = 0


@define
class _Tally:
    numbers: Counter[int] = Factory(Counter)
    colors: Counter[str] = Factory(Counter)
    seen: int = 0
    empty: list[str] = Factory(list)
    mostly: int = 0
    failed: int = 0
    shades: int = 0
    top: int = 1
    palette: bool = False


def peek(base: Path, masks: Sequence[str]) -> Peek:
    """Look into some masks, spread over all; where they hold a number or a color a class, into all of them: what one
    of a thousand holds has to be on the card."""
    some = spread(masks, _FILES)
    first = _judged(_tallied(base, some), _lossy(some))
    more = first.kind in ("index", "colors") and len(some) < len(masks)
    return _judged(_tallied(base, masks), _lossy(masks)) if more else first


def looks_like_masks(base: Path, paths: Sequence[str]) -> bool:
    """Whether some pictures hold few values each, as masks do."""
    return peek(base, spread(paths, 6)).kind != "unclear"


def _lossy(masks: Sequence[str]) -> bool:
    return bool(masks) and all(suffix(path).lower() in (".jpg", ".jpeg") for path in masks)


def _tallied(base: Path, masks: Sequence[str]) -> _Tally:
    from medmat_core.images.pixels import load

    tally = _Tally()
    lossy = _lossy(masks)
    for path in masks:
        try:
            pixels = load(base / path, None, "stored", "mask")
        except (MedmatError, OSError, ValueError):
            tally.failed += 1
            continue
        tally.seen += 1
        tally.palette = tally.palette or _has_palette(base / path)
        if not _count(tally, pixels.array, pixels.top or 1, lossy):
            tally.empty.append(path)
    return tally


def _count(tally: _Tally, array: np.ndarray, top: int, lossy: bool) -> bool:
    """Count the values of one mask; whether it shows anything."""
    import numpy as np

    if array.dtype == np.bool_:
        array, top = array.astype(np.uint8) * 255, 255
    elif array.ndim == 3:
        rgb = array[..., :3].astype(np.int32)
        if int((rgb.max(axis=2) - rgb.min(axis=2)).max()) > (40 if lossy else 0):
            packed = (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., -1]
            found, counts = np.unique(packed, return_counts=True)
            for value, count in zip(found[:4096].tolist(), counts.tolist(), strict=False):
                tally.colors[f"#{value:06x}"] += count
            return True
        array = array[..., 0]
    tally.top = max(tally.top, top)
    found, counts = np.unique(array, return_counts=True)
    tally.shades += len(found) > 4096
    for value, count in zip(found[:4096].tolist(), counts.tolist(), strict=False):
        tally.numbers[int(value)] += count
    inside = float((array > (top / 2 if int(found[-1]) > top / 2 else 0)).mean())
    tally.mostly += inside > 0.6
    return inside > 0


def _judged(tally: _Tally, lossy: bool) -> Peek:
    kind, values = _kind(tally, lossy)
    return Peek(kind, values, tally.seen, tuple(tally.empty), tally.mostly > tally.seen / 2, lossy, tally.failed)


def _kind(tally: _Tally, lossy: bool) -> tuple[Kind, tuple[str, ...]]:
    if not tally.seen or tally.shades:
        return "unclear", ()
    if tally.colors:
        least = 0.002 * tally.colors.total() if lossy else 1
        kept = sorted(color for color, count in tally.colors.items() if count >= least)
        return ("colors", tuple(c for c in kept if c != "#000000")) if len(kept) <= _VALUES else ("unclear", ())
    values = sorted(value for value in tally.numbers if value)
    names = tuple(map(str, values))
    between = sum(n for value, n in tally.numbers.items() if 0.1 * tally.top < value < 0.9 * tally.top)
    edges = between <= _GREY_EDGE * tally.numbers.total()
    if lossy or len(values) > _VALUES:
        return ("binary" if edges else "unclear"), ()
    if tally.palette and values:
        return "index", names  # stored numbers are places in a palette, not shades
    if len(values) == 1:
        return ("binary" if values[0] > tally.top / 2 else "low"), names
    white = not values or (values[-1] > 0.9 * tally.top and (values[0] > 0.9 * tally.top or len(values) > 6))
    return ("binary", ()) if edges and white else ("index", names)


def _has_palette(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.mode == "P"
    except (OSError, ValueError, Image.DecompressionBombError):
        return False
