"""Options that several commands have, and what becomes of their values."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Final

import click

from medmat_core.shown import shown

option: Final = partial(click.option, show_default=True)
"""An option whose default, where it has one, stands in the help."""


class FolderType(click.Path):
    """A path that says something: an empty text (``--out "$OUT"`` with nothing in it) would mean the current folder."""

    def __init__(self, *, file_okay: bool = True) -> None:
        super().__init__(path_type=Path, file_okay=file_okay)

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if value == "":
            self.fail("it is empty; name a folder ('.' is the current one)", param, ctx)
        return Path(os.fsdecode(super().convert(value, param, ctx)))


FOLDER = FolderType()
DIRECTORY = FolderType(file_okay=False)
JOBS = option("--jobs", default=os.cpu_count() or 1, show_default="cores", help="Processes to use.")
TIMEOUT = option(
    "--timeout-per-file",
    type=float,
    default=600.0,
    metavar="SECONDS",
    help="A picture that takes longer is refused; a plugin that does not get on for so long is left out (0: no limit).",
)
QUIET = click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")
SUBSETS = click.option(
    "--subset", "subsets", multiple=True, type=int, help="Only data sets of this subset (repeatable)."
)
DATASETS = click.option(
    "--dataset", "datasets", multiple=True, metavar="NO|SLUG", help="Only this data set (repeatable)."
)
BUILT_FROM = click.option(
    "--data",
    "root",
    type=FOLDER,
    callback=lambda ctx, param, data: Path(os.path.abspath(data)).parent if data is not None else None,
    help="The folder that was given to the build, where its parent is not OUT.",
)
"""Becomes ``root``: the folder that the paths of records start from, or None."""


def listed(values: tuple[str, ...]) -> tuple[str, ...]:
    """Values of a repeatable option, which may also be joined by commas; each once."""
    return tuple(dict.fromkeys(part.strip() for value in values for part in value.split(",") if part.strip()))


class Counter:
    """Records that are done: a counter on a terminal, and in a log a line every 100,000."""

    def __init__(self, quiet: bool = False, what: str = "records") -> None:
        self._quiet, self._what = quiet, what
        self._done = self._told = 0

    def advance(self, count: int, more: str = "") -> None:
        """So many records more; ``more`` is said of the last of them, on a terminal."""
        self._done += count
        if self._quiet:
            return
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{self._done} {self._what}{shown(more)}"[:120])
            sys.stderr.flush()
        elif self._done - self._told >= 100_000:
            self._told = self._done
            click.echo(f"{self._done} {self._what}", err=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if not self._quiet and sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
