"""medmat check"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medmat_core.commands import catalog_of, console, exit_code
from medmat_core.errors import UsageError

if TYPE_CHECKING:
    from medmat_core.check import Found
    from medmat_core.dataset import Dataset


@click.command("check")
@click.argument("names", nargs=-1, metavar="[NO|SLUG]...")
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="The folder that holds the data sets' folders."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option(
    "--verify",
    default="full",
    show_default=True,
    type=click.Choice(["none", "header", "full"]),
    help="Open no picture, read sizes, or decode every pixel (finds copies that decode alike).",
)
@click.option("--near", is_flag=True, help="Also look for near copies by perceptual hash (slow).")
@click.option(
    "--published",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Compare one data set with Med-MAT's published Ori--NN file (repeatable: train and test).",
)
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    data: Path,
    as_json: bool,
    verify: str,
    near: bool,
    published: tuple[Path, ...],
) -> int:
    """Compare what lies in your data folder with what the cards say.

    Found or not (and where it was looked for), counts against the published ones, classes that are missing,
    pictures that cannot be read, pictures that decode alike, files that no rule reads. Without names, every data
    set whose folder is there. Exit code 1 if anything is wrong.
    """
    from medmat_core.check import check_dataset
    from medmat_core.pipeline.source import find_folder, lies_under

    if not data.is_dir():
        raise UsageError(f"--data {data}: no such folder")
    catalog = catalog_of(ctx)
    if published:
        if len(names) != 1:
            raise UsageError("--published compares one data set: name it")
        return _published(ctx, catalog.get(names[0]), data, published, as_json)
    chosen = catalog.select(names, where=None if names else lies_under(data))
    if not names:
        chosen = tuple(dataset for dataset in chosen if find_folder(dataset, data) is not None)
        if not chosen:
            if not catalog.entries:
                raise UsageError("no plugin is installed")
            first = data / catalog.entries[0].head.folder
            raise UsageError(f"no data set's folder lies under {data}; for example {first} was looked for")
    decoders = [catalog.decoder()]
    reports = [check_dataset(dataset, data, verify=verify, near=near, decoders=decoders) for dataset in chosen]
    if as_json:
        click.echo(json.dumps([report.as_json() for report in reports], ensure_ascii=False, indent=1))
    else:
        _print(reports)
    return exit_code(ctx, sum(not report.sound for report in reports))


def _print(reports: list[Found]) -> None:
    from rich.table import Table

    page = console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("no", "data set", "found", "pictures", "labels", "wrong", "notes"):
        table.add_column(title, justify="left" if title in ("data set", "found") else "right")
    for report in reports:
        levels = Counter(finding.level for finding in report.findings)
        counted = None not in report.counts.values()
        labels = f"{sum(map(bool, report.counts.values()))}/{len(report.counts)}" if counted else "not counted"
        table.add_row(
            str(report.no or ""), report.slug, "yes" if report.present else "no", str(report.images),
            labels, str(levels["wrong"]), str(levels["note"]),
        )  # fmt: skip
    page.print(table)
    for report in reports:
        if report.findings:
            page.print()
            page.print(
                f"{report.no or ''} {report.slug}  in {report.root or report.folder}".strip(),
                markup=False,
                soft_wrap=True,
            )
        for finding in report.findings:
            page.print(f"  {finding.level}: {finding.what} ({finding.count})", markup=False, soft_wrap=True)
            for example in finding.examples:
                page.print(f"      {example}", markup=False, soft_wrap=True)
        if report.present and any(report.published.values()):
            told = ", ".join(
                f"{caption} {'not counted' if (here := report.counts.get(caption)) is None else here}/{count}"
                for caption, count in report.published.items()
            )
            page.print(f"  here/published: {told}", markup=False, soft_wrap=True)
    sound = sum(report.sound for report in reports)
    page.print()
    page.print(f"{sound} of {len(reports)} data sets are as their cards say", markup=False, soft_wrap=True)


def _published(ctx: click.Context, dataset: Dataset, data: Path, files: tuple[Path, ...], as_json: bool) -> int:
    import attrs

    from medmat_core.check import compare_published

    same, differences = compare_published(dataset, data, list(files))
    if as_json:
        body = {"same": same, "differences": [attrs.asdict(difference) for difference in differences]}
        click.echo(json.dumps(body, ensure_ascii=False, indent=1))
    else:
        page = console()
        for difference in differences:
            what = (
                f"{difference.published!r} published, {difference.here!r} here" if difference.kind == "caption" else ""
            )
            page.print(f"{difference.kind}: {difference.image} {what}".rstrip(), markup=False, soft_wrap=True)
        page.print(f"{same} pictures agree, {len(differences)} differ", markup=False, soft_wrap=True)
    return exit_code(ctx, len(differences))
