"""The words that go into an instruction: captions in mid-sentence, clauses for boxes, placeholders.

An instruction is a ``str.format`` template. ``{modality}`` and ``{area}`` are the card's shown words, ``{caption}``
the class asked about, ``{box}`` a box as text, ``{count}`` and ``{convention}`` clauses made here.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Final

from medmat_core.model import PLACEHOLDERS as PLACEHOLDERS
from medmat_core.regions.conventions import CONVENTIONS, BoxFormat

OPEN_BOX: Final = (
    "Give {count} of the {caption} in this {modality}, {convention}.",
    "Where is the {caption} in this {modality}? State {count}, written {convention}.",
    "Locate the {caption} in this {modality} by {count}, noted {convention}.",
    "Mark the {caption} in this {modality}: return {count}, numbers {convention}.",
    "Find the {caption} in this {modality} and report {count}, given {convention}.",
    "Frame the {caption} in this {modality} with {count}; write numbers {convention}.",
)
"""The instructions of a box question without options, in every subset: there is nothing to choose from."""

_CHOOSING: Final = re.compile(r"\b(choices?|options?|listed|following|offered)\b", re.IGNORECASE)

# eponyms that open a caption; those with a capital or a digit inside ("COVID-19") need no list
_PROPER: Final = frozenset(
    """Addison Alzheimer Barrett Bietti Boston Bowen Castleman Coats Cowden Crohn Cushing Down Ebstein Eisenmenger
    Ewing Fallot Fuchs Gleason Golgi Graves Hashimoto Hodgkin Huntington Kaposi Kawasaki Kellgren-Lawrence
    Langerhans Marfan Merkel Mycobacterium Paget Parkinson Perthes Schmorl Sezary Sjogren Spitz Stargardt
    Tietze Vogt-Koyanagi-Harada Wegener Wilms""".split()
)
_WORD: Final = re.compile(r"[^\s,;:()\[\]/]+")


def in_sentence(caption: str) -> str:
    """A caption as it reads in mid-sentence: "Optic disc" as "optic disc", "COVID-19" as it stands.

    Only the first letter changes. It keeps its capital where the first word is an acronym, holds a digit, is a
    known eponym or a possessive ("Crohn's disease").
    """
    found = _WORD.search(caption)
    if found is None:
        return caption
    word = found.group()
    bare = word.removesuffix("'s").removesuffix("\N{RIGHT SINGLE QUOTATION MARK}s")
    if bare != word or bare in _PROPER or any(c.isupper() or c.isdigit() for c in bare[1:]) or len(bare) == 1:
        return caption
    start = found.start()
    return caption[:start] + caption[start].lower() + caption[start + 1 :]


def speaks_of_options(template: str) -> bool:
    """Whether an instruction asks to choose, so that a question without options cannot use it."""
    return _CHOOSING.search(template) is not None


def count_clause(regions: int) -> str:
    """What ``{count}`` says for this many regions of the class: one box, each its own, or one around all."""
    if regions < 1:
        raise ValueError(f"a box question needs a region, got {regions}")
    if regions == 1:
        return "the bounding box"
    return "the bounding boxes of all regions" if regions <= 4 else "the one box that encloses all regions"


def convention_clause(box_format: BoxFormat) -> str:
    """What ``{convention}`` says for a box format, such as "unit" (KeyError where there is none of that name)."""
    return CONVENTIONS[box_format].says


def lacking(ask: str, template: str) -> frozenset[str]:
    """The placeholders that an instruction lacks, or has although its ask fills none of that name.

    ``{area}`` may be missing beside ``{caption}``: a lesion of the skin in an image of the skin reads better said once.
    """
    wanted, found = PLACEHOLDERS[ask], placeholders(template)
    return (wanted ^ found) - ({"area"} if "caption" in wanted else frozenset())


def placeholders(template: str) -> frozenset[str]:
    """The placeholders of a template; ValueError where it is no format string or asks for more than names."""
    found = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"only plain names may stand in braces, found {{{name}}} in {template!r}")
        found.add(name)
    return frozenset(found)
