"""medmat stats"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medmat_core.commands import catalog_of, console, exit_code
from medmat_core.commands.options import FOLDER

if TYPE_CHECKING:
    from medmat_core.stats import Stats

_SHOWN = 12


@click.command("stats")
@click.argument("out", metavar="OUT", type=FOLDER)
@click.option("--plots", type=FOLDER, metavar="DIR", help="Draw the distributions into this folder.")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["png", "svg", "pdf"]),
    default="png",
    show_default=True,
    help="The kind of pictures that --plots draws.",
)
@click.option("--all-labels", is_flag=True, help="Print every label, not only the most frequent of a subset.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.pass_context
def command(ctx: click.Context, out: Path, plots: Path | None, kind: str, all_labels: bool, as_json: bool) -> int:
    """Show what lies in a built folder: labels of each subset, parts and rounds, picture sizes, missing classes."""
    from medmat_core.plots import checked
    from medmat_core.records import Built
    from medmat_core.stats import stats

    if plots is not None:
        checked(plots / f"shares.{kind}")
    found = stats(Built.open(out), catalog=catalog_of(ctx))
    if plots is not None:
        from medmat_core.stats.plots import draw_all

        for path in draw_all(found, plots, f".{kind}"):
            click.echo(str(path), err=True)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
    else:
        _print(found, None if all_labels or not sys.stdout.isatty() else _SHOWN)
    return exit_code(ctx, 0)


def _print(found: Stats, most: int | None) -> None:
    from medmat_core.model import PARTS
    from medmat_core.stats.counts import KINDS

    _table(
        ("data set", "subset", "pictures", *PARTS, *KINDS),
        [
            (
                one.slug, one.subset, one.pictures, *(one.records(part) for part in PARTS),
                *(_share(sum(own[kind] for own in one.asked.values()), sum(map(one.records, one.asked)))
                  for kind in KINDS),
            )
            for one in found.datasets
        ],
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for no in found.subsets():
        by_part = found.labels(no)
        totals = {name: sum(own[name] for own in by_part.values()) for own in by_part.values() for name in own}
        names = sorted(totals, key=lambda name: (-totals[name], name))
        whole = sum(totals.values())
        for name in names[:most]:
            parts = (by_part[part][name] if part in by_part else 0 for part in PARTS)
            rows.append((no, name, *parts, _share(totals[name], whole)))
        if most is not None and len(names) > most:
            rows.append((no, f"... and {len(names) - most} more (--all-labels)", "", "", "", ""))
    _table(("subset", "label", *PARTS, "share"), rows)
    _table(
        ("subset", "pictures", "width min", "median", "max", "height min", "median", "max", "sizes"),
        [
            (no, s.pictures, *s.width, *s.height, s.different)
            for no in found.subsets()
            if (s := found.sizes(no)).pictures
        ],
    )
    for one in found.datasets:
        if one.missing:
            told = ", ".join(one.missing)
            click.echo(f"missing: {one.slug}: no record of {len(one.missing)} of its classes: {told}")


def _share(count: int, whole: int) -> str:
    return f"{100 * count / whole:.1f} %" if count else ""


def _table(titles: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """A table on a terminal, columns with tabs between them elsewhere."""
    if not rows:
        return
    if not sys.stdout.isatty():
        for row in (titles, *rows):
            click.echo("\t".join(" ".join(str(cell).split()) for cell in row))
        click.echo()
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in titles:
        left = title in ("data set", "label")
        table.add_column(title, justify="left" if left else "right", overflow="fold", min_width=20 if left else None)
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    console().print(table)
    console().print()
