"""What a person reads after a build: what was found, how many questions, what was refused and why."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from medmat_core.model import REASONS
from medmat_core.pipeline.manifest import Manifest
from medmat_core.splits import UNSOUND


def print_summary(manifest: Manifest, out: Path, *, sample: bool = True) -> None:
    """Tables of data sets and subsets, refused inputs by reason, and one question in full."""
    from rich.table import Table

    from medmat_core.commands import console

    page = console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("no", "data set", "subset", "seen", "used", "refused", "train", "test", "split"):
        table.add_column(title, justify="left" if title in ("data set", "split") else "right")
    for report in manifest.datasets:
        facts = report.as_json()["images"]
        table.add_row(
            str(report.no or ""), report.slug, str(report.dataset.card.head.subset), str(facts["seen"]),
            str(facts["used"]), str(facts["refused"]), str(report.total("train")), str(report.total("test")),
            report.split,
        )  # fmt: skip
    page.print(table)
    page.print()
    subsets: Counter[int] = Counter()
    for report in manifest.datasets:
        subsets[report.dataset.card.head.subset] += report.total("train") + report.total("test")
    told = ", ".join(f"{no}: {count}" for no, count in sorted(subsets.items()))
    page.print(f"Questions a subset: {told}", markup=False, soft_wrap=True)
    if manifest.subset_removals:
        page.print(
            f"{len(manifest.subset_removals)} pictures were left out of subset files "
            "(copies and leaks between data sets; see subset_removals in manifest.json)",
            markup=False,
            soft_wrap=True,
        )
    if manifest.arguments["as_published"]:
        page.print()
        page.print("Built as published, for comparison with the paper only. What is unsound about it:", soft_wrap=True)
        for fault in UNSOUND:
            page.print(f"  - {fault}", markup=False, soft_wrap=True)
    reasons = Counter(problem.reason for report in manifest.datasets for problem in report.problems)
    if reasons:
        page.print()
        page.print("Not used, or worth knowing (problems.jsonl has a line each):", markup=False, soft_wrap=True)
        for reason, count in reasons.most_common():
            page.print(f"  {count:6d}  {reason}: {REASONS[reason]}", markup=False, soft_wrap=True)
    if sample:
        example = one_question(manifest, out)
        if example:
            page.print()
            page.print(example, markup=False, soft_wrap=True)
    page.print()
    page.print(
        f"{manifest.records} questions from {len(manifest.datasets)} data sets in {len(subsets)} subsets; "
        f"{manifest.refused} inputs refused. Records, manifest.json and problems.jsonl are in {out}",
        markup=False,
        soft_wrap=True,
    )


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
