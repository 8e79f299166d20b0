"""Phantoms: invented pictures that look roughly like what a modality shows, drawn from a seed.

They are drawn small and enlarged by whole pixels, so that a picture of several megapixels takes milliseconds and
a few kilobytes: enough to see in a preview what kind of picture a question is about, and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

_DRAWN: Final = 192
"""The longest side that is drawn in full, in pixels."""

_FIELD: Final = 0.25
"""From this half height on (of 1) a spot of a film that is much taller than wide is a lung field."""

Spot = tuple[float, float, float, float]
"""A lesion: center x, y and half axes, where the picture runs from -1 to 1 both ways."""


def draw(
    modality: str,
    size: tuple[int, int],
    mode: str,
    seed: int,
    top: int = 255,
    lesions: Sequence[tuple[int, int, int, int]] = (),
) -> np.ndarray:
    """Pixels of shape (height, width[, channels]): uint8, or uint16 up to ``top`` for mode I;16.

    ``size`` is (width, height). ``lesions`` are half-open boxes in pixels: what the modality shows as a lesion fills
    them instead of standing anywhere. Equal arguments give equal pixels.
    """
    width, height = size
    draw_random = np.random.Generator(np.random.PCG64(seed))
    scale = max(1, -(-max(size) // _DRAWN))
    small = (-(-width // scale), -(-height // scale))
    across, down = small[0] * scale, small[1] * scale
    spots = [
        ((x1 + x2) / across - 1, (y1 + y2) / down - 1, (x2 - x1) / across, (y2 - y1) / down)
        for x1, y1, x2, y2 in lesions
    ]
    picture = _STYLES.get(modality, _section)(small, draw_random, spots)
    picture = np.clip(picture + draw_random.normal(0, 1.5, picture.shape[:2])[..., None], 0, 255)
    if mode in ("RGB", "RGBA"):
        pixels = picture.astype(np.uint8)
        if mode == "RGBA":
            pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    else:
        grey = picture @ np.array([0.299, 0.587, 0.114])
        pixels = (grey * (top / 255)).astype(np.uint16 if mode == "I;16" else np.uint8)
        if mode == "1":
            pixels = (pixels > np.median(pixels)).astype(np.uint8)
    pixels = np.repeat(np.repeat(pixels, scale, 0), scale, 1)[:height, :width]
    return np.ascontiguousarray(pixels)


def _grid(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """x and y of every pixel, -1 to 1 over the picture."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    return (2 * x + 1) / width - 1, (2 * y + 1) / height - 1


def _disc(
    grid: tuple[np.ndarray, np.ndarray], x: float, y: float, rx: float, ry: float, soft: float = 0.15
) -> np.ndarray:
    """1 inside an ellipse, 0 outside, with a soft rim; shape (height, width)."""
    distance = ((grid[0] - x) / rx) ** 2 + ((grid[1] - y) / ry) ** 2
    inside: np.ndarray = np.clip((1 - distance) / soft, 0, 1)
    return inside


def _blend(picture: np.ndarray, where: np.ndarray, colour: tuple[float, float, float] | float) -> np.ndarray:
    where = where[..., None]
    blended: np.ndarray = picture * (1 - where) + np.asarray(colour, float) * where
    return blended


def _plain(size: tuple[int, int], colour: tuple[float, float, float]) -> np.ndarray:
    return np.broadcast_to(np.asarray(colour, float), (size[1], size[0], 3)).copy()


def _section(size: tuple[int, int], rng: np.random.Generator, spots: list[Spot]) -> np.ndarray:
    """A body in cross-section: grey tissue on black, a brighter rim, organs of several greys."""
    grid = _grid(size)
    picture = _plain(size, (6, 6, 6))
    rx, ry = rng.uniform(0.75, 0.92), rng.uniform(0.7, 0.88)
    picture = _blend(picture, _disc(grid, 0, 0, rx, ry), 205)
    picture = _blend(picture, _disc(grid, 0, 0, rx - 0.08, ry - 0.08), rng.uniform(80, 115))
    for _ in range(int(rng.integers(4, 7))):
        x, y = rng.uniform(-0.45, 0.45, 2)
        rx, ry = rng.uniform(0.1, 0.3, 2)
        picture = _blend(picture, _disc(grid, x, y, rx, ry, 0.4), rng.uniform(30, 190))
    for x, y, rx, ry in spots:
        picture = _blend(picture, _disc(grid, x, y, rx, ry, 0.25), 168)
        picture = _blend(picture, _disc(grid, x, y, 0.6 * rx, 0.6 * ry, 0.6) * 0.5, 205)
    return picture


def _film(size: tuple[int, int], rng: np.random.Generator, spots: list[Spot]) -> np.ndarray:
    """A radiograph: bright body, two darker fields, a spine and ribs."""
    grid = _grid(size)
    picture = _blend(_plain(size, (25, 25, 25)), _disc(grid, 0, 0.2, 0.98, 1.15, 0.3), rng.uniform(150, 175))
    fields = [spot for spot in spots if spot[3] >= max(_FIELD, 1.5 * spot[2])]
    for side in (-1, 1):
        field = (side * rng.uniform(0.38, 0.46), 0.0, rng.uniform(0.28, 0.34), rng.uniform(0.6, 0.72))
        if not fields:
            picture = _blend(picture, _disc(grid, *field, 0.5), 55)
    for field in fields:
        picture = _blend(picture, _disc(grid, *field, 0.5), 55)
    ribs = 14 * np.sin((grid[1] - 0.3 * np.abs(grid[0])) * rng.uniform(16, 20))
    picture = picture + ribs[..., None] * (np.abs(grid[0]) > 0.15)[..., None]
    picture = _blend(picture, np.clip(1 - np.abs(grid[0] / 0.1), 0, 1) * 0.8, 215)
    anywhere = (rng.uniform(-0.5, 0.5), rng.uniform(-0.4, 0.4), 0.1, 0.1)
    for spot in [spot for spot in spots if spot not in fields] or ([] if fields else [anywhere]):
        picture = _blend(picture, _disc(grid, *spot, 0.8) * 0.75, 228)
    return picture


def _fundus(size: tuple[int, int], rng: np.random.Generator, spots: list[Spot]) -> np.ndarray:
    """The back of the eye: an orange disc on black, the optic disc, the macula, vessels."""
    grid = _grid(size)
    eye = _disc(grid, 0, 0, 0.93, 0.93, 0.06)
    picture = _plain(size, (190, 88, 34)) * (1.1 - 0.35 * (grid[0] ** 2 + grid[1] ** 2))[..., None]
    side = rng.choice([-1, 1])
    x, y = side * rng.uniform(0.35, 0.5), rng.uniform(-0.1, 0.1)
    for _ in range(int(rng.integers(4, 7))):
        bend, slope = rng.uniform(-0.9, 0.9, 2)
        line = np.abs(grid[1] - y - slope * (grid[0] - x) - bend * (grid[0] - x) ** 2)
        picture = _blend(picture, np.clip(1 - line / 0.03, 0, 1) * 0.7, (110, 25, 15))
    picture = _blend(picture, _disc(grid, -x, y, 0.2, 0.2, 0.9) * 0.5, (95, 40, 18))
    for spot in spots or [(x, y, 0.15, 0.17)]:
        picture = _blend(picture, _disc(grid, *spot), (250, 205, 120))
    seen: np.ndarray = picture * eye[..., None]
    return seen


def _skin(size: tuple[int, int], rng: np.random.Generator, spots: list[Spot]) -> np.ndarray:
    """Skin with one brown lesion of an uneven outline."""
    grid = _grid(size)
    tone = rng.uniform(0.8, 1.05)
    picture = _plain(size, (222 * tone, 172 * tone, 148 * tone)) * (1.02 - 0.08 * grid[1] ** 2)[..., None]
    x, y = rng.uniform(-0.2, 0.2, 2)
    for _ in range(5):
        dx, dy = rng.uniform(-0.18, 0.18, 2)
        brown = rng.uniform(0.6, 1.1)
        rx, ry = rng.uniform(0.2, 0.4, 2)
        for x1, y1, rx1, ry1 in spots:  # a blot of each lesion, which touches its rim at one corner
            share = 0.6 + abs(dx)
            blot = _disc(grid, x1 + (1 - share) * rx1 * np.sign(dx), y1 + (1 - share) * ry1 * np.sign(dy),
                         share * rx1, share * ry1, 0.4)  # fmt: skip
            picture = _blend(picture, blot * 0.8, (120 * brown, 70 * brown, 52 * brown))
        if not spots:
            where = _disc(grid, x + dx, y + dy, rx, ry, 0.4) * 0.8
            picture = _blend(picture, where, (120 * brown, 70 * brown, 52 * brown))
    return picture


def _tissue(size: tuple[int, int], rng: np.random.Generator, spots: list[Spot]) -> np.ndarray:
    """A stained slide: pink ground, violet cells with dark nuclei."""
    grid = _grid(size)
    picture = _plain(size, (238, 205, 222))
    for _ in range(int(rng.integers(8, 16))):
        x, y = rng.uniform(-0.95, 0.95, 2)
        radius = rng.uniform(0.12, 0.22)
        picture = _blend(picture, _disc(grid, x, y, radius, radius, 0.3) * 0.7, (196, 138, 190))
        picture = _blend(picture, _disc(grid, x, y, radius * 0.5, radius * 0.45, 0.3), (98, 52, 134))
    for spot in spots:
        picture = _blend(picture, _disc(grid, *spot, 0.2) * 0.55, (150, 70, 150))
    return picture


def _mucosa(size: tuple[int, int], rng: np.random.Generator, spots: list[Spot]) -> np.ndarray:
    """Inside a hollow organ: red folds around a dark channel, a highlight, perhaps something raised."""
    grid = _grid(size)
    x, y = rng.uniform(-0.3, 0.3, 2)
    distance = np.hypot(grid[0] - x, grid[1] - y)
    folds = 1 + 0.12 * np.sin(distance * rng.uniform(9, 13) + np.arctan2(grid[1] - y, grid[0] - x))
    picture = _plain(size, (205, 98, 82)) * (folds * (0.45 + 0.5 * np.clip(distance, 0, 1)))[..., None]
    picture = _blend(picture, _disc(grid, x, y, 0.18, 0.18, 0.8), (35, 10, 10))
    dx, dy = rng.uniform(-0.6, 0.6, 2)
    for x, y, rx, ry in spots or [(dx, dy, 0.25, 0.22)]:
        picture = _blend(picture, _disc(grid, x, y, rx, ry, 0.5) * 0.7, (226, 132, 112))
        picture = _blend(picture, _disc(grid, x - 0.2 * rx, y - 0.23 * ry, 0.2 * rx, 0.18 * ry, 0.5), (250, 240, 235))
    seen: np.ndarray = picture * _disc(grid, 0, 0, 1.3, 1.3, 0.1)[..., None]
    return seen


def _layers(size: tuple[int, int], rng: np.random.Generator, spots: list[Spot]) -> np.ndarray:
    """Layers along the line of sight, as optical coherence tomography shows them, with speckle."""
    grid = _grid(size)
    picture = _plain(size, (52, 52, 52) if spots else (14, 14, 14))
    curve = rng.uniform(-0.25, 0.25) * grid[0] ** 2 + 0.08 * np.sin(grid[0] * rng.uniform(1, 3))
    for depth in np.sort(rng.uniform(-0.6, 0.6, 6)):
        near = np.clip(1 - np.abs(grid[1] - depth - curve) / rng.uniform(0.06, 0.16), 0, 1)
        picture = _blend(picture, near, rng.uniform(80, 190))
    x, y = rng.uniform(-0.4, 0.4, 2)
    rx, ry = rng.uniform(0.12, 0.28, 2)
    for spot in spots or [(x, y, rx, ry)]:
        picture = _blend(picture, _disc(grid, *spot, 0.4), 22)
    speckled: np.ndarray = picture * (1 + rng.normal(0, 0.06, picture.shape[:2]))[..., None]
    return speckled


def _echoes(size: tuple[int, int], rng: np.random.Generator, spots: list[Spot]) -> np.ndarray:
    """Bands of tissue that fade with depth, in coarse speckle, with a dark lesion: an ultrasound image."""
    grid = _grid(size)
    waves, slope, start = rng.uniform(7, 11), rng.uniform(-1.5, 1.5), rng.uniform(0, 6)
    bands = 100 + 38 * np.sin(waves * grid[1] + slope * grid[0] + start) + 20 * np.sin(2.7 * waves * grid[1] + start)
    picture = np.repeat((bands * (0.95 - 0.35 * grid[1]))[..., None], 3, axis=2)
    anywhere = (*rng.uniform(-0.4, 0.4, 2), *rng.uniform(0.12, 0.28, 2))
    for spot in spots or [anywhere]:
        picture = _blend(picture, _disc(grid, *spot, 0.35) * 0.85, 14)
    speckle = rng.rayleigh(1, grid[0].shape) ** 0.7
    for axis in (0, 1):
        speckle = (speckle + np.roll(speckle, 1, axis)) / 2
    speckled: np.ndarray = picture * (speckle / speckle.mean())[..., None]
    return speckled


_STYLES: Final[dict[str, Callable[[tuple[int, int], np.random.Generator, list[Spot]], np.ndarray]]] = {
    "CT": _section,
    "MRI": _section,
    "X-Ray": _film,
    "FP": _fundus,
    "Der": _skin,
    "Mic": _tissue,
    "End": _mucosa,
    "Co": _mucosa,
    "DP": _mucosa,
    "OCT": _layers,
    "US": _echoes,
    "Ultrasound": _echoes,
}
