"""A proposal tried on the real folder: does its layout read what was promised, and what does it leave unread?"""

from __future__ import annotations

import fnmatch
from collections import Counter
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from medmat_core.card import Ignored
from medmat_core.errors import UsageError
from medmat_core.example import ExampleFile, ExamplePicture
from medmat_core.images.suffixes import DICOM_SUFFIXES, is_image
from medmat_core.layouts import layout_of
from medmat_core.model import NOTES, BoxSample, LabelSample, MaskSample, Problem, Sample
from medmat_core.scaffold.card import card_of, ignored
from medmat_core.scaffold.example import LABEL_SIZE, example_of
from medmat_core.scaffold.groups import group_guess
from medmat_core.scaffold.proposal import Proposal
from medmat_core.scaffold.survey import Survey, folder_of, pattern, suffix
from medmat_core.tree import Tree

UNREAD: Final = "not read\n"
"""What stands in files of the example that the layout leaves alone."""
_PATTERNS: Final = 24


class NotReadError(UsageError):
    """A layout that does not read what it was proposed for."""


def run(proposal: Proposal, base: Path) -> tuple[Tree, list[Any], list[Problem]]:
    """What the proposed card's layout yields over ``base``: samples and problems."""
    tree = Tree(base, proposal.root.markers)
    card = card_of(proposal)
    items = list(layout_of(card).samples(tree, card))
    samples = [item for item in items if not isinstance(item, Problem)]
    return tree, samples, [*(item for item in items if isinstance(item, Problem)), *tree.problems]


def proved(proposal: Proposal, survey: Survey) -> Proposal:
    """The proposal with an example, with patterns for what its layout leaves unread, each with a file in the example
    to try it on, with a group rule where names hold what may be a patient, and with doubts for what it refuses.

    Raises :class:`NotReadError` where the layout reads less than half of what was seen."""
    base = survey.base
    tree, samples, problems = run(proposal, base)
    read = len({str(sample.image) for sample in samples})
    if read < max(1, 0.5 * proposal.covered):
        reasons = ", ".join(sorted({problem.reason for problem in problems})) or "no reason"
        raise NotReadError(
            f"it looked like {proposal.layout['kind']} ({proposal.evidence[0]}), but that layout reads only {read} of "
            f"{proposal.covered} pictures ({reasons})"
        )
    proposal = _grouped(proposal, samples)
    tree, samples, problems = run(proposal, base)
    used = {tree.prefix + path for path in (*tree.opened, *(path for sample in samples for path in files_of(sample)))}
    told = {tree.prefix + problem.file for problem in problems if problem.file}
    unread = [path for path in (*survey.pictures, *survey.others) if path not in used and path not in told]
    rules, left = _patterns(unread, used)
    refused = Counter(problem.reason for problem in problems if problem.reason not in NOTES)
    first = {problem.reason: problem for problem in reversed(problems)}
    example = example_of(proposal, base, tree.prefix, samples)
    known = {path for picture in example.pictures for path in picture.paths} | {file.path for file in example.files}
    more = sorted(path for path in rules.values() if path not in known)
    pictures = tuple(path for path in more if is_image(path))
    texts = [ExampleFile(p, UNREAD) for p in more if not is_image(p) and not p.lower().endswith(".xlsx")]
    unused = [ExamplePicture(pictures, LABEL_SIZE)] if pictures else []
    patterns = [rule.pattern for rule in rules]
    dicom = any(str(sample.image).lower().endswith(DICOM_SUFFIXES) for sample in samples)
    return evolve(
        proposal,
        extras=(*(["dicom"] if dicom else []), *proposal.extras),
        images=read,
        counts=_counts(samples),
        ignored=tuple(rules),
        example=evolve(example, pictures=(*example.pictures, *unused), files=(*example.files, *texts)),
        evidence=(*proposal.evidence, f"tried on the folder: {read} pictures read"),
        doubts=(
            *proposal.doubts,
            *(f"{count} times {why}: {first[why].file}: {first[why].detail}" for why, count in sorted(refused.items())),
            *([f"{len(left)} files are neither read nor ignored, such as {left[0]}"] if left else []),
            *([f"left unread, say why in [[ignored]]: {_some(patterns)}"] if patterns else []),
        ),
    )


def _grouped(proposal: Proposal, samples: list[Any]) -> Proposal:
    """With a rule for what may be a patient, where nothing else tells, and a doubt that says so. A group that most
    pictures of official parts contradict is only hinted at: it would cost their train pictures."""
    paths = [str(sample.image) for sample in samples]
    guess = group_guess(paths, proposal.labels) if "group" not in proposal.layout else None
    if guess is None:
        return proposal
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
        doubts=(*proposal.doubts, why),
    )


def _counts(samples: list[Any]) -> dict[str, int]:
    """Code -> pictures that show it, where samples tell that without a look into masks."""
    shown: set[tuple[str, str]] = set()
    for sample in samples:
        if isinstance(sample, LabelSample | BoxSample):
            codes = sample.stated if isinstance(sample, LabelSample) else [box.code for box in sample.boxes]
            shown |= {(str(sample.image), code) for code in codes}
    return Counter(code for _, code in shown)


def files_of(sample: Sample) -> list[str]:
    """Paths below the root of the files that a sample names."""
    masks = (
        [str(path) for mask in sample.masks if (path := getattr(mask, "path", None))]
        if isinstance(sample, MaskSample)
        else []
    )
    return [str(sample.image), *masks]


def _some(texts: list[str], count: int = 5) -> str:
    return ", ".join(texts[:count]) + (f" and {len(texts) - count} more" if len(texts) > count else "")


def _patterns(unread: list[str], used: set[str]) -> tuple[dict[Ignored, str], list[str]]:
    """Rule -> a file that it matches, for unread files by folder and suffix; and those for which no rule was found: a
    pattern must match no file that is read."""
    alike: dict[tuple[str, str], list[str]] = {}
    for path in unread:
        alike.setdefault((folder_of(path), suffix(path)), []).append(path)
    found: dict[Ignored, str] = {}
    left: list[str] = []
    for (folder, kind), paths in alike.items():
        lead = f"{pattern(folder)}/" if folder else ""
        names = {f"{lead}{pattern(path.rpartition('/')[2])}": path for path in paths}
        if len(paths) > 1 and kind and _free(f"{lead}*{pattern(kind)}", used):
            names = {f"{lead}*{pattern(kind)}": paths[0]}
        for rule, path in names.items():
            if path.isprintable() and _free(rule, used) and len(found) < _PATTERNS:
                found[ignored(rule)] = path
            else:
                left.append(path)
    return found, left


def _free(rule: str, used: set[str]) -> bool:
    """Whether a pattern matches no file that is read, by its path or by its mere name."""
    match = fnmatch.fnmatchcase
    return not any(match(path, rule) or match(path.rpartition("/")[2], rule) for path in used)
