"""medmat download"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medmat_core.commands import catalog_of, complete_modality, complete_names, console, exit_code, say, table
from medmat_core.commands.options import DIRECTORY, option
from medmat_core.errors import DownloadError, NoSpaceError, UsageError
from medmat_core.shown import counted

if TYPE_CHECKING:
    from rich.console import Console

    from medmat_core.dataset import Dataset
    from medmat_core.download.hosts import Hosts
    from medmat_core.download.plan import Step
    from medmat_core.download.web import Web


@click.command("download")
@click.argument("names", nargs=-1, metavar="[NO|SLUG]...", shell_complete=complete_names)
@option("--all", "everything", is_flag=True, help="Every data set (narrow it by --access, --modality, --subset).")
@option(
    "--access",
    multiple=True,
    type=click.Choice(["open", "account", "competition", "credentialed"]),
    help="Only data sets with this access (repeatable).",
)
@option(
    "--modality", shell_complete=complete_modality, help="Only this modality (Med-MAT's code such as FP, or its name)."
)
@option("--subset", type=int, help="Only this subset (1-53, or a plugin's).")
@option(
    "--to",
    "--data",
    "to",
    default="med-mat",
    type=DIRECTORY,
    help="The data folder: each data set comes into its own folder there.",
)
@option("--dry-run", is_flag=True, help="Print the plan with sizes, free space and steps; fetch nothing.")
@option("--sizes", is_flag=True, help="Ask the hosts for the sizes that cards do not know (for the plan).")
@option("--accept", multiple=True, metavar="NO|SLUG", help="Accept this data set's licence and terms (repeatable).")
@option("--yes", is_flag=True, help="Accept the licences and terms of all data sets named.")
@option("--again", is_flag=True, help="Fetch also what is there already; equal files stay, others are not touched.")
@option("--check/--no-check", "checked", default=True, help="Run `medmat check` on what came.")
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    everything: bool,
    access: tuple[str, ...],
    modality: str | None,
    subset: int | None,
    to: Path,
    dry_run: bool,
    sizes: bool,
    accept: tuple[str, ...],
    yes: bool,
    again: bool,
    checked: bool,
) -> int:
    """Fetch data sets from where they are published, verify and unpack them into the folders that build reads.

    Goes on where a former run was stopped, and overwrites nothing. Licence and terms are shown and must be accepted for
    all that is not open. What asks for a form, a login or an application is not fetched: link and steps are printed.
    No credential is stored or printed; Kaggle is asked by its own client with your token.
    """
    from medmat_core.download.hosts import Hosts
    from medmat_core.download.plan import asked, plan
    from medmat_core.download.web import Web

    if bool(names) == everything:
        raise UsageError("name data sets by number or slug, or give --all (not both); see `medmat list`")
    catalog = catalog_of(ctx)
    chosen = catalog.select(
        names, subset=subset, modality=modality, where=lambda head: not access or head.access in access
    )
    if not chosen:
        raise UsageError("nothing to do: no data set matches; `medmat list` shows all")
    accepted = {catalog.get(name).slug for name in accept}
    web, hosts, page = Web(), Hosts(), console()
    steps = plan(chosen, to, again=again)
    if sizes:
        # a plan is not worth the patience of a download
        steps = asked(steps, Web(timeout=5, attempts=2), hosts, lambda told: click.echo(f"medmat: {told}", err=True))
    if dry_run:
        _print_plan(page, steps, to)
        return exit_code(ctx, 0)
    for step in steps:
        if step.does in ("there", "by hand"):
            say(page, "\n".join(_told(step, to)))
    ready = [
        step.dataset
        for step in steps
        if step.does == "fetch" and (yes or step.dataset.slug in accepted or _agreed(page, step))
    ]
    came = _fetch(page, ready, to, web, hosts)
    leads = {dataset.slug for dataset in came}
    came += [step.dataset for step in steps if step.lead in leads]
    # where all are meant, those that are left to a person were only looked over
    meant = ("fetch", "with") if everything else ("fetch", "with", "by hand")
    left = sum(step.does in meant for step in steps) - len(came)
    there = sum(step.does == "there" for step in steps)
    also = f", {there} there already" if there else ""
    say(page, f"{counted(len(came), 'data set')} fetched into {to}, {left} not{also}")
    found = 0
    if came and checked:
        from medmat_core.commands.check import command as check

        say(page)
        found = ctx.invoke(check, names=tuple(dataset.slug for dataset in came), data=to)
    return max(exit_code(ctx, left), found or 0)


def _fetch(page: Console, ready: Sequence[Dataset], to: Path, web: Web, hosts: Hosts) -> list[Dataset]:
    """The data sets that came; a full disk ends it, another failure only its data set."""
    from medmat_core.download.progress import shown
    from medmat_core.download.run import download

    came: list[Dataset] = []
    with shown(page) as progress:
        for dataset in ready:
            progress.say(f"{dataset.card.head.no or ''} {dataset.slug}".strip())
            try:
                count = download(dataset, to, web=web, hosts=hosts, progress=progress)
            except NoSpaceError:
                raise
            except DownloadError as error:
                click.echo(f"medmat: {dataset.slug}: {' '.join(str(error).split())}", err=True)
                continue
            progress.say(f"  {count} files in {to / dataset.card.head.folder}")
            came.append(dataset)
    return came


def _agreed(page: Console, step: Step) -> bool:
    """Whether the user accepts a data set's licence and terms; nobody has to for what is open."""
    from medmat_core.commands.show import _ACCESS

    head = step.dataset.card.head
    if head.access == "open":
        return True
    lines = [f"{head.no or ''} {head.slug}: {head.title}".strip(), f"  licence: {head.license}"]
    pages = dict.fromkeys([head.source, *(entry.page for entry in step.dataset.card.download)])
    lines += [f"  terms: {address}" for address in pages] + [f"  access: {_ACCESS[head.access]}"]
    say(page, "\n".join(lines))
    if not sys.stdin.isatty():
        click.echo(
            f"medmat: {head.slug}: its licence and terms are not accepted; read them, then add --accept {head.slug}",
            err=True,
        )
        return False
    return click.confirm("  Do you accept them?", default=False)


def _told(step: Step, to: Path) -> list[str]:
    """Why a data set is not fetched, and what to do."""
    from medmat_core.download.plan import hand_lines

    card, head = step.dataset.card, step.dataset.card.head
    title = f"{head.no or ''} {head.slug}: ".lstrip()
    if step.does == "there":
        return [f"{title}is there; --again fetches it all the same"]
    lines = hand_lines(card.by_hand) or [f"By hand: {head.license}", f"  1. Download it from {head.source}"]
    return [
        f"{title}{head.source}",
        *(f"  {line}" for line in lines),
        f"  then unzip it into {to / head.folder} and run `medmat check {head.no or head.slug} --data {to}`",
    ]


def _print_plan(page: Console, steps: Sequence[Step], to: Path) -> None:
    from medmat_core.download import space
    from medmat_core.download.plan import hand_lines
    from medmat_core.download_entries import size_text

    titles = ("no", "data set", "access", "from", "size", "folder", "plan")
    made = table(titles, left={*titles} - {"no", "size"}, fold=titles)
    for column in made.columns:
        column.no_wrap = column.header not in ("from", "folder")
    for step in steps:
        head = step.dataset.card.head
        does = f"go on ({size_text(step.left)} are there)" if step.does == "fetch" and step.left else step.does
        does = f"comes with {step.lead}" if step.lead else does
        made.add_row(str(head.no or ""), head.slug, head.access, step.hosts, step.size_told, head.folder, does)
    page.print(made)
    for step in steps:
        extra = step.dataset.card.by_hand
        if step.does == "by hand":
            say(page, "\n" + "\n".join(_told(step, to)))
        elif step.does == "fetch" and extra.why:
            lines = [f"{step.dataset.slug}, beside what is fetched", *(f"  {line}" for line in hand_lines(extra))]
            say(page, "\n" + "\n".join(lines))
    fetch = [step for step in steps if step.does == "fetch"]
    known, unknown = sum(step.size for step in fetch), sum(not step.size for step in fetch)
    told = f"{size_text(known)} as far as known" + (f", {unknown} of unknown size" if unknown else "")
    say(
        page,
        f"\n{len(fetch)} to fetch ({told}), {sum(step.does == 'there' for step in steps)} there, "
        f"{sum(step.does == 'by hand' for step in steps)} by hand; {size_text(space.free(to))} are free for {to}\n"
        "While it is unpacked an archive lies beside what it holds: have twice the room of the largest.",
    )
    if known > space.free(to):
        say(page, "They do not fit: name fewer, or give --to another disk.")
