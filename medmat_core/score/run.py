"""Predictions against the records of a build: the one pass that turns replies into right and wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from medmat_core.compose.triples import Families, Triple, triples_of
from medmat_core.errors import UsageError
from medmat_core.model import Record
from medmat_core.records import Built
from medmat_core.regions.box_words import BoxFormat
from medmat_core.score.blind import Blind, Guesser, blind
from medmat_core.score.boxes import agreement, read_boxes, true_boxes
from medmat_core.score.predictions import Predictions, read_predictions
from medmat_core.score.reading import read_answer
from medmat_core.score.tables import Compared, Item, Line, compare, lines_of

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog

__all__ = ["Compared", "Report", "Scored", "Scoring", "score"]

_CANDIDATES = 400
"""Answers of a data set and ask that a reply to an open question is read among; of more, its own alone is taken."""


@frozen
class Scoring:
    """How to score. ``parts``: only these; ``missing``: what a record without a prediction is in the parts and data
    sets that were predicted; ``box_format``: the convention of boxes where the build's manifest is not to be believed
    (an export converted them)."""

    parts: tuple[str, ...] = ()
    missing: Literal["skip", "wrong"] = "skip"
    box_format: BoxFormat | None = None
    seed: int = 0


@frozen
class Scored:
    """One file: its lines of figures, and counts of what could not be used."""

    path: Path
    lines: tuple[Line, ...]
    items: Mapping[str, Item] = field(repr=False)
    odd: Mapping[str, int]
    circular: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "file": str(self.path),
            "circular": self.circular,
            "odd": dict(self.odd),
            "figures": [line.as_json() for line in self.lines],
        }


@frozen
class Report:
    """All files, each pair of them compared, and the subsets that were met."""

    scored: tuple[Scored, ...]
    compared: tuple[Compared, ...]
    triples: Mapping[int, Triple]

    def as_json(self) -> dict[str, Any]:
        return {
            "files": [one.as_json() for one in self.scored],
            "compared": [one.as_json() for one in self.compared],
        }


def score(
    built: Built,
    files: Sequence[Path],
    how: Scoring | None = None,
    *,
    catalog: Catalog | None = None,
    blind: Blind = blind,
) -> Report:
    """Figures of every file of predictions over the records of ``built``.

    ``catalog`` tells modality and area of subsets of plugins. Raises :class:`UsageError` for a file that cannot be
    read, or none of whose keys is a record's.
    """
    how = how or Scoring()
    told = [read_predictions(path) for path in files]
    fmt = how.box_format or built.box_format("give --box-format")
    guess, candidates = _learned(built, blind)
    wanted: set[str] = set().union(*({key for key, _ in one.said} for one in told))
    subsets: set[int] = set()
    records = []
    near: set[tuple[str, str]] = set()
    for record in built.records():
        if how.parts and record.split not in how.parts:
            continue
        if record.key in wanted:
            near.add((record.slug, record.split))
            records.append(record)
            subsets.add(record.subset)
    if how.missing == "wrong":
        touched = [r for r in built.records() if (r.slug, r.split) in near and (not how.parts or r.split in how.parts)]
        records = touched
    triples = triples_of(subsets, catalog, Families.load())
    scored = tuple(_score_file(one, records, guess, candidates, fmt, how, triples) for one in told)
    return Report(scored, tuple(compare(a, b, how.seed) for a, b in combinations(scored, 2)), triples)


def _learned(built: Built, learn: Blind) -> tuple[Guesser, Mapping[tuple[str, str], tuple[str, ...]]]:
    """The blind guesser of the train part, and the answers that occur in each data set and ask."""
    answers: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)

    def train() -> Iterable[Record]:
        for record in built.records():
            if record.ask != "box" and len(known := answers[record.slug, record.ask]) <= _CANDIDATES:
                known[record.answer] = None
            if record.split == "train":
                yield record

    records = iter(train())
    guess = learn(records)
    for _ in records:  # a guesser may stop early
        pass
    return guess, {at: tuple(sorted(known)) for at, known in answers.items()}


def _score_file(
    told: Predictions,
    records: Sequence[Record],
    guess: Guesser,
    candidates: Mapping[tuple[str, str], tuple[str, ...]],
    fmt: BoxFormat,
    how: Scoring,
    triples: Mapping[int, Triple],
) -> Scored:
    odd = Counter(told.odd)
    turns: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for (key, turn), text in told.said.items():
        turns[key][turn] = text
    items: dict[str, Item] = {}
    for record in records:
        said = turns.pop(record.key, None)
        if said is None:
            if how.missing == "skip":
                continue
            odd["no prediction; counts as wrong"] += 1
            said = {}
        elif told.circular and not record.is_open and len(said) < len(record.options):
            odd["not asked in every turn of its options; counts as wrong"] += 1
        items[record.key] = _item(record, said, told.circular, guess, candidates, fmt)
    if turns:
        odd["key of no record" + (" of these parts" if how.parts else "")] += len(turns)
    if not items:
        raise UsageError(
            f"{told.path}: none of its {len(told.said)} keys is a record's of this build"
            f"{' and --part' if how.parts else ''}; was it predicted from another one?"
        )
    lines = lines_of(list(items.values()), triples, how.seed)
    return Scored(told.path, lines, items, dict(sorted(odd.items())), told.circular)


def _item(
    record: Record,
    said: Mapping[int, str],
    circular: bool,
    guess: Guesser,
    candidates: Mapping[tuple[str, str], tuple[str, ...]],
    fmt: BoxFormat,
) -> Item:
    if record.is_open:
        text = said.get(0, "")
        if record.ask == "box":
            size = (record.width, record.height)
            boxes = read_boxes(text, size, fmt) if all(size) else ()
            try:
                overlap, fits = agreement(boxes, true_boxes(record, fmt))
            except ValueError:
                overlap, fits = 0.0, False
            return Item.of(record, right=fits, read=bool(boxes), chance=0.0, blind=0.0, iou=overlap)
        own = candidates[record.slug, record.ask]
        options = own if 0 < len(own) <= _CANDIDATES else (record.answer,)
        place = read_answer(text, options, letters=False)
        right = place >= 0 and options[place] == record.answer
        return Item.of(record, right=right, read=place >= 0, chance=1 / len(options), blind=1 / len(options))
    count = len(record.options)
    asked = range(count) if circular else sorted(said)[:1] or [0]
    chosen = []
    for turn in asked:
        turned = tuple(record.options[(place + turn) % count] for place in range(count))
        place = read_answer(said.get(turn, ""), turned)
        chosen.append((place + turn) % count if place >= 0 else -1)
    return Item.of(
        record,
        right=all(place == record.answer_index for place in chosen),
        read=all(place >= 0 for place in chosen),
        chance=(1 / count) ** len(chosen),
        blind=guess(record),
    )
