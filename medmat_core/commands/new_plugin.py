"""medmat new-plugin"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medmat_core.commands import catalog_of, exit_code
from medmat_core.errors import UsageError
from medmat_core.layouts import KINDS
from medmat_core.shown import shown as as_shown

if TYPE_CHECKING:
    from medmat_core.layouts.guess.proposal import Proposal
    from medmat_core.scaffold.card import Facts


@click.command("new-plugin")
@click.argument("name")
@click.option(
    "--from",
    "source_folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Look at this unzipped data set and propose how to read it.",
)
@click.option(
    "--to", "target", default=Path(), type=click.Path(path_type=Path), help="Where the package's folder goes."
)
@click.option("--layout", type=click.Choice(list(KINDS)), help="How labels lie on disk.")
@click.option("--modality", help="Med-MAT's modality such as CT, FP or X-Ray, or another.")
@click.option("--area", help="The part of the body, such as Kidney.")
@click.option("--task", help="What is asked. A known modality, area and task join that subset of Med-MAT.")
@click.option("--modality-shown", help="What questions call a picture, such as 'CT scan'.")
@click.option("--area-shown", help="What questions call the area, such as 'kidney'.")
@click.option("--title", help="The data set's name for people.")
@click.option("--folder", help="The data set's folder below the data folder.")
@click.option("--labels", multiple=True, help="Classes: a,b,c or CODE=CAPTION,... (repeatable).")
@click.option("--source", help="Where the data set is published (https://...).")
@click.option("--license", "licence", help="The data set's licence.")
@click.option("--yes", "-y", is_flag=True, help="Take every proposal, ask nothing.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    name: str,
    source_folder: Path | None,
    target: Path,
    layout: str | None,
    yes: bool,
    labels: tuple[str, ...],
    **given: str | None,
) -> int:
    """Write a complete plugin package for a data set of your own.

    It is called medmat-plugin-NAME and holds a card, which says in [layout] how the data set lies on disk and has an
    example tree, tests, tox.ini and a CI workflow; it installs, builds and passes its tests as it is. On a terminal
    what is not given by an option is asked for. With --from the folder of the real data set is looked at, and what was
    found and what was not is told; where no layout fits, there is an adapter to fill in.
    """
    from medmat_core.scaffold.names import names_of
    from medmat_core.scaffold.package import Plugin, write_plugin

    for what, text in {"NAME": name, **given, **{f"label {n}": text for n, text in enumerate(labels, 1)}}.items():
        if text and not text.isascii() and text.encode("utf-8", "replace").decode() != text:
            raise UsageError(f"{what} {text!a} is not valid Unicode; type it again")
    names = names_of(name)
    catalog = catalog_of(ctx)
    taken = next((e for e in catalog.entries if e.head.slug == names.slug and e.source.dist != names.dist), None)
    if taken is not None:
        raise UsageError(
            f"{taken.source.dist or taken.source.name} has a data set {names.slug!r} already; choose another name"
        )
    if (target / names.dist).exists():
        raise UsageError(f"{target / names.dist}: is there already and was left alone; choose another name or --to")
    asker = Asker(interactive=sys.stdin.isatty() and not yes, yes=yes)
    proposal = _proposal(source_folder, layout, _codes(labels), asker)
    proposal = _captioned(proposal, labels, asker, made_up=source_folder is None)
    others = {
        e.head.folder: f"{e.head.no or ''} {e.head.slug}".strip() for e in catalog.entries if e.head.slug != names.slug
    }
    facts = _facts(proposal, given, asker, names.slug, source_folder, [*catalog.subsets()], others)
    plugin = Plugin(names, facts, proposal, looked=source_folder is not None and bool(proposal.layout))
    written = write_plugin(plugin, target)
    where = (
        f"its own subset {facts.place.no}: word {names.package}/subset.toml for your pictures"
        if facts.place.new
        else f"subset {facts.place.no} of Med-MAT"
    )
    click.echo(f"\n{written} is written; it belongs to {where}. Next:")
    for line in (
        f"cd {written}", 'pip install -e . "medmat-core[testing]"', "pytest", f"medmat show {names.slug}",
    ):  # fmt: skip
        click.echo(f"  {line}")
    click.echo("README.md lists what is left to do, and how tox finds a medmat-core that is on no index.")
    return exit_code(ctx, 0)


class Asker:
    """Options, then the terminal, then defaults."""

    def __init__(self, *, interactive: bool, yes: bool) -> None:
        self.interactive = interactive
        self.yes = yes

    def ask(self, what: str, flag: str, given: str | None, default: str, *, needed: bool = False) -> str:
        """A value: given by its option, else asked for, else the default. ``needed``: with no terminal to ask on, only
        --yes allows the default."""
        if given is not None:
            if not given.strip():
                raise UsageError(f"{flag} is empty; leave it out to take {default!r}")
            return " ".join(given.split())
        if self.interactive:
            answer: str = click.prompt(what, default=default)
            return " ".join(answer.split()) or default
        if needed and not self.yes:
            raise UsageError(f"{flag} is needed where there is no terminal to ask on; or take {default!r} with --yes")
        return default


def _codes(labels: Sequence[str]) -> dict[str, str]:
    """--labels as code -> caption, "" where none is given."""
    found: dict[str, str] = {}
    for text in labels:
        parts = text.split(",")
        if "=" in text and not all("=" in part for part in parts):
            parts = [text]  # one CODE=CAPTION whose caption holds a comma
        for part in parts:
            code, _, caption = part.partition("=")
            found[code.strip()] = " ".join(caption.split())
    found.pop("", None)
    return found


def _proposal(folder: Path | None, layout: str | None, codes: Mapping[str, str], asker: Asker) -> Proposal:
    from medmat_core.layouts.guess import NoLayoutError
    from medmat_core.scaffold.invent import invented, without_layout
    from medmat_core.scaffold.propose import propose

    if folder is None:
        chosen = layout or asker.ask(f"layout ({', '.join(KINDS)})", "--layout", None, next(iter(KINDS)))
        if chosen not in KINDS:
            raise UsageError(f"no layout {chosen!r}; use {', '.join(KINDS)}")
        return invented(chosen, list(codes))
    try:
        proposal = propose(folder, layout)
    except NoLayoutError as error:
        if layout is not None:
            raise
        click.echo("\n  - ".join(map(as_shown, [str(error), *error.looks])))
        click.echo("The package gets an adapter to fill in, and a made-up example that it reads. Read on under Readers")
        click.echo("(docs/reference/readers.md) and Layouts (docs/reference/layouts.md) in the reference.")
        return without_layout(list(codes), error.remarks)
    click.echo(f"Found in {as_shown(str(folder))}: {proposal.layout['kind']}")
    click.echo("\n".join(f"  - {as_shown(line)}" for line in proposal.evidence))
    if proposal.doubts:
        click.echo("Not certain, please look (what else a layout can say stands under Layouts in the reference):")
        click.echo("\n".join(f"  - {as_shown(line)}" for line in proposal.doubts))
    return proposal


def _captioned(proposal: Proposal, labels: Sequence[str], asker: Asker, *, made_up: bool) -> Proposal:
    """The proposal with the captions that were given or typed."""
    from attrs import evolve

    given = _codes(labels)
    unknown = [code for code in given if code not in proposal.labels]
    if unknown and made_up:
        raise UsageError(
            f"--labels: without --from a data set of this layout is made up, of {', '.join(proposal.labels)}: give "
            f"--from, or captions such as --labels {next(iter(proposal.labels))}=CAPTION"
        )
    if unknown:
        raise UsageError(
            f"--labels: {unknown[0]!r} is no class that was found; found were {', '.join(list(proposal.labels)[:12])}"
        )
    captions = {code: given.get(code) or caption for code, caption in proposal.labels.items()}
    if asker.interactive and len(captions) <= 12:
        click.echo("Captions, as answers to a question:")
        captions = {
            code: caption if given.get(code) else asker.ask(f"  {as_shown(code)}", "--labels", None, caption)
            for code, caption in captions.items()
        }
    negates = {captions[a]: captions[b] for a in captions for b in captions
               if proposal.negates.get(proposal.labels[a]) == proposal.labels[b]}  # fmt: skip
    return evolve(proposal, labels=captions, negates=negates)


def _facts(
    proposal: Proposal,
    given: Mapping[str, str | None],
    asker: Asker,
    slug: str,
    folder: Path | None,
    subsets: Sequence[int],
    folders: Mapping[str, str],
) -> Facts:
    from medmat_core.layouts.guess.proposal import asks_of
    from medmat_core.scaffold.card import Facts as Made
    from medmat_core.scaffold.triples import SHOWN, place, same_modality

    words = slug.replace("-", " ")
    title = asker.ask("title", "--title", given["title"], words.capitalize())
    modality = asker.ask(
        f"modality ({', '.join(SHOWN)}, or another)", "--modality", given["modality"], "Other", needed=True
    )
    if asker.interactive and given["area"] is None:
        known = same_modality(modality)
        if known:
            click.echo("Subsets of this modality, any of which can be joined by its area and task:")
            click.echo("\n".join(f"  {line}" for line in known))
    area = asker.ask("area", "--area", given["area"], "Body", needed=True)
    suffix = {"mask": "segmentation", "box": "detection"}.get(proposal.kind, "classification")
    task = asker.ask("task", "--task", given["task"], f"{title} {suffix}", needed=True)
    found = place(modality, area, task, asks_of(proposal), subsets)
    shown = SHOWN.get(found.modality) or ("image" if modality == "Other" else f"{modality} image")
    modality_shown = asker.ask("questions call a picture", "--modality-shown", given["modality_shown"], shown)
    area_shown = asker.ask("questions call the area", "--area-shown", given["area_shown"], area[:1].lower() + area[1:])
    own = folder.resolve().name if folder is not None else title.replace(" ", "_")
    if own in folders:
        # two data sets of one folder must say the same of its files
        click.echo(
            f"The folder {own!r} belongs to {folders[own]}, so the card names {own}_{slug}: let the data lie in a "
            "folder of that name, or say another with --folder."
        )
        own = f"{own}_{slug}"
    name = asker.ask("folder below the data folder", "--folder", given["folder"], own)
    if "/" in name or "\\" in name or name in (".", ".."):
        raise UsageError(f"--folder: {name!r} is not one folder's name")
    source = given["source"] or ""
    if source and not source.startswith(("http://", "https://")):
        raise UsageError(f"--source: {source!r} is no address; it begins with https://")
    for flag, text in (("--modality-shown", modality_shown), ("--area-shown", area_shown)):
        if "{" in text or "}" in text:
            raise UsageError(f"{flag}: {text!r} must not hold braces, which stand for what medmat fills in")
    return Made(slug, title, name, found, modality_shown, area_shown, source, given["licence"] or "")
