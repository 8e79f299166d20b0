"""Free text read as one of a question's options: what is said plainly is taken, nothing is ever guessed.

The order: an anchored answer ("the answer is B", "Answer: (B)", ``<answer>B</answer>``), then a letter that stands
alone ("B", "(B)", "B: Pneumonia"), then the one option whose text is said. Where a step finds two that differ, the
reply is unread; later steps are not asked to settle it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LONGEST: Final = 20_000
"""Characters of a reply that are looked at, from its end: the conclusion of a long argument stands there."""

_THOUGHT: Final = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THINKING: Final = re.compile(r"<(think|thinking|reasoning)>.*", re.DOTALL | re.IGNORECASE)
_MARKS: Final = re.compile(r"[*`_$]+|\\(?:boxed|text|mathrm|textbf)\b")
_ANCHOR: Final = re.compile(
    r"<answer>\s*|\b(?:answer|(?:correct|right|best) (?:option|choice|answer))\s*(?:is\s*:?|[:=])\s*"
    r"|\b(?:i (?:choose|pick|select)|it is|it's)\s+(?=(?:option |choice |letter )?[(\[{]?[A-Z][)\]}.,;:]*(?:\s*$|\n))",
    re.IGNORECASE,
)
_NOT: Final = re.compile(
    r"(?:\b(?:not|no|without|neither|nor|never|isn't|unlikely|rather than|instead of|rules? out|excluded?)\W+)"
    r"(?:(?:a|an|the|of|any|likely|to be|be|sign|signs|evidence)\W+)*$",
    re.IGNORECASE,
)


def read_answer(text: str, options: Sequence[str], *, letters: bool = True) -> int:
    """The place of the option that a reply names; -1 where it names none, or several. Without ``letters`` the options
    were not shown, so that their texts alone can be meant."""
    reply = _plain(text)
    if not reply or not options:
        return -1
    clauses = [_clause(reply[found.end() :]) for found in _ANCHOR.finditer(reply)]
    for read in (_letter, _told) if letters else (_told,):
        named = {read(clause, options) for clause in clauses} - {-1}
        if named:
            return max(-1, named.pop()) if len(named) == 1 else -1
    place = _letter(reply, options) if letters else -1
    return _told(reply, options) if place == -1 else max(-1, place)


def _plain(text: str) -> str:
    """The reply without what a model thought before it, and without marks of emphasis."""
    text = _THINKING.sub("", _THOUGHT.sub("", text[-LONGEST:]))
    return _MARKS.sub("", text).strip()


def _clause(rest: str) -> str:
    """What follows an anchor, up to the end of its line or tag."""
    return re.split(r"\n|</answer>", rest.lstrip(), maxsplit=1, flags=re.IGNORECASE)[0].strip()


@lru_cache(maxsize=64)
def _patterns(count: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A letter at the beginning with what follows it, and another letter that follows it as one of several."""
    letters = f"[A-{LETTERS[min(count, len(LETTERS)) - 1]}]"
    first = rf"(?:(?:option|choice|letter)\s+)?(?:[(\[{{]\s*({letters})\s*[)\]}}]|({letters})(?![^\W_]))\s*(.*)"
    other = rf"[\s,./&+:;)]*(?:(?:or|and)\s+)?[(\[]?({letters})(?=\W*$|[.,:;)/\]]|\s+(?:or|and)\b)"
    return re.compile(first, re.DOTALL | re.IGNORECASE), re.compile(other)


def _letter(text: str, options: Sequence[str]) -> int:
    """The letter that a text begins with; -1 where it begins with none, -2 where it takes that back by naming another
    letter, or the text of another option, behind it."""
    first, other = _patterns(len(options))
    found = first.match(text.partition("\n")[0])
    if found is None:
        return -1
    letter, rest = found[1] or found[2], found[3]
    place = LETTERS.index(letter.upper())
    more, said = other.match(text[found.start(3) :]), _told(rest, options)
    if more is not None and more[1] != letter.upper():
        return -2
    if found[1] is None and rest[:1].isalnum() and said != place and (letter in "AI" or letter.islower()):
        return -1  # "A cyst", "a cyst": an article
    return place if said in (place, -1) else -2


def _told(text: str, options: Sequence[str]) -> int:
    """The one option whose text is said and not denied; what stands inside a longer option that is said, too, does not
    count ("Tumor" in "Pituitary tumor")."""
    folded = " ".join(text.casefold().split())
    spans: list[tuple[int, int, int]] = []
    for place, option in enumerate(options):
        wanted = " ".join(option.casefold().split()).rstrip(".")
        if wanted:
            spans += [(*hit.span(), place) for hit in re.finditer(rf"(?<!\w){re.escape(wanted)}(?!\w)", folded)]
    said = set()
    for start, end, place in spans:
        inside = any(s <= start and end <= e and (e - s) > (end - start) for s, e, _ in spans)
        if not inside and not _NOT.search(folded[:start]):
            said.add(place)
    return said.pop() if len(said) == 1 else -1
