"""Work that has to get on: a stranger's loop that never ends costs its own part and not the build."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Final

GRACE: Final = 20.0
"""Seconds after which work that goes on regardless is given up, with the process that it holds."""


PATIENCE: Final = 120.0
"""Seconds that a plugin may take to be imported, or to answer a hook."""


class _Hard:
    nowhere: Any = None


def end_hard() -> None:
    """Have this process end, exit code 1, where code that is watched holds the interpreter itself and lets nothing of
    Python run. For worker processes: who waits for them goes on."""
    _Hard.nowhere = open(os.devnull, "w")  # noqa: SIM115  as long as the process


class Overdue(BaseException):
    """Raised in work that did not get on in time. It is no Exception, so that a plugin does not swallow it."""


class Watch:
    """Raises :class:`Overdue` in the block below it where ``progress()`` stays the same for ``seconds`` (0: never).

    In the main thread an alarm does so, which ends a sleep, a read from a pipe and a regular expression as well; in
    other threads, and where there are no alarms, it is raised at the next line of Python. If neither comes through,
    ``stuck`` is called from another thread after :data:`GRACE` seconds more.
    """

    def __init__(self, seconds: float, progress: Callable[[], Any], stuck: Callable[[], None]) -> None:
        self._seconds, self._progress, self._stuck = seconds, progress, stuck
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._fired = False
        self._alarm: Any = None

    def __enter__(self) -> Watch:
        if not self._seconds:
            return self
        self._thread = threading.get_ident()
        self._last, self._since = self._progress(), time.monotonic()
        if threading.current_thread() is threading.main_thread() and _alarms_are_free():
            self._alarm = signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, self._seconds)
        with contextlib.suppress(RuntimeError):  # no thread can be had: then the alarm has to do
            threading.Thread(target=self._wait, daemon=True).start()
            self._put_off()
        return self

    def __exit__(self, *raised: object) -> None:
        self._done.set()
        if self._alarm is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._alarm)
            self._alarm = None
        with self._lock:
            if _Hard.nowhere is not None:
                faulthandler.cancel_dump_traceback_later()
            if self._fired and not isinstance(raised[1], Overdue):
                _raise_in(self._thread, None)  # it got on in the last moment

    def _put_off(self) -> None:
        """Put off the hard end: Python gets to run."""
        if _Hard.nowhere is not None:
            faulthandler.dump_traceback_later(self._seconds + 2 * GRACE, exit=True, file=_Hard.nowhere)

    def _late(self) -> float:
        """Seconds since it last got on; what is left of the time is told as a negative number."""
        now, at = time.monotonic(), self._progress()
        if at != self._last:
            self._last, self._since = at, now
        return now - self._since - self._seconds

    def _ring(self, number: int, frame: Any) -> None:
        late = self._late()
        signal.setitimer(signal.ITIMER_REAL, 1.0 if late >= 0 else -late)  # once more, if this is swallowed
        if late >= 0:
            raise Overdue

    def _wait(self) -> None:
        while not self._done.wait(min(1.0, self._seconds / 4)):
            late = self._late()
            with self._lock:
                if not self._done.is_set():
                    self._put_off()
            if late >= GRACE:
                self._stuck()
            elif late >= 0 and self._alarm is None:
                with self._lock:
                    if not self._done.is_set():
                        self._fired = True
                        _raise_in(self._thread, Overdue)


def _alarms_are_free() -> bool:
    if not hasattr(signal, "setitimer"):
        return False
    return signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0) and signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error) if error else None)
