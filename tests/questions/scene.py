"""Pictures of a made-up data set, as the asks see them, and what every sheet of questions must hold."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from medmat_core.concepts import Concepts, Relations
from medmat_core.model import ASKS
from medmat_core.questions import BY_ROUNDS, Sheet, View
from medmat_core.questions.asked import OPEN
from medmat_core.questions.pools import Pools
from medmat_core.questions.view import RegionColumns
from medmat_core.splits import Labels
from medmat_core.subsets import PoolLabel, Subset
from tests.toy import INSTRUCTIONS, toy_card

TEXTS = {
    "label": INSTRUCTIONS,
    "box": tuple(f"{n}: {{area}} {{modality}} {{caption}} {{count}} {{convention}}" for n in range(6)),
    "location": tuple(f"{n}: {{area}} {{modality}} {{caption}}" for n in range(6)),
    "coverage": tuple(f"{n}: {{area}} {{modality}} {{caption}}" for n in range(6)),
    "presence": tuple(f"{n}: {{area}} {{modality}} {{caption}}" for n in range(6)),
    "structure": tuple(f"{n}: {{area}} {{modality}} {{box}} {{convention}}" for n in range(6)),
}


@frozen
class Seen:
    """A region: class, box, area and the shares of the nine cells."""

    caption: str
    box: tuple[int, int, int, int]
    area: float = 0.0
    cell: int = 255
    touched: int = 0


@frozen
class Question:
    """A record of a sheet, in words."""

    place: int
    ask: str
    caption: str
    question: str
    options: tuple[str, ...]
    slot: int
    answer: str
    round: int


def view_of(
    names: Sequence[str],
    *,
    kind: str = "single-label",
    labels: Sequence[Labels] = (),
    regions: Sequence[Sequence[Seen]] | None = None,
    unsure: dict[int, tuple[str, ...]] | None = None,
    sizes: Sequence[tuple[int, int]] = (),
    parts: Sequence[int] = (),
    pool: Sequence[str] = (),
    relations: Relations | None = None,
    head: str = "",
    tables: str = "",
    seed: int = 0,
    surplus: str = "keep",
    box_format: Any = "unit",
    keys: Sequence[int] = (),
) -> View:
    """A view of pictures with these labels, or these regions."""
    with tempfile.TemporaryDirectory() as where:
        card = toy_card(Path(where), kind=kind, labels={n: n for n in names}, head=head, tables=tables)
    subset = Subset(1000, "Toy", "Toy", "Toy", TEXTS, tuple(PoolLabel(name, (7,)) for name in pool))
    pools = Pools(card, subset, Concepts(relations or Relations()))
    said: list[Labels] = list(labels)
    if regions is not None:
        said = [(tuple(dict.fromkeys(r.caption for r in some)), (), ()) for some in regions]
    sets = list(dict.fromkeys(said))
    count = len(said)
    flat = [(place, region) for place, some in enumerate(regions or ()) for region in some]
    columns = None
    if regions is not None:
        columns = RegionColumns(
            np.cumsum([0, *(len(some) for some in regions)]), np.array([p for p, _ in flat], np.int64),
            np.array([card.order[r.caption] for _, r in flat], np.uint16),
            np.array([r.box for _, r in flat], np.int32).reshape(-1, 4), np.array([r.area for _, r in flat], float),
            np.array([r.cell for _, r in flat], np.uint8), np.array([r.touched for _, r in flat], np.uint16),
            {place: tuple(card.order[n] for n in found) for place, found in (unsure or {}).items()},
        )  # fmt: skip
    chance = np.random.default_rng(11)
    made = np.array(keys, np.uint64) if len(keys) else chance.integers(1, 2**63, count, dtype=np.uint64)
    where_parts = np.array(parts, np.uint8) if len(parts) else np.zeros(count, np.uint8)
    size = np.array(sizes or [(1000, 1000)] * count, np.uint32).reshape(-1, 2)
    numbers = np.array([sets.index(labels) for labels in said], np.uint32)
    return View(
        card, subset, pools, seed, "toy", box_format, ASKS, surplus, tuple(sorted(set(where_parts.tolist()))), made,
        where_parts, size[:, 0], size[:, 1], numbers, sets, columns,
    )  # fmt: skip


def asked(view: View, ask: str, table: Any = BY_ROUNDS) -> tuple[list[Question], Sheet]:
    """The questions of one ask, and the sheet they were put on."""
    sheet = Sheet()
    table[ask](view, sheet)
    found = sheet.ordered()
    rows = zip(
        found.places.tolist(), found.asks.tolist(), found.classes.tolist(), found.questions.tolist(),
        found.options.tolist(), found.slots.tolist(), found.answers.tolist(), found.rounds.tolist(), strict=True,
    )  # fmt: skip
    return [
        Question(
            place, ASKS[number], view.card.captions[name] if ASKS[number] != "label" else "",
            sheet.questions.items[question], sheet.options.items[options], slot, sheet.answers.items[answer], around,
        )
        for place, number, name, question, options, slot, answer, around in rows
    ], sheet  # fmt: skip


def rounds_of(questions: Sequence[Question]) -> dict[int, list[Question]]:
    """The questions of every round."""
    found: dict[int, list[Question]] = defaultdict(list)
    for question in questions:
        if question.round:
            found[question.round].append(question)
    return found


def hold(questions: Sequence[Question]) -> None:
    """What every round is by definition: one question, one list in one order, each option right exactly once."""
    for question in questions:
        if question.slot == OPEN:
            assert question.options == () and not question.round
        else:
            assert 2 <= len(question.options) <= 4
            assert question.options[question.slot] == question.answer
    for some in rounds_of(questions).values():
        assert len({q.question for q in some}) == 1
        assert len({q.options for q in some}) == 1
        assert len({q.place for q in some}) == len(some)
        assert sorted(q.slot for q in some) == list(range(len(some[0].options)))
