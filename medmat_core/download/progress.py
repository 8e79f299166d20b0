"""How far a download is: bars on a terminal, plain lines in a log."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from medmat_core.download_entries import size_text

if TYPE_CHECKING:
    from rich.console import Console

_EVERY: Final = 30.0
"""Seconds between two lines of a log about one file."""


class Progress(Protocol):
    """What the rooms of the download report to. ``total`` and ``done`` are bytes; total 0: not known."""

    def say(self, line: str) -> None:
        """A line of its own."""

    def start(self, what: str, total: int, done: int = 0) -> None:
        """A piece of work begins, or goes on where ``done`` says."""

    def advance(self, count: int) -> None:
        """So many bytes more."""

    def end(self) -> None:
        """The piece of work is done, or given up."""


class Lines:
    """Plain lines: one when a piece begins, one each half minute, one at its end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._what, self._total, self._done, self._told = "", 0, 0, 0.0

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)

    def start(self, what: str, total: int, done: int = 0) -> None:
        self._what, self._total, self._done, self._told = what, total, done, time.monotonic()
        so_far = f", {size_text(done)} are there" if done else ""
        self.say(f"  {what}: {size_text(total) if total else 'size unknown'}{so_far}")

    def advance(self, count: int) -> None:
        self._done += count
        if time.monotonic() - self._told >= _EVERY:
            self._told = time.monotonic()
            of = f" of {size_text(self._total)}" if self._total else ""
            self.say(f"  {self._what}: {size_text(self._done)}{of}")

    def end(self) -> None:
        if self._what:
            self.say(f"  {self._what}: {size_text(self._done)}")
        self._what = ""


class Bars:
    """One bar with sizes, speed and the time that is left."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._task: Any = None

    def say(self, line: str) -> None:
        self._bars.console.print(line, markup=False, soft_wrap=True)

    def start(self, what: str, total: int, done: int = 0) -> None:
        self.end()
        self._task = self._bars.add_task(what, total=total or None, completed=done)

    def advance(self, count: int) -> None:
        self._bars.advance(self._task, count)

    def end(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = None


@contextlib.contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """The progress that suits a console, for as long as the block lasts."""
    if not console.is_terminal:
        yield Lines(console)
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Rich

    text = TextColumn("  {task.description}", markup=False)
    times = TransferSpeedColumn(), TimeRemainingColumn()
    with Rich(text, BarColumn(), DownloadColumn(), *times, console=console) as bars:
        yield Bars(bars)
