"""Is it chance: tails of chi-squared and of the normal distribution, and Holm's correction for many tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

ALPHA: Final = math.erfc(3 / math.sqrt(2)) / 2
"""The chance of an even draw to lie more than three standard errors above its mean; over all tests together."""

ENOUGH: Final = 10
"""The least count that has to be expected in every cell for chi-squared to mean something."""


@frozen
class Test:
    """One question put to chance: a fault's name, what was found as a sentence, the file, and the p-value."""

    name: str
    sentence: str
    file: str
    p: float


def significant(tests: Sequence[Test]) -> list[Test]:
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


def independent(table: Mapping[tuple[object, object], int]) -> float | None:
    """The p-value of a table (row, column) -> count whose rows and columns should have nothing to do with one another.

    Rows and columns too rare to test are left out; None where nothing is left.
    """
    cells = dict(table)
    while True:
        total = sum(cells.values())
        sums: list[dict[object, int]] = [{}, {}]
        for key, count in cells.items():
            for side in (0, 1):
                sums[side][key[side]] = sums[side].get(key[side], 0) + count
        if min(map(len, sums)) < 2 or not total:
            return None
        # the rarest goes until all that is left is expected often enough
        side = 0 if min(sums[0].values()) <= min(sums[1].values()) else 1
        rarest = min(sums[side], key=lambda name: sums[side][name])
        if min(sums[0].values()) * min(sums[1].values()) >= ENOUGH * total / 2:
            break
        cells = {key: count for key, count in cells.items() if key[side] != rarest}
    statistic = 0.0
    for row, across in sums[0].items():
        for column, down in sums[1].items():
            expected = across * down / total
            statistic += (cells.get((row, column), 0) - expected) ** 2 / expected
    return chi2_tail(statistic, (len(sums[0]) - 1) * (len(sums[1]) - 1))


def chi2_tail(statistic: float, freedom: int) -> float:
    """The probability that chi-squared with ``freedom`` degrees is at least ``statistic``.

    The regularised upper incomplete gamma function: its series below the mean, its continued fraction above.
    """
    a, x = freedom / 2, statistic / 2
    if x <= 0:
        return 1.0
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        step = a
        while abs(term) > abs(total) * 1e-15:
            step += 1
            term *= x / step
            total += term
        return max(0.0, 1 - front * total)
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    whole = d
    for i in range(1, 10_000):
        scale = -i * (i - a)
        b += 2
        d = 1 / _apart(scale * d + b, tiny)
        c = _apart(b + scale / c, tiny)
        change = d * c
        whole *= change
        if abs(change - 1) < 1e-15:
            break
    return min(1.0, front * whole)


def _apart(value: float, tiny: float) -> float:
    return tiny if abs(value) < tiny else value
