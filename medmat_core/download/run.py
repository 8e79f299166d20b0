"""One data set from its card to its folder."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from medmat_core.dataset import Dataset
from medmat_core.download import kaggle, space
from medmat_core.download.chest import DamagedError
from medmat_core.download.hosts import Hosts
from medmat_core.download.names import safe_name
from medmat_core.download.place import place
from medmat_core.download.progress import Progress
from medmat_core.download.unpack import is_archive, unpack
from medmat_core.download.web import Remote, Web
from medmat_core.download_entries import Download
from medmat_core.errors import DownloadError
from medmat_core.folders import find_folder

STAGE: Final = ".medmat-download"
"""The folder under the data folder that holds what is not complete yet."""


def stage_of(dataset: Dataset, to: Path) -> Path:
    """Where a data set's parts are kept: under a name that nobody takes for the data set's folder."""
    return to / STAGE / f"{dataset.slug}.parts"


def staged(dataset: Dataset, to: Path) -> int:
    """Bytes that former runs left for a data set."""
    return sum(path.stat().st_size for path in stage_of(dataset, to).rglob("*") if path.is_file())


def download(dataset: Dataset, to: Path, *, web: Web, hosts: Hosts, progress: Progress) -> int:
    """Fetch, verify and unpack what a card's entries name, then put it into the data set's folder under ``to``.

    Returns how many files came. Whatever stops it (:class:`DownloadError`, Ctrl-C, a power cut), the next call goes on
    there: each file of a host that was unpacked is kept as a part of its own, and a file that was not complete goes on
    by range. The data set's folder appears, or grows, at the end only.
    """
    entries = dataset.card.download
    if not entries:
        raise DownloadError(f"{dataset}: cannot be fetched by a program; `medmat show {dataset.slug}` gives the steps")
    folder = find_folder(dataset.card.head, to) or to / safe_name(dataset.card.head.folder, dataset)
    stage = stage_of(dataset, to)
    try:
        with _alone(stage):
            space.need(to, sum(entry.size for entry in entries) - staged(dataset, to), str(dataset))
            parts = [part for entry in entries for part in _parts(entry, stage, web, hosts, progress)]
            count = place(parts, folder, stage / "whole")
            shutil.rmtree(stage)
    except OSError as error:
        raise space.failed(stage, error) from error
    with contextlib.suppress(OSError):  # there may be more at work in it
        stage.parent.rmdir()
    return count


@contextlib.contextmanager
def _alone(stage: Path) -> Iterator[None]:
    """The staging folder, and nobody else at work in it."""
    from filelock import FileLock, Timeout

    stage.mkdir(parents=True, exist_ok=True)
    file = stage.with_name(f"{stage.name}.lock")
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise DownloadError(f"{stage}: another medmat is at work on it; wait for it, or stop it") from None
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):  # on some systems it is gone already
            file.unlink()


def _parts(entry: Download, stage: Path, web: Web, hosts: Hosts, progress: Progress) -> Iterator[Path]:
    """A folder below the staging folder for each file of an entry, with what it holds where it belongs."""
    if entry.host in ("kaggle", "kaggle-competition"):
        part = stage / _key(entry, "")
        if not part.is_dir():
            with _half(part, entry, progress) as half:
                _bundle(entry, half, stage / f"{part.name}.cache", progress)
            shutil.rmtree(stage / f"{part.name}.cache", ignore_errors=True)
        yield part
        return
    for remote in hosts.remotes(entry, web):
        part = stage / _key(entry, remote.name)
        if not part.is_dir():
            file = stage / f"{part.name}.file"
            if not file.is_file():
                web.fetch(remote, file, progress)
            with _half(part, entry, progress) as half:
                _unpacked(remote, file, half, entry, progress)
            file.unlink(missing_ok=True)
        yield part


def _key(entry: Download, name: str) -> str:
    """A name for a part that changes with all that decides what it holds."""
    told = attrs.asdict(entry, filter=lambda field, _: field.name in ("host", "id", "links", "into", "inner", "hashes"))
    return hashlib.sha256(json.dumps([told, name], sort_keys=True).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _half(part: Path, entry: Download, progress: Progress) -> Iterator[Path]:
    """A fresh folder that becomes the part when all is in it, archives inside archives unpacked."""
    half = part.with_name(f"{part.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    yield half
    for path in sorted(path for path in half.rglob("*") if path.is_file()) if entry.inner else ():
        relative = path.relative_to(half).as_posix()
        for pattern, below in entry.inner.items():
            if fnmatch.fnmatchcase(relative, pattern) or fnmatch.fnmatchcase(path.name, pattern):
                unpack(path, path.parent / safe_name(below, relative) if below else path.parent, progress)
                path.unlink()
                break
    half.rename(part)


def _into(entry: Download, half: Path) -> Path:
    return half / safe_name(entry.into, entry.page) if entry.into else half


def _unpacked(remote: Remote, file: Path, half: Path, entry: Download, progress: Progress) -> None:
    """A fetched file: unpacked if it is an archive, else as it is."""
    target = _into(entry, half) / safe_name(remote.name, entry.page)
    if not is_archive(remote.name):
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
        return
    try:
        unpack(file, target.parent, progress, name=target.name)
    except DamagedError as error:
        if not remote.hashes:  # with one it came as it is at the host, and would come so again
            file.unlink()
            raise DownloadError(f"{error}; the copy is deleted: run again") from None
        raise DownloadError(f"{error}, although it came as the host has it; report it to its makers") from None


def _bundle(entry: Download, half: Path, cache: Path, progress: Progress) -> None:
    """What Kaggle's client fetched and unpacked."""
    found = kaggle.fetch(entry, cache, progress)
    target = _into(entry, half)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        target.rmdir()
    found.rename(target)
