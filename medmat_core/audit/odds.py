"""What no single record shows: letters, instructions and numbers of options that are not left to chance, and
guessers that see no picture. Every test of an audit goes through one correction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import define, field

from medmat_core.audit.blind import GUESSERS, LEAST, Asked, Guessed, guess
from medmat_core.audit.chance import Trial, above, even, independent
from medmat_core.audit.place import PARTS
from medmat_core.audit.seen import Seen, instruction_counts


@define
class Odds:
    """The tests of an audit, and what guessers reached by data set or published file."""

    tests: list[Trial] = field(factory=list)
    guessed: dict[str, Guessed] = field(factory=dict)

    def build(self, name: str, seen: Seen, asked: Mapping[int, Asked], file: str) -> None:
        """The questions of one data set of a build. In rounds the identity leaves nothing to chance."""
        bare = seen.rows[(seen.rows["size"] > 0) & (seen.rows["round"] == 0) & (seen.rows["slot"] >= 0)]
        for size in np.unique(bare["size"]).tolist():
            self._letters(name, size, np.bincount(bare["slot"][bare["size"] == size], minlength=size).tolist(), file)
        for ask, counts in instruction_counts(seen).items():
            p = even(counts)
            if p is not None:
                said = f"data set {name}: the six instructions for {ask} are used {_told(counts)} times"
                self.tests.append(Trial("uneven_instructions", said, file, p))
        self.blind(name, asked, file)

    def blind(self, name: str, asked: Mapping[int, Asked], file: str) -> None:
        """What guessers reach; beyond chance and majority it is put to the test."""
        train, val, test = (asked[part] for part in range(len(PARTS)))
        found = guess(train, test if len(test) else val)
        if found is None:
            return
        self.guessed[name] = found
        if found.questions < LEAST:
            return
        for guesser, share in found.shares.items():
            said = (f"{name}: {GUESSERS[guesser]} is right in {share:.1%} of {found.questions} questions; chance "
                    f"{found.chance:.1%}, most frequent answer {found.majority:.1%} ({found.how})")  # fmt: skip
            self.tests.append(Trial("guessed_blind", said, file, above(share, found.base, found.questions)))

    def published(
        self, name: str, letters: Mapping[int, Counter[int]], table: Counter[tuple[str, int]], file: str
    ) -> None:
        """Letters by number of options, and answers by number of options, of files that no round governs."""
        for size, counts in sorted(letters.items()):
            self._letters(name, size, [counts[slot] for slot in range(size)], file)
        p = independent(table)
        if p is not None:
            few: dict[str, Counter[int]] = {}
            for (answer, size), count in table.items():
                few.setdefault(answer, Counter())[size] += count
            odd = max(few, key=lambda answer: min(few[answer].total() - n for n in few[answer].values()) == 0)
            said = f"{name}: the number of options goes with the answer ({odd!r}: {_sizes(few[odd])})"
            self.tests.append(Trial("options_tell", said, file, p))

    def _letters(self, name: str, size: int, counts: list[int], file: str) -> None:
        p = even(counts)
        if p is not None:
            said = f"{name}: of {size} options without a round the answer stands at A.. {_told(counts)} times"
            self.tests.append(Trial("uneven_letters", said, file, p))


def _told(counts: Sequence[int]) -> str:
    return ", ".join(map(str, counts))


def _sizes(counts: Counter[int]) -> str:
    return ", ".join(f"{count} times {size} options" for size, count in sorted(counts.items()))
