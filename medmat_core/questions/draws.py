"""Randomness with an explicit key: every draw of a record hangs on (seed, key) and on nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def key_of(slug: str, path: str, ask: str, what: str = "") -> int:
    """The record's key: the first 8 bytes of SHA-256 over (slug, path below the root in NFC, ask, class).

    The parts are joined by NUL, which none of them can hold. As 16 hex digits it is the record's ``key``.
    """
    raw = f"{slug}\0{path}\0{ask}\0{what}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(raw).digest()[:8], "big")


def keys_of(slug: str, ask: str) -> Callable[[str], int]:
    """:func:`key_of` for one data set and question, as a loop over many paths calls it."""
    head, tail = f"{slug}\0", f"\0{ask}\0"
    digest, number = hashlib.sha256, int.from_bytes

    def key_of_path(path: str) -> int:
        return number(digest((head + path + tail).encode("utf-8", "surrogateescape")).digest()[:8], "big")

    return key_of_path


class Draw:
    """A stream of uniform numbers from (seed, key), for the questions that need many."""

    __slots__ = ("_bits", "_state")

    def __init__(self, seed: int, key: int) -> None:
        self._state = hashlib.sha256(b"%d\0%d" % (seed, key)).digest()
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
