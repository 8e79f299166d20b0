"""What the data set itself says of its pictures, found again from --data, and records held against it.

This half of the audit is not independent of the builder: adapters, mask decoders and the inspector are the build's own,
run again in the same engine. What it finds is what went wrong between them and the records, or in the records since.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

from medmat_core.audit.faults import Told
from medmat_core.audit.home import Home
from medmat_core.audit.regions import fits
from medmat_core.audit.seen import hashed
from medmat_core.dataset import Dataset
from medmat_core.folders import open_tree
from medmat_core.model import Record
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.engines import Engine, InProcess
from medmat_core.pipeline.facts import Regions
from medmat_core.pipeline.hashes import ALIKE, NEAR, Hashes
from medmat_core.pipeline.inspection import ShardDone, Task, inspect_shard, without_deadly
from medmat_core.pipeline.options import TIMEOUT
from medmat_core.pipeline.rendered import Rendered
from medmat_core.pipeline.source import shards
from medmat_core.regions.words import CELLS, NO_CELL, coverage_text
from medmat_core.splits import Ledger


@frozen
class Source:
    """The data to hold records against: the folder that was given to the build, the modules that decode masks, and
    whether to look for near copies."""

    data: Path
    decoders: tuple[str, ...] = ()
    near: bool = False


@define(eq=False)
class Truth:
    """The pictures of one data set as columns; ``images`` are hashes of their names, ``marks`` equal for equal files
    (0: not looked at), ``rendered`` the SHA-256 of every rendered picture, ``refused`` why a picture cannot be used."""

    home: Home
    images: array[int] = field(factory=lambda: array("Q"))
    groups: array[int] = field(factory=lambda: array("Q"))
    widths: array[int] = field(factory=lambda: array("I"))
    heights: array[int] = field(factory=lambda: array("I"))
    hashes: Hashes = field(factory=Hashes)
    ledger: Ledger = field(factory=Ledger)
    regions: Regions | None = None
    rendered: dict[str, str] = field(factory=dict)
    refused: dict[str, str] = field(factory=dict)
    _order: npt.NDArray[Any] = field(init=False)
    _sorted: array[int] = field(init=False)
    _starts: npt.NDArray[Any] = field(init=False)

    @classmethod
    def of(cls, home: Home, dataset: Dataset, source: Source, work: Path, engine: Engine) -> Truth | None:
        """What lies in the source; None where the data set's folder is not there. ``work`` is an empty folder."""
        tree = open_tree(dataset.card.head, source.data)
        if tree is None:
            return None
        card, unopened = dataset.card, not (home.terms.opened or source.near)
        context = Context(
            card=card, no=dataset.no, slug=dataset.slug, root=tree.root, work=work,
            image_prefix=f"{source.data.name}/{tree.base.relative_to(source.data).as_posix()}/{tree.prefix}",
            rendered=Rendered(work, work, dataset.slug), seed=home.terms.seed, region_plugins=source.decoders,
            verify="none" if unopened else "header", hashes=frozenset({ALIKE, NEAR} if source.near else ()),
            timeout=TIMEOUT,
        )  # fmt: skip
        packed = context if isinstance(engine, InProcess) else context.packed()
        found = cls(home, regions=Regions() if card.kind in ("mask", "box") else None)
        parts = shards(dataset, tree, "full" if source.near else context.verify, lambda problems: None, seconds=TIMEOUT)
        tasks = (Task(packed, index, samples, True, False) for index, (samples, _) in enumerate(parts))
        for done in engine.map(inspect_shard, tasks, without_deadly):
            found._extend(done, context)
        images = np.array(found.images, np.uint64)
        found._order = np.argsort(images, kind="stable")
        found._sorted = array("Q", images[found._order].tobytes())
        found._starts = found.regions.starts() if found.regions is not None else np.empty(0)
        return found

    def _extend(self, done: ShardDone, context: Context) -> None:
        facts = done.names.load()
        self.images.extend(map(hashed, facts.images))
        self.groups.extend(hashed(f"{self.home.card.head.namespace}:{group}") if group else 0 for group in facts.groups)
        self.widths.extend(done.widths)
        self.heights.extend(done.heights)
        self.hashes.extend(done.hashes)
        self.ledger.extend(done.ledger)
        if self.regions is not None and done.regions is not None:
            self.regions.extend(done.regions)
        self.refused.update((context.image_prefix + problem.file, problem.detail)
                            for problem in done.problems if problem.level == "refused")  # fmt: skip
        for shown in done.rendered:
            self.rendered[shown.path] = shown.sha256
            context.rendered.draft(shown.tie).unlink(missing_ok=True)

    def place(self, image: int) -> int:
        """The place of a picture by the hash of its name, -1 where the data set has none such."""
        at = bisect_left(self._sorted, image)
        return int(self._order[at]) if at < len(self._sorted) and self._sorted[at] == image else -1

    def stated(self, place: int) -> list[str]:
        """What is stated of the picture at a place."""
        return sorted(self.ledger.label_sets[self.ledger.labels[place]][0])

    def faults(self, record: Record) -> Iterator[Told]:
        """What a record says otherwise than its data set."""
        place = self.place(hashed(record.image))
        if place < 0:
            unknown = ("picture_unknown", "the adapter gives no such picture, or none that can be used")
            why = self.refused.get(record.image)
            yield ("missing_image", f"the data set's picture cannot be used: {why}") if why else unknown
            return
        size = (self.widths[place], self.heights[place])
        if all(size) and (record.width, record.height) not in (size, (0, 0)):
            yield "picture_size", f"it is {size[0]} x {size[1]}, the record says {record.width} x {record.height}"
        if self.groups[place] != (hashed(record.group) if record.group else 0):
            yield "group_differs", f"the record says {record.group!r}, the data set another group"
        if record.ask == "label":
            yield from self._label(record, self.ledger.labels[place])
        elif self.regions is not None:
            yield from self._regions(record, self.regions, place)

    def _label(self, record: Record, number: int) -> Iterator[Told]:
        stated, uncertain, absent = self.ledger.label_sets[number]
        home, as_published = self.home, self.home.terms.as_published
        if record.answer != home.worded(stated) if as_published else set(record.captions) != set(stated):
            yield "label_differs", f"it says {'; '.join(record.captions)!r}, the data set {'; '.join(stated)!r}"
            return
        for option in (option for option in record.options if option != record.answer):
            if not home.several:
                if option in uncertain:
                    yield "distractor_true", f"the data set holds {option!r} to be uncertain"
            elif not as_published and home.absent(stated, uncertain, absent).isdisjoint(home.findings(option)):
                yield "distractor_true", f"nothing of {option!r} is certainly absent by the data set's own table"

    def _regions(self, record: Record, regions: Regions, place: int) -> Iterator[Told]:
        names = self.home.card.captions
        rows = range(int(self._starts[place]), int(self._starts[place + 1]))
        own: dict[str, list[list[int]]] = {}
        for row in sorted(rows, key=lambda row: regions.classes[row]):
            own.setdefault(names[regions.classes[row]], []).append(regions.boxes[4 * row : 4 * row + 4].tolist())
        listed = {some.caption: [list(box) for box in some.boxes] for some in record.boxes}
        if list(listed.items()) != list(own.items()):
            yield "boxes_differ", f"the record lists {listed!s:.150}, the data set has {own!s:.150}"
            return
        size, caption = (record.width, record.height), record.captions[0] if record.captions else ""
        mine = [row for row in rows if names[regions.classes[row]] == caption]
        unsure = {names[number] for number in regions.unsure.get(place, ())} - own.keys()
        if record.ask in ("presence", "structure") and unsure & {caption, *record.options}:
            yield "region_differs", f"nobody can tell whether {', '.join(sorted(unsure))} is there"
        if record.ask == "coverage" and all(size):
            share = 100 * sum(regions.areas[row] for row in mine) / (size[0] * size[1])
            if coverage_text(share) != record.answer:
                yield "region_differs", f"the answer is {record.answer}, the data set's {caption!r} covers {share:.2f}%"
        elif record.ask == "location" and len(mine) == 1:
            cell, touched = regions.cells[mine[0]], regions.touched[mine[0]]
            lies = "mostly in no cell" if cell == NO_CELL else CELLS[cell]
            if lies != record.answer:
                yield "region_differs", f"the answer is {record.answer}, the region lies {lies}"
            held = (cell for number, cell in enumerate(CELLS) if touched >> number & 1 and cell != record.answer)
            if wrong := next((cell for cell in held if cell in record.options), None):
                yield "region_differs", f"a part of the region lies in {wrong}"
        elif record.ask == "structure" and all(size):
            most = max((regions.areas[row] for row in mine), default=0)
            largest = [regions.boxes[4 * row : 4 * row + 4] for row in mine if regions.areas[row] == most]
            if largest and not fits(record, largest, self.home.terms.box_format):
                yield "region_differs", "the box in the question does not fit the largest region of its class"
