"""medmat audit"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medmat_core.commands import catalog_of, console, tell_failed

if TYPE_CHECKING:
    from rich.console import Console

    from medmat_core.audit import Report, Row

_SHOWN = 3


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="OUT|FILE...", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The folder that was given to the build: labels, boxes and groups are derived again and compared.",
)
@click.option("--near", is_flag=True, help="Also decode every picture and look for near copies (with --data).")
@click.option("--jobs", default=os.cpu_count() or 1, show_default="cores", help="Processes to use (with --data).")
@click.option("--limit", default=20, show_default=True, help="How many faults of each kind are kept in full.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[Path, ...], data: Path | None, near: bool, jobs: int, limit: int, as_json: bool
) -> int:
    """Check again everything that a build promises.

    OUT is the folder of a build; a folder or files of Med-MAT's published records, in either form, work too. The
    verdict comes first, then every kind of fault with file, line, key and picture, then figures: how the questions
    stand, and how far a guesser gets who sees no picture. Exit code 0 if sound, 1 if faults were found.
    """
    from medmat_core.audit import audit

    if jobs < 1:
        raise click.BadParameter("give 1 or more", param_hint="--jobs")
    catalog = catalog_of(ctx)
    decoders = catalog.modules_with("medmat_regions")
    progress = Shown()
    try:
        report = audit(
            list(paths), list(catalog), subset_of=catalog.subset, data=data, near=near, jobs=jobs, decoders=decoders,
            keep=max(1, limit), progress=progress.step,
        )  # fmt: skip
    finally:
        progress.close()
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=True, indent=1))
    else:
        _print(report, min(_SHOWN, limit) if limit == 20 else limit)
    if tell_failed(ctx):
        return 3
    return 0 if report.sound else 1


class Shown:
    """A counter on a terminal, a line every 100,000 records in a log."""

    def __init__(self) -> None:
        self.records = 0
        self.told = 0

    def step(self, name: str, count: int) -> None:
        self.records += count
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{self.records} records read, last those of {name}"[:120])
            sys.stderr.flush()
        elif self.records - self.told >= 100_000:
            self.told = self.records
            click.echo(f"{self.records} records read", err=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _print(report: Report, shown: int) -> None:
    page = console()
    page.print(report.verdict, markup=False, soft_wrap=True)
    _faults(page, report, shown)
    _questions(page, [row for row in report.rows if row.shares])
    _blind(page, [row for row in report.rows if row.guessed is not None])
    for sentence in report.unseen:
        page.print(f"not audited: {sentence}", markup=False, soft_wrap=True)


def _faults(page: Console, report: Report, shown: int) -> None:
    from medmat_core.audit import FAULTS, NOTES

    for level, counts in (("fault", report.found.counts), ("note", report.found.notes)):
        for name, count in sorted(counts.items()):
            meaning = FAULTS.get(name) or NOTES[name]
            page.print(f"\n{level} {name} ({count}): {meaning}", markup=False, soft_wrap=True)
            examples = [fault for fault in report.found.kept if fault.name == name and fault.level == level]
            for fault in examples[:shown]:
                where = f"{fault.where}: " if fault.where else ""
                page.print(f"    {where}{fault.detail}", markup=False, soft_wrap=True)
            if count > len(examples[:shown]):
                page.print(f"    ... and {count - len(examples[:shown])} more", markup=False)


def _questions(page: Console, rows: list[Row]) -> None:
    """How the records stand, over the whole build; by data set it is in the manifest and in --json."""
    from medmat_core.model import ASKS

    if not rows:
        return
    page.print("\nRecords by question: in rounds of four, three and two; with borrowed options; without options.")
    titles = ("rounds_of_4", "rounds_of_3", "rounds_of_2", "surplus", "open")
    page.print(f"  {'':10}{'of 4':>9}{'of 3':>9}{'of 2':>9}{'surplus':>9}{'open':>9}", markup=False)
    for ask in ASKS:
        counts = [sum(row.shares.get(ask, {}).get(title, 0) for row in rows) for title in titles]
        if any(counts):
            page.print(f"  {ask:10}{''.join(f'{count:9d}' for count in counts)}", markup=False)


def _blind(page: Console, rows: list[Row]) -> None:
    """What guessers reached, where there are enough questions to mean something."""
    from rich.table import Table

    from medmat_core.audit.blind import GUESSERS, LEAST

    rows = [row for row in rows if row.guessed is not None and row.guessed.questions >= LEAST]
    if not rows:
        return
    page.print(
        "\nRight answers of guessers who see no picture, beside chance and the most frequent answer; wrong options"
    )
    page.print("that are or may be true; pictures in two parts; equal pictures asked twice (- is not looked for).")
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in (
        "data set",
        "asked",
        "chance",
        "frequent",
        "guess:",
        *GUESSERS,
        "with size",
        "true",
        "leaks",
        "copies",
    ):
        table.add_column(title, justify="left" if title == "data set" else "right", overflow="fold")
    for row in rows:
        found = row.guessed
        assert found is not None
        table.add_row(
            row.title, str(found.questions), _percent(found.chance), _percent(found.majority), "",
            *(_percent(found.shares[name]) for name in GUESSERS), _percent(found.with_size), str(row.wrong),
            str(row.leaks), "-" if row.copies is None else str(row.copies),
        )  # fmt: skip
    page.print(table)
    for name, meaning in GUESSERS.items():
        page.print(f"  {name:9} {meaning}", markup=False)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
