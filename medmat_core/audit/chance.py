"""Is it chance: tails of chi-squared and of the normal distribution, and Holm's correction for many tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from attrs import frozen

ALPHA: Final = math.erfc(3 / math.sqrt(2)) / 2
"""The chance of an even draw to lie more than three standard errors above its mean; over all tests together."""

ENOUGH: Final = 10
"""The least count that has to be expected in every cell for chi-squared to mean something."""


@frozen
class Trial:
    """One question put to chance: a fault's name, what was found as a sentence, the file, and the p-value."""

    name: str
    sentence: str
    file: str
    p: float


def significant(tests: Sequence[Trial]) -> list[Trial]:
    """Those that stand Holm's correction at :data:`ALPHA`, in the order given."""
    order = sorted(range(len(tests)), key=lambda place: tests[place].p)
    held = set()
    for rank, place in enumerate(order):
        if tests[place].p * (len(tests) - rank) >= ALPHA:
            break
        held.add(place)
    return [test for place, test in enumerate(tests) if place in held]


def above(share: float, base: float, count: int) -> float:
    """The p-value of a share of ``count`` answers that should not lie over ``base``."""
    if share <= base:
        return 1.0
    error = math.sqrt(max(base * (1 - base), 1 / (4 * count)) / count)
    return math.erfc((share - base) / error / math.sqrt(2)) / 2


def even(counts: Sequence[int]) -> float | None:
    """The p-value of counts that should be equal in expectation; None where there are too few."""
    total = sum(counts)
    if len(counts) < 2 or total < ENOUGH * len(counts):
        return None
    expected = total / len(counts)
    return chi2_tail(sum((count - expected) ** 2 for count in counts) / expected, len(counts) - 1)


def independent(table: Mapping[tuple[str, int], int]) -> float | None:
    """The p-value of a table (row, column) -> count whose rows and columns should have nothing to do with one another.

    Rows and columns too rare to test are left out; None where nothing is left.
    """
    if not table:
        return None
    rows, columns = ({key: place for place, key in enumerate(dict.fromkeys(keys))} for keys in zip(*table, strict=True))
    counts = np.zeros((len(rows), len(columns)))
    for (row, column), count in table.items():
        counts[rows[row], columns[column]] = count
    while min(counts.shape) > 1:
        sums = counts.sum(axis=1), counts.sum(axis=0)
        expected = np.outer(*sums) / counts.sum()
        if expected.min() >= ENOUGH / 2:
            statistic = float(((counts - expected) ** 2 / expected).sum())
            return chi2_tail(statistic, (counts.shape[0] - 1) * (counts.shape[1] - 1))
        rarer = 0 if sums[0].min() <= sums[1].min() else 1
        counts = np.delete(counts, sums[rarer].argmin(), axis=rarer)
    return None


def chi2_tail(statistic: float, freedom: int) -> float:
    """The probability that chi-squared with ``freedom`` degrees is at least ``statistic``: the cube root of chi-squared
    is all but normal (Wilson and Hilferty 1931), close to a tenth of itself where it decides."""
    spread = 2 / (9 * freedom)
    return math.erfc(((max(statistic, 0.0) / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(2 * spread)) / 2
