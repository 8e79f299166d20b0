"""Subset files: the union of the members' records, less what would leak or contradict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, frozen

from medmat_core.concepts import fold
from medmat_core.fileio import sha256_of
from medmat_core.pipeline.ask import ShardAsked
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.facts import ShardDone
from medmat_core.pipeline.kept import Fact, load_facts
from medmat_core.splits import Decision, Labels, Ledger, Settled


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


@frozen
class Removal:
    """A picture that a subset leaves out, and why. ``no`` is the member's number, or its slug where it has none."""

    subset: int
    no: int | str
    image: str
    reason: str


def removals(subset: int, members: Sequence[Member], related: Callable[[str, str], bool]) -> list[Removal]:
    """What a subset leaves out, members in the order of their numbers.

    A picture whose copies in two members contradict one another; a train picture or group that is test in any
    member; a picture that a lower-numbered member already gave.
    """
    gone: dict[tuple[int, int], str] = {}
    copies = _copies(members)
    for same in copies:
        labels = [(m, members[m].ledger.label_sets[members[m].ledger.labels[p]]) for m, p in same]
        for i, (one, a) in enumerate(labels):
            for two, b in labels[:i]:
                if one != two and _contradict(members[one].context, a, members[two].context, b, related):
                    reason = f"{members[two].number} and {members[one].number} contradict each other on its label"
                    gone.update(dict.fromkeys(same, reason))
    tested: dict[int, Member] = {}
    for member in members:
        for decision, group in zip(member.settled.decisions, member.ledger.groups, strict=True):
            if decision == Decision.TEST:
                tested.setdefault(group, member)
    for m, member in enumerate(members):
        for place, (decision, group) in enumerate(zip(member.settled.decisions, member.ledger.groups, strict=True)):
            if decision == Decision.TRAIN and group in tested and (m, place) not in gone:
                gone[m, place] = f"its group is test in {tested[group].number}"
    for same in copies:
        test = next((m for m, p in same if members[m].settled.decisions[p] == Decision.TEST), None)
        if test is not None:
            for m, p in same:
                if members[m].settled.decisions[p] == Decision.TRAIN and (m, p) not in gone:
                    gone[m, p] = f"the same picture is test in {members[test].number}"
        first: int | None = None
        for m, p in same:
            if (m, p) in gone:
                continue
            if first is None or first == m:
                first = m
            else:
                gone[m, p] = f"{members[first].number} already gave the same picture"
    found: list[Removal] = []
    for m, member in enumerate(members):
        places = [place for owner, place in gone if owner == m]
        for place, fact in member.facts_at(places).items():
            found.append(Removal(subset, member.number, fact[0], gone[m, place]))
    return sorted(found, key=lambda r: (isinstance(r.no, str), str(r.no).zfill(9), r.image))


def _copies(members: Sequence[Member]) -> list[list[tuple[int, int]]]:
    """Places of equal pictures that lie in more than one member, members in order."""
    owners: dict[int, int] = {}
    shared: set[int] = set()
    for m, member in enumerate(members):
        for mark, decision in zip(member.ledger.marks, member.settled.decisions, strict=True):
            if mark and decision <= Decision.TEST and owners.setdefault(mark, m) != m:
                shared.add(mark)
    if not shared:
        return []
    candidates: dict[int, list[tuple[int, int]]] = {}
    for m, member in enumerate(members):
        for place, (mark, decision) in enumerate(zip(member.ledger.marks, member.settled.decisions, strict=True)):
            if mark in shared and decision <= Decision.TEST:
                candidates.setdefault(mark, []).append((m, place))
    files: dict[tuple[int, int], str] = {}
    for m, member in enumerate(members):
        wanted = [place for places in candidates.values() for owner, place in places if owner == m]
        for place, fact in member.facts_at(wanted).items():
            files[m, place] = file_of(member.context, fact)
    found: list[list[tuple[int, int]]] = []
    for mark in sorted(candidates):
        by_digest: dict[str, list[tuple[int, int]]] = {}
        for where in candidates[mark]:
            by_digest.setdefault(sha256_of(files[where]), []).append(where)
        found.extend(same for same in by_digest.values() if len({m for m, _ in same}) > 1)
    return found


def _contradict(one: Context, a: Labels, two: Context, b: Labels, related: Callable[[str, str], bool]) -> bool:
    """Whether two members say of one picture what cannot both be true."""
    kinds = (one.card.head.kind, two.card.head.kind)
    if any(kind in ("mask", "box") for kind in kinds) or not a[0] or not b[0]:
        return False

    def meet(x: str, y: str) -> bool:
        return fold(x) == fold(y) or related(x, y)

    if kinds == ("multi-label", "multi-label"):
        return (one.card.head.normal in a[0]) != (two.card.head.normal in b[0])
    if kinds[0] == "multi-label":
        return not any(meet(x, y) for x in a[0] for y in b[0])
    if kinds[1] == "multi-label":
        return not any(meet(x, y) for x in a[0] for y in b[0])
    return not all(meet(x, y) for x in a[0] for y in b[0])


def as_json(removal: Removal) -> dict[str, Any]:
    """As the manifest lists it."""
    return {"subset": removal.subset, "no": removal.no, "image": removal.image, "reason": removal.reason}
