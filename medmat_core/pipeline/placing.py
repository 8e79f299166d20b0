"""The end of a build: a plan of which file goes where, written down whole before the first file moves.

Whoever finds a plan carries it out to its end, as often as it takes: every step may have been done before. A step
touches a file only if it has the bytes that the plan names.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import frozen

from medmat_core.errors import BuildError, UsageError
from medmat_core.fileio import PART, sha256_of, write_text
from medmat_core.pipeline.finished import MANIFEST, is_below, is_made


@frozen
class Step:
    """The file ``source`` below the work folder becomes ``path`` below OUT; its bytes have ``sha256``. ``replaced`` is
    the SHA-256 of medmat's own file that lies there, "" where none does. Without ``source``, that file is removed."""

    path: str
    sha256: str
    replaced: str
    source: str


@frozen
class Plan:
    """All steps of one build, manifest.json last of those that place a file. ``pid`` is in the temporary names."""

    pid: int
    steps: tuple[Step, ...]

    def write(self, file: Path) -> None:
        """Write it down, whole or not at all."""
        write_text(file, self._lines())

    def _lines(self) -> Iterator[str]:
        yield json.dumps({"medmat_plan": 1, "pid": self.pid, "steps": len(self.steps)}) + "\n"
        for step in self.steps:
            yield json.dumps([step.path, step.sha256, step.replaced, step.source]) + "\n"

    @classmethod
    def read(cls, file: Path) -> Plan | None:
        """The plan that a killed build left; None where there is none. :class:`BuildError` if it is damaged."""
        try:
            with file.open(encoding="utf-8") as lines:
                head = json.loads(next(lines))
                steps = tuple(Step(*map(str, json.loads(line))) for line in lines)
            plan = cls(int(head["pid"]), steps)
            if head["medmat_plan"] != 1 or len(steps) != head["steps"]:
                raise ValueError("it is cut short")
            if not all(is_made(step.path) and (not step.source or is_below(step.source)) for step in steps):
                raise ValueError("it leads elsewhere")
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, StopIteration) as error:
            raise BuildError(f"{file}: damaged ({error}); give another --out, or remove the file to lose that build") \
                from error  # fmt: skip
        return plan

    def refuse_taken(self, out: Path) -> None:
        """The temporary names must be free, since whoever carries on takes what lies there for medmat's."""
        for step in self.steps:
            part = _part(out / step.path, self.pid)
            if step.source and os.path.lexists(part):
                raise UsageError(f"{part}: not written by this build, and in its way; move it elsewhere")


def carry_out(plan: Plan, work: Path, out: Path) -> None:
    """Do what is left to do of a plan.

    Raises :class:`UsageError` at a file in the way that is not medmat's; what was placed before stays, and the plan
    can be carried on once the file is gone. Raises OSError where the disk does not allow it.
    """
    placing = [step for step in plan.steps if step.source]
    for step in placing:
        if step.path == MANIFEST:
            _sync({(out / other.path).parent for other in placing})
        if (work / step.source).exists():  # else it was placed before
            _place(step, work / step.source, out / step.path, plan.pid)
    placed = {step.path.casefold() for step in placing}  # on some disks, a name that differs in case alone is the same
    for step in plan.steps:
        if not step.source and step.path.casefold() not in placed:
            _remove(step, out)


def _place(step: Step, source: Path, target: Path, pid: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part(target, pid)
    if os.path.lexists(target):
        digest = None if target.is_symlink() or not target.is_file() else sha256_of(target)
        if digest == step.sha256:
            part.unlink(missing_ok=True)
            source.unlink()
        elif digest == step.replaced:
            _move(source, target, part, os.replace)
        else:
            raise _in_the_way(target)
    else:
        _move(source, target, part, _rename_to_nothing)


def _move(source: Path, target: Path, part: Path, rename: Callable[[Path, Path], None]) -> None:
    try:
        rename(source, target)
    except FileExistsError:
        raise _in_the_way(target) from None
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # a folder that is a link to another disk; what was cut off there is the plan's own, whose name was free
        part.unlink(missing_ok=True)
        with part.open("xb") as copy, source.open("rb") as original:
            shutil.copyfileobj(original, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        try:
            rename(part, target)
        except FileExistsError:
            part.unlink()
            raise _in_the_way(target) from None
        source.unlink()


def _rename_to_nothing(source: Path, target: Path) -> None:
    """A rename that never replaces a file, not even one that came a moment ago; FileExistsError where one lies."""
    if os.name == "nt":
        source.rename(target)
        return
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise
        if os.path.lexists(target):  # a disk without second names
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        source.rename(target)
    else:
        source.unlink()


def _remove(step: Step, out: Path) -> None:
    target = out / step.path
    if target.is_symlink() or not target.is_file() or sha256_of(target) != step.replaced:
        return  # gone, or somebody's by now
    target.unlink()
    folder = target.parent
    with contextlib.suppress(OSError):  # something else lies there
        while folder != out:
            folder.rmdir()
            folder = folder.parent


def _part(target: Path, pid: int) -> Path:
    return target.with_name(f".{target.name}.{pid}{PART}")


def _sync(folders: set[Path]) -> None:
    """Names as well as bytes must be on the disk before the manifest tells that all is there."""
    for folder in folders if os.name != "nt" else ():
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _in_the_way(target: Path) -> UsageError:
    return UsageError(
        f"{target}: not written by medmat, or changed since, and in the way of a build that is ready; "
        "move it elsewhere and build again"
    )
