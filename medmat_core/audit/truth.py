"""What the data set itself says of its pictures, found again from --data, and records held against it.

This half of the audit is not independent of the builder: adapters, mask decoders and the inspector are the build's own,
run again in the same engine. What it finds is what went wrong between them and the records, or in the records since.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

from medmat_core.audit.home import Home
from medmat_core.audit.regions import Told
from medmat_core.audit.seen import hashed
from medmat_core.dataset import Dataset
from medmat_core.folders import open_tree
from medmat_core.images import PictureError
from medmat_core.model import PixelBox, Record
from medmat_core.pipeline.context import Context, unpacked
from medmat_core.pipeline.engines import Engine, InProcess
from medmat_core.pipeline.facts import Regions
from medmat_core.pipeline.inspection import ShardDone, Task, inspect_shard
from medmat_core.pipeline.rendered import Rendered
from medmat_core.pipeline.source import shards
from medmat_core.regions.words import CELLS, NO_CELL, coverage_text, steps_of
from medmat_core.splits import Ledger


@frozen
class Look:
    """A shard to look at; ``near``: decode its pictures and hash what they show."""

    task: Task
    near: bool


@frozen
class Looked:
    """What was found of a shard; of every picture, with ``near``, its perceptual hash and that of its pixels."""

    done: ShardDone
    near: array[int]
    pixels: array[int]


def look_shard(look: Look) -> Looked:
    """Find out about every picture of a shard as a build does."""
    done = inspect_shard(look.task)
    near, pixels = array("Q"), array("Q")
    if look.near:
        context = look.task.context if isinstance(look.task.context, Context) else unpacked(look.task.context)
        made = {shown.path: context.rendered.file(shown) for shown in done.rendered}
        for image in done.names.load().images:
            path = made.get(image) or context.root / image.removeprefix(context.image_prefix)
            for column, value in zip((near, pixels), _marks(path), strict=True):
                column.append(value)
    return Looked(done, near, pixels)


def _marks(path: Path) -> tuple[int, int]:
    """(perceptual hash, hash of the pixels) of a picture; zeros where it cannot be decoded."""
    import zlib

    from medmat_core.images.near import perceptual
    from medmat_core.images.pixels import load_array

    try:
        decoded = load_array(path, role="image")
    except PictureError:
        return 0, 0
    near = perceptual(decoded)
    # half of the bits are those of the hash, which equal pixels share: what is found is a note that names both
    shape = f"{decoded.shape}{decoded.dtype}".encode()
    exact = zlib.crc32(np.ascontiguousarray(decoded).data, zlib.crc32(shape)) << 32 | near & 0xFFFFFFFF
    return near, exact or 1


@define(eq=False)
class Truth:
    """The pictures of one data set as columns; ``images`` are hashes of their names, ``marks`` equal for equal files
    (0: not looked at), ``rendered`` the SHA-256 of every rendered picture."""

    home: Home
    images: array[int] = field(factory=lambda: array("Q"))
    groups: array[int] = field(factory=lambda: array("Q"))
    widths: array[int] = field(factory=lambda: array("I"))
    heights: array[int] = field(factory=lambda: array("I"))
    near: array[int] = field(factory=lambda: array("Q"))
    pixels: array[int] = field(factory=lambda: array("Q"))
    ledger: Ledger = field(factory=Ledger)
    regions: Regions | None = None
    rendered: dict[str, str] = field(factory=dict)
    _order: npt.NDArray[Any] = field(init=False, repr=False)
    _sorted: npt.NDArray[Any] = field(init=False, repr=False)
    _starts: npt.NDArray[Any] | None = field(init=False, default=None, repr=False)
    _absent: dict[int, frozenset[str]] = field(factory=dict, repr=False)

    @classmethod
    def of(cls, home: Home, dataset: Dataset, data: Path, work: Path, *, seed: int, verify: str, engine: Engine,
           decoders: tuple[str, ...], near: bool) -> Truth | None:  # fmt: skip
        """What lies under ``data``; None where the data set's folder is not there. ``work`` is an empty folder."""
        tree = open_tree(dataset.card.head, data)
        if tree is None:
            return None
        card = dataset.card
        prefix = f"{data.name}/{tree.base.relative_to(data).as_posix()}/{tree.prefix}"
        context = Context(
            card=card, no=dataset.no, slug=dataset.slug, root=tree.root, image_prefix=prefix, work=work,
            rendered=Rendered(work, work, dataset.slug), seed=seed, verify="none" if verify == "none" else "header",
            region_plugins=decoders,
        )  # fmt: skip
        packed = context if isinstance(engine, InProcess) else context.packed()
        found = cls(home, regions=Regions() if card.kind in ("mask", "box") else None)
        shards_ = enumerate(shards(dataset, tree, "full" if near else context.verify, lambda problems: None))
        looks = (Look(Task(packed, index, samples, True, False), near) for index, (samples, _) in shards_)
        for looked in engine.map(look_shard, looks):
            found._extend(looked, context)
        found._close()
        return found

    def _extend(self, looked: Looked, context: Context) -> None:
        done, facts = looked.done, looked.done.names.load()
        self.images.extend(map(hashed, facts.images))
        self.groups.extend(hashed(f"{self.home.namespace}:{group}") if group else 0 for group in facts.groups)
        self.widths.extend(done.widths)
        self.heights.extend(done.heights)
        self.near.extend(looked.near)
        self.pixels.extend(looked.pixels)
        self.ledger.extend(done.ledger)
        if self.regions is not None and done.regions is not None:
            self.regions.extend(done.regions)
        for shown in done.rendered:
            self.rendered[shown.path] = shown.sha256
            context.rendered.draft(shown.tie).unlink(missing_ok=True)

    def _close(self) -> None:
        images = np.frombuffer(self.images, np.uint64) if self.images else np.empty(0, np.uint64)
        self._order = np.argsort(images, kind="stable")
        self._sorted = images[self._order]
        if self.regions is not None:
            self._starts = self.regions.starts()

    def place(self, image: int) -> int:
        """The place of a picture by the hash of its name, -1 where the data set has none such."""
        at = int(np.searchsorted(self._sorted, np.uint64(image)))
        return int(self._order[at]) if at < len(self._sorted) and int(self._sorted[at]) == image else -1

    # -- records against it -------------------------------------------------------------------------------------

    def faults(self, record: Record) -> Iterator[Told]:
        """What a record says otherwise than its data set."""
        place = self.place(hashed(record.image))
        if place < 0:
            yield "picture_unknown", "the adapter gives no such picture, or it cannot be read"
            return
        size = (self.widths[place], self.heights[place])
        if all(size) and (record.width, record.height) not in (size, (0, 0)):
            yield "picture_size", f"it is {size[0]} x {size[1]}, the record says {record.width} x {record.height}"
        if self.groups[place] != (hashed(record.group) if record.group else 0):
            yield "group_differs", f"the record says {record.group!r}, the data set another group"
        if record.ask == "label":
            yield from self._label(record, self.ledger.labels[place])
        elif self.regions is not None:
            yield from self._regions(record, place)

    def _label(self, record: Record, number: int) -> Iterator[Told]:
        stated, uncertain, _ = self.ledger.label_sets[number]
        said = record.captions
        same = set(said) == set(stated)
        if self.home.terms.as_published:
            same = record.answer == self.home.meaning.worded(stated)
        if not same:
            yield "label_differs", f"the record says {'; '.join(said)!r}, the data set {'; '.join(stated)!r}"
            return
        for option in record.options:
            if option == record.answer:
                continue
            if not self.home.meaning.several:
                if option in uncertain:
                    yield "distractor_true", f"the data set holds {option!r} to be uncertain"
            elif not self.home.terms.as_published and not self._opposed(number, option):
                yield "distractor_true", f"nothing of {option!r} is certainly absent by the data set's own table"

    def _opposed(self, number: int, option: str) -> bool:
        """Whether a finding of the option is certainly absent: then the option is certainly wrong."""
        absent = self._absent.get(number)
        if absent is None:
            absent = self._absent[number] = self.home.meaning.absent(*self.ledger.label_sets[number])
        return not absent.isdisjoint(self.home.meaning.findings(option))

    def _regions(self, record: Record, place: int) -> Iterator[Told]:
        regions, starts = self.regions, self._starts
        assert regions is not None and starts is not None
        captions = self.home.card.captions
        rows = range(int(starts[place]), int(starts[place + 1]))
        own: dict[str, list[PixelBox]] = {}
        for row in sorted(rows, key=lambda row: regions.classes[row]):
            x1, y1, x2, y2 = regions.boxes[4 * row : 4 * row + 4]
            own.setdefault(captions[regions.classes[row]], []).append((x1, y1, x2, y2))
        if [(some.caption, list(some.boxes)) for some in record.boxes] != list(own.items()):
            listed = {some.caption: [list(box) for box in some.boxes] for some in record.boxes}
            found = {name: [list(box) for box in boxes] for name, boxes in own.items()}
            yield "boxes_differ", f"the record lists {listed!s:.150}, the data set has {found!s:.150}"
            return
        caption = record.captions[0] if record.captions else ""
        unsure = {captions[name] for name in regions.unsure.get(place, ())} - own.keys()
        if record.ask in ("presence", "structure") and unsure & {caption, *record.options}:
            yield "region_differs", f"nobody can tell whether {', '.join(sorted(unsure))} is there"
        mine = [row for row in rows if captions[regions.classes[row]] == caption]
        if record.ask == "coverage":
            share = 100 * sum(regions.areas[row] for row in mine) / (record.width * record.height)
            if coverage_text(share) != record.answer:
                yield "region_differs", f"the answer is {record.answer}, the data set's {caption!r} covers {share:.2f}%"
        elif record.ask == "location" and len(mine) == 1:
            cell, touched = regions.cells[mine[0]], regions.touched[mine[0]]
            if cell == NO_CELL or CELLS[cell] != record.answer:
                lies = "mostly in no cell" if cell == NO_CELL else CELLS[cell]
                yield "region_differs", f"the answer is {record.answer}, the region lies {lies}"
            held = [c for c in record.options if c in CELLS and c != record.answer and touched >> CELLS.index(c) & 1]
            if held:
                yield "region_differs", f"a part of the region lies in {held[0]}"
        elif record.ask == "structure" and mine:
            yield from self._largest(record, mine)

    def _largest(self, record: Record, mine: list[int]) -> Iterator[Told]:
        """The class's largest region is the one that the question's box must fit."""
        from medmat_core.rounds.structure import close

        assert self.regions is not None
        regions, fmt = self.regions, self.home.terms.box_format
        named = self.home.regions.read_boxes(self.home.instructions.asked_box(record))
        most = max(regions.areas[row] for row in mine)
        boxes = np.array([regions.boxes[4 * row : 4 * row + 4] for row in mine if regions.areas[row] == most], np.int32)
        printed = steps_of(boxes[None], np.array([[record.width, record.height]], np.int64), fmt)[0].astype(np.int64)
        if len(named) == 1 and not close(printed, np.array(named, np.int64)).any():
            yield "region_differs", "the box in the question does not fit the largest region of its class"


def rendered_faults(truth: Truth, digests: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(sentence, file): rendered pictures whose bytes, by the manifest, are not those that their source renders to."""
    for path, digest in truth.rendered.items():
        if path in digests and digests[path] != digest:
            yield "its source renders to other bytes now", path
