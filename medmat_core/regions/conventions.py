"""The conventions in which boxes are written, by name, and what tells them apart. How each is put into text, and read
back, is :mod:`medmat_core.regions.box_words`.

Which model family was trained on which convention (their model cards and fine-tuning sources, autumn 2026):

- ``unit``: fractions with three decimals: LLaVA.
- ``thousand``: whole thousandths, x first: Qwen2-VL, Qwen3-VL, MiniCPM-V (which separates them by spaces).
- ``pixel``: pixels of the picture as stored: Molmo-like pointing models, detectors, and every trainer that converts
  boxes itself (ms-swift does, from its own fields).
- ``qwen25``: pixels of the picture *after* Qwen2.5-VL's processor has resized it (``smart_resize``, sides in multiples
  of 28, between its ``min_pixels`` and ``max_pixels``), as its fine-tuning notebook does it.
- ``gemini``: thousandths, y first: Gemini's ``box_2d``.
- ``internvl``: thousandths inside ``<ref>name</ref><box>[[x1, y1, x2, y2], ...]</box>``: InternVL; in a question the
  name is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from attrs import frozen

BoxFormat = Literal["unit", "thousand", "pixel", "qwen25", "gemini", "internvl"]


@frozen
class Convention:
    """``says``: what ``{convention}`` says of it in a question. ``end``: the number that stands for the far side of a
    picture, whatever its size; None where numbers are pixels. ``digits``: how many stand behind the point.
    ``y_first``: (y1, x1, y2, x2)."""

    says: str
    end: int | None
    digits: int = 0
    y_first: bool = False


CONVENTIONS: Final[Mapping[BoxFormat, Convention]] = {
    "unit": Convention("as [x1, y1, x2, y2] in fractions of the picture's width and height", 1, digits=3),
    "thousand": Convention("as [x1, y1, x2, y2] in thousandths of the picture's width and height", 1000),
    "pixel": Convention("as [x1, y1, x2, y2] in pixels from the picture's upper left corner", None),
    "qwen25": Convention("as [x1, y1, x2, y2] in pixels of the resized picture", None),
    "gemini": Convention("as [y1, x1, y2, x2] in thousandths of the picture's height and width", 1000, y_first=True),
    "internvl": Convention("as <box>[[x1, y1, x2, y2]]</box> in thousandths of the picture's width and height", 1000),
}

BOX_FORMATS: Final[tuple[BoxFormat, ...]] = tuple(CONVENTIONS)
"""The names of all conventions."""

RELATIVE: Final[tuple[BoxFormat, ...]] = tuple(name for name, own in CONVENTIONS.items() if own.end is not None)
"""The conventions in which boxes of pictures of different sizes compare."""
