"""Captions and options compared: what two texts say, less case, spaces and punctuation."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# a number keeps its sign and its inner points and commas; a hyphen inside a word ("COVID-19") is no sign
_PART: Final = re.compile(r"(?<![^\W_])[-+\N{MINUS SIGN}]?\d+(?:[.,:/]\d+)*|\d+(?:[.,:/]\d+)*|[^\W\d_]+")


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """``text`` without case, spaces and punctuation; numbers keep their sign, points and digits.

    Two captions or options that fold alike say the same: "Macular-edema" and "macular edema". "1.5" and "15",
    "-1" and "1", "[1, 23]" and "[12, 3]" stay apart: a space is kept between two numbers.
    """
    parts: list[str] = []
    number = False
    for part in _PART.findall(unicodedata.normalize("NFKC", text).casefold()):
        digit = part[-1].isdigit()
        if digit and number:
            parts.append(" ")
        parts.append(part.replace("\N{MINUS SIGN}", "-"))
        number = digit
    return "".join(parts)
