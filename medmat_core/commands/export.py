"""medmat export"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from medmat_core.commands import catalog_of, counted, exit_code
from medmat_core.commands.options import BUILT_FROM, DATASETS, FOLDER, JOBS, QUIET, SUBSETS, Counter, listed, option
from medmat_core.formats import KINDS
from medmat_core.shown import shown as as_shown


@click.command("export")
@click.argument("out", metavar="OUT", type=FOLDER)
@option("--to", required=True, metavar="DIR", type=FOLDER, help="The folder to make.")
@option(
    "--format",
    "formats",
    multiple=True,
    required=True,
    metavar="F",
    help=f"{', '.join(KINDS)}, or a plugin's (repeatable).",
)
@option(
    "--option", "option", multiple=True, metavar="F.KEY=VALUE", help="An option of a format, such as chat.style=openai."
)
@option(
    "--pictures",
    default="link",
    metavar="link|copy|absolute",
    help="Hard links (symbolic where those fail), copies, or absolute paths to where pictures lie.",
)
@option("--max-side", type=int, metavar="N", help="Resize pictures whose longer side is longer; boxes follow.")
@option(
    "--as",
    "as_",
    default="misread",
    metavar="misread|png|jpeg|keep",
    help="Convert what trainers misread, all to PNG or JPEG, or nothing.",
)
@option("--reply", default="letter", metavar="letter|text|both", help="What the assistant answers.")
@option(
    "--ask-as",
    default="choice",
    metavar="choice|open|both",
    help="With options, without, or in both ways; open records stand in conversations with the last two.",
)
@option("--access", multiple=True, help="Only data sets of this access: open, account, ... (repeatable).")
@option("--license", "licenses", multiple=True, help="Only data sets of this license; * fits anything.")
@SUBSETS
@DATASETS
@option("--ask", "asks", multiple=True, help="Only these questions: label, box, ... (repeatable).")
@option("--part", "--split", "splits", multiple=True, help="Only this part: train, val or test (repeatable).")
@option("--rounds-only", is_flag=True, help="Only records that stand in a round.")
@option("--public", is_flag=True, help="Refuse data sets whose access or license forbids to pass them on.")
@BUILT_FROM
@JOBS
@QUIET
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: Path,
    to: Path,
    formats: tuple[str, ...],
    root: Path | None,
    quiet: bool,
    access: tuple[str, ...],
    licenses: tuple[str, ...],
    subsets: tuple[int, ...],
    datasets: tuple[str, ...],
    asks: tuple[str, ...],
    splits: tuple[str, ...],
    rounds_only: bool,
    **arguments: Any,
) -> int:
    """Make a self-contained folder for a trainer or a judge from a built one.

    DIR gets one root for the pictures of all its files, and a README that says what was converted and why, and what
    the licenses allow. It appears whole or not at all, and takes the place of nothing but an earlier export.
    """
    from medmat_core.export import ExportOptions, Filters, export
    from medmat_core.records import Built

    built = Built.open(out, pictures=root)
    filters = Filters(listed(access), licenses, subsets, listed(datasets), listed(asks), listed(splits), rounds_only)
    options = ExportOptions(to=to, filters=filters, **arguments)
    with closing(Counter(quiet)) as shown:
        done = export(built, listed(formats), options, catalog=catalog_of(ctx), progress=shown.advance)
    if not quiet:
        for name in done.formats:
            left = f", {done.left[name]} left out" if done.left[name] else ""
            click.echo(f"{name}: {counted(done.records[name], 'record')}{left}")
        anew = f", {sum(done.anew.values())} made anew" if done.anew else ""
        click.echo(
            f"{done.to}: {counted(len(done.files), 'file')}, {counted(done.pictures, 'picture')}{anew}; "
            "see its README.md"
        )
        for one in done.refusals[:5]:
            click.echo(as_shown(f"left out: {one.image}: {one.why}"), err=True)
        if done.refused > 5:
            click.echo(f"left out: {counted(done.refused, 'record')} in all", err=True)
    return exit_code(ctx, done.refused)
