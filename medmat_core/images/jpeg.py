"""What a JPEG says of itself, read from its markers without decoding a pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

NO_FRAME: Final = "not a whole JPEG: it has no frame header"

_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers: all of C0..CF but Huffman tables, the reserved one and arithmetic conditioning."""

_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that no length follows: TEM, the restart markers, SOI."""

_PIXELS: Final = frozenset({0xD9, 0xDA})
"""Markers behind which no frame header comes: the end of the picture and the start of its pixels."""

_SEGMENTS: Final = 512
"""More segments than this stand in front of no picture's pixels."""


def jpeg_frame(data: bytes, more: Callable[[int], bytes] | None = None) -> tuple[int, int, int] | None:
    """(width, height, bits per channel) from the frame header, or None where there is none.

    ``data`` is the file or its start; long EXIF or colour profiles may push the frame header past that, then
    ``more(offset)`` gives the bytes from a place in the file on.
    """
    at, base = 2, 0
    for _ in range(_SEGMENTS):
        if at + 10 > len(data):
            if more is None:
                return None
            base += at
            data, at = more(base), 0
            if len(data) < 10:
                return None
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _FRAMES:
            return data[at + 7] << 8 | data[at + 8], data[at + 5] << 8 | data[at + 6], data[at + 4]
        if marker in _PIXELS:
            return None
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + (data[at + 2] << 8 | data[at + 3])
    return None


def jpeg_is_whole(data: bytes) -> bool:
    """Whether the end-of-image marker of the picture itself is there; bytes after it are legal.

    A thumbnail inside the header has an end marker of its own, so segments are stepped over by their length.
    """
    if data.endswith(b"\xff\xd9"):
        return True
    at, end = 2, len(data)
    while at + 1 < end:
        if data[at] != 0xFF:
            return False
        marker = data[at + 1]
        if marker == 0xD9:
            return True
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif at + 3 < end:
            at += 2 + ((data[at + 2] << 8) | data[at + 3])
            if marker == 0xDA:
                at = _scan_end(data, at)
        else:
            return False
    return False


def _scan_end(data: bytes, at: int) -> int:
    """Where the next marker stands after entropy-coded data, in which FF is stuffed with 00."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        following = data[at + 1]
        if following == 0 or 0xD0 <= following <= 0xD7:
            at += 2
        else:
            return at
