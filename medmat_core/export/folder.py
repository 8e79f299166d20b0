"""The folder that an export makes: beside its place under a name of its own, and whole when it gets there.

While it is made it is called ``DIR.part-HOST-PID``, so that nothing half made is taken for a whole one. What an export
of before left there by being killed is told by the mark in it, and removed. In a finished folder the mark lists every
file, so that an export may take the place of one before it, and of nothing else.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from medmat_core.errors import UsageError
from medmat_core.fileio import GrowingFile, failed, read_regular, sha256_of, write_text
from medmat_core.formats.protocol import Picture, Place, Written

if TYPE_CHECKING:
    from typing_extensions import Buffer

MARK: Final = ".medmat-export.json"
"""Lies in every folder that an export made; lists its files."""

_PART: Final = ".part-"


@frozen
class Kind:
    """What makes a folder: ``mark`` is the file that lies in it and lists its files, ``maker`` is told in messages."""

    mark: str
    maker: str


EXPORT: Final = Kind(MARK, "export")


@define
class ExportFolder:
    """``to`` and the folder that becomes it."""

    to: Path
    stage: Path
    files: dict[str, str] = field(factory=dict)
    kind: Kind = EXPORT

    @classmethod
    def begin(cls, to: Path, kind: Kind = EXPORT) -> ExportFolder:
        """A folder to fill. Raises :class:`UsageError` where ``to`` holds anything that none of its kind wrote."""
        to = Path(os.path.abspath(to))
        check_free(to, kind, whole=True)
        host = re.sub(r"\W+", "-", socket.gethostname()) or "host"
        stage = to.with_name(f"{to.name}{_PART}{host}-{os.getpid()}")
        try:
            _sweep(to, host, kind)
            stage.mkdir(parents=True)
            write_text(stage / kind.mark, ["{}\n"])
        except OSError as error:
            raise failed(stage, error) from error
        return cls(to, stage, kind=kind)

    def write_text(self, name: str, text: str) -> None:
        """A small file of the export's own."""
        self.files[name] = write_text(self.stage / name, [text])

    def finish(self, about: Mapping[str, Any], pictures: Collection[str]) -> None:
        """Let the folder get its place. ``pictures`` are the folders of pictures below it."""
        body = {**about, "files": dict(sorted(self.files.items())), "folders": sorted(pictures)}
        write_text(self.stage / self.kind.mark, [json.dumps(body, ensure_ascii=False, indent=1) + "\n"])
        before = self.to.with_name(f"{self.stage.name}-before")
        try:
            check_free(self.to, self.kind)  # it may have been filled while we worked
            if self.to.exists() or self.to.is_symlink():
                os.replace(self.to, before)
            os.replace(self.stage, self.to)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.replace(before, self.to)
            raise failed(self.to, error) from error
        shutil.rmtree(before, ignore_errors=True)

    def discard(self) -> None:
        """Leave nothing behind, unless it is finished."""
        shutil.rmtree(self.stage, ignore_errors=True)


def check_free(to: Path, kind: Kind = EXPORT, *, whole: bool = False) -> None:
    """Raise :class:`UsageError` where ``to`` holds what none of the kind wrote, or, with ``whole``, what was changed
    since (pictures, which are links to the data's own, are not looked into)."""
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise UsageError(f"{to}: there is a file or link of that name; choose another folder")
    try:
        entries = sorted(entry.name for entry in os.scandir(to))
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{to}: cannot be read: {error.strerror or error}") from None
    if not entries:
        return
    foreign = _foreign(to, entries, kind)
    if foreign:
        raise UsageError(f"{to}: holds {foreign}, which no {kind.maker} wrote; choose an empty or a new folder")
    changed = _changed(to, kind) if whole else ""
    if changed:
        raise UsageError(f"{to}: {changed} was changed since; move it away, or choose an empty or a new folder")


def _changed(to: Path, kind: Kind) -> str:
    """A file of the kind that is not as it was written; "" where there is none. One that is gone may be gone."""
    for name, digest in json.loads(read_regular(to / kind.mark))["files"].items():
        try:
            if digest and sha256_of(to / name) != digest:
                return str(name)
        except FileNotFoundError:
            continue
        except OSError:  # a pipe in its place, say
            return str(name)
    return ""


def _foreign(to: Path, entries: Sequence[str], kind: Kind) -> str:
    """A file in a folder that none of the kind wrote; "" where there is none."""
    try:
        told = json.loads(read_regular(to / kind.mark))
        files = set(told["files"].keys())
        # what names no folder would stand for every file, also those that somebody put into a folder from elsewhere
        folders = tuple(name for name in told["folders"] if type(name) is str and name[:-1] and name.endswith("/"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return next((name for name in entries if name != kind.mark), kind.mark)
    for where, _, names in os.walk(to):
        for name in names:
            path = Path(where, name).relative_to(to).as_posix()
            if path != kind.mark and path not in files and not path.startswith(folders or ("\0",)):
                return path
    return ""


def _sweep(to: Path, host: str, kind: Kind) -> None:
    """Remove what exports to this place left that were killed on this machine."""
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(to.parent):
            found = re.fullmatch(re.escape(f"{to.name}{_PART}{host}-") + r"(\d+)", entry.name)
            if found and (Path(entry.path) / kind.mark).is_file() and not _alive(int(found[1])):
                shutil.rmtree(entry.path, ignore_errors=True)


def _alive(number: int) -> bool:
    if number == os.getpid():
        return False  # a number used again: this process has no other export under way
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class ExportFile(io.RawIOBase):
    """A :class:`~medmat_core.formats.protocol.NewFile`; also a file that libraries write to, which they may close:
    :meth:`finish` lets it appear."""

    def __init__(self, folder: FormatFolder, name: str, place: Place | None) -> None:
        self._folder, self._name, self._place = folder, name, place
        self._file = GrowingFile(folder.export.stage / name)

    def write(self, raw: Buffer, /) -> int:
        data = bytes(raw)
        self._file.append(data)
        return len(data)

    def tell(self) -> int:
        return self._file.size

    def writable(self) -> bool:
        return True

    def finish(self, records: int = 0, name: str = "") -> Written:
        if name:
            self._file.path = self._folder.export.stage / name
            del self._folder.export.files[self._name]
        written = Written(name or self._name, self._file.finish(), self._file.size, self._place, records)
        self._folder.take(written)
        return written

    def discard(self) -> None:
        self._file.discard()


@define(eq=False)
class FormatFolder:
    """What one format sees of the export's folder, at one place or (to finish) over all."""

    export: ExportFolder
    all_classes: Mapping[str, tuple[str, ...]]
    done: list[Written]
    given: dict[Place, int]
    place: Place | None = None
    shown: dict[str, Picture] = field(factory=dict)
    open_files: list[ExportFile] = field(factory=list)

    def create(self, name: str) -> ExportFile:
        pure = Path(name)
        if pure.is_absolute() or ".." in pure.parts or name in self.export.files or name.startswith("images/"):
            raise UsageError(f"a format writes {name!r}, which is taken or leaves the folder; mend the format")
        self.export.files[name] = ""
        file = ExportFile(self, name, self.place)
        self.open_files.append(file)
        return file

    def spool(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self.export.stage)

    def picture(self, image: str) -> Picture:
        return self.shown[image]

    def classes(self, slug: str) -> tuple[str, ...]:
        return self.all_classes.get(slug, ())

    def written(self) -> Sequence[Written]:
        return tuple(self.done)

    def counts(self) -> Mapping[Place, int]:
        return self.given

    def take(self, written: Written) -> None:
        """A file is done."""
        self.export.files[written.path] = written.sha256
        self.done.append(written)

    def discard(self) -> None:
        """Drop what was not finished."""
        for file in self.open_files:
            file.discard()
