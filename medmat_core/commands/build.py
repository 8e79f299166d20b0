"""medmat build"""

from __future__ import annotations

import gc
from typing import Any, Final

import click

from medmat_core.commands import catalog_of, complete_modality, complete_names, exit_code, hush_libraries
from medmat_core.commands.options import FOLDER, JOBS, QUIET, TIMEOUT, listed, option
from medmat_core.model import ASKS
from medmat_core.pipeline.engines import ENGINES
from medmat_core.regions.conventions import BOX_FORMATS

NEXT: Final = ("audit", "preview")
"""Commands that take a built folder, in the order in which one would try them."""


@click.command("build")
@click.argument("names", nargs=-1, metavar="[NO|SLUG]...", shell_complete=complete_names)
@option(
    "--data",
    required=True,
    type=FOLDER,
    help="The folder that holds the data sets' folders (often called med-mat).",
)
@option("--out", type=FOLDER, help="Where the records go (default: the parent of --data).")
@option("--subset", type=int, help="Only data sets of this subset.")
@option("--modality", shell_complete=complete_modality, help="Only data sets of this modality.")
@option("--access", multiple=True, metavar="KIND", help="Only data sets of this access (repeatable).")
@option(
    "--license",
    "licenses",
    multiple=True,
    metavar="NAME",
    help="Only data sets of this license, as it begins; * fits anything (repeatable).",
)
@option(
    "--format",
    "formats",
    multiple=True,
    help="A further output format (repeatable); records and Med-MAT's own form are always written.",
)
@option("--seed", default=0, help="Seed of every draw.")
@JOBS
@option("--engine", default="local", metavar="|".join(ENGINES), help="Where the work is done.")
@option("--scheduler", metavar="ADDR", help="A Dask scheduler such as tcp://host:8786 (with --engine dask).")
@option(
    "--split",
    default="official",
    metavar="official|group|none",
    help="Train and test: as published where it is, by group, or all train.",
)
@option(
    "--test-fraction",
    default=0.15,
    help="Share of groups in test where there is no official split.",
)
@option("--fold", metavar="K/N", help="Fold K of N by group is the test part, instead of a fraction.")
@option(
    "--validation",
    metavar="train|test|own",
    help="An official validation part counts as train or test, or is a file of its own (default: what the card says).",
)
@option("--max-per-label", type=int, metavar="N", help="At most N pictures a label and part.")
@option(
    "--distractors",
    default="round",
    metavar="round|subset",
    help="Wrong options: the right ones of fellow pictures, or any label of the subset.",
)
@option(
    "--surplus",
    default="keep",
    metavar="keep|drop",
    help="What finds no round: kept with borrowed options or none, or left out (where distractors go by rounds).",
)
@option(
    "--pool",
    default="frozen",
    metavar="frozen|installed",
    help="Labels of a subset: the frozen list, or of what is installed.",
)
@option(
    "--ask",
    "asks",
    multiple=True,
    metavar="ASK",
    help=f"Only these questions: {', '.join(ASKS)} (repeatable; default: what the card says).",
)
@option(
    "--box-format",
    default="unit",
    metavar="|".join(BOX_FORMATS),
    help="How boxes are written.",
)
@option(
    "--verify",
    default="header",
    metavar="none|header|full",
    help="Open no picture, read type and size, or decode every pixel.",
)
@option(
    "--near",
    default="off",
    metavar="off|report|drop",
    help="Near copies of test pictures (perceptual hash; decodes every picture): note them, or drop them from train.",
)
@option(
    "--as-published",
    is_flag=True,
    help="Questions and split by Med-MAT's published rule, for comparison with the paper only.",
)
@TIMEOUT
@option("--strict", is_flag=True, help="Stop at the first refused input.")
@option("--resume", is_flag=True, help="Go on with a build that was killed.")
@QUIET
@click.pass_context
def command(ctx: click.Context, /, quiet: bool, asks: tuple[str, ...], **arguments: Any) -> int:
    """Turn unzipped data sets into question/answer records.

    Without names, every data set present under --data is built. Inputs that cannot be used are listed in
    OUT/problems.jsonl and the build goes on.
    """
    # a build makes millions of small tuples and no cycles: looking for garbage as often as usual costs a tenth of it
    gc.set_threshold(500_000, 20, 100)
    ctx.ensure_object(dict)["resumes"] = True
    hush_libraries(ctx)
    from medmat_core.building import EXPORTED, build_and_export
    from medmat_core.pipeline.options import RECORDED, BuildOptions
    from medmat_core.pipeline.progress import progress_of

    if arguments["out"] is None:
        del arguments["out"]
    for name in ("formats", "access"):
        arguments[name] = listed(arguments[name])
    options = BuildOptions(asks=listed(asks) or None, **arguments)
    manifest = build_and_export(catalog_of(ctx), options, progress_of(not quiet))
    if not quiet:
        from medmat_core.commands.summary import print_summary

        known = catalog_of(ctx).commands()
        print_summary(manifest, options.out, next_steps=[step for step in NEXT if step in known])
    if set(options.formats) <= set(RECORDED) and (options.out / EXPORTED).exists():
        told = f"{options.out / EXPORTED} is of an earlier build; name its formats (--format) to renew it"
        click.echo(f"medmat: {told}", err=True)
    return exit_code(ctx, manifest.refused)
