"""Every draw of a round as arithmetic on arrays: H(words, key) and what is drawn from it."""

from __future__ import annotations

import hashlib
from itertools import permutations
from typing import Any, Final

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
"""64-bit numbers: keys of records (:func:`medmat_core.questions.draws.key_of`) or what was hashed from them."""

# SplitMix64's finalizer (Steele, Lea and Flood 2014, with Stafford's "Mix13" multipliers), public domain
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_S27, _S30, _S31, _S32 = (np.uint64(n) for n in (27, 30, 31, 32))


def mixed(numbers: Keys) -> Keys:
    """A bijection of 64 bits after which every bit hangs on every bit: equal numbers alone stay equal."""
    numbers = (numbers ^ (numbers >> _S30)) * _FIRST
    numbers = (numbers ^ (numbers >> _S27)) * _SECOND
    return numbers ^ (numbers >> _S31)


@frozen
class Salt:
    """128 bits that stand for some words, such as (seed, "round", data set, part, ask, class).

    The words go through SHA-256, so whatever they are, salts are as good as random and independent of one another.
    The keys come from SHA-256 as well. What is left to do a million times is to join two even, independent numbers
    so that nothing of the order under one salt is seen under another: two rounds of a finalizer with one half of
    the salt before each do that. No one gains by forging keys, so a cryptographic hash a picture would buy nothing.
    As each step is a bijection, different keys never collide, and sorting by hash needs no tie-breaker.
    """

    first: int
    second: int

    @classmethod
    def of(cls, *words: object) -> Salt:
        """The salt of some words; they are joined by NUL, which none of them may hold."""
        digest = hashlib.sha256("\0".join(map(str, words)).encode("utf-8", "surrogateescape")).digest()
        return cls(int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big"))

    def hashed(self, keys: Keys) -> Keys:
        """H(words, key) of each key, uint64 of the same shape."""
        return mixed(mixed(keys ^ np.uint64(self.first)) + np.uint64(self.second))

    def sub(self, word: str) -> Salt:
        """The salt of the same words and one more."""
        return Salt.of(self.first, self.second, word)


def below(hashes: Keys, bound: int | NDArray[Any]) -> NDArray[np.int64]:
    """Whole numbers in 0 .. bound-1, drawn evenly by the upper halves of the hashes (bias under bound / 2**32)."""
    return (((hashes >> _S32) * np.asarray(bound, np.uint64)) >> _S32).astype(np.int64)


def uniform(hashes: Keys) -> NDArray[np.float64]:
    """Numbers in [0, 1) by the upper 53 bits."""
    return np.asarray((hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def stream(starts: Keys, steps: range) -> Keys:
    """The hashes with these numbers of the stream that begins at each start, (B,) -> (B, steps)."""
    return mixed(starts[:, None] + _GOLDEN * np.array(steps, np.uint64))


def bucket_bits(count: int, size: int) -> int:
    """How many leading bits cut ``count`` hashes into buckets of ``size``/2 to ``size`` each on average."""
    return max(0, -(-count // size) - 1).bit_length()


def buckets(hashes: Keys, bits: int) -> NDArray[np.int64]:
    """The leading bits of each hash."""
    return (hashes >> np.uint64(64 - bits)).astype(np.int64) if bits else np.zeros(len(hashes), np.int64)


def folded(keys: Keys) -> Keys:
    """The round's id by the sorted keys of its members, uint64 (R, k) -> (R,). It hangs on nothing else."""
    ids = np.full(len(keys), keys.shape[1], np.uint64)
    for column in keys.T:
        ids = mixed((ids + _GOLDEN) ^ column)
    return ids


@frozen(eq=False)
class Orders:
    """All orders of two, three and four options, each filled up to four places with places that are not there."""

    tables: dict[int, NDArray[np.uint8]] = field(
        factory=lambda: {
            size: np.array([[*order, *range(size, 4)] for order in permutations(range(size))], np.uint8)
            for size in (2, 3, 4)
        }
    )

    def drawn(self, size: int, hashes: Keys) -> NDArray[np.uint8]:
        """An order of ``size`` options for each hash, uint8 (n, 4)."""
        table = self.tables[size]
        return np.asarray(table[below(hashes, len(table))])


ORDERS: Final = Orders()
TEMPLATES: Final = 6
"""Instructions an ask (DESIGN, section 8)."""
