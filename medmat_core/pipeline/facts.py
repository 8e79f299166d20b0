"""What the first pass finds out about every picture, as columns.

A shard's facts are the names of its pictures and their numbers. The numbers of all shards are put together in the
parent, where splits and rounds are decided over a whole data set; the names are wanted again only when lines are
written, and until then they may lie in a file.
"""

from __future__ import annotations

import marshal
import zlib
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import Factory, define, frozen

from medmat_core.errors import BuildError
from medmat_core.fileio import write_bytes
from medmat_core.model import Problem
from medmat_core.pipeline.hashes import Hashes
from medmat_core.pipeline.state import Shown
from medmat_core.splits import Ledger


@define
class Regions:
    """The regions of many pictures, one entry a region, in the order of the pictures.

    ``counts`` holds the number of regions of every picture; ``classes`` places in card order; ``boxes`` four numbers
    a region, half-open pixels; ``areas`` pixels; ``cells`` the cell (0-8, row by row) with at least 60 % of the region
    or :data:`NO_CELL`; ``touched`` a bit for every cell with at least 5 % of it. ``unsure`` maps the place of a picture
    to classes that are neither present nor absent in it.
    """

    counts: array[int] = Factory(lambda: array("H"))
    classes: array[int] = Factory(lambda: array("H"))
    boxes: array[int] = Factory(lambda: array("i"))
    areas: array[float] = Factory(lambda: array("d"))
    cells: array[int] = Factory(lambda: array("B"))
    touched: array[int] = Factory(lambda: array("H"))
    unsure: dict[int, tuple[int, ...]] = Factory(dict)

    def extend(self, other: Regions) -> None:
        """Append the regions of further pictures."""
        before = len(self.counts)
        self.unsure.update((place + before, classes) for place, classes in other.unsure.items())
        for name in ("counts", "classes", "boxes", "areas", "cells", "touched"):
            getattr(self, name).extend(getattr(other, name))

    def whole(self) -> int:
        """The pictures all of whose regions are there, where the last one was interrupted."""
        count, after = len(self.counts), sum(self.counts)
        short = min(len(self.classes), len(self.boxes) // 4, len(self.areas), len(self.cells), len(self.touched))
        return count if after <= short else count - 1

    def cut(self, count: int) -> None:
        """Keep the first ``count`` pictures only."""
        del self.counts[count:]
        after = sum(self.counts)
        for name in ("classes", "areas", "cells", "touched"):
            del getattr(self, name)[after:]
        del self.boxes[4 * after :]
        self.unsure = {place: classes for place, classes in self.unsure.items() if place < count}

    def starts(self) -> npt.NDArray[np.int64]:
        """Where the regions of every picture begin; one entry more than pictures."""
        found = np.zeros(len(self.counts) + 1, np.int64)
        np.cumsum(np.frombuffer(self.counts, np.uint16), out=found[1:])
        return found


@define
class Facts:
    """The pictures of one shard, one entry a picture in every column.

    ``images`` are named as records name them; ``sources`` maps the place of a rendered picture to what it was made
    from ("scans/a.dcm", "volume.nii#0003"), below the root. ``groups`` are as the data set has them, "" where there is
    none. ``widths`` and ``heights`` are 0 where no picture was opened. ``regions`` is there for masks and boxes.
    """

    images: list[str] = Factory(list)
    sources: dict[int, str] = Factory(dict)
    groups: list[str] = Factory(list)
    widths: array[int] = Factory(lambda: array("I"))
    heights: array[int] = Factory(lambda: array("I"))
    ledger: Ledger = Factory(Ledger)
    regions: Regions | None = None
    hashes: Hashes = Factory(Hashes)

    def __len__(self) -> int:
        return len(self.images)

    def cut(self) -> None:
        """Drop a picture at which work was interrupted: it may stand in some columns and not in others."""
        ledger = self.ledger
        columns: list[Any] = [
            self.images, self.groups, self.widths, self.heights,
            ledger.keys, ledger.groups, ledger.marks, ledger.sides, ledger.named, ledger.labels,
        ]  # fmt: skip
        count = min(map(len, columns))
        if self.regions is not None:
            count = min(count, self.regions.whole())
            self.regions.cut(count)
        for column in (*columns, self.hashes.alike, self.hashes.near):
            del column[count:]
        self.sources = {place: source for place, source in self.sources.items() if place < count}

    def span(self) -> tuple[str, str]:
        """The first and the last picture by code points."""
        return (min(self.images), max(self.images)) if self.images else ("", "")


@frozen
class Shard:
    """What there is to keep of a shard: its facts, what could not be used, how many samples it had, and of those that
    are no facts how many were lost for which reason, what was rendered, and which plugins' hooks failed and how."""

    facts: Facts
    problems: tuple[Problem, ...]
    seen: int
    lost: dict[str, int]
    rendered: tuple[Shown, ...] = ()
    failed: dict[str, str] = Factory(dict)


def save_shard(file: Path, shard: Shard) -> None:
    """Leave a shard in a file; :class:`BuildError` where the disk is full."""
    body = marshal.dumps(_plain(shard))
    write_bytes(file, zlib.crc32(body).to_bytes(4, "big") + body, durable=False)


def load_shard(file: Path | str) -> Shard:
    """The shard that was left in a file; :class:`BuildError` if it is damaged."""
    try:
        raw = Path(file).read_bytes()
        if zlib.crc32(raw[4:]).to_bytes(4, "big") != raw[:4]:
            raise ValueError("its checksum is wrong")
        return _shard(marshal.loads(raw[4:]))
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise BuildError(f"{file}: cannot be read again ({error}); build without --resume") from error


_REGION_COLUMNS: Final = (
    ("counts", "H"),
    ("classes", "H"),
    ("boxes", "i"),
    ("areas", "d"),
    ("cells", "B"),
    ("touched", "H"),
)
_LEDGER_COLUMNS: Final = (("keys", "Q"), ("groups", "Q"), ("marks", "Q"), ("labels", "I"))
_LEDGER_BYTES: Final = ("sides", "named")


def _plain(shard: Shard) -> Any:
    """As marshal takes it: texts, numbers and bytes."""
    facts, ledger, regions = shard.facts, shard.facts.ledger, shard.facts.regions
    numbers = [getattr(ledger, name).tobytes() for name, _ in _LEDGER_COLUMNS]
    flags = [bytes(getattr(ledger, name)) for name in _LEDGER_BYTES]
    found = regions and ([getattr(regions, name).tobytes() for name, _ in _REGION_COLUMNS], regions.unsure)
    return (
        facts.images, facts.sources, facts.groups, facts.widths.tobytes(), facts.heights.tobytes(), numbers, flags,
        ledger.label_sets, (facts.hashes.alike.tobytes(), facts.hashes.near.tobytes()), found,
        [(p.reason, p.file, p.detail, p.row, p.dataset) for p in shard.problems], shard.seen, shard.lost,
        [(p.path, p.tie, p.sha256) for p in shard.rendered], shard.failed,
    )  # fmt: skip


def _shard(plain: Any) -> Shard:
    (
        images, sources, groups, widths, heights, numbers, flags, label_sets, hashes, regions,
        problems, seen, lost, shown, failed,
    ) = plain  # fmt: skip
    ledger = Ledger()
    for (name, code), raw in zip(_LEDGER_COLUMNS, numbers, strict=True):
        setattr(ledger, name, _column(code, raw))
    ledger.sides, ledger.named = (bytearray(raw) for raw in flags)
    for labels in label_sets:
        ledger.label_id(labels)
    found = None
    if regions is not None:
        found = Regions(unsure=regions[1])
        for (name, code), raw in zip(_REGION_COLUMNS, regions[0], strict=True):
            setattr(found, name, _column(code, raw))
    hashed = Hashes(*(_column("Q", raw) for raw in hashes))
    facts = Facts(images, sources, groups, _column("I", widths), _column("I", heights), ledger, found, hashed)
    rendered = tuple(Shown(*fields) for fields in shown)
    return Shard(facts, tuple(Problem(*fields) for fields in problems), seen, lost, rendered, failed)


def _column(code: str, raw: bytes) -> array[Any]:
    column: array[Any] = array(code)
    column.frombytes(raw)
    return column


def names_at(shards: Sequence[ShardNames], places: Sequence[int]) -> dict[int, Named]:
    """The names of the pictures at some places of a data set; only the shards that hold them are read."""
    wanted = sorted(places)
    found: dict[int, Named] = {}
    start = cursor = 0
    for shard in shards:
        end = start + shard.count
        if cursor < len(wanted) and wanted[cursor] < end:
            facts = shard.load()
            while cursor < len(wanted) and wanted[cursor] < end:
                place = wanted[cursor] - start
                found[wanted[cursor]] = Named(facts.images[place], facts.sources.get(place, ""))
                cursor += 1
        start = end
    return found


@frozen
class Named:
    """A picture as records name it, and what it was rendered from ("" where it is a file of the data set)."""

    image: str
    source: str

    def below(self, prefix: str) -> str:
        """Its path below the data set's root; ``prefix`` is what stands before that in records."""
        return self.source or self.image.removeprefix(prefix)


@frozen
class ShardNames:
    """Where a shard's facts are: in memory, or in ``file``; ``count`` pictures from ``span[0]`` to ``span[1]``."""

    index: int
    count: int
    span: tuple[str, str]
    file: str
    facts: Facts | None

    def load(self) -> Facts:
        """The facts; read from the file if they are not in memory."""
        return self.facts if self.facts is not None else load_shard(self.file).facts
