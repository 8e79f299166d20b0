"""medmat compose"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medmat_core.commands import catalog_of, console, exit_code, print_rows, say
from medmat_core.commands.options import BUILT_FROM, FOLDER, listed, option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medmat_core.catalog import Catalog
    from medmat_core.compose.mixtures import Plan
    from medmat_core.compose.triples import Families, Triple
    from medmat_core.compose.write import Composed, Composing
    from medmat_core.records import Built


@click.command("compose")
@click.argument("out", metavar="[OUT]", required=False, type=FOLDER)
@option("--target", type=int, metavar="SUBSET", help="The subset whose combination is not to be seen.")
@option("--to", type=FOLDER, metavar="DIR", help="Where to write; without, only list.")
@option(
    "--mixture",
    "mixtures",
    multiple=True,
    metavar="M",
    help="related, unrelated, others, without-modality, without-area, without-task, zero-overlap-NN (repeatable; "
    "default: the first six that there are).",
)
@option("--size", type=click.IntRange(min=1), metavar="N", help="So many records in each mixture, over its subsets.")
@option("--per-label", is_flag=True, help="--size counts each label of each data set instead.")
@option("--seed", default=0, help="Of what is drawn.")
@option("--near", is_flag=True, help="Look for near copies of test pictures, too (decodes every picture).")
@option(
    "--pictures",
    type=click.Choice(["link", "none"]),
    default="link",
    help="Give pictures a second name in DIR, or leave them where they are.",
)
@option("--format", "formats", multiple=True, metavar="F", help="Export each mixture in this format, too.")
@BUILT_FROM
@option("--families", type=click.Path(path_type=Path), metavar="FILE", help="Another table of families of tasks.")
@option(
    "--recipe",
    type=click.Choice(["paper"]),
    help="List Related and Unrelated for every target that has both; without OUT, over all 53 subsets.",
)
@option("--matrix", is_flag=True, help="Print which modality, area and task the subsets cover.")
@option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it (.png, .svg, .pdf).")
@option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: Path | None,
    target: int | None,
    to: Path | None,
    mixtures: tuple[str, ...],
    formats: tuple[str, ...],
    root: Path | None,
    families: Path | None,
    recipe: str | None,
    matrix: bool,
    plot: Path | None,
    as_json: bool,
    **drawn: Any,
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
    if formats and drawn["pictures"] == "none" and root is None:
        raise UsageError("--format: needs pictures; leave --pictures none away")
    if drawn["per_label"] and drawn["size"] is None:
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
            from medmat_core.compose.write import Composing

            how = Composing(to, listed(mixtures) or design.names(), **drawn)
            done = _compose(built, design, how, catalog_of(ctx), listed(formats))
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


def _compose(built: Built, design: Plan, how: Composing, catalog: Catalog, formats: tuple[str, ...]) -> Composed:
    from medmat_core.compose.write import EXPORTED, compose
    from medmat_core.errors import UsageError
    from medmat_core.export import ExportOptions, export
    from medmat_core.records import Built

    if not how.mixtures:
        raise UsageError(f"--target {design.target.no}: no other subset in this build makes a mixture for it")
    known = catalog.formats()
    for name in formats:
        if name not in known:
            raise UsageError(f"--format {name!r}: choose from {', '.join(sorted(known))}")
    done = compose(built, design, how, catalog=catalog)
    for name in done.records if formats else ():
        place = done.to / name
        made = Built.open(place, pictures=place if how.pictures == "link" else built.pictures)
        export(made, formats, ExportOptions(place / EXPORTED), catalog=catalog)
    return done


def _print_plan(design: Plan, triples: Mapping[int, Triple]) -> None:
    page = console()
    say(page, f"target {design.target}; family: {', '.join(design.target.families)}")
    _rows([("related", triples[no], ", ".join(shared)) for no, shared in design.shares.items()])
    for what, numbers in (
        ("unrelated (each with the target a zero-overlap pair)", design.unrelated),
        ("neither (a lesser family or an area that shows the target's)", design.near),
        ("left out everywhere: the same modality, area and family", design.twins),
    ):
        say(page, f"{what}: {', '.join(map(str, numbers)) or 'none'}")
    for name in ("without-modality", "without-area", "without-task"):
        told = ", ".join(map(str, design.members(name))) if name in design.names() else "none"
        say(page, f"{name}: {told}")
    for element in design.uncovered:
        say(page, f"no Related: no subset here shares the {element}")


def _rows(rows: Sequence[tuple[str, Triple, str]]) -> None:
    titles = ("", "subset", "modality", "area", "task", "family", "shares")
    told = [(what, one.no, one.modality, one.area, one.task, one.family, shared) for what, one, shared in rows]
    print_rows(titles, told, {*titles} - {"subset"}, head=False)


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
    cells = _matrix(triples)
    families = sorted({cell["family"] for cell in cells})
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for cell in cells:
        own = rows.setdefault((cell["modality"], cell["area"]), {})
        own[cell["family"]] = ",".join(map(str, cell["subsets"]))
    titles = ("modality", "area", *families)
    print_rows(titles, [(*at, *(own.get(family, "") for family in families)) for at, own in rows.items()], titles)


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
