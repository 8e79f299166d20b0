"""What a build says of itself: manifest.json and problems.jsonl, equal for equal builds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define, field

from medmat_core.catalog import Catalog
from medmat_core.dataset import Dataset
from medmat_core.fileio import write_text
from medmat_core.model import Problem
from medmat_core.pipeline.options import BuildOptions
from medmat_core.pipeline.subsets import Removal, as_json


@define
class DatasetReport:
    """What became of one data set."""

    dataset: Dataset
    no: int | None
    slug: str
    split: str = "none"
    seen: int = 0
    used: int = 0
    ignored: int = 0
    surplus: int = 0
    copies: int = 0
    records: dict[str, Counter[str]] = field(factory=dict)
    problems: list[Problem] = field(factory=list)
    files: list[str] = field(factory=list)

    @classmethod
    def of(cls, dataset: Dataset) -> DatasetReport:
        return cls(dataset, dataset.no, dataset.slug)

    @property
    def refused(self) -> int:
        """Refused inputs."""
        return sum(problem.level == "refused" for problem in self.problems)

    def total(self, part: str) -> int:
        """Records of a part."""
        return sum(self.records.get(part, Counter()).values())

    def as_json(self) -> dict[str, Any]:
        head = self.dataset.card.head
        order = {caption: place for place, caption in enumerate(self.dataset.card.captions)}
        reasons = Counter(problem.reason for problem in self.problems)
        return {
            "no": self.no,
            "slug": self.slug,
            "title": head.title,
            "subset": head.subset,
            "plugin": {"dist": self.dataset.source.dist, "version": self.dataset.source.version},
            "images": {
                "seen": self.seen + self.ignored,
                "used": self.used,
                "refused": self.refused,
                "ignored": self.ignored,
            },
            "split": self.split,
            "identical_sets": self.copies,
            "over_max_per_label": self.surplus,
            "records": {
                part: {
                    label: self.records[part][label]
                    for label in sorted(self.records[part], key=lambda name: (order.get(name, len(order)), name))
                }
                for part in ("train", "test")
                if part in self.records
            },
            "problems": {reason: reasons[reason] for reason in sorted(reasons)},
            "license": head.license,
            "source": head.source,
            "citation": self.dataset.card.citation.bibtex.strip(),
            "files": self.files,
        }


@define
class Manifest:
    """The whole build."""

    versions: dict[str, Any]
    arguments: dict[str, Any]
    datasets: list[DatasetReport] = field(factory=list)
    files: dict[str, str] = field(factory=dict)
    subset_removals: list[Removal] = field(factory=list)

    @classmethod
    def of(cls, catalog: Catalog, options: BuildOptions) -> Manifest:
        from medmat_core import __version__
        from medmat_core.subsets import pool_version

        return cls({"medmat_core": __version__, "records": 1, "pool": pool_version()}, options.recorded())

    def add(self, report: DatasetReport) -> None:
        """A data set is done."""
        report.problems.sort(key=lambda p: (p.file, p.row or 0, p.reason, p.detail))
        self.datasets.append(report)

    @property
    def refused(self) -> int:
        """Refused inputs over all data sets."""
        return sum(report.refused for report in self.datasets)

    @property
    def records(self) -> int:
        """Records of the data sets' own files."""
        return sum(report.total(part) for report in self.datasets for part in ("train", "test"))

    def write(self, out: Path) -> None:
        """problems.jsonl, then manifest.json, which is the last file of a build."""
        self.files["problems.jsonl"] = write_text(out / "problems.jsonl", self._problem_lines())
        body = {
            "versions": self.versions,
            "arguments": self.arguments,
            "datasets": [report.as_json() for report in self.datasets],
            "subset_removals": [as_json(removal) for removal in self.subset_removals],
            "files": dict(sorted(self.files.items())),
        }
        write_text(out / "manifest.json", [json.dumps(body, ensure_ascii=False, indent=1) + "\n"])

    def _problem_lines(self) -> Iterator[str]:
        for report in self.datasets:
            for problem in report.problems:
                line = {
                    "level": problem.level,
                    "dataset": problem.dataset,
                    "file": problem.file,
                    "row": problem.row,
                    "reason": problem.reason,
                    "detail": problem.detail,
                }
                text = json.dumps(line, ensure_ascii=False)
                yield text.encode("utf-8", "backslashreplace").decode() + "\n"
