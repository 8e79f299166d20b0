"""What a look at a folder comes to: a layout as data, what the card says besides, and what an example needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from attrs import Factory, frozen

from medmat_core.card import Ignored
from medmat_core.example import Example, ExampleFile
from medmat_core.model import Split
from medmat_core.scaffold.survey import Root
from medmat_core.scaffold.words import whole

EXAMPLE_SIZE: Final = (160, 120)
"""Width and height of pictures with regions."""

Box4 = tuple[int, int, int, int]


@frozen
class Shown:
    """One picture of the example: its path below the folder, and what is said of it, in codes. ``boxes`` are half-open
    pixels. Without codes: a negative."""

    path: str
    codes: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    group: str | None = None
    split: Split | None = None
    boxes: Mapping[str, tuple[Box4, ...]] = Factory(dict)


class LabelFile(Protocol):
    """A label file of the folder, of which an example can be made."""

    def excerpt(self, shown: Sequence[Shown], groups: Mapping[str, str]) -> Sequence[ExampleFile]:
        """The file as it lies there, with the lines of these pictures alone. ``groups``: id -> what stands for it."""


@frozen(eq=False)
class Proposal:
    """How a folder is read.

    ``layout`` is the card's table of that name; empty where no layout fits. ``root`` is where the archive's own root
    lies. ``evidence`` says what was found, ``doubts`` what could not be found out or should be checked by a person.
    ``normal`` is the code of "nothing found", "" where there is none or it stands beside findings. ``covered`` is the
    number of pictures that the layout gives labels. ``images`` are those that it read in the folder, and ``counts`` the
    pictures of each code where it tells them. ``sources`` are the label files, ``empty`` masks that
    show nothing, ``parts`` the official parts of all pictures (None: in none). The rest are fields of cards.
    """

    layout: Mapping[str, Any]
    kind: str
    labels: Mapping[str, str]
    root: Root
    sources: Sequence[LabelFile] = ()
    mask: Mapping[str, Any] = Factory(dict)
    negates: Mapping[str, str] = Factory(dict)
    normal: str = ""
    group_by: str = ""
    parts: frozenset[Split | None] = frozenset({None})
    blank_is_absent: bool = False
    has_negatives: bool = False
    empty: frozenset[str] = frozenset()
    extras: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    covered: int = 0
    images: int = 0
    counts: Mapping[str, int] = Factory(dict)
    ignored: tuple[Ignored, ...] = ()
    example: Example = Factory(Example)

    @property
    def unprotected(self) -> bool:
        """Whether neither official parts nor groups keep pictures of one patient apart."""
        return not self.group_by and (None in self.parts or not whole(self.parts))

    @property
    def validation_is_test(self) -> bool:
        """Whether the validation part is the only one to test on."""
        return whole(self.parts) and "test" not in self.parts


def counted(codes: Iterable[str], counts: Mapping[str, int], most: int = 12) -> str:
    """Classes with how many pictures show each."""
    listed = list(codes)
    return ", ".join(f"{code} ({counts[code]})" for code in listed[:most]) + (", ..." if len(listed) > most else "")


def asks_of(proposal: Proposal) -> tuple[str, ...]:
    """The forms of question that suit the layout. Presence needs negatives, or its answer would always be yes;
    structure needs a second class to be mistaken for."""
    if proposal.kind not in ("mask", "box"):
        return ("label",)
    several = len(set(proposal.labels.values())) > 1
    more = (("presence",) if proposal.has_negatives else ()) + (("structure",) if several else ())
    return ("box", "location", *more)
