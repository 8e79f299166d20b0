"""medmat compose"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from medmat_core.commands import catalog_of, console, exit_code
from medmat_core.commands.options import BUILT_FROM, FOLDER, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medmat_core.catalog import Catalog
    from medmat_core.compose.mixtures import Plan
    from medmat_core.compose.triples import Families, Triple
    from medmat_core.compose.write import Composed
    from medmat_core.records import Built


@click.command("compose")
@click.argument("out", metavar="[OUT]", required=False, type=FOLDER)
@click.option("--target", type=int, metavar="SUBSET", help="The subset whose combination is not to be seen.")
@click.option("--to", type=FOLDER, metavar="DIR", help="Where to write; without, only list.")
@click.option(
    "--mixture",
    "mixtures",
    multiple=True,
    metavar="M",
    help="related, unrelated, others, without-modality, without-area, without-task, zero-overlap-NN (repeatable; "
    "default: the first six that there are).",
)
@click.option(
    "--size", type=click.IntRange(min=1), metavar="N", help="So many records in each mixture, over its subsets."
)
@click.option("--per-label", is_flag=True, help="--size counts each label of each data set instead.")
@click.option("--seed", default=0, show_default=True, help="Of what is drawn.")
@click.option("--near", is_flag=True, help="Look for near copies of test pictures, too (decodes every picture).")
@click.option(
    "--pictures",
    type=click.Choice(["link", "none"]),
    default="link",
    show_default=True,
    help="Give pictures a second name in DIR, or leave them where they are.",
)
@click.option("--format", "formats", multiple=True, metavar="F", help="Export each mixture in this format, too.")
@BUILT_FROM
@click.option("--families", type=click.Path(path_type=Path), metavar="FILE", help="Another table of families of tasks.")
@click.option(
    "--recipe",
    type=click.Choice(["paper"]),
    help="List Related and Unrelated for every target that has both; without OUT, over all 53 subsets.",
)
@click.option("--matrix", is_flag=True, help="Print which modality, area and task the subsets cover.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it (.png, .svg, .pdf).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.pass_context
def command(
    ctx: click.Context,
    out: Path | None,
    target: int | None,
    to: Path | None,
    mixtures: tuple[str, ...],
    size: int | None,
    per_label: bool,
    seed: int,
    near: bool,
    pictures: Literal["link", "none"],
    formats: tuple[str, ...],
    root: Path | None,
    families: Path | None,
    recipe: str | None,
    matrix: bool,
    plot: Path | None,
    as_json: bool,
) -> int:
    """Make training mixtures of the subsets of OUT around a target that none of them is.

    Each mixture becomes a folder of records with a manifest below DIR, with the target's test part beside them in
    DIR/target. What would leak from the test part into a mixture is left out and told. Without OUT the plan for all 53
    subsets is listed.
    """
    from medmat_core.compose.mixtures import plan
    from medmat_core.compose.mixtures import recipe as recipe_of
    from medmat_core.compose.triples import Families, triples_of
    from medmat_core.errors import UsageError
    from medmat_core.plots import checked
    from medmat_core.records import Built

    if target is None and recipe is None and not matrix and plot is None:
        raise UsageError("--target: name the subset to compose for; `medmat compose --recipe paper` lists all")
    if to is not None and (out is None or target is None):
        raise UsageError(f"--to {to}: needs OUT, the folder of a build, and --target")
    if formats and to is None:
        raise UsageError(f"--format {formats[0]}: needs --to")
    if formats and pictures == "none" and root is None:
        raise UsageError("--format: needs pictures; leave --pictures none away")
    if per_label and size is None:
        raise UsageError("--per-label: needs --size")
    if plot is not None:
        checked(plot)
    table = Families.load(families)
    built = Built.open(out, pictures=root) if out is not None else None
    triples = triples_of(_numbers(built, table), catalog_of(ctx) if built is not None else None, table)
    told: dict[str, Any] = {}
    if recipe is not None:
        plans = recipe_of(triples, table)
        told["recipe"] = [one.as_json() for one in plans]
        if not as_json:
            _print_recipe(plans)
    if matrix:
        told["matrix"] = _matrix(triples)
        if not as_json:
            _print_matrix(triples)
    if plot is not None:
        _draw(triples, plot, target)
    if target is not None:
        if target not in triples:
            held = ", ".join(map(str, triples))
            raise UsageError(
                f"--target {target}: is not {'in this build' if built else 'one of the 53'}; choose from {held}"
            )
        design = plan(target, triples, table)
        told.update(design.as_json())
        if not as_json:
            _print_plan(design, triples)
        if to is not None and built is not None:
            done = _compose(
                built, design, catalog_of(ctx), to, mixtures, size, per_label, seed, near, pictures, formats
            )
            told["records"] = {name: {str(no): n for no, n in own.items()} for name, own in done.records.items()}
            told["leaks"] = done.leaks
            if not as_json:
                _print_done(done)
        else:
            for name in mixtures:
                design.members(name)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    return exit_code(ctx, 0)


def _numbers(built: Built | None, table: Families) -> list[int]:
    """The subsets that have records in the build, or all 53."""
    from medmat_core.export.select import facts_of

    if built is None:
        return list(table.known)
    return sorted({one.subset for one in facts_of(built, None).values()})


def _compose(
    built: Built,
    design: Plan,
    catalog: Catalog,
    to: Path,
    mixtures: tuple[str, ...],
    size: int | None,
    per_label: bool,
    seed: int,
    near: bool,
    pictures: Literal["link", "none"],
    formats: tuple[str, ...],
) -> Composed:
    from medmat_core.compose.write import EXPORTED, Composing, compose
    from medmat_core.errors import UsageError
    from medmat_core.export import ExportOptions, export
    from medmat_core.records import Built

    names = listed(mixtures) or design.names()
    if not names:
        raise UsageError(f"--target {design.target.no}: no other subset in this build makes a mixture for it")
    known, formats = catalog.formats(), listed(formats)
    for name in formats:
        if name not in known:
            raise UsageError(f"--format {name!r}: choose from {', '.join(sorted(known))}")
    done = compose(built, design, Composing(to, names, size, per_label, seed, near, pictures), catalog=catalog)
    for name in done.records if formats else ():
        place = done.to / name
        made = Built.open(place, pictures=place if pictures == "link" else built.pictures)
        export(made, formats, ExportOptions(place / EXPORTED), catalog=catalog)
    return done


def _print_plan(design: Plan, triples: Mapping[int, Triple]) -> None:
    page = console()
    page.print(f"target {design.target}; family: {', '.join(design.target.families)}", markup=False, soft_wrap=True)
    _rows([("related", triples[no], ", ".join(shared)) for no, shared in design.shares.items()])
    for what, numbers in (
        ("unrelated (each with the target a zero-overlap pair)", design.unrelated),
        ("neither (a lesser family or an area that shows the target's)", design.near),
        ("left out everywhere: the same modality, area and family", design.twins),
    ):
        page.print(f"{what}: {', '.join(map(str, numbers)) or 'none'}", markup=False, soft_wrap=True)
    for name in ("without-modality", "without-area", "without-task"):
        told = ", ".join(map(str, design.members(name))) if name in design.names() else "none"
        page.print(f"{name}: {told}", markup=False, soft_wrap=True)
    for element in design.uncovered:
        page.print(f"no Related: no subset here shares the {element}", markup=False)


def _rows(rows: Sequence[tuple[str, Triple, str]]) -> None:
    from rich.table import Table

    if not sys.stdout.isatty():
        for what, triple, shared in rows:
            click.echo(
                "\t".join((what, str(triple.no), triple.modality, triple.area, triple.task, triple.family, shared))
            )
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("", "subset", "modality", "area", "task", "family", "shares"):
        table.add_column(title, justify="right" if title == "subset" else "left", overflow="fold")
    for what, triple, shared in rows:
        table.add_row(what, str(triple.no), triple.modality, triple.area, triple.task, triple.family, shared)
    console().print(table)


def _print_recipe(plans: Sequence[Plan]) -> None:
    for one in plans:
        bring = [
            f"{element[0].upper()} {','.join(str(no) for no, shared in one.shares.items() if element in shared)}"
            for element in ("modality", "area", "task")
        ]
        click.echo(
            f"{one.target}\trelated {len(one.shares)}: {'; '.join(bring)}\tunrelated {len(one.unrelated)}: "
            f"{','.join(map(str, one.unrelated))}"
        )
    click.echo(f"{len(plans)} targets have both")


def _matrix(triples: Mapping[int, Triple]) -> list[dict[str, Any]]:
    from medmat_core.compose.mixtures import coverage

    return [
        {"modality": modality, "area": area, "family": family, "subsets": numbers}
        for (modality, area, family), numbers in sorted(coverage(triples, triples).items())
    ]


def _print_matrix(triples: Mapping[int, Triple]) -> None:
    from rich.table import Table

    cells = _matrix(triples)
    families = sorted({cell["family"] for cell in cells})
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for cell in cells:
        own = rows.setdefault((cell["modality"], cell["area"]), {})
        own[cell["family"]] = ",".join(map(str, cell["subsets"]))
    if not sys.stdout.isatty():
        click.echo("\t".join(("modality", "area", *families)))
        for at, own in rows.items():
            click.echo("\t".join((*at, *(own.get(family, "") for family in families))))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("modality", "area", *families):
        table.add_column(title, overflow="fold")
    for at, own in rows.items():
        table.add_row(*at, *(own.get(family, "") for family in families))
    console().print(table)


def _draw(triples: Mapping[int, Triple], path: Path, target: int | None) -> None:
    from medmat_core.compose.mixtures import coverage
    from medmat_core.plots import Cell, draw_map

    cells = {
        at: Cell(float(len(numbers)), ", ".join(map(str, numbers)), target in numbers)
        for at, numbers in coverage(triples, triples).items()
    }
    draw_map(cells, path, title="Subsets by modality, area and family of task", scale="subsets")


def _print_done(done: Composed) -> None:
    for name, own in done.records.items():
        told = ", ".join(f"{no}: {count}" for no, count in own.items())
        click.echo(f"{name}: {sum(own.values())} records ({told})")
    leaked = ", ".join(f"{count} by {why}" for why, count in done.leaks.items())
    click.echo(f"left out, since the test part has them: {leaked or 'nothing'}")
    if done.unseen:
        click.echo(f"{done.unseen} pictures are not on disk and were not compared; see --data", err=True)
    click.echo(f"{done.to}: see its manifest.json")
