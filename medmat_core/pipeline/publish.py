"""From lines to files: in the order of pictures, numbered, written whole."""

from __future__ import annotations

import hashlib
import heapq
import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from medmat_core.fileio import GrowingFile, write_bytes
from medmat_core.pipeline.facts import ShardNames
from medmat_core.pipeline.lines import PARTS, LineMaker, PartLines
from medmat_core.pipeline.outfolder import OutFolder
from medmat_core.pipeline.rendered import Rendered
from medmat_core.pipeline.state import Shown
from medmat_core.questions.asked import Table

KEPT: Final = 60_000
"""Pictures whose names, and as many whose lines, are kept in memory; what comes after goes through files."""

_BATCH: Final = 512


def records_path(stem: str, part: str) -> str:
    """Where the full records of a data set lie below OUT."""
    return f"records/Ori--{stem}-{part}.jsonl"


def choices_path(stem: str, part: str) -> str:
    """Where a data set's records in Med-MAT's form lie below OUT."""
    return f"Original_Medical_Datasets/Ori--{stem}-{part}.json"


def subset_path(no: int, part: str) -> str:
    """Where a subset's records in Med-MAT's form lie below OUT."""
    return f"Aggregated_Subsets/Subset--{no:02d}-{part}.json"


@frozen
class Form:
    """How a text file of records begins, goes on and ends; ``start`` stands before a record's number."""

    opening: str
    separator: str
    closing: str
    middle: str


RECORDS: Final = Form("", "\n", "\n", ', "key": "')
CHOICES: Final = Form("[\n", ",\n", "\n]\n", ", ")


class NumberedFile:
    """One file of records, numbered from 1 as they come. It is begun by the first one, and appears whole at
    :meth:`finish`; without any record there is no file."""

    def __init__(self, path: Path, form: Form, claim: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self.count = 0
        self._form = form
        self._claim = claim
        self._file: GrowingFile | None = None

    def add(self, lines: Sequence[str]) -> None:
        """Append records, in their order; each lacks its beginning up to the number."""
        if not lines:
            return
        form = self._form
        if self._file is None:
            self._claim()
            self._file = GrowingFile(self.path)
            self._file.write(form.opening)
        else:
            self._file.write(form.separator)
        middle, first = form.middle, self.count + 1
        self._file.write(
            form.separator.join([f'{{"id": {number}{middle}{line}' for number, line in enumerate(lines, first)])
        )
        self.count += len(lines)

    def finish(self) -> str | None:
        """Let the file appear; returns the SHA-256 of its bytes as hex, None where there is no file."""
        if self._file is None:
            return None
        self._file.write(self._form.closing)
        return self._file.finish()

    def discard(self) -> None:
        """Leave nothing behind, unless the file is finished."""
        if self._file is not None:
            self._file.discard()


@define
class PartFiles:
    """The two files of one part of a data set."""

    records: NumberedFile
    choices: NumberedFile

    def add(self, lines: PartLines) -> None:
        """Append the lines of further pictures."""
        self.records.add(lines.records)
        self.choices.add([line for line in lines.choices if line])


def lie_apart(spans: Sequence[tuple[str, str]]) -> bool:
    """Whether spans (first and last picture), in their order, do not reach into one another."""
    return all(one[1] < two[0] for one, two in zip(spans, spans[1:], strict=False))


Row = tuple[str, str, str]
"""(picture, record, choice): a line of both files, as :class:`medmat_core.pipeline.lines.PartLines` holds them."""


@define
class Scattered:
    """Lines of shards that reach into one another: kept until all are there, in memory or in files, then merged."""

    work: Path
    room: int
    _runs: dict[str, list[Callable[[], Iterator[Row]]]] = field(factory=dict)
    _count: int = 0

    def add(self, lines: dict[str, PartLines]) -> None:
        """Keep the lines of a shard."""
        for part, some in lines.items():
            rows = list(zip(some.images, some.records, some.choices, strict=True))
            self._count += len(rows)
            run: Callable[[], Iterator[Row]]
            if self._count <= self.room:
                run = rows.__iter__
            else:
                file = self.work / f"{len(self._runs.get(part, ())):06d}-{part}.lines"
                write_bytes(file, marshal.dumps(rows), durable=False)
                run = _Spilled(file)
            self._runs.setdefault(part, []).append(run)

    def merged(self) -> Iterator[tuple[str, PartLines]]:
        """All lines in the order of pictures, some at a time, with their part."""
        for part, runs in self._runs.items():
            batch = PartLines()
            # a picture's questions are all in one shard, so nothing but the picture decides
            for image, record, choice in heapq.merge(*(run() for run in runs), key=_picture):
                batch.images.append(image)
                batch.records.append(record)
                batch.choices.append(choice)
                if len(batch) == _BATCH:
                    yield part, batch
                    batch = PartLines()
            if len(batch):
                yield part, batch


def _picture(row: Row) -> str:
    return row[0]


@frozen
class _Spilled:
    file: Path

    def __call__(self) -> Iterator[Row]:
        rows: Iterable[Row] = marshal.loads(self.file.read_bytes())
        return iter(rows)


class Publication:
    """Writes the files of one data set, in the order of its pictures; afterwards says what was written."""

    def __init__(self, place: OutFolder, stem: str, work: Path, rendered: Rendered) -> None:
        self.files: list[str] = []
        self.rendered_files: dict[str, str] = {}
        self.fingerprint = ""
        self._place, self._stem, self._rendered = place, stem, rendered
        self._scattered = Scattered(work, KEPT)
        self._parts = {
            part: PartFiles(
                NumberedFile(place.new(records_path(stem, part)), RECORDS),
                NumberedFile(place.new(choices_path(stem, part)), CHOICES),
            )
            for part in PARTS
        }

    def of(
        self, shards: Sequence[ShardNames], rendered: Sequence[Shown], decisions: bytes | bytearray, table: Table,
        maker: LineMaker,
    ) -> Iterator[int]:  # fmt: skip
        """Write; yields the number of records at every step."""
        starts = list(accumulate((shard.count for shard in shards), initial=0))
        order = sorted((n for n, shard in enumerate(shards) if shard.count), key=lambda n: shards[n].span)
        streaming = lie_apart([shards[n].span for n in order]) and not maker.shuffled
        shown = {picture.path: picture for picture in rendered}
        used: list[str] = []
        prints = hashlib.sha256()
        try:
            for number in order:
                start, end = starts[number], starts[number + 1]
                cut = table.between(start, end)
                if not len(cut):
                    continue
                facts = shards[number].load()
                places = list(dict.fromkeys(cut.places.tolist()))  # in order, and a picture may have several records
                used += [f"{facts.images[place]}\0{facts.ledger.marks[place]:x}\n" for place in places]
                for place in facts.sources.keys() & set(places):
                    self._place_rendered(shown[facts.images[place]])
                lines = maker.lines(facts, decisions[start:end], cut)
                if streaming:
                    prints.update("".join(sorted(used)).encode("utf-8", "surrogateescape"))
                    used.clear()
                    self._write(lines)
                else:
                    self._scattered.add(lines)
                yield sum(map(len, lines.values()))
            for part, some in self._scattered.merged():
                self._write({part: some})
            prints.update("".join(sorted(used)).encode("utf-8", "surrogateescape"))
            self._finish()
        finally:
            for both in self._parts.values():
                both.records.discard()
                both.choices.discard()
        self.fingerprint = prints.hexdigest()

    def _write(self, lines: dict[str, PartLines]) -> None:
        for part, some in lines.items():
            self._parts[part].add(some)

    def _finish(self) -> None:
        for part, both in self._parts.items():
            for file, path in (
                (both.records, records_path(self._stem, part)), (both.choices, choices_path(self._stem, part))
            ):  # fmt: skip
                digest = file.finish()
                if digest is not None:
                    self._place.add(path, digest)
                    self.files.append(path)

    def _place_rendered(self, picture: Shown) -> None:
        draft = self._rendered.file(picture)
        if draft.is_relative_to(self._place.work):
            self._place.add(picture.path, picture.sha256, draft)
        self.rendered_files[picture.path] = picture.sha256
