"""Which records of a mixture are taken: units that stay together, drawn by seed up to a size."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from medmat_core.errors import UsageError
from medmat_core.model import Record

Label = tuple[str, str, str]
"""(data set, ask, label)"""


@frozen
class Unit:
    """What is drawn as one: a round, or a record that stands in none. ``keys`` are its records', ``labels`` one each;
    ``order`` is its hash, by which it is drawn."""

    order: int
    keys: tuple[str, ...]
    labels: tuple[Label, ...]


def label_of(record: Record) -> Label:
    """What counts as a record's label: its answer where answers are captions, else what is asked about."""
    asked = record.answer if record.ask in ("label", "presence", "structure") else "; ".join(record.captions)
    return record.slug, record.ask, asked


def units_of(records: Iterable[Record], seed: int) -> list[Unit]:
    """The units of some records, in the order of their hashes. Which mixtures a unit may go to does not change it."""
    together: defaultdict[tuple[str, str], list[tuple[str, Label]]] = defaultdict(list)
    for record in records:
        at = (f"{record.slug}/{record.split}", record.round or f"={record.key}")
        together[at].append((record.key, label_of(record)))
    found = []
    for at, own in together.items():
        digest = hashlib.sha256("\0".join((str(seed), "compose", *at)).encode("utf-8", "surrogateescape")).digest()
        found.append(
            Unit(int.from_bytes(digest[:8], "big"), tuple(key for key, _ in own), tuple(label for _, label in own))
        )
    return sorted(found, key=lambda unit: (unit.order, unit.keys))


def drawn(units: Mapping[int, Sequence[Unit]], size: int | None, per_label: bool) -> dict[int, list[Unit]]:
    """The units taken of each subset: all, or ``size`` records over all (as evenly as subsets allow), or ``size`` of
    every label of every data set.

    Raises :class:`UsageError` where there are fewer than ``size`` over all.
    """
    if size is None:
        return {no: list(own) for no, own in units.items()}
    if per_label:
        return {no: _by_label(own, size) for no, own in units.items()}
    counts = {no: sum(len(unit.keys) for unit in own) for no, own in units.items()}
    if sum(counts.values()) < size:
        raise UsageError(f"--size {size}: there are only {sum(counts.values())} records to draw; give a smaller one")
    quotas = shares(counts, size)
    taken: dict[int, list[Unit]] = {}
    left: list[tuple[int, int, Unit]] = []
    room = size
    for no, own in units.items():
        taken[no] = []
        free = quotas[no]
        for unit in own:
            if len(unit.keys) <= free:
                taken[no].append(unit)
                free -= len(unit.keys)
            else:
                left.append((unit.order, no, unit))
        room -= quotas[no] - free
    for _, no, unit in sorted(left, key=lambda one: one[:2]):
        if room == 0:
            break
        if len(unit.keys) <= room:  # what one subset's rounds could not fill, another's may
            taken[no].append(unit)
            room -= len(unit.keys)
    return taken


def shares(counts: Mapping[int, int], size: int) -> dict[int, int]:
    """``size`` over what is there: the same for each, less only where there is less; lower numbers get the rest."""
    quotas = dict.fromkeys(sorted(counts), 0)
    rest = min(size, sum(counts.values()))
    while rest:
        open_ = [no for no in quotas if quotas[no] < counts[no]]
        each = rest // len(open_)
        for place, no in enumerate(open_):
            more = min(each if each else int(place < rest), counts[no] - quotas[no])
            quotas[no] += more
        rest = min(size, sum(counts.values())) - sum(quotas.values())
    return quotas


def _by_label(units: Sequence[Unit], size: int) -> list[Unit]:
    counts: Counter[Label] = Counter()
    found = []
    for unit in units:
        own = Counter(unit.labels)
        if all(counts[label] + more <= size for label, more in own.items()):
            counts.update(own)
            found.append(unit)
    return found
