"""Where partitions are worked on: in this process, in a pool of processes, or on a Dask cluster.

Every engine maps a function over tasks and gives the results back in the order of the tasks, with a bounded
number under way, so that memory stays flat and the bytes that come out are the same.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, get_args

from attrs import define

from medmat_core.errors import BuildError, UsageError
from medmat_core.pipeline.workers import begin_work, environment, installed, quietly, ready, without_main

EngineName = Literal["local", "dask"]

ENGINES: Final[tuple[EngineName, ...]] = get_args(EngineName)
A = TypeVar("A")
B = TypeVar("B")

PATIENCE: Final = 0.1
"""Seconds of work after which a pool of processes is started."""

_LOOK: Final = 3.0
"""Seconds of waiting after which the pool is looked at: one without threads of its own gives no result ever."""

_NO_ROOM: Final = (
    "no worker process can be started ({}): there is too little memory, or a limit on processes; give --jobs 1"
)


Mend = Callable[[A, Callable[[A], str]], A]
"""Makes of a task at which a worker died one that can be done. It is given a way to try tasks, each in a worker of its
own: "" where that lives, else how it died."""

_KILLED: Final = tuple(-getattr(signal, name, 0) for name in ("SIGKILL", "SIGTERM"))
"""How workers end that no picture killed: somebody did, or the machine ran out of memory."""

NEVER_ENDS: Final = 4
"""The exit code of a worker that gives up a picture which never ends to be read."""


def _how(end: int) -> str:
    if end == NEVER_ENDS:
        return "it never ends to be read"
    return f"the decoder died: signal {-end}" if end < 0 else f"the decoder died: exit code {end}"


def _died(ends: Iterable[int]) -> BuildError:
    """The error to raise where workers ended so, and nothing more can be done."""
    faults = [end for end in ends if end not in (*_KILLED, 0)]
    if BuildError.exit_code in faults:  # it has told why
        return BuildError("a worker process gave up; go on with --resume")
    if not faults:
        return BuildError(
            "a worker process was killed (out of memory?); go on with --resume, perhaps with fewer --jobs"
        )
    told = f"signal {-faults[0]}" if faults[0] < 0 else f"exit code {faults[0]}"
    return BuildError(f"a worker process died ({told}): a file may kill its decoder; `medmat build` tells which")


class Engine(Protocol):
    """Maps a module-level function over tasks that pickle.

    ``near``: results come back by memory or pipe, so they may hold what would otherwise go through files.
    """

    near: bool

    def map(self, function: Callable[[A], B], tasks: Iterable[A], mend: Mend[A] | None = None) -> Iterator[B]:
        """The results in the order of the tasks. ``mend`` is for engines that live on when a worker dies."""

    def check(self, folders: Sequence[Path]) -> None:
        """Whether workers see these folders, which are there; :class:`BuildError` where they do not."""

    def close(self) -> None:
        """Let the workers go when they have done what they are at."""

    def abandon(self) -> None:
        """Let go of the workers at once: the build has failed, or somebody wants it to end."""


class InProcess:
    """One job: no processes, nothing pickled."""

    near = True

    def map(self, function: Callable[[A], B], tasks: Iterable[A], mend: Mend[A] | None = None) -> Iterator[B]:
        return map(function, tasks)

    def check(self, folders: Sequence[Path]) -> None:
        pass

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        pass


@define(eq=False)
class _Work(Generic[A]):
    """A task that was handed to a worker, and what will come of it."""

    task: A
    future: Any


class Pool:
    """A pool of processes.

    Work begins in this process. When it has taken :data:`PATIENCE` seconds the workers are started in a thread, and
    until they answer this process goes on: small work pays nothing, and no work waits. ``careful``: all is left to
    workers, since something here may kill whoever looks at it.

    When a worker dies, what the pool was at is tried again task by task, in a worker of its own; a task that kills
    this one, too, is mended. Then the pool is started again.
    """

    near = True

    def __init__(self, jobs: int, *, careful: bool = False) -> None:
        self._jobs = jobs
        self._careful = careful
        self._pool: Any = None
        self._lone: Any = None
        self._employed: list[Any] = []
        self._starter: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._spent = 0.0
        self._torn = ""
        self._hook = threading.excepthook

    def map(self, function: Callable[[A], B], tasks: Iterable[A], mend: Mend[A] | None = None) -> Iterator[B]:
        from concurrent.futures.process import BrokenProcessPool

        under_way: deque[_Work[A]] = deque()
        try:
            for task in tasks:
                if not self._started():
                    start = time.perf_counter()
                    result = function(task)
                    self._spent += time.perf_counter() - start
                    yield result
                    continue
                if len(under_way) > 2 * self._jobs:
                    yield self._next(function, under_way, mend)
                try:
                    future = self._submit(self._pool, function, task)
                except BrokenProcessPool:
                    self._revive(function, under_way, mend)
                    future = self._submit(self._pool, function, task)
                under_way.append(_Work(task, future))
            while under_way:
                yield self._next(function, under_way, mend)
        except BrokenProcessPool as error:
            raise _died(()) from error
        except RuntimeError as error:
            if "thread" in str(error):  # the pool starts some when it is first handed work
                raise BuildError(_NO_ROOM.format(error)) from error
            raise
        finally:
            for work in under_way:
                work.future.cancel()

    def check(self, folders: Sequence[Path]) -> None:
        pass

    def _submit(self, pool: Any, function: Callable[[A], B], task: A) -> Any:
        with without_main(), environment(**installed()):  # the pool may start a worker that it did without so far
            return pool.submit(function, task)

    def _next(self, function: Callable[[A], B], under_way: deque[_Work[A]], mend: Mend[A] | None) -> Any:
        """The next result, whether or not a worker died meanwhile."""
        from concurrent.futures.process import BrokenProcessPool

        try:
            self._result(under_way[0].future)
        except BrokenProcessPool:
            self._revive(function, under_way, mend)
        return self._result(under_way.popleft().future)

    # -- workers that die ---------------------------------------------------------------------------------

    def _revive(self, function: Callable[[A], B], under_way: deque[_Work[A]], mend: Mend[A] | None) -> None:
        """After a worker died: do all that the pool was at, and start it again."""
        from concurrent.futures.process import BrokenProcessPool

        pool, self._pool = self._pool, None
        ends = self._let_go(pool)
        if mend is None or BuildError.exit_code in ends:
            raise _died(ends)
        for work in under_way:
            if isinstance(self._waited(work.future).exception(), BrokenProcessPool):
                work.future = self._alone(function, work.task, mend)
        if self._lone is not None:
            self._let_go(self._lone)
            self._lone = None
        self._pool = self._employ(self._jobs)

    def _alone(self, function: Callable[[A], B], task: A, mend: Mend[A]) -> Any:
        """What comes of a task in a worker that is at nothing else; mended, where that dies as well."""
        future, how = self._tried(function, task)
        if how:
            future, how = self._tried(function, mend(task, lambda part: self._tried(function, part)[1]))
        if how:
            raise BuildError(f"a worker process died again and again ({how}); go on with --resume")
        return future

    def _tried(self, function: Callable[[A], B], task: A) -> tuple[Any, str]:
        """The future of a task that is done in a worker of its own, and how that died ("": it lives)."""
        from concurrent.futures.process import BrokenProcessPool

        if self._lone is None:
            self._lone = self._employ(1)
        future = self._submit(self._lone, function, task)
        if not isinstance(self._waited(future).exception(), BrokenProcessPool):
            return future, ""  # an error of its own is for whoever asks for its result
        lone, self._lone = self._lone, None
        (end,) = self._let_go(lone)
        if end in _KILLED or end == BuildError.exit_code:
            raise _died([end])
        return future, _how(end)

    # -- waiting ------------------------------------------------------------------------------------------

    def _result(self, future: Any) -> Any:
        return self._waited(future).result()

    def _waited(self, future: Any) -> Any:
        """The future, done; :class:`BuildError` where the pool's own threads ended, so that it never would be."""
        from concurrent.futures import wait

        while True:
            wait((future,), timeout=_LOOK)
            if future.done():
                return future
            if self._torn:
                raise BuildError(_NO_ROOM.format(self._torn))

    def _hear(self, told: threading.ExceptHookArgs) -> None:
        """The pool's own thread ends with a traceback where there is no room for another, and who waits for the pool
        waits for ever."""
        if type(told.thread).__module__ == "concurrent.futures.process":
            self._torn = str(told.exc_value) or told.exc_type.__name__
        else:
            self._hook(told)

    def _started(self) -> bool:
        """Whether workers are there; begins to start them when it is time."""
        if self._starter is None:
            if self._spent < PATIENCE and not self._careful:
                return False
            self._starter = threading.Thread(target=self._start, daemon=True)
            try:
                self._starter.start()
            except RuntimeError as error:
                self._starter = None
                raise BuildError(_NO_ROOM.format(error)) from error
        if self._careful:
            self._starter.join()
        if self._starter.is_alive():
            return False
        if self._failure is not None:
            raise self._failure
        return True

    def _start(self) -> None:
        try:
            self._pool = self._employ(self._jobs)
        except Exception as error:
            self._failure = error

    def _employ(self, jobs: int) -> Any:
        """So many workers, each of which has answered; :class:`BuildError` where there is no room for them."""
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        from concurrent.futures.process import BrokenProcessPool

        try:
            method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
            context = multiprocessing.get_context(method)
            if method == "forkserver":  # imports are made once, and every worker starts with them
                context.set_forkserver_preload(["medmat_core.pipeline.preload"])
            threading.excepthook = self._hear
            with quietly():
                pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=begin_work)
                self._employed.append(pool)
                with without_main():
                    first = [pool.submit(ready) for _ in range(jobs)]
            for future in first:
                self._result(future)
        except (BrokenProcessPool, RuntimeError, MemoryError, OSError, EOFError) as error:
            raise BuildError(_NO_ROOM.format(str(error) or type(error).__name__)) from error
        return pool

    def _let_go(self, pool: Any) -> list[int]:
        """The exit codes of a pool's processes, one of which died."""
        processes = _processes(pool)
        self._employed.remove(pool)
        manager = getattr(pool, "_executor_manager_thread", None)
        pool.shutdown(wait=False, cancel_futures=True)
        if manager is not None:
            manager.join(_LOOK)  # it asks how they ended, too, and who asks at the same time is told 255
        for process in processes:
            process.join(_LOOK)
        return [_KILLED[0] if process.exitcode is None else process.exitcode for process in processes]

    def close(self) -> None:
        if self._starter is not None:
            self._starter.join()
        if self._failure is not None:
            self.abandon()
        elif self._pool is not None:
            self._pool.shutdown(wait=not self._torn, cancel_futures=True)
        threading.excepthook = self._hook

    def abandon(self) -> None:
        for pool in self._employed:
            for process in _processes(pool):
                with contextlib.suppress(OSError, ValueError, AttributeError):
                    process.kill()  # what they were at is in the work folder, where nothing counts before it is whole
            pool.shutdown(wait=False, cancel_futures=True)


def _processes(pool: Any) -> list[Any]:
    return list((getattr(pool, "_processes", None) or {}).values())


def start_engine(engine: EngineName, jobs: int, scheduler: str | None, *, careful: bool = False) -> Engine:
    """The engine that the arguments ask for. ``careful``: where there are workers, all is left to them."""
    if engine == "dask":
        from medmat_core.pipeline.cluster import Dask

        return Dask(jobs, scheduler)
    if scheduler is not None:
        raise UsageError("--scheduler goes with --engine dask")
    return InProcess() if jobs == 1 and not careful else Pool(jobs, careful=careful)
