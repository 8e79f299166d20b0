"""The folder that a build writes to: nothing that medmat did not write is removed or overwritten there.

While a build runs, all that it makes lies in ``OUT/.medmat-work``; what stands in OUT stays as it is. At the end the
build writes down its plan there (:class:`Plan`: which file goes where, with its SHA-256 and that of the file that it
replaces) and carries it out. A build killed before the plan was written has changed nothing; one killed while it was
carried out is finished by the next build that comes. So a data set that stands is never lost to one that is added.

A file in OUT is medmat's only if the manifest of a finished build, or the plan, names it and its bytes have the
SHA-256 named there. Every other file of a name that a build needs is found before work begins.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from medmat_core.errors import UsageError
from medmat_core.fileio import failed, sha256_of, write_text
from medmat_core.pipeline.finished import (
    MANIFEST,
    PROBLEMS,
    RENDERED,
    STATES,
    Finished,
    flag,
    rendered_folder,
    shown,
    state_path,
)
from medmat_core.pipeline.placing import Plan, Step, carry_out

if TYPE_CHECKING:
    from filelock import BaseFileLock

WORK: Final = ".medmat-work"
_NEW: Final = "new"
_LOCK: Final = "lock"
_PLAN: Final = "plan"
_ARGUMENTS: Final = "arguments.json"
_OURS: Final = re.compile(r"lock|plan|arguments\.json|.+\.(facts|lines|spool|new)|[0-9a-f]{32}\.png|\..+\.\d+\.part")
"""How the files in the work folder are called; only these are removed from it."""

_FOLDERS: Final = (STATES, RENDERED)

Identity = tuple[int, int] | None
"""A folder's disk and number there."""


@define
class OutFolder:
    """``out``, and the build in it. ``data`` are folders that must not be met: --data, and where its links lead.

    The order of calls: :meth:`take`, :meth:`begin`, then :meth:`new` and :meth:`add` a file, :meth:`commit` at the
    end, and :meth:`release` whatever happened.
    """

    out: Path
    data: tuple[Path, ...] = ()
    finished: Finished = field(factory=Finished)
    _lock: BaseFileLock | None = None
    _added: dict[str, tuple[Path, str]] = field(factory=dict)
    _gone: set[str] = field(factory=set)
    _hashes: dict[Path, tuple[tuple[int, ...], str]] = field(factory=dict)
    _made: list[Path] = field(factory=list)
    _begun: bool = False

    @property
    def work(self) -> Path:
        """What lies here is gone when the build has ended well."""
        return self.out / WORK

    # -- before work begins -------------------------------------------------------------------------

    def take(self) -> Finished:
        """Take the folder for this build alone, finish what a killed one had planned, and tell what stands there.

        Raises :class:`UsageError` if another build is at work there, or if something there is not medmat's;
        :class:`BuildError` if nothing can be written.
        """
        self._keep_off((*_FOLDERS, WORK))
        self._refuse_strange_work()
        try:
            self._lock_it()
            plan = Plan.read(self.work / _PLAN)
            if plan is not None:
                carry_out(plan, self.work, self.out)
                (self.work / _PLAN).unlink()
                self._clear(keep=(_LOCK,))
        except OSError as error:
            raise failed(self.out, error) from error
        self.finished = Finished.read(self.out)
        return self.finished

    def begin(
        self, arguments: Mapping[str, Any], *, slugs: Iterable[str], needed: Iterable[str], resume: bool = False
    ) -> None:
        """Look at every name that the build will need, and make room for the work.

        ``arguments`` are those that change records. ``slugs`` are the data sets to be built, ``needed`` the paths
        below OUT of their files and of their subsets'; those that every build needs are known. Raises
        :class:`UsageError` for the first file there that is not medmat's, and where the build to go on with had
        other arguments.
        """
        built = list(slugs)
        wanted = {*needed, *map(state_path, built), MANIFEST, PROBLEMS}
        self._keep_off({PurePosixPath(path).parts[0] for path in wanted if "/" in path})
        self._keep_off(rendered_folder(slug) for slug in built)
        standing = {path for slug in built for path in self.finished.files_of(slug)}
        try:
            listings: dict[Path, dict[str, list[str]]] = {}
            for path in sorted(wanted | standing):
                self._refuse_stranger(path, listings)
            for slug in built:
                self._refuse_strange_pictures(slug)
            if resume:
                self._compare(arguments)
            else:
                self._clear(keep=(_LOCK,))
        except OSError as error:
            raise failed(self.out, error) from error
        write_text(self.work / _ARGUMENTS, [json.dumps(dict(arguments))])
        self._begun = True

    def _keep_off(self, folders: Iterable[str]) -> None:
        """No folder that medmat writes to may be, hold or lie in the data, whatever links lead there."""
        known: dict[Path, Identity] = {}
        data: dict[Identity, Path] = {}
        around: dict[Identity, Path] = {}
        for folder in self.data:
            for place, outer in enumerate((real := folder.resolve(), *real.parents)):
                (around if place else data).setdefault(_identity(outer, known), folder)
        for nowhere in (data, around):
            nowhere.pop(None, None)
        for name in sorted(folders):
            folder = (self.out / name).resolve()
            outside = (data.get(_identity(outer, known)) for outer in (folder, *folder.parents))
            met = around.get(_identity(folder, known)) or next(filter(None, outside), None)
            if met is not None:
                raise UsageError(
                    f"--out {self.out}: its folder {name.rstrip('/')} would meet the data in {met}; give another --out"
                )

    def _refuse_strange_work(self) -> None:
        if os.path.lexists(self.work) and (self.work.is_symlink() or not self.work.is_dir()):
            raise _stranger(self.work)
        for path in _files(self.work):
            if not _OURS.fullmatch(path.name) or path.is_symlink() or not path.is_file():
                raise _stranger(path)

    def _refuse_stranger(self, path: str, listings: dict[Path, dict[str, list[str]]]) -> None:
        """The name of a file that this build writes or removes must be free, or medmat's file be there untouched."""
        where = self.out
        *folders, name = PurePosixPath(path).parts
        for folder in folders:
            where /= folder
            if not os.path.lexists(where):
                return
            if not where.is_dir():
                raise _stranger(where)
        if where not in listings:
            alike = listings[where] = {}
            for entry in os.listdir(where) if where.is_dir() else ():
                alike.setdefault(_folded(entry), []).append(entry)
        for entry in listings[where].get(_folded(name), ()):
            if unicodedata.normalize("NFC", entry) == unicodedata.normalize("NFC", name):
                self._refuse_changed(path)
            elif "/".join((*folders, entry)) not in self.finished.files:
                raise _stranger(where / entry, name)  # another file here, and the same one on many disks

    def _refuse_changed(self, path: str) -> str:
        """The SHA-256 of medmat's own file at ``path``, "" where none lies; :class:`UsageError` for any other."""
        file = self.out / path
        if not os.path.lexists(file):
            return ""
        known = self.finished.digest if path == MANIFEST else self.finished.files.get(path, "")
        if not known or file.is_symlink() or not file.is_file():
            raise _stranger(file)
        if self._sha256(file) != known:
            raise UsageError(
                f"{file}: changed since medmat wrote it, and this build would replace it; "
                "move it elsewhere, or give another --out"
            )
        return known

    def _refuse_strange_pictures(self, slug: str) -> None:
        """Where rendered pictures go, no PNG may be another's: which names come is known only later."""
        folder = self.out / rendered_folder(slug)
        for path in _files(folder):
            if path.name.lower().endswith(".png") or (path.is_symlink() and path.is_dir()):
                self._refuse_changed(path.relative_to(self.out).as_posix())

    def _sha256(self, file: Path) -> str:
        """As the file is now; a file that was hashed in this build is not read again unless it was touched."""
        found = file.stat()
        state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = self._hashes.get(file)
        if known is None or known[0] != state:
            known = self._hashes[file] = state, sha256_of(file)
        return known[1]

    def _compare(self, arguments: Mapping[str, Any]) -> None:
        try:
            before = json.loads((self.work / _ARGUMENTS).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return  # nothing to go on with: the build starts afresh
        now = json.loads(json.dumps(dict(arguments)))
        for name in now:
            if before.get(name) != now[name]:
                raise UsageError(
                    f"--resume: the build in {self.out} had --{flag(name)} {shown(before.get(name))}, this one has "
                    f"{shown(now[name])}; give the same arguments, or start afresh without --resume"
                )

    # -- one build at a time ------------------------------------------------------------------------

    def _lock_it(self) -> None:
        from filelock import FileLock, Timeout

        for _ in range(100):
            missing = [folder for folder in (self.work, *self.work.parents) if not folder.exists()]
            self.work.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.work / _LOCK, thread_local=False)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                raise UsageError(
                    f"--out {self.out}: another medmat build is writing there; wait for it, or choose another folder"
                ) from None
            except NotImplementedError:  # a file system without locks: one has to take care oneself
                return
            except FileNotFoundError:  # a build that just ended took its folder away
                continue
            if (self.work / _LOCK).exists():
                self._lock, self._made = lock, missing
                return
            lock.release()  # it went with the build that just ended
        raise UsageError(f"--out {self.out}: other medmat builds come and go there; choose another folder")

    def release(self) -> None:
        """Let another build take the folder. Where the build never began, it is as if it had not been called."""
        if self._lock is not None:
            if not self._begun and self.work in self._made:
                self._clear(keep=())
                for folder in self._made:
                    with contextlib.suppress(OSError):
                        folder.rmdir()
            self._lock.release()
            self._lock = None

    def abandon(self) -> None:
        """The build has nothing to do: what it left of its work goes at :meth:`release`."""
        self._begun = False

    # -- what is made -------------------------------------------------------------------------------

    def new(self, path: str) -> Path:
        """Where a file is to be written that will lie at ``path`` below OUT (not rendered pictures)."""
        return self.work / _NEW / f"{path}.new"

    def add(self, path: str, sha256: str, file: Path | None = None) -> None:
        """The file is whole (at :meth:`new`, unless ``file`` in the work folder is named) and goes to ``path``.

        Raises :class:`UsageError` if another file goes there.
        """
        made = file or self.new(path), sha256
        if self._added.setdefault(path, made)[1] != sha256:
            raise UsageError(
                f"{self.out / path}: two pictures of one data set would have this name; rename one of them"
            )

    def file(self, path: str) -> Path:
        """Where the file of this path lies now: made by this build, or standing."""
        return self._added[path][0] if path in self._added else self.out / path

    def digest(self, path: str) -> str | None:
        """The SHA-256 of the file of this path, made by this build or standing; None where there is none."""
        if path in self._added:
            return self._added[path][1]
        return None if path in self._gone else self.finished.files.get(path)

    def replace(self, slug: str) -> None:
        """The data set is built anew: of its files, those that stand and are not made by this build count no more."""
        self._gone.update(self.finished.files_of(slug))

    def made(self, path: str) -> bool:
        """Whether this build made the file of this path."""
        return path in self._added

    def changed(self, paths: Iterable[str]) -> bool:
        """Whether this build made one of these files, or made one needless."""
        return any(self.made(path) or path in self._gone for path in paths)

    def stands(self, path: str) -> bool:
        """Whether the finished build's file of this path is there. It stays as it is, so nobody looks into it."""
        return path in self.finished.files and (self.out / path).is_file()

    def commit(self, files: Collection[str]) -> None:
        """The build has ended well: OUT holds ``files`` (those added and those that stay) and its manifest.

        Of what stood, all other files are removed. Raises :class:`UsageError`, and changes nothing, if a file is in
        the way that is not medmat's.
        """
        try:
            steps = list(self._steps(files))
            plan = Plan(os.getpid(), tuple(steps))
            plan.refuse_taken(self.out)
            plan.write(self.work / _PLAN)
            carry_out(plan, self.work, self.out)
            (self.work / _PLAN).unlink()
            self._clear(keep=(_LOCK,))
            self._end()
        except OSError as error:
            raise failed(self.out, error) from error

    def _steps(self, files: Collection[str]) -> Iterator[Step]:
        listings: dict[Path, dict[str, list[str]]] = {}
        if (self.work / _LOCK.upper()).exists():  # this disk takes names in any letter case for the same
            alike: dict[str, str] = {}
            for path in self._added:
                if (other := alike.setdefault(_folded(path), path)) != path:
                    raise UsageError(
                        f"{self.out / path}: this disk takes it for {other}; rename one picture, or give another --out"
                    )
        self._keep_off({str(PurePosixPath(path).parent) for path in self._added if "/" in path})
        order = sorted(self._added, key=lambda path: (path == MANIFEST, path))  # the manifest tells that all is there
        for path in order:
            file, sha256 = self._added[path]
            self._refuse_stranger(path, listings)
            yield Step(path, sha256, self._refuse_changed(path), file.relative_to(self.work).as_posix())
        for path in sorted(self.finished.files):
            if path not in files and path not in self._added and self._refuse_changed(path):
                yield Step(path, "", self.finished.files[path], "")

    def _end(self) -> None:
        """Take the work folder away, and let go of the lock while nobody can come between."""
        with contextlib.suppress(OSError):  # Windows removes no file that is open
            (self.work / _LOCK).unlink()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        with contextlib.suppress(OSError):
            (self.work / _LOCK).unlink(missing_ok=True) if os.name == "nt" else None
            self.work.rmdir()

    def _clear(self, keep: Collection[str]) -> None:
        """Empty the work folder of what medmat left there."""
        for path in list(_files(self.work)):
            at_top = path.parent == self.work
            if _OURS.fullmatch(path.name) and not path.is_symlink() and not (at_top and path.name in keep):
                path.unlink()
        for where, _, _ in list(os.walk(self.work, topdown=False)):
            if Path(where) != self.work:
                with contextlib.suppress(OSError):  # a stranger's file lies there
                    Path(where).rmdir()


def _files(folder: Path) -> Iterator[Path]:
    """Every file and every link below a folder."""
    for where, folders, names in os.walk(folder):
        for name in (*names, *(name for name in folders if Path(where, name).is_symlink())):
            yield Path(where, name)


def _folded(name: str) -> str:
    """Equal for names that some disks take for the same."""
    return unicodedata.normalize("NFC", name).casefold()


def _identity(folder: Path, known: dict[Path, Identity]) -> Identity:
    """What a folder is on disk, where letter case may not matter; None where nothing lies there."""
    if folder not in known:
        try:
            found = os.stat(folder)
            known[folder] = found.st_dev, found.st_ino
        except OSError:
            known[folder] = None
    return known[folder]


def _stranger(path: Path, name: str | None = None) -> UsageError:
    same = f", the same name as {name} on many disks" if name is not None else ""
    return UsageError(
        f"{path}: not written by medmat, and in the way of this build{same}; move it elsewhere, or give another --out"
    )
