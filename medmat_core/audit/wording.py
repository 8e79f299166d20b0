"""Is a question the instruction that it names, filled in with what the record says."""

from __future__ import annotations

import re
from functools import lru_cache
from string import Formatter
from typing import Final

from medmat_core.card import Card
from medmat_core.model import Record
from medmat_core.regions.words import LISTED, BoxFormat
from medmat_core.subsets import OPEN_BOX, Subset, convention_clause, count_clause, in_sentence

_ANY_BOX: Final = r"(?P<box>(?:<box>)?\[+[^\]]*\]+(?:</box>)?)"


class Instructions:
    """The instructions of one data set."""

    def __init__(self, card: Card, subset: Subset, box_format: BoxFormat) -> None:
        self._texts = subset.instructions
        self._words = {"modality": card.head.modality_shown, "area": card.head.area_shown}
        self._convention = convention_clause(box_format)
        self._label = [text.format(**self._words) for text in self._texts.get("label", ())]

    def fault(self, record: Record) -> str:
        """What is wrong with the question's text, '' if nothing is."""
        texts = self._texts.get(record.ask)
        if texts is None:
            return f"its subset has no instructions for {record.ask}"
        if not 0 <= record.template < len(texts):
            return f"template {record.template} is none of 0 to 5"
        if record.ask == "label":
            fits = record.question == self._label[record.template]
        else:
            fits = self._pattern(record).fullmatch(record.question) is not None
        return "" if fits else f"the question is not instruction {record.template}: {record.question!r:.120}"

    def _pattern(self, record: Record) -> re.Pattern[str]:
        caption = in_sentence(record.captions[0]) if record.captions else ""
        boxes = sum(len(some.boxes) for some in record.boxes if some.caption in record.captions)
        count = count_clause(min(max(boxes, 1), LISTED + 1))
        words = (*self._words.items(), ("caption", caption), ("count", count), ("convention", self._convention))
        texts = OPEN_BOX if record.ask == "box" and record.is_open else self._texts[record.ask]
        return _pattern(texts[record.template], words)


def asked_box(record: Record) -> str:
    """The box that a structure question names, as text; '' where there is none."""
    found = re.search(_ANY_BOX, record.question)
    return found["box"] if found else ""


@lru_cache(maxsize=4096)
def _pattern(text: str, words: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    known = {name: re.escape(word) for name, word in words} | {"box": _ANY_BOX}
    parts = ((fixed, name) for fixed, name, _, _ in Formatter().parse(text))
    return re.compile("".join(re.escape(fixed) + (known[name] if name else "") for fixed, name in parts))
