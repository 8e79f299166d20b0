"""Parquet as the Hugging Face Hub and `datasets` like it: pictures inside, features in the schema, and a card."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from medmat_core.errors import UsageError
from medmat_core.formats.card import Config, card_text
from medmat_core.formats.lines import columns, dumped, positive, write_whole
from medmat_core.formats.protocol import BaseFormat, Folder, Item, NewFile, Picture, Place, Scope, Told
from medmat_core.model import Record

ROWS: Final = 100
"""Rows of a group at most: the Hub's viewer reads whole groups."""

GROUP_BYTES: Final = 200 << 20
"""Bytes of pictures in a group at most; the viewer gives up at 286 MiB."""


@frozen
class HfOptions:
    """``by``: one set of files over all, or one (a config of its own) a data set or subset; ``rows``: records a
    file."""

    by: Scope = "build"
    rows: int = field(default=5000, validator=positive)


FEATURES: Final[Mapping[str, Any]] = {
    "image": {"_type": "Image"},
    "key": "string",
    "round": "string",
    "dataset": "string",
    "no": "int32",
    "subset": "int32",
    "group": "string",
    "kind": "string",
    "ask": "string",
    "captions": ["string"],
    "question": "string",
    "answer": "string",
    "options": ["string"],
    "answer_index": "int32",
    "width": "int32",
    "height": "int32",
    "boxes": [{"category": "string", "bbox": ["int32"]}],
}
"""The columns: a type, a list of one, or a list of a struct. ``boxes`` are [x1, y1, x2, y2] in pixels, half-open."""


class HfFormat(BaseFormat):
    """``hf/data/train-00000-of-00002.parquet`` and ``hf/README.md``; no value is null."""

    name = "hf"
    about = "`datasets`, the Hugging Face Hub: parquet with the pictures inside, and a dataset card"
    options = HfOptions
    pictures = "inside"
    open_records = "always"

    def ready(self, told: Told) -> None:
        _pyarrow()

    def items(self, record: Record, picture: Picture, told: Told) -> Sequence[bytes]:
        boxes = [{"category": found.caption, "bbox": box} for found in record.boxes for box in found.boxes]
        own = {"dataset": record.slug, "width": picture.width, "height": picture.height, "boxes": boxes}
        return [dumped(columns(record, [name for name in FEATURES if name != "image"], own))]

    def encoder(self, place: Place, folder: Folder, told: Told) -> _Shards:
        return _Shards(place, folder, told.options.rows)

    def finish(self, folder: Folder, told: Told) -> None:
        write_whole(folder, "hf/README.md", card_text(configs_of(folder, "hf/"), told, FEATURES).encode())

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        _, parquet = _pyarrow()
        try:
            file = parquet.ParquetFile(path)
            for batch in file.iter_batches(batch_size=ROWS):
                yield from batch.to_pylist()
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: cannot be read as parquet: {error}") from None


def configs_of(folder: Folder, below: str) -> list[Config]:
    """The configs of a card whose paths start at ``below``: one over all, and one for each data set or subset."""
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for file in folder.written():
        if file.place is not None and file.path.endswith(".parquet"):
            found[_config(file.place)][file.place.split].append(file)
    configs = [
        Config(
            name,
            {split: [file.path.removeprefix(below) for file in files] for split, files in splits.items()},
            {split: (sum(f.records for f in files), sum(f.size for f in files)) for split, files in splits.items()},
        )
        for name, splits in found.items()
    ]
    if len(configs) > 1:
        configs.insert(0, Config.over(configs))
    return configs


def _config(place: Place) -> str:
    return {"build": "default", "dataset": place.slug, "subset": f"subset-{place.name}"}[place.scope]


class _Shards:
    """Parquet files of a fixed number of records; how many there are is known at the end, so names come then."""

    def __init__(self, place: Place, folder: Folder, rows: int) -> None:
        self._folder, self._rows = folder, rows
        self._stem = "hf/data/" + ("" if place.scope == "build" else f"{_config(place)}/") + place.split
        self._pa, self._parquet = _pyarrow()
        self._schema = _schema(self._pa)
        self._open: list[tuple[NewFile, int]] = []
        self._file: NewFile | None = None
        self._writer: Any = None
        self._count = 0
        self._batch: list[dict[str, Any]] = []
        self._bytes = 0

    def add(self, first: int, items: Sequence[Item]) -> None:
        for item in items:
            raw = self._folder.picture(item.image).read()
            if self._batch and (len(self._batch) == ROWS or self._bytes + len(raw) > GROUP_BYTES):
                self._flush()
            if self._count == self._rows:
                self._end()
            self._batch.append({"image": {"bytes": raw, "path": item.image}, **json.loads(item.body)})
            self._bytes += len(raw)
            self._count += 1

    def _flush(self) -> None:
        if self._writer is None:
            self._file = self._folder.create(f"{self._stem}-{len(self._open):05d}.parquet")
            self._writer = self._parquet.ParquetWriter(self._pa.PythonFile(self._file, "w"), self._schema)
        if self._batch:
            self._writer.write_table(self._pa.Table.from_pylist(self._batch, self._schema))
        self._batch, self._bytes = [], 0

    def _end(self) -> None:
        self._flush()
        self._writer.close()
        assert self._file is not None
        self._open.append((self._file, self._count))
        self._writer, self._count = None, 0

    def close(self) -> None:
        if self._count:
            self._end()
        for number, (file, count) in enumerate(self._open):
            file.finish(count, f"{self._stem}-{number:05d}-of-{len(self._open):05d}.parquet")


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError("--format hf needs pyarrow; run: pip install 'medmat-core[parquet]'") from error
    return pyarrow, pyarrow.parquet


def _schema(pa: Any) -> Any:
    """The Arrow schema, with the features in its metadata as `datasets` looks for them."""

    def arrow(kind: Any) -> Any:
        if isinstance(kind, list):
            return pa.list_(arrow(kind[0]))
        if isinstance(kind, dict):
            if kind.get("_type") == "Image":
                return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
            return pa.struct([(name, arrow(inner)) for name, inner in kind.items()])
        return getattr(pa, kind)()

    def feature(kind: Any) -> Any:
        if isinstance(kind, list):
            inner = feature(kind[0])
            # read alike by versions before and after `List`
            return [inner] if isinstance(kind[0], dict) else {"feature": inner, "_type": "Sequence"}
        if isinstance(kind, dict):
            return kind if "_type" in kind else {name: feature(inner) for name, inner in kind.items()}
        return {"dtype": kind, "_type": "Value"}

    features = {name: feature(kind) for name, kind in FEATURES.items()}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([(name, arrow(kind)) for name, kind in FEATURES.items()], metadata=metadata)
