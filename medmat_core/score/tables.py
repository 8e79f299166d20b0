"""Right and wrong answers as lines of figures: over all, over rounds, and over every way in which records differ."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import asdict, evolve, frozen

from medmat_core.compose.triples import Triple
from medmat_core.model import Record
from medmat_core.score.figures import Interval, balanced, bootstrap, mcnemar, rounded

if TYPE_CHECKING:
    from medmat_core.score.run import Scored

CLASSES: Final = ("label", "presence", "location", "structure")
"""Asks whose answers are classes: the same few answers again and again."""


@frozen
class Item:
    """A record that was answered. ``iou`` is -1 where no box was asked for openly; ``answer`` is "" where answers are
    no classes; ``options`` counts the pictures of a round, 0 of an open record."""

    key: str
    slug: str
    subset: int
    split: str
    ask: str
    label: str
    answer: str
    group: str
    round: str
    options: int
    right: bool
    read: bool
    chance: float
    blind: float
    iou: float

    @classmethod
    def of(cls, record: Record, *, right: bool, read: bool, chance: float, blind: float, iou: float = -1.0) -> Item:
        return cls(
            record.key, record.slug, record.subset, record.split, record.ask,
            record.answer if record.ask == "label" else "; ".join(record.captions),
            record.answer if record.ask in CLASSES else "", record.group or record.image, record.round,
            len(record.options), right, read, chance, blind, iou,
        )  # fmt: skip


@frozen
class Figure:
    """A share of right answers (of ``boxes``: the mean IoU) with its interval, beside chance and the blind guesser."""

    count: int
    groups: int
    value: float
    low: float
    high: float
    chance: float
    blind: float


@frozen
class Line:
    """What is known of one kind of records: ``closed`` questions, whole ``rounds``, ``open`` questions, open
    ``boxes`` (mean IoU; ``fitting`` is their Acc@0.5). None where there are none."""

    by: str
    name: str
    unread: int
    incomplete: int
    closed: Figure | None
    balanced: float | None
    rounds: Figure | None
    open: Figure | None
    boxes: Figure | None
    fitting: Figure | None

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        return {
            name: {k: rounded(v) for k, v in value.items()} if isinstance(value, dict) else rounded(value)
            for name, value in told.items()
        }


def lines_of(items: Sequence[Item], triples: Mapping[int, Triple], seed: int) -> tuple[Line, ...]:
    """A line over all, then one for each part, data set, subset, modality, area, family of task, ask and label, where
    there is more than one of them. Labels are told apart by data set."""
    ways: Sequence[tuple[str, Callable[[Item], str]]] = (
        ("part", lambda item: item.split),
        ("ask", lambda item: item.ask),
        ("modality", lambda item: triples[item.subset].modality),
        ("area", lambda item: triples[item.subset].area),
        ("task", lambda item: triples[item.subset].family),
        ("subset", lambda item: str(item.subset)),
        ("data set", lambda item: item.slug),
        ("label", lambda item: f"{item.slug}: {item.label}"),
    )
    found = [_line("all", "all", items, seed)]
    for by, name in ways:
        parts: defaultdict[str, list[Item]] = defaultdict(list)
        for item in items:
            parts[name(item)].append(item)
        if len(parts) > 1 or by == "subset":
            order = sorted(parts, key=lambda text: (int(text), "") if text.isdecimal() else (0, text))
            found += [_line(by, part, parts[part], seed) for part in order]
    return tuple(found)


def _line(by: str, name: str, items: Sequence[Item], seed: int) -> Line:
    closed = [item for item in items if item.options]
    boxes = [item for item in items if item.iou >= 0]
    rounds, incomplete = ([], 0) if by == "label" else _rounds(closed)
    right = np.array([item.right for item in closed], bool)
    classes: dict[tuple[str, str, str], int] = {}
    numbers = [
        classes.setdefault((item.slug, item.ask, item.answer), len(classes)) if item.answer else -1 for item in closed
    ]
    return Line(
        by=by,
        name=name,
        unread=sum(not item.read for item in items),
        incomplete=incomplete,
        closed=_figure(closed, seed),
        balanced=balanced(right, np.array(numbers, np.int64)) if by != "label" else None,
        rounds=_figure(rounds, seed),
        open=_figure([item for item in items if not item.options and item.iou < 0], seed),
        boxes=_figure(boxes, seed, [item.iou for item in boxes]),
        fitting=_figure(boxes, seed),
    )


def _rounds(items: Iterable[Item]) -> tuple[list[Item], int]:
    """Whole rounds as items that are right where all of their pictures are, and how many were not asked whole.

    Each is a group of its own: its pictures come from as many groups as it has, and are right or wrong together.
    """
    by_round: defaultdict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        if item.round:
            by_round[item.slug, item.round].append(item)
    whole = []
    for (_, name), own in by_round.items():
        if len(own) == own[0].options:
            right, read = all(item.right for item in own), all(item.read for item in own)
            chance, blind = (float(np.prod(some)) for some in zip(*((i.chance, i.blind) for i in own), strict=True))
            one = evolve(own[0], answer="", group=name, right=right, read=read, chance=chance, blind=blind)
            whole.append(one)
    return whole, len(by_round) - len(whole)


def _figure(items: Sequence[Item], seed: int, values: Sequence[float] | None = None) -> Figure | None:
    if not items:
        return None
    groups = _numbers([item.group for item in items])
    found: Interval = bootstrap(
        np.array([item.right for item in items] if values is None else values, np.float64), groups, _seed(seed, items)
    )
    return Figure(
        len(items), len(np.unique(groups)), found.value, found.low, found.high,
        float(np.mean([item.chance for item in items])), float(np.mean([item.blind for item in items])),
    )  # fmt: skip


def _numbers(names: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    known: dict[str, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)


def _seed(seed: int, items: Sequence[Item]) -> int:
    """A seed of its own for each set of records, so that no figure hangs on which others are asked for."""
    mark = 0
    for item in items:
        mark ^= zlib.crc32(item.key.encode("utf-8", "replace"))
    return (seed << 32) + mark if seed >= 0 else (-seed << 33) + mark


@frozen
class Compared:
    """Two files over the records that both answered: how many one alone has right, the exact p-value of McNemar's
    test, and the difference of their accuracies (first less second) with its interval."""

    first: str
    second: str
    count: int
    only_first: int
    only_second: int
    p: float
    difference: float
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        return {name: value if name == "p" else rounded(value) for name, value in asdict(self).items()}


def compare(first: Scored, second: Scored, seed: int) -> Compared:
    """Two files, question by question."""
    both = [(item, second.items[key]) for key, item in first.items.items() if key in second.items]
    if not both:
        return Compared(str(first.path), str(second.path), 0, 0, 0, 1.0, 0.0, 0.0, 0.0)
    apart = np.array([float(a.right) - float(b.right) for a, b in both])
    groups = _numbers([item.group for item, _ in both])
    found = bootstrap(apart, groups, _seed(seed, [item for item, _ in both]))
    one, other = int((apart > 0).sum()), int((apart < 0).sum())
    none = not apart.any()
    return Compared(
        str(first.path), str(second.path), len(both), one, other, mcnemar(one, other), found.value,
        0.0 if none else found.low, 0.0 if none else found.high,
    )  # fmt: skip
