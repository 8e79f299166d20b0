"""What a card says of copies that people checked: ``[[verified]]``, made of layout reports."""

from __future__ import annotations

import re
from typing import Final, Literal

from attrs import field, frozen

from medmat_core._structure import must

SIZE: Final = re.compile(r"[1-9]\d{0,5}x[1-9]\d{0,5}")

_is_day = must(re.compile(r"\d{4}-\d\d-\d\d").fullmatch, "{!r} is no day; write it as 2026-01-31")
_is_version = must(re.compile(r"[0-9][0-9A-Za-z.+!-]{0,30}").fullmatch, "{!r} is no version, such as '0.1.0'")
_are_sizes = must(SIZE.fullmatch, "{!r} is no size; write width and height as '640x480'", iter)
_counts = must(lambda number: number >= 0, "must not be negative")


@frozen(kw_only=True)
class Verified:
    """A copy that somebody checked with ``medmat check``: on which ``date``, by which ``version`` of medmat-core, with
    which two verdicts, how many ``images`` were there, and how many ``problems`` that the card did not know of.
    ``sizes`` are the most frequent of its pictures, "640x480", at most three."""

    date: str = field(validator=_is_day)
    version: str = field(validator=_is_version)
    layout: Literal["right", "wrong"]
    completeness: Literal["whole", "part"]
    images: int = field(validator=_counts)
    problems: int = field(default=0, validator=_counts)
    sizes: tuple[str, ...] = field(default=(), validator=_are_sizes)

    def __str__(self) -> str:
        problems = f", {self.problems} unknown problems" if self.problems else ""
        return (
            f"{self.date}, medmat-core {self.version}: layout {self.layout}, {self.completeness}, "
            f"{self.images} pictures{problems}"
        )

    @property
    def sound(self) -> bool:
        """Right, whole and without problems."""
        return self.layout == "right" and self.completeness == "whole" and not self.problems
