"""What a look at a folder comes to: how it is laid out, the adapter's code, and an example of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from attrs import Factory, frozen

from medmat_core.card import ExampleFile, ExamplePicture, Ignored
from medmat_core.model import Split

Layout = Literal["class-folders", "table", "one-hot", "masks", "coco", "voc"]
LAYOUTS: Final[tuple[Layout, ...]] = ("class-folders", "table", "one-hot", "masks", "coco", "voc")

UNREAD: Final = "not read\n"
"""What stands in files of the example that the adapter leaves alone."""

Box4 = tuple[int, int, int, int]

EXAMPLE_SIZE: Final = (160, 120)
"""Width and height of pictures with regions."""
SPOTS: Final[tuple[Box4, ...]] = (
    (12, 10, 44, 34), (118, 12, 148, 32), (64, 46, 98, 74), (10, 88, 40, 112), (116, 86, 150, 110),
    (66, 8, 92, 28), (8, 48, 36, 70), (120, 48, 150, 72), (64, 90, 94, 112),
)  # fmt: skip
"""Where regions are drawn: one in each cell of the 3 x 3 grid, so that none touches another."""


@frozen
class Shown:
    """One picture of the example and what the label files or folders say of it, in codes.

    ``path`` is relative to the folder; ``boxes`` are half-open pixels. Without codes: a negative.
    """

    path: str
    codes: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    group: str | None = None
    split: Split | None = None
    boxes: Mapping[str, tuple[Box4, ...]] = Factory(dict)


@frozen
class Code:
    """The adapter: what it imports and its text from the first constant to the end of the last function."""

    body: str
    names: tuple[str, ...]
    modules: tuple[str, ...] = ()


@frozen
class Proposal:
    """How a folder is read.

    Paths of ``pictures``, ``files`` and ``shown`` are relative to the folder, ``root`` is the archive's outer folder
    ("" for none), ``markers`` lie in it. ``evidence`` says what was found, ``doubts`` what could not be found out or
    should be checked by a person. ``normal`` is the code of "nothing found", "" where there is none or it stands beside
    findings. ``covered`` is the number of pictures that the layout gives labels.
    """

    layout: Layout
    kind: str
    labels: Mapping[str, str]
    root: str
    markers: tuple[str, ...]
    code: Code
    doc: str
    pictures: tuple[ExamplePicture, ...]
    shown: tuple[Shown, ...]
    files: tuple[ExampleFile, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    mask: Mapping[str, object] = Factory(dict)
    negates: Mapping[str, str] = Factory(dict)
    normal: str = ""
    group_by: str = ""
    unprotected: bool = True
    validation_is_test: bool = False
    blank_is_absent: bool = False
    has_negatives: bool = False
    extras: tuple[str, ...] = ()
    suggestion: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    covered: int = 0
    classes: Mapping[str, int] = Factory(dict)


ASKS: Final = ("box", "location")
"""What is asked of regions wherever nothing speaks against it."""


def asks_of(proposal: Proposal) -> tuple[str, ...]:
    """The forms of question that suit the layout. Presence needs negatives, or its answer would always be yes;
    structure needs a second class to be mistaken for."""
    if proposal.kind not in ("mask", "box"):
        return ("label",)
    several = len(set(proposal.labels.values())) > 1
    more = (("presence",) if proposal.has_negatives else ()) + (("structure",) if several else ())
    return (*ASKS, *more)
