"""medmat preview"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from medmat_core.commands import catalog_of, exit_code


@click.command("preview")
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--to",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder to make; default: the folder preview in OUT.",
)
@click.option("--subset", "subsets", multiple=True, type=int, help="Only data sets of this subset (repeatable).")
@click.option("--dataset", "datasets", multiple=True, metavar="NO|SLUG", help="Only this data set (repeatable).")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The folder that was given to the build, where its parent is not OUT.",
)
@click.option("--jobs", default=os.cpu_count() or 1, show_default="cores", help="Processes to use.")
@click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")
@click.pass_context
def command(
    ctx: click.Context,
    out: Path,
    to: Path | None,
    subsets: tuple[int, ...],
    datasets: tuple[str, ...],
    data: Path | None,
    jobs: int,
    quiet: bool,
) -> int:
    """Write a page to look at a built folder: no server, open its index.html.

    It shows every picture with its boxes, question and options, the rounds side by side, and problems.jsonl.
    Pictures are shown from where they lie; only those that browsers cannot show (TIFF, PGM) are made anew. The
    folder appears whole or not at all, and takes the place of nothing but an earlier preview.
    """
    from medmat_core.export import Filters
    from medmat_core.preview import PreviewOptions, preview
    from medmat_core.records import Built

    pictures = Path(os.path.abspath(data)).parent if data is not None else None
    options = PreviewOptions(to, Filters(subsets=subsets, datasets=datasets), max(1, jobs))
    shown = _Shown(quiet)
    try:
        done = preview(Built.open(out, pictures=pictures), options, catalog=catalog_of(ctx), progress=shown.advance)
    finally:
        shown.close()
    if not quiet:
        made = f"; {done.made} picture{'s' * (done.made != 1)} made for browsers" if done.made else ""
        click.echo(f"{done.records} record{'s' * (done.records != 1)}{made}")
        click.echo(f"Open {done.page}")
    return exit_code(ctx, 0)


class _Shown:
    """A counter on a terminal; a log gets the summary alone."""

    def __init__(self, quiet: bool) -> None:
        self._told = not quiet and sys.stderr.isatty()
        self._done = 0

    def advance(self, count: int) -> None:
        self._done += count
        if self._told:
            sys.stderr.write(f"\r\x1b[K{self._done} records")
            sys.stderr.flush()

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._told:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
