"""Where partitions are worked on: in this process, in a pool of processes, or on a Dask cluster.

Every engine maps a function over tasks and gives the results back in the order of the tasks, with a bounded
number under way, so that memory stays flat and the bytes that come out are the same.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from medmat_core.errors import BuildError, UsageError

A = TypeVar("A")
B = TypeVar("B")


class Engine(Protocol):
    """Maps a module-level function over tasks that pickle."""

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        """The results in the order of the tasks."""

    def close(self) -> None:
        """Let the workers go."""


class InProcess:
    """One job: no processes, nothing pickled."""

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        return map(function, tasks)

    def close(self) -> None:
        pass


def _end_with_parent() -> None:
    """A worker whose parent was killed must not live on: it waits for the parent's end in a thread."""
    import multiprocessing
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    with contextlib.suppress(ImportError):
        import cv2

        cv2.setNumThreads(1)  # the processes are the parallelism


class Pool:
    """A pool of processes. They are started when the second task comes, so that small work pays nothing."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: Any = None

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        source = iter(tasks)
        first = next(source, None)
        if first is None:
            return
        second = next(source, None)
        if second is None:
            yield function(first)
            return
        from concurrent.futures.process import BrokenProcessPool

        pool = self._started()
        under_way: deque[Any] = deque((pool.submit(function, first), pool.submit(function, second)))
        try:
            for task in source:
                if len(under_way) > 2 * self._jobs:
                    yield under_way.popleft().result()
                under_way.append(pool.submit(function, task))
            while under_way:
                yield under_way.popleft().result()
        except BrokenProcessPool as error:
            raise BuildError(
                "a worker process died (out of memory?); go on with --resume, perhaps with fewer --jobs"
            ) from error
        finally:
            for future in under_way:
                future.cancel()

    def _started(self) -> Any:
        if self._pool is None:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
            self._pool = ProcessPoolExecutor(
                self._jobs, mp_context=multiprocessing.get_context(method), initializer=_end_with_parent
            )
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


class Dask:
    """A Dask cluster over a shared file system; without an address a local one of ``jobs`` processes."""

    def __init__(self, jobs: int, scheduler: str | None) -> None:
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise UsageError("--engine dask needs Dask; run: pip install 'medmat-core[dask]'") from error
        self._cluster = None
        try:
            if scheduler is None:
                self._cluster = LocalCluster(
                    n_workers=jobs, threads_per_worker=1, dashboard_address=None, silence_logs=40
                )
            self._client = Client(scheduler or self._cluster, timeout=30)
        except OSError as error:
            raise UsageError(f"--scheduler {scheduler}: no Dask scheduler answers there ({error})") from error
        self._room = 4 * max(jobs, len(self._client.scheduler_info()["workers"]))

    def map(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        under_way: deque[Any] = deque()
        for task in tasks:
            if len(under_way) >= self._room:
                yield under_way.popleft().result()
            # pure=False: a partition writes files, so equal ones must not be taken for one another
            under_way.append(self._client.submit(function, task, pure=False, retries=3))
        while under_way:
            yield under_way.popleft().result()

    def close(self) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def start_engine(engine: str, jobs: int, scheduler: str | None) -> Engine:
    """The engine that the arguments ask for."""
    if engine == "dask":
        return Dask(jobs, scheduler)
    if scheduler is not None:
        raise UsageError("--scheduler goes with --engine dask")
    return InProcess() if jobs == 1 else Pool(jobs)
