"""medmat check"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medmat_core.commands import (
    catalog_of,
    complete_names,
    console,
    exit_code,
    hush_libraries,
    say,
    table,
    tell_failed,
)
from medmat_core.commands.options import FOLDER, JOBS, TIMEOUT, option
from medmat_core.errors import PluginError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from medmat_core.catalog import Catalog
    from medmat_core.check import Comparison, Finding, Found
    from medmat_core.dataset import Dataset
    from medmat_core.pipeline.options import BuildOptions

SHOWN = 20
"""How many differences of one kind are printed."""


@click.command("check")
@click.argument("names", nargs=-1, metavar="[NO|SLUG]...", shell_complete=complete_names)
@option("--data", required=True, type=FOLDER, help="The folder that holds the data sets' folders.")
@option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@option(
    "--verify",
    default="full",
    type=click.Choice(["none", "header", "full"]),
    help="Open no picture, read sizes, or decode every pixel (finds copies that decode alike).",
)
@JOBS
@TIMEOUT
@option("--partial", is_flag=True, help="Forgive pictures and classes that are missing.")
@option("--near", is_flag=True, help="Also look for near copies by perceptual hash (decodes every picture).")
@option(
    "--published",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Compare one data set with a file that Med-MAT published: ori--NN, Subset--NN or Subset-NN (repeatable).",
)
@option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path),
    help="Write what was found as JSON for a layout report: patterns of names, counts, sizes. No picture, no id, no "
    "cell of a table is in it. Names keep words of cards of Med-MAT's table; under any other card only words such as "
    "train or mask, and its classes are numbered.",
)
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    data: Path,
    as_json: bool,
    verify: str,
    jobs: int,
    timeout_per_file: float,
    partial: bool,
    near: bool,
    published: tuple[Path, ...],
    report_file: Path | None,
) -> int:
    """Compare what lies in your data folder with what the cards say.

    Three verdicts a data set. Layout: right, if its card's rules find pictures and labels. Completeness: whole, or part
    of the published pictures and classes. Problems: what `build` would refuse, but for what the card knows to be wrong
    with every copy. Without names, every data set whose folder is there. Exit code 0 if all are right, whole and
    without problems, 1 if not, 2 if nothing is there.
    """
    from medmat_core.pipeline.options import BuildOptions

    hush_libraries(ctx)
    if not data.is_dir():
        raise UsageError(f"--data {data}: no such folder; give the folder that holds the data sets' folders")
    if near and verify == "none":
        raise UsageError("--near compares pixels, and --verify none opens no picture; leave one of them out")
    if report_file is not None:
        if published:
            raise UsageError("--report tells what lies there, --published compares it with a file; give one of them")
        from medmat_core.check.report import may_replace

        may_replace(report_file)
    catalog = catalog_of(ctx)
    if published:
        if len(names) != 1:
            raise UsageError("--published compares one data set: name it")
        return _published(ctx, catalog, catalog.get(names[0]), data, published, as_json)
    options = BuildOptions(data=data, names=names, verify=verify, jobs=jobs, timeout_per_file=timeout_per_file)  # type: ignore[arg-type]  # a choice
    reports = _checked(catalog, options, near=near, partial=partial)
    if as_json:
        click.echo(json.dumps([report.as_json() for report in reports], ensure_ascii=False, indent=1))
    else:
        _print(reports)
        if not names:
            _print_strays(catalog, data, reports)
    if report_file is not None:
        _write_report(report_file, reports, catalog, options)
    if not any(report.present for report in reports):
        return 3 if tell_failed(ctx) else 2
    return exit_code(ctx, sum(not report.sound for report in reports))


def _checked(catalog: Catalog, options: BuildOptions, *, near: bool, partial: bool) -> list[Found]:
    from medmat_core.check import check_dataset
    from medmat_core.pipeline.engines import start_engine
    from medmat_core.pipeline.source import is_a_neighbor_s, present

    if options.names:
        chosen: Sequence[Dataset] = catalog.select(options.names)
    else:
        chosen = [dataset for dataset, _ in present(catalog, options)]
    heads = [entry.head for entry in catalog.entries]
    engine = start_engine(options.engine, options.jobs, options.scheduler)
    reports: list[Found] = []
    try:
        for dataset in chosen:
            found = check_dataset(
                dataset, options, engine=engine, region_plugins=catalog.modules_with("medmat_regions"), near=near,
                partial=partial, others=heads, blame=catalog.blame,
            )  # fmt: skip
            here = any(one.here for one in found.classes)
            if here or options.names or not is_a_neighbor_s(dataset, found.reasons, catalog, options.data):
                reports.append(found)
    finally:
        engine.close()
    return reports


def _write_report(path: Path, found: Sequence[Found], catalog: Catalog, options: BuildOptions) -> None:
    from medmat_core.check.report import report
    from medmat_core.fileio import write_text

    plugins = {entry.head.slug: f"{entry.source.dist} {entry.source.version}".strip() for entry in catalog.entries}
    checked = [(one, catalog.get(one.slug), plugins.get(one.slug, "")) for one in found if one.present]
    opened = options.verify != "none"
    told = report(checked, options.data, opened=opened, seconds=options.timeout_per_file)
    write_text(path, (json.dumps(told, ensure_ascii=False, indent=1), "\n"))
    what = "patterns of names, counts and sizes; look through it, then paste it into the issue form 'layout report'"
    click.echo(f"{path}: {what}", err=True)


def _print(reports: Sequence[Found]) -> None:
    page = console()
    titles = ("no", "data set", "layout", "completeness", "problems", "known", "notes")
    made = table(titles, left=titles[1:4])
    for report in reports:
        known = sum(finding.count for finding in report.told("known"))
        made.add_row(
            str(report.no or ""), report.slug, report.layout,
            f"{report.completeness}: {report.share}" if report.present else "",
            str(report.problems) if report.present else "", str(known or ""), str(len(report.told("note")) or ""),
        )  # fmt: skip
    page.print(made)
    for report in reports:
        say(page)
        _print_one(page, report)
    say(page)
    sound = sum(report.sound for report in reports)
    how = "as their cards say" if not any(report.partial for report in reports) else "right and without problems"
    say(page, f"{sound} of {len(reports)} data sets are {how}")


def _print_one(page: Console, report: Found) -> None:
    say(page, f"{report.no or ''} {report.slug}  in {report.root or report.folder}".strip())
    say(page, f"  layout: {report.layout}")
    _findings(page, report.told("layout"))
    if report.present:
        say(page, f"  completeness: {report.completeness}, {report.share}")
        _findings(page, report.told("completeness"))
        if not report.published:
            say(page, "    the card says not how many pictures were published: nothing is known to be missing")
        if report.images and report.classes:
            told = ", ".join(
                f"{one.caption} {one.here}" + (f"/{one.published}" if one.published else "") for one in report.classes
            )
            head = "here/published: " if any(one.published for one in report.classes) else ""
            say(page, f"    {head}{told}")
        say(page, f"  problems: {report.problems or 'none'}")
        _findings(page, report.told("problems"))
    for about in ("known", "note"):
        _findings(page, report.told(about), f"{about}: ", indent=2)


def _findings(page: Console, findings: Sequence[Finding], head: str = "", indent: int = 4) -> None:
    from medmat_core.model import REASONS

    for finding in findings:
        what = f"{finding.what}, {REASONS[finding.what]}" if finding.what in REASONS else finding.what
        count = f" ({finding.count})" if finding.count > 1 or finding.what in REASONS else ""
        say(page, f"{' ' * indent}{head}{what}{count}")
        for example in finding.examples:
            say(page, f"{' ' * indent}    {example}")


def _print_strays(catalog: Catalog, data: Path, reports: Sequence[Found]) -> None:
    """Folders and archives that are nearly where a data set was looked for."""
    from medmat_core.pipeline.astray import hints

    there = {report.slug for report in reports}
    heads = [entry.head for entry in catalog.entries if entry.head.slug not in there]
    for head, todo in hints(heads, data):
        say(console(), f"{head.no or ''} {head.slug}: {todo}".strip())


# -- against what was published ---------------------------------------------------------------------------


def _published(
    ctx: click.Context, catalog: Catalog, dataset: Dataset, data: Path, files: tuple[Path, ...], as_json: bool
) -> int:
    from medmat_core.check import compare_published

    members = [entry.load() for entry in catalog.heads(subset=dataset.card.subset)]
    try:
        found = compare_published(dataset, data, files, members)
    except PluginError as error:
        catalog.blame(dataset, "the adapter", str(error))
        return exit_code(ctx, 0)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
    else:
        _print_published(found)
    return exit_code(ctx, not found.agrees)


def _print_published(found: Comparison) -> None:
    page = console()
    for kind in found.kinds:
        several = found.of(kind)
        say(page, f"{kind} ({len(several)})")
        for difference in several[:SHOWN]:
            say(page, f"    {difference}")
        if len(several) > SHOWN:
            say(page, f"    and {len(several) - SHOWN} more (--json has all)")
    for line in found.summary():
        say(page, line)
