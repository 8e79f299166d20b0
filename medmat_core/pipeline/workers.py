"""What is particular about a worker process: how it begins, and how it is started."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from types import ModuleType

from medmat_core.watch import end_hard


def hush() -> None:
    """What libraries say of single files on stderr is not said: each file has its own line among the problems."""
    import logging
    import warnings

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def begin_work() -> None:
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
    hush()
    end_hard()
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


def ready() -> bool:
    """What a worker is asked first."""
    return True


@contextlib.contextmanager
def without_main() -> Iterator[None]:
    """Workers started here do not run the caller's script again: they need nothing of it, and a script that builds
    without asking for ``__name__ == "__main__"`` would start the build again in each of them."""
    own = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = own


def installed() -> dict[str, str]:
    """For the environment of other processes: what they load comes from where it is installed.

    Else modules of Python may come from the folder that the user is in, and with data from a stranger there may be a
    socket.py. So may shared libraries: OpenCV, whenever it is imported, puts an entry of its own and a colon before
    LD_LIBRARY_PATH, and where nothing follows the colon that stands for this folder (ld.so(8)).
    """
    libraries = filter(None, re.split("[:;]", os.environ.get("LD_LIBRARY_PATH", "")))
    return {"PYTHONSAFEPATH": "1", "LD_LIBRARY_PATH": ":".join(libraries) or os.devnull}


@contextlib.contextmanager
def environment(**said: str) -> Iterator[None]:
    """Variables for the processes that are started here."""
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Processes that are started here do not hear of Ctrl-C before they can ignore it, the one of Python's that looks
    after semaphores does not tell of those that are left where all ends at once, and none takes code from the folder
    that the user is in."""
    warnings = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker")))
    mask = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP}) if mask else None
    with environment(PYTHONWARNINGS=warnings, **installed()):
        try:
            if mask:
                from multiprocessing import resource_tracker

                resource_tracker.ensure_running()  # it ignores Ctrl-C itself, and lets it through to this thread again
                mask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
            yield
        finally:
            if mask:
                mask(signal.SIG_SETMASK, before)
