"""How a user can settle what a card calls unverified: by which key of a layout report, or by hand, and how."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from medmat_core.card import Card


@frozen
class Way:
    """How facts of one kind are settled: by ``keys`` of the report, or by hand (none), as ``told`` in a sentence."""

    about: str
    keys: tuple[str, ...]
    told: str

    @property
    def by_report(self) -> bool:
        """Whether the report alone can settle it."""
        return bool(self.keys)


_WAYS: Final = (
    Way(r"licen[cs]e|competition rules", (),
        "by hand: quote the license from the page of the source, with the date."),
    Way(r"byte for byte|byte by byte|equals the usual|a copy of vup", ("images", "classes"),
        "counts tell copies of another extent apart; equal counts and a download's SHA-256 settle it."),
    Way(r"Med-MAT (used|put|means|meant|did|took)|Med-MAT's subset|is the one meant", (),
        "by hand: `medmat check {no} --data med-mat --published FILE` compares with Med-MAT's own file."),
    Way(r"archive's (exact )?name|name of (the|HeyWhale's) archive|of the twelve archives|archive behind", (),
        "by hand: say what the file that you downloaded is called, and when that was."),
    Way(r"left lung|liver\)|values? |polarity|grey level|the first digit|middle size|disagree|overlays|slice of a CT",
        (), "by hand: open a few masks or pictures beside their labels, and say what was seen in which."),
    Way(r"patient|one case\b|which video|one source picture", (),
        "by hand: it takes a list of patients that names do not give; link it, or say how ids are made."),
    Way(r"DICOM header|transfer syntax|depth of|channel|1 bit|grey$|are grey|are RGB|colors of",
        ("pictures.modes", "masks.modes"), "`modes` counts formats, channels and bits."),
    Way(r"sizes of|size of|360 x", ("pictures.sizes",), "`sizes` counts widths and heights."),
    Way(r"rows of films|ha(s|ve) no (row|Series)|box cells|order of rows|without a row|change listed|grades DR|"
        r"off-site", (), "by hand: open the table or the page, and say what stands there (no ids of patients)."),
    Way(r"example|which (file )?numbers|which eyes|which pictures|number ranges|in which of the three", (),
        "by hand: say how some of these files are called (no names of people) and what the data set says of them."),
    Way(r"column|header|line ends|\brows?\b|further tables|lines of|table of severities|sheets", ("tables",),
        "`tables` tells columns, lines and line ends of what is read; name a table that is not."),
    Way(r"count|number|how many|total|pictures per class|sizes \d+ and|fall to the", ("images", "classes", "parts"),
        "`images`, `classes` and `parts` beside the published counts."),
    Way(r"folder|nam(e|es|ed)\b|outer|archive|root|spelling|layout|unpack|wraps|nests|lies? |exists|holds? |copies|"
        r"README|ATTRIBUTION|Info\.txt|file list", ("layout", "names"),
        "`layout` says whether it is read, `names` how folders and files are called, the unread ones, too."),
)  # fmt: skip
_BY_HAND: Final = Way("", (), "by hand: say what your copy shows, and where you looked.")


def way(fact: str) -> Way:
    """How a fact of a card's ``unverified`` is settled."""
    return next((one for one in _WAYS if re.search(one.about, fact)), _BY_HAND)


def told(fact: str, card: Card) -> str:
    """The same in a sentence, for a page."""
    return way(fact).told.format(no=card.head.no or card.head.slug)
