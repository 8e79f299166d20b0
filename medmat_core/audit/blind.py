"""How far a reader gets who never sees a picture: guessers that learn from questions, options and answers alone.

Three of them: how often an option is right where it is offered, what was right where the same list was offered, and
a logistic regression over option, number of options, pairs of options, instruction and, where options are boxes,
their geometry. What they learn from never holds a fellow of what they are asked: folds are of whole rounds.
"""

from __future__ import annotations

import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import Factory, define, frozen

from medmat_core.audit.seen import hashed

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
_BITS: Final = 16
_STEPS: Final = 60
_OPTIONS: Final = 10
_BOX: Final = re.compile(r"\[(\d+\.?\d*), (\d+\.?\d*), (\d+\.?\d*), (\d+\.?\d*)\]")
_MIX: Final = tuple(
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)
)

Floats = npt.NDArray[Any]
Ints = npt.NDArray[Any]


@define(eq=False)
class Asked:
    """The questions of one part that guessers may be asked: columns, and the lists of options once each."""

    lists: array[int] = Factory(lambda: array("I"))
    slots: array[int] = Factory(lambda: array("B"))
    templates: array[int] = Factory(lambda: array("I"))
    folds: array[int] = Factory(lambda: array("Q"))
    sizes: array[int] = Factory(lambda: array("Q"))
    options: list[tuple[str, ...]] = Factory(list)
    answers: Counter[str] = Factory(Counter)
    total: int = 0
    bare: int = 0
    """Questions with options but without a round: only of these can text alone tell anything."""
    _number: dict[tuple[str, ...], int] = Factory(dict)
    _keep: int = (1 << 64) - 1

    def add(self, options: tuple[str, ...], slot: int, answer: str, question: str, fold: str, size: tuple[int, int],
            *, bare: bool) -> None:  # fmt: skip
        """One question. ``fold`` is its round, or its key where it has none; an open one (slot -1) counts as an
        answer only. ``size`` is (0, 0) where nobody knows it."""
        self.answers[answer] += 1
        self.total += 1
        if slot < 0 or not 2 <= len(options) <= _OPTIONS:
            return
        self.bare += bare
        place = zlib.crc32(fold.encode("utf-8", "replace")) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        if place > self._keep:
            return
        number = self._number.get(options)
        if number is None:
            number = self._number[options] = len(self.options)
            self.options.append(options)
        self.lists.append(number)
        self.slots.append(slot)
        self.templates.append(zlib.crc32(question.encode("utf-8", "replace")))
        self.folds.append(place)
        self.sizes.append(hashed(size) if all(size) else 0)
        if len(self.lists) > MOST:
            self._halve()

    def _halve(self) -> None:
        self._keep >>= 1
        held = np.flatnonzero(np.frombuffer(self.folds, np.uint64) <= np.uint64(self._keep))
        for name in ("lists", "slots", "templates", "folds", "sizes"):
            values = getattr(self, name)
            column = np.frombuffer(values, values.typecode)[held]
            setattr(self, name, array(values.typecode, column.tolist()))
        used = sorted(set(self.lists))
        again = {old: new for new, old in enumerate(used)}
        self.options = [self.options[old] for old in used]
        self._number = {options: new for new, options in enumerate(self.options)}
        self.lists = array("I", [again[old] for old in self.lists])

    def __len__(self) -> int:
        return len(self.lists)

    def majority(self) -> float:
        """The share of the most frequent answer over everything asked, open questions too."""
        return max(self.answers.values()) / self.total if self.total else 0.0

    def chance(self) -> float:
        """The mean of one over the number of options."""
        return float(np.mean([1 / len(self.options[number]) for number in self.lists])) if len(self) else 0.0


@frozen
class Guessed:
    """What guessers reached: ``questions`` scored, ``chance``, ``majority``, shares of right answers by guesser, and
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

    Fitted on train and scored on test where both are there, else over folds of whole rounds of whichever is.
    """
    if not train.bare + test.bare:
        return None
    if len(train) and len(test) >= LEAST:
        data = _Data.of(train, test)
        scored = np.arange(len(train), len(train) + len(test))
        splits = [(np.arange(len(train)), scored)]
        how, judged = "fitted on train, scored on test", test
    else:
        judged = train if len(train) >= len(test) else test
        data = _Data.of(judged, None)
        fold = (np.frombuffer(judged.folds, np.uint64) >> np.uint64(20)) % np.uint64(_FOLDS)
        splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(_FOLDS)]
        how = f"over {_FOLDS} folds of whole rounds"
    totals = dict.fromkeys((*GUESSERS, "size"), 0.0)
    count = 0
    for fit, score in splits:
        if not len(fit) or not len(score):
            continue
        count += len(score)
        for name, values in data.scores(fit, score):
            totals[name] += _credit(values, data.there[score], data.slots[score])
    if not count:
        return None
    shares = {name: totals[name] / count for name in GUESSERS}
    known = totals["size"] / count if data.size.any() else None
    return Guessed(count, judged.chance(), judged.majority(), shares, known, how)


def _credit(values: Floats, there: Ints, slots: Ints) -> float:
    """How many are right where the best is chosen; of several best the chance among them counts."""
    values = np.where(there, values, -np.inf)
    best = values >= values.max(axis=1, keepdims=True) - 1e-12
    return float((best[np.arange(len(slots)), slots] / best.sum(axis=1)).sum())


@define(eq=False)
class _Data:
    """Questions as arrays (n, options): ``hashes`` of options, ``there`` where there is one, and who may know what."""

    hashes: Ints
    there: Ints
    slots: Ints
    template: Ints
    lists: Ints
    size: Ints
    shape: Floats

    @classmethod
    def of(cls, one: Asked, two: Asked | None) -> _Data:
        both = [some for some in (one, two) if some is not None]
        texts = [options for some in both for options in some.options]
        most = max(map(len, texts), default=2)
        hashes = np.zeros((len(texts), most), np.uint64)
        shape = np.zeros((len(texts), most, _SHAPE))
        for row, options in enumerate(texts):
            hashes[row, : len(options)] = [zlib.crc32(option.encode("utf-8", "replace")) + 1 for option in options]
            if options[0].startswith("["):
                shape[row, : len(options)] = _geometry(options)
        offsets = np.cumsum([0, *(len(some.options) for some in both)])
        number = np.concatenate([np.frombuffer(some.lists, np.uint32).astype(np.int64) + offset
                                 for some, offset in zip(both, offsets, strict=False)])  # fmt: skip

        def column(name: str, kind: Any) -> Ints:
            return np.concatenate([np.frombuffer(getattr(some, name), kind) for some in both])

        ordered = np.sort(hashes, axis=1)
        keys = np.zeros(len(texts), np.uint64)
        for place in range(most):
            keys = (keys ^ ordered[:, place]) * _MIX[1]
        flat = shape.reshape(-1, _SHAPE)
        scale = flat.std(axis=0)
        shape = shape / np.where(scale > 0, scale, 1)
        return cls(
            hashes[number], hashes[number] != 0, column("slots", np.uint8).astype(np.int64),
            column("templates", np.uint32).astype(np.uint64), keys[number], column("sizes", np.uint64), shape[number],
        )  # fmt: skip

    def scores(self, fit: Ints, score: Ints) -> Iterator[tuple[str, Floats]]:
        """(guesser, score of every option) for the questions ``score``, learned from ``fit``."""
        offered: Counter[int] = Counter()
        right: Counter[int] = Counter()
        by_list: dict[int, Counter[int]] = {}
        for row in fit.tolist():
            options = self.hashes[row][self.there[row]].tolist()
            answer = int(self.hashes[row, self.slots[row]])
            offered.update(options)
            right[answer] += 1
            by_list.setdefault(int(self.lists[row]), Counter())[answer] += 1
        known = {option: (right[option] + 0.5) / (count + 2) for option, count in offered.items()}
        rate = np.array([[known.get(option, 0.25) for option in row] for row in self.hashes[score].tolist()])
        yield "frequent", rate
        looked = rate.copy()
        for place, row in enumerate(score.tolist()):
            counts = by_list.get(int(self.lists[row]))
            if counts:
                looked[place] += [10.0 * counts[int(h)] for h in self.hashes[row]]
        yield "list", looked
        yield "learned", self._learned(fit, score, np.zeros_like(self.size))
        if self.size.any():
            yield "size", self._learned(fit, score, self.size)

    def _learned(self, fit: Ints, score: Ints, size: Ints) -> Floats:
        """Softmax over a question's options of w . x, fitted by Adam over all questions at once."""
        every = self._features(np.concatenate((fit, score)), size)
        used, where = np.unique(every, return_inverse=True)
        places = where.reshape(every.shape)
        mine, theirs = places[: len(fit)], places[len(fit) :]
        shape, there, slots = self.shape[fit], self.there[fit], self.slots[fit]
        goal = np.zeros(there.shape)
        goal[np.arange(len(fit)), slots] = 1
        width = mine.shape[2]
        flat = mine.reshape(-1)
        weights = np.zeros(len(used) + _SHAPE)
        mean, square = np.zeros_like(weights), np.zeros_like(weights)
        for step in range(1, _STEPS + 1):
            raw = np.where(there, weights[mine].sum(axis=2) + shape @ weights[-_SHAPE:], -np.inf)
            chance = np.exp(raw - raw.max(axis=1, keepdims=True))
            error = chance / chance.sum(axis=1, keepdims=True) - goal
            slope = 1e-4 * weights
            slope[:-_SHAPE] += np.bincount(flat, np.repeat(error.reshape(-1), width), len(used)) / len(fit)
            slope[-_SHAPE:] += np.einsum("no,nog->g", error, shape) / len(fit)
            mean += 0.1 * (slope - mean)
            square += 0.01 * (slope**2 - square)
            weights -= 0.1 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        found: Floats = weights[theirs].sum(axis=2) + self.shape[score] @ weights[-_SHAPE:]
        return found

    def _features(self, rows: Ints, size: Ints) -> Ints:
        """Numbers of what is true of every option, (n, options, features)."""
        own, there = self.hashes[rows], self.there[rows]
        count = there.sum(axis=1).astype(np.uint64)[:, None]
        found = [own * _MIX[0], (own + count) * _MIX[1], (own ^ self.template[rows][:, None]) * _MIX[2]]
        for other in range(own.shape[1]):
            found.append((own * _MIX[3] + own[:, other : other + 1]) * _MIX[0])
        if size.any():
            found.append((own ^ size[rows][:, None]) * _MIX[3])
        return np.asarray(np.stack([some >> np.uint64(64 - _BITS) for some in found], axis=2), np.int64)


_SHAPE: Final = 11


def _geometry(options: tuple[str, ...]) -> Floats:
    """Of every option that lists boxes: center, area, shape, distance to the border, overlap with the other options."""
    boxes = []
    for option in options:
        found = np.array([[float(n) for n in match] for match in _BOX.findall(option)] or [[0, 0, 1, 1]])
        boxes.append(np.concatenate([found[:, :2].min(0), found[:, 2:].max(0)]))
    every = np.array(boxes)
    every = every / max(1e-9, float(every.max()))
    x1, y1, x2, y2 = every.T
    width, height = np.maximum(x2 - x1, 1e-6), np.maximum(y2 - y1, 1e-6)
    across = np.minimum(x2[:, None], x2[None]) - np.maximum(x1[:, None], x1[None])
    down = np.minimum(y2[:, None], y2[None]) - np.maximum(y1[:, None], y1[None])
    shared = np.maximum(across, 0) * np.maximum(down, 0) * (1 - np.eye(len(every)))
    overlap = (shared / (width * height)[:, None]).sum(axis=1)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    border = np.minimum(np.minimum(x1, y1), np.minimum(1 - x2, 1 - y2))
    away = np.hypot(x - x.mean(), y - y.mean())
    area = np.log(width * height)
    return np.stack(
        [
            x,
            y,
            (x - 0.5) ** 2,
            (y - 0.5) ** 2,
            area,
            area**2,
            (area - area.mean()) ** 2,
            np.log(width / height),
            border,
            overlap,
            away,
        ],
        axis=1,
    )
