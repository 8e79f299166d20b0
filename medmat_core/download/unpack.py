"""Archives that nobody has to trust, unpacked into a folder that they cannot leave.

Refused whole: a member whose path leads out, a link, a device, two members of one name, more bytes than the archive
states or than :func:`most` allows, a password. What is refused or cut short leaves its files in the folder that it was
unpacked into, which the caller made for it and throws away.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Final, NoReturn

from medmat_core.download import space
from medmat_core.download.names import readable, safe_name
from medmat_core.download.progress import Progress
from medmat_core.errors import DownloadError

FLOOR: Final = 1 << 30
RATIO: Final = 100
"""An archive may hold as many times its own size (pictures hardly shrink, tables and masks do), or :data:`FLOOR`."""
MEMBERS: Final = 3_000_000

_TARS: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_CHUNK: Final = 1 << 20


class DamagedError(DownloadError):
    """An archive that is cut short, or whose bytes were changed."""


def is_archive(name: str) -> bool:
    """Whether a file is unpacked, told by its name."""
    return name.lower().endswith((".zip", *_TARS, ".7z", ".rar"))


def most(archive: Path) -> int:
    """Bytes that may come out of an archive."""
    return max(FLOOR, RATIO * archive.stat().st_size)


def unpack(archive: Path, into: Path, progress: Progress, *, name: str = "") -> int:
    """Unpack an archive by what its ``name`` (default: its own) says it is; returns the number of files.

    ``into`` may have files already; none is overwritten. Raises :class:`DownloadError` for what is refused,
    :class:`DamagedError` where a new copy may help, and :class:`NoSpaceError`.
    """
    name = name or archive.name
    low = name.lower()
    chest = Chest(archive, into, progress, name)
    try:
        into.mkdir(parents=True, exist_ok=True)
        if low.endswith(".zip"):
            _unzip(chest)
        elif low.endswith(_TARS):
            _untar(chest)
        elif low.endswith(".7z"):
            from medmat_core.download.sevenzip import un7z

            un7z(chest)
        elif low.endswith(".rar"):
            from medmat_core.download.rar import unrar

            unrar(chest)
        else:
            raise DownloadError(f"{name}: no archive that medmat can unpack; unpack it by hand")
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError) as error:
        raise DamagedError(f"{name}: damaged or cut short ({str(error) or type(error).__name__})") from None
    except OSError as error:
        if error.errno is None:  # gzip and bz2 say so that their data is bad
            raise DamagedError(f"{name}: damaged or cut short ({error})") from None
        raise space.failed(into, error) from error
    finally:
        progress.end()
    return chest.count


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
            while chunk := source.read(_CHUNK):
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


# -- zip ------------------------------------------------------------------------------------------------


def _unzip(chest: Chest) -> None:
    with zipfile.ZipFile(chest.archive) as zipped:
        members = zipped.infolist()
        for member in members:
            _check_zipped(chest, member)
        chest.announce(sum(member.file_size for member in members), len(members))
        for member in members:
            name = _zip_name(member)
            if member.is_dir() or name.endswith("\\"):
                chest.folder(name)
                continue
            with zipped.open(member) as source:
                chest.write(name, source, member.file_size)


def _check_zipped(chest: Chest, member: zipfile.ZipInfo) -> None:
    name = _zip_name(member)
    kind = stat.S_IFMT(member.external_attr >> 16) if member.create_system == 3 else 0
    if kind == stat.S_IFLNK:
        chest.refuse(name, "a link")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        chest.refuse(name, "a device or a pipe")
    if member.flag_bits & 1:
        chest.refuse(name, "locked by a password")
    if name.replace("\\", "/").strip("./"):
        chest.path(name)


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The name, whose bytes are UTF-8 more often than the archive says so."""
    name = member.filename
    if member.flag_bits & 0x800 or name.isascii():
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


# -- tar ------------------------------------------------------------------------------------------------


def _untar(chest: Chest) -> None:
    # one pass: to list a packed tar is to read all of it
    with _opened(chest.archive) as stream, tarfile.open(fileobj=stream, mode="r|") as tarred:
        chest.announce(0, 0)
        for member in tarred:
            if member.isdir():
                chest.folder(member.name)
            elif member.issym() or member.islnk():
                chest.refuse(member.name, "a link")
            elif not member.isreg():
                chest.refuse(member.name, "a device or a pipe")
            elif member.size > chest.most:
                chest.refuse(member.name, "larger than the archive may hold")
            else:
                source = tarred.extractfile(member)
                assert source is not None  # a regular file has a body
                chest.write(member.name, source, member.size)
        # tarfile takes a packed stream that ends early for one that ends well, if it does so between members
        _drain(stream)


def _drain(stream: IO[bytes]) -> None:
    while stream.read(_CHUNK):
        pass


def _opened(archive: Path) -> IO[bytes]:
    """The plain tar, unpacked by what its first bytes say."""
    with archive.open("rb") as file:
        start = file.read(6)
    packed = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
    opener: Any = next((opener for magic, opener in packed.items() if start.startswith(magic)), open)
    stream: IO[bytes] = opener(archive, "rb")
    return stream


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
