"""Colours as cards write them."""

from __future__ import annotations

import re
from typing import Final

Rgb = tuple[int, int, int]

_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def parse_color(text: str) -> Rgb:
    """'#aa0055' -> (170, 0, 85). Raises :class:`ValueError` for anything that is not '#' and six hex digits."""
    if not _COLOR.fullmatch(text):
        raise ValueError(f"{text!r} is no colour; write '#' and six hex digits, such as '#aa0055'")
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def shown_color(color: Rgb) -> str:
    """(170, 0, 85) -> '#aa0055'."""
    return "#" + bytes(color).hex()
