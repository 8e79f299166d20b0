"""medmat score"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from medmat_core.commands import catalog_of, console, exit_code, say, table
from medmat_core.commands.options import FOLDER, option
from medmat_core.shown import shown as as_shown

if TYPE_CHECKING:
    from medmat_core.score import Report
    from medmat_core.score.run import Scored
    from medmat_core.score.tables import Figure, Line

_COLUMNS = ("n", "acc %", "95 %", "chance", "blind", "balanced", "rounds", "all right %", "95 %", "chance", "blind")
_FLAT = (
    "file", "by", "name", "n", "accuracy", "low", "high", "chance", "blind", "balanced", "unread", "rounds",
    "rounds_right", "rounds_low", "rounds_high", "rounds_chance", "rounds_blind", "open", "open_accuracy",
    "open_chance", "boxes", "mean_iou", "acc_at_0.5",
)  # fmt: skip


@click.command("score")
@click.argument("out", metavar="OUT", type=FOLDER)
@click.argument("predictions", nargs=-1, required=True, metavar="PREDICTIONS...", type=click.Path(path_type=Path))
@option("--part", "--split", "parts", multiple=True, metavar="P", help="Only this part (repeatable).")
@option(
    "--missing",
    type=click.Choice(["skip", "wrong"]),
    default="skip",
    help="Records of the predicted data sets and parts that have no prediction: left out, or wrong.",
)
@option(
    "--box-format",
    metavar="F",
    help="How boxes in predictions are written, where an export changed what the build wrote.",
)
@option("--seed", default=0, help="Of the bootstrap.")
@option("--labels", is_flag=True, help="Print a line for every label, too.")
@option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw the map of accuracy over modality, area and task (.png, .svg, .pdf).",
)
@click.pass_context
def command(
    ctx: click.Context,
    out: Path,
    predictions: tuple[Path, ...],
    parts: tuple[str, ...],
    missing: Literal["skip", "wrong"],
    box_format: str | None,
    seed: int,
    labels: bool,
    as_json: bool,
    plot: Path | None,
) -> int:
    """Score what a model said about the records of OUT.

    PREDICTIONS are files of rows with `key` and free text: JSON lines, JSON, VLMEvalKit's .xlsx or .tsv, lmms-eval's
    samples. An answer is read where it is said plainly; all else counts as unread, and as wrong. Beside every figure
    stand chance and a guesser who sees no picture. Several files are compared question by question.
    """
    from medmat_core.errors import UsageError
    from medmat_core.model import PARTS
    from medmat_core.plots import checked
    from medmat_core.records import Built
    from medmat_core.regions.box_words import BOX_FORMATS
    from medmat_core.score import Scoring, score

    if box_format is not None and box_format not in BOX_FORMATS:
        raise UsageError(f"--box-format {box_format!r}: choose from {', '.join(BOX_FORMATS)}")
    for part in parts:
        if part not in PARTS:
            raise UsageError(f"--part {part!r}: choose from {', '.join(PARTS)}")
    if plot is not None:
        checked(plot)
    fmt = next((known for known in BOX_FORMATS if known == box_format), None)
    report = score(Built.open(out), predictions, Scoring(parts, missing, fmt, seed), catalog=catalog_of(ctx))
    if plot is not None:
        _draw(report, plot)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    elif sys.stdout.isatty():
        _print(report, labels)
    else:
        _flat(report)
    for one in report.scored:
        for what, count in one.odd.items():
            click.echo(as_shown(f"{one.path}: {count} x {what}"), err=True)
    return exit_code(ctx, 0)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _interval(figure: Figure) -> str:
    return f"{100 * figure.low:.0f}-{100 * figure.high:.0f}"


def _print(report: Report, labels: bool) -> None:
    page = console()
    for one in report.scored:
        page.print(f"[bold]{_escaped(one.path)}[/bold]{', circular' if one.circular else ''}", soft_wrap=True)
        shown = [line for line in one.lines if labels or line.by != "label"]
        made = table(("", *_COLUMNS), ("",), ("",))
        made.columns[0].max_width = 28
        for column in made.columns[1:]:
            column.no_wrap = True
        before = "all"
        for line in shown:
            if line.closed is None:
                continue
            if line.by != before:
                made.add_section()
                before = line.by
            made.add_row(_name(line), *_told(line.closed), _percent(line.balanced), *_told(line.rounds))
        if made.row_count:
            page.print(made)
        _open(page, one, shown)
        whole = one.lines[0]
        say(page, f"unread: {whole.unread} of {len(one.items)}; rounds not asked whole: {whole.incomplete}\n")
    _compared(page, report)


def _escaped(text: Any) -> str:
    from rich.markup import escape

    return escape(str(text))


def _name(line: Line) -> str:
    return _escaped(line.name if line.by in ("all", "label", "data set", "part", "ask") else f"{line.by} {line.name}")


def _told(figure: Figure | None) -> list[str]:
    """Count, value, interval, chance and blind guesser."""
    if figure is None:
        return [""] * 5
    shares = _percent(figure.value), _interval(figure), _percent(figure.chance), _percent(figure.blind)
    return [str(figure.count), *shares]


def _open(page: Any, one: Scored, lines: list[Line]) -> None:
    titles = ("without options", "n", "acc %", "95 %", "chance", "boxes", "mean IoU", "95 %", "Acc@0.5 %")
    made = table(titles, ("without options",), titles)
    for line in lines:
        if line.open is None and line.boxes is None:
            continue
        boxes = [""] * 4
        if line.boxes is not None and line.fitting is not None:
            boxes = [
                str(line.boxes.count), f"{line.boxes.value:.3f}", f"{line.boxes.low:.2f}-{line.boxes.high:.2f}",
                _percent(line.fitting.value),
            ]  # fmt: skip
        made.add_row(_name(line), *_told(line.open)[:4], *boxes)
    if made.row_count:
        say(page)
        page.print(made)


def _compared(page: Any, report: Report) -> None:
    for pair in report.compared:
        say(
            page,
            f"{pair.first} - {pair.second}: {100 * pair.difference:+.1f} points "
            f"({100 * pair.low:+.1f} to {100 * pair.high:+.1f}) over {pair.count} questions; right in one alone: "
            f"{pair.only_first} and {pair.only_second}; McNemar p = {pair.p:.3g}",
        )


def _flat(report: Report) -> None:
    """A table for other programs: tabs between columns, every figure in full."""
    rows: list[tuple[Any, ...]] = [_FLAT]
    for one in report.scored:
        for line in one.lines:
            shares = ("count", "value", "low", "high", "chance", "blind")
            rows.append((
                one.path, line.by, line.name, *_values(line.closed, *shares), line.balanced, line.unread,
                *_values(line.rounds, *shares), *_values(line.open, "count", "value", "chance"),
                *_values(line.boxes, "count", "value"), line.fitting.value if line.fitting else None,
            ))  # fmt: skip
    for row in rows:
        click.echo("\t".join(_cell(value) for value in row))
    for pair in report.compared:
        click.echo(
            f"{pair.first} - {pair.second}: {pair.difference:+.4f} ({pair.low:+.4f} to {pair.high:+.4f}), "
            f"{pair.count} questions, {pair.only_first} and {pair.only_second} in one alone, McNemar p = {pair.p:.3g}",
            err=True,
        )


def _values(figure: Figure | None, *names: str) -> list[Any]:
    """These of a figure's values; a count of 0, and nothing else, where there is none."""
    return [getattr(figure, name) if figure else 0 if name == "count" else None for name in names]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split())


def _draw(report: Report, path: Path) -> None:
    from medmat_core.plots import Cell, draw_map

    one = report.scored[0]
    sums: defaultdict[tuple[str, str, str], list[tuple[float, int]]] = defaultdict(list)
    for line in one.lines:
        if line.by == "subset" and line.closed is not None:
            triple = report.triples[int(line.name)]
            sums[triple.modality, triple.area, triple.family].append((line.closed.value, line.closed.count))
    cells = {}
    for at, own in sums.items():
        count = sum(number for _, number in own)
        share = sum(value * number for value, number in own) / count
        cells[at] = Cell(share, f"{100 * share:.0f} % of {count}")
    draw_map(cells, path, title=f"Accuracy of {one.path.name}", scale="share of right answers", top=1.0)
