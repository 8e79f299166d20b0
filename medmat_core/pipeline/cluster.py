"""Partitions worked on by a Dask cluster: the engine behind ``--engine dask``."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from medmat_core import stopping
from medmat_core.errors import BuildError, MedmatError, UsageError
from medmat_core.pipeline.workers import environment, installed

if TYPE_CHECKING:
    from medmat_core.pipeline.engines import Mend

_PULSE: Final = 3.0
"""Seconds between two looks at whether there are workers still."""

A = TypeVar("A")
B = TypeVar("B")

_ANSWER: Final = 10
"""Seconds in which a Dask scheduler has to answer."""

_WORKERS: Final = 15
"""Seconds in which a Dask scheduler has to have workers, and they to look at the data."""


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
        self._told = contextlib.ExitStack()
        try:
            if scheduler is None:
                self._told.enter_context(environment(**installed()))  # a worker that dies is started anew at any time
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

    def map(self, function: Callable[[A], B], tasks: Iterable[A], mend: Mend[A] | None = None) -> Iterator[B]:
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
        self._told.close()
        with contextlib.suppress(OSError, TimeoutError):  # a scheduler that is gone has nothing to close
            self._client.close(timeout=_ANSWER)
        if self._cluster is not None:
            self._cluster.close()

    def abandon(self) -> None:
        if stopping.asked():
            return  # the process ends at once, and with it the cluster that it started
        self._told.close()
        with contextlib.suppress(Exception):  # what failed is told; that this fails as well helps nobody
            if self._client is not None:
                self._client.close(timeout=1)
            if self._cluster is not None:
                self._cluster.close(timeout=5)


def _unseen(folders: Sequence[str]) -> list[str]:
    """The folders that are not there."""
    return [folder for folder in folders if not os.path.isdir(folder)]
