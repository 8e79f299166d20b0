"""Subset files against the files of their members: nothing more, nothing less, and nothing that leaks."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from medmat_core.audit.place import PARTS, File
from medmat_core.audit.seen import Seen, across, hashed
from medmat_core.choices import read_values
from medmat_core.model import ASKS
from medmat_core.records import RecordError

Wrong = tuple[str, str, int, str]
"""(name of the fault, sentence, record counted from 1, picture)."""


def union_faults(file: File, members: Sequence[File], gone: Sequence[frozenset[str]]) -> Iterator[Wrong]:
    """Is a subset file the union of its members' files of one part, less the pictures ``gone`` of each.

    One record of each file is in memory. A file that breaks off is told where it is read itself.
    """
    wanted = heapq.merge(
        *(_left(member, without) for member, without in zip(members, gone, strict=True)),
        key=lambda raw: str(raw["image"]),
    )
    head = next(wanted, None)
    place = 0
    for place, raw in enumerate(_values(file), 1):
        image = str(raw.get("image"))
        if raw.get("id") != place:
            yield "ids", f"its id is {raw.get('id')!r:.40}, it is record {place} of its file", place, image
        while head is not None and str(head["image"]) < image:
            yield "subset_union", "a record of a member is missing before it", place, str(head["image"])
            head = next(wanted, None)
        if head is None or str(head["image"]) != image:
            yield "subset_union", "no member holds it, or it was left out", place, image
            continue
        differ = [key for key in dict.fromkeys((*raw, *head)) if key != "id" and raw.get(key) != head.get(key)]
        if differ or list(raw) != list(head):
            yield (
                "subset_union",
                f"its member says otherwise: {', '.join(map(str, differ)) or 'order of keys'}",
                place,
                image,
            )
        head = next(wanted, None)
    if head is not None:
        left = 1 + sum(1 for _ in wanted)
        yield "subset_union", f"{left} records of members are missing at its end", place, str(head["image"])


def _values(file: File) -> Iterator[dict[Any, Any]]:
    try:
        yield from (raw for raw in read_values(file.path) if isinstance(raw, dict))
    except RecordError:
        return


def _left(file: File, without: frozenset[str]) -> Iterator[dict[Any, Any]]:
    return (raw for raw in _values(file) if "image" in raw and str(raw["image"]) not in without)


@frozen
class Leak:
    """A record that leaks, or copies: the fault, a sentence, its data set and row."""

    name: str
    sentence: str
    member: str
    row: int


def leak_faults(seen: Mapping[str, Seen], subset_of: Mapping[str, int], gone: Mapping[str, set[str]]) -> Iterator[Leak]:
    """Is a group or a picture in two parts over all subset files together; does one of them hold a picture twice.

    ``seen`` are the data sets of the build; of their closed records those in subset files are compared. What is
    wrong within one data set is told there.
    """
    names = list(seen)
    rows, owners = [], []
    for owner, name in enumerate(names):
        some = seen[name]
        left = np.array([hashed(image) for image in gone.get(name, ())], np.uint64)
        mine = np.flatnonzero((some.column("sizes") > 0) & ~np.isin(some.column("images"), left))
        rows.append(mine)
        owners.append(np.full(len(mine), owner))
    if not rows:
        return
    row, owner_of = np.concatenate(rows), np.concatenate(owners)

    def gathered(column: str) -> Any:
        return np.concatenate([seen[name].column(column)[mine] for name, mine in zip(names, rows, strict=True)])

    parts, images = gathered("parts"), gathered("images")
    for what, column in (("picture", images), ("group", gathered("groups"))):
        told: set[tuple[int, int]] = set()
        for weak, strong in across(column, parts):
            one, two = names[owner_of[weak]], names[owner_of[strong]]
            key = (int(owner_of[weak]), int(images[weak]))
            if one != two and key not in told:
                told.add(key)
                sentence = f"in its subset's file, and its {what} is {PARTS[parts[strong]]} in data set {two}"
                yield Leak(f"{what}_leak", sentence, one, int(row[weak]))
    yield from _copies(seen, names, row, owner_of, subset_of, parts, images, gathered("asks"))


def _copies(
    seen: Mapping[str, Seen], names: Sequence[str], row: Any, owner: Any, subset_of: Mapping[str, int], parts: Any,
    images: Any, asks: Any,
) -> Iterator[Leak]:  # fmt: skip
    """One picture that two members of a subset give with the same label."""
    subsets = np.array([subset_of.get(name, 0) for name in names])[owner] if len(names) else np.empty(0)
    some = np.flatnonzero(asks == ASKS.index("label"))
    order = some[np.lexsort((owner[some], images[some], parts[some], subsets[some]))]
    for one, two in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        if images[one] == images[two] and subsets[one] == subsets[two] and owner[one] != owner[two]:
            a, b = seen[names[owner[one]]], seen[names[owner[two]]]
            if a.captions[a.says[row[one]]] == b.captions[b.says[row[two]]]:
                sentence = f"data set {names[owner[one]]} gives the same picture with the same label"
                yield Leak("subset_copy", sentence, names[owner[two]], int(row[two]))
