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
            same for some in _alike(ordered, lambda place: told(place, _middle))
            for same in _alike(some, lambda place: told(place, sha256_of))
        ]  # fmt: skip
        found += sorted(equal, key=lambda same: names[same[0]].image)
    return found


def _alike(places: Iterable[int], told: Callable[[int], Hashable]) -> Iterator[list[int]]:
    """Two places or more of which the same is told, in their order; those that cannot be read are left out."""
    found: dict[Hashable, list[int]] = {}
    for place in places:
        try:
            found.setdefault(told(place), []).append(place)
        except OSError:
            continue
    return (same for same in found.values() if len(same) > 1)


def _middle(path: Path) -> bytes:
    with open(path, "rb", buffering=0) as file:
        file.seek(file.seek(0, 2) // 2)
        return file.read(_SAMPLE)
