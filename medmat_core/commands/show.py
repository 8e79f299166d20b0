"""medmat show"""

from __future__ import annotations

import json
from typing import Any

import attrs
import click

from medmat_core.card import Card, Head
from medmat_core.commands import catalog_of, complete_names, console, exit_code
from medmat_core.dataset import Dataset

_ACCESS = {
    "open": "open download",
    "account": "a free account at the site is needed",
    "competition": "accept the competition's rules first",
    "credentialed": "credentialed: an application or training is needed",
}


@click.command("show")
@click.argument("name", metavar="NO|SLUG", shell_complete=complete_names)
@click.option("--json", "as_json", is_flag=True, help="Print the whole card as JSON.")
@click.pass_context
def command(ctx: click.Context, name: str, as_json: bool) -> int:
    """Show one data set's card: where to download it, where to unzip it, the files expected, labels, licence,
    citation, what is known to be wrong with it, and what is unverified."""
    dataset = catalog_of(ctx).get(name)
    if as_json:
        click.echo(json.dumps(card_json(dataset), ensure_ascii=False, indent=1))
    else:
        console().print("\n".join(card_lines(dataset)), markup=False)
    return exit_code(ctx, 0)


def card_json(dataset: Dataset) -> dict[str, Any]:
    """The card with its head's fields first, and the plugin it comes from."""
    told = attrs.asdict(dataset.card, filter=lambda field, _: field.name != "path")
    head = attrs.fields_dict(Head)
    return {
        **{name: value for name, value in told.items() if name in head},
        "plugin": attrs.asdict(dataset.source),
        **{name: value for name, value in told.items() if name not in head},
    }


def tree_lines(card: Card, limit: int = 24) -> list[str]:
    """The literal files of the example tree."""
    paths = sorted(
        {path for picture in card.example.pictures for path in picture.paths}
        | {file.path for file in card.example.files}
    )
    shown = paths[:limit]
    more = len(paths) - len(shown)
    return [f"{card.head.folder}/{path}" for path in shown] + ([f"... and {more} more like these"] if more else [])


def download_lines(card: Card) -> list[str]:
    """How to get it: what `medmat download` fetches, its size, and what is left to a person."""
    from medmat_core.download.plan import entry_lines, hand_lines
    from medmat_core.download_entries import card_size

    lines = []
    if card.download:
        size = card_size(card.download)
        lines = ["", f"How to get it: `medmat download {card.head.no or card.head.slug}`, size {size}"]
        lines += [f"  {line}" for line in entry_lines(card.download)]
    return lines + ([""] if card.by_hand.why else []) + hand_lines(card.by_hand)


def card_lines(dataset: Dataset) -> list[str]:
    """The card as a person reads it."""
    card, head = dataset.card, dataset.card.head
    number = f"{head.no}. " if head.no is not None else ""
    lines = [
        f"{number}{head.title}  ({head.slug})",
        f"  {head.modality} / {head.area} / {head.task}; subset {head.subset}; {head.kind}",
        f"  shown in questions as: {head.area_shown} {head.modality_shown}",
        f"  plugin: {dataset.source.dist or dataset.module} {dataset.source.version}".rstrip(),
        "",
        "Where to get it",
        f"  {head.source}",
        f"  access: {_ACCESS[head.access]}",
    ]
    if head.archives:
        lines.append(f"  archives: {', '.join(head.archives)}")
    if head.source_note:
        lines.append(f"  note: {head.source_note}")
    lines += [f"  licence: {head.license}", *download_lines(card)]
    lines += [
        "",
        "Where to unzip it",
        f"  <data>/{head.folder}/   (with or without the archive's outer folders)",
        *([f"  found as well under the name {' or '.join(head.aliases)}"] if head.aliases else []),
        "",
        "What is expected there, for example",
        *(f"  {line}" for line in tree_lines(card)),
        "",
        "Labels (code on disk -> caption)",
    ]
    counts = card.counts.classes
    for code, caption in card.labels.items():
        notes = []
        if caption == head.normal:
            notes.append("nothing found")
        if caption in card.classes.catch_all:
            notes.append("never a distractor")
        if counts.get(caption):
            notes.append(f"{counts[caption]} published")
        lines.append(f"  {code!r} -> {caption}" + (f"   ({', '.join(notes)})" if notes else ""))
    if card.counts.images:
        lines.append(f"  published pictures: {card.counts.images}")
    lines.append("")
    lines.append("Split and groups")
    lines.append(f"  groups: {head.group_by or 'none'}" + ("; unprotected split" if head.unprotected else ""))
    for title, items in (
        ("What the original table got wrong", head.corrections),
        ("Known faults", head.faults),
        ("Left alone on purpose", tuple(f"{item.pattern}: {item.reason}" for item in card.ignored)),
        ("Unverified", head.unverified),
        ("Verified on people's copies", tuple(map(str, card.verified))),
    ):
        if items:
            lines += ["", title, *(f"  - {item}" for item in items)]
    if card.citation.bibtex.strip():
        lines += ["", "Cite", *(f"  {line}" for line in card.citation.bibtex.strip().splitlines())]
    return lines
