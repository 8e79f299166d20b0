"""What a person reads after a build: what was found, how its questions came out, what was refused and what is next."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from medmat_core.commands import console, say, table
from medmat_core.model import ASKS, REASONS
from medmat_core.pipeline.lines import PARTS
from medmat_core.pipeline.manifest import DatasetReport, Manifest
from medmat_core.pipeline.publish import choices_path
from medmat_core.questions.asked import Shares
from medmat_core.shown import counted
from medmat_core.splits import UNSOUND

LISTED: Final = 12
"""Of more data sets than these the totals alone are shown: a build is told on one screen."""

_SIZES: Final = (4, 3, 2)


def print_summary(manifest: Manifest, out: Path, *, sample: bool = True, next_steps: Sequence[str] = ()) -> None:
    """Data sets, how the questions of each ask came out, empty files, subsets, refused inputs, and what to do next.

    ``next_steps`` are commands that take the built folder, such as "audit".
    """
    page = console()
    tell = partial(say, page)
    reports = manifest.datasets
    if len(reports) <= LISTED:
        page.print(_data_sets(reports))
        tell()
    page.print(_asks(reports))
    if len(reports) > LISTED:
        tell(f"Every data set's own numbers are in {out / 'manifest.json'} (datasets, asks).")
    if manifest.arguments.get("as_published"):
        tell("Built --as-published, for comparison only. What is unsound about it:")
        for fault in UNSOUND:
            tell(f"  - {fault}")
    for line in _empty(reports):
        tell(line)
    tell()
    subsets = _subsets(reports)
    tell("Questions a subset: " + ", ".join(f"{no}: {count}" for no, count in sorted(subsets.items())))
    if removed := len(manifest.subset_removals):
        tell(
            f"{counted(removed, 'picture')} left out of subset files "
            "(copies and leaks between data sets; see subset_removals in manifest.json)"
        )
    reasons = Counter(problem.reason for report in reports for problem in report.problems)
    if reasons:
        tell()
        tell("Not used, or worth knowing (problems.jsonl has a line each):")
        for reason, count in reasons.most_common():
            tell(f"  {count:6d}  {reason}: {REASONS[reason]}")
    example = one_question(manifest, out) if sample else ""
    if example:
        tell()
        tell(example)
    tell()
    tell(
        f"{counted(manifest.records, 'question')} from {counted(len(reports), 'data set')} in "
        f"{counted(len(subsets), 'subset')}; {counted(manifest.refused, 'input')} refused. "
        f"Records, manifest.json and problems.jsonl are in {out}"
    )
    if next_steps and manifest.records:
        tell("Next: " + ", ".join(f"`medmat {step} {out}`" for step in next_steps))


def _data_sets(reports: Sequence[DatasetReport]) -> object:
    parts = [part for part in PARTS if part in ("train", "test") or any(report.total(part) for report in reports)]
    titles = ("no", "data set", "subset", "seen", "used", "refused", *parts, "split")
    made = table(titles, left=("data set", "split"))
    for report in reports:
        facts = report.pictures.as_json()
        made.add_row(
            str(report.no or ""), report.slug, str(report.dataset.card.head.subset), str(facts["seen"]),
            str(facts["used"]), str(report.refused), *(str(report.total(part)) for part in parts),
            report.split,
        )  # fmt: skip
    return made


def _asks(reports: Sequence[DatasetReport]) -> object:
    """A row for every ask, of every data set where there are few: shares of what could be asked, in per cent."""
    alone = len(reports) == 1
    several = 1 < len(reports) <= LISTED
    sizes = (f"rounds of {size}" for size in _SIZES)
    titles = ("asked for", "possible", *sizes, "surplus with options", "open", "no round")
    made = table(("data set", *titles) if several else titles, left=("data set", "asked for"))
    for report in reports if several else ():
        for ask, shares in _in_order(report.shares):
            made.add_row(report.slug, ask, *_cells(shares))
    total: dict[str, Shares] = {}
    for report in reports:
        for ask, shares in report.shares.items():
            total.setdefault(ask, Shares()).add(shares)
    for ask, shares in _in_order(total) if alone or not several else ():
        made.add_row(ask, *_cells(shares))
    return made


def _in_order(shares: Mapping[str, Shares]) -> Iterator[tuple[str, Shares]]:
    yield from ((ask, shares[ask]) for ask in ASKS if ask in shares)


def _cells(shares: Shares) -> tuple[str, ...]:
    counts = (*(shares.rounds.get(size, 0) for size in _SIZES), shares.surplus, shares.open, shares.alone)
    every = sum(counts)
    return (str(every), *(f"{100 * count / every:.1f} %" if count else "-" for count in counts))


def _empty(reports: Sequence[DatasetReport]) -> Iterator[str]:
    """Which data sets have no file of Med-MAT's form, and why."""
    for report in reports:
        name = report.dataset.file_stem
        if not any(choices_path(name, part) in report.files for part in PARTS):
            yield f"{report.slug} has no questions with options: {_why(report)}"


def _why(report: DatasetReport) -> str:
    if not any(report.total(part) for part in PARTS):
        return "nothing could be asked of its pictures; problems.jsonl says why"
    answers = {label for counts in report.records.values() for label in counts}
    if len(answers) == 1 and "label" in report.shares:
        return f"{answers.pop()!r} is the one answer that can be asked for; its records are open"
    return "no two of its pictures may stand in one round; its records are open"


def _subsets(reports: Sequence[DatasetReport]) -> Counter[int]:
    found: Counter[int] = Counter()
    for report in reports:
        found[report.dataset.card.head.subset] += sum(map(report.total, PARTS))
    return found


def one_question(manifest: Manifest, out: Path) -> str:
    """The first record of the build as a person would meet it."""
    for report in manifest.datasets:
        for path in report.files:
            if not path.endswith(".json"):
                continue
            with (out / path).open(encoding="utf-8") as lines:
                line = next((line for line in lines if line.startswith("{")), "")
                if line:
                    record: dict[str, str] = json.loads(line.strip().rstrip(","))
                    return (
                        f"One question, of {report.slug}:\n  picture: {record['image']}\n  "
                        + record["Question-choice"].replace("\n", "\n  ")
                        + f"\n  -> {record['Answer-choice']}: {record['Answer']}"
                    )
    return ""
