"""The folder that a build writes to: one build at a time, and nothing of an earlier one left among its files.

While a build runs, ``OUT/.medmat-work`` holds what workers left (:mod:`medmat_core.pipeline.kept`), the arguments, and
a journal of the files that this build or one before it gave their names. By the journal, and by the manifest of a
finished build, files are told that this build does not write; only those are removed, whatever else lies there.
Rendered pictures stay until the end, since a build that needs the same ones does not render them again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from attrs import define, field

from medmat_core.errors import UsageError
from medmat_core.fileio import PART, failed, write_text

WORK: Final = ".medmat-work"
MANIFEST: Final = "manifest.json"
_PICTURES: Final = re.compile(r"images/[a-z0-9-]+/")


@define
class OutFolder:
    """``out`` and the build in it. ``arguments`` are those that change records, as the manifest names them."""

    out: Path
    arguments: Mapping[str, Any]
    _lock: IO[bytes] | None = None
    _journal: dict[str, None] = field(factory=dict)

    @property
    def work(self) -> Path:
        """What lies here is gone when the build has ended well."""
        return self.out / WORK

    def begin(self, *, resume: bool) -> None:
        """Take the folder. Without ``resume``, the records of an earlier build are removed.

        Raises :class:`UsageError` if another build is at work there, if a manifest.json lies there that medmat did
        not write, or if the build to go on with had other arguments; :class:`BuildError` if nothing can be written.
        """
        before = self.work.is_dir()
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            self._take()
            earlier = {**dict.fromkeys(self._listed()), **dict.fromkeys(self._journaled())}
            if resume:
                self._compare()
            else:
                self._clear()
            for path in earlier:
                self.wrote(path)
            (self.out / MANIFEST).unlink(missing_ok=True)  # until the end, what lies here is no whole build
            if not resume:
                self._remove(path for path in earlier if not path.startswith("images/"))
            if before:
                self._sweep()
        except OSError as error:
            raise failed(self.out, error) from error
        write_text(self.work / "arguments.json", [json.dumps(self.arguments)])

    def wrote(self, path: str) -> None:
        """Note a path below ``out`` before a file appears there; 'images/SLUG/' stands for the pictures in it."""
        if path not in self._journal:
            self._journal[path] = None
            try:
                with open(self.work / "journal", "a", encoding="utf-8") as journal:
                    journal.write(path + "\n")
            except OSError as error:
                raise failed(self.work / "journal", error) from error

    def finish(self, written: Collection[str]) -> None:
        """The build has ended well: of what builds wrote, ``written`` stays, and no trace of the work."""
        try:
            self._remove((path for path in self._journal if path not in written and path != MANIFEST), but=written)
        except OSError as error:
            raise failed(self.out, error) from error
        shutil.rmtree(self.work, ignore_errors=True)

    def release(self) -> None:
        """Let another build take the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -- what lies there ----------------------------------------------------------------------------

    def _take(self) -> None:
        try:
            import fcntl
        except ImportError:  # no such locks on Windows
            return
        self._lock = (self.work / "lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise UsageError(
                f"--out {self.out}: another medmat build is writing there; wait for it, or choose another folder"
            ) from None
        except OSError:  # a file system without locks: one has to take care oneself
            self.release()

    def _listed(self) -> list[str]:
        """The files of a finished build, and the folders of its pictures."""
        try:
            found = json.loads((self.out / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except ValueError:
            found = None
        try:
            assert "medmat_core" in found["versions"]
            return [
                *(path for path in map(str, found["files"]) if not path.startswith("images/")),
                *(f"images/{dataset['slug']}/" for dataset in found["datasets"]),
            ]
        except (AssertionError, TypeError, KeyError):
            raise UsageError(
                f"--out {self.out}: its {MANIFEST} was not written by medmat build; choose another folder"
            ) from None

    def _journaled(self) -> list[str]:
        try:
            return (self.work / "journal").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _compare(self) -> None:
        try:
            before = json.loads((self.work / "arguments.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return  # nothing to go on with: the build starts afresh
        now = json.loads(json.dumps(self.arguments))
        for name in now:
            if before.get(name) != now[name]:
                flag = {"formats": "format"}.get(name, name.replace("_", "-"))
                raise UsageError(
                    f"--resume: the build in {self.out} had --{flag} {_shown(before.get(name))}, this one has "
                    f"{_shown(now[name])}; give the same arguments, or start afresh without --resume"
                )

    def _clear(self) -> None:
        """Empty the work folder, all but lock and journal."""
        for entry in os.scandir(self.work):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            elif entry.name not in ("lock", "journal"):
                Path(entry.path).unlink()

    def _remove(self, paths: Iterable[str], but: Collection[str] = ()) -> None:
        for path in paths:
            pure = PurePosixPath(path)
            if pure.is_absolute() or ".." in pure.parts or not pure.parts:
                continue  # no build wrote that
            if not path.endswith("/"):
                (self.out / path).unlink(missing_ok=True)
                _prune((self.out / path).parent, self.out)
            elif _PICTURES.fullmatch(path):
                self._remove_pictures(path, but)

    def _remove_pictures(self, folder: str, but: Collection[str]) -> None:
        for where, _, names in os.walk(self.out / folder, topdown=False):
            for name in names:
                path = Path(where, name)
                if name.endswith(".png") and path.relative_to(self.out).as_posix() not in but:
                    path.unlink()
            _prune(Path(where), self.out)

    def _sweep(self) -> None:
        """Remove the temporary files of a build that was killed."""
        folders = {self.out, *((self.out / path).parent for path in self._journal if not path.endswith("/"))}
        for folder in folders:
            with contextlib.suppress(FileNotFoundError):
                for entry in os.scandir(folder):
                    _unlink_part(Path(entry.path))
        for path in self._journal:
            if _PICTURES.fullmatch(path):
                for where, _, names in os.walk(self.out / path):
                    for name in names:
                        _unlink_part(Path(where, name))


def _unlink_part(path: Path) -> None:
    if re.fullmatch(rf"\..+\.\d+{re.escape(PART)}", path.name):
        path.unlink()


def _prune(folder: Path, top: Path) -> None:
    """Remove a folder that is empty, and those above it below ``top``."""
    with contextlib.suppress(OSError):
        while folder != top:
            folder.rmdir()
            folder = folder.parent


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "unset" if value is None else str(value)
