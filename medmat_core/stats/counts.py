"""One pass over the records of a build, counting."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import Factory, define, frozen

from medmat_core.model import PARTS, Record
from medmat_core.records import Built, read_records

if TYPE_CHECKING:
    from medmat_core.card import Card
    from medmat_core.catalog import Catalog

KINDS = ("rounds of 4", "rounds of 3", "rounds of 2", "surplus", "open")
"""How a record is asked: in a round, beside one with its options, or without options."""


@define
class DatasetStats:
    """One data set. ``labels`` counts records by part and caption (several captions of one record count each),
    ``asked`` by part and :data:`KINDS`, ``missing`` are classes of its card that no record names; None where its
    plugin is not installed."""

    no: int
    slug: str
    subset: int
    labels: dict[str, Counter[str]] = Factory(lambda: defaultdict(Counter))
    asked: dict[str, Counter[str]] = Factory(lambda: defaultdict(Counter))
    asks: Counter[str] = Factory(Counter)
    pictures: int = 0
    missing: tuple[str, ...] | None = None

    def records(self, part: str) -> int:
        """Records of a part."""
        return self.asked[part].total() if part in self.asked else 0

    def as_json(self) -> dict[str, Any]:
        return {
            "no": self.no,
            "slug": self.slug,
            "subset": self.subset,
            "pictures": self.pictures,
            "records": {part: self.records(part) for part in PARTS if part in self.asked},
            "asks": dict(sorted(self.asks.items())),
            "asked": {part: {k: self.asked[part][k] for k in KINDS if self.asked[part][k]} for part in self.asked},
            "labels": {part: dict(self.labels[part].most_common()) for part in PARTS if part in self.labels},
            "missing": None if self.missing is None else list(self.missing),
        }


@frozen
class Sizes:
    """Widths and heights of the pictures of a subset in pixels: smallest, median, largest, and how many different
    sizes there are. Pictures whose size no record knows are ``unknown``."""

    pictures: int
    unknown: int
    width: tuple[int, int, int]
    height: tuple[int, int, int]
    different: int

    def as_json(self) -> dict[str, Any]:
        return {"pictures": self.pictures, "unknown": self.unknown, "width": list(self.width),
                "height": list(self.height), "different": self.different}  # fmt: skip


@frozen
class Stats:
    """The whole folder. ``points`` are the sizes themselves: subset -> (width, height) -> pictures."""

    datasets: tuple[DatasetStats, ...]
    points: Mapping[int, Mapping[tuple[int, int], int]]

    def subsets(self) -> tuple[int, ...]:
        return tuple(sorted({one.subset for one in self.datasets}))

    def labels(self, subset: int) -> dict[str, Counter[str]]:
        """Records of a subset by part and caption, over its data sets."""
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for one in self.datasets:
            for part, own in one.labels.items() if one.subset == subset else ():
                found[part].update(own)
        return dict(found)

    def ranked(self, subset: int) -> dict[str, int]:
        """Records of a subset by caption, over its parts, the most frequent first."""
        totals: Counter[str] = Counter()
        for own in self.labels(subset).values():
            totals.update(own)
        return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))

    def asked(self, subset: int) -> Counter[str]:
        """Records of a subset by how they are asked."""
        found: Counter[str] = Counter()
        for one in self.datasets:
            for own in one.asked.values() if one.subset == subset else ():
                found.update(own)
        return found

    def sizes(self, subset: int) -> Sizes:
        """Picture sizes of a subset."""
        own = self.points.get(subset, {})
        known = {size: count for size, count in own.items() if all(size)}
        total, unknown = sum(known.values()), sum(own.values()) - sum(known.values())
        if not known:
            return Sizes(0, unknown, (0, 0, 0), (0, 0, 0), 0)
        counts = list(known.values())
        width, height = (_spread([size[axis] for size in known], counts) for axis in (0, 1))
        return Sizes(total, unknown, width, height, len(known))

    def as_json(self) -> dict[str, Any]:
        return {
            "datasets": [one.as_json() for one in self.datasets],
            "subsets": {
                str(no): {
                    "labels": {part: dict(own.most_common()) for part, own in self.labels(no).items()},
                    "asked": {kind: self.asked(no)[kind] for kind in KINDS},
                    "sizes": self.sizes(no).as_json(),
                }
                for no in self.subsets()
            },
        }


def _spread(values: list[int], counts: list[int]) -> tuple[int, int, int]:
    order = np.argsort(values)
    below = np.cumsum(np.array(counts)[order])
    middle = int(np.searchsorted(below, below[-1] / 2))
    return min(values), values[int(order[middle])], max(values)


def stats(built: Built, *, catalog: Catalog | None = None) -> Stats:
    """Count the records of a build. The ``catalog`` tells which classes a data set should have."""
    datasets: dict[str, DatasetStats] = {}
    points: defaultdict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    named: defaultdict[str, set[str]] = defaultdict(set)
    for entry in built.manifest["datasets"]:  # one without a record misses all of its classes
        if isinstance(entry, dict) and isinstance(entry.get("slug"), str):
            no, subset = entry.get("no"), entry.get("subset")
            datasets[entry["slug"]] = DatasetStats(
                no if isinstance(no, int) else 0, entry["slug"], subset if isinstance(subset, int) else 0
            )
    for path in built.record_files():
        last = ""
        seen: set[str] = set()
        for record in read_records(path):
            one = datasets.setdefault(record.slug, DatasetStats(record.no, record.slug, record.subset))
            _count(one, record)
            named[record.slug].update(record.captions)
            named[record.slug].update(found.caption for found in record.boxes)
            if record.image != last and record.image not in seen:
                seen.add(record.image)
                one.pictures += 1
                points[record.subset][record.width, record.height] += 1
            last = record.image
    if catalog is not None:
        heads = {installed.head.slug for installed in catalog.entries}
        for slug, one in datasets.items():
            if slug in heads:
                one.missing = missing_classes(catalog.get(slug).card, named[slug])
    order = sorted(datasets.values(), key=lambda one: (not one.no, one.no, one.slug))
    return Stats(tuple(order), points)


def _count(one: DatasetStats, record: Record) -> None:
    if record.is_open:
        kind = "open"
    elif record.round:
        kind = f"rounds of {len(record.options)}"
    else:
        kind = "surplus"
    one.asked[record.split][kind] += 1
    one.asks[record.ask] += 1
    one.labels[record.split].update(record.captions)


def missing_classes(card: Card, named: Collection[str]) -> tuple[str, ...]:
    """The classes of a card that are not among the captions named by its records, in card order.

    Of a data set that names none at all that is all of them: it was not found, or holds no picture with a label.
    """
    return tuple(caption for caption in card.captions if caption not in named)
