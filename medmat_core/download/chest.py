"""An archive and the folder it is unpacked into: what every member has to pass, whatever the format."""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path
from typing import IO, Final, NoReturn

from medmat_core.download import space
from medmat_core.download.names import readable, safe_name
from medmat_core.download.progress import Progress
from medmat_core.errors import DownloadError

FLOOR: Final = 1 << 30
RATIO: Final = 100
"""An archive may hold as many times its own size (pictures hardly shrink, tables and masks do), or :data:`FLOOR`."""
MEMBERS: Final = 3_000_000
CHUNK: Final = 1 << 20


class DamagedError(DownloadError):
    """An archive that is cut short, or whose bytes were changed."""


def most(archive: Path) -> int:
    """Bytes that may come out of an archive."""
    return max(FLOOR, RATIO * archive.stat().st_size)


class Chest:
    """An archive and the folder it is unpacked into: where every member passes, whatever the format."""

    def __init__(self, archive: Path, into: Path, progress: Progress, name: str) -> None:
        self.archive, self.into, self.progress, self.name = archive, into, progress, name
        self.most = most(archive)
        self.count = 0
        self._bytes = 0
        self._names: dict[str, str] = {}
        self._folds: bool | None = None

    def announce(self, total: int, members: int) -> None:
        """What the archive says it holds, before anything is written; total 0: it does not say."""
        if total > self.most or members > MEMBERS:
            raise DownloadError(
                f"{self.name}: says that it holds {members} files of {total} bytes, which no archive of "
                f"{self.archive.stat().st_size} bytes should; nothing is unpacked: look at it by hand"
            )
        space.need(self.into, total, f"what {self.name} holds")
        self.progress.start(f"unpack {self.name}", total)

    def path(self, member: str) -> Path:
        """Where a member goes."""
        return self.into / safe_name(readable(member), self.name)

    def folder(self, member: str) -> None:
        """Make an (empty) folder of the archive."""
        if member.replace("\\", "/").strip("./"):
            self._make(self.path(member))

    def refuse(self, member: str, what: str) -> NoReturn:
        """Refuse the archive for what a member is."""
        raise DownloadError(
            f"{self.name}: {readable(member)!r} is {what}; nothing of it is used: unpack it by hand if you trust it"
        )

    def create(self, member: str) -> IO[bytes]:
        """Open a member's file for writing: it must be new."""
        path = self.path(member)
        self._claim(member, path)
        self._make(path.parent)
        try:
            return path.open("xb")
        except FileExistsError:
            self.refuse(member, "there twice")

    def add(self, count: int) -> None:
        """Bytes more came out."""
        self._bytes += count
        if self._bytes > self.most:
            raise DownloadError(
                f"{self.name}: more than {self.most} bytes come out of {self.archive.stat().st_size}; it is given up: "
                "look at it by hand"
            )
        self.progress.advance(count)

    def write(self, member: str, source: IO[bytes], size: int) -> None:
        """A member from a stream, which must have ``size`` bytes."""
        left = size
        with self.create(member) as out:
            while chunk := source.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    self.refuse(member, "larger than the archive says")
                self.add(len(chunk))
                out.write(chunk)
        if left:
            raise DamagedError(f"{self.name}: cut short within {readable(member)!r}")

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            self.refuse(folder.relative_to(self.into).as_posix(), "a file and a folder")

    def _claim(self, member: str, path: Path) -> None:
        """Refuse a second file of one name: by its spelling, or where the disk does not tell letter case apart."""
        spelled = path.relative_to(self.into).as_posix()
        other = self._names.setdefault(unicodedata.normalize("NFC", spelled).casefold(), spelled)
        self.count += 1
        if self.count > MEMBERS:
            self.refuse(member, f"one of more than {MEMBERS} files")
        if other != spelled and self.folds():
            self.refuse(member, f"the same as {other!r} on this disk, which does not tell letter case apart")

    def folds(self) -> bool:
        """Whether the disk takes names for equal that differ in letter case."""
        if self._folds is None:
            self._folds = folds_case(self.into)
        return self._folds


def folds_case(folder: Path) -> bool:
    """Whether names that differ in letter case are one file there."""
    probe = folder / ".medmat-Case"
    probe.touch()
    try:
        return probe.with_name(probe.name.lower()).exists()
    finally:
        probe.unlink()


def check_tree(folder: Path, name: str) -> int:
    """Bytes below a folder that another program unpacked; :class:`DownloadError` for a link or a device there."""
    total = 0
    for where, dirs, files in os.walk(folder):
        for entry in (*dirs, *files):
            found = os.lstat(os.path.join(where, entry))
            if not stat.S_ISDIR(found.st_mode):
                if not stat.S_ISREG(found.st_mode):
                    raise DownloadError(
                        f"{name}: {entry!r} is a link, a device or a pipe; nothing of it is used: "
                        "unpack it by hand if you trust it"
                    )
                total += found.st_size
    return total
