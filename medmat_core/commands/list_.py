"""medmat list"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medmat_core.commands import catalog_of, console, exit_code
from medmat_core.errors import PluginError, UsageError

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog, Installed


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
@click.option("--modality", help="Only this modality (Med-MAT's code such as FP, or its name).")
@click.option("--subset", type=int, help="Only this subset (1-53, or a plugin's).")
@click.option(
    "--access",
    multiple=True,
    type=click.Choice(["open", "account", "competition", "credentialed"]),
    help="Only data sets with this access (repeatable).",
)
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Tell which are present under this folder."
)
@click.option("--subsets", is_flag=True, help="Show the subsets instead, and which plugin defines each.")
@click.option("--formats", is_flag=True, help="Show the output formats of build instead, and which plugin writes each.")
@click.pass_context
def command(
    ctx: click.Context,
    as_json: bool,
    modality: str | None,
    subset: int | None,
    access: tuple[str, ...],
    data: Path | None,
    subsets: bool,
    formats: bool,
) -> int:
    """Show the data sets that the installed plugins know, and which plugin each comes from."""
    catalog = catalog_of(ctx)
    if subsets or formats:
        told = subset_rows(catalog) if subsets else format_rows(catalog)
        if as_json:
            click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        else:
            _print_rows(told)
        return exit_code(ctx, 0)
    if data is not None and not data.is_dir():
        raise UsageError(f"--data {data}: no such folder; give the folder that holds the data sets' folders")
    chosen = catalog.heads(subset=subset, modality=modality)
    rows = [as_row(entry, data) for entry in chosen if not access or entry.head.access in access]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return exit_code(ctx, 0)
    if not rows:
        click.echo(
            "No data set matches." if catalog.entries else "No plugin is installed; try: pip install medmat-plugin-ct"
        )
        return exit_code(ctx, 0)
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    titles = ["no", "slug", "title", "modality", "area", "task", "subset", "kind", "access", "plugin"]
    for title in [*titles, "present"] if data is not None else titles:
        table.add_column(title, justify="right" if title in ("no", "subset") else "left", overflow="fold")
    for row in rows:
        cells = {**row, "no": row["no"] or "", "plugin": row["plugin"]["dist"].removeprefix("medmat-plugin-")}
        if data is not None:
            cells["present"] = "yes" if row["present"] else "no"
        table.add_row(*(str(cells[str(column.header)]) for column in table.columns))
    page = console()
    page.print(table)
    present = f", {sum(row['present'] for row in rows)} present under {data}" if data is not None else ""
    page.print(f"{len(rows)} data sets in {len({row['subset'] for row in rows})} subsets{present}", markup=False)
    return exit_code(ctx, 0)


def subset_rows(catalog: Catalog) -> list[dict[str, Any]]:
    """Every subset: its words, its data sets that are installed, and where it comes from."""
    owners = catalog.subset_owners()
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
            "from": owners[no],
        }
        for no, found in sorted(catalog.subsets().items())
    ]


def format_rows(catalog: Catalog) -> list[dict[str, Any]]:
    """Every output format, and where it comes from."""
    return [{"format": name, "from": owner} for name, owner in sorted(catalog.format_owners().items())]


def _print_rows(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in rows[0]:
        table.add_column(title, justify="right" if title in ("no", "datasets") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(len(value)) if isinstance(value, list) else str(value) for value in row.values()))
    console().print(table)


def as_row(entry: Installed, data: Path | None) -> dict[str, Any]:
    """One data set as ``medmat list --json`` shows it."""
    head = entry.head
    row: dict[str, Any] = {
        "no": head.no or 0,
        "slug": head.slug,
        "title": head.title,
        "modality": head.modality,
        "area": head.area,
        "task": head.task,
        "subset": head.subset,
        "kind": head.kind,
        "folder": head.folder,
        "access": head.access,
        "license": head.license,
        "source": head.source,
        "plugin": {
            "name": entry.source.name,
            "dist": entry.source.dist,
            "version": entry.source.version,
        },
    }
    if data is not None:
        from medmat_core.pipeline.source import is_present

        try:
            row["present"] = is_present(entry.load(), data)
        except PluginError:  # exit_code tells it
            row["present"] = False
    return row
