"""A look into some mask files: how they say where a class is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from attrs import frozen

from medmat_core.errors import MedmatError
from medmat_core.scaffold.survey import spread, suffix

_FILES: Final = 24
_VALUES: Final = 32
"""More different values than this are a picture, not classes."""
_GREY_EDGE: Final = 0.03

Kind = Literal["binary", "low", "index", "colors", "unclear"]


@frozen
class Peek:
    """What the masks looked at hold.

    ``kind``: "binary" (black and white), "low" (black and a value below half of the range, so that a threshold is
    needed), "index" (a number a class), "colors" (a colour a class), "unclear". ``values`` are the numbers above 0 or
    the colours "#rrggbb" but black. ``mode`` is Pillow's, ``empty`` how many of ``seen`` masks hold nothing.
    ``mostly``: the foreground fills more than half of most masks, which may be inverted. ``lossy``: JPEG.
    """

    kind: Kind
    values: tuple[int, ...] = ()
    colors: tuple[str, ...] = ()
    mode: str = "L"
    seen: int = 0
    empty: int = 0
    mostly: bool = False
    lossy: bool = False
    failed: int = 0


def peek(base: Path, masks: Sequence[str]) -> Peek:
    """Look into at most 24 masks, spread over all."""
    import numpy as np

    from medmat_core.images.pixels import load

    numbers: Counter[int] = Counter()
    colors: Counter[str] = Counter()
    modes: Counter[str] = Counter()
    seen = empty = mostly = failed = grey = top = 0
    chosen = spread(masks, _FILES)
    lossy = bool(chosen) and all(suffix(path).lower() in (".jpg", ".jpeg") for path in chosen)
    for path in chosen:
        try:
            pixels = load(base / path, None, "stored", "mask")
        except (MedmatError, OSError, ValueError):
            failed += 1
            continue
        array = pixels.array
        seen += 1
        if array.dtype == np.bool_:
            modes["1"] += 1
            array = array.astype(np.uint8) * 255
        elif array.ndim == 3:
            modes["RGBA" if array.shape[2] == 4 else "RGB"] += 1
            rgb = array[..., :3].astype(np.int32)
            spread_of = int((rgb.max(axis=2) - rgb.min(axis=2)).max()) if array.shape[2] >= 3 else 0
            if spread_of > (40 if lossy else 0):
                packed = (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]
                found, counts = np.unique(packed, return_counts=True)
                for value, count in zip(found.tolist(), counts.tolist(), strict=True):
                    colors[f"#{value:06x}"] += count
                continue
            array = array[..., 0]
        else:
            modes["I;16" if array.dtype == np.uint16 else "L"] += 1
        top = max(top, pixels.top or 0)
        found, counts = np.unique(array, return_counts=True)
        if len(found) > 4096:
            grey += 1
            continue
        numbers.update(dict(zip([int(v) for v in found], counts.tolist(), strict=True)))
        half = max(1, (pixels.top or 1) / 2)
        inside = float((array > (half if int(array.max()) > half else 0)).mean())
        empty += inside == 0
        mostly += inside > 0.6
    if not seen:
        return Peek("unclear", failed=failed)
    mode = "P" if _has_palette(base / chosen[0]) else modes.most_common(1)[0][0]
    common = {"mode": mode, "seen": seen, "empty": empty, "lossy": lossy, "failed": failed, "mostly": mostly > seen / 2}
    return _judged(numbers, colors, grey, max(top, 1), common)


def _judged(numbers: Counter[int], colors: Counter[str], grey: int, top: int, common: dict[str, object]) -> Peek:
    def made(kind: Kind, **more: object) -> Peek:
        return Peek(**{"kind": kind, **common, **more})  # type: ignore[arg-type]

    if colors:
        total = sum(colors.values())
        kept = [color for color, count in colors.most_common() if count >= (0.002 * total if common["lossy"] else 1)]
        if len(kept) > _VALUES or grey:
            return made("unclear")
        return made("colors", colors=tuple(sorted(color for color in kept if color != "#000000")))
    if grey:
        return made("unclear")
    total = sum(numbers.values())
    between = sum(count for value, count in numbers.items() if 0.1 * top < value < 0.9 * top)
    values = sorted(value for value in numbers if value)
    if common["lossy"] or len(values) > _VALUES:
        return made("binary" if between <= _GREY_EDGE * total else "unclear")
    if not values:
        return made("binary")
    if common["mode"] == "P":
        return made("index", values=tuple(values))  # stored numbers are places in a palette, not shades
    if len(values) == 1:
        return made("binary" if values[0] > top / 2 else "low", values=tuple(values))
    if between <= _GREY_EDGE * total and values[-1] > 0.9 * top and values[0] > 0.9 * top:
        return made("binary")
    if len(values) > 6 and values[-1] > 0.9 * top and between <= _GREY_EDGE * total:
        return made("binary")  # smooth edges
    return made("index", values=tuple(values))


def _has_palette(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.mode == "P"
    except (OSError, ValueError, Image.DecompressionBombError):
        return False


def looks_like_masks(base: Path, paths: Sequence[str]) -> bool:
    """Whether some pictures hold few values each, as masks do."""
    return peek(base, spread(paths, 6)).kind != "unclear"
