"""The end of a build: what OUT gets from all data sets in it, those built now and those that stood.

Both are read from their state and their files alike. That is why one by one equals all at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from medmat_core.pipeline.finished import state_path
from medmat_core.pipeline.manifest import Manifest
from medmat_core.pipeline.outfolder import OutFolder
from medmat_core.pipeline.state import About, State
from medmat_core.pipeline.subsets import Source, as_json, merge_records, removals
from medmat_core.writers import Writer

PARTS = ("train", "val", "test")


def finish_build(place: OutFolder, manifest: Manifest, writers: Sequence[Writer], root: Path) -> None:
    """Write the subset files, problems.jsonl and manifest.json, and commit.

    Before it, every data set built now was given to ``manifest.add``, and its files and its state to ``place.add``.
    ``root`` is the parent of --data. Raises :class:`UsageError` where what stands cannot be added to.
    """
    manifest.keep(place.finished)
    states = [_state(place, entry["slug"]) for entry in manifest.entries()]
    manifest.subset_removals = removals(states, root)
    for subset in sorted({state.about.subset for state in states}):
        _write_subset(
            subset, [state.about for state in states if state.about.subset == subset], place, manifest, writers
        )
    manifest.write(place, _problems(states))
    place.commit(manifest.files)


def _state(place: OutFolder, slug: str) -> State:
    path = state_path(slug)
    return State.read(place.file(path), place.digest(path) or "", slug)


def _problems(states: Sequence[State]) -> Iterator[str]:
    for state in states:
        yield from state.problems()


def _write_subset(
    subset: int, members: Sequence[About], place: OutFolder, manifest: Manifest, writers: Sequence[Writer]
) -> None:
    """The files of one subset; they stay if no member was built now and the same pictures are left out as before."""
    removed = [removal for removal in manifest.subset_removals if removal.subset == subset]
    without = {about.number: frozenset(r.image for r in removed if r.no == about.number) for about in members}
    before = [told for told in place.finished.subset_removals if told["subset"] == subset]
    stays = not place.added(state_path(about.slug) for about in members) and before == [as_json(r) for r in removed]
    for writer in writers:
        for part in PARTS:
            path = writer.subset_file(subset, part)
            if path is None:
                continue
            if stays and place.stands(path):
                manifest.files[path] = place.finished.files[path]
                continue
            sources = [
                Source(place.file(own), manifest.files[own], without[about.number])
                for about in members
                if (own := writer.file(_stem(about), part)) in manifest.files
            ]
            digest = merge_records(sources, place.new(path), writer) if sources else None
            if digest is not None:
                manifest.files[path] = digest
                place.add(path, digest)


def _stem(about: About) -> str:
    return f"{about.no:02d}" if about.no else about.slug


def needed_paths(datasets: Sequence[Any], writers: Sequence[Writer]) -> Iterator[str]:
    """The files of records that a build of these data sets may write, and those of their subsets."""
    for writer in writers:
        for part in PARTS:
            for dataset in datasets:
                yield writer.file(dataset.file_stem, part)
            for subset in {dataset.card.head.subset for dataset in datasets}:
                path = writer.subset_file(subset, part)
                if path is not None:
                    yield path
