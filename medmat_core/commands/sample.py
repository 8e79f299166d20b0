"""medmat sample"""

from __future__ import annotations

from pathlib import Path

import click

from medmat_core.commands import catalog_of, complete_names, counted, exit_code
from medmat_core.commands.options import FOLDER, option


@click.command("sample")
@click.argument("names", nargs=-1, metavar="[NO|SLUG]...", shell_complete=complete_names)
@option("--to", "target", required=True, type=FOLDER, help="The data folder to write into, such as samples/med-mat.")
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], target: Path) -> int:
    """Write tiny synthetic data sets in the real layouts.

    Pictures are drawn phantoms, label files are literal with their quirks; nothing in them comes from a patient.
    `medmat build --data DIR --out OUT` then works on them as on the real ones.
    """
    from medmat_core.samples import write_example

    chosen = catalog_of(ctx).select(names)
    files = 0
    for dataset in chosen:
        files += len(write_example(dataset.card, target))
    click.echo(f"{counted(files, 'file')} of {counted(len(chosen), 'data set')} written to {target}")
    return exit_code(ctx, 0)
