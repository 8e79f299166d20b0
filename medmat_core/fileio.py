"""The one way files are written: under a temporary name, synced, then renamed into place."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from medmat_core.errors import BuildError

_PART = ".part"


def _failed(path: Path, error: OSError) -> BuildError:
    if error.errno == errno.ENOSPC:
        return BuildError(f"{path}: the disk is full; free some room and go on with --resume")
    return BuildError(f"{path}: cannot be written: {error.strerror or error}")


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` for a library to write to; it becomes ``path`` when the block ends.

    If the block raises, nothing appears. Raises :class:`BuildError` where the disk is full or not writable.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}{_PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _failed(path, error) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: Path, chunks: Iterable[str]) -> str:
    """Write UTF-8 text whole or not at all; returns the SHA-256 of its bytes as hex."""
    digest = hashlib.sha256()
    with atomic(path) as part, part.open("wb") as handle:
        for chunk in chunks:
            raw = chunk.encode()
            digest.update(raw)
            handle.write(raw)
    return digest.hexdigest()


def write_bytes(path: Path, raw: bytes) -> None:
    """Write bytes whole or not at all."""
    with atomic(path) as part:
        part.write_bytes(raw)


def share_file(source: Path, path: Path) -> None:
    """Give a file a second name, whole or not at all: a hard link where the file system has them, else a copy."""
    import shutil

    part = path.with_name(f".{path.name}.{os.getpid()}{_PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.link(source, part)
        os.replace(part, path)
        part.unlink(missing_ok=True)  # a rename onto another name of the same file leaves both
    except OSError:
        part.unlink(missing_ok=True)
        with atomic(path) as copy:
            shutil.copyfile(source, copy)


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file's bytes as hex."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
