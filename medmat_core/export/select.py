"""Which records of a build an export takes, and in which order they come."""

from __future__ import annotations

import fnmatch
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import field, frozen

from medmat_core.errors import UsageError
from medmat_core.formats.options import near
from medmat_core.formats.protocol import Facts
from medmat_core.model import ASKS, PARTS, Record
from medmat_core.records import Built, read_records

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog

T = TypeVar("T", int, str)


@frozen
class Filters:
    """What is taken; an empty tuple takes everything. ``licenses`` are shell patterns, case folded."""

    access: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    subsets: tuple[int, ...] = ()
    datasets: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    rounds_only: bool = False

    def takes(self, record: Record) -> bool:
        """Whether a record of a data set that is taken is taken, too."""
        return (not self.asks or record.ask in self.asks) and (not self.rounds_only or bool(record.round))


@frozen
class Source:
    """The records of one data set and part: their file, and the pictures that subset files leave out."""

    facts: Facts
    split: str
    path: Path
    removed: frozenset[str] = field(repr=False, default=frozenset())

    def records(self, filters: Filters) -> Iterator[Record]:
        """The records that the filters take, in their order."""
        return filter(filters.takes, read_records(self.path))


def facts_of(built: Built, catalog: Catalog | None) -> dict[str, Facts]:
    """What is known of every data set of a build, by slug, in the manifest's order."""
    known = {dataset.slug: dataset.card.head for dataset in catalog.datasets} if catalog is not None else {}
    found = {}
    for entry in built.manifest["datasets"]:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("slug"), str):
            raise UsageError(f"{built.out}: its manifest names a data set without a slug; build it again")
        slug = entry["slug"]
        head = known.get(slug)
        texts = {key: _of(entry, key, "") for key in ("title", "license", "source", "citation")}
        access = _of(entry, "access", "") or (head.access if head is not None else "")
        found[slug] = Facts(_of(entry, "no", 0), slug, subset=_of(entry, "subset", 0), access=access, **texts)
    return found


def _of(entry: Mapping[str, Any], key: str, otherwise: T) -> T:
    """What a manifest says of a data set, if it is of the kind that it has to be."""
    value = entry.get(key)
    return value if isinstance(value, type(otherwise)) else otherwise


def sources_of(built: Built, facts: Mapping[str, Facts], filters: Filters) -> list[Source]:
    """The record files that the filters leave, data set by data set, train before val before test.

    Raises :class:`UsageError` for a filter that fits nothing in this build, with what it holds.
    """
    chosen = [one for one in facts.values() if _chosen(one, filters)]
    _check(facts.values(), filters)
    removed: dict[str, set[str]] = {}
    for removal in built.manifest.get("subset_removals", ()):
        removed.setdefault(str(removal["no"]), set()).add(str(removal["image"]))
    files = {path.name: path for path in built.record_files()}
    found = []
    for one in chosen:
        gone = frozenset(removed.get(str(one.no) if one.no else one.slug, ()))
        for split in PARTS:
            path = files.get(f"Ori--{one.name}-{split}.jsonl")
            if path is not None and (not filters.splits or split in filters.splits):
                found.append(Source(one, split, path, gone))
    if not found:
        raise UsageError(f"{built.out}: no records are left by these filters")
    return found


def _chosen(facts: Facts, filters: Filters) -> bool:
    return (
        (not filters.access or facts.access in filters.access)
        and (not filters.licenses or any(_fits(facts.license, pattern) for pattern in filters.licenses))
        and (not filters.subsets or facts.subset in filters.subsets)
        and (not filters.datasets or any(_names(facts, name) for name in filters.datasets))
    )


def _fits(license_: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(license_.casefold(), pattern.casefold())


def _names(facts: Facts, name: str) -> bool:
    return name.casefold() == facts.slug or (name.isdecimal() and facts.no > 0 and int(name) == facts.no)


def _check(facts: Iterable[Facts], filters: Filters) -> None:
    members = list(facts)
    for name in filters.datasets:
        if not any(_names(one, name) for one in members):
            hint = near(name, [one.slug for one in members], "it holds")
            raise UsageError(f"--dataset {name!r}: is not in this build; {hint}")
    for subset in filters.subsets:
        if not any(one.subset == subset for one in members):
            held = ", ".join(map(str, sorted({one.subset for one in members})))
            raise UsageError(f"--subset {subset}: is not in this build; it holds {held}")
    for pattern in filters.licenses:
        if not any(_fits(one.license, pattern) for one in members):
            held = ", ".join(sorted({repr(one.license) for one in members}))
            raise UsageError(f"--license {pattern!r}: no data set of this build has it; they have {held}")
    for option, allowed, given in (
        ("access", ("open", "account", "competition", "credentialed"), filters.access),
        ("ask", ASKS, filters.asks),
        ("split", PARTS, filters.splits),
    ):
        for value in given:
            if value not in allowed:
                raise UsageError(f"--{option} {value!r}: {near(value, allowed, 'choose from')}")
    unknown = [one.slug for one in members if not one.access]
    if filters.access and unknown:
        raise UsageError(
            f"--access: it is not known of {', '.join(unknown)}, whose plugin is not installed; install it, or name "
            "the data sets with --dataset"
        )


def merged(sources: Sequence[Source], filters: Filters) -> Iterator[Record]:
    """The records of a subset's members as one stream, sorted as Subset files are, less what subsets leave out."""
    return heapq.merge(*(less(source, filters) for source in sources), key=lambda record: record.image)


def less(source: Source, filters: Filters) -> Iterator[Record]:
    """The records of a file less those whose picture subsets leave out."""
    return (record for record in source.records(filters) if record.image not in source.removed)


def classes_of(sources: Sequence[Source], built: Built) -> dict[str, tuple[str, ...]]:
    """The captions with boxes of every data set, over all of its parts, in order of appearance."""
    found: dict[str, dict[str, None]] = {}
    files = {path.name: path for path in built.record_files()}
    for facts in {source.facts.slug: source.facts for source in sources}.values():
        captions = found.setdefault(facts.slug, {})
        for split in PARTS:
            path = files.get(f"Ori--{facts.name}-{split}.jsonl")
            for record in read_records(path) if path is not None else ():
                if record.kind not in ("mask", "box"):
                    break
                captions.update(dict.fromkeys(boxes.caption for boxes in record.boxes))
    return {slug: tuple(captions) for slug, captions in found.items()}
