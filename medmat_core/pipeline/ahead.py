"""Masks that threads decode while the one before is looked at.

OpenCV lets other threads run while it decodes, so that a process that builds alone need not wait for it. Only JPEG
files go this way: Pillow has a limit that all threads share. Nothing hangs on the threads: what they do not decode, for
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
from typing import Final, TypeGuard

from attrs import define, field

from medmat_core.images.pixels import read_bytes
from medmat_core.images.raster import decode_picture
from medmat_core.model import Mask, MaskFile
from medmat_core.readers.pictures import escapes
from medmat_core.regions.decode import Bare, foreground, read_bare

THREADS: Final = 2
DEPTH: Final = 3
"""Masks that are begun before they are asked for: no more of them are in memory."""

_JPEG: Final = (".jpg", ".jpeg")


@define(eq=False)
class _Task:
    mask: MaskFile
    path: str
    begun: bool = False
    bare: Bare | None = None
    done: threading.Event = field(factory=threading.Event)

    def run(self) -> None:
        try:
            data = read_bytes(self.path, "mask")
            if data[:2] == b"\xff\xd8":
                pixels = decode_picture(data, "gray", None, "mask")
                self.bare = Bare(pixels, foreground(pixels, self.mask.threshold, self.mask.invert))
        except BaseException:  # the caller meets the same and tells it
            pass
        finally:
            self.done.set()


class Ahead:
    """:func:`~medmat_core.regions.decode.read_bare` for ``masks`` of data below ``root`` that will be asked for in this
    order, some of them perhaps not. To be closed."""

    def __init__(self, root: Path, masks: Iterable[Mask]) -> None:
        self._coming = deque(_Task(mask, f"{root}/{mask.path}") for mask in masks if _is_plain(mask))
        self._todo: SimpleQueue[_Task | None] | None = SimpleQueue()
        try:
            for _ in range(THREADS):
                threading.Thread(target=_work, args=(self._todo,), daemon=True).start()
        except RuntimeError:  # no thread can be had
            self.close()
        self._begin()

    def read(self, mask: MaskFile, path: str) -> Bare:
        """What ``read_bare`` gives."""
        task: _Task | None = None
        while self._coming and task is None and _is_plain(mask):
            first = self._coming.popleft()  # another one belongs to a sample that was refused before its mask was read
            task = first if first.mask == mask else None
        begun = task is not None and task.begun
        self._begin()
        if task is not None and begun:
            try:
                task.done.wait()
            except BaseException:  # the decoder may never end, and all that comes after would wait for it
                self.close()
                raise
            if task.bare is not None:
                return task.bare
        return read_bare(mask, path)

    def close(self) -> None:
        """Let the threads end, and forget what was to come."""
        if self._todo is not None:
            for _ in range(THREADS):
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


def _is_plain(mask: Mask) -> TypeGuard[MaskFile]:
    """Whether a mask is a file that may be read, and a JPEG by its name."""
    if not isinstance(mask, MaskFile) or not isinstance(mask.path, str):
        return False
    return mask.path.lower().endswith(_JPEG) and not (os.path.isabs(mask.path) or escapes(mask.path))


def _work(todo: SimpleQueue[_Task | None]) -> None:
    while (task := todo.get()) is not None:
        task.run()
