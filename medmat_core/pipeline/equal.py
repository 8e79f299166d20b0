"""Which pictures' files are equal byte for byte, of those whose size and first bytes are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from medmat_core.fileio import sha256_of
from medmat_core.model import file_and_slice
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.facts import Named

_SAMPLE: Final = 4096

_THREADS: Final = 2
_MANY: Final = 16
"""So many files are worth a thread."""

_BATCH: Final = 256
"""Files that are asked about at a time, so that memory stays flat."""


def equal_files(context: Context, names: Mapping[int, Named], candidates: Sequence[list[int]]) -> list[list[int]]:
    """Of candidates with equal marks, the places whose files are equal byte for byte, in the order of their paths.

    Many pictures of one size may begin alike, with the same long header. A few bytes of their middles tell most of them
    apart; the rest is hashed.
    """

    def told(place: int, look: Callable[[Path], Hashable]) -> Hashable:
        name = names[place]
        below, tail = name.below(context.image_prefix), ""
        if name.source:
            below, tail = file_and_slice(below)
        return look(context.root / below), tail

    found: list[list[int]] = []
    for places in candidates:
        ordered = sorted(places, key=lambda place: names[place].image)
        equal = [
            same for some in _alike(ordered, _one_by_one(lambda place: told(place, _middle)))
            for same in _alike(some, _by_threads(lambda place: told(place, sha256_of)))
        ]  # fmt: skip
        found += sorted(equal, key=lambda same: names[same[0]].image)
    return found


def _alike(places: Sequence[int], answers: Callable[[Sequence[int]], Iterable[Hashable]]) -> Iterator[list[int]]:
    """Two places or more of which the same is told, in their order; those that cannot be read are left out."""
    found: dict[Hashable, list[int]] = {}
    for place, answer in zip(places, answers(places), strict=True):
        if answer is not None:
            found.setdefault(answer, []).append(place)
    return (same for same in found.values() if len(same) > 1)


def _one_by_one(told: Callable[[int], Hashable]) -> Callable[[Sequence[int]], Iterable[Hashable]]:
    """What is told of each place, None where it cannot be read."""

    def answer(place: int) -> Hashable:
        try:
            return told(place)
        except OSError:
            return None

    return lambda places: map(answer, places)


def _by_threads(told: Callable[[int], Hashable]) -> Callable[[Sequence[int]], Iterable[Hashable]]:
    """The same, asked by some threads: to read and to hash let others run."""
    alone = _one_by_one(told)

    def answers(places: Sequence[int]) -> Iterator[Hashable]:
        if len(places) < _MANY:
            yield from alone(places)
            return
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(_THREADS)
        try:
            for start in range(0, len(places), _BATCH):
                some = places[start : start + _BATCH]
                parts = [some[first::_THREADS] for first in range(_THREADS)]
                hashed: list[Hashable] = [None] * len(some)
                try:
                    for first, part in enumerate(pool.map(lambda part: list(alone(part)), parts)):
                        hashed[first::_THREADS] = part
                except RuntimeError:  # no thread can be had
                    hashed = list(alone(some))
                yield from hashed
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    return answers


def _middle(path: Path) -> bytes:
    with open(path, "rb", buffering=0) as file:
        file.seek(file.seek(0, 2) // 2)
        return file.read(_SAMPLE)
