"""medmat export"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from medmat_core.commands import catalog_of, counted, exit_code
from medmat_core.commands.options import BUILT_FROM, DATASETS, FOLDER, JOBS, QUIET, SUBSETS, Counter, listed
from medmat_core.formats import KINDS


@click.command("export")
@click.argument("out", metavar="OUT", type=FOLDER)
@click.option("--to", required=True, metavar="DIR", type=FOLDER, help="The folder to make.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    required=True,
    metavar="F",
    help=f"{', '.join(KINDS)}, or a plugin's (repeatable).",
)
@click.option(
    "--option", "option", multiple=True, metavar="F.KEY=VALUE", help="An option of a format, such as chat.style=openai."
)
@click.option(
    "--pictures",
    default="link",
    show_default=True,
    metavar="link|copy|absolute",
    help="Hard links (symbolic where those fail), copies, or absolute paths to where pictures lie.",
)
@click.option("--max-side", type=int, metavar="N", help="Resize pictures whose longer side is longer; boxes follow.")
@click.option(
    "--as",
    "as_",
    default="misread",
    show_default=True,
    metavar="misread|png|jpeg|keep",
    help="Convert what trainers misread, all to PNG or JPEG, or nothing.",
)
@click.option(
    "--reply", default="letter", show_default=True, metavar="letter|text|both", help="What the assistant answers."
)
@click.option(
    "--ask-as",
    default="choice",
    show_default=True,
    metavar="choice|open|both",
    help="With options, without, or in both ways; open records stand in conversations with the last two.",
)
@click.option("--access", multiple=True, help="Only data sets of this access: open, account, ... (repeatable).")
@click.option("--license", "licenses", multiple=True, help="Only data sets of this license; * fits anything.")
@SUBSETS
@DATASETS
@click.option("--ask", "asks", multiple=True, help="Only these questions: label, box, ... (repeatable).")
@click.option("--part", "--split", "splits", multiple=True, help="Only this part: train, val or test (repeatable).")
@click.option("--rounds-only", is_flag=True, help="Only records that stand in a round.")
@click.option("--public", is_flag=True, help="Refuse data sets whose access or license forbids to pass them on.")
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
    shown = Counter(quiet)
    catalog = catalog_of(ctx)
    try:
        done = export(
            built, listed(formats), ExportOptions(to=to, filters=filters, **arguments),
            catalog=catalog, progress=shown.advance,
        )  # fmt: skip
    finally:
        shown.close()
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
            click.echo(f"left out: {one.image}: {one.why}", err=True)
        if done.refused > 5:
            click.echo(f"left out: {counted(done.refused, 'record')} in all", err=True)
    return exit_code(ctx, done.refused)
