"""Output whose reader may go away (``medmat audit OUT | head``): that is no error, and changes no exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO


class _Unread(io.FileIO):
    """A descriptor that swallows what nobody reads any more."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EINVAL):  # Windows says EINVAL
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return memoryview(data).nbytes


def let_go() -> None:
    """From here on, work goes on to its end whether somebody reads stdout and stderr or not."""
    sys.stdout, sys.stderr = _patient(sys.stdout), _patient(sys.stderr)


def _patient(stream: TextIO) -> TextIO:
    if type(stream) is not io.TextIOWrapper:
        return stream
    try:
        raw = _Unread(stream.fileno(), "wb", closefd=False)
    except OSError:
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors, newline=None,
        line_buffering=stream.line_buffering, write_through=stream.write_through,
    )  # fmt: skip
