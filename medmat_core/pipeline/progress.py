"""What a build tells while it runs: to nobody, to a function, or as a bar on a terminal and lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import evolve, frozen

from medmat_core.model import PARTS

if TYPE_CHECKING:
    from medmat_core.dataset import Dataset
    from medmat_core.pipeline.manifest import DatasetReport

_PAUSE: Final = 30.0
"""Seconds between two lines of one data set in a log."""


_GAPS: Final = ("empty_class", "no_question")
"""Reasons that concern a whole data set, so that they are said at once."""


@frozen
class Step:
    """How far a build is: ``dataset`` is the slug of its ``number``-th data set ``of`` so many.

    ``step`` is "start", "seen" (``done`` pictures of about ``total`` were looked at; 0 where that cannot be told),
    "written" (``done`` records were written) or "finished".
    """

    dataset: str
    number: int
    of: int
    step: str
    done: int
    total: int


class Progress(Protocol):
    """What a build calls. ``expected`` counts pictures, and is only called by those who want to know."""

    def start(self, dataset: Dataset, number: int, of: int, expected: Callable[[], int]) -> None: ...
    def advance(self, step: str, count: int) -> None: ...
    def finish(self, report: DatasetReport) -> None: ...
    def close(self) -> None: ...


class Silent:
    """Tells nothing."""

    def start(self, dataset: Dataset, number: int, of: int, expected: Callable[[], int]) -> None: ...
    def advance(self, step: str, count: int) -> None: ...
    def finish(self, report: DatasetReport) -> None: ...
    def close(self) -> None: ...


class Told:
    """Tells a function each step."""

    def __init__(self, function: Callable[[Step], None]) -> None:
        self._function = function
        self._at = Step("", 0, 0, "start", 0, 0)
        self._counts: dict[str, int] = {}

    def start(self, dataset: Dataset, number: int, of: int, expected: Callable[[], int]) -> None:
        self._at = Step(dataset.slug, number, of, "start", 0, expected())
        self._counts = {}
        self._function(self._at)

    def advance(self, step: str, count: int) -> None:
        self._counts[step] = self._counts.get(step, 0) + count
        self._function(evolve(self._at, step=step, done=self._counts[step]))

    def finish(self, report: DatasetReport) -> None:
        self._function(evolve(self._at, step="finished", done=report.samples))

    def close(self) -> None: ...


class Shown:
    """A bar on a terminal and in a notebook; in a log a plain line for each data set, and now and then one while it is
    long. Both say where in the build it is, how many pictures are done of about how many, and the time left."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._place = self._name = ""
        self._told = 0.0
        self._begun = 0.0
        self._seen = self._expected = 0

    def start(self, dataset: Dataset, number: int, of: int, expected: Callable[[], int]) -> None:
        self._place, self._seen, self._expected = f"({number} of {of})", 0, expected()
        self._begun = self._told = time.monotonic()
        self._name = str(dataset)
        if not (sys.stderr.isatty() or _in_notebook()):
            return
        if self._bar is None:
            self._bar = _bar()
            self._bar.start()
        self._task = self._bar.add_task(f"{self._place} {dataset}", total=self._expected or None)

    def advance(self, step: str, count: int) -> None:
        if step == "seen":
            self._seen += count
            if self._seen > self._expected:
                self._expected = 0  # the card knows of fewer
        if self._bar is not None:
            if step == "seen":
                self._bar.update(self._task, advance=count, total=self._expected or None)
            else:
                self._bar.update(self._task, description=f"{self._place} {self._name}: writing")
        elif time.monotonic() - self._told > _PAUSE:
            self._told = time.monotonic()
            _say(f"{self._name}: {self._place} {self._so_far()}")

    def _so_far(self) -> str:
        if not self._expected:
            return f"{self._seen:,} pictures"
        left = (time.monotonic() - self._begun) * (self._expected - self._seen) / max(1, self._seen)
        minutes, seconds = divmod(int(left), 60)
        return f"{self._seen:,} of about {self._expected:,} pictures, {minutes}:{seconds:02d} left"

    def finish(self, report: DatasetReport) -> None:
        gaps = _gaps(report)
        if self._bar is not None:
            self._bar.remove_task(self._task)
            for gap in gaps:
                self._bar.console.print(gap, markup=False, highlight=False, soft_wrap=True)
            return
        for gap in gaps:
            _say(gap)
        counts = {part: report.total(part) for part in PARTS}
        *others, last = (f"{count} {part}" for part, count in counts.items() if count or part in ("train", "test"))
        _say(f"{self._name}: {self._place} {', '.join(others)} and {last} records, {report.refused} refused")

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()


def _gaps(report: DatasetReport) -> list[str]:
    """A line a reason: the classes of a folder that is not there are many."""
    told = {reason: [problem.detail for problem in report.problems if problem.reason == reason] for reason in _GAPS}
    return [
        f"{report.slug}: {reason}: {details[0]}" + (f", and {len(details) - 1} more" if len(details) > 1 else "")
        for reason, details in told.items()
        if details
    ]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(bar_width=16), MofNCompleteColumn(),
        TimeRemainingColumn(), TextColumn("left"), console=Console(stderr=True), transient=True,
    )  # fmt: skip


def progress_of(wanted: bool | Callable[[Step], None] | None) -> Progress:
    """What ``build(progress=...)`` means: nothing, a bar, or a function that takes each :class:`Step`."""
    if callable(wanted):
        return Told(wanted)
    return Shown() if wanted else Silent()
