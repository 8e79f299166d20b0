"""medmat preview"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from medmat_core.commands import catalog_of, exit_code
from medmat_core.commands.options import BUILT_FROM, DATASETS, FOLDER, JOBS, QUIET, SUBSETS, Counter, option
from medmat_core.shown import counted


@click.command("preview")
@click.argument("out", metavar="OUT", type=FOLDER)
@option("--to", metavar="DIR", type=FOLDER, help="The folder to make; default: the folder preview in OUT.")
@SUBSETS
@DATASETS
@BUILT_FROM
@JOBS
@QUIET
@click.pass_context
def command(
    ctx: click.Context,
    out: Path,
    to: Path | None,
    subsets: tuple[int, ...],
    datasets: tuple[str, ...],
    root: Path | None,
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

    options = PreviewOptions(to, Filters(subsets=subsets, datasets=datasets), max(1, jobs))
    with closing(Counter(quiet)) as shown:
        done = preview(Built.open(out, pictures=root), options, catalog=catalog_of(ctx), progress=shown.advance)
    if not quiet:
        made = f"; {counted(done.made, 'picture')} made for browsers" if done.made else ""
        click.echo(f"{counted(done.records, 'record')}{made}")
        click.echo(f"Open {done.page}")
    if done.lost:
        of = f", nor those of {counted(len(done.lost) - 1, 'other data set')}" if len(done.lost) > 1 else ""
        why = "where --out of the build was not the parent of its data, give --data"
        click.echo(f"medmat: {done.lost[0]}: no picture is there{of}; {why}", err=True)
    return exit_code(ctx, 0)
