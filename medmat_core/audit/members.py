"""Subset files against the files of their members: nothing more, nothing less, and nothing that leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import define, frozen

from medmat_core.audit.entries import data_no
from medmat_core.audit.faults import Fault
from medmat_core.audit.found import File
from medmat_core.audit.numbers import Seen, across, runs
from medmat_core.audit.stream import StreamError, records


@frozen
class Member:
    """A data set of a subset: what its records call it, its two files, and what was seen of them."""

    number: str
    files: tuple[str, str]
    seen: Seen


@define
class _Stream:
    """A member's own file, read step by step beside the subset's."""

    shown: str
    source: Iterator[Any]
    gone: frozenset[str]
    head: Any = None

    def step(self) -> None:
        """The next record that the subset must hold, or None."""
        while True:
            try:
                self.head = next(self.source, None)
            except StreamError:  # told where the file itself was audited
                self.head = None
            if self.head is None or not isinstance(self.head, Mapping) or self.head.get("image") not in self.gone:
                return


def union_faults(
    subset: File, members: Mapping[str, File | None], gone: Mapping[str, frozenset[str]], strange: Callable[[Any], None]
) -> Iterator[Fault]:
    """Is a subset file the union of its members' files of the same part, less the pictures ``gone`` by member.

    ``members`` maps what records call a data set to its file (None: there is none). Every record of the subset that
    no member gave is passed to ``strange``. One record of each file is in memory.
    """
    streams = {
        number: _Stream(file.shown, records(file.path), gone.get(number, frozenset()))
        for number, file in members.items()
        if file is not None
    }
    for stream in streams.values():
        stream.step()
    place = 0
    try:
        for place, raw in enumerate(records(subset.path), 1):
            if not isinstance(raw, Mapping):
                continue
            stream_ = streams.get(data_no(raw))
            if stream_ is None:
                yield Fault("subset_union", f"no member is called {data_no(raw)!r}", subset.shown, place)
                strange(raw)
                continue
            yield from _match(subset, place, raw, stream_, strange)
    except StreamError:
        return
    for stream in streams.values():
        left = 0
        while stream.head is not None:
            left += 1
            stream.step()
        if left:
            yield Fault("subset_union", f"{left} records of {stream.shown} are missing at its end", subset.shown)


def _match(
    subset: File, place: int, raw: Mapping[str, Any], stream: _Stream, strange: Callable[[Any], None]
) -> Iterator[Fault]:
    image = str(raw.get("image"))
    if image in stream.gone:
        yield Fault("subset_union", "the manifest says that its picture was left out", subset.shown, place, image)
        strange(raw)
        return
    while isinstance(stream.head, Mapping) and str(stream.head.get("image")) < image:
        missing = str(stream.head.get("image"))
        yield Fault("subset_union", f"before it, a record of {stream.shown} is missing", subset.shown, place, missing)
        stream.step()
    head = stream.head
    if not isinstance(head, Mapping) or str(head.get("image")) != image:
        yield Fault("subset_union", f"{stream.shown} does not hold it", subset.shown, place, image)
        strange(raw)
        return
    if {**raw, "id": None} != {**head, "id": None}:
        differ = ", ".join(sorted(str(k) for k in {*raw, *head} if k != "id" and raw.get(k) != head.get(k)))
        yield Fault("subset_union", f"it differs from {stream.shown} in {differ}", subset.shown, place, image)
        strange(raw)
    stream.step()


def leak_faults(subset: Seen, files: tuple[str, str], members: Sequence[Member], *, by_path: bool) -> Iterator[Fault]:
    """Does anything in a subset's train file stand in test, there or in any member; is a picture there twice.

    ``by_path`` is False where the build opened no picture and so promised nothing about equal ones.
    """
    images, sides = subset.column("images"), subset.sides
    for train, test in across(images, sides):
        what = f"its picture is also in test: record {subset.ids[test]} of {files[1]}"
        yield Fault("picture_leak", what, files[0], int(subset.ids[train]))
    if by_path:
        yield from _copies(subset, files)
    told = {int(row) for row, _ in across(images, sides)}
    row_of: dict[tuple[str, int], int] = {}
    for place in map(int, np.flatnonzero(sides == 0)):
        row_of.setdefault((subset.names[subset.members[place]], int(images[place])), place)
    for name, column, what in (("group_leak", "groups", "group"), ("picture_leak", "images", "picture")):
        tested = _tested(members, column)
        for member in members:
            # train pictures of the member that are test by group, or by path, in any member
            hit = (member.seen.sides == 0) & np.isin(member.seen.column(column), tested)
            for image in dict.fromkeys(map(int, member.seen.column("images")[hit])):
                row = row_of.get((member.number, image), -1)
                if row >= 0 and row not in told:
                    told.add(row)
                    sentence = f"its {what} is in test in a member of the subset"
                    yield Fault(name, sentence, files[0], int(subset.ids[row]))


def _tested(members: Sequence[Member], column: str) -> Any:
    found = [member.seen.column(column)[member.seen.sides == 1] for member in members]
    values = np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)
    return values[values != 0]


def _copies(subset: Seen, files: tuple[str, str]) -> Iterator[Fault]:
    for rows in runs(subset.column("images")):
        first = int(rows[0])
        for row in map(int, rows[1:]):
            if subset.members[row] != subset.members[first]:
                other = subset.names[subset.members[first]]
                where = f"record {subset.ids[first]} of {files[subset.parts[first]]}"
                what = f"data set {other} gave the same picture: {where}"
                yield Fault("subset_copy", what, files[subset.parts[row]], int(subset.ids[row]))
                break
