"""Subset files against the files of their members: nothing more, nothing less, and nothing that leaks."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from medmat_core.audit.faults import Fault
from medmat_core.audit.place import PARTS, File
from medmat_core.audit.seen import Seen, across, hashed
from medmat_core.choices import read_values
from medmat_core.records import RecordError

Gone = Mapping[str, set[str]]
"""The pictures that subset files leave out, by data set."""


def union_faults(file: File, members: Mapping[str, File], gone: Gone) -> Iterator[Fault]:
    """Is a subset file the union of its members' files of one part, less the pictures ``gone`` of each.

    One record of each file is in memory. A file that breaks off is told where it is read itself."""

    def wrong(name: str, sentence: str, image: Any) -> Fault:
        return Fault(name, sentence, file.shown, place, image=str(image))

    left = (_values(member, gone.get(name, ())) for name, member in members.items())
    wanted = heapq.merge(*left, key=lambda raw: str(raw.get("image")))
    head = next(wanted, None)
    place = 0
    for place, raw in enumerate(_values(file), 1):
        image = str(raw.get("image"))
        if raw.get("id") != place:
            yield wrong("ids", f"its id is {raw.get('id')!r:.40}, it is record {place} of its file", image)
        while head is not None and str(head.get("image")) < image:
            yield wrong("subset_union", "a record of a member is missing before it", head.get("image"))
            head = next(wanted, None)
        if head is None or str(head.get("image")) != image:
            yield wrong("subset_union", "no member holds it, or it was left out", image)
            continue
        differ = [str(key) for key in {**raw, **head} if key != "id" and raw.get(key) != head.get(key)]
        if differ or list(raw) != list(head):
            yield wrong("subset_union", f"its member says otherwise: {', '.join(differ) or 'order of keys'}", image)
        head = next(wanted, None)
    if head is not None:
        missing = 1 + sum(1 for _ in wanted)
        yield wrong("subset_union", f"{missing} records of members are missing at its end", head.get("image"))


def _values(file: File, without: Collection[str] = ()) -> Iterator[dict[Any, Any]]:
    with suppress(RecordError):
        for raw in read_values(file.path):
            if isinstance(raw, dict) and str(raw.get("image")) not in without:
                yield raw


def leak_faults(members: Mapping[str, Seen], subset_of: Mapping[str, int], gone: Gone) -> Iterator[Fault]:
    """Is a group or a picture in two parts over all subset files together; does one of them hold a picture twice.

    ``members`` are the data sets of the build; of their closed records those in subset files are compared. What is
    wrong within one data set is told there."""
    if not members:
        return
    names, kept = list(members), []
    for name, seen in members.items():
        left = np.array([hashed(image) for image in gone.get(name, ())], np.uint64)
        kept.append(np.flatnonzero((seen.rows["size"] > 0) & ~np.isin(seen.rows["image"], left)))
    owner, at = np.repeat(np.arange(len(names)), list(map(len, kept))), np.concatenate(kept)
    rows = np.concatenate([seen.rows[some] for seen, some in zip(members.values(), kept, strict=True)])

    def fault(row: int, name: str, sentence: str) -> Fault:
        return members[names[owner[row]]].fault(int(at[row]), name, sentence)

    for what in ("image", "group"):
        told: set[tuple[int, int]] = set()
        for weak, strong in across(rows[what], rows["part"]):
            key = (int(owner[weak]), int(rows["image"][weak]))
            if owner[weak] != owner[strong] and key not in told:
                told.add(key)
                name, other = what.replace("image", "picture"), names[owner[strong]]
                sentence = f"in its subset's file, and its {name} is {PARTS[rows['part'][strong]]} in data set {other}"
                yield fault(weak, f"{name}_leak", sentence)
    subsets = np.array([subset_of.get(name, 0) for name in names])[owner]
    some = np.flatnonzero(rows["says"])
    order = some[np.lexsort([owner[some], *(rows[key][some] for key in ("says", "image", "part")), subsets[some]])]
    words = rows[order][["says", "image", "part"]]
    same = (words[1:] == words[:-1]) & (np.diff(subsets[order]) == 0) & (np.diff(owner[order]) != 0)
    for place in np.flatnonzero(same).tolist():
        sentence = f"data set {names[owner[order[place]]]} gives the same picture with the same label"
        yield fault(order[place + 1], "subset_copy", sentence)
