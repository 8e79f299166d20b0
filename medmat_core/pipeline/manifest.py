"""What a build says of itself: manifest.json and problems.jsonl, equal for equal builds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from medmat_core.catalog import Catalog
from medmat_core.dataset import Dataset
from medmat_core.model import NOTES, Problem
from medmat_core.pipeline.lines import PARTS
from medmat_core.pipeline.options import BuildOptions
from medmat_core.questions.asked import Shares
from medmat_core.splits import UNSOUND

NOT_THERE = frozenset({"missing_image"})
"""Reasons for which a picture is refused that does not lie there, so nothing was seen of it."""

COPY = "copy"


@define
class Pictures:
    """Where every picture file of a data set went: ``seen`` is the sum of all others."""

    used: int = 0
    copies: int = 0
    refused: Counter[str] = field(factory=Counter)
    unasked: Counter[str] = field(factory=Counter)
    ignored: Counter[str] = field(factory=Counter)

    def lose(self, reason: str, count: int) -> None:
        """So many pictures were not asked about, by a reason of problems.jsonl or one of counting alone."""
        if not count or reason in NOT_THERE or reason == "listed_twice":
            return
        if reason == COPY:
            self.copies += count
        elif reason in NOTES or reason in COUNTED:
            self.unasked[reason] += count
        else:
            self.refused[reason] += count

    @property
    def seen(self) -> int:
        """All picture files of the data set that lie there."""
        return self.used + self.copies + sum(map(Counter.total, (self.refused, self.unasked, self.ignored)))

    def as_json(self) -> dict[str, Any]:
        reasons = {"refused": self.refused, "unasked": self.unasked, "ignored": self.ignored}
        return {
            "seen": self.seen,
            "used": self.used,
            "refused": self.refused.total(),
            "copies": self.copies,
            "ignored": self.ignored.total(),
            "unasked": self.unasked.total(),
            "reasons": {what: dict(sorted(counts.items())) for what, counts in reasons.items() if counts},
        }


COUNTED: Mapping[str, str] = {
    "max_per_label": "its label has as many pictures in this part as --max-per-label allows",
    "negative_beyond_balance": "nothing is marked in it, and as many such pictures are asked about as others",
    "no_round": "no other picture fits beside it, and such a question is asked in rounds alone",
    "surplus_dropped": "it found no round, and --surplus drop leaves it out",
}
"""Why a picture is not asked about where that is only counted."""


@define
class DatasetReport:
    """What became of one data set. ``pictures`` counts files, ``shares`` the questions of each ask, ``identical`` the
    sets of pictures with equal bytes; ``rounds_missing`` says why there are none where there are none."""

    dataset: Dataset
    split: str = "none"
    samples: int = 0
    pictures: Pictures = field(factory=Pictures)
    identical: int = 0
    shares: dict[str, Shares] = field(factory=dict)
    records: dict[str, Counter[str]] = field(factory=dict)
    problems: list[Problem] = field(factory=list)
    files: list[str] = field(factory=list)
    unread: dict[str, str] = field(factory=dict)
    fingerprint: str = ""

    @property
    def slug(self) -> str:
        return self.dataset.slug

    @property
    def no(self) -> int | None:
        return self.dataset.no

    @property
    def refused(self) -> int:
        """Refused inputs."""
        return sum(problem.level == "refused" for problem in self.problems)

    def total(self, part: str) -> int:
        """Records of a part."""
        return sum(self.records.get(part, Counter()).values())

    def as_json(self) -> dict[str, Any]:
        card = self.dataset.card
        order = card.order
        reasons = Counter(problem.reason for problem in self.problems)
        return {
            "no": self.no or 0,
            "slug": self.slug,
            "title": card.title,
            "subset": card.subset,
            "plugin": {"dist": self.dataset.source.dist, "version": self.dataset.source.version},
            "images": self.pictures.as_json(),
            "split": self.split,
            "identical_sets": self.identical,
            "asks": {ask: _shares(found) for ask, found in self.shares.items()},
            "records": {
                part: {
                    label: self.records[part][label]
                    for label in sorted(self.records[part], key=lambda name: (order.get(name, len(order)), name))
                }
                for part in PARTS
                if part in self.records
            },
            "problems": {reason: reasons[reason] for reason in sorted(reasons)},
            "fingerprint": self.fingerprint,
            "license": card.license,
            "access": card.access,
            "source": card.source,
            "citation": card.citation.bibtex.strip(),
            "files": self.files,
        }

    def problem_lines(self) -> Iterator[str]:
        """The data set's lines of problems.jsonl, sorted."""
        yield from map(problem_line, sorted(self.problems, key=lambda p: (p.file, p.row or 0, p.reason, p.detail)))


def problem_line(problem: Problem) -> str:
    """A line of problems.jsonl."""
    line = {
        "level": problem.level,
        "dataset": problem.dataset,
        "file": problem.file,
        "row": problem.row,
        "reason": problem.reason,
        "detail": problem.detail,
    }
    text = json.dumps(line, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def with_notes(lines: Iterable[str], notes: Iterable[Problem]) -> Iterator[str]:
    """A data set's lines of problems.jsonl and further notes on it, sorted as before."""
    new = list(map(problem_line, notes))

    def order(line: str) -> tuple[Any, ...]:
        told = json.loads(line)
        return told["file"], told["row"] or 0, told["reason"], told["detail"]

    return iter(sorted([*lines, *new], key=order)) if new else iter(lines)


def _shares(found: Shares) -> dict[str, int]:
    return {
        **{f"rounds_of_{size}": found.rounds[size] for size in (4, 3, 2)},
        "surplus": found.surplus,
        "open": found.open,
        "no_round": found.alone,
    }


@define(repr=False)
class Manifest:
    """What one call of the build made; ``standing`` are the entries of data sets that it found there."""

    versions: dict[str, Any]
    arguments: dict[str, Any]
    datasets: list[DatasetReport] = field(factory=list)
    standing: list[Mapping[str, Any]] = field(factory=list)
    files: dict[str, str] = field(factory=dict)
    subset_removals: Sequence[Mapping[str, Any]] = field(factory=list)

    def __repr__(self) -> str:
        """One line, whatever the size of the build."""
        names = ", ".join(report.slug for report in self.datasets[:4]) + (", ..." if len(self.datasets) > 4 else "")
        return f"<Manifest of {len(self.datasets)} ({names}): {self.records} records, {self.refused} inputs refused>"

    def _repr_html_(self) -> str:
        """A table of the data sets, as notebooks show it."""
        from html import escape

        titles = ("no", "data set", "subset", "seen", "used", "refused", *PARTS, "split")
        rows = [titles]
        for report in self.datasets:
            images = report.pictures
            counts = (report.dataset.card.subset, images.seen, images.used, report.refused, *map(report.total, PARTS))
            rows.append((str(report.no or ""), report.slug, *map(str, counts), report.split))
        lines = (
            "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in row) + "</tr>"
            for row, cell in zip(rows, ("th", *("td" for _ in self.datasets)), strict=True)
        )
        return f"<table>{''.join(lines)}</table><p>{escape(repr(self)[1:-1])}</p>"

    @classmethod
    def of(cls, catalog: Catalog, options: BuildOptions) -> Manifest:
        return cls(versions(), options.recorded())

    @property
    def refused(self) -> int:
        """Refused inputs over the data sets of this call."""
        return sum(report.refused for report in self.datasets)

    @property
    def records(self) -> int:
        """Records of the data sets of this call."""
        return sum(report.total(part) for report in self.datasets for part in PARTS)

    def entries(self) -> list[Mapping[str, Any]]:
        """All data sets of the folder, by number, then those without one by slug."""
        every = [*self.standing, *(report.as_json() for report in self.datasets)]
        return sorted(every, key=lambda entry: (not entry["no"], entry["no"], entry["slug"]))

    def as_json(self) -> dict[str, Any]:
        return {
            "versions": self.versions,
            "arguments": self.arguments,
            "unsound": list(UNSOUND) if self.arguments["as_published"] else [],
            "datasets": self.entries(),
            "subset_removals": self.subset_removals,
            "files": dict(sorted(self.files.items())),
        }


def versions() -> dict[str, Any]:
    """The versions that records and pixels hang on."""
    from importlib.metadata import version

    from medmat_core import __version__
    from medmat_core.records import FORM
    from medmat_core.subsets import pool_version

    return {
        "medmat_core": __version__,
        "records": FORM,
        "pool": pool_version(),
        **{name: version(name) for name in ("numpy", "opencv-python-headless", "pillow")},
    }
