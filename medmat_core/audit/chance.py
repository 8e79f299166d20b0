"""Is it even: chi-squared tests of what a build draws."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import define, field

SUSPECT: Final = 1e-6
"""A draw that is even gives a smaller p-value once in a million tests."""

ENOUGH: Final = 10
"""The least count that has to be expected in every cell for a test to mean something."""


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


def even_p(counts: Sequence[int]) -> float | None:
    """The p-value of counts that should be equal in expectation; None where there are too few."""
    total = sum(counts)
    if len(counts) < 2 or total < ENOUGH * len(counts):
        return None
    expected = total / len(counts)
    return chi2_tail(sum((count - expected) ** 2 for count in counts) / expected, len(counts) - 1)


@define
class Drawn:
    """How often each of some labels was drawn, without replacement, over many questions.

    ``names`` are those that could be drawn every time, ``spread`` the sum of q (1 - q) over the questions, where
    q is the share of the names that a question took: the variance of one count if every draw is even.
    """

    names: tuple[str, ...]
    known: frozenset[str] = field(init=False)
    counts: Counter[str] = field(factory=Counter)
    spread: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.known = frozenset(self.names)

    def add(self, taken: Sequence[str]) -> None:
        """One question took these of the names."""
        share = len(taken) / len(self.names)
        self.counts.update(taken)
        self.spread += share * (1 - share)

    def statistic(self) -> tuple[float, int] | None:
        """Chi-squared and its degrees of freedom; None where there was nothing to choose or too few questions.

        Counts drawn without replacement are exchangeable with a fixed sum, so their covariance is
        spread * n / (n - 1) * (1 - 1/n): dividing by that factor gives chi-squared with n - 1 degrees.
        """
        n = len(self.names)
        total = sum(self.counts[name] for name in self.names)
        if n < 2 or self.spread <= 0 or total < ENOUGH * n or self.spread < ENOUGH / 2:
            return None
        mean = total / n
        off = sum((self.counts[name] - mean) ** 2 for name in self.names)
        return off * (n - 1) / (self.spread * n), n - 1


@define
class Evenness:
    """What one data set, or one file, draws: letters by number of options, instructions by ask, options by answer."""

    letters: dict[int, Counter[int]] = field(factory=dict)
    instructions: dict[str, Counter[int]] = field(factory=dict)
    options: dict[tuple[str, str], Drawn] = field(factory=dict)
    texts: dict[str, Counter[str]] = field(factory=dict)

    def letter(self, options: int, index: int) -> None:
        self.letters.setdefault(options, Counter())[index] += 1

    def instruction(self, ask: str, template: int | None, text: str) -> None:
        """A question used this of the six; None: it is told by its text alone, if there are six in all."""
        if template is not None:
            self.instructions.setdefault(ask, Counter())[template] += 1
            return
        texts = self.texts.setdefault(ask, Counter())
        if text in texts or len(texts) <= 6:
            texts[text] += 1

    def drew(self, kind: str, answer: str, names: tuple[str, ...], wrong: Sequence[str]) -> None:
        """Beside this answer, ``wrong`` were drawn; those of ``names`` could be."""
        if len(names) > 1:
            drawn = self.options.get((kind, answer))
            if drawn is None:
                drawn = self.options[kind, answer] = Drawn(names)
            drawn.add([name for name in wrong if name in drawn.known])

    def faults(self, of: str) -> Iterator[tuple[str, str]]:
        """(name, sentence) of what is certainly not even."""
        for size, counts in sorted(self.letters.items()):
            row = [counts[index] for index in range(size)]
            p = even_p(row)
            if p is not None and p < SUSPECT:
                yield (
                    "uneven_letters",
                    f"{of}: of {size} options the answer is at {_told('ABCDEFGHIJ', row)} (p = {p:.1e})",
                )
        used = {ask: [counts[template] for template in range(6)] for ask, counts in self.instructions.items()}
        used.update({ask: sorted(texts.values()) for ask, texts in self.texts.items() if len(texts) == 6})
        for ask, row in sorted(used.items()):
            p = even_p(row)
            if p is not None and p < SUSPECT:
                yield "uneven_instructions", f"{of}: {ask}: instructions are used {_told('012345', row)} (p = {p:.1e})"
        yield from self._options(of)

    def _options(self, of: str) -> Iterator[tuple[str, str]]:
        """One test a kind of option over all answers: sums of independent chi-squared are chi-squared."""
        for kind in ("own", "other", "any"):
            found = {answer: drawn for (what, answer), drawn in self.options.items() if what == kind}
            tested = {answer: made for answer, drawn in found.items() if (made := drawn.statistic()) is not None}
            if not tested:
                continue
            p = chi2_tail(sum(value for value, _ in tested.values()), sum(freedom for _, freedom in tested.values()))
            if p < SUSPECT:
                worst = max(tested, key=lambda answer: tested[answer][0] / tested[answer][1])
                counts = found[worst].counts
                names = sorted(found[worst].names, key=lambda name: counts[name])
                yield (
                    "uneven_options",
                    f"{of}: wrong options ({kind} labels) are not drawn evenly; beside {worst!r}, {names[0]!r} "
                    f"{counts[names[0]]} times and {names[-1]!r} {counts[names[-1]]} times (p = {p:.1e})",
                )


def _told(names: str, counts: Sequence[int]) -> str:
    return ", ".join(f"{name} {count} times" for name, count in zip(names, counts, strict=False))
