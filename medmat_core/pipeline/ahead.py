"""The JPEG masks that come next, decoded by a thread while those before are looked at.

OpenCV lets other threads run while it decodes, so that a build of one process need not wait for it. Nothing hangs on
the thread: what it does not decode, for whatever reason, is read by whoever asks for it, and a fault is told there.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from medmat_core.images.faults import PictureError, read_bytes
from medmat_core.images.jpeg import jpeg_frame
from medmat_core.images.pixels import load_gray
from medmat_core.images.raster import Pixels, decode_picture
from medmat_core.model import Mask, MaskFile, MaskSample, Sample, Slice
from medmat_core.readers.pictures import escapes
from medmat_core.watch import Overdue

DEPTH: Final = 2
"""Masks that are begun before they are asked for: no more of them are in memory."""

LARGE: Final = 1 << 24
"""Larger files, in bytes, and pictures, in pixels, are left to whoever asks for them: there may be no room for two at a
time."""

_LOOK: Final = 1.0
"""Seconds after which whoever waits for the thread hears of all else."""

_SUFFIXES: Final = (".jpg", ".jpeg")


class Ahead:
    """Reads the masks of ``samples``, whose files lie below ``root``, for someone who asks for them in that order, for
    some perhaps not. To be closed."""

    def __init__(self, root: Path, samples: Iterable[Sample]) -> None:
        masks = (mask for sample in samples if isinstance(sample, MaskSample) for mask in sample.masks)
        self._coming = deque(f"{root}/{path}" for path in map(_plain, masks) if path)
        self._begun: deque[str] = deque()
        self._todo: SimpleQueue[bytes | None] = SimpleQueue()
        self._done: SimpleQueue[Pixels | None] = SimpleQueue()
        try:
            # no daemon: OpenCV aborts the process where the interpreter ends while it decodes
            threading.Thread(target=self._work).start()
        except (RuntimeError, MemoryError):  # no thread can be had
            self._coming.clear()

    def read(self, path: str, slice_: Slice | None) -> Pixels:
        """The mask, as :func:`~medmat_core.images.pixels.load_gray` gives it."""
        pixels = None
        self._begin(path)
        if path in self._begun:
            try:
                pixels = self._next()
            except BaseException:  # the decoder may never end, and all that comes after would wait for it
                self.close()
                raise
            self._begin()
        return pixels if pixels is not None else load_gray(path, slice_)

    def _next(self) -> Pixels | None:
        """What was begun first, decoded; waited for so that a watch gets through."""
        while True:
            with contextlib.suppress(Empty):
                pixels = self._done.get(timeout=_LOOK)
                self._begun.popleft()
                return pixels

    def close(self) -> None:
        """Let the thread end, and forget what was to come."""
        self._coming.clear()
        self._begun.clear()
        self._todo.put(None)

    def _begin(self, asked: str = "") -> None:
        """Begin what comes next, and pass over what was begun before ``asked``: masks of samples that were refused.

        What goes wrong is no fault of the mask that is asked for: others are met where they are asked for themselves.
        """
        try:
            while self._coming and len(self._begun) < DEPTH:
                self._hand_over(self._coming.popleft())
            while asked in self._begun and self._begun[0] != asked:
                self._next()
        except (Overdue, MemoryError):
            self.close()

    def _hand_over(self, path: str) -> None:
        with contextlib.suppress(PictureError):
            data = read_bytes(path, "mask", LARGE)
            frame = jpeg_frame(data) if data[:2] == b"\xff\xd8" else None
            if frame is not None and frame[0] * frame[1] <= LARGE:
                self._todo.put(data)
                self._begun.append(path)

    def _work(self) -> None:
        while (data := self._todo.get()) is not None:
            pixels = None
            with contextlib.suppress(BaseException):  # met again where it is asked for
                pixels = decode_picture(data, "gray", None, "mask")
            self._done.put(pixels)


def _plain(mask: Mask) -> str:
    """The path of a mask that is a JPEG by its name and lies below the root; "" for any other."""
    if not isinstance(mask, MaskFile) or not isinstance(mask.path, str):
        return ""
    path = mask.path
    return path if path.lower().endswith(_SUFFIXES) and not (os.path.isabs(path) or escapes(path)) else ""
