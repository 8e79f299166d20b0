"""Subset files: the union of the members' records, less what would leak or contradict.

Both hang on what stands in OUT and not on what was built just now: on the states of all data sets there
(:mod:`medmat_core.pipeline.state`) and on their own files of records. So data sets that are added one by one give the
bytes that they give together.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, Protocol

import attrs
from attrs import frozen

from medmat_core.card import Card
from medmat_core.concepts import Concepts, fold, load_concepts
from medmat_core.errors import CatalogError, UsageError
from medmat_core.fileio import GrowingFile, sha256_of, share_file
from medmat_core.pipeline.state import About, State
from medmat_core.splits import TEST, TRAIN, Labels
from medmat_core.writers import ID, Writer

_BATCH: Final = 512
_START: Final = b'{"id": '


# -- what a subset leaves out -------------------------------------------------------------------------------------


@frozen
class Removal:
    """A picture that a subset leaves out, and why. ``no`` is the member's number, or its slug where it has none."""

    subset: int
    no: int | str
    image: str
    reason: str


def as_json(removal: Removal) -> dict[str, Any]:
    """As the manifest lists it."""
    return {"subset": removal.subset, "no": removal.no, "image": removal.image, "reason": removal.reason}


def relations_of(card: Card) -> dict[str, Any]:
    """What a card says of how its captions relate, as plain JSON, for the state of its data set."""
    plain = json.loads(json.dumps(attrs.asdict(card.tables.classes)))
    return {name: value for name, value in plain.items() if value}


def concepts_of(subset: int, members: Sequence[About]) -> Concepts:
    """The concepts of a subset with the relations that its members' cards state."""
    concepts = load_concepts(subset)
    for about in members:
        concepts = concepts.with_card(_as_card(about))
    return concepts


def _as_card(about: About) -> Any:
    """What :meth:`Concepts.with_card` asks of a card, for a data set whose plugin may not be installed."""
    from cattrs import Converter

    from medmat_core.card import Classes

    classes = Converter().structure(about.relations, Classes)
    head = SimpleNamespace(slug=about.slug, normal=about.normal)
    return SimpleNamespace(head=head, tables=SimpleNamespace(classes=classes))


def removals(states: Sequence[State], root: Path) -> list[Removal]:
    """What the subset files of one OUT leave out; ``states`` in the manifest's order, of all data sets there.

    In every subset: a picture whose copies in two members contradict one another; a train picture that has an equal
    picture or its group in test in any data set, of whatever subset; a picture that another member already gave.
    ``root`` is the folder that pictures' paths begin in: files that may be equal are read there, and
    :class:`UsageError` names one that is gone.
    """
    if len(states) < 2:
        return []
    copies = _copies(states, root)
    tested = _tested_groups(states)
    members: dict[int, list[int]] = {}
    for number, state in enumerate(states):
        members.setdefault(state.about.subset, []).append(number)
    found: list[Removal] = []
    for subset in sorted(members):
        gone = _gone(states, members[subset], copies, tested)
        by_member: dict[int, list[int]] = {}
        for number, place in gone:
            by_member.setdefault(number, []).append(place)
        for number in members[subset]:
            names = states[number].names(by_member.get(number, ()))
            about = states[number].about
            some = [Removal(subset, about.number, image, gone[number, p]) for p, (image, _) in names.items()]
            found.extend(sorted(some, key=lambda removal: removal.image))
    return found


Place = tuple[int, int]
"""(which state, which picture in it)"""


def _gone(
    states: Sequence[State], members: Sequence[int], copies: Sequence[Sequence[Place]], tested: Mapping[Place, int]
) -> dict[Place, str]:
    mine = frozenset(members)
    concepts = (
        concepts_of(states[members[0]].about.subset, [states[m].about for m in members]) if len(mine) > 1 else None
    )
    gone: dict[Place, str] = {}
    for same in copies:
        inside = [(m, p) for m, p in same if m in mine]
        for i, (one, p) in enumerate(inside):
            for two, q in inside[:i]:
                if concepts is not None and one != two and _contradict(
                    states[one].about, states[one].labels_of(p), states[two].about, states[two].labels_of(q),
                    concepts.related,
                ):  # fmt: skip
                    numbers = f"{states[two].about.number} and {states[one].about.number}"
                    gone.update(dict.fromkeys(inside, f"{numbers} contradict each other on its label"))
    for place, owner in tested.items():
        if place[0] in mine and place not in gone:
            gone[place] = f"its group is test in {states[owner].about.number}"
    for same in copies:
        test = next((m for m, p in same if states[m].parts[p] == TEST), None)
        inside = [(m, p) for m, p in same if m in mine]
        if test is not None:
            for m, p in inside:
                if states[m].parts[p] == TRAIN and (m, p) not in gone:
                    gone[m, p] = f"the same picture is test in {states[test].about.number}"
        first: int | None = None
        for m, p in inside:
            if (m, p) in gone:
                continue
            if first is None or first == m:
                first = m
            else:
                gone[m, p] = f"{states[first].about.number} already gave the same picture"
    return gone


def _tested_groups(states: Sequence[State]) -> dict[Place, int]:
    """Train pictures whose group is test somewhere, and the first state where it is."""
    import numpy as np

    columns = [
        (
            np.frombuffer(s.groups, np.uint64) if len(s) else np.empty(0, np.uint64),
            np.frombuffer(bytes(s.parts), np.uint8),
        )
        for s in states
    ]
    groups = [column[parts == TEST] for column, parts in columns]
    owners = np.repeat(np.arange(len(states)), [len(some) for some in groups])
    tested, first = np.unique(np.concatenate(groups), return_index=True)
    found: dict[Place, int] = {}
    for number, (column, parts) in enumerate(columns):
        for place in np.flatnonzero((parts == TRAIN) & np.isin(column, tested)):
            found[number, int(place)] = int(owners[first[np.searchsorted(tested, column[place])]])
    return found


def _copies(states: Sequence[State], root: Path) -> list[list[Place]]:
    """Places of equal pictures that lie in more than one data set, where that matters: in one subset, or in train
    and in test. In the order of states and places."""
    import numpy as np

    marks = np.concatenate([np.frombuffer(s.marks, np.uint64) if len(s) else np.empty(0, np.uint64) for s in states])
    owners = np.repeat(np.arange(len(states)), [len(s) for s in states])
    starts = np.cumsum([0, *(len(s) for s in states)])
    order = np.argsort(marks, kind="stable")
    edges = np.flatnonzero(np.diff(marks[order])) + 1
    candidates: list[list[Place]] = []
    for low, high in zip((0, *edges), (*edges, len(order)), strict=True):
        if high - low < 2 or not marks[order[low]]:
            continue
        own = owners[order[low:high]]
        if own[0] == own[-1]:
            continue
        places = [(int(m), int(at - starts[m])) for m, at in zip(own, order[low:high], strict=True)]
        subsets = {states[m].about.subset for m in set(map(int, own))}
        if len(subsets) < len(set(map(int, own))) or len({states[m].parts[p] for m, p in places}) > 1:
            candidates.append(places)
    if not candidates:
        return []
    files: dict[Place, str] = {}
    for number, state in enumerate(states):
        wanted = [place for places in candidates for m, place in places if m == number]
        files.update(((number, place), file) for place, (_, file) in state.names(wanted).items())
    found: list[list[Place]] = []
    for places in sorted(candidates):
        by_digest: dict[str, list[Place]] = {}
        for m, p in places:
            digest = _digest(root / files[m, p], states[m].marks[p], states[m].about)
            by_digest.setdefault(digest, []).append((m, p))
        found.extend(same for same in by_digest.values() if len({m for m, _ in same}) > 1)
    return found


def _digest(file: Path, mark: int, about: About) -> str:
    try:
        if os.stat(file).st_size & 0xFFFFFFFF == mark >> 32:
            return sha256_of(file)
    except OSError:
        pass
    raise UsageError(
        f"{file}: gone or changed since {about.slug} was built, and needed to tell whether other data sets hold the "
        f"same picture; put it back, build {about.slug} anew in the same command, or give another --out"
    )


def _contradict(one: About, a: Labels, two: About, b: Labels, related: Callable[[str, str], bool]) -> bool:
    """Whether two members say of one picture what cannot both be true."""
    kinds = (one.kind, two.kind)
    if any(kind in ("mask", "box") for kind in kinds) or not a[0] or not b[0]:
        return False

    def meet(x: str, y: str) -> bool:
        return fold(x) == fold(y) or related(x, y)

    if kinds == ("multi-label", "multi-label"):
        return (one.normal in a[0]) != (two.normal in b[0])
    if "multi-label" in kinds:
        return not any(meet(x, y) for x in a[0] for y in b[0])
    return not all(meet(x, y) for x in a[0] for y in b[0])


# -- the files ------------------------------------------------------------------------------------------------------


@frozen
class Source:
    """A member's own file of records, the SHA-256 that it must have, and the pictures that the subset leaves out."""

    file: Path
    sha256: str
    without: frozenset[str] = frozenset()


class Target(Protocol):
    """Where a subset's file goes; :class:`~medmat_core.fileio.GrowingFile`'s promises."""

    def write_bytes(self, raw: bytes) -> None: ...
    def finish(self) -> str: ...
    def discard(self) -> None: ...


def merge_records(sources: Sequence[Source], target: Path, writer: Writer) -> str | None:
    """Merge members' files of JSON records, one a line, by picture; returns the SHA-256, None where no record is left
    (then no file is written).

    ``sources`` are in the order of members: records of one picture stand in that order, and keep their member's.
    Ids count from 1 anew. A line of each member is in memory, no more. Raises :class:`UsageError` where a file is not
    the one that its data set's build wrote.
    """
    if len(sources) == 1 and not sources[0].without:
        if sha256_of(sources[0].file) != sources[0].sha256:
            raise _changed(sources[0].file)
        share_file(sources[0].file, target)  # the union of one: the same bytes
        return sources[0].sha256
    if not all("{}" == _json_shape(mark) for mark in (writer.opening, writer.separator, writer.closing)):
        raise CatalogError(
            f"--format {writer.name}: its lines cannot be merged; a subset file is JSON, a record a line"
        )
    file = GrowingFile(target)
    between, count = writer.separator.encode(), 0
    try:
        file.write(writer.opening)
        for lines in _batches(heapq.merge(*map(_records, sources), key=itemgetter(0))):
            numbered = [b'{"id": %d%b' % (number, rest) for number, (_, rest) in enumerate(lines, count + 1)]
            file.write_bytes((between if count else b"") + between.join(numbered))
            count += len(lines)
        if not count:
            file.discard()
            return None
        file.write(writer.closing)
        return file.finish()
    except BaseException:
        file.discard()
        raise


def _json_shape(text: str) -> str:
    """'{}' for what may stand around the lines of a merged file."""
    return "{}" if text.strip() in ("", "[", "]", ",") and ID not in text else text


def _batches(lines: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    from itertools import islice

    source = iter(lines)
    while some := list(islice(source, _BATCH)):
        yield some


def _records(source: Source) -> Iterator[tuple[str, bytes]]:
    """(picture, the record's line after its id) of a member's file, in its order, without what is left out."""
    digest = hashlib.sha256()
    try:
        with source.file.open("rb", buffering=1 << 18) as lines:
            for line in lines:
                digest.update(line)
                if line.startswith(_START):
                    image = _image_of(line, source.file)
                    if image not in source.without:
                        rest = line.rstrip(b"\n").removesuffix(b",")
                        yield image, rest[rest.index(b",", len(_START)) :]
    except OSError as error:
        raise UsageError(
            f"{source.file}: cannot be read ({error.strerror}); build its data set anew in the same command"
        ) from error
    if digest.hexdigest() != source.sha256:
        raise _changed(source.file)


def _image_of(line: bytes, file: Path) -> str:
    # a quote inside a JSON string is escaped, so this is where the key stands
    at = line.find(b', "image": "')
    if at < 0:
        raise _changed(file)
    text = line[at + 12 :].decode("utf-8")
    try:
        image: str = scanstring(text, 0)[0]
    except ValueError:
        raise _changed(file) from None
    return image


def _changed(file: Path) -> UsageError:
    return UsageError(
        f"{file}: changed since medmat wrote it, and subset files are made of it; put the old file back, "
        "or move it elsewhere and build its data set anew in the same command"
    )
