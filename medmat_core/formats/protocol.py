"""What an output format is: the protocol, and the values that a format is given.

A format works in two places. In a worker, :meth:`Format.items` turns one record and its picture into bytes. In the
parent, an :class:`Encoder` gets these bytes in the order of the records, in batches with the number of the first, and
writes them to files that a :class:`Folder` opens for it: each appears whole, with its hash, or not at all. Since items
come in one order whatever the number of jobs, an encoder that hangs on nothing but its items (no clock, no size of a
batch) writes the same bytes every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal, Protocol, runtime_checkable

from attrs import field, frozen

from medmat_core.errors import UsageError
from medmat_core.model import Record
from medmat_core.regions.conventions import BoxFormat

Scope = Literal["dataset", "subset", "build"]
Reply = Literal["letter", "text", "both"]
AskAs = Literal["choice", "open", "both"]

LARGEST_PICTURE = 256 << 20
"""Bytes of a picture file above which it is not read into memory."""


@frozen
class Place:
    """Which records a file holds: those of one data set, of one subset, or of the whole build; and of one part.

    ``name`` is '02' or a third party's slug for a data set, '02' for a subset, '' for a build. ``slug`` is the data
    set's, '' elsewhere.
    """

    scope: Scope
    name: str
    split: str
    slug: str = ""

    @property
    def stem(self) -> str:
        """A file name without its suffix: 'train', '02-train', 'subset-02-train'."""
        before = {"dataset": self.name, "subset": f"subset-{self.name}", "build": ""}[self.scope]
        return f"{before}-{self.split}" if before else self.split


@frozen
class Facts:
    """What is known of a data set: of its manifest, and of its card where its plugin is installed.

    ``no`` is 0 for one that is no row of Med-MAT's table; ``access`` is "" where it is not known.
    """

    no: int
    slug: str
    title: str
    subset: int
    license: str
    access: str
    source: str
    citation: str

    @property
    def name(self) -> str:
        """As files are called: '02', or the slug."""
        return f"{self.no:02d}" if self.no else self.slug


@frozen
class Told:
    """What every format is told. ``boxes`` is the convention of the build's box texts, ``options`` an instance of the
    format's own options class, ``root`` the folder that picture paths start from, as it will be called."""

    boxes: BoxFormat = "unit"
    reply: Reply = "letter"
    ask_as: AskAs = "choice"
    options: Any = None
    root: Path = field(factory=Path)
    facts: Mapping[str, Facts] = field(factory=dict)


@frozen
class Segment:
    """One region of a picture, pixel by pixel: its class, its box in the picture, and its runs as COCO counts them
    (columns from the left, each top to bottom; the first run is outside). ``area`` counts its pixels."""

    caption: str
    box: tuple[int, int, int, int]
    counts: tuple[int, ...]
    area: int


@frozen
class Picture:
    """A picture as the export holds it.

    ``image`` is its path in files: below the root with '/' separators, or absolute. ``path`` is where it lies at this
    moment. ``width`` and ``height`` are stored pixels, ``mime`` is "image/png" or the like by content. ``segments`` are
    its regions for formats that want ``masks``; none where the masks of its data set are not at hand.
    """

    image: str
    path: Path
    width: int
    height: int
    mime: str
    segments: tuple[Segment, ...] = ()

    @property
    def suffix(self) -> str:
        """'jpg', 'png' ... by content and not by name."""
        return {"image/jpeg": "jpg", "image/png": "png"}.get(self.mime, self.mime.rpartition("/")[2])

    def read(self) -> bytes:
        """The bytes of its file; ValueError where they are too many for memory."""
        size = self.path.stat().st_size
        if size > LARGEST_PICTURE:
            raise ValueError(f"{self.image}: {size} bytes are too many for a file that holds its pictures")
        return self.path.read_bytes()


@frozen
class Item:
    """What a worker made of one record for one format."""

    body: bytes
    image: str
    """The picture's path in files, for :meth:`Folder.picture`."""


@frozen
class Written:
    """A file of a format that is done. ``records`` counts its items."""

    path: str
    sha256: str
    size: int
    place: Place | None = None
    records: int = 0


class NewFile(Protocol):
    """A file that appears whole at :meth:`finish` or not at all."""

    def write(self, raw: bytes, /) -> int: ...

    def finish(self, records: int = 0, name: str = "") -> Written:
        """Let the file appear, under another ``name`` where one is given."""


class Folder(Protocol):
    """Where a format's files go. The exporter makes it, one for each format and place."""

    def create(self, name: str) -> NewFile:
        """A new file at this path below the export's folder."""

    def spool(self) -> IO[bytes]:
        """A temporary file for what has to wait; it is gone when it is closed."""

    def picture(self, image: str) -> Picture:
        """The picture of an item that this encoder was just given."""

    def classes(self, slug: str) -> tuple[str, ...]:
        """Every caption that has boxes in a data set, in any part and whatever the filters, in order of appearance."""

    def written(self) -> Sequence[Written]:
        """What this format has written so far."""

    def counts(self) -> Mapping[Place, int]:
        """How many items this format was given for each place."""


class Encoder(Protocol):
    """Writes the files of one place."""

    def add(self, first: int, items: Sequence[Item]) -> None:
        """Take the next items; ``first`` is the number of the first of them, counted from 1."""

    def close(self) -> None:
        """No more items come: finish all files."""


@frozen
class NoOptions:
    """A format without options."""


@frozen
class ByOptions:
    """``by``: a file a data set, a subset, or one over all."""

    by: Scope = "build"


@runtime_checkable
class Format(Protocol):
    """An output format. It is pickled to workers, so it holds no state; subclass :class:`BaseFormat` for defaults."""

    @property
    def name(self) -> str:
        """What ``--format`` takes."""
        raise NotImplementedError

    @property
    def about(self) -> str:
        """One line: what reads it."""
        raise NotImplementedError

    @property
    def options(self) -> type[Any]:
        """A frozen attrs class of what ``--option NAME.KEY=VALUE`` sets; every field has a default."""
        return NoOptions

    @property
    def needs(self) -> tuple[str, ...]:
        """Formats that have to stand beside it."""
        return ()

    @property
    def pictures(self) -> Literal["files", "inside"]:
        """Whether its records name picture files, or hold the pictures themselves."""
        return "files"

    @property
    def whole(self) -> bool:
        """Whether a data set's file is the build's own, with the pictures that subset files leave out."""
        return False

    @property
    def masks(self) -> bool:
        """Whether its items hold masks; they are decoded anew for it, where the data and their plugin are at hand."""
        return False

    def ready(self, told: Told) -> None:
        """Called before any work; UsageError where a library is missing, saying what to install."""
        return

    def scopes(self, told: Told) -> tuple[Scope, ...]:
        """Over what it makes files."""
        by: Scope = getattr(told.options, "by", "build")
        return (by,)

    def takes(self, record: Record, told: Told) -> bool:
        """Whether a record stands in this format at all (open records do not everywhere)."""
        return not record.is_open

    def items(self, record: Record, picture: Picture, told: Told) -> Sequence[bytes]:
        """A record in a worker as none, one or several items. ``record`` names the picture as the export does."""
        raise NotImplementedError

    def encoder(self, place: Place, folder: Folder, told: Told) -> Encoder:
        """What writes the items of a place, in the parent."""
        raise NotImplementedError

    def finish(self, folder: Folder, told: Told) -> None:
        """All places are done: write what stands beside them (an index, a card)."""
        return

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        """The records of a file of this format; UsageError where it cannot be read back."""
        raise UsageError(f"{path}: the format {self.name} is written only; read the build's records instead")


class BaseFormat(Format):
    """Defaults for a format: one file a part over the whole build, closed records alone, picture files.

    ``open_records`` says when open ones stand in it, too; "asked": with ``--ask-as open`` or ``both``.
    """

    open_records: Literal["never", "asked", "always"] = "never"

    def takes(self, record: Record, told: Told) -> bool:
        asked = self.open_records == "always" or (self.open_records == "asked" and told.ask_as != "choice")
        return asked or not record.is_open
