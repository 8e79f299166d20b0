"""Randomness with an explicit key: every draw of a record hangs on (seed, key) and on nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def key_of(slug: str, path: str, ask: str, what: str = "") -> bytes:
    """The record's key: the first 8 bytes of SHA-256 over (slug, path below the root in NFC, ask, class).

    The parts are joined by NUL, which none of them can hold. The hex form is the record's ``key``.
    """
    return hashlib.sha256(f"{slug}\0{path}\0{ask}\0{what}".encode("utf-8", "surrogateescape")).digest()[:8]


def bits_of(seed: int, key: bytes) -> int:
    """256 bits drawn from (seed, key); enough for a question's few small draws."""
    return int.from_bytes(hashlib.sha256(b"%d\0%b" % (seed, key)).digest(), "big")


class Draw:
    """A stream of uniform numbers from (seed, key), for the few questions that need many."""

    __slots__ = ("_bits", "_state")

    def __init__(self, seed: int, key: bytes) -> None:
        self._state = hashlib.sha256(b"%d\0%b" % (seed, key)).digest()
        self._bits = int.from_bytes(self._state, "big")

    def below(self, n: int) -> int:
        """A whole number in 0 .. n-1. The bias of the remainder is under n / 2**96."""
        if self._bits >> 128 == 0:
            self._state = hashlib.sha256(self._state).digest()
            self._bits = int.from_bytes(self._state, "big")
        self._bits, rest = divmod(self._bits, n)
        return rest

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in an order drawn evenly over all orders."""
        order = list(items)
        for place in range(len(order) - 1, 0, -1):
            other = self.below(place + 1)
            order[place], order[other] = order[other], order[place]
        return order
