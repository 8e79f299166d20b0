"""Ctrl-C, SIGTERM and SIGHUP: the command ends soon, quietly, and with the exit code that a shell expects.

The first signal raises :class:`Stopped` in the main thread, so that files half written are dropped and locks are let
go. Whatever holds that up (a library that does not come back, a plugin that swallows the exception) has
:data:`GRACE` seconds; then the process ends without it. Workers notice that their parent is gone and end, too.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

GRACE: Final = 1.2
"""Seconds for an orderly end."""

SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # fmt: skip


class Stopped(BaseException):  # no error: somebody asked for it
    """Whoever runs medmat wants it to end. ``exit_code`` is 128 and the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class _State:
    handled = False
    number = 0


def asked() -> bool:
    """Whether a signal came."""
    return _State.number != 0


def exit_code() -> int:
    """That of the signal that came."""
    return 128 + _State.number


def is_stop(error: BaseException) -> bool:
    """Whether an error is the wish of whoever runs medmat to end, and not a plugin that raises the like of it."""
    return isinstance(error, Stopped) or (type(error) is KeyboardInterrupt and not _State.handled)


def handle(last_words: Callable[[], None]) -> None:
    """Handle the signals from now on; to be called in the main thread. ``last_words`` says what to do next, where
    there is no orderly end."""
    tell, told = socket.socketpair()
    for end in (tell, told):
        end.setblocking(False)
    told.setblocking(True)
    for number in SIGNALS:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):  # nohup stays what it is
            signal.signal(number, _stop)
    # a library may keep the main thread from running handlers; this thread hears of the signal all the same
    signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_end_soon, args=(told, tell, last_words), daemon=True).start()
    _State.handled = True


def _stop(number: int, frame: Any) -> None:
    first = not _State.number
    _State.number = number
    if first:
        raise Stopped(number)


def _end_soon(told: socket.socket, tell: socket.socket, last_words: Callable[[], None]) -> None:
    wanted = set(map(int, SIGNALS))
    while True:
        came = wanted.intersection(told.recv(64))
        if came:
            break
    threading.Event().wait(GRACE)
    last_words()
    leave(128 + min(came))


def leave(code: int) -> None:
    """End now: what interpreters do at their end may wait for threads and workers."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)
