"""medmat stats"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medmat_core.commands import catalog_of, exit_code, print_rows
from medmat_core.commands.options import FOLDER, option
from medmat_core.shown import shown

if TYPE_CHECKING:
    from medmat_core.stats import Stats

_SHOWN = 12


@click.command("stats")
@click.argument("out", metavar="OUT", type=FOLDER)
@option("--plots", type=FOLDER, metavar="DIR", help="Draw the distributions into this folder.")
@option(
    "--as",
    "kind",
    type=click.Choice(["png", "svg", "pdf"]),
    default="png",
    help="The kind of pictures that --plots draws.",
)
@option("--all-labels", is_flag=True, help="Print every label, not only the most frequent of a subset.")
@option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
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
        totals = found.ranked(no)
        whole = sum(totals.values())
        for name, total in list(totals.items())[:most]:
            parts = (by_part[part][name] if part in by_part else 0 for part in PARTS)
            rows.append((no, name, *parts, _share(total, whole)))
        if most is not None and len(totals) > most:
            rows.append((no, f"... and {len(totals) - most} more (--all-labels)", "", "", "", ""))
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
            click.echo(shown(f"missing: {one.slug}: no record of {len(one.missing)} of its classes: {told}"))


def _share(count: int, whole: int) -> str:
    return f"{100 * count / whole:.1f} %" if count else ""


def _table(titles: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        print_rows(titles, rows, ("data set", "label"), least=20)
        click.echo()
