"""``--distractors subset``: wrong options by Med-MAT's published rule, from the labels of the whole subset.

The rule is kept as published but for what would be wrong: an option that may be true of the picture, two options that
clash, and a number of options that tells the answer. So all labels of a data set get equally many options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from medmat_core.model import ASKS
from medmat_core.questions.asked import Shares, Sheet
from medmat_core.questions.draws import Draw
from medmat_core.questions.labels import Compatible, answer_of, plain_sets
from medmat_core.questions.view import View
from medmat_core.splits import Labels

MOST = 4
_TRIES = 2_000
"""So many lists of wrong options are looked at before fewer are asked for."""


def ask_labels_by_subset(view: View, sheet: Sheet) -> None:
    """Put the label questions of every part on the sheet, each picture with options of its own."""
    sets, rank = plain_sets(view.label_sets)
    pool, fits, clash = _several(view, sets) if view.card.head.kind == "multi-label" else _single(view, sets)
    asked = [number for number in np.unique(rank[view.labels]).tolist() if sets[number][0]]
    eligible = {number: [place for place, _ in enumerate(pool) if fits(number, place)] for number in asked}
    most = min((_most(some, clash) for some in eligible.values()), default=0)

    def wrong(number: int, draw: Draw) -> list[str]:
        return [pool[place] for place in next(_lists(draw.shuffled(eligible[number]), clash, most))] if most else []

    ask_each(view, sheet, rank, {number: answer_of(sets[number]) for number in asked}, wrong)


def ask_labels_as_published(view: View, sheet: Sheet) -> None:
    """``--as-published``: any three other labels of the subset, whether they are wrong or not, in Med-MAT's wording as
    far as the card knows it. For comparison with the paper alone."""
    card = view.card
    sets, rank = plain_sets(view.label_sets)
    wording = {card.labels[code]: text for code, text in card.published.captions.items()}

    def worded(captions: Sequence[str]) -> str:
        return ", ".join(wording.get(name, name) for name in captions).capitalize() if captions else ""

    asked = [number for number in np.unique(rank[view.labels]).tolist() if sets[number][0]]
    answers = {number: worded(sets[number][0]) for number in asked}
    if card.kind == "multi-label":
        pool = list(dict.fromkeys(answers.values()))
    else:
        pool = list(dict.fromkeys(worded((name,)) for name in [*card.captions, *(p.caption for p in view.subset.pool)]))

    def wrong(number: int, draw: Draw) -> list[str]:
        return draw.shuffled([text for text in pool if text != answers[number]])[: MOST - 1]

    ask_each(view, sheet, rank, answers, wrong)


def ask_each(
    view: View,
    sheet: Sheet,
    rank: npt.NDArray[np.int64],
    answers: Mapping[int, str],
    wrong: Callable[[int, Draw], list[str]],
) -> None:
    """Ask every picture by itself. ``answers`` by set of labels; ``wrong`` draws the other options."""
    words = [sheet.questions.number(view.instruction("label", template)) for template in range(6)]
    for part in view.asked_parts:
        shares = Shares()
        rows: list[tuple[int, int, int, int, int, int]] = []
        for place in np.flatnonzero(view.parts == part).tolist():
            number = int(rank[view.labels[place]])
            if number not in answers:
                sheet.unasked.setdefault("no_label", []).append(place)
                continue
            draw = Draw(view.seed, int(view.keys[place]))
            template = draw.below(len(words))
            others = wrong(number, draw)
            if not others:
                sheet.unasked.setdefault("no_distractor", []).append(place)
                continue
            options = draw.shuffled([answers[number], *others])
            listed, said = sheet.options.number(tuple(options)), sheet.answers.number(answers[number])
            rows.append((place, words[template], listed, options.index(answers[number]), said, template))
        shares.surplus = len(rows)
        sheet.share("label", shares)
        table = np.array(rows, np.int64).reshape(-1, 6)
        names = ("places", "questions", "options", "slots", "answers", "templates")
        nothing = np.zeros(len(rows))
        sheet.add(
            ASKS.index("label"), classes=nothing, rounds=nothing,
            **{name: table[:, column] for column, name in enumerate(names)},
        )  # fmt: skip


Fits = Callable[[int, int], bool]
"""(set of labels, place in the pool): whether that option is certainly wrong of such a picture."""

Clash = Callable[[int, int], bool]
"""Whether two places in the pool must not meet."""


def _single(view: View, sets: Sequence[Labels]) -> tuple[list[str], Fits, Clash]:
    """The captions of the subset."""
    pools = view.pools
    pool = list(pools.captions())

    def fits(number: int, place: int) -> bool:
        stated, uncertain, _ = sets[number]
        name = pool[place]
        return name not in uncertain and all(pools.may_oppose(other, name) for other in stated)

    return pool, fits, cache(lambda one, two: pools.clash(pool[one], pool[two]))


def _several(view: View, sets: Sequence[Labels]) -> tuple[list[str], Fits, Clash]:
    """The lists of findings of other pictures of the data set."""
    compatible = Compatible(view.pools, sets)
    numbers = [number for number, labels in enumerate(sets) if labels[0]]
    first: dict[str, int] = {}
    for number in numbers:
        first.setdefault(answer_of(sets[number]), number)
    pool, owners = list(first), list(first.values())

    def meet(one: int, two: int) -> bool:
        return bool(compatible(np.array([one]), np.array([two]))[0])

    return (
        pool,
        cache(lambda number, place: meet(number, owners[place])),
        cache(lambda one, two: not meet(owners[one], owners[two])),
    )


def _most(places: Sequence[int], clash: Clash) -> int:
    """How many wrong options, up to three, can stand together."""
    for size in range(MOST - 1, 0, -1):
        if next(_lists(places, clash, size), None) is not None:
            return size
    return 0


def _lists(places: Sequence[int], clash: Clash, size: int) -> Iterator[list[int]]:
    """Lists of ``size`` places that do not clash, in the order of ``places``."""
    tries = 0
    chosen: list[int] = []

    def grow(start: int) -> Iterator[list[int]]:
        nonlocal tries
        if len(chosen) == size:
            yield list(chosen)
            return
        for at in range(start, len(places)):
            tries += 1
            if tries > _TRIES and len(chosen) < size:
                break
            if not any(clash(places[at], other) for other in chosen):
                chosen.append(places[at])
                yield from grow(at + 1)
                chosen.pop()

    return grow(0)
