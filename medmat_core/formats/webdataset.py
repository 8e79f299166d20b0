"""WebDataset shards: a sample is a picture with the list of its records, so no picture stands twice."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from medmat_core.errors import UsageError
from medmat_core.formats.jsonl import ID, line
from medmat_core.formats.lines import positive
from medmat_core.formats.protocol import BaseFormat, Folder, Item, NewFile, Picture, Place, Scope, Told
from medmat_core.model import Record


@frozen
class WebdatasetOptions:
    """``by``: shards over all, or of each data set or subset; ``samples``: pictures a shard."""

    by: Scope = "build"
    samples: int = field(default=1000, validator=positive)


class WebdatasetFormat(BaseFormat):
    """``webdataset/png/train-00000.tar``: ``KEY.png`` and ``KEY.json``, about a thousand pictures a shard.

    A set of shards has one extension (its folder's name): readers that take the types of the first sample for those
    of all lose the others. KEY is 16 hex digits of the picture's path. KEY.json: ``key``, ``image``, ``width``,
    ``height`` and ``records``, each as in ``records/`` less its ``id``.
    """

    name = "webdataset"
    about = "webdataset and `datasets`: tar shards, a sample a picture with its records"
    options = WebdatasetOptions
    pictures = "inside"
    open_records = "always"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        return [("{" + line(record).removeprefix(f'{{"id": {ID}, ')).encode()]

    def encoder(self, place: Place, folder: Folder, told: Told) -> _Tars:
        return _Tars(place, folder, told.options.samples)

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        """The records of a shard, picture by picture."""
        try:
            with tarfile.open(path, "r:") as shard:
                for member in shard:
                    if member.name.endswith(".json"):
                        inside = shard.extractfile(member)
                        assert inside is not None
                        yield from json.load(inside)["records"]
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: not a shard of medmat: {error}") from None


class _Tars:
    """The shards of a place, a set for each extension."""

    def __init__(self, place: Place, folder: Folder, samples: int) -> None:
        self._place, self._folder, self._samples = place, folder, samples
        self._sets: dict[str, _Set] = {}
        self._picture: Picture | None = None
        self._records: list[bytes] = []

    def add(self, first: int, items: Sequence[Item]) -> None:
        for item in items:
            if self._picture is None or item.image != self._picture.image:
                self._end_picture()
                self._picture, self._records = self._folder.picture(item.image), []
            self._records.append(item.body)

    def _end_picture(self) -> None:
        picture = self._picture
        if picture is None:
            return
        suffix = picture.suffix
        if suffix not in self._sets:
            self._sets[suffix] = _Set(f"webdataset/{suffix}/{self._place.stem}", self._folder, self._samples)
        key = hashlib.sha256(picture.image.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        head = {"key": key, "image": picture.image, "width": picture.width, "height": picture.height}
        text = json.dumps(head, ensure_ascii=False)[:-1].encode("utf-8", "backslashreplace")
        body = text + b', "records": [' + b", ".join(self._records) + b"]}"
        self._sets[suffix].add(key, suffix, picture.read(), body, len(self._records))

    def close(self) -> None:
        self._end_picture()
        for shards in self._sets.values():
            shards.end()


class _Set:
    """Shards of one extension, one after the other."""

    def __init__(self, stem: str, folder: Folder, samples: int) -> None:
        self._stem, self._folder, self._samples = stem, folder, samples
        self._number = self._count = self._records = 0
        self._file: NewFile | None = None

    def add(self, key: str, suffix: str, picture: bytes, body: bytes, records: int) -> None:
        if self._count == self._samples:
            self.end()
        if self._file is None:
            self._file = self._folder.create(f"{self._stem}-{self._number:05d}.tar")
        self._file.write(_member(f"{key}.{suffix}", picture) + _member(f"{key}.json", body))
        self._count += 1
        self._records += records

    def end(self) -> None:
        if self._file is not None:
            self._file.write(bytes(2 * tarfile.BLOCKSIZE))
            self._file.finish(self._records)
            self._number += 1
        self._file, self._count, self._records = None, 0, 0


def _member(name: str, raw: bytes) -> bytes:
    """One file of a tar: owner, rights and time are always the same."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(raw), 0o644, 0
    whole = io.BytesIO()
    whole.write(info.tobuf(tarfile.USTAR_FORMAT))
    whole.write(raw)
    whole.write(bytes(-len(raw) % tarfile.BLOCKSIZE))
    return whole.getvalue()
