"""Mixtures as folders: each like a built one, so that export, score and stats read it, and one manifest over all.

``DIR/related/records/Ori--NN-train.jsonl`` and its ``manifest.json``; ``DIR/target/`` with the target's test part;
pictures as second names of the files in place, at the paths that the records call them by.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from attrs import define, field, frozen

from medmat_core.compose.draw import Unit, drawn, units_of
from medmat_core.compose.leaks import Leaks
from medmat_core.compose.mixtures import Plan
from medmat_core.errors import UsageError
from medmat_core.export.folder import ExportFolder
from medmat_core.export.pictures import safe_image
from medmat_core.export.select import Filters, Source, facts_of, less, sources_of
from medmat_core.fileio import share_file, write_text
from medmat_core.formats.jsonl import ID, line
from medmat_core.model import PARTS, Record
from medmat_core.records import FOLDER, MANIFEST, Built

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog

TARGET: Final = "target"
EXPORTED: Final = "exported"
TRAINING: Final = tuple(part for part in PARTS if part != "test")


@frozen
class Composing:
    """How mixtures are made: ``size`` records each (None: all), of every label with ``per_label``; ``pictures``:
    link or none."""

    to: Path
    mixtures: tuple[str, ...]
    size: int | None = None
    per_label: bool = False
    seed: int = 0
    near: bool = False
    pictures: Literal["link", "none"] = "link"


@define
class Composed:
    """What was made: records by mixture and subset, pictures that leaked by why, pictures not on disk."""

    to: Path
    records: dict[str, dict[int, int]] = field(factory=dict)
    leaks: dict[str, int] = field(factory=dict)
    unseen: int = 0


def compose(built: Built, plan: Plan, how: Composing, *, catalog: Catalog | None = None) -> Composed:
    """Write the mixtures of a plan and the target's test part to ``how.to``.

    Raises :class:`UsageError` where a mixture has no member here, the target has no test part, or ``how.to`` holds
    what no compose or export wrote.
    """
    facts = facts_of(built, catalog)
    members = {name: plan.members(name) for name in how.mixtures}
    numbers = sorted({no for own in members.values() for no in own})
    everything = sources_of(built, facts, Filters())
    of_subset: defaultdict[int, list[Source]] = defaultdict(list)
    for source in everything:
        of_subset[source.facts.subset].append(source)
    tests = [source for source in of_subset[plan.target.no] if source.split == "test"]
    if not tests:
        raise UsageError(f"--target {plan.target.no}: this build has no test part of it to score on")
    leaks = Leaks(built, how.near)
    leaks.test(_read(tests))
    trains = {no: [source for source in of_subset[no] if source.split in TRAINING] for no in numbers}
    leaks.train(record for no in numbers for record in _read(trains[no]))
    units = {no: units_of(leaks.clean(_read(trains[no])), how.seed) for no in numbers}
    chosen = _chosen(members, units, how)
    folder = ExportFolder.begin(how.to)
    done = Composed(folder.to, leaks=leaks.counts(), unseen=leaks.unseen)
    try:
        about = {"target": plan.as_json()["target"], "seed": how.seed, "size": how.size, "per_label": how.per_label}
        for name, own in chosen.items():
            keys = {key for no in own for unit in own[no] for key in unit.keys}
            sources = [source for no in members[name] for source in trains[no]]
            done.records[name] = _write(folder, built, name, sources, keys, how, {**about, "mixture": name})
        done.records[TARGET] = _write(folder, built, TARGET, tests, None, how, {**about, "mixture": TARGET})
        told = [
            {"image": image, "why": why, "test_image": other} for image, (why, other) in sorted(leaks.found.items())
        ]
        folder.write_text(
            MANIFEST,
            json.dumps(
                {**plan.as_json(), "seed": how.seed, "size": how.size, "per_label": how.per_label,
                 "near": how.near, "pictures_not_on_disk": leaks.unseen,
                 "records": {name: {str(no): n for no, n in own.items()} for name, own in done.records.items()},
                 "leaks": told},
                ensure_ascii=False, indent=1,
            ) + "\n",
        )  # fmt: skip
        below = [f"{name}/{part}/" for name in done.records for part in (EXPORTED, "pictures")]
        below += [f"{name}/{top}/" for name in done.records for top in _tops(folder.stage / name)]
        folder.finish({"compose": plan.target.no}, sorted(set(below)))
    finally:
        folder.discard()
    return done


def _tops(place: Path) -> Iterator[str]:
    return (one.name for one in sorted(place.iterdir()) if one.is_dir() and one.name != FOLDER)


def _read(sources: Iterable[Source]) -> Iterator[Record]:
    """Records less the pictures that subset files leave out: whatever joins data sets leaves them out."""
    for source in sources:
        yield from less(source, Filters())


def _chosen(
    members: Mapping[str, Sequence[int]], units: Mapping[int, Sequence[Unit]], how: Composing
) -> dict[str, dict[int, list[Unit]]]:
    """The units of every mixture; one that is too small for ``--size`` is told by name."""
    found = {}
    for name, own in members.items():
        try:
            found[name] = drawn({no: units[no] for no in own}, how.size, how.per_label)
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from None
    return found


def _write(
    folder: ExportFolder,
    built: Built,
    name: str,
    sources: Sequence[Source],
    keys: set[str] | None,
    how: Composing,
    about: Mapping[str, Any],
) -> dict[int, int]:
    """A folder of records; returns how many there are of each subset."""
    files: dict[str, str] = {}
    counts: Counter[int] = Counter()
    labels: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    images: dict[str, None] = {}
    for source in sources:
        taken = (record for record in _read([source]) if keys is None or record.key in keys)
        lines = _lines(taken, counts, labels[source.facts.slug], images)
        first = next(lines, None)
        if first is None:
            continue
        path = f"{FOLDER}/Ori--{source.facts.name}-{source.split}.jsonl"
        files[path] = write_text(folder.stage / name / path, chain((first,), lines))
    if how.pictures == "link":
        for image in images:
            origin = built.path_of(image)
            if safe_image(image) and origin.is_file():
                share_file(origin, folder.stage / name / image)
    used = {slug for slug, own in labels.items() if own}
    entries = [
        {**entry, "records": {part: dict(own) for part, own in labels[entry["slug"]].items()}}
        for entry in built.manifest["datasets"]
        if entry["slug"] in used
    ]
    manifest = {
        "versions": built.manifest.get("versions", {}), "arguments": built.manifest.get("arguments", {}),
        "datasets": entries, "subset_removals": [], "files": dict(sorted(files.items())), "compose": dict(about),
    }  # fmt: skip
    folder.write_text(f"{name}/{MANIFEST}", json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
    for path, digest in files.items():
        folder.files[f"{name}/{path}"] = digest
    return dict(sorted(counts.items()))


def _lines(
    records: Iterable[Record], counts: Counter[int], labels: Mapping[str, Counter[str]], images: dict[str, None]
) -> Iterator[str]:
    for number, record in enumerate(records, 1):
        counts[record.subset] += 1
        labels[record.split]["; ".join(record.captions)] += 1
        images[record.image] = None
        yield line(record).replace(ID, str(number), 1) + "\n"
