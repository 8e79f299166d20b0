"""What a build says of itself: manifest.json and problems.jsonl, equal for equal builds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field

from medmat_core.catalog import Catalog
from medmat_core.dataset import Dataset
from medmat_core.fileio import write_text
from medmat_core.model import Problem
from medmat_core.pipeline.finished import MANIFEST, PROBLEMS, Finished, sealed
from medmat_core.pipeline.options import BuildOptions
from medmat_core.pipeline.outfolder import OutFolder
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
    """Its own files of records below OUT."""

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
    """The whole OUT: the data sets built now (``datasets``), and the entries of those that stay as they stand."""

    versions: dict[str, Any]
    arguments: dict[str, Any]
    datasets: list[DatasetReport] = field(factory=list)
    standing: list[Mapping[str, Any]] = field(factory=list)
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

    def keep(self, finished: Finished) -> None:
        """All data sets are done: of those that stood, the ones that were not built now stay, with their files."""
        built = {report.slug for report in self.datasets}
        self.standing = [entry for entry in finished.datasets if entry["slug"] not in built]
        for entry in self.standing:
            self.files.update(finished.files_of(entry["slug"]))

    def entries(self) -> list[Mapping[str, Any]]:
        """The data sets as manifest.json lists them: by number, then those without one by slug."""
        return sorted([*(report.as_json() for report in self.datasets), *self.standing], key=_order)

    @property
    def refused(self) -> int:
        """Refused inputs over the data sets built now."""
        return sum(report.refused for report in self.datasets)

    @property
    def records(self) -> int:
        """Records of the own files of the data sets built now."""
        return sum(report.total(part) for report in self.datasets for part in ("train", "test"))

    def write(self, place: OutFolder, problems: Iterable[str]) -> None:
        """problems.jsonl (its lines in the order of :meth:`entries`), and manifest.json."""
        self.files[PROBLEMS] = write_text(place.new(PROBLEMS), problems)
        place.add(PROBLEMS, self.files[PROBLEMS])
        body = {
            "versions": self.versions,
            "arguments": self.arguments,
            "datasets": self.entries(),
            "subset_removals": [as_json(removal) for removal in self.subset_removals],
            "files": dict(sorted(self.files.items())),
        }
        place.add(MANIFEST, write_text(place.new(MANIFEST), [sealed(body)]))


def _order(entry: Mapping[str, Any]) -> tuple[bool, int, str]:
    return not entry["no"], entry["no"] or 0, entry["slug"]


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Lines of problems.jsonl."""
    for problem in problems:
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
