"""The one way files are written: under a temporary name, synced, then renamed into place. And the one way strangers'
files are opened: only if they are files."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import queue
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from medmat_core.errors import BuildError

PART = ".part"
"""How temporary names end: ``.NAME.PID.part`` beside the file, so that leftovers of a killed build are told."""

FULL: Final = frozenset({errno.ENOSPC, *({errno.EDQUOT} if hasattr(errno, "EDQUOT") else ())})
"""Errors that say that a disk, or what one may have of it, is full."""

_BEHIND = 8 << 20
"""Bytes after which what was written is handed to the disk while more is made."""

_LARGE = 1 << 20
"""Bytes from which a thread of its own pays for a file."""


_READ: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
"""Without waiting: a pipe that takes a file's place behind our back must not hang the build."""


class NotAFileError(OSError):
    """What lies under a name is a pipe, a device, a folder or the like, or too long, or no file can have the name."""


def check_regular(path: Path | str) -> int:
    """The size in bytes of the file at ``path``, which is not opened: to open a pipe would wait for ever.

    Raises :class:`OSError` whose ``strerror`` says what is wrong: :class:`FileNotFoundError` where nothing is there,
    :class:`NotAFileError` where it is no file.
    """
    try:
        found = os.stat(path)
    except ValueError:  # a NUL in the name
        raise NotAFileError(errno.EINVAL, "no file can have this name", os.fspath(path)) from None
    if not stat.S_ISREG(found.st_mode):
        raise NotAFileError(errno.EINVAL, f"it is {_kind(found.st_mode)}, not a file", os.fspath(path))
    return found.st_size


def open_regular(path: Path | str, most: int | None = None) -> BufferedReader:
    """The file at ``path``, open for reading bytes; whatever else lies there is refused as by :func:`check_regular`.

    ``most``: a file of more bytes is refused as well (a sparse file may claim any number). Raises :class:`OSError`.
    """
    handle, _ = _opened(path, most)
    try:
        return open(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path | str, most: int | None = None) -> bytes:
    """All bytes of the file at ``path``, which is refused as by :func:`open_regular`."""
    handle, size = _opened(path, most)
    try:
        if size > _LARGE:  # read whole without ever being copied
            with open(handle, "rb", closefd=False) as file:
                return file.read(size)
        raw = os.read(handle, size)
        while len(raw) < size and (more := os.read(handle, size - len(raw))):
            raw += more
        return raw
    finally:
        os.close(handle)


def _opened(path: Path | str, most: int | None) -> tuple[int, int]:
    """A descriptor of the file, and its size in bytes."""
    size = check_regular(path)
    if most is not None and size > most:
        raise NotAFileError(errno.EFBIG, f"it has {size} bytes; the limit is {most}", os.fspath(path))
    handle = os.open(path, _READ)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):  # exchanged since
            raise NotAFileError(errno.EINVAL, f"it is {_kind(found.st_mode)}, not a file", os.fspath(path))
    except BaseException:
        os.close(handle)
        raise
    return handle, found.st_size


def _kind(mode: int) -> str:
    names = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for told, name in names if told(mode)), "a device")


def failed(path: Path | str, error: OSError) -> BuildError:
    """What to tell of a file that cannot be written."""
    if error.errno in FULL:
        return BuildError(f"{path}: the disk is full; free some room and go on with --resume")
    if isinstance(error, FileNotFoundError):
        return BuildError(f"{path}: cannot be written: its folder was removed meanwhile; build again")
    return BuildError(f"{path}: cannot be written: {error.strerror or error}; choose another --out or mend its rights")


def concerns(folder: Path, error: OSError) -> bool:
    """Whether an error is one of writing below a folder, and not of reading something else."""
    name = error.filename
    return error.errno in FULL or (isinstance(name, str | os.PathLike) and Path(name).is_relative_to(folder))


def part_of(path: Path) -> Path:
    """The temporary name of a file while this process writes it."""
    return path.with_name(f".{path.name}.{os.getpid()}{PART}")


@contextlib.contextmanager
def atomic(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A temporary path beside ``path`` for a library to write to; it becomes ``path`` when the block ends.

    If the block raises, nothing appears. ``durable`` waits until the bytes are on the disk, so that not even a power
    cut leaves half a file. Raises :class:`BuildError` where the disk is full or not writable.
    """
    part = part_of(path)
    try:
        _make_room(part)
        yield part
        if durable:
            handle = os.open(part, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        os.replace(part, path)
    except OSError as error:
        _drop(part)
        raise failed(path, error) from error
    except BaseException:
        _drop(part)
        raise


def _make_room(part: Path) -> None:
    """Whatever lies under the temporary name goes: who can tell it may have put a link there that leads elsewhere."""
    part.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)


def _drop(part: Path) -> None:
    with contextlib.suppress(OSError):  # what hinders this hinders the writing, and that is told
        part.unlink(missing_ok=True)


class _Pen(threading.Thread):
    """Hashes and writes in the background what it is handed, in order. Both let other threads run meanwhile."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        super().__init__(daemon=True)
        self._put = put
        self._todo: queue.Queue[bytes | None] = queue.Queue(maxsize=32)
        self.error: OSError | None = None
        self.start()

    def hand(self, raw: bytes) -> None:
        """Take the next bytes; the error of earlier ones is raised here."""
        if self.error is not None:
            raise self.error
        self._todo.put(raw)

    def run(self) -> None:
        while (raw := self._todo.get()) is not None:
            if self.error is None:
                try:
                    self._put(raw)
                except OSError as error:
                    self.error = error

    def rest(self) -> None:
        """Wait until all is written. Does not raise."""
        self._todo.put(None)
        self.join()


class GrowingFile:
    """A file, mostly UTF-8 text, that is written bit by bit, and appears whole at :meth:`finish` or not at all.

    Raises :class:`BuildError` where the disk is full or not writable; nothing is left then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = part_of(path)
        self._digest = hashlib.sha256()
        self._behind = 0
        self._pen: _Pen | None = None
        self.size = 0
        try:
            _make_room(self._part)
            self._handle = self._part.open("xb", buffering=1 << 18)
        except OSError as error:
            raise failed(path, error) from error

    def write(self, text: str) -> None:
        """Append text."""
        self.append(text.encode())

    def append(self, raw: bytes) -> None:
        """Append bytes."""
        self.size += len(raw)
        try:
            if self._pen is not None:
                self._pen.hand(raw)
            else:
                self._put(raw)
                if self.size > _LARGE:
                    self._pen = _Pen(self._put)
        except OSError as error:
            self.discard()
            raise failed(self.path, error) from error

    def _put(self, raw: bytes) -> None:
        self._digest.update(raw)
        self._handle.write(raw)
        self._behind += len(raw)
        if self._behind >= _BEHIND and hasattr(os, "posix_fadvise"):
            # the disk begins at once; else all of a large file would wait for the sync at its end
            self._behind = 0
            os.posix_fadvise(self._handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def _rest(self) -> OSError | None:
        pen, self._pen = self._pen, None
        if pen is None:
            return None
        pen.rest()
        return pen.error

    def finish(self) -> str:
        """Let the file appear; returns the SHA-256 of its bytes as hex."""
        try:
            error = self._rest()
            if error is not None:
                raise error
            self._handle.flush()
            os.fsync(self._handle.fileno())
            self._handle.close()
            os.replace(self._part, self.path)
        except OSError as error:
            self.discard()
            raise failed(self.path, error) from error
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Leave nothing behind, unless the file is finished."""
        self._rest()
        with contextlib.suppress(OSError):  # closing flushes, and a full disk is full there, too
            self._handle.close()
        _drop(self._part)


def write_text(path: Path, chunks: Iterable[str]) -> str:
    """Write UTF-8 text whole or not at all; returns the SHA-256 of its bytes as hex."""
    file = GrowingFile(path)
    try:
        for chunk in chunks:
            file.write(chunk)
        return file.finish()
    except BaseException:
        file.discard()
        raise


def write_bytes(path: Path, raw: bytes, *, durable: bool = True) -> None:
    """Write bytes whole or not at all; see :func:`atomic`."""
    with atomic(path, durable=durable) as part:
        part.write_bytes(raw)


def share_file(source: Path, path: Path) -> None:
    """Give a file a second name, whole or not at all: a hard link where the file system has them, else a copy."""
    import shutil

    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.link(source, part)
        os.replace(part, path)
        part.unlink(missing_ok=True)  # a rename onto another name of the same file leaves both
    except OSError:
        _drop(part)
        with atomic(path) as copy:
            shutil.copyfile(source, copy)


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file's bytes as hex. Raises :class:`OSError`, as :func:`open_regular` does."""
    with open_regular(path) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
