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
from queue import SimpleQueue
from typing import Final

from medmat_core.images.faults import PictureError, read_bytes
from medmat_core.images.jpeg import jpeg_frame
from medmat_core.images.pixels import load_gray
from medmat_core.images.raster import Pixels, decode_picture
from medmat_core.model import Mask, MaskFile, MaskSample, Sample, Slice
from medmat_core.readers.pictures import escapes

DEPTH: Final = 2
"""Masks that are begun before they are asked for: no more of them are in memory."""

LARGE: Final = 1 << 24
"""Larger pictures, in pixels, are left to whoever asks for them: there may be no room for two at a time."""

_SUFFIXES: Final = (".jpg", ".jpeg")


class Ahead:
    """Reads the masks of ``samples``, whose files lie below ``root``, for someone who asks for them in that order, for
    some perhaps not. To be closed."""

    def __init__(self, root: Path, samples: Iterable[Sample]) -> None:
        masks = (mask for sample in samples if isinstance(sample, MaskSample) for mask in sample.masks)
        self._coming = deque(f"{root}/{path}" for path in map(_plain, masks) if path)
        self._begun: deque[str] = deque()
        self._todo: SimpleQueue[tuple[str, bytes] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[str, Pixels | None]] = SimpleQueue()
        try:
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:  # no thread can be had
            self._coming.clear()
        self._begin()

    def read(self, path: str, slice_: Slice | None) -> Pixels:
        """The mask, as :func:`~medmat_core.images.pixels.load_gray` gives it."""
        pixels = None
        if path in self._begun:
            try:
                while self._begun.popleft() != path:  # of a sample that was refused before its mask was asked for
                    continue
                done = ""
                while done != path:  # by name: whoever begins one may be stopped before it is noted
                    done, pixels = self._done.get()
            except BaseException:  # the decoder may never end, and all that comes after would wait for it
                self.close()
                raise
        self._begin()
        return pixels if pixels is not None else load_gray(path, slice_)

    def close(self) -> None:
        """Let the thread end, and forget what was to come."""
        self._coming.clear()
        self._begun.clear()
        self._todo.put(None)

    def _begin(self) -> None:
        while self._coming and len(self._begun) < DEPTH:
            path = self._coming.popleft()
            with contextlib.suppress(PictureError):  # met again where it is asked for
                data = read_bytes(path, "mask")
                frame = jpeg_frame(data) if data[:2] == b"\xff\xd8" else None
                if frame is not None and frame[0] * frame[1] <= LARGE:
                    self._todo.put((path, data))
                    self._begun.append(path)  # what is noted will be done

    def _work(self) -> None:
        while (task := self._todo.get()) is not None:
            path, data = task
            pixels = None
            with contextlib.suppress(BaseException):  # met again where it is asked for
                pixels = decode_picture(data, "gray", None, "mask")
            self._done.put((path, pixels))


def _plain(mask: Mask) -> str:
    """The path of a mask that is a JPEG by its name and lies below the root; "" for any other."""
    if not isinstance(mask, MaskFile) or not isinstance(mask.path, str):
        return ""
    path = mask.path
    return path if path.lower().endswith(_SUFFIXES) and not (os.path.isabs(path) or escapes(path)) else ""
