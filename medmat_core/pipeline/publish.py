"""From lines to files: in the order of pictures, numbered, written whole."""

from __future__ import annotations

import heapq
import marshal
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from medmat_core.fileio import GrowingFile
from medmat_core.pipeline.ask import Line, ShardAsked
from medmat_core.writers import Writer

_BATCH = 512


def lie_apart(spans: Sequence[tuple[str, str]]) -> bool:
    """Whether spans (first and last picture), in their order, do not reach into one another."""
    return all(one[1] < two[0] for one, two in zip(spans, spans[1:], strict=False))


def merged(shards: Sequence[ShardAsked], name: str, part: str) -> Iterator[Line]:
    """The lines of one format and part over all shards of a data set, sorted.

    Shards that do not reach into one another are read one after the other, so only one is in memory.
    """
    place = (name, part)
    with_lines = sorted((shard for shard in shards if place in shard.spans), key=lambda shard: shard.spans[place])
    streams = (lines_of(shard, place) for shard in with_lines)
    if lie_apart([shard.spans[place] for shard in with_lines]):
        return chain.from_iterable(streams)
    return heapq.merge(*streams)


def lines_of(shard: ShardAsked, place: tuple[str, str]) -> Iterator[Line]:
    """The lines of one shard for one (format, part), from memory or from its file."""
    if shard.lines is not None:
        yield from shard.lines.get(place, ())
    elif place in shard.files:
        yield from marshal.loads(Path(shard.files[place]).read_bytes())


class RecordFile:
    """One file of records, numbered from 1 as they come; it appears whole at :meth:`finish` or not at all."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self.count = 0
        self._writer = writer
        self._file = GrowingFile(path)
        self._file.write(writer.opening)

    def add(self, lines: Iterable[Line]) -> None:
        """Append records, in their order."""
        source = iter(lines)
        between = self._writer.separator
        while batch := list(islice(source, _BATCH)):
            numbered = [line[3].replace("\0", str(number), 1) for number, line in enumerate(batch, self.count + 1)]
            self._file.write((between if self.count else "") + between.join(numbered))
            self.count += len(batch)

    def finish(self) -> str:
        """Let the file appear; returns the SHA-256 of its bytes as hex."""
        self._file.write(self._writer.closing if self.count or self._writer.opening else "")
        return self._file.finish()

    def discard(self) -> None:
        """Leave nothing behind, unless the file is finished."""
        self._file.discard()


def write_records(path: Path, writer: Writer, lines: Iterable[Line]) -> str:
    """Write one file of records numbered from 1; returns its SHA-256."""
    file = RecordFile(path, writer)
    try:
        file.add(lines)
        return file.finish()
    except BaseException:
        file.discard()
        raise
