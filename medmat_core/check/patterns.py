"""Names without the people in them: what a report may say of file names, folders and columns.

Cards of Med-MAT's table are public and speak of public data sets: their words may be said, those of folders, labels,
rules, and of names and table headers of the example. Any other card may have been proposed from a private folder, so
that its labels and rules may be people: there only :data:`LAYOUT_WORDS` are said, whatever the card holds. Every other
word is ``W``, every number ``N``, what looks like an id ``X``, a DICOM UID ``U``, so that `Smith_Ann_1951-03-02.png`
reads `W_W_N-N-N.png`, whatever card it is shown under.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from medmat_core.card import Card
from medmat_core.images.suffixes import IMAGE_SUFFIXES, VOLUME_SUFFIXES, suffix_of

_SAID: Final = IMAGE_SUFFIXES | {*VOLUME_SUFFIXES, ".gz", ".csv", ".tsv", ".txt", ".json", ".xml", ".xlsx", ".xls",
                                 ".mat", ".zip", ".npz", ".md", ".html", ".pdf"}  # fmt: skip
_TOKEN: Final = re.compile(r"[^\W_]+")
_PLAIN: Final = frozenset(" _-.()[]+,&/")
_HEX: Final = re.compile(r"(?=.*\d)(?=.*[A-Fa-f])[0-9A-Fa-f]{8,}")
_RUN: Final = re.compile(r"\d+|\D+")
_UID: Final = re.compile(r"N(?:\.N){3,}")
_LONG: Final = 200

LAYOUT_WORDS: Final = frozenset(
    """
    annotation annotations bbox benign boxes class classes color column data dataset dev diagnosis dicom dx file
    filename files fold folder ground gt id image imageid images img imgs index info jpeg jpg label labels left list
    malignant mask masks meta metadata name negative none normal original originals overlay patient photo photos
    picture pictures png positive right scan scans seg segmentation segmentations set slice slices split subset test
    testing tif tiff train training truth val valid validation
    """.split()
)
"""What files, folders and columns are called everywhere, in lower case: said under any card."""

_EVERYWHERE: Final = frozenset(
    shape for word in LAYOUT_WORDS for form in (word, word.capitalize(), word.upper()) for shape in (form, f"{form}N")
)


@frozen
class Vocabulary:
    """The words that may be said under a card, each with its numbers as ``N``."""

    words: frozenset[str]

    @classmethod
    def of(cls, card: Card) -> Vocabulary:
        """Every word of the names of a card of Med-MAT's table (of its example's tables only the first line, where a
        header stands); for any other card :data:`LAYOUT_WORDS`."""
        if not is_public(card):
            return cls(_EVERYWHERE)
        return cls(frozenset(shape for text in _texts(card) for shape in map(_shape, _TOKEN.findall(text))))

    def pattern(self, name: str) -> str:
        """What may be told of a path, a folder or a column's name."""
        end = suffix_of(name)
        stem, tail = (name[: -len(end)], end) if end in _SAID else (name, "")
        told = "".join(
            self._word(part) if index % 2 else "".join(sign if sign in _PLAIN else "?" for sign in part)
            for index, part in enumerate(re.split(f"({_TOKEN.pattern})", stem))
        )
        told = _UID.sub("U", told) + tail
        return told if len(told) <= _LONG else f"{told[: _LONG - 3]}..."

    def _word(self, word: str) -> str:
        shape = _shape(word)
        if shape in self.words or shape == "N":
            return shape
        runs = _RUN.findall(word)
        if _HEX.fullmatch(word) or len(runs) > 3:
            return "X"
        return "".join("N" if run.isdecimal() else "W" for run in runs)


def is_public(card: Card) -> bool:
    """Whether a card is of Med-MAT's table, so that its own words name nobody."""
    return card.no is not None


def _shape(word: str) -> str:
    return re.sub(r"\d+", "N", word)


def _texts(card: Card) -> Iterator[str]:
    yield from (card.folder, card.outer, *card.aliases, *card.markers, *card.labels)
    yield from (rule.pattern for rule in card.ignored)
    yield from (path for picture in card.example.pictures for path in picture.paths)
    for file in card.example.files:
        yield file.path
        yield file.text.lstrip().partition("\n")[0]
        yield from (str(cell) for rows in file.sheets.values() for row in rows[:1] for cell in row)
