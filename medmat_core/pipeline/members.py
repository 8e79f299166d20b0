"""One data set of a build between its first pass and its files: where its facts lie, and which pictures are equal."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from pathlib import Path

from attrs import define

from medmat_core.fileio import sha256_of
from medmat_core.model import Problem
from medmat_core.pipeline.ask import ShardAsked
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.facts import ShardDone
from medmat_core.pipeline.kept import Fact, load_facts
from medmat_core.pipeline.manifest import problem_lines
from medmat_core.pipeline.state import About, StateWriter
from medmat_core.pipeline.subsets import relations_of
from medmat_core.splits import Decision, Ledger, Settled


@define(eq=False)
class Member:
    """One data set of a subset after its own files are written."""

    context: Context
    ledger: Ledger
    settled: Settled
    shards: Sequence[ShardDone]
    asked: Sequence[ShardAsked]

    @property
    def number(self) -> int | str:
        """The data set's number, or its slug where it has none."""
        return self.context.slug if self.context.no is None else self.context.no

    def write_state(self, path: Path, problems: Iterable[Problem]) -> str:
        """Write the data set's state (:mod:`medmat_core.pipeline.state`); returns its SHA-256."""
        card, ledger, decisions = self.context.card, self.ledger, self.settled.decisions
        asked = [decision <= Decision.TEST for decision in decisions]
        about = About(
            slug=self.context.slug, no=self.context.no or 0, subset=card.head.subset, kind=card.head.kind,
            normal=card.head.normal, image_prefix=self.context.image_prefix, relations=relations_of(card),
            label_sets=tuple(ledger.label_sets),
        )  # fmt: skip
        writer = StateWriter.create(path, about)
        try:
            start = 0
            for shard in self.shards:
                facts = shard.facts if shard.facts is not None else load_facts(shard.file)[0]
                own = asked[start : start + len(facts)]
                writer.images([(fact[0], fact[1] or "") for fact in compress(facts, own)])
                start += len(facts)
            writer.columns(
                parts=bytes(compress(decisions, asked)),
                groups=array("Q", compress(ledger.groups, asked)),
                marks=array("Q", compress(ledger.marks, asked)),
                labels=array("I", compress(ledger.labels, asked)),
            )
            writer.rendered(shown for shard in self.shards for shown in shard.rendered)
            writer.problems(problem_lines(problems))
            return writer.finish()
        finally:
            writer.discard()

    def facts_at(self, places: Sequence[int]) -> dict[int, Fact]:
        """The facts at some places of the ledger; only the shards that hold them are read."""
        wanted = sorted(places)
        found: dict[int, Fact] = {}
        start = 0
        cursor = 0
        for shard in self.shards:
            end = start + len(shard.ledger)
            if cursor < len(wanted) and wanted[cursor] < end:
                facts = shard.facts if shard.facts is not None else load_facts(shard.file)[0]
                while cursor < len(wanted) and wanted[cursor] < end:
                    found[wanted[cursor]] = facts[wanted[cursor] - start]
                    cursor += 1
            start = end
        return found


def file_of(context: Context, fact: Fact) -> str:
    """The picture's file on disk."""
    source = fact[1] if fact[1] is not None else fact[0].removeprefix(context.image_prefix)
    return str(context.root / source.partition("#")[0])


def confirm_identical(context: Context, facts: Mapping[int, Fact], candidates: Sequence[list[int]]) -> list[list[int]]:
    """Of candidates with equal marks, the places whose files are equal byte for byte, in the order of their
    paths."""
    found: list[list[int]] = []
    for places in candidates:
        by_digest: dict[str, list[int]] = {}
        for place in places:
            try:
                digest = sha256_of(file_of(context, facts[place]))
            except OSError:
                continue
            by_digest.setdefault(digest, []).append(place)
        found.extend(sorted(same, key=lambda p: facts[p][0]) for same in by_digest.values() if len(same) > 1)
    return found
