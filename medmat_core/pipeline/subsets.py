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
from itertools import islice
from json.decoder import scanstring  # type: ignore[attr-defined]
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import attrs
from attrs import frozen

from medmat_core.card import Card
from medmat_core.concepts import Concepts, fold, load_concepts
from medmat_core.errors import UsageError
from medmat_core.fileio import GrowingFile, check_regular, sha256_of, share_file
from medmat_core.pipeline.lines import PARTS
from medmat_core.pipeline.near import Crossed
from medmat_core.pipeline.outfolder import OutFolder
from medmat_core.pipeline.publish import CHOICES, choices_path, subset_path
from medmat_core.pipeline.state import About, State
from medmat_core.splits import Labels, Standing, crossing, shared_marks
from medmat_core.splits.ledger import Numbers

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


def removals(states: Sequence[State], root: Path, near: Sequence[Crossed] = ()) -> list[Removal]:
    """What the subset files of one OUT leave out (the rule is :func:`medmat_core.splits.crossing`).

    ``states`` are those of all data sets there, in the manifest's order. ``root`` is the folder that pictures' paths
    begin in: files of equal mark are read there, and :class:`UsageError` names one that is gone. ``near`` are near
    copies that are left out besides.
    """
    if len(states) < 2:
        return []
    concepts = {
        subset: concepts_of(subset, [state.about for state in states if state.about.subset == subset])
        for subset in {state.about.subset for state in states}
    }

    def finer(subset: int, one: Labels, other: Labels) -> bool:
        contains = concepts[subset].contains
        if not one[0] or not other[0]:
            return not one[0] and not other[0]
        return all(any(contains(wide, narrow) for narrow in one[0]) for wide in other[0])

    def contradict(one: int, a: Labels, two: int, b: Labels) -> bool:
        about = states[one].about
        return _contradict(about, a, states[two].about, b, concepts[about.subset].related)

    digests = _digests(states, root)
    columns = [
        Standing(
            state.about.number, state.about.subset, decisions=bytes(state.parts), groups=state.groups, digests=digest,
            labels=state.labels, label_sets=state.about.label_sets,
        )
        for state, digest in zip(states, digests, strict=True)
    ]  # fmt: skip
    found: list[Removal] = []
    dropped: dict[int, dict[int, str]] = {}
    for drop in crossing(columns, finer=finer, contradict=contradict):
        dropped.setdefault(drop.member, {})[drop.place] = drop.reason
    for one in near:
        dropped.setdefault(one.member, {}).setdefault(one.place, one.detail)
    for member, places in dropped.items():
        about = states[member].about
        for place, (image, _) in states[member].names(places).items():
            found.append(Removal(about.subset, about.number, image, places[place]))
    return sorted(found, key=lambda r: (r.subset, isinstance(r.no, str), str(r.no).zfill(9), r.image, r.reason))


def _digests(states: Sequence[State], root: Path) -> list[Numbers]:
    """A column a state: for pictures whose mark another data set has as well, a number that equal files share."""
    import numpy as np

    found: list[Numbers] = []
    for state, places in zip(states, shared_marks([state.marks for state in states]), strict=True):
        column = np.zeros(len(state), np.uint64)
        for place, (_, file) in state.names(places.tolist()).items():
            mark = state.marks[place]
            body = f"{mark}:{_sha256(root / file, mark, state.about)}"  # the mark tells the slices of a volume apart
            column[place] = int.from_bytes(hashlib.sha256(body.encode()).digest()[:8], "big")
        found.append(column)
    return found


def _sha256(file: Path, mark: int, about: About) -> str:
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
    """A member's own file of records, the SHA-256 that it must have, and the pictures that the subset leaves out.

    ``made``: by this build, which knows the SHA-256 from writing it.
    """

    file: Path
    sha256: str
    without: frozenset[str] = frozenset()
    made: bool = False


@frozen
class SubsetFiles:
    """The subset files of one OUT: which data sets are members, what is left out, and the files merged anew."""

    members: Mapping[int, Sequence[About]]
    removals: list[dict[str, Any]]

    @classmethod
    def of(
        cls, states: Sequence[State], root: Path, *, whole: bool = False, near: Sequence[Crossed] = ()
    ) -> SubsetFiles:
        """Of the states of all data sets there, in the manifest's order; ``root`` as in :func:`removals`. ``whole``
        leaves nothing out, as Med-MAT's published files do; ``near`` are near copies that are left out, too."""
        members: dict[int, list[About]] = {}
        for state in states:
            members.setdefault(state.about.subset, []).append(state.about)
        return cls(members, [] if whole else [as_json(removal) for removal in removals(states, root, near)])

    def write(self, place: OutFolder) -> Iterator[str]:
        """Make the files that differ from those that stand; yields the path of each subset file that OUT will hold."""
        before = _by_subset(place.finished.subset_removals)
        now = _by_subset(self.removals)
        for no in sorted(self.members):
            for part in PARTS:
                own = [choices_path(about.file_stem, part) for about in self.members[no]]
                sources = [
                    Source(place.file(path), digest, frozenset(now.get(no, {}).get(about.number, ())), place.made(path))
                    for about, path in zip(self.members[no], own, strict=True)
                    if (digest := place.digest(path)) is not None
                ]
                path = subset_path(no, part)
                if not sources:
                    continue
                same = before.get(no) == now.get(no) and not place.changed(own) and place.stands(path)
                if not same:
                    merged = merge_records(sources, place.new(path))
                    if merged is None:
                        continue
                    place.add(path, merged)
                yield path


def _by_subset(removed: Iterable[Mapping[str, Any]]) -> dict[int, dict[int | str, set[str]]]:
    found: dict[int, dict[int | str, set[str]]] = {}
    for removal in removed:
        found.setdefault(removal["subset"], {}).setdefault(removal["no"], set()).add(removal["image"])
    return found


def merge_records(sources: Sequence[Source], target: Path) -> str | None:
    """Merge members' files of JSON records, one a line, by picture; returns the SHA-256, None where no record is left
    (then no file is written).

    ``sources`` are in the order of members: records of one picture stand in that order, and keep their member's.
    Ids count from 1 anew. A line of each member is in memory, no more. Raises :class:`UsageError` where a file is not
    the one that its data set's build wrote.
    """
    if len(sources) == 1 and not sources[0].without:
        if not sources[0].made and sha256_of(sources[0].file) != sources[0].sha256:
            raise _changed(sources[0].file)
        share_file(sources[0].file, target)  # the union of one: the same bytes
        return sources[0].sha256
    file = GrowingFile(target)
    between, count = CHOICES.separator.encode(), 0
    try:
        file.write(CHOICES.opening)
        for lines in _batches(heapq.merge(*map(_records, sources), key=itemgetter(0))):
            numbered = [b'{"id": %d%b' % (number, rest) for number, (_, rest) in enumerate(lines, count + 1)]
            file.append((between if count else b"") + between.join(numbered))
            count += len(lines)
        if not count:
            file.discard()
            return None
        file.write(CHOICES.closing)
        return file.finish()
    except BaseException:
        file.discard()
        raise


def _batches(lines: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    source = iter(lines)
    while some := list(islice(source, _BATCH)):
        yield some


def _records(source: Source) -> Iterator[tuple[str, bytes]]:
    """(picture, the record's line after its id) of a member's file, in its order, without what is left out."""
    digest = hashlib.sha256()
    try:
        check_regular(source.file)
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
