"""Names from outside as a person may see them."""

from __future__ import annotations

import re
from typing import Final

_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""What a terminal obeys, what turns the direction of text, what is not seen, and bytes that are no text."""


def shown(text: str) -> str:
    r"""A text that may hold anything, such as a file name, on one line of a terminal: what would be obeyed or not be
    seen is written as an escape (``\x1b``, ``\u202e``)."""
    return _UNSEEN.sub(_escaped, text)


def shown_lines(text: str) -> str:
    """The same of a text that has lines of its own."""
    return "\n".join(map(shown, text.split("\n")))


def counted(count: int, one: str, several: str = "") -> str:
    """ "1 picture", "2 pictures", or "1 picture lies", "2 pictures lie": a number with what it counts."""
    return f"{count} {one if count == 1 else several or f'{one}s'}"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
