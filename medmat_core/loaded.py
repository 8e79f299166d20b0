"""A built folder in a program: typed records by number, with their pictures.

    >>> records = medmat_core.load("out", split="train")
    >>> len(records), records[0].record.question, records[0].picture().size

It is a map-style data set: torch's ``DataLoader`` takes it (with a ``collate_fn`` of yours), and
``datasets.Dataset.from_generator(records.rows, features=features())`` makes a table of it. Records are read from disk
when they are asked for; in memory lies where each begins.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from attrs import asdict, define, field, fields, frozen

from medmat_core.errors import UsageError
from medmat_core.fileio import open_regular
from medmat_core.model import PARTS, Record
from medmat_core.records import KEYS, Built, RecordError, record_of

if TYPE_CHECKING:
    from PIL.Image import Image


@frozen
class Example:
    """A record and where its picture lies."""

    record: Record
    path: Path

    def picture(self, mode: str | None = "RGB") -> Image:
        """The picture as stored (EXIF orientation ignored, so that boxes hold), in Pillow's ``mode``; None leaves it.

        Raises :class:`UsageError` where it is not there or cannot be decoded.
        """
        from PIL import Image

        try:
            with Image.open(self.path) as picture:
                return picture.convert(mode) if mode is not None else picture.copy()
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise UsageError(
                f"{self.path}: cannot be read as a picture: {error}; where the data folder lies neither in OUT nor "
                "beside it, give load(..., pictures=PARENT)"
            ) from None


@define(eq=False)
class Records(Sequence[Example]):
    """The records of a built folder, in the order of its files; it pickles, and each process opens files anew."""

    built: Built
    files: tuple[Path, ...]
    _starts: tuple[array[int], ...] = field(repr=False)
    _ends: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, built: Built, split: str | None = None) -> Records:
        """Look through the record files for where records begin."""
        files = tuple(built.record_files(split))
        starts = tuple(map(_starts, files))
        ends: list[int] = []
        for own in starts:
            ends.append((ends[-1] if ends else 0) + len(own))
        return cls(built, files, starts, tuple(ends))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, place: int) -> Example: ...
    @overload
    def __getitem__(self, place: slice) -> list[Example]: ...
    def __getitem__(self, place: int | slice) -> Example | list[Example]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        number = place + len(self) if place < 0 else place
        if not 0 <= number < len(self):
            raise IndexError(f"record {place} of {len(self)}")
        which = bisect_right(self._ends, number)
        at = number - (self._ends[which - 1] if which else 0)
        with open_regular(self.files[which]) as lines:
            lines.seek(self._starts[which][at])
            raw = lines.readline()
        try:
            record = record_of(json.loads(raw))
        except (TypeError, ValueError, KeyError, RecursionError) as error:
            raise RecordError(f"{self.files[which]}: line {at + 1}: {error}; build it again") from None
        return Example(record, self.built.picture(record))

    def __iter__(self) -> Iterator[Example]:
        from medmat_core.records import read_records

        for path in self.files:
            for record in read_records(path):
                yield Example(record, self.built.picture(record))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every record as a plain dict, as its line in ``records/`` reads; ``image`` is the whole path."""
        for example in self:
            body = asdict(example.record)
            owner = {"no": body.pop("no"), "slug": body.pop("slug")}
            yield {"id": body.pop("id"), "key": body.pop("key"), "dataset": owner, **body, "image": str(example.path)}


def _starts(path: Path) -> array[int]:
    found = array("Q")
    place = 0
    with open_regular(path) as lines:
        for line in lines:
            found.append(place)
            place += len(line)
    return found


def load(out: Path | str, split: str | None = None, *, pictures: Path | str | None = None) -> Records:
    """The records of a built folder (of one part: "train", "val", "test"), as a map-style data set.

    ``pictures`` is the parent of the data folder, where that lies neither in ``out`` nor beside it. Raises
    :class:`UsageError` where there is no whole build, or no such part.
    """
    if split is not None and split not in PARTS:
        raise UsageError(f"{split!r} is no part; choose from {', '.join(PARTS)}")
    return Records.of(Built.open(out, pictures=pictures), split)


def features() -> Any:
    """The columns of records as `datasets` knows them, for ``load_dataset("json", data_files="records/*-train.jsonl",
    features=features())``: an empty list has no type of its own, and data sets without boxes have nothing else there.
    """
    try:
        from datasets import Features, List, Value
    except ImportError as error:
        raise UsageError("this needs Hugging Face's datasets; run: pip install datasets") from error
    text, whole = Value("string"), Value("int64")
    by_type = {"str": text, "int": whole, "tuple[str, ...]": List(text)}
    known = {
        "dataset": {"no": whole, "slug": text},
        "boxes": List({"caption": text, "boxes": List(List(whole))}),
        **{one.name: by_type[str(one.type)] for one in fields(Record) if str(one.type) in by_type},
    }
    return Features({key: known[key] for key in KEYS})
