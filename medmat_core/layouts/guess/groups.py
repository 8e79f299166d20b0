"""What may be a patient: a folder of each, or what file names share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from medmat_core.layouts.guess.columns import group_column
from medmat_core.layouts.guess.proposal import Proposal, run
from medmat_core.layouts.guess.survey import Survey, folder_of, stem
from medmat_core.layouts.guess.tables import tables_of
from medmat_core.layouts.guess.words import folded, split_of_name
from medmat_core.readers.groups import Group

IDS: Final = re.compile(r"case|patient|^pt?$|^pat|subj|^sub$|series|stud(y|ies)|scan|volume|day|visit", re.IGNORECASE)
_MANY: Final = 10
"""Folders of so many names may be persons; of fewer they are organs, clinics or devices."""
_WORD: Final = r"[^\W_]+"
_CLASS: Final = r"[^\W\d_]+[\W_]+"
_PATIENT: Final = r"(?:patient|person|participant|individual|donor|animal|subject|subj|sub|case|pat|pt|p)[\W_]?\d+"
_NUMBERED: Final = "(.+?)(?:[\\W_]+[^\\W\\d_]*\\d+){{0,{}}}"
"""What stands before so many running numbers, or words with one."""


@frozen
class GroupGuess:
    """A layout's ``group`` that may be a patient, what it is in words, and what speaks for it. A guess that is not
    ``likely`` is worth a hint and no more."""

    rule: Mapping[str, Any]
    words: str
    seen: str
    likely: bool = True

    def of(self, path: str) -> str | None:
        """The group of a picture by its path below the root."""
        return Group(**self.rule)(path)

    @property
    def shown(self) -> str:
        """The rule as a card holds it."""
        return "group = {" + ", ".join(f"{name} = '{value}'" for name, value in self.rule.items()) + "}"


def with_group(proposal: Proposal) -> Proposal:
    """The proposal with a rule for what may be a patient, where nothing else tells, and a doubt that says so. A group
    that most pictures of official parts contradict is only hinted at: it would cost their train pictures."""
    samples = proposal.trial.samples
    paths = [str(sample.image) for sample in samples]
    guess = group_guess(paths, proposal.labels) if "group" not in proposal.layout else None
    if guess is None:
        if "column" not in proposal.layout.get("group", {}):
            return proposal
        return evolve(proposal, group_by=f"what the column {proposal.layout['group']['column']} names")
    groups = [guess.of(path) for path in paths]
    sides: dict[str, set[str | None]] = {}
    for group, sample in zip(groups, samples, strict=True):
        if group:
            sides.setdefault(group, set()).add(sample.split)
    torn = sum(len(sides[group]) > 1 for group in groups if group)
    official = not proposal.unprotected
    if not guess.likely or (official and torn > 0.5 * len(paths)):
        open_ = "" if official else "; nothing keeps a patient's pictures apart until then"
        hint = f"{guess.seen}: if that is a patient, write {guess.shown} under [layout]{open_}"
        return evolve(proposal, doubts=(*proposal.doubts, hint))
    undo = "drop group from [layout] and group_by" + ("" if official else ", and write unprotected = true")
    crossing = f"; of {torn} pictures it lies in more than one official part" if official and torn else ""
    why = f"{guess.seen}, which is taken for a patient{crossing}: if it is none, {undo}"
    return evolve(
        proposal,
        layout={**proposal.layout, "group": dict(guess.rule)},
        group_by=guess.words,
        trial=evolve(proposal.trial, samples=[evolve(s, group=g) for s, g in zip(samples, groups, strict=True)]),
        doubts=(*proposal.doubts, why),
    )


def with_table(proposal: Proposal, survey: Survey) -> Proposal:
    """The proposal with the column of another table that names the patients of its pictures, if there is one."""
    if "group" in proposal.layout:
        return proposal
    prefix = proposal.trial.tree.prefix
    pictures = {prefix + str(sample.image) for sample in proposal.trial.samples}
    opened = {prefix + path for path in proposal.trial.tree.opened}
    for table in tables_of(survey):
        if table.path in opened or table.by == "tail" or len(pictures & table.pictures) < 0.9 * len(pictures):
            continue
        if column := group_column([table], [table.image], blanks=True):
            rule = {"table": table.path.rpartition("/")[2], "key": table.image, "column": column}
            rule |= {"of": "name"} if table.by == "name" else {}
            found = evolve(
                proposal,
                layout={**proposal.layout, "group": rule},
                evidence=(*proposal.evidence, f"groups by column {column!r} of {table.path}"),
                doubts=tuple(text for text in proposal.doubts if not text.startswith(f"{table.path} names pictures")),
            )
            return evolve(found, trial=run(found, survey.base))
    return proposal


def group_guess(paths: Sequence[str], labels: Mapping[str, str]) -> GroupGuess | None:
    """What may be a patient in these paths below the root; None where nothing is seen.

    It is a guess: nothing tells an id from a running number but a person. Groups that are too wide cost nothing but
    freedom, groups that are too narrow cost the test: what recurs over classes is one group.
    """
    classes = {folded(name) for name in (*labels, *labels.values())}
    return _by_folder(paths, classes, len(labels)) or _by_name(paths, classes, len(labels))


def _by_folder(paths: Sequence[str], classes: Collection[str], few: int) -> GroupGuess | None:
    """A level of folders with many names and few pictures each: PATIENT/CLASS/x.png and CLASS/PATIENT/x.png."""
    ways = [folder_of(path).split("/") if "/" in path else [] for path in paths]
    for level in range(min(map(len, ways), default=0)):
        counts = Counter(way[level] for way in ways)
        ids = sum(bool(re.search(r"\d", name) or IDS.search(name)) for name in counts) >= 0.8 * len(counts)
        told = any(folded(name) in classes or split_of_name(name) is not None for name in counts)
        many = len(counts) > (max(2, few) if ids else max(_MANY, 2 * few))
        if many and not told and 3 * max(counts.values()) <= len(paths) >= 1.3 * len(counts):
            first = next(name for name, count in counts.items() if count > 1)
            rule = {"pattern": "[^/]+/" * level + "([^/]+)/.*", "of": "path"}
            return GroupGuess(rule, "the name of a folder", f"{len(counts)} folders of one level such as {first!r}")
    return None


def _by_name(paths: Sequence[str], classes: Collection[str], few: int) -> GroupGuess | None:
    """A beginning that file names share in many small groups, without a word of their class in front."""
    stems = [stem(path) for path in paths]
    known = {*classes, *(folded(name) for path in paths for name in path.split("/")[:-1])}
    best = ""
    for pieces in (1, 2, 3):
        rule = "(" + r"[\W_]+".join([_WORD] * pieces) + r")[\W_].*"
        if not (caught := _caught(rule, stems)):
            break
        # "Cyst- (1).jpg" in a folder Cyst begins with its class
        if sum(folded(name) in known for name in caught) <= 0.5 * len(caught) and _small(caught, few):
            best = rule
    inner = rf"{_CLASS}({_WORD})[\W_].*"
    behind, words = _caught(inner, stems), _caught(rf"({_CLASS}){_WORD}[\W_].*", stems)
    spoken = {(folded(word), name) for word, name in zip(words, behind, strict=True) if name}
    if (
        _small(behind, few)
        and 2 <= len({word for word, _ in spoken}) <= max(2, few)
        and len(spoken) > len(set(behind) - {""})
    ):
        # what are numbers alone each class may count anew
        likely = bool(best) or not all(name.isdecimal() for name in behind if name)
        return _named(inner, behind, paths, likely=likely)
    told = rf"(?:.*[\W_])?({_PATIENT})(?:[\W_].*)?"
    best = best or (told if _small(_caught(told, stems), few) else "")
    if best:
        return _named(best, _caught(best, stems), paths)
    apart = dict(zip(stems, paths, strict=True))  # parts may number their pictures alike
    for rule in (told, *map(_NUMBERED.format, (4, 3, 2, 1))):  # the widest groups first
        caught = _caught(rule, [*apart], 0.2)
        if _small(caught, few) and sum(folded(name) in known for name in caught) <= 0.5 * len(caught):
            return _named(rule, caught, [*apart.values()], likely=False)
    return None


def _caught(rule: str, stems: Sequence[str], share: float = 0.9) -> list[str]:
    """What a regular expression catches in each stem, "" where it does not fit; empty where it does not fit that share
    of them, nearly all."""
    made = re.compile(rule, re.IGNORECASE)
    caught = [found[1] if (found := made.fullmatch(text)) else "" for text in stems]
    return caught if sum(map(bool, caught)) >= share * len(stems) else []


def _small(caught: Sequence[str], few: int) -> bool:
    """Whether these are many small groups. Of no more groups of several than there are classes, each may be a class."""
    counts = Counter(filter(None, caught))
    most, total = max(counts.values(), default=0), counts.total()
    return (
        sum(count > 1 for count in counts.values()) > max(2, few)
        and most <= max(2, total // 3)
        and total >= 1.3 * len(counts)
    )


def _named(rule: str, caught: Sequence[str], paths: Sequence[str], *, likely: bool = True) -> GroupGuess:
    counts = Counter(filter(None, caught))
    shown = next(name for name, count in counts.items() if count > 1)
    names = [path.rpartition("/")[2] for path, name in zip(paths, caught, strict=True) if name == shown]
    alike = f"file names are alike in {len(counts)} groups: {names[0]!r} and {names[-1]!r} share {shown!r}"
    return GroupGuess({"pattern": rule}, "what file names share", alike, likely)
