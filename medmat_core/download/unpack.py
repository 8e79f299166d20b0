"""Archives that nobody has to trust, unpacked into a folder that they cannot leave.

Refused whole: a member whose path leads out, a link, a device, two members of one name, a password, and more bytes than
the archive states or than it may hold (:mod:`medmat_core.download.chest`). What is refused or cut short leaves its
files in the folder that it was unpacked into, which the caller made for it and throws away.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Final

from medmat_core.download import space
from medmat_core.download.chest import CHUNK, Chest, DamagedError
from medmat_core.download.progress import Progress
from medmat_core.errors import DownloadError

_TARS: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


def is_archive(name: str) -> bool:
    """Whether a file is unpacked, told by its name."""
    return name.lower().endswith((".zip", *_TARS, ".7z", ".rar"))


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
    while stream.read(CHUNK):
        pass


def _opened(archive: Path) -> IO[bytes]:
    """The plain tar, unpacked by what its first bytes say."""
    with archive.open("rb") as file:
        start = file.read(6)
    packed = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
    opener: Any = next((opener for magic, opener in packed.items() if start.startswith(magic)), open)
    stream: IO[bytes] = opener(archive, "rb")
    return stream
