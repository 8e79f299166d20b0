"""The pages of data sets, and their indexes by modality and by subset, from the cards."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from medmat_core.card import Card
from medmat_core.commands.show import _ACCESS, tree_lines
from medmat_core.download.plan import entry_lines
from medmat_core.download_entries import card_size
from medmat_core.subsets import load_subset, subset_index

from . import samples, settle, times
from .markdown import bullets, code, fenced, page, table, text
from .samples import SampleQuestion

NOTE: Final = "from the cards under plugins/"
SHOWN: Final = 40
"""Files of the example tree that a page lists."""

_KINDS: Final = {
    "single-label": "one class a picture",
    "multi-label": "several findings a picture",
    "ordinal": "one grade a picture",
    "mask": "regions from masks",
    "box": "regions from boxes",
}
_MODALITIES: Final = {
    "CT": "Computed tomography",
    "Co": "Colposcopy",
    "DP": "Digital photography",
    "Der": "Dermoscopy and skin photography",
    "End": "Endoscopy",
    "FP": "Fundus photography",
    "MRI": "Magnetic resonance imaging",
    "Mic": "Microscopy",
    "OCT": "Optical coherence tomography",
    "US": "Ultrasound",
}


@frozen(eq=False)
class Entry:
    """A card with the plugin package that has it."""

    card: Card
    dist: str
    module: str

    @property
    def file(self) -> str:
        head = self.card.head
        return f"{head.slug}.md" if head.no is None else f"{head.no:03d}-{head.slug}.md"

    @property
    def number(self) -> str:
        """The row of Med-MAT's table, "" for a data set that is none."""
        return "" if self.card.head.no is None else str(self.card.head.no)

    @property
    def link(self) -> str:
        return f"[{text(self.card.head.title)}]({self.file})"


def load(plugins: Path) -> list[Entry]:
    """Every card under ``plugins/`` in the order of its row."""
    found: list[Entry] = []
    for project in sorted(plugins.glob("*/pyproject.toml")):
        dist = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["name"]
        for path in sorted(project.parent.glob("medmat_*/*.toml")):
            found.append(Entry(Card.load(path), dist, f"{path.parent.name}.{path.stem}"))
    return sorted(found, key=lambda entry: entry.card.head.no or 1000)


def pages(entries: Sequence[Entry], drawn: Mapping[str, SampleQuestion]) -> Iterator[tuple[str, str]]:
    """(path below docs/, text) of every page; ``drawn`` are the sample questions by slug."""
    for entry in entries:
        yield f"datasets/{entry.file}", _page(entry, entries, drawn.get(entry.card.slug))
    yield "datasets/index.md", _index(entries)
    yield "datasets/subsets.md", _subsets(entries)
    yield "explanation/table.md", _corrections(entries)


_SETTLE: Final = (
    "Whoever has the data set can settle this. `medmat check {name} --data med-mat --report report.json` writes "
    "counts, sizes and patterns of names (no picture, no id, no cell of a table): look through it, and paste it into "
    "the issue form [layout report](../explanation/verified.md#verified-by-you-on-your-disk), with an answer to what "
    "counting cannot settle."
)


def _page(entry: Entry, entries: Sequence[Entry], drawn: SampleQuestion | None) -> str:
    card, head = entry.card, entry.card.head
    name = entry.number or head.slug
    fetch = f"medmat download {name}\n" if card.download else ""
    sections = [
        f"# {entry.number}. {text(head.title)}" if entry.number else f"# {text(head.title)}",
        samples.section(card, drawn) if drawn is not None else "",
        "## Facts",
        _facts(entry),
        "## Where to get it",
        _source(entry),
        "## Where to unzip it",
        _place(entry, entries),
        "## Labels",
        _labels(card),
        "## Split and groups",
        _split(entry, entries),
    ]
    for title, items in (
        ("What Med-MAT's table gets wrong", head.corrections),
        ("Known faults", head.faults),
        ("Unverified", head.unverified),
        ("Also", (head.extra,) if head.extra else ()),
    ):
        if items and title == "Unverified":
            facts = (f"- {text(fact)}  \n    *{settle.told(fact, card)}*" for fact in items)
            sections += [f"## {title}", _SETTLE.format(name=name), "\n".join(facts)]
        elif items:
            sections += [f"## {title}", bullets(items)]
    if card.verified:
        rows = [
            (one.date, one.version, one.layout, one.completeness, f"{one.images:,}", f"{one.problems:,}")
            for one in card.verified
        ]
        header = ("checked on", "medmat-core", "layout", "completeness", "pictures", "unknown problems")
        sections += ["## Verified", "Copies on the disks of people who sent a layout report.", table(header, rows)]
    if card.ignored:
        rows = [(code(item.pattern), text(item.reason)) for item in card.ignored]
        sections += [
            "## Left alone on purpose",
            "Such files are counted in the manifest and not read.",
            table(("files", "why"), rows),
        ]
    if card.citation.bibtex.strip():
        sections += ["## Citation", fenced(card.citation.bibtex.strip(), "bibtex")]
    sections += [
        "## Use it",
        fenced(
            f"medmat show {name}\n{fetch}medmat check {name} --data med-mat\n"
            f"medmat build {name} --data med-mat --out out",
            "sh",
        ),
        f"`medmat sample {name} --to samples/med-mat` writes the files listed above as drawn phantoms.",
    ]
    return page(*sections, note=f"from {entry.card.path.name}")


def _facts(entry: Entry) -> str:
    card, head = entry.card, entry.card.head
    asks = ", ".join(head.asks) if head.kind in ("mask", "box") else "label"
    rows = [
        ("slug", code(head.slug)),
        ("modality, area, task", f"{text(head.modality)}, {text(head.area)}, {text(head.task)}"),
        ("shown in questions as", text(f"{head.area_shown} {head.modality_shown}")),
        ("subset", f"[{head.subset}](subsets.md#subset-{head.subset})"),
        ("kind", f"{head.kind}: {_KINDS[head.kind]}"),
        ("questions", asks),
        ("access", _ACCESS[head.access]),
        ("license", text(head.license)),
        ("size of the download", card_size(card.download) if card.download else "by hand, unknown"),
        ("time of a build", times.told(card)),
        ("plugin", f"{code(entry.dist)} ({code(entry.module)})"),
    ]
    if card.counts.images:
        parts = [
            f"{count:,} {part}" for part, count in (("train", card.counts.train), ("test", card.counts.test)) if count
        ]
        rows.append(("published pictures", f"{card.counts.images:,}" + (f" ({', '.join(parts)})" if parts else "")))
    sizes = next((one.sizes for one in reversed(card.verified) if one.sizes), ())
    if sizes:
        rows.append(("sizes of pictures", ", ".join(size.replace("x", " x ") for size in sizes)))
    return table(rows[0], rows[1:])


def _source(entry: Entry) -> str:
    head = entry.card.head
    lines = [f"<{head.source}>" if head.source.startswith("http") else text(head.source)]
    if head.source_note:
        lines.append(text(head.source_note[0].upper() + head.source_note[1:].rstrip(".") + "."))
    if head.archives:
        lines.append(f"Files to download: {', '.join(map(code, head.archives))}.")
    if entry.card.download:
        lines.append(f"`medmat download {entry.number or head.slug}` fetches it:")
        lines.append(bullets([line.strip() for line in entry_lines(entry.card.download)]))
    if entry.card.by_hand.why:
        why = entry.card.by_hand.why
        lines.append(f"{'The rest is' if entry.card.download else 'It is'} fetched by hand, since {text(why)}:")
        lines.append("\n".join(f"{place}. {text(step)}" for place, step in enumerate(entry.card.by_hand.steps, 1)))
    return "\n\n".join(lines)


def _place(entry: Entry, entries: Sequence[Entry]) -> str:
    head = entry.card.head
    lines = [f"Under {code(f'med-mat/{head.folder}/')}, with or without the archive's outer folders. For example:"]
    lines.append(fenced("\n".join(tree_lines(entry.card, SHOWN))))
    if head.aliases:
        lines.append(f"The folder is found as well if it is called {_or(list(map(code, head.aliases)))}.")
    sharing = [other for other in entries if other is not entry and other.card.head.folder == head.folder]
    if sharing:
        lines.append(f"The same folder serves {_and(_named(sharing))}: download it once.")
    return "\n\n".join(lines)


def _labels(card: Card) -> str:
    rows = []
    for label, caption in card.labels.items():
        notes = [
            note
            for note, true in (
                ("nothing found", caption == card.head.normal),
                ("catch-all: never a distractor", caption in card.classes.catch_all),
                ("a place: never a distractor", caption in card.classes.anatomy),
            )
            if true
        ]
        if caption in card.classes.negates:
            notes.append(f"denies {card.classes.negates[caption]}")
        count = card.counts.classes.get(caption)
        rows.append((code(label), text(caption), f"{count:,}" if count else "", text("; ".join(notes))))
    lines = [table(("code on disk", "caption", "published", ""), rows)]
    for title, pairs in (
        ("One contains the other, so they never meet in a question", card.classes.nested),
        ("Both can be true of one picture, so they never meet in a question", card.classes.overlapping),
    ):
        if pairs:
            joined = "; ".join(f"{text(one)} and {text(other)}" for one, other in pairs)
            lines.append(f"{title}: {joined}.")
    if card.classes.one_label:
        lines.append(f"One label a picture, so a question asks for the main one: {text(card.classes.one_label)}.")
    return "\n\n".join(lines)


def _split(entry: Entry, entries: Sequence[Entry]) -> str:
    card, head = entry.card, entry.card.head
    official = any(expect.split for expect in card.example.expect)
    lines = []
    if official:
        lines.append("The published parts are used, unless `--split` says otherwise.")
        if any(expect.split == "val" for expect in card.example.expect):
            lines.append(f"The published validation part counts as {head.validation}.")
    else:
        lines.append("No parts are published: groups are drawn for the test part by their hash.")
    if head.group_by:
        lines.append(f"Groups: {text(head.group_by.rstrip('.'))}.")
    elif not head.unprotected:
        lines.append("Every picture is its own group.")
    if head.unprotected:
        lines.append(
            "No patient id is published, so near copies of one patient may lie on both sides: "
            "the split is marked `unprotected` wherever it is not the published one."
        )
    sharing = [other for other in entries if other is not entry and other.card.namespace == card.namespace]
    if sharing:
        lines.append(
            f"It shares pictures with {_and(_named(sharing))}: "
            f"groups are drawn in the common namespace {code(card.namespace)}, so that all agree."
        )
    return " ".join(lines)


def _named(entries: Sequence[Entry]) -> list[str]:
    return [f"[row {entry.number}]({entry.file})" if entry.number else entry.link for entry in entries]


def _or(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"


def _and(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _index(entries: Sequence[Entry]) -> str:
    by_modality: dict[str, list[Entry]] = {}
    for entry in entries:
        name = entry.card.head.modality
        by_modality.setdefault(_MODALITIES.get(name, name), []).append(entry)
    sections = [
        "# Data sets",
        f"{sum(1 for entry in entries if entry.number)} data sets, the rows of Med-MAT's table, and "
        f"{sum(1 for entry in entries if not entry.number)} more, by modality. "
        "The same by [subset](subsets.md). Each page is made from the data set's card, which is also what "
        "`medmat show` prints. medmat holds no data: every data set is downloaded from its source, under its own "
        "license.",
    ]
    for modality in sorted(by_modality, key=str.casefold):
        rows = [
            (
                entry.number,
                entry.link,
                text(entry.card.head.area),
                text(entry.card.head.task),
                f"[{entry.card.head.subset}](subsets.md#subset-{entry.card.head.subset})",
                entry.card.head.kind,
                entry.card.head.access,
            )
            for entry in by_modality[modality]
        ]
        names = dict.fromkeys(entry.card.head.modality for entry in by_modality[modality])
        sections += [
            f"## {modality}",
            f"In Med-MAT's words: {', '.join(map(code, names))}.",
            table(("no", "data set", "area", "task", "subset", "kind", "access"), rows),
        ]
    return page(*sections, times.how(), note=NOTE)


def _subsets(entries: Sequence[Entry]) -> str:
    members: dict[int, list[Entry]] = {}
    for entry in entries:
        members.setdefault(entry.card.head.subset, []).append(entry)
    sections = [
        "# Subsets",
        "A subset gathers the data sets of one modality, area and task. Its six instructions for each kind of "
        "question, and the frozen list of captions that may stand as wrong options in it, are data of `medmat-core`. "
        "See [how distractors are chosen](../explanation/distractors.md).",
    ]
    for no, index in subset_index().items():
        subset = load_subset(no)
        never = [label.caption for label in subset.pool if label.never]
        captions = [label.caption for label in subset.pool if not label.never]
        lines = [
            f"{text(index.modality)}, {text(index.area)}, {text(index.task)}.",
            "Members: " + ", ".join(f"{entry.number} {entry.link}".strip() for entry in members.get(no, [])) + ".",
            f"Questions: {', '.join(subset.instructions)}.",
            f"Captions: {text('; '.join(captions))}." if captions else "",
            f"Never wrong options: {text('; '.join(never))}." if never else "",
        ]
        sections += [f"## Subset {no}", "\n\n".join(line for line in lines if line)]
    return page(*sections, note=NOTE)


def _corrections(entries: Sequence[Entry]) -> str:
    rows = [
        (entry.number, f"[{text(entry.card.head.title)}](../datasets/{entry.file})", text(correction))
        for entry in entries
        for correction in entry.card.head.corrections
    ]
    return page(
        "# What Med-MAT's table gets wrong",
        "Cards keep Med-MAT's number, modality, area, task and subset, so that records can be compared with the "
        "published ones. Where the table is wrong about a row, its card says so under `corrections`, questions use "
        "right words (`modality_shown`, `area_shown`), and the address is the one that works. All corrections:",
        table(("row", "data set", "correction"), rows),
        note=NOTE,
    )
