"""What no single record shows: letters, instructions and numbers of options that are not left to chance, and guessers
that see no picture. Is it chance: every test of an audit goes through one correction (Holm's)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from attrs import define, field, frozen

from medmat_core.audit.blind import GUESSERS, LEAST, Asked, Guessed, guess
from medmat_core.audit.faults import Fault
from medmat_core.audit.place import PARTS
from medmat_core.audit.seen import Seen, instruction_counts

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


@define
class Odds:
    """The tests of an audit, and what guessers reached by data set or published file."""

    trials: list[Trial] = field(factory=list)
    guessed: dict[str, Guessed] = field(factory=dict)

    def faults(self) -> Iterable[Fault]:
        """What is not chance."""
        return (Fault(trial.name, f"{trial.sentence} (p = {trial.p:.1e})", trial.file)
                for trial in significant(self.trials))  # fmt: skip

    def _try(self, name: str, sentence: str, file: str, p: float | None) -> None:
        if p is not None:
            self.trials.append(Trial(name, sentence, file, p))

    def instructions(self, name: str, seen: Seen, file: str) -> None:
        """Are the six instructions used evenly."""
        for ask, counts in instruction_counts(seen).items():
            said = f"{name}: the six instructions for {ask} are used {_told(counts)} times"
            self._try("uneven_instructions", said, file, even(counts))

    def letters(self, name: str, asked: Iterable[Asked], file: str) -> None:
        """Is the right option's place even. In rounds the identity leaves nothing to chance."""
        by_size: dict[int, Counter[int]] = {}
        for some in asked:
            for (_, size, slot), count in some.bare.items():
                by_size.setdefault(size, Counter())[slot] += count
        for size, slots in sorted(by_size.items()):
            counts = [slots[slot] for slot in range(size)]
            said = f"{name}: of {size} options without a round the answer stands at A.. {_told(counts)} times"
            self._try("uneven_letters", said, file, even(counts))

    def sizes(self, name: str, asked: Iterable[Asked], file: str) -> None:
        """Does the number of options tell the answer."""
        table: Counter[tuple[str, int]] = Counter()
        by_answer: dict[str, Counter[int]] = {}
        for some in asked:
            for (answer, size, _), count in some.bare.items():
                table[answer, size] += count
                by_answer.setdefault(answer, Counter())[size] += count
        if table:
            odd = min(by_answer, key=lambda answer: len(by_answer[answer]))
            few = ", ".join(f"{count} times {size} options" for size, count in sorted(by_answer[odd].items()))
            said = f"{name}: the number of options goes with the answer ({odd!r}: {few})"
            self._try("options_tell", said, file, independent(table))

    def blind(self, name: str, asked: Mapping[int, Asked], file: str) -> None:
        """What guessers reach; beyond chance and majority it is put to the test."""
        train, val, test = (asked[part] for part in range(len(PARTS)))
        found = guess(train, test if len(test) else val)
        if found is None:
            return
        self.guessed[name] = found
        for guesser, share in found.shares.items() if found.questions >= LEAST else ():
            said = (f"{name}: {GUESSERS[guesser]} is right in {share:.1%} of {found.questions} questions; chance "
                    f"{found.chance:.1%}, most frequent answer {found.majority:.1%} ({found.how})")  # fmt: skip
            self._try("guessed_blind", said, file, above(share, found.base, found.questions))


def _told(counts: Sequence[int]) -> str:
    return ", ".join(map(str, counts))
