"""Shares and means with their intervals: bootstrap over groups, seeded and without a loop over records."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import frozen

DRAWS: Final = 2000
_CELLS: Final = 4_000_000
_TAIL: Final = 0.025

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@frozen
class Interval:
    """A share or mean with the 95 % interval of its bootstrap."""

    value: float
    low: float
    high: float


def bootstrap(values: Floats, groups: Ints, seed: int) -> Interval:
    """The mean of ``values`` where whole ``groups`` are drawn with replacement, as many as there are.

    Groups of equal sum and size are one kind, and how often each kind is drawn is multinomial: the same distribution as
    drawing one by one, at a cost that hardly hangs on the number of records. Where all values are 0, or all are 1, no
    draw differs; then the exact interval for that many groups is given, since nothing is certain of a few of them.
    """
    _, places = np.unique(groups, return_inverse=True)
    sums = np.bincount(places, values)
    sizes = np.bincount(places).astype(np.float64)
    count = len(sizes)
    mean = float(sums.sum() / sizes.sum())
    if np.all(values == 0):
        return Interval(0.0, 0.0, 1 - _TAIL ** (1 / count))
    if np.all(values == 1):
        return Interval(1.0, _TAIL ** (1 / count), 1.0)
    kinds, often = np.unique(np.stack([sums, sizes], 1), axis=0, return_counts=True)
    random = np.random.default_rng(seed)
    means: list[Floats] = []
    step = max(1, _CELLS // len(kinds))
    for start in range(0, DRAWS, step):
        drawn = random.multinomial(count, often / count, size=min(step, DRAWS - start)).astype(np.float64)
        total = drawn @ kinds
        means.append(total[:, 0] / total[:, 1])
    low, high = np.quantile(np.concatenate(means), [_TAIL, 1 - _TAIL])
    return Interval(mean, float(low), float(high))


def balanced(right: npt.NDArray[np.bool_], classes: Ints) -> float | None:
    """The mean over classes (negative: none) of the share of right answers among each; None without classes."""
    known = classes >= 0
    if not known.any():
        return None
    _, places = np.unique(classes[known], return_inverse=True)
    return float(np.mean(np.bincount(places, right[known]) / np.bincount(places)))


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided exact p-value of so many questions that one file alone, or the other alone, has right."""
    count, few = only_first + only_second, min(only_first, only_second)
    if not count:
        return 1.0
    half = count * math.log(2)
    tail = math.fsum(
        math.exp(math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) - half)
        for k in range(few + 1)
    )
    return min(1.0, 2 * tail)


def rounded(value: Any) -> Any:
    """Floats to four decimals, for JSON that people read."""
    return round(value, 4) if isinstance(value, float) else value
