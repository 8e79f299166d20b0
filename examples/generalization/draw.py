"""Draw the phantoms: `python draw.py med-mat` writes a folder of class folders for each combination.

The modality is how a picture is made (stripes, grain, or haze), the area is the shape of the
body, and the task decides what is varied: the form of one mark, its corner, or how many marks there are. All else is
drawn at random, so nothing but the mark tells the answer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from medmat_phantoms.design import COMBINATIONS, LABELS, Combination
from PIL import Image

SIDE = 32
PER_LABEL = 240
SEED = 7
CORNERS = {"north-west": (11, 11), "north-east": (21, 11), "south-west": (11, 21), "south-east": (21, 21)}
"""Centers (x, y) in pixels of the four places where marks can lie."""


def body(area: str) -> np.ndarray:
    """Where the body is: bool of shape (SIDE, SIDE)."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    if area == "disc":
        return np.hypot(x, y) < 14.5
    if area == "box":
        return np.maximum(abs(x), abs(y)) < 13
    return (y > -15) & (abs(x) < 17 - 0.25 * (y + 15)) & (y < 14)  # a wedge


def mark(form: str, center: tuple[int, int]) -> np.ndarray:
    """Where a mark of five pixels across is: bool of shape (SIDE, SIDE)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    x, y = x - center[0], y - center[1]
    inside = np.maximum(abs(x), abs(y)) <= 3
    return (
        inside
        & {
            "cross": (x == 0) | (y == 0),
            "ring": (np.hypot(x, y) > 1.8) & (np.hypot(x, y) < 3.3),
            "bar": abs(y) <= 1,
            "dot": np.hypot(x, y) < 2.3,
        }[form]
    )


def phantom(one: Combination, label: str, random: np.random.Generator) -> np.ndarray:
    """A picture of one combination with one label: uint8 of shape (SIDE, SIDE)."""
    corners = list(CORNERS.values())
    random.shuffle(corners)
    form = str(random.choice(LABELS["form"]))
    places = corners[:1]
    if one.task == "form":
        form = label
    elif one.task == "place":
        places = [CORNERS[label]]
    else:
        places = corners[: LABELS["count"].index(label) + 1]
    picture = np.full((SIDE, SIDE), 0.1)
    picture[body(one.area)] = random.uniform(0.35, 0.45)
    for x, y in places:
        dx, dy = random.integers(-1, 2, 2)
        picture[mark(form, (x + int(dx), y + int(dy)))] = random.uniform(0.8, 0.9)
    y, x = np.mgrid[:SIDE, :SIDE]
    if one.modality == "striped":
        picture *= 1 + 0.25 * np.sin((x + y) * 1.3 + random.uniform(0, 6))
    elif one.modality == "grainy":
        picture *= random.uniform(0.7, 1.3, picture.shape)
    else:
        picture = 0.55 * picture + 0.2 + 0.1 * (y + x) / (2 * SIDE)
    picture += random.normal(0, 0.03, picture.shape)
    return np.uint8(np.clip(picture, 0, 1) * 255)


def draw(data: Path, per_label: int = PER_LABEL) -> None:
    """All pictures, below ``data``."""
    for one in COMBINATIONS:
        for label in LABELS[one.task]:
            folder = data / f"phantoms-{one.slug}" / label
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(per_label):
                random = np.random.default_rng([SEED, one.subset, LABELS[one.task].index(label), number])
                Image.fromarray(phantom(one, label, random)).save(folder / f"{number:04d}.png")


if __name__ == "__main__":
    draw(Path(sys.argv[1]), *(int(text) for text in sys.argv[2:3]))
