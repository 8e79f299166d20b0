"""medmat audit"""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medmat_core.commands import catalog_of, console, say, table, tell_failed
from medmat_core.commands.options import FOLDER, Counter, option

if TYPE_CHECKING:
    from rich.console import Console

    from medmat_core.audit import Report, Row

_SHOWN = 3


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="OUT|FILE...", type=click.Path(path_type=Path))
@option(
    "--data",
    type=FOLDER,
    help="The folder that was given to the build: labels, boxes and groups are derived again and compared.",
)
@option("--near", is_flag=True, help="Also decode every picture and look for near copies (with --data).")
@option("--jobs", default=os.cpu_count() or 1, show_default="cores", help="Processes to use (with --data).")
@option("--limit", default=20, help="How many faults of each kind are kept in full.")
@option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[Path, ...], data: Path | None, near: bool, jobs: int, limit: int, as_json: bool
) -> int:
    """Check again everything that a build promises.

    OUT is the folder of a build; a folder or files of Med-MAT's published records, in either form, work too. The
    verdict comes first, then every kind of fault with file, line, key and picture, then figures: how the questions
    stand, and how far a guesser gets who sees no picture. Exit code 0 if sound, 1 if faults were found.
    """
    from medmat_core.audit import audit, names_in

    if jobs < 1:
        raise click.BadParameter("give 1 or more", param_hint="--jobs")
    catalog = catalog_of(ctx)
    names = names_in(paths)
    heads = [entry.head for entry in catalog.entries]
    subsets = {head.subset for head in heads if names is None or names & {head.slug, str(head.no)}}
    known = catalog.select(where=lambda head: head.subset in subsets)  # --pool installed asks all of a subset
    decoders = catalog.modules_with("medmat_regions")
    with closing(Counter(what="records read")) as shown:
        report = audit(
            list(paths), known, subset_of=catalog.subset, data=data, near=near, jobs=jobs, decoders=decoders,
            keep=max(1, limit), progress=lambda name, count: shown.advance(count, f", last those of {name}"),
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=True, indent=1))
    else:
        _print(report, min(_SHOWN, limit) if limit == 20 else limit)
    if tell_failed(ctx):
        return 3
    return 0 if report.sound else 1


def _print(report: Report, shown: int) -> None:
    page = console()
    say(page, report.verdict)
    _faults(page, report, shown)
    _questions(page, [row for row in report.rows if row.shares])
    _blind(page, report.rows)
    if report.unseen:
        say(page)
    for sentence in report.unseen:
        say(page, f"not audited: {sentence}")


def _faults(page: Console, report: Report, shown: int) -> None:
    from medmat_core.audit import FAULTS, NOTES

    for level, counts in (("fault", report.found.counts), ("note", report.found.notes)):
        for name, count in sorted(counts.items()):
            meaning = FAULTS.get(name) or NOTES[name]
            say(page, f"\n{level} {name} ({count}): {meaning}")
            examples = [fault for fault in report.found.kept if fault.name == name and fault.level == level]
            for fault in examples[:shown]:
                where = f"{fault.where}: " if fault.where else ""
                say(page, f"    {where}{fault.detail}")
            if count > len(examples[:shown]):
                say(page, f"    ... and {count - len(examples[:shown])} more")


def _questions(page: Console, rows: list[Row]) -> None:
    """How the records stand, over the whole build; by data set it is in the manifest and in --json."""
    from medmat_core.audit import SHARES
    from medmat_core.model import ASKS

    if not rows:
        return
    say(
        page,
        "\nRecords by question: in rounds of four, three and two pictures; surplus: with the options of a round;\n"
        "open: without options.\n"
        f"  {'':10}{''.join(f'{name:>9}' for name in ('of 4', 'of 3', 'of 2', 'surplus', 'open'))}",
    )
    for ask in ASKS:
        counts = [sum(row.shares.get(ask, {}).get(name, 0) for row in rows) for name in SHARES]
        if any(counts):
            say(page, f"  {ask:10}{''.join(f'{count:9d}' for count in counts)}")


def _blind(page: Console, rows: list[Row]) -> None:
    """What guessers reached, where there are enough questions to mean something."""
    from medmat_core.audit.blind import GUESSERS, LEAST

    columns = {
        "asked": "questions with options",
        "chance": "one over the number of options",
        "majority": "the share of the most frequent answer",
        **GUESSERS,
        "with size": "the regression, told the picture's width and height as well",
        "true": "questions with a wrong option that is or may be true of the picture",
        "leaks": "pictures in two parts, by themselves or by their group",
        "copies": "pictures that are asked about again",
    }
    made = table(("data set", *columns), ("data set",), ("data set",))
    for row in rows:
        found = row.guessed
        if found is not None and found.questions >= LEAST:
            shares = (found.chance, found.majority, *(found.shares[name] for name in GUESSERS), found.with_size)
            counts = (row.wrong, row.leaks, row.copies)
            made.add_row(row.title, str(found.questions), *map(_percent, shares), *map(_count, counts))
    if not made.row_count:
        return
    say(page, "\nHow often a guesser is right who sees no picture (-: not looked for):")
    page.print(made)
    for title, meaning in columns.items():
        say(page, f"  {title:11}{meaning}")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)
