"""Near copies across parts: found by perceptual hashes, where ``--near`` asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from medmat_core.model import Problem
from medmat_core.pipeline.state import State
from medmat_core.splits import STRONGER, Decision, Part

Column = npt.NDArray[np.uint64]

REASON = "near_copy"


@frozen
class Pair:
    """The place of a picture, and the place of its nearest near copy, which is in a stronger part."""

    weak: int
    strong: int
    bits: int


def across_parts(near: Sequence[int], decisions: bytes, apart: Sequence[int] | None = None) -> list[Pair]:
    """A pair for every picture whose near copy is in a stronger part: train against test and val, val against test.

    ``near`` are perceptual hashes (0: none), ``decisions`` as :class:`Decision`. With ``apart``, a number a picture,
    only pictures of different numbers are compared.
    """
    from medmat_core.images.near import near_pairs

    marks = np.array(near, np.uint64)
    parts = np.frombuffer(decisions, np.uint8)
    owners = np.zeros(len(marks), np.int64) if apart is None else np.asarray(apart, np.int64)
    found: dict[int, Pair] = {}
    for level in STRONGER:
        for owner in (None,) if apart is None else np.unique(owners[parts == level.decision]).tolist():
            mine = np.full(len(marks), True) if owner is None else owners == owner
            theirs = mine if owner is None else ~mine
            weak = np.flatnonzero((parts < level.decision) & theirs)
            strong = np.flatnonzero((parts == level.decision) & mine)
            for one, other, bits in near_pairs(marks[weak], marks[strong]):
                pair = Pair(int(weak[one]), int(strong[other]), bits)
                if pair.weak not in found or pair.bits < found[pair.weak].bits:
                    found[pair.weak] = pair
    return [found[place] for place in sorted(found)]


def detail(image: str, part: Part, bits: int, number: int | str = "") -> str:
    """What a note says of the other picture; ``number`` is its data set's, where that is another one."""
    where = f" of {number}" if number else ""
    return f"a near copy of {image}{where}, which is {part} ({bits} of 64 bits differ)"


@frozen
class Crossed:
    """A picture of one data set (its place among the states, its place there) and what is near to it elsewhere."""

    member: int
    place: int
    detail: str


def across_datasets(states: Sequence[State]) -> list[Crossed]:
    """Train pictures whose near copy is test in another data set of the same OUT, by data set and place."""
    owners = np.repeat(np.arange(len(states)), [len(state) for state in states])
    starts = np.cumsum([0, *(len(state) for state in states)])
    near = np.concatenate([np.zeros(0, np.uint64), *(np.frombuffer(state.near, np.uint64) for state in states)])
    if len(near) != len(owners):  # a data set that was built without: the arguments would not agree
        return []
    parts = b"".join(bytes(state.parts) for state in states)
    pairs = across_parts(near.tolist(), parts, owners.tolist())
    wanted: dict[int, set[int]] = {}
    for pair in pairs:
        wanted.setdefault(int(owners[pair.strong]), set()).add(pair.strong - int(starts[owners[pair.strong]]))
    names = {member: states[member].names(places) for member, places in wanted.items()}
    found = []
    for pair in pairs:
        member, other = int(owners[pair.weak]), int(owners[pair.strong])
        place = pair.strong - int(starts[other])
        part = Decision(parts[pair.strong]).part
        assert part is not None
        told = detail(names[other][place][0], part, pair.bits, states[other].about.number)
        found.append(Crossed(member, pair.weak - int(starts[member]), told))
    return found


def notes(states: Sequence[State], crossed: Iterable[Crossed]) -> Iterator[tuple[int, Problem]]:
    """(data set, note) for each."""
    places: dict[int, dict[int, str]] = {}
    for one in crossed:
        places.setdefault(one.member, {})[one.place] = one.detail
    for member, told in places.items():
        about = states[member].about
        for place, (_, file) in states[member].names(told).items():
            yield member, Problem(REASON, file.removeprefix(about.image_prefix), told[place], dataset=about.slug)
