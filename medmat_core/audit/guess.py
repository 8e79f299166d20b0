"""How far a guesser gets who never looks at a picture, and which labels are asked and offered.

Four guessers who know the question alone, and one who has counted answers in the train file. A guesser who cannot
decide between several options is credited with its chance among them, so nothing depends on a draw.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import comb
from typing import Any, Final

from attrs import define, field

from medmat_core.audit.entries import Entry
from medmat_core.audit.labels import BESIDE, Labels

GUESSERS: Final[Mapping[str, str]] = {
    "letter": "always the letter that is right most often",
    "frequent": "the option that is the answer most often in the train file",
    "longest": "the longest option",
    "odd": "the option least like the others in words and length",
    "own": "an option of the data set's own labels",
}

_WORD: Final = re.compile(r"\w+")
_REMEMBERED: Final = 20_000


def best(options: Sequence[str], score: Callable[[str], float]) -> list[str]:
    """The options with the highest score; several where they tie."""
    scores = [score(option) for option in options]
    top = max(scores)
    return [option for option, value in zip(options, scores, strict=True) if value >= top - 1e-12]


def credit(chosen: Sequence[str], answer: str) -> float:
    """The chance to be right with one of ``chosen`` drawn at random."""
    return chosen.count(answer) / len(chosen) if chosen else 0.0


def oddness(option: str, options: Sequence[str]) -> float:
    """How unlike the others an option is: 1 less the mean of shared words and of the ratio of lengths."""
    words = set(_WORD.findall(option.casefold()))
    alike = 0.0
    for other in options:
        if other is option:
            continue
        theirs = set(_WORD.findall(other.casefold()))
        union = len(words | theirs)
        lengths = sorted((len(option), len(other)))
        alike += (len(words & theirs) / union if union else 1.0) + (lengths[0] / lengths[1] if lengths[1] else 1.0)
    return -alike / max(1, len(options) - 1)


@define
class Tally:
    """One data set or subset, one part.

    ``letters`` counts right letters, ``chance`` sums one over the number of options, ``without_own`` counts label
    questions (of ``label_questions``) with no wrong option of the data set's own labels. ``answers`` are whole,
    ``findings`` and ``wrongs`` are right and wrong ones finding by finding.
    """

    records: int = 0
    chance: float = 0.0
    letters: Counter[int] = field(factory=Counter)
    scores: defaultdict[str, float] = field(factory=lambda: defaultdict(float))
    trained: int = 0
    label_questions: int = 0
    without_own: int = 0
    counted: Counter[tuple[str, str]] = field(factory=Counter)
    answers: Counter[str] = field(factory=Counter)
    findings: Counter[str] = field(factory=Counter)
    wrongs: Counter[str] = field(factory=Counter)
    said: Counter[tuple[str, ...]] = field(factory=Counter)
    _blind: dict[frozenset[str], tuple[list[str], list[str]]] = field(factory=dict)

    def add(self, entry: Entry, labels: Labels | None, train: Tally | None) -> None:
        """Count a record. ``train`` is the tally of the train file, if this is the test file's."""
        options, answer = entry.options, entry.answer
        self.counted[entry.ask, answer if entry.ask in ("presence", "label") else entry.captions[0]] += 1
        if answer not in options:
            return
        self.records += 1
        self.chance += 1 / len(options)
        self.letters[options.index(answer)] += 1
        longest, odd = self._blindly(options)
        self.scores["longest"] += credit(longest, answer)
        self.scores["odd"] += credit(odd, answer)
        if train is not None and train.records:
            self.trained += 1
            self.scores["frequent"] += credit(best(options, lambda o: train.answers[o]), answer)
        self._own(entry, labels)
        if entry.ask not in ("label", "presence", "structure"):
            return  # boxes and numbers are no labels
        self.answers[answer] += 1
        if entry.ask == "label":
            self.said[entry.captions] += 1
        split = labels.findings if labels is not None else lambda text: (text,)
        self.findings.update(split(answer))
        for option in options:
            if option != answer:
                self.wrongs.update(split(option))

    def _blindly(self, options: tuple[str, ...]) -> tuple[list[str], list[str]]:
        key = frozenset(options)
        known = self._blind.get(key)
        if known is None:
            if len(self._blind) >= _REMEMBERED:
                self._blind.clear()
            known = self._blind[key] = best(options, len), best(options, lambda option: oddness(option, options))
        return known

    def _own(self, entry: Entry, labels: Labels | None) -> None:
        if entry.ask != "label" or labels is None or not labels.captions:
            self.scores["own"] += 1 / len(entry.options)
            return
        own = [option for option in entry.options if all(map(labels.is_own, labels.findings(option)))]
        self.scores["own"] += credit(own or list(entry.options), entry.answer)
        self.label_questions += 1
        self.without_own += not any(option != entry.answer for option in own)

    def as_json(self) -> dict[str, Any]:
        """Chance and guessers as shares of right answers; None where a guesser has nothing to go by."""
        n = self.records
        if not n:
            return {"records": 0}
        shares: dict[str, Any] = {"records": n, "chance": self.chance / n, "letter": max(self.letters.values()) / n}
        for name in ("frequent", "longest", "odd", "own"):
            of = self.trained if name == "frequent" else n
            shares[name] = self.scores[name] / of if of else None
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in shares.items()}


def merged(tallies: Sequence[Tally]) -> Tally:
    """Several tallies as one."""
    whole = Tally()
    for tally in tallies:
        whole.records += tally.records
        whole.chance += tally.chance
        whole.trained += tally.trained
        whole.label_questions += tally.label_questions
        whole.without_own += tally.without_own
        for name, score in tally.scores.items():
            whole.scores[name] += score
        for name in ("letters", "counted", "answers", "findings", "wrongs", "said"):
            getattr(whole, name).update(getattr(tally, name))
    return whole


def expected_without_own(said: Mapping[tuple[str, ...], int], labels: Labels) -> dict[str, float | None]:
    """The share of questions that would meet no own label in each mode of drawing, from the labels that occur.

    ``subset``: three drawn evenly from all that fit. ``mixed``: none, where one of its own fits. ``dataset``: never,
    but a question without own labels is not asked at all (None if that is all of them).
    """
    total = sum(said.values())
    if not total or labels.several:
        return {"mixed": None, "subset": None, "dataset": None}
    alone = mixed = 0.0
    for stated, count in said.items():
        fitting = labels.fitting(stated)
        own, every = len(fitting.own), len(fitting.own) + len(fitting.other)
        drawn = min(BESIDE, every)
        alone += count * (comb(len(fitting.other), drawn) / comb(every, drawn) if every else 1.0)
        mixed += count * (own == 0)
    return {
        "mixed": round(mixed / total, 4),
        "subset": round(alone / total, 4),
        "dataset": None if mixed == total else 0.0,
    }
