"""Draws the data of the benchmarks, in its own process so that the driver stays small.

``python draw.py folders DIR COUNT``  row 2's layout: COUNT pictures of 5 KB in four class folders, all different
``python draw.py links DIR COUNT``    the same names, hard links to a few files (for --verify none)
``python draw.py masks DIR COUNT``    row 93's layout: COUNT pairs of picture and mask, 622 x 529 JPEG
``python draw.py alike DIR COUNT``    the same, but that all pictures have one length and begin with the same 8 KB
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

CLASSES = ("Cyst", "Normal", "Stone", "Tumor")
KIDNEY = "CT_Kindney_Dataset/CT-KIDNEY-DATASET-Normal-Cyst-Tumor-Stone/CT-KIDNEY-DATASET-Normal-Cyst-Tumor-Stone"
LINKS = 30_000
"""Names a file may have; ext4 stops at 65,000."""


def names(root: Path, count: int) -> Iterator[str]:
    """Row 2's names: 'Cyst/Cyst- (1).jpg'."""
    for label in CLASSES:
        (root / label).mkdir(parents=True)
    for number in range(count):
        label = CLASSES[number % len(CLASSES)]
        yield f"{root}/{label}/{label}- ({number // len(CLASSES) + 1}).jpg"


def noise_jpeg() -> bytes:
    """A JPEG of about 5 KB, the size of a small slice."""
    import cv2
    import numpy as np

    pixels = np.random.default_rng(2).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert done
    return bytes(data)


def folders(where: Path, count: int) -> None:
    """Every file has bytes of its own: a comment segment near its start holds its number."""
    raw = noise_jpeg()
    for number, name in enumerate(names(where / KIDNEY, count)):
        with open(name, "wb") as handle:
            handle.write(raw[:2] + b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big") + raw[2:])


def links(where: Path, count: int) -> None:
    """Names only: the files behind them are shared."""
    raw = noise_jpeg()
    source = ""
    for number, name in enumerate(names(where / KIDNEY, count)):
        if number % LINKS == 0:
            source = f"{where}/source{number // LINKS}"
            Path(source).write_bytes(raw)
        os.link(source, name)


def masks(where: Path, count: int, begin: bytes = b"") -> None:
    """Pictures that cost as much to decode as real ones, and masks as :mod:`bench_masks` draws them."""
    import cv2
    import numpy as np
    from bench_masks import SIZE, draw_pairs

    base = where / "Kvasir-SEG" / "Kvasir-SEG"
    for part in ("images", "masks"):
        (base / part).mkdir(parents=True)
    rng = np.random.default_rng(93)
    rough = rng.integers(0, 255, (24, 28, 3), dtype=np.uint8)
    drawn = cv2.resize(rough, SIZE, interpolation=cv2.INTER_CUBIC)
    drawn = cv2.add(drawn, rng.integers(0, 24, drawn.shape, dtype=np.uint8))
    done, data = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    raw = bytes(data)
    for number, name in enumerate(draw_pairs(base / "masks", count)):
        own = raw[:2] + begin + b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big") + raw[2:]
        (base / "images" / name).write_bytes(own)


def alike(where: Path, count: int) -> None:
    """Pictures that only their pixels, or a hash, tell apart: as from one camera, with one long color profile."""
    masks(where, count, b"\xff\xfe" + (1 << 13).to_bytes(2, "big") + bytes((1 << 13) - 2))


if __name__ == "__main__":
    kind, folder, number = itertools.islice(sys.argv, 1, 4)
    {"folders": folders, "links": links, "masks": masks, "alike": alike}[kind](Path(folder), int(number))
