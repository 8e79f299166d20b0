"""The blind guesser beside every figure: what can be had without looking at a picture.

Whoever has a better one hands it to :func:`medmat_core.score.score` as ``blind``: a function that learns from the
records of the train part and answers, for a record, the chance that it would be right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from medmat_core.model import Record

Guesser = Callable[[Record], float]
"""The chance of being right about a closed record without its picture."""

Blind = Callable[[Iterable[Record]], Guesser]


def blind(train: Iterable[Record]) -> Guesser:
    """A guesser that takes the option which is right most often where it is offered, counted over ``train`` within
    data set, ask and captions asked about. Of several equally good ones it has the chance among them."""
    offered: Counter[tuple[str, str, str]] = Counter()
    right: Counter[tuple[str, str, str]] = Counter()
    for record in train:
        if record.is_open:
            continue
        for option in record.options:
            offered[record.slug, record.ask, option] += 1
        right[record.slug, record.ask, record.options[record.answer_index]] += 1

    def guess(record: Record) -> float:
        rates = []
        for option in record.options:
            at = (record.slug, record.ask, option)
            rates.append((right[at] + 0.5) / (offered[at] + 2) if offered[at] else 0.25)
        best = max(rates) - 1e-12
        return (rates[record.answer_index] >= best) / sum(rate >= best for rate in rates)

    return guess
