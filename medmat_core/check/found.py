"""The three verdicts on a data set: is it laid out as its card says, is it whole, and what would a build refuse?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attrs import Factory, asdict, define, frozen

About = Literal["layout", "completeness", "problems", "known", "note"]
"""What a finding speaks of. Those of the first three are faults; "known" ones are told by the card itself."""


@frozen
class Finding:
    """Something that differs: ``what`` in words, ``count`` of it, and the first few as ``examples``."""

    about: About
    what: str
    count: int = 1
    examples: tuple[str, ...] = ()


@frozen
class Class:
    """Pictures of one class: those ``here``, and those ``published`` (0: not known). ``expected``: a whole copy has
    some."""

    caption: str
    here: int
    published: int
    expected: bool


@define
class Found:
    """What lies there of one data set.

    ``images`` are its pictures here, ``published`` those of the card (0: not known). ``partial`` forgives what is
    missing. ``present``: its folder is there. ``reasons`` counts problems as a build counts them, known ones among
    them.
    """

    slug: str
    no: int | None
    folder: str
    present: bool = False
    partial: bool = False
    root: str = ""
    images: int = 0
    published: int = 0
    classes: Sequence[Class] = ()
    reasons: Mapping[str, int] = Factory(dict)
    findings: list[Finding] = Factory(list)

    def told(self, about: About) -> list[Finding]:
        """The findings of one kind."""
        return [finding for finding in self.findings if finding.about == about]

    @property
    def layout(self) -> str:
        """ "absent" without a folder; "right" where the adapter finds pictures with labels and the files that it needs,
        else "wrong"."""
        if not self.present:
            return "absent"
        return "wrong" if self.told("layout") else "right"

    @property
    def completeness(self) -> str:
        """ "whole", or "part" where pictures or classes are missing."""
        return "part" if self.told("completeness") or not self.images else "whole"

    @property
    def problems(self) -> int:
        """How many inputs a build would refuse that the card does not know of."""
        return sum(finding.count for finding in self.told("problems"))

    @property
    def sound(self) -> bool:
        """Right, whole (or forgiven for being a part) and without problems."""
        return self.layout == "right" and not self.problems and (self.partial or self.completeness == "whole")

    @property
    def share(self) -> str:
        """How much is there: "12 of 780 pictures, 2 of 3 classes"."""
        expected = [one for one in self.classes if one.expected]
        pictures = f"{self.images} of {self.published}" if self.published else f"{self.images}"
        classes = sum(one.here > 0 for one in expected)
        return f"{pictures} pictures, {classes} of {len(expected)} classes"

    def as_json(self) -> dict[str, Any]:
        """As ``check --json`` prints it: ``counts`` are pictures a caption, ``published`` those of the card."""
        return {
            "slug": self.slug, "no": self.no, "folder": self.folder, "present": self.present, "root": self.root,
            "layout": self.layout, "completeness": self.completeness, "problems": self.problems,
            "images": self.images, "images_published": self.published,
            "counts": {one.caption: one.here for one in self.classes},
            "published": {one.caption: one.published for one in self.classes if one.published},
            "expected": [one.caption for one in self.classes if one.expected], "reasons": dict(self.reasons),
            "findings": [asdict(finding) for finding in self.findings], "sound": self.sound,
        }  # fmt: skip
