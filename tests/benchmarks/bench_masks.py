"""Masks to box answers against the bare decoding of the same masks, printed as a ratio.

1,500 JPEG masks of 622 x 529 with three equal channels (the layout of row 93, Kvasir-SEG), drawn afresh in
a temporary folder. Yardstick: ``cv2.imread`` of each in grey. Ours: all that ``medmat_core.regions`` does for a
picture: read and decode, find regions, write the answer, draw three wrong boxes. Both on one core, the
best of several runs. What a whole build may take is at most 1.25 times the yardstick.

Run: ``python tests/benchmarks/bench_masks.py``; MEDMAT_BENCH_PAIRS sets the number of pairs.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from medmat_core.card import Card
from medmat_core.model import MaskFile, MaskSample
from medmat_core.regions.box_words import box_text
from medmat_core.regions.extract import regions_of

SIZE = (622, 529)
REACH = 1.25
RUNS = 5

CARD = """
slug = "bench"
title = "Masks of the benchmark"
folder = "bench"
modality = "End"
area = "Intestine"
task = "Polyp segmentation"
subset = 39
kind = "mask"
modality_shown = "endoscopy picture"
area_shown = "bowel"
source = "https://example.org"
access = "open"
license = "drawn"
[labels]
polyp = "Polyp"
"""


def draw_pairs(folder: Path, count: int) -> list[str]:
    """``count`` JPEG masks under ``folder``: one or two blobs each, grey edges and a stray pixel now and then."""
    rng = np.random.default_rng(93)
    width, height = SIZE
    names = []
    for number in range(count):
        mask = np.zeros((height, width), np.uint8)
        for _ in range(1 + int(rng.random() < 0.15)):
            center = (int(rng.integers(80, width - 80)), int(rng.integers(80, height - 80)))
            axes = (int(rng.integers(30, 170)), int(rng.integers(30, 150)))
            turn = int(rng.integers(180))
            outline = cv2.ellipse2Poly(center, axes, turn, 0, 360, 4).astype(np.float64)
            outline += rng.normal(0, 3, outline.shape)
            cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 255)
        if number % 10 == 0:
            mask[0, 0] = 255
        name = f"{number:05d}.jpg"
        done, data = cv2.imencode(".jpg", cv2.merge([mask] * 3), [cv2.IMWRITE_JPEG_QUALITY, 95])
        assert done
        (folder / name).write_bytes(data.tobytes())
        names.append(name)
    return names


def yardstick(folder: Path, names: list[str]) -> int:
    """The bare decoding of the masks."""
    return sum(cv2.imread(f"{folder}/{name}", cv2.IMREAD_GRAYSCALE).shape[0] for name in names)


def ours(folder: Path, names: list[str], card: Card) -> int:
    """Masks to the texts of their boxes; returns how many characters were written."""
    written = 0
    for name in names:
        found = regions_of(MaskSample(name, (MaskFile(name, "polyp"),)), SIZE, folder, card)
        written += len(box_text([region.box for region in found.regions], SIZE))
    return written


def best(work: Callable[[], int]) -> float:
    """Seconds of the fastest of several runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    cv2.setNumThreads(1)
    count = int(os.environ.get("MEDMAT_BENCH_PAIRS", "1500"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "card.toml").write_text(CARD, encoding="utf-8")
        card = Card.load(folder / "card.toml")
        names = draw_pairs(folder, count)
        bare = best(lambda: yardstick(folder, names))
        whole = best(lambda: ours(folder, names, card))
    print(f"masks to box answers, {count} masks of {SIZE[0]} x {SIZE[1]}")
    print(f"  cv2.imread   {1000 * bare / count:.3f} ms a mask")
    print(f"  medmat       {1000 * whole / count:.3f} ms a mask")
    print(f"  ratio        {whole / bare:.2f} (reach of a whole build: {REACH})")


if __name__ == "__main__":
    main()
