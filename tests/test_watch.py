"""Work that does not get on ends, also where it holds the interpreter itself."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from medmat_core.watch import Overdue, Watch

HOLDS = """
import ctypes
from medmat_core import watch
watch.GRACE = 0.5
watch.end_hard()
held, libc = ctypes.create_string_buffer(64), ctypes.PyDLL(None)  # keeps the lock of the interpreter
with watch.Watch(0.5, lambda: None, lambda: None):
    for _ in range(2):
        libc.pthread_mutex_lock(held)
"""

GETS_ON = """
import time
from medmat_core import watch
watch.GRACE = 0.3
watch.end_hard()
end = time.monotonic() + 3
with watch.Watch(0.4, time.monotonic, lambda: None):
    while time.monotonic() < end:
        pass
with watch.Watch(0.4, lambda: None, lambda: None):
    pass
time.sleep(2)
print("done")
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=False)


def test_work_that_does_not_get_on_is_ended() -> None:
    with pytest.raises(Overdue), Watch(0.2, lambda: None, lambda: None):
        while True:
            time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="a lock of POSIX")
def test_a_worker_whose_decoder_holds_the_interpreter_ends() -> None:
    done = run(HOLDS)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_a_worker_that_gets_on_lives_and_is_not_ended_when_its_work_is_done() -> None:
    done = run(GETS_ON)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
