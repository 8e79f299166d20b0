"""How far a reader gets who never sees a picture: guessers that learn from questions, options and answers alone.

Three of them: how often an option is right where it is offered, what was right where the same list was offered, and
a logistic regression over option, number of options, pairs of options, instruction and, where options are boxes,
their geometry. What they learn from never holds a fellow of what they are asked: folds are of whole rounds.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from attrs import Factory, define, frozen

from medmat_core.audit.seen import Numbers, hashed

MOST: Final = 24_000
"""Questions of a part that the guessers look at; of more, whole rounds are taken by hash."""

LEAST: Final = 100
"""Questions from which on a guesser that beats chance is a fault; below it is a figure."""

GUESSERS: Final[Mapping[str, str]] = {
    "frequent": "the option that is right most often where it is offered",
    "list": "the option that was right most often where the same list was offered",
    "learned": "a logistic regression over options, their number, pairs, instruction and the geometry of boxes",
}

_FOLDS: Final = 5
_STEPS: Final = 60
_OPTIONS: Final = 10
_BOX: Final = re.compile(r"\[(\d+\.?\d*), (\d+\.?\d*), (\d+\.?\d*), (\d+\.?\d*)\]")


@frozen
class Question:
    """A question as guessers see it: its options, the place of the right one, numbers for its instruction and for its
    round (or its key, where it has none), and one for the picture's size (0: nobody knows it)."""

    options: tuple[str, ...]
    slot: int
    instruction: int
    fold: int
    size: int


@define(eq=False)
class Asked:
    """The questions of one part that guessers may be asked. ``bare`` counts those with options but without a round, by
    answer, number of options and place of the right one: only of these can text alone tell anything."""

    questions: list[Question] = Factory(list)
    answers: Counter[str] = Factory(Counter)
    bare: Counter[tuple[str, int, int]] = Factory(Counter)
    _keep: int = (1 << 64) - 1

    def add(self, options: tuple[str, ...], slot: int, answer: str, question: str, fold: str, size: tuple[int, int],
            *, bare: bool) -> None:  # fmt: skip
        """One question. ``fold`` is its round, or its key where it has none; an open one (slot -1) counts as an
        answer only. ``size`` is (0, 0) where nobody knows it."""
        self.answers[answer] += 1
        if slot < 0 or not 2 <= len(options) <= _OPTIONS:
            return
        if bare:
            self.bare[answer, len(options), slot] += 1
        place = _number(fold) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        if place > self._keep:
            return
        self.questions.append(Question(options, slot, _number(question), place, hashed(size) if all(size) else 0))
        if len(self.questions) > MOST:
            self._keep >>= 1
            self.questions = [question for question in self.questions if question.fold <= self._keep]

    def __len__(self) -> int:
        return len(self.questions)


def _number(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "replace"))


@frozen
class Guessed:
    """What guessers reached: ``questions`` scored, ``chance`` (the mean of one over the number of options),
    ``majority`` (the share of the most frequent answer, open questions too), shares of right answers by guesser, and
    with the picture's width and height known too (None where no record tells them)."""

    questions: int
    chance: float
    majority: float
    shares: Mapping[str, float]
    with_size: float | None
    how: str

    @property
    def base(self) -> float:
        """What has to be beaten."""
        return max(self.chance, self.majority)

    def as_json(self) -> dict[str, Any]:
        shares = {name: round(share, 4) for name, share in self.shares.items()}
        size = None if self.with_size is None else round(self.with_size, 4)
        return {"questions": self.questions, "chance": round(self.chance, 4), "majority": round(self.majority, 4),
                **shares, "knowing the size": size, "how": self.how}  # fmt: skip


def guess(train: Asked, test: Asked) -> Guessed | None:
    """What guessers reach on the questions of a data set; None where nothing without a round has options.

    Fitted on train and scored on test where both are there, else over folds of whole rounds of whichever is."""
    if not (train.bare or test.bare):
        return None
    if len(train) and len(test) >= LEAST:
        how, judged = "fitted on train, scored on test", test
        data = _Data([*train.questions, *test.questions])
        splits = [(np.arange(len(train)), np.arange(len(train), len(train) + len(test)))]
    else:
        how, judged = f"over {_FOLDS} folds of whole rounds", train if len(train) >= len(test) else test
        data = _Data(judged.questions)
        fold = np.array([question.fold >> 20 for question in judged.questions]) % _FOLDS
        splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(_FOLDS)]
    splits = [(fit, score) for fit, score in splits if len(fit) and len(score)]
    if not splits:
        return None
    totals: dict[str, float] = defaultdict(float)
    for fit, score in splits:
        for name, values in data.scores(fit, score):
            totals[name] += _credit(values, data.there[score], data.slots[score])
    count = sum(len(score) for _, score in splits)
    shares = {name: total / count for name, total in totals.items()}
    chance = float(np.mean([1 / len(question.options) for question in judged.questions]))
    majority = max(judged.answers.values()) / judged.answers.total()
    return Guessed(count, chance, majority, {name: shares[name] for name in GUESSERS}, shares.get("size"), how)


def _credit(values: Numbers, there: Numbers, slots: Numbers) -> float:
    """How many are right where the best is chosen; of several best the chance among them counts."""
    values = np.where(there, values, -np.inf)
    best = values >= values.max(axis=1, keepdims=True) - 1e-12
    return float((best[np.arange(len(slots)), slots] / best.sum(axis=1)).sum())


class _Data:
    """Questions, and as arrays (n, options) where there is an option and (n, options, :data:`_SHAPE`) what it looks
    like, if it is a list of boxes."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = questions
        self.slots = np.array([question.slot for question in questions], np.int64)
        counts = np.array([len(question.options) for question in questions], np.int64)
        self.there = np.arange(counts.max(initial=2)) < counts[:, None]
        shape = np.zeros((*self.there.shape, _SHAPE))
        for row, question in enumerate(questions):
            if question.options[0].startswith("["):
                shape[row, : len(question.options)] = _geometry(question.options)
        scale = shape.reshape(-1, _SHAPE).std(axis=0)
        self.shape = shape / np.where(scale > 0, scale, 1)

    def scores(self, fit: Numbers, score: Numbers) -> Iterator[tuple[str, Numbers]]:
        """(guesser, score of every option) for the questions ``score``, learned from ``fit``."""
        known = [self.questions[row] for row in fit.tolist()]
        offered = Counter(option for question in known for option in question.options)
        right = Counter(question.options[question.slot] for question in known)
        by_list = Counter((tuple(sorted(question.options)), question.options[question.slot]) for question in known)
        rate, looked = np.zeros((2, *self.there[score].shape))
        for place, row in enumerate(score.tolist()):
            options = self.questions[row].options
            same = tuple(sorted(options))
            for at, option in enumerate(options):
                rate[place, at] = (right[option] + 0.5) / (offered[option] + 2)
                looked[place, at] = rate[place, at] + 10.0 * by_list[same, option]
        yield "frequent", rate
        yield "list", looked
        yield "learned", self._learned(fit, score, sized=False)
        if any(question.size for question in self.questions):
            yield "size", self._learned(fit, score, sized=True)

    def _learned(self, fit: Numbers, score: Numbers, *, sized: bool) -> Numbers:
        """Softmax over a question's options of w . x, fitted by Adam over all questions at once."""
        numbers: dict[tuple[Any, ...], int] = {}
        mine, theirs = (self._features(rows.tolist(), numbers, sized) for rows in (fit, score))
        shape, there, slots = self.shape[fit], self.there[fit], self.slots[fit]
        goal, flat, width = np.eye(there.shape[1])[slots], mine.reshape(-1), mine.shape[2]
        weights = np.zeros(len(numbers) + 1 + _SHAPE)
        mean, square = np.zeros_like(weights), np.zeros_like(weights)
        for step in range(1, _STEPS + 1):
            raw = np.where(there, weights[mine].sum(axis=2) + shape @ weights[-_SHAPE:], -np.inf)
            chance = np.exp(raw - raw.max(axis=1, keepdims=True))
            error = chance / chance.sum(axis=1, keepdims=True) - goal
            slope = 1e-4 * weights
            slope[:-_SHAPE] += np.bincount(flat, np.repeat(error.reshape(-1), width), len(numbers) + 1) / len(fit)
            slope[-_SHAPE:] += np.einsum("no,nog->g", error, shape) / len(fit)
            mean += 0.1 * (slope - mean)
            square += 0.01 * (slope**2 - square)
            weights -= 0.1 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        return np.asarray(weights[theirs].sum(axis=2) + self.shape[score] @ weights[-_SHAPE:])

    def _features(self, rows: Sequence[int], numbers: dict[tuple[Any, ...], int], sized: bool) -> Numbers:
        """What is true of every option, (n, options, features), as numbers that ``numbers`` hands out from 1 on."""
        most = self.there.shape[1]
        found = np.zeros((len(rows), most, 3 + most + sized), np.int64)
        for row, question in zip(found, map(self.questions.__getitem__, rows), strict=True):
            for own, option in zip(row, question.options, strict=False):
                true = [(option,), (option, len(question.options)), (option, "asked by", question.instruction)]
                true += [(option, "beside", other) for other in question.options]
                true += [(option, "of size", question.size)] if sized else []
                own[: len(true)] = [numbers.setdefault(name, len(numbers) + 1) for name in true]
        return found


_SHAPE: Final = 11


def _geometry(options: tuple[str, ...]) -> Numbers:
    """Of every option that lists boxes: center, area, shape, distance to the border, overlap with the other options."""
    boxes = []
    for option in options:
        found = np.array([[float(n) for n in match] for match in _BOX.findall(option)] or [[0, 0, 1, 1]])
        boxes.append(np.concatenate([found[:, :2].min(0), found[:, 2:].max(0)]))
    x1, y1, x2, y2 = (np.array(boxes) / max(1e-9, float(np.max(boxes)))).T
    width, height = np.maximum(x2 - x1, 1e-6), np.maximum(y2 - y1, 1e-6)
    across = np.minimum(x2[:, None], x2[None]) - np.maximum(x1[:, None], x1[None])
    down = np.minimum(y2[:, None], y2[None]) - np.maximum(y1[:, None], y1[None])
    shared = np.maximum(across, 0) * np.maximum(down, 0) * (1 - np.eye(len(boxes)))
    overlap = (shared / (width * height)[:, None]).sum(axis=1)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    border = np.minimum(np.minimum(x1, y1), np.minimum(1 - x2, 1 - y2))
    away = np.hypot(x - x.mean(), y - y.mean())
    area = np.log(width * height)
    columns = [x, y, (x - 0.5) ** 2, (y - 0.5) ** 2, area, area**2, (area - area.mean()) ** 2, np.log(width / height),
               border, overlap, away]  # fmt: skip
    return np.stack(columns, axis=1)
