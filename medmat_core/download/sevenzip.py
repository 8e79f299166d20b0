"""7z archives, by py7zr (extra ``7z``), whose members are written by us."""

from __future__ import annotations

from typing import IO, Any

from medmat_core.download.chest import Chest, DamagedError
from medmat_core.errors import DownloadError


def un7z(chest: Chest) -> None:
    """Unpack a 7z archive; see :func:`medmat_core.download.unpack.unpack`."""
    try:
        import py7zr
        from py7zr.exceptions import ArchiveError
        from py7zr.io import Py7zIO, WriterFactory
    except ImportError:
        raise DownloadError(
            f"{chest.name}: 7z archives need py7zr; pip install 'medmat-core[7z]' and run again: what is there is kept"
        ) from None

    class Member(Py7zIO):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            self._out: IO[bytes] = chest.create(name)
            self._size = 0

        def write(self, s: Any) -> int:
            self._size += len(s)
            chest.add(len(s))
            return self._out.write(s)

        def read(self, size: int | None = None) -> bytes:
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return offset

        def flush(self) -> None:
            self._out.flush()

        def size(self) -> int:
            return self._size

        def close(self) -> None:
            self._out.close()

    class Members(WriterFactory):  # type: ignore[misc]
        def create(self, filename: str) -> Py7zIO:
            return Member(filename)

    try:
        with py7zr.SevenZipFile(chest.archive) as packed:
            if packed.needs_password():
                chest.refuse(chest.name, "locked by a password")
            files = list(packed.files)
            for file in files:
                if file.is_symlink or file.is_junction or file.is_socket:
                    chest.refuse(file.filename, "a link or a socket")
                if file.filename.replace("\\", "/").strip("./"):
                    chest.path(file.filename)
            chest.announce(sum(file.uncompressed or 0 for file in files), len(files))
            for file in files:
                if file.is_directory:
                    chest.folder(file.filename)
            packed.extractall(factory=Members())
    except (ArchiveError, EOFError) as error:
        raise DamagedError(f"{chest.name}: damaged or cut short ({error})") from None
