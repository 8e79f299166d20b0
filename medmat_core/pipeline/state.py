"""What stands in OUT of a data set besides its records, so that others can be added without building it again.

``OUT/.medmat/SLUG.state`` holds of every picture that is in train or test: its name, its part, its group, its mark,
its labels; of every rendered picture what it was made of; and the data set's lines of problems.jsonl. It is a file of
sections, each a line of JSON (name, bytes, count) and so many bytes; numbers are little-endian. Nothing in it is run:
no pickles. Its SHA-256 stands in the manifest, so that a damaged one is told.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from operator import le
from pathlib import Path
from typing import IO, Any, Final

from attrs import Factory, define, frozen

from medmat_core.errors import UsageError
from medmat_core.fileio import GrowingFile, open_regular
from medmat_core.model import file_and_slice
from medmat_core.splits import Labels

VERSION: Final = 1
_CHUNK: Final = 2500
"""Names in one section, so that those of some pictures are read without the others."""
_NUMBERS: Final = {"groups": "Q", "marks": "Q", "labels": "I", "parts": "B", "near": "Q"}


@frozen
class About:
    """What a state says of its data set as a whole. ``no`` is 0 where there is no row number; ``relations`` are the
    card's, as JSON; ``image_prefix`` stands before a rendered picture's source, as before every picture's path."""

    slug: str
    no: int
    subset: int
    kind: str
    normal: str
    image_prefix: str
    relations: Mapping[str, Any]
    label_sets: tuple[Labels, ...] = ()

    @property
    def number(self) -> int | str:
        """The row number, or the slug where there is none."""
        return self.no or self.slug

    @property
    def file_stem(self) -> str:
        """How files name the data set."""
        return f"{self.no:02d}" if self.no else self.slug


@frozen
class Shown:
    """A rendered picture: its path below OUT, the tie to source and rule (:func:`medmat_core.pipeline.rendered.tie`),
    and the SHA-256 of its bytes, both as hex."""

    path: str
    tie: str
    sha256: str


@define(eq=False)
class State:
    """One data set's state.

    The columns have a value for every picture that is in a part, in the order of their names: ``parts`` (0 train,
    1 val, 2 test), ``groups`` (hash of seed, namespace and group), ``marks`` (equal for equal files, 0: not looked
    at), ``labels`` (index into ``about.label_sets``), and with ``--near`` ``near`` (perceptual hashes; else empty).
    """

    about: About
    file: Path
    parts: array[int] = Factory(lambda: array("B"))
    groups: array[int] = Factory(lambda: array("Q"))
    marks: array[int] = Factory(lambda: array("Q"))
    labels: array[int] = Factory(lambda: array("I"))
    near: array[int] = Factory(lambda: array("Q"))
    _chunks: list[tuple[int, int, int]] = Factory(list)

    def __len__(self) -> int:
        return len(self.parts)

    def names(self, places: Iterable[int]) -> dict[int, tuple[str, str]]:
        """Of some places: the picture as records name it, and the path of its file relative to the parent of --data.

        Only the parts of the file that hold them are read.
        """
        wanted = sorted(set(places))
        found: dict[int, tuple[str, str]] = {}
        cursor = start = 0
        with open_regular(self.file) as raw:
            for offset, size, count in self._chunks:
                if cursor < len(wanted) and wanted[cursor] < start + count:
                    raw.seek(offset)
                    texts = raw.read(size).decode("utf-8", "surrogateescape").split("\0")
                    while cursor < len(wanted) and wanted[cursor] < start + count:
                        image, source = texts[2 * (wanted[cursor] - start) :][:2]
                        file = self.about.image_prefix + file_and_slice(source)[0] if source else image
                        found[wanted[cursor]] = image, file
                        cursor += 1
                start += count
        return found

    def problems(self) -> Iterator[str]:
        """The data set's lines of problems.jsonl."""
        for name, raw in _sections(self.file, {"problems"}):
            if name == "problems":
                yield raw.decode()

    @classmethod
    def read(cls, file: Path, sha256: str, slug: str) -> State:
        """The state at ``file``, whose bytes have this SHA-256; :class:`UsageError` if it is missing or damaged."""
        digest = hashlib.sha256()
        try:
            with open_regular(file) as raw:
                state = cls._read(file, raw, digest)
            if digest.hexdigest() != sha256:
                raise ValueError("its bytes are not those that manifest.json names")
        except (
            OSError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            ArithmeticError,
            MemoryError,
            RecursionError,
        ) as error:
            raise UsageError(
                f"{file}: the state of {slug} is missing or damaged ({error}); build {slug} anew in the same command"
            ) from error
        return state

    @classmethod
    def _read(cls, file: Path, raw: IO[bytes], digest: Any) -> State:
        state: State | None = None
        while line := raw.readline(1 << 16):
            digest.update(line)
            head = json.loads(line)
            offset, size = raw.tell(), int(head["bytes"])
            body = raw.read(size)
            digest.update(body)
            name = head["section"]
            if state is None:
                about = json.loads(body)
                if name != "about" or about.pop("version") != VERSION:
                    raise ValueError("it is of another version")
                sets = tuple(tuple(tuple(names) for names in labels) for labels in about.pop("label_sets"))
                state = cls(About(**about, label_sets=sets), file)  # type: ignore[arg-type]
            elif name in _NUMBERS:
                getattr(state, name).extend(_numbers(_NUMBERS[name], body))
            elif name == "images":
                state._chunks.append((offset, size, int(head["count"])))
        if state is None:
            raise ValueError("it is empty")
        return state


@define
class StateWriter:
    """Writes the state of a data set, bit by bit. Its bytes do not hang on the order in which pictures come."""

    file: GrowingFile
    _spool: IO[bytes]
    _numbers: list[int]
    _sizes: list[int] = Factory(list)
    _last: str = ""
    _in_order: bool = True

    @classmethod
    def create(cls, path: Path, about: About) -> StateWriter:
        order = sorted(range(len(about.label_sets)), key=about.label_sets.__getitem__)
        body = {
            "version": VERSION, "slug": about.slug, "no": about.no, "subset": about.subset, "kind": about.kind,
            "normal": about.normal, "image_prefix": about.image_prefix, "relations": about.relations,
            "label_sets": [about.label_sets[number] for number in order],
        }  # fmt: skip
        numbers = [0] * len(order)
        for new, old in enumerate(order):
            numbers[old] = new
        file = GrowingFile(path)
        spool = tempfile.TemporaryFile(dir=path.parent, suffix=".spool")  # noqa: SIM115 - closed by finish or discard
        writer = cls(file, spool, numbers)
        writer._section("about", json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogateescape"), 1)
        return writer

    def images(self, names: Sequence[tuple[str, str]]) -> None:
        """The next pictures: each as records name it, and its source below the data set's root if it is rendered."""
        if not names:
            return
        if self._in_order:
            images = [image for image, _ in names]
            self._in_order = self._last <= images[0] and all(map(le, images, islice(images, 1, None)))
            self._last = images[-1]
        raw = "\0".join(chain.from_iterable(names)).encode("utf-8", "surrogateescape")
        self._spool.write(raw)
        self._sizes.append(len(raw))

    def columns(
        self,
        *,
        parts: bytes,
        groups: array[int],
        marks: array[int],
        labels: array[int],
        near: array[int] | None = None,
    ) -> None:
        """The numbers of all pictures whose names were given, in the same order."""
        names = self._names()
        columns = {"groups": groups, "marks": marks, "labels": array("I", map(self._numbers.__getitem__, labels))}
        if near is not None:
            columns["near"] = near
        if not self._in_order:  # an adapter that gives its pictures in another order than that of their paths
            every = list(names)
            order = sorted(range(len(every)), key=every.__getitem__)
            names = map(every.__getitem__, order)
            parts = bytes(map(parts.__getitem__, order))
            columns = {name: array(c.typecode, map(c.__getitem__, order)) for name, c in columns.items()}
        while some := list(islice(names, _CHUNK)):
            text = "\0".join(chain.from_iterable(some))
            self._section("images", text.encode("utf-8", "surrogateescape"), len(some))
        self._section("parts", parts, len(parts))
        for name, column in columns.items():
            numbers = array(_NUMBERS[name], column)
            if sys.byteorder == "big":
                numbers.byteswap()
            self._section(name, numbers.tobytes(), len(numbers))

    def _names(self) -> Iterator[tuple[str, str]]:
        self._spool.seek(0)
        for size in self._sizes:
            texts = self._spool.read(size).decode("utf-8", "surrogateescape").split("\0")
            yield from zip(texts[::2], texts[1::2], strict=True)

    def rendered(self, pictures: Iterable[Shown]) -> None:
        """The data set's rendered pictures, in any order."""
        some = sorted(pictures, key=lambda picture: picture.tie)
        if some:
            self._section("ties", b"".join(bytes.fromhex(picture.tie)[:8] for picture in some), len(some))
            self._section("shown", b"".join(bytes.fromhex(picture.sha256) for picture in some), len(some))

    def problems(self, lines: Iterable[str]) -> None:
        """The data set's lines of problems.jsonl."""
        for line in lines:
            self._section("problems", line.encode(), 1)

    def finish(self) -> str:
        """Let the file appear; returns the SHA-256 of its bytes as hex."""
        self._spool.close()
        return self.file.finish()

    def discard(self) -> None:
        """Leave nothing behind, unless the file is finished."""
        self._spool.close()
        self.file.discard()

    def _section(self, name: str, body: bytes, count: int) -> None:
        head = json.dumps({"section": name, "bytes": len(body), "count": count})
        self.file.append(head.encode() + b"\n" + body)


@frozen
class Ties:
    """The rendered pictures of a standing data set: by the tie to source and rule, the SHA-256 of the picture."""

    ties: array[int]
    shown: bytes

    def sha256_of(self, tie: str) -> str | None:
        """The SHA-256 of the picture that was made by this tie, as hex."""
        wanted = int(tie[:16], 16)
        place = bisect_left(self.ties, wanted)
        if place == len(self.ties) or self.ties[place] != wanted:
            return None
        return self.shown[32 * place : 32 * place + 32].hex()


@lru_cache(maxsize=2)
def ties_of(file: Path, sha256: str) -> Ties:
    """The ties in a state, remembered by the worker; none if it is damaged: then pictures are rendered anew."""
    found = {"ties": b"", "shown": b""}
    try:
        with open_regular(file) as raw:
            if hashlib.file_digest(raw, "sha256").hexdigest() != sha256:
                return Ties(array("Q"), b"")
        for name, body in _sections(file, set(found)):
            found[name] += body
    except (OSError, ValueError):
        return Ties(array("Q"), b"")
    big = array("Q", found["ties"])
    if sys.byteorder == "little":
        big.byteswap()  # ties sort as their hex does
    return Ties(big, found["shown"])


def _sections(file: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    with open_regular(file) as raw:
        while line := raw.readline(1 << 16):
            head = json.loads(line)
            if head["section"] in wanted:
                yield head["section"], raw.read(head["bytes"])
            else:
                raw.seek(head["bytes"], 1)


def _numbers(kind: str, body: bytes) -> array[int]:
    numbers = array(kind, body)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
