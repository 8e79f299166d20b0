"""medmat list"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from medmat_core.commands import catalog_of, complete_modality, counted, exit_code, print_table
from medmat_core.commands.options import DIRECTORY, TIMEOUT
from medmat_core.errors import PluginError, UsageError
from medmat_core.filters import ACCESS

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog, Installed


_TOLD: Final = (
    "slug", "title", "modality", "area", "task", "subset", "kind", "folder", "access", "license", "source",
)  # fmt: skip


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
@click.option(
    "--modality",
    shell_complete=complete_modality,
    help="Only this modality: Med-MAT's code (FP), its name or another (fundus).",
)
@click.option("--subset", type=int, help="Only this subset (1-53, or a plugin's).")
@click.option("--access", multiple=True, metavar="KIND", help=f"Only {', '.join(ACCESS)} (repeatable).")
@click.option(
    "--license", "licenses", multiple=True, metavar="NAME",
    help="Only this license, as it begins ('CC BY 4.0'); * fits anything (repeatable).",
)  # fmt: skip
@click.option("--data", type=DIRECTORY, help="Tell which are present under this folder.")
@TIMEOUT
@click.option("--subsets", is_flag=True, help="Show the subsets instead, and which plugin defines each.")
@click.option("--formats", is_flag=True, help="Show the output formats instead, and which plugin writes each.")
@click.pass_context
def command(
    ctx: click.Context,
    as_json: bool,
    modality: str | None,
    subset: int | None,
    access: tuple[str, ...],
    licenses: tuple[str, ...],
    data: Path | None,
    timeout_per_file: float,
    subsets: bool,
    formats: bool,
) -> int:
    """Show the data sets that the installed plugins know: a row a line, in a pipe with tabs between all columns.

    "in" is the subset, "pictures" how many were published, where that is known. "access" is what a download takes:
    open, account (a free one at the site), rules (accept those of a competition) or apply (an application, a training).
    """
    catalog = catalog_of(ctx)
    if subsets or formats:
        told = subset_rows(catalog) if subsets else format_rows(catalog)
        if as_json:
            click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        else:
            print_table(
                [{**row, "datasets": len(row["datasets"])} if subsets else row for row in told],
                {"task": 20} if subsets else {},
            )
        return exit_code(ctx, 0)
    if data is not None and not data.is_dir():
        raise UsageError(f"--data {data}: no such folder; give the folder that holds the data sets' folders")
    entries = catalog.heads(subset=subset, modality=modality, access=access, licenses=licenses)
    rows = [as_row(entry) for entry in entries]
    if data is not None:
        for row, entry in zip(rows, entries, strict=True):
            row["present"] = _is_present(catalog, entry, data, timeout_per_file)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return exit_code(ctx, 0)
    if not rows:
        click.echo(
            "No data set matches." if catalog.entries else "No plugin is installed; try: pip install medmat-plugin-ct"
        )
        return exit_code(ctx, 0)
    present = f", {sum(row['present'] for row in rows)} present under {data}" if data is not None else ""
    total = f"{counted(len(rows), 'data set')} in {counted(len({row['subset'] for row in rows}), 'subset')}{present}"
    if sys.stdout.isatty():
        narrow = [_narrow(row, entry) for row, entry in zip(rows, entries, strict=True)]
        print_table(narrow, {"task": 12, "modality/area": 13, "slug": 20})
        click.echo(total)
    else:
        print_table([_wide(row, entry) for row, entry in zip(rows, entries, strict=True)])
        click.echo(total, err=True)  # a program reads rows
    return exit_code(ctx, 0)


def _narrow(row: dict[str, Any], entry: Installed) -> dict[str, Any]:
    """A data set as 80 columns hold it."""
    told = {
        "no": row["no"] or "",
        "slug": row["slug"],
        "modality/area": f"{row['modality']}/{row['area']}",
        "task": row["task"],
        "in": row["subset"],
        "pictures": _short(entry.pictures),
        "access": ACCESS[row["access"]],
    }
    return told | ({"here": "yes" if row["present"] else "-"} if "present" in row else {})


def _short(number: int) -> str:
    """746, 8.7k, 112k; nothing where it is not known."""
    if number < 1000:
        return str(number or "")
    return f"{number / 1000:.1f}k" if number < 9950 else f"{number / 1000:.0f}k"


def _wide(row: dict[str, Any], entry: Installed) -> dict[str, Any]:
    """A data set as a program reads it."""
    names = ("no", "slug", "modality", "area", "task", "subset", "kind")
    told = {name: row[name] for name in names} | {"pictures": entry.pictures or ""}
    told |= {name: row[name] for name in ("access", "license", "title")} | {"plugin": row["plugin"]["dist"]}
    return told | ({"present": "yes" if row["present"] else "no"} if "present" in row else {})


def subset_rows(catalog: Catalog) -> list[dict[str, Any]]:
    """Every subset: its words, its data sets that are installed, and where it comes from."""
    known = catalog.subsets()
    members: dict[int, list[str]] = {}
    for entry in catalog.entries:
        members.setdefault(entry.head.subset, []).append(entry.head.slug)
    return [
        {
            "no": no,
            "modality": found.modality,
            "area": found.area,
            "task": found.task,
            "datasets": members.get(no, []),
            "from": known.owners[no],
        }
        for no, found in sorted(known.items())
    ]


def format_rows(catalog: Catalog) -> list[dict[str, Any]]:
    """Every output format, and where it comes from."""
    return [{"format": name, "from": owner} for name, owner in sorted(catalog.formats().owners.items())]


def _is_present(catalog: Catalog, entry: Installed, data: Path, seconds: float) -> bool:
    from medmat_core.pipeline.source import is_present

    try:
        dataset = entry.load()
    except PluginError:  # exit_code tells it
        return False
    return is_present(dataset, data, seconds, partial(catalog.blame, dataset, "the adapter"))


def as_row(entry: Installed) -> dict[str, Any]:
    """One data set as ``medmat list --json`` shows it."""
    row: dict[str, Any] = {"no": entry.head.no or 0}
    return row | {name: getattr(entry.head, name) for name in _TOLD} | {"plugin": attrs.asdict(entry.source)}
