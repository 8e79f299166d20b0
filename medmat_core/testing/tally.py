"""How much the suite looked at: samples read, and properties held against them.

A property is one statement that was tried and could have failed: a label of the card, a picture of the example in one
style of unzipping, one hostile tree, one record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from attrs import define


@define
class Tally:
    """``samples`` that the adapter yields from the example, ``properties`` tried."""

    samples: int = 0
    properties: int = 0


_current: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counting() -> Iterator[Tally]:
    """Everything counted while this lasts."""
    tally = Tally()
    token = _current.set(tally)
    try:
        yield tally
    finally:
        _current.reset(token)


def tried(properties: int = 1) -> None:
    """Count properties that are about to be tried."""
    tally = _current.get()
    if tally is not None:
        tally.properties += properties


def read_samples(samples: int) -> None:
    """Note how many samples the example yields."""
    tally = _current.get()
    if tally is not None:
        tally.samples = max(tally.samples, samples)
