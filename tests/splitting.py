"""Small ledgers for the tests of splits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import frozen

from medmat_core.splits import Decision, Labels, Ledger, Settled, Side, group_hash, settle

NAMESPACE = "toy"


@frozen
class Row:
    """A picture: pictures are sorted by key as by path, and equal marks other than 0 are equal files."""

    key: int
    group: str | None = None
    mark: int = 0
    side: Side = Side.UNSAID
    stated: tuple[str, ...] = ("a",)
    uncertain: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def ledger_of(rows: Iterable[Row], seed: int = 0) -> Ledger:
    ledger = Ledger()
    for row in rows:
        ledger.keys.append(row.key)
        named = row.group is not None
        ledger.groups.append(group_hash(seed, NAMESPACE if named else "alone", str(row.group if named else row.key)))
        ledger.named.append(named)
        ledger.marks.append(row.mark)
        ledger.sides.append(row.side)
        ledger.labels.append(ledger.label_id((row.stated, row.uncertain, row.absent)))
    return ledger


def other_class(one: Labels, two: Labels) -> bool:
    """Classes that exclude one another."""
    return one[0] != two[0]


def never(one: Labels, two: Labels) -> bool:
    return False


def settled(
    rows: Sequence[Row], seed: int = 0, contradict: Callable[[Labels, Labels], bool] = other_class, **more: Any
) -> Settled:
    def identical(candidates: list[list[int]]) -> list[list[int]]:
        return [sorted(places, key=lambda p: (rows[p].key, p)) for places in candidates]

    return settle(ledger_of(rows, seed), seed=seed, identical=identical, contradict=contradict, **more)


def decided(rows: Sequence[Row], seed: int = 0, **more: Any) -> list[Decision]:
    return [Decision(number) for number in settled(rows, seed, **more).decisions]
