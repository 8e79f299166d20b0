"""medmat audit"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medmat_core.commands import catalog_of, console, tell_failed

if TYPE_CHECKING:
    from rich.console import Console

    from medmat_core.audit import Report

_SHOWN = 3
_GUESSERS = ("letter", "frequent", "longest", "odd", "own")


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="OUT|FILE...", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The folder that was given to the build: keys are worked out again, pictures compared byte for byte.",
)
@click.option("--alike", is_flag=True, help="Also decode every picture and find those that decode alike (with --data).")
@click.option("--near", is_flag=True, help="Also look for near copies by perceptual hash (with --data; slow).")
@click.option("--labels", is_flag=True, help="Print every label's counts, not only what stands out.")
@click.option("--limit", default=20, show_default=True, help="How many faults of each kind are kept in full.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    data: Path | None,
    alike: bool,
    near: bool,
    labels: bool,
    limit: int,
    as_json: bool,
) -> int:
    """Check again everything that a build promises, from the files alone.

    OUT is the folder of a build; a folder or files of Med-MAT's published records work, too. Every fault has a
    stable name, the file, the record and a sentence. Then: how far a guesser gets who sees no picture, and how many
    questions have no wrong option of their own data set. Exit code 0 if sound, 1 if faults were found.
    """
    from medmat_core.audit import audit

    catalog = catalog_of(ctx)
    progress = Shown()
    try:
        report = audit(
            list(paths), [dataset.card for dataset in catalog], subset_of=catalog.subset, data=data, alike=alike,
            near=near, keep=max(1, limit), progress=progress,
        )  # fmt: skip
    finally:
        progress.close()
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        _print(report, min(_SHOWN, limit) if limit == 20 else limit, labels)
    if tell_failed(ctx):
        return 3
    return 0 if report.sound else 1


class Shown:
    """A counter on a terminal, a line every 100,000 records in a log."""

    def __init__(self) -> None:
        self.records = 0
        self.told = 0

    def file(self, shown: str, count: int) -> None:
        self.records += count
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{self.records} records read: {shown}"[:120])
            sys.stderr.flush()
        elif self.records - self.told >= 100_000:
            self.told = self.records
            click.echo(f"{self.records} records read", err=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _print(report: Report, shown: int, labels: bool) -> None:
    page = console()
    _figures(page, "data set", report.datasets)
    _figures(page, "subset", report.subsets)
    _own(page, report.datasets)
    for row in report.datasets if labels else ():
        page.print()
        page.print(f"{_title(row)}: answers in train and test, times a wrong option", markup=False)
        for name, counts in row["labels"].items():
            page.print(
                f"  {counts['train']:7d} {counts['test']:7d} {counts['wrong']:7d}  {name}", markup=False, soft_wrap=True
            )
    _faults(page, report, shown)
    for sentence in report.unseen:
        page.print(f"not audited: {sentence}", markup=False, soft_wrap=True)
    page.print()
    count = sum(report.found.counts.values())
    verdict = "sound" if report.sound else f"{count} fault{'s' * (count != 1)} in {len(report.found.counts)} kinds"
    page.print(f"{report.records} records in {len(report.files)} files: {verdict}", markup=False, soft_wrap=True)


def _title(row: dict[str, Any]) -> str:
    if "slug" in row:
        return f"{row['no']} {row['slug']}" if row["no"] is not None else str(row["slug"])
    return str(row["subset"])


def _figures(page: Console, what: str, rows: list[dict[str, Any]]) -> None:
    """Guessers against chance, on the test part where there is one."""
    from rich.table import Table

    from medmat_core.audit.guess import GUESSERS

    if not rows:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in (what, "train", "test", "on", "chance", *_GUESSERS):
        table.add_column(title, justify="left" if title in (what, "on") else "right", overflow="fold")
    for row in rows:
        part = "test" if row["guessers"]["test"]["records"] else "train"
        shares = row["guessers"][part]
        table.add_row(
            _title(row), str(row["records"]["train"]), str(row["records"]["test"]), part,
            *(_percent(shares.get(name)) for name in ("chance", *_GUESSERS)),
        )  # fmt: skip
    page.print(table)
    page.print()
    if what == "data set":
        page.print("Right answers of guessers who see no picture:", markup=False)
        for name, meaning in GUESSERS.items():
            page.print(f"  {name:9} {meaning}", markup=False)
        page.print()


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _own(page: Console, rows: list[dict[str, Any]]) -> None:
    """Questions without a wrong option of the data set's own labels, as built and as each mode would make them."""
    from rich.table import Table

    rows = [row for row in rows if "without_own" in row]
    if not rows:
        return
    table = Table(
        box=None, header_style="bold", pad_edge=False, title="Questions with no wrong option of their own data set",
        title_justify="left",
    )  # fmt: skip
    for title in ("data set", "in subset", "here", "--distractors mixed", "subset", "dataset"):
        table.add_column(title, justify="left" if title == "data set" else "right")
    for row in rows:
        told = row["without_own"]
        table.add_row(
            _title(row),
            str(row["subset"] or ""),
            *(_percent(told.get(k)) for k in ("here", "mixed", "subset", "dataset")),
        )
    page.print(table)
    page.print()


def _faults(page: Console, report: Report, shown: int) -> None:
    from medmat_core.audit import FAULTS, NOTES

    for level, counts in (("note", report.found.notes), ("fault", report.found.counts)):
        for name, count in sorted(counts.items()):
            page.print(f"{level} {name} ({count}): {FAULTS.get(name) or NOTES[name]}", markup=False, soft_wrap=True)
            examples = [fault for fault in report.found.kept if fault.name == name and fault.level == level]
            for fault in examples[:shown]:
                where = f"{fault.file} #{fault.record}" if fault.record is not None else fault.file
                picture = f" [{fault.image}]" if fault.image else ""
                page.print(f"    {where}{': ' if where else ''}{fault.detail}{picture}", markup=False, soft_wrap=True)
            if count > shown:
                page.print(f"    ... and {count - min(shown, len(examples))} more", markup=False)
        if counts:
            page.print()
