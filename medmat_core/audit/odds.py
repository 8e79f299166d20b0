"""What no single record shows: letters, instructions and numbers of options that are not left to chance, and guessers
that see no picture. Is it chance: every test of an audit goes through one correction (Holm's)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from attrs import frozen

from medmat_core.audit.blind import GUESSERS, LEAST, Asked, Guessed
from medmat_core.audit.faults import Fault
from medmat_core.audit.seen import Seen
from medmat_core.model import ASKS

ALPHA: Final = math.erfc(3 / math.sqrt(2)) / 2
"""The chance of an even draw to lie more than three standard errors above its mean; over all tests together."""

ENOUGH: Final = 10
"""The least count that has to be expected in every cell for chi-squared to mean something."""


@frozen
class Trial:
    """One question put to chance: a fault's name, what was found as a sentence, the file, and the p-value (None: there
    is too little to tell)."""

    name: str
    sentence: str
    file: str
    p: float | None


def significant(tests: Sequence[Trial]) -> list[Trial]:
    """Those that stand Holm's correction at :data:`ALPHA`, in the order given."""
    values = sorted(test.p for test in tests if test.p is not None)
    refused = (p for rank, p in enumerate(values) if p * (len(values) - rank) >= ALPHA)
    least = next(refused, math.inf)
    return [test for test in tests if test.p is not None and test.p < least]


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

    Rows and columns too rare to test are left out; None where nothing is left."""
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


def uncommon(trials: Sequence[Trial]) -> Iterator[Fault]:
    """What is not chance."""
    for trial in significant(trials):
        yield Fault(trial.name, f"{trial.sentence} (p = {trial.p:.1e})", trial.file)


def instructions(name: str, seen: Seen, file: str) -> Iterator[Trial]:
    """Are the six instructions used evenly, by ask. Each is drawn once a round, or once a record with borrowed
    options. Open records do not count: an instruction that speaks of options is none for them."""
    draws = np.where(seen.rows["round"] != 0, seen.rows["round"], np.arange(len(seen), dtype=np.uint64))
    first = seen.rows[np.unique(draws, return_index=True)[1]]
    first = first[(first["template"] >= 0) & (first["size"] > 0)]
    for ask in np.unique(seen.rows["ask"]).tolist():
        counts = np.bincount(first["template"][first["ask"] == ask], minlength=6).tolist()
        said = f"{name}: the six instructions for {ASKS[ask]} are used {', '.join(map(str, counts))} times"
        yield Trial("uneven_instructions", said, file, even(counts))


def _tally(asked: Sequence[Asked], one: int, two: int) -> Counter[Any]:
    """Questions without a round by two of answer (0), number of options (1) and place of the right one (2)."""
    found: Counter[Any] = Counter()
    for some in asked:
        for what, count in some.bare.items():
            found[what[one], what[two]] += count
    return found


def letters(name: str, asked: Sequence[Asked], file: str) -> Iterator[Trial]:
    """Is the right option's place even. In rounds the identity leaves nothing to chance."""
    stands = _tally(asked, 1, 2)
    for size in sorted({size for size, _ in stands}):
        counts = [stands[size, slot] for slot in range(size)]
        told = ", ".join(map(str, counts))
        said = f"{name}: of {size} options without a round the answer stands at A.. {told} times"
        yield Trial("uneven_letters", said, file, even(counts))


def sizes(name: str, asked: Sequence[Asked], file: str) -> Iterator[Trial]:
    """Does the number of options tell the answer."""
    table = _tally(asked, 0, 1)
    if kinds := Counter(answer for answer, _ in table):
        odd = min(kinds, key=kinds.__getitem__)
        few = sorted((size, count) for (answer, size), count in table.items() if answer == odd)
        told = ", ".join(f"{count} times {size} options" for size, count in few)
        said = f"{name}: the number of options goes with the answer ({odd!r}: {told})"
        yield Trial("options_tell", said, file, independent(table))


def blind(name: str, found: Guessed | None, file: str) -> Iterator[Trial]:
    """Does a guesser beat chance and majority, where there are enough questions to tell."""
    if found is None or found.questions < LEAST:
        return
    for guesser, share in found.shares.items():
        said = (f"{name}: {GUESSERS[guesser]} is right in {share:.1%} of {found.questions} questions; chance "
                f"{found.chance:.1%}, most frequent answer {found.majority:.1%} ({found.how})")  # fmt: skip
        yield Trial("guessed_blind", said, file, above(share, found.base, found.questions))
