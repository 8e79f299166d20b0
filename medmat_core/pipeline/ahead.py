"""Masks that a thread decodes while the one before is looked at.

OpenCV lets other threads run while it decodes, so that a process that builds alone need not wait for it. Only JPEG
files go this way: Pillow has a limit that all threads share. Nothing hangs on the thread: what it does not decode, for
whatever reason, the caller decodes as if there were none, and meets the fault where it is told.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from attrs import define, field

from medmat_core.images.pixels import load_gray, read_bytes
from medmat_core.images.raster import Pixels, decode_picture
from medmat_core.model import Mask, MaskFile, Slice
from medmat_core.readers.pictures import escapes

DEPTH: Final = 2
"""Masks that are begun before they are asked for: no more of them are in memory."""

_JPEG: Final = (".jpg", ".jpeg")


@define(eq=False)
class _Task:
    path: str
    begun: bool = False
    pixels: Pixels | None = None
    done: threading.Event = field(factory=threading.Event)

    def run(self) -> None:
        try:
            data = read_bytes(self.path, "mask")
            if data[:2] == b"\xff\xd8":
                self.pixels = decode_picture(data, "gray", None, "mask")
        except BaseException:  # the caller meets the same and tells it
            pass
        finally:
            self.done.set()


class Ahead:
    """:func:`~medmat_core.images.pixels.load_gray` for ``masks`` of data below ``root`` that will be asked for in this
    order, some of them perhaps not. To be closed."""

    def __init__(self, root: Path, masks: Iterable[Mask]) -> None:
        refs = (mask.path for mask in masks if isinstance(mask, MaskFile))
        paths = (ref for ref in refs if isinstance(ref, str) and not (os.path.isabs(ref) or escapes(ref)))
        self._coming = deque(_Task(f"{root}/{path}") for path in paths if path.lower().endswith(_JPEG))
        self._todo: SimpleQueue[_Task | None] | None = SimpleQueue()
        try:
            threading.Thread(target=_work, args=(self._todo,), daemon=True).start()
        except RuntimeError:  # no thread can be had
            self.close()
        self._begin()

    def gray(self, path: str, slice_: Slice | None = None) -> Pixels:
        """What ``load_gray`` gives."""
        task: _Task | None = None
        while self._coming and task is None and path.lower().endswith(_JPEG) and slice_ is None:
            first = self._coming.popleft()  # another one belongs to a sample that was refused before its mask was read
            task = first if first.path == path else None
        if task is not None and not task.begun:
            task = None
        self._begin()
        if task is not None:
            try:
                task.done.wait()
            except BaseException:  # the decoder may never end, and all that comes after would wait for it
                self.close()
                raise
            if task.pixels is not None:
                return task.pixels
        return load_gray(path, slice_)

    def close(self) -> None:
        """Let the thread end, and forget what was to come."""
        if self._todo is not None:
            self._todo.put(None)
        self._todo = None
        self._coming.clear()

    def _begin(self) -> None:
        if self._todo is None:
            return
        for task in islice(self._coming, DEPTH):
            if not task.begun:
                task.begun = True
                self._todo.put(task)


def _work(todo: SimpleQueue[_Task | None]) -> None:
    while (task := todo.get()) is not None:
        task.run()
