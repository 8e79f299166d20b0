"""Where partitions are worked on: in this process, in a pool of processes, or on a Dask cluster.

Every engine maps a function over tasks and gives the results back in the order of the tasks, with a bounded
number under way, so that memory stays flat and the bytes that come out are the same.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar

from medmat_core.errors import BuildError, MedmatError, UsageError

A = TypeVar("A")
B = TypeVar("B")

PATIENCE: Final = 0.1
"""Seconds of work after which a pool of processes is started."""

_ANSWER: Final = 10
"""Seconds in which a Dask scheduler has to answer."""


class Engine(Protocol):
    """Maps a module-level function over tasks that pickle.

    ``near``: results come back by memory or pipe, so they may hold what would otherwise go through files.
    """

    near: bool

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        """The results in the order of the tasks."""

    def close(self) -> None:
        """Let the workers go."""


class InProcess:
    """One job: no processes, nothing pickled."""

    near = True

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        return map(function, tasks)

    def close(self) -> None:
        pass


def _begin_work() -> None:
    """What a worker process does first.

    It leaves Ctrl-C to its parent, and must not live on when that is killed: a thread waits for the parent's end.
    """
    import multiprocessing
    from multiprocessing.connection import wait

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")  # the processes are the parallelism
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _ready() -> bool:
    return True


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Workers started here do not run the caller's script again: they need nothing of it, and a script that builds
    without asking for ``__name__ == "__main__"`` would start the build again in each of them."""
    own = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = own


class Pool:
    """A pool of processes.

    Work begins in this process. When it has taken :data:`PATIENCE` seconds the workers are started in a thread, and
    until they answer this process goes on: small work pays nothing, and no work waits.
    """

    near = True

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: Any = None
        self._starter: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._spent = 0.0

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        from concurrent.futures.process import BrokenProcessPool

        under_way: deque[Any] = deque()
        try:
            for task in tasks:
                if not self._started():
                    start = time.perf_counter()
                    result = function(task)
                    self._spent += time.perf_counter() - start
                    yield result
                    continue
                if len(under_way) > 2 * self._jobs:
                    yield under_way.popleft().result()
                with _without_main():  # the pool may start a worker that it could do without so far
                    under_way.append(self._pool.submit(function, task))
            while under_way:
                yield under_way.popleft().result()
        except BrokenProcessPool as error:
            raise BuildError(
                "a worker process died (out of memory?); go on with --resume, perhaps with fewer --jobs"
            ) from error
        finally:
            for future in under_way:
                future.cancel()

    def _started(self) -> bool:
        """Whether workers are there; begins to start them when it is time."""
        if self._starter is None:
            if self._spent < PATIENCE:
                return False
            self._starter = threading.Thread(target=self._start)
            self._starter.start()
        if self._starter.is_alive():
            return False
        if self._failure is not None:
            raise self._failure
        return True

    def _start(self) -> None:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        try:
            method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
            context = multiprocessing.get_context(method)
            if method == "forkserver":  # imports are made once, and every worker starts with them
                context.set_forkserver_preload(["medmat_core.pipeline.inspector", "medmat_core.regions.extract"])
            self._pool = ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_begin_work)
            with _without_main():
                first = [self._pool.submit(_ready) for _ in range(self._jobs)]
            for future in first:
                future.result()
        except Exception as error:
            self._failure = error

    def close(self) -> None:
        if self._starter is not None:
            self._starter.join()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


class Dask:
    """A Dask cluster over a shared file system; without an address a local one of ``jobs`` processes.

    A worker that dies costs its partitions another try; a partition at which four workers died ends the build.
    """

    near = False

    def __init__(self, jobs: int, scheduler: str | None) -> None:
        import logging

        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise UsageError("--engine dask needs Dask; run: pip install 'medmat-core[dask]'") from error
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is told in our own words
        self._cluster: Any = None
        try:
            if scheduler is None:
                self._cluster = LocalCluster(
                    n_workers=jobs, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
                )
            self._client: Any = Client(
                self._cluster if scheduler is None else scheduler, timeout=_ANSWER, set_as_default=False
            )
        except (OSError, ValueError, TypeError) as error:
            if scheduler is None:
                raise BuildError(f"no local Dask cluster can be started: {error}") from error
            raise UsageError(
                f"--scheduler {scheduler}: no Dask scheduler answers there ({error}); "
                "give an address such as tcp://host:8786"
            ) from error
        self._room = 4 * max(jobs, len(self._client.scheduler_info()["workers"]))

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        under_way: deque[Any] = deque()
        for task in tasks:
            if len(under_way) >= self._room:
                yield self._result(under_way.popleft())
            # pure=False: a partition writes files, so equal ones must not be taken for one another
            under_way.append(self._client.submit(function, task, pure=False))
        while under_way:
            yield self._result(under_way.popleft())

    def _result(self, future: Any) -> Any:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            return future.result()
        except MedmatError:
            raise
        except KilledWorker as error:
            raise BuildError(
                "four Dask workers died at one partition (out of memory?); see their logs, then go on with --resume"
            ) from error
        except (CancelledError, OSError) as error:
            if self._client.status == "running" and isinstance(error, OSError):
                raise
            raise BuildError("the Dask scheduler is gone; start it again, then go on with --resume") from error

    def close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError):  # a scheduler that is gone has nothing to close
            self._client.close(timeout=_ANSWER)
        if self._cluster is not None:
            self._cluster.close()


def start_engine(engine: str, jobs: int, scheduler: str | None) -> Engine:
    """The engine that the arguments ask for."""
    if engine == "dask":
        return Dask(jobs, scheduler)
    if scheduler is not None:
        raise UsageError("--scheduler goes with --engine dask")
    return InProcess() if jobs == 1 else Pool(jobs)
