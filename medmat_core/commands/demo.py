"""medmat demo"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from medmat_core.commands import catalog_of, counted, exit_code
from medmat_core.commands.options import FOLDER, option
from medmat_core.errors import UsageError


@click.command("demo")
@option("--to", "target", type=FOLDER, help="Where to write; default: a new temporary folder.")
@option("--jobs", default=1, help="Processes to use.")
@click.pass_context
def command(ctx: click.Context, target: Path | None, jobs: int) -> int:
    """Sample, build and summarise everything installed: a first look in two minutes.

    Writes tiny synthetic data sets to TO/med-mat and the records built from them to TO/out.
    """
    from medmat_core.building import build_and_export
    from medmat_core.commands.summary import print_summary
    from medmat_core.pipeline.options import BuildOptions
    from medmat_core.pipeline.progress import Shown
    from medmat_core.samples import write_example

    catalog = catalog_of(ctx)
    if not catalog.entries:
        raise UsageError("no plugin is installed, so there is nothing to show; try: pip install medmat-plugin-ct")
    where = target if target is not None else Path(tempfile.mkdtemp(prefix="medmat-demo-"))
    click.echo(
        f"Writing synthetic samples of {counted(len(catalog.datasets), 'data set')} to {where / 'med-mat'} ...",
        err=True,
    )
    for dataset in catalog:
        write_example(dataset.card, where / "med-mat")
    options = BuildOptions(data=where / "med-mat", out=where / "out", formats=("medmat", "jsonl"), jobs=jobs)
    manifest = build_and_export(catalog, options, Shown())
    print_summary(manifest, options.out)
    return exit_code(ctx, manifest.refused)
