"""Is a question one of its subset's six instructions, filled in with what the record says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from string import Formatter
from typing import Final

from medmat_core.audit.entries import Entry
from medmat_core.card import Card
from medmat_core.subsets import Subset, convention_clause, count_clause, in_sentence

_ANY_BOX: Final = r"(?P<box>\[[^\]]*\])"
_LEFT_OVER: Final = re.compile(r"[{}\n\r]|  |^\s|\s$|^$")


class Instructions:
    """The instructions of one data set. Without a subset only what no question may look like is found."""

    def __init__(self, card: Card | None, subset: Subset | None, box_format: str) -> None:
        self.card = card
        self.subset = subset
        self.box_format = box_format
        self._label = self._filled("label") if card is not None and subset is not None else ()

    def _filled(self, ask: str) -> tuple[str, ...]:
        assert self.card is not None and self.subset is not None
        head = self.card.head
        return tuple(
            text.format(modality=head.modality_shown, area=head.area_shown)
            for text in self.subset.instructions.get(ask, ())
        )

    def template_of(self, entry: Entry) -> int | None:
        """Which of the six the question is (0-5), whatever the record says; None for none of them."""
        if entry.template is not None and self._fits(entry, entry.template):
            return entry.template
        return next((number for number in range(6) if self._fits(entry, number)), None)

    def fault(self, entry: Entry) -> str:
        """What is wrong with the question's text, '' if nothing is."""
        if _LEFT_OVER.search(entry.question):
            return f"the question is not filled in, or holds blanks that it should not: {entry.question!r:.120}"
        if self.card is None or self.subset is None:
            return ""
        if entry.ask not in self.subset.instructions:
            return f"subset {self.subset.no} has no instructions for {entry.ask}"
        if entry.template is not None:
            if self._fits(entry, entry.template):
                return ""
            other = self.template_of(entry)
            said = "none of the six" if other is None else f"instruction {other}"
            return f"the question is {said}, not instruction {entry.template}: {entry.question!r:.120}"
        if self.template_of(entry) is None:
            return f"the question is none of the six instructions for {entry.ask}: {entry.question!r:.120}"
        return ""

    def asked_box(self, entry: Entry) -> str | None:
        """The box that a structure question names, as text."""
        if self.subset is None or self.card is None:
            found = re.search(_ANY_BOX, entry.question)
            return found["box"] if found else None
        for number in range(6):
            match = self._match(entry, number)
            if match is not None:
                return match.groupdict().get("box")
        return None

    def _fits(self, entry: Entry, number: int) -> bool:
        if entry.ask == "label":
            return number < len(self._label) and entry.question == self._label[number]
        return self._match(entry, number) is not None

    def _match(self, entry: Entry, number: int) -> re.Match[str] | None:
        if self.subset is None or self.card is None:
            return None
        texts = self.subset.instructions.get(entry.ask, ())
        if number >= len(texts):
            return None
        caption = in_sentence(entry.captions[0]) if entry.captions else ""
        head = self.card.head
        pattern = _pattern(texts[number], head.modality_shown, head.area_shown, caption, self._counts(entry),
                           convention_clause(self.box_format))  # fmt: skip
        return pattern.fullmatch(entry.question)

    @staticmethod
    def _counts(entry: Entry) -> tuple[str, ...]:
        """What may be said of how many boxes are asked for; the answer alone does not tell one from many."""
        if entry.full:
            boxes = {box for caption in entry.captions for box in entry.boxes.get(caption, ())}
            return (count_clause(len(boxes)),) if boxes else tuple(map(count_clause, (1, 2, 5)))
        listed = entry.answer.count("[")
        return (count_clause(1), count_clause(5)) if listed <= 1 else (count_clause(listed),)


@lru_cache(maxsize=4096)
def _pattern(
    text: str, modality: str, area: str, caption: str, counts: tuple[str, ...], convention: str
) -> re.Pattern[str]:
    words = {
        "modality": re.escape(modality),
        "area": re.escape(area),
        "caption": re.escape(caption),
        "convention": re.escape(convention),
        "count": "(?:" + "|".join(map(re.escape, counts)) + ")",
        "box": _ANY_BOX,
    }
    parts: Iterator[tuple[str, str | None]] = ((fixed, name) for fixed, name, _, _ in Formatter().parse(text))
    return re.compile("".join(re.escape(fixed) + (words[name] if name else "") for fixed, name in parts))
