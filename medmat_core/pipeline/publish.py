"""From lines to files: merged in the order of pictures, numbered, written whole."""

from __future__ import annotations

import heapq
import marshal
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from medmat_core.fileio import write_text
from medmat_core.pipeline.ask import Line, ShardAsked
from medmat_core.writers import Writer

_BATCH = 512


def merged(shards: Sequence[ShardAsked], name: str, part: str) -> Iterator[Line]:
    """The lines of one format and part over all shards of a data set, sorted.

    Shards that do not reach into one another are read one after the other, so only one is in memory.
    """
    place = (name, part)
    with_lines = sorted((shard for shard in shards if place in shard.spans), key=lambda shard: shard.spans[place])
    apart = all(
        first.spans[place][1] < second.spans[place][0]
        for first, second in zip(with_lines, with_lines[1:], strict=False)
    )
    streams = (_lines(shard, place) for shard in with_lines)
    return chain.from_iterable(streams) if apart else heapq.merge(*streams)


def _lines(shard: ShardAsked, place: tuple[str, str]) -> Iterator[Line]:
    if shard.lines is not None:
        yield from shard.lines[place]
    else:
        yield from marshal.loads(Path(shard.files[place]).read_bytes())


def write_records(path: Path, writer: Writer, lines: Iterable[Line]) -> tuple[str, int]:
    """Write one file of records numbered from 1; returns its SHA-256 and the number of records."""
    count = 0

    def chunks() -> Iterator[str]:
        nonlocal count
        yield writer.opening
        source = iter(lines)
        between = writer.separator
        while batch := list(islice(source, _BATCH)):
            numbered = [line[3].replace("\0", str(number), 1) for number, line in enumerate(batch, count + 1)]
            yield (between if count else "") + between.join(numbered)
            count += len(batch)
        yield writer.closing if count or writer.opening else ""

    return write_text(path, chunks()), count
