"""The pictures behind the records: are they there, are the keys theirs, and are any two of them equal.

Equal files are found by size, then SHA-256. Pictures that decode alike, or nearly, are found only when asked for,
since every pixel has to be read. A picture is a row of numbers here; its name is read again only if it is told.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from attrs import Factory, define, frozen

from medmat_core.audit.entries import data_no
from medmat_core.audit.faults import Faults
from medmat_core.audit.found import File
from medmat_core.audit.labels import Labels
from medmat_core.audit.numbers import Seen, contradict, hashed, runs
from medmat_core.audit.stream import StreamError, records
from medmat_core.audit.unit import Unit
from medmat_core.card import Card
from medmat_core.fileio import sha256_of
from medmat_core.images import PictureError
from medmat_core.images.headers import read_header
from medmat_core.images.near import near_pairs, perceptual
from medmat_core.tree import Names, Tree

_DICOM: Final = (".dcm", ".DCM", ".Dcm", ".dicom", ".DICOM")
_SLICE: Final = re.compile(r"(.*)-(\d{4,})")
_RENDERED: Final = "rendered/"

Pair = tuple[str, str, int]
"""(fault, sentence that ends in front of the other picture's name, row of that picture)."""


@frozen
class Shown:
    """One picture of a data set as its records name it: the file and record that name it first."""

    image: str
    file: File
    record: int
    captions: tuple[str, ...]
    asked: tuple[tuple[int, str, str, str], ...]
    """(record, key, ask, class) of every full record about it."""
    size: tuple[int | None, int | None]
    marked: frozenset[str] | None
    """The classes that its boxes mark; None for a picture that is labelled as a whole."""


@define
class Wall:
    """The pictures of one data set, a row each. 0 stands for what is not known of one."""

    files: Sequence[File]
    labels: Labels | None
    root: Path | None
    prefix: str
    images: array[int] = Factory(lambda: array("Q"))
    sizes: array[int] = Factory(lambda: array("Q"))
    parts: bytearray = Factory(bytearray)
    digests: array[int] = Factory(lambda: array("Q"))
    pixels: array[int] = Factory(lambda: array("Q"))
    marks: array[int] = Factory(lambda: array("Q"))

    def first(self, rows: Iterable[int], part: int) -> int | None:
        """The first of these rows that is of a part."""
        return next((int(row) for row in rows if self.parts[row] == part), None)


class Gallery:
    """All pictures under ``data`` (the folder given to the build) and those rendered below ``out``."""

    def __init__(self, data: Path, out: Path, faults: Faults, *, alike: bool, near: bool) -> None:
        self.data = data
        self.out = out
        self.faults = faults
        self.alike = alike
        self.near = near
        self.unseen: list[str] = []
        self.walls: dict[str, Wall] = {}

    # -- one data set -----------------------------------------------------------------------------

    def add(self, name: str, card: Card | None, labels: Labels | None, files: Sequence[File]) -> None:
        """Look at every picture of a data set: is it there, of the size told, and do its records' keys fit."""
        tree = self._tree(card)
        if tree is None and card is not None:
            self.unseen.append(f"data set {name}: no folder {card.head.folder!r} under {self.data}")
            return
        prefix = "" if tree is None else f"{tree.base.name}/{tree.prefix}"
        wall = self.walls[name] = Wall(files, labels, tree.root if tree is not None else None, prefix)
        for shown in _pictures(files, labels):
            path = self._path(shown.image)
            wall.images.append(hashed(shown.image))
            wall.parts.append(shown.file.part)
            wall.sizes.append(self._look(shown, path))
            if card is not None and tree is not None:
                self._keys(shown, card, wall)

    def _tree(self, card: Card | None) -> Tree | None:
        if card is None:
            return None
        there = Names(entry.name for entry in self.data.iterdir() if entry.is_dir())
        found = there.of(card.head.folder, card.head.aliases)
        return None if found is None else Tree(self.data / found, card.head.markers)

    def _path(self, image: str) -> Path:
        """The file that a record names: rendered below OUT, or below the parent of the data folder."""
        if image.startswith(_RENDERED) and (self.out / image).is_file():
            return self.out / image
        return self.data / image.partition("/")[2]

    def _source(self, wall: Wall, image: str) -> Path:
        """The file whose bytes count: a rendered picture's own source, where it is one whole file."""
        if image.startswith(_RENDERED) and wall.root is not None:
            for below in _sources(image):
                if "#" not in below and (wall.root / below).is_file():
                    return wall.root / below
        return self._path(image)

    def _look(self, shown: Shown, path: Path) -> int:
        where = (shown.file.shown, shown.record, shown.image)
        try:
            size = os.stat(path).st_size
            header = read_header(str(path))
        except (OSError, PictureError) as error:
            detail = error.detail if isinstance(error, PictureError) else "the picture is not there"
            self.faults.tell("missing_image", f"{path}: {detail}", *where)
            return 0
        told = shown.size
        if None not in told and told != (header.width, header.height):
            self.faults.tell(
                "picture_size", f"it is {header.width} x {header.height}, the record says {told[0]} x {told[1]}", *where
            )
        return size or 1

    def _keys(self, shown: Shown, card: Card, wall: Wall) -> None:
        below = [""]
        if shown.image.startswith(_RENDERED) and (self.out / shown.image).is_file():
            below = _sources(shown.image)
        else:
            rest = shown.image.partition("/")[2]
            if rest.startswith(wall.prefix):
                below = [rest[len(wall.prefix) :]]
        for record, key, ask, what in shown.asked:
            if key not in {key_of(card.head.slug, path, ask, what) for path in below}:
                expected = key_of(card.head.slug, below[0], ask, what)
                self.faults.tell(
                    "key_wrong", f"its key is {key}, worked out again it is {expected}", shown.file.shown, record,
                    shown.image,
                )  # fmt: skip

    # -- within a data set ------------------------------------------------------------------------

    def compare_parts(self, name: str, *, byte_equal: bool) -> None:
        """Equal pictures on both sides, and equal pictures under excluding labels, within one data set."""
        wall = self.walls.get(name)
        if wall is None:
            return
        self._hash([wall])
        told: dict[int, Pair] = {}
        digests = np.frombuffer(wall.digests, np.uint64)
        several: dict[int, list[int]] = {}
        for rows in runs(digests):
            several.update({int(row): list(map(int, rows)) for row in rows})
            train, test = wall.first(rows, 0), wall.first(rows, 1)
            if train is None or test is None:
                told[int(rows[1])] = ("copies", f"{len(rows)} files of equal bytes in one part, as", int(rows[0]))
            elif byte_equal:
                told[train] = ("picture_leak", "of equal bytes in test:", test)
        if several and wall.labels is not None and not wall.labels.several and byte_equal:
            self._contradictions(wall, several)
        if self.alike:
            told.update(self._alike(wall, told))
        self._tell(wall, told)

    def _contradictions(self, wall: Wall, several: Mapping[int, list[int]]) -> None:
        assert wall.labels is not None
        first: dict[int, Shown] = {}
        for row, shown in enumerate(_pictures(wall.files, wall.labels)):
            rows = several.get(row)
            if rows is None:
                continue
            other = first.setdefault(rows[0], shown)
            if shown.captions and other.captions and contradict(other.captions, shown.captions, wall.labels.apart):
                said, here = "; ".join(other.captions), "; ".join(shown.captions)
            elif shown.marked is not None and other.marked is not None and shown.marked != other.marked:
                said, here = "; ".join(sorted(other.marked)), "; ".join(sorted(shown.marked))
            else:
                continue
            sentence = f"equal bytes are {said!r} in {other.image}, here {here!r}"
            self.faults.tell("contradictory_picture", sentence, shown.file.shown, shown.record, shown.image)

    def _alike(self, wall: Wall, told: Mapping[int, Pair]) -> dict[int, Pair]:
        self._decode(wall)
        found: dict[int, Pair] = {}
        for rows in runs(np.frombuffer(wall.pixels, np.uint64)):
            train, test = wall.first(rows, 0), wall.first(rows, 1)
            if train is not None and test is not None and train not in told:
                found[train] = ("alike_leak", "decodes to the pixels of one in test:", test)
        if self.near:
            marks, sides = np.frombuffer(wall.marks, np.uint64), np.frombuffer(wall.parts, np.uint8)
            trains, tests = np.flatnonzero(sides == 0), np.flatnonzero(sides == 1)
            for one, other, bits in near_pairs(marks[trains], marks[tests]):
                row = int(trains[one])
                if row not in told and row not in found:
                    found[row] = ("near_leak", f"differs in {bits} of 64 bits from one in test:", int(tests[other]))
        return found

    def _tell(self, wall: Wall, told: Mapping[int, Pair]) -> None:
        if not told:
            return
        wanted = {*told, *(other for _, _, other in told.values())}
        known = {row: shown for row, shown in enumerate(_pictures(wall.files, wall.labels)) if row in wanted}
        for row, (name, sentence, other) in sorted(told.items()):
            shown = known[row]
            self.faults.tell(name, f"{sentence} {known[other].image}", shown.file.shown, shown.record, shown.image)

    # -- between the members of a subset ----------------------------------------------------------

    def compare_members(self, names: Sequence[str], subset: Unit) -> None:
        """Equal pictures of two members in one subset file, or on both sides of it."""
        walls = {name: self.walls[name] for name in names if name in self.walls}
        if len(walls) < 2:
            return
        self._hash(list(walls.values()))
        there = _rows_by_picture(subset.seen)
        columns = [np.frombuffer(wall.digests, np.uint64) for wall in walls.values()]
        owners = np.concatenate([np.full(len(c), place) for place, c in enumerate(columns)])
        offsets = np.concatenate([np.arange(len(c)) for c in columns])
        order = list(walls)
        for rows in runs(np.concatenate(columns)):
            kept = []
            for row in rows:
                name = order[int(owners[row])]
                place = there.get((name, walls[name].images[int(offsets[row])]))
                if place is not None:
                    kept.append((name, place))
            if len({name for name, _ in kept}) > 1:
                self._copies(subset, kept)

    def _copies(self, subset: Unit, kept: Sequence[tuple[str, int]]) -> None:
        seen = subset.seen
        first_name, first = kept[0]
        for name, row in kept[1:]:
            if name == first_name:
                continue
            where = f"record {seen.ids[first]} of {subset.files[seen.parts[first]]}, of data set {first_name}"
            file, record = subset.files[seen.parts[row]], int(seen.ids[row])
            if seen.parts[row] != seen.parts[first]:
                self.faults.tell("picture_leak", f"a picture of equal bytes is {where}", file, record)
            else:
                self.faults.tell("subset_copy", f"a picture of equal bytes is {where}", file, record)

    # -- reading ----------------------------------------------------------------------------------

    def _hash(self, walls: Sequence[Wall]) -> None:
        """Digests of all pictures whose size occurs twice among these data sets."""
        sizes = np.concatenate([np.frombuffer(wall.sizes, np.uint64) for wall in walls])
        values, counts = np.unique(sizes, return_counts=True)
        again = set(map(int, values[(counts > 1) & (values != 0)]))
        for wall in walls:
            if not len(wall.digests):
                wall.digests = array("Q", bytes(8 * len(wall.sizes)))
            wanted = [row for row, size in enumerate(wall.sizes) if size in again and not wall.digests[row]]
            if not wanted:
                continue
            todo = set(wanted)
            for row, shown in enumerate(_pictures(wall.files, wall.labels)):
                if row in todo:
                    try:
                        digest = sha256_of(self._source(wall, shown.image))
                    except OSError:
                        continue
                    wall.digests[row] = int(digest[:16], 16) or 1

    def _decode(self, wall: Wall) -> None:
        """Hashes of the decoded pixels, and perceptual ones where wanted."""
        from medmat_core.images.pixels import load_array

        for shown in _pictures(wall.files, wall.labels):
            pixels = mark = 0
            try:
                decoded = load_array(self._path(shown.image), None, role="image")
            except PictureError as error:
                self.faults.tell("missing_image", error.detail, shown.file.shown, shown.record, shown.image)
            else:
                raw = f"{decoded.shape}{decoded.dtype}".encode() + decoded.tobytes()
                pixels = int.from_bytes(hashlib.sha256(raw).digest()[:8], "big") or 1
                mark = perceptual(decoded) if self.near else 0
            wall.pixels.append(pixels)
            wall.marks.append(mark)


def key_of(slug: str, path: str, ask: str, what: str) -> str:
    """A record's key as the contract defines it: SHA-256 over slug, path below the root in NFC, ask and class."""
    name = unicodedata.normalize("NFC", path)
    raw = "\0".join((slug, name, ask, "" if ask == "label" else what))
    return hashlib.sha256(raw.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _sources(image: str) -> list[str]:
    """Which files below the root a rendered picture 'rendered/<slug>/<name>.png' may have been made of."""
    name = image.split("/", 2)[2].removesuffix(".png")
    found = [name]
    match = _SLICE.fullmatch(name)
    if match is not None:
        found.append(f"{match[1]}#{match[2]}")
    found.extend(name + suffix for suffix in _DICOM)
    return found


def _rows_by_picture(seen: Seen) -> dict[tuple[str, int], int]:
    """(data set, picture) -> its first row in a subset's records."""
    found: dict[tuple[str, int], int] = {}
    for row, (member, image) in enumerate(zip(seen.members, seen.images, strict=True)):
        found.setdefault((seen.names[member], image), row)
    return found


def _pictures(files: Sequence[File], labels: Labels | None) -> Iterator[Shown]:
    """The pictures of one data set's files, each once, in the order of its records."""
    for file in files:
        first: tuple[Mapping[str, Any], int] | None = None
        asked: list[tuple[int, str, str, str]] = []
        try:
            for place, raw in enumerate(records(file.path), 1):
                if not isinstance(raw, Mapping) or not isinstance(raw.get("image"), str) or not data_no(raw):
                    continue
                if first is not None and first[0]["image"] != raw["image"]:
                    yield _shown(file, first, asked, labels)
                    first, asked = None, []
                first = first or (raw, place)
                if isinstance(raw.get("key"), str):
                    captions = raw.get("captions")
                    what = str(captions[0]) if isinstance(captions, list) and captions else ""
                    asked.append((place, raw["key"], str(raw.get("ask")), what))
        except StreamError:
            pass
        if first is not None:
            yield _shown(file, first, asked, labels)


def _shown(
    file: File, first: tuple[Mapping[str, Any], int], asked: Sequence[tuple[int, str, str, str]], labels: Labels | None
) -> Shown:
    raw, record = first
    captions: tuple[str, ...] = ()
    if isinstance(raw.get("captions"), list) and raw.get("ask") == "label":
        captions = tuple(map(str, raw["captions"]))
    elif isinstance(raw.get("caption"), str) and labels is not None and not labels.regions:
        captions = labels.findings(raw["caption"])
    width, height = raw.get("width"), raw.get("height")
    size = (width if isinstance(width, int) else None, height if isinstance(height, int) else None)
    boxes = raw.get("boxes")
    marked = frozenset(boxes) if isinstance(boxes, dict) and raw.get("kind") in ("mask", "box") else None
    return Shown(raw["image"], file, record, captions, tuple(asked), size, marked)
