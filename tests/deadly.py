"""A plugin whose masks may kill the worker that decodes them, or count how often they are decoded.

A mask is a text file "x1 y1 x2 y2". The first worker process that meets a file ``die`` ends. With a file ``full``,
every worker raises a BuildError. With a file ``stop``, decoding the mask named there is stopped as by Ctrl-C. A file
``kill`` names masks and how each ends every worker that decodes it (the number of a signal, or "exit" and a code); a
file ``refuse`` names some that are refused, and why.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_core.card import Card as _Card
from medmat_core.errors import BuildError
from medmat_core.images import PictureError
from tests.toy import picture


@frozen
class TextMask:
    """A rectangle in a text file."""

    path: str
    code: str


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    for path in tree.files("pics"):
        mask: Any = TextMask(path.replace("pics/", "masks/").replace(".png", ".txt"), "polyp")
        yield MaskSample(path, (mask,))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset(_Card.load(Path(__file__).with_suffix(".toml")), samples, module=__name__)]


@hookimpl
def medmat_regions(mask: Any, size: tuple[int, int], root: Path) -> Sequence[tuple[str, np.ndarray]] | None:
    if not isinstance(mask, TextMask):
        return None
    if parent_process() is not None:
        with contextlib.suppress(FileNotFoundError):
            (root / "die").rename(root / f"died-{os.getpid()}")  # only one worker can take it
            os._exit(1)
    if (root / "full").exists() and parent_process() is not None:
        raise BuildError("the disk of the worker is full")
    if parent_process() is not None:
        for how in _told(root / "kill", mask.path):
            if how.startswith("exit "):
                os._exit(int(how.removeprefix("exit ")))
            os.kill(os.getpid(), int(how))
    for why in _told(root / "refuse", mask.path):
        raise PictureError("bad_mask", why)
    stop = root / "stop"
    if stop.exists() and stop.read_text() in mask.path:
        raise KeyboardInterrupt
    with (root / "decoded").open("a") as log:
        log.write(f"{os.getpid()} {mask.path}\n")
    x1, y1, x2, y2 = map(int, (root / mask.path).read_text().split())
    pixels = np.zeros((size[1], size[0]), np.uint8)
    pixels[y1:y2, x1:x2] = 1
    return [(mask.code, pixels)]


def _told(file: Path, path: str) -> list[str]:
    """What a file says of a mask: lines of a name and anything."""
    lines = [line.partition(" ") for line in file.read_text().splitlines()] if file.exists() else []
    return [what for name, _, what in lines if name in path]


def deadly_tree(data: Path, count: int) -> Path:
    """``count`` pictures with a mask each under data/deadly; returns the folder."""
    base = data / "deadly"
    (base / "masks").mkdir(parents=True)
    for number in range(count):
        picture(base / "pics" / f"{number:03d}.png", number, (96, 64))
        left, top = number % 40, number % 25
        (base / "masks" / f"{number:03d}.txt").write_text(f"{left} {top} {left + 20} {top + 16}")
    return base


def decoded(base: Path) -> list[tuple[int, str]]:
    """(process, mask) of every decoding so far."""
    lines = (base / "decoded").read_text().splitlines()
    return [(int(line.split()[0]), line.split()[1]) for line in lines]
