"""Which subsets go into which mixture for a target: the design, before any record is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from medmat_core.compose.triples import ELEMENTS, Families, Triple
from medmat_core.errors import UsageError

MIXTURES: Final[Mapping[str, str]] = {
    "related": "subsets that share modality, area or task with the target",
    "unrelated": "subsets that share none of them",
    "others": "all subsets",
    "without-modality": "related, less those that share the modality",
    "without-area": "related, less those that share the area",
    "without-task": "related, less those that share the task",
}
"""Never in any: the target, and its twins, which have all three elements of it (else the combination was seen)."""

ZERO: Final = "zero-overlap"
"""``zero-overlap-NN``: one subset of the unrelated ones alone, so that with the target it makes a pair."""


@frozen
class Plan:
    """The mixtures of a target by name, each as subset numbers. ``shares`` says what each related subset brings,
    ``uncovered`` which elements none brings: then there is no Related in the sense of the design. ``near`` share no
    element, but are not apart either (a lesser family, an area that shows the target's)."""

    target: Triple
    shares: Mapping[int, tuple[str, ...]]
    unrelated: tuple[int, ...]
    near: tuple[int, ...]
    twins: tuple[int, ...]
    uncovered: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the target has both: a Related that covers all three elements, and an Unrelated."""
        return not self.uncovered and bool(self.unrelated)

    def names(self) -> tuple[str, ...]:
        """The mixtures that there are, but for pairs."""
        return tuple(name for name in MIXTURES if self._members(name) and not self._lacks(name))

    def members(self, name: str) -> tuple[int, ...]:
        """The subsets of a mixture; :class:`UsageError` where there is no such mixture, with why."""
        lead, _, number = name.rpartition("-")
        if lead == ZERO and number.isdecimal():
            if int(number) in self.unrelated:
                return (int(number),)
            raise UsageError(f"--mixture {name}: subset {number} is not unrelated to {self.target}")
        if name not in MIXTURES:
            raise UsageError(f"--mixture {name!r}: choose from {', '.join(MIXTURES)}, {ZERO}-NN")
        if self._lacks(name):
            raise UsageError(f"--mixture {name}: no subset here shares the {self.uncovered[0]} of {self.target}")
        found = self._members(name)
        if not found:
            raise UsageError(f"--mixture {name}: no subset here is in it for {self.target}")
        return found

    def _lacks(self, name: str) -> bool:
        """An ablation of a Related that was none says nothing."""
        return bool(self.uncovered) and name not in ("unrelated", "others")

    def _members(self, name: str) -> tuple[int, ...]:
        if name == "unrelated":
            return self.unrelated
        if name == "others":
            return tuple(sorted((*self.shares, *self.unrelated, *self.near)))
        left_out = name.removeprefix("without-")
        return tuple(no for no, shared in self.shares.items() if left_out not in shared)

    def as_json(self) -> dict[str, Any]:
        target = self.target
        return {
            "target": {"subset": target.no, "modality": target.modality, "area": target.area, "task": target.task,
                       "families": list(target.families)},
            "mixtures": {name: list(self.members(name)) for name in self.names()},
            "zero_overlap_pairs": [[no, target.no] for no in self.unrelated],
            "shares": {str(no): list(shared) for no, shared in self.shares.items()},
            "neither": list(self.near),
            "same_triple": list(self.twins),
            "uncovered": list(self.uncovered),
        }  # fmt: skip


def plan(target: int, triples: Mapping[int, Triple], families: Families) -> Plan:
    """The design for one target among ``triples``, which hold it."""
    aim = triples[target]
    shares: dict[int, tuple[str, ...]] = {}
    unrelated, near, twins = [], [], []
    for no, other in sorted(triples.items()):
        if no == target:
            continue
        shared = families.shared(aim, other)
        if len(shared) == len(ELEMENTS):
            twins.append(no)
        elif shared:
            shares[no] = shared
        elif families.apart(aim, other):
            unrelated.append(no)
        else:
            near.append(no)
    uncovered = tuple(element for element in ELEMENTS if not any(element in own for own in shares.values()))
    return Plan(aim, shares, tuple(unrelated), tuple(near), tuple(twins), uncovered)


def recipe(triples: Mapping[int, Triple], families: Families) -> tuple[Plan, ...]:
    """The paper's comparison, Related against Unrelated, for every target that has both."""
    return tuple(found for no in sorted(triples) if (found := plan(no, triples, families)).complete)


def coverage(numbers: Iterable[int], triples: Mapping[int, Triple]) -> dict[tuple[str, str, str], list[int]]:
    """(modality, area, main family) -> subsets."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for no in sorted(numbers):
        one = triples[no]
        found.setdefault((one.modality, one.area, one.family), []).append(no)
    return found
