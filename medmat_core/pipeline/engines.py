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
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar

from medmat_core import stopping
from medmat_core.errors import BuildError, MedmatError, UsageError

A = TypeVar("A")
B = TypeVar("B")

PATIENCE: Final = 0.1
"""Seconds of work after which a pool of processes is started."""

_ANSWER: Final = 10
"""Seconds in which a Dask scheduler has to answer."""

_WORKERS: Final = 15
"""Seconds in which a Dask scheduler has to have workers, and they to look at the data."""

_PULSE: Final = 3.0

_NO_ROOM: Final = (
    "no worker process can be started ({}): there is too little memory, or a limit on processes; give --jobs 1"
)


class Engine(Protocol):
    """Maps a module-level function over tasks that pickle.

    ``near``: results come back by memory or pipe, so they may hold what would otherwise go through files.
    """

    near: bool

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        """The results in the order of the tasks."""

    def check(self, folders: Sequence[Path]) -> None:
        """Whether workers see these folders, which are there; :class:`BuildError` where they do not."""

    def close(self) -> None:
        """Let the workers go when they have done what they are at."""

    def abandon(self) -> None:
        """Let go of the workers at once: the build has failed, or somebody wants it to end."""


class InProcess:
    """One job: no processes, nothing pickled."""

    near = True

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        return map(function, tasks)

    def check(self, folders: Sequence[Path]) -> None:
        pass

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        pass


def _begin_work() -> None:
    """What a worker process does first.

    It leaves Ctrl-C and a closed terminal to its parent, and must not live on when that is killed: a thread waits for
    the parent's end. Where no thread can be had there is no room for a worker: it ends without a word, and its parent
    tells.
    """
    import multiprocessing
    from multiprocessing.connection import wait

    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")  # the processes are the parallelism
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    try:
        threading.Thread(target=watch, daemon=True).start()
    except (RuntimeError, MemoryError):
        os._exit(1)


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


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Processes that are started here do not hear of Ctrl-C before they can ignore it, and the one of Python's that
    looks after semaphores does not tell of those that are left where all ends at once."""
    told = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = f"{told},ignore:resource_tracker" if told else "ignore:resource_tracker"
    mask = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP}) if mask else None
    if mask:
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # it ignores Ctrl-C itself, and lets it through to this thread again
        mask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        if mask:
            mask(signal.SIG_SETMASK, before)
        if told is None:
            os.environ.pop("PYTHONWARNINGS", None)
        else:
            os.environ["PYTHONWARNINGS"] = told


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
        except RuntimeError as error:
            if "thread" in str(error):  # the pool starts some when it is first handed work
                raise BuildError(_NO_ROOM.format(error)) from error
            raise
        finally:
            for future in under_way:
                future.cancel()

    def check(self, folders: Sequence[Path]) -> None:
        pass

    def _started(self) -> bool:
        """Whether workers are there; begins to start them when it is time."""
        if self._starter is None:
            if self._spent < PATIENCE:
                return False
            self._starter = threading.Thread(target=self._start, daemon=True)
            try:
                self._starter.start()
            except RuntimeError as error:
                self._starter = None
                raise BuildError(_NO_ROOM.format(error)) from error
        if self._starter.is_alive():
            return False
        if self._failure is not None:
            raise self._failure
        return True

    def _start(self) -> None:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        from concurrent.futures.process import BrokenProcessPool

        try:
            method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
            context = multiprocessing.get_context(method)
            if method == "forkserver":  # imports are made once, and every worker starts with them
                context.set_forkserver_preload(["medmat_core.pipeline.inspector", "medmat_core.regions.extract"])
            with _quietly():
                self._pool = ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_begin_work)
                with _without_main():
                    first = [self._pool.submit(_ready) for _ in range(self._jobs)]
            for future in first:
                future.result()
        except (BrokenProcessPool, RuntimeError, MemoryError, OSError, EOFError) as error:
            self._failure = BuildError(_NO_ROOM.format(str(error) or type(error).__name__))
            self._failure.__cause__ = error
        except Exception as error:
            self._failure = error

    def close(self) -> None:
        if self._starter is not None:
            self._starter.join()
        if self._failure is not None:
            self.abandon()
        elif self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def abandon(self) -> None:
        pool = self._pool
        if pool is None:
            return
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                process.kill()  # what they were at is in the work folder, and nothing there counts before it is whole
        pool.shutdown(wait=False, cancel_futures=True)


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
        theirs = ("distributed", "asyncio", "tornado")
        for name in (*theirs, *logging.root.manager.loggerDict):  # what matters is told in our own words
            if name.partition(".")[0] in theirs:
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._cluster: Any = None
        self._client: Any = None
        try:
            if scheduler is None:
                self._cluster = LocalCluster(
                    n_workers=jobs, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
                )
            self._client = Client(
                self._cluster if scheduler is None else scheduler, timeout=_ANSWER, set_as_default=False
            )
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            self.abandon()
            if scheduler is None:
                raise BuildError(f"no local Dask cluster can be started: {error}; give --engine local") from error
            kind = BuildError if isinstance(error, OSError) else UsageError
            raise kind(
                f"--scheduler {scheduler}: no Dask scheduler answers there ({error}); "
                "give an address such as tcp://host:8786"
            ) from error
        self._where = "the local Dask cluster" if scheduler is None else f"the Dask scheduler at {scheduler}"
        try:
            self._client.wait_for_workers(1, timeout=_WORKERS)
        except (OSError, TimeoutError) as error:
            self.abandon()
            raise BuildError(
                f"{self._where} has no workers; start some (dask worker ADDR), or see their logs"
            ) from error
        self._room = 4 * max(jobs, len(self._workers()))

    def _workers(self) -> list[str]:
        return list(self._client.scheduler_info(n_workers=-1)["workers"])

    def check(self, folders: Sequence[Path]) -> None:
        texts = [str(folder) for folder in folders]
        asked = {
            address: self._client.submit(_unseen, texts, workers=[address], pure=False) for address in self._workers()
        }
        end = time.monotonic() + _WORKERS
        for address, future in asked.items():
            try:
                missing = future.result(timeout=max(0.1, end - time.monotonic()))
            except TimeoutError:
                continue  # a worker that is busy, or gone; what it cannot read will be told
            except ModuleNotFoundError as error:
                raise BuildError(f"the Dask worker at {address}: {error}; install medmat-core and its plugins there") \
                    from error  # fmt: skip
            if missing:
                raise BuildError(
                    f"the Dask worker at {address} does not see {missing[0]}; workers need the same folders under the "
                    "same names (a shared file system)"
                )

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
        from distributed.comm import CommClosedError

        try:
            return self._patiently(future)
        except MedmatError:
            raise
        except KilledWorker as error:
            raise BuildError(
                "four Dask workers died at one partition (out of memory?); see their logs, then go on with --resume"
            ) from error
        except (CancelledError, OSError) as error:
            lost = isinstance(error, CancelledError | CommClosedError)
            if self._client.status == "running" and not lost:
                raise
            raise BuildError("the Dask scheduler is gone; start it again, then go on with --resume") from error

    def _patiently(self, future: Any) -> Any:
        """The result; :class:`BuildError` where there has been no worker for a while."""
        alone = 0.0
        while True:
            try:
                return future.result(timeout=_PULSE)
            except TimeoutError:
                if future.done():  # the task's own
                    raise
            alone = 0.0 if self._client.status != "running" or self._workers() else alone + _PULSE
            if alone >= _WORKERS:
                raise BuildError(f"{self._where} has no workers any more; start some, then go on with --resume")

    def close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError):  # a scheduler that is gone has nothing to close
            self._client.close(timeout=_ANSWER)
        if self._cluster is not None:
            self._cluster.close()

    def abandon(self) -> None:
        if stopping.asked():
            return  # the process ends at once, and with it the cluster that it started
        with contextlib.suppress(Exception):  # what failed is told; that this fails as well helps nobody
            if self._client is not None:
                self._client.close(timeout=1)
            if self._cluster is not None:
                self._cluster.close(timeout=5)


def _unseen(folders: Sequence[str]) -> list[str]:
    """The folders that are not there."""
    return [folder for folder in folders if not os.path.isdir(folder)]


def start_engine(engine: str, jobs: int, scheduler: str | None) -> Engine:
    """The engine that the arguments ask for."""
    if engine == "dask":
        return Dask(jobs, scheduler)
    if scheduler is not None:
        raise UsageError("--scheduler goes with --engine dask")
    return InProcess() if jobs == 1 else Pool(jobs)
