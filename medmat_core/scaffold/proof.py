"""A proposal tried on the real folder: does its adapter read what was promised, and what does it leave unread?"""

from __future__ import annotations

import fnmatch
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from medmat_core.card import Card, ExampleFile, ExamplePicture, Ignored
from medmat_core.errors import MedmatError, UsageError
from medmat_core.images.suffixes import IMAGE_SUFFIXES
from medmat_core.model import NOTES, BoxSample, ColorMask, IndexMask, LabelSample, MaskFile, MaskSample, Problem
from medmat_core.scaffold.card_text import card_text
from medmat_core.scaffold.proposal import UNREAD, Proposal
from medmat_core.scaffold.survey import pattern, suffix
from medmat_core.tree import Tree

_PATTERNS: Final = 24


def proved(proposal: Proposal, base: Path) -> Proposal:
    """The proposal with patterns for what its adapter leaves unread in ``base``, each with a file in the example to
    try it on, and with doubts for what it refuses."""
    tree, samples, problems = run(proposal, base)
    if not samples:
        reasons = ", ".join(sorted({problem.reason for problem in problems})) or "no reason"
        raise MedmatError(f"{base}: the adapter proposed for it yields nothing ({reasons}); please report this")
    read = len({str(sample.image) for sample in samples})
    if read < 0.5 * proposal.covered:
        raise UsageError(
            f"{base}: looked like {proposal.layout} ({proposal.evidence[0]}), but an adapter for that reads only "
            f"{read} of {proposal.covered} pictures; give another --layout"
        )
    used = {tree.prefix + path for path in tree.opened}
    for sample in samples:
        used.update(tree.prefix + path for path in files_of(sample))
    told = {tree.prefix + problem.file for problem in problems if problem.file}
    unread = [path for path in _all(base) if path not in used and path not in told]
    ignored, left = _patterns(unread, used)
    examples = {rule.pattern: path for rule, path in ignored}
    pictures = [path for path in examples.values() if suffix(path).lower() in IMAGE_SUFFIXES]
    texts = [path for path in examples.values() if path not in pictures and not path.lower().endswith(".xlsx")]
    known = {picture_path for picture in proposal.pictures for picture_path in picture.paths}
    known |= {file.path for file in proposal.files}
    refused = Counter(problem.reason for problem in problems if problem.reason not in NOTES)
    first = {problem.reason: problem for problem in reversed(problems)}
    return evolve(
        proposal,
        ignored=tuple(rule for rule, _ in ignored),
        pictures=(
            *proposal.pictures,
            *(
                [ExamplePicture(tuple(p for p in pictures if p not in known), (96, 72))]
                if set(pictures) - known
                else []
            ),
        ),
        files=(*proposal.files, *(ExampleFile(path, UNREAD) for path in texts if path not in known)),
        evidence=(*proposal.evidence, f"tried on the folder: {read} pictures read"),
        doubts=(
            *proposal.doubts,
            *(
                f"{count} times {reason}: {first[reason].file}: {first[reason].detail}"
                for reason, count in sorted(refused.items())
            ),
            *(
                [f"{sum(len(paths) for paths in left)} files are neither read nor ignored, such as {left[0][0]}"]
                if left
                else []
            ),
            *(
                [f"left unread, say why in [[ignored]]: {_some([rule.pattern for rule, _ in ignored])}"]
                if ignored
                else []
            ),
        ),
    )


def run(proposal: Proposal, base: Path) -> tuple[Tree, list[Any], list[Problem]]:
    """The adapter's samples and problems over ``base``. The text of the adapter is executed as it will be written."""
    tree = Tree(base, proposal.markers)
    with tempfile.TemporaryDirectory(prefix="medmat-") as folder:
        path = Path(folder) / "card.toml"
        path.write_text(card_text(proposal), encoding="utf-8")
        card = Card.load(path)
        adapter = load_adapter(proposal)
        samples: list[Any] = []
        problems: list[Problem] = []
        for item in adapter(tree, card):
            (problems if isinstance(item, Problem) else samples).append(item)
    problems += tree.problems
    return tree, samples, problems


def load_adapter(proposal: Proposal) -> Callable[[Tree, Card], Iterable[Any]]:
    """The function ``samples`` of the adapter's text."""
    from medmat_core.scaffold.package import adapter_imports

    space: dict[str, Any] = {"__name__": "medmat_proposal"}
    exec(compile(adapter_imports(proposal) + proposal.code.body, "<proposal>", "exec"), space)
    adapter: Callable[[Tree, Card], Iterable[Any]] = space["samples"]
    return adapter


def files_of(sample: LabelSample | MaskSample | BoxSample) -> list[str]:
    """Paths below the root of the files that a sample names."""
    found = [str(sample.image)]
    if isinstance(sample, MaskSample):
        found += [str(mask.path) for mask in sample.masks if isinstance(mask, MaskFile | IndexMask | ColorMask)]
    return found


def _some(texts: list[str], count: int = 5) -> str:
    return ", ".join(texts[:count]) + (f" and {len(texts) - count} more" if len(texts) > count else "")


def _all(base: Path) -> list[str]:
    return [f"{where}/{name}" if where else name for where, names in Tree(base).walk() for name in names]


def _patterns(unread: list[str], used: set[str]) -> tuple[list[tuple[Ignored, str]], list[str]]:
    """(rule, a file that it matches) for unread files by folder and suffix, and those for which no rule was found:
    a pattern must match no file that is read."""
    groups: dict[tuple[str, str], list[str]] = {}
    for path in unread:
        groups.setdefault((path.rpartition("/")[0], suffix(path)), []).append(path)
    found: list[tuple[Ignored, str]] = []
    left: list[str] = []
    for (folder, kind), paths in groups.items():
        lead = f"{pattern(folder)}/" if folder else ""
        names = [(f"{lead}{pattern(path.rpartition('/')[2])}", path) for path in paths]
        if len(paths) > 1 and kind and _free(f"{lead}*{pattern(kind)}", used):
            names = [(f"{lead}*{pattern(kind)}", paths[0])]
        for rule, path in names:
            # a name that is no Unicode cannot stand on a card, and example trees have no backslashes
            sound = path.isprintable() and "\\" not in path and _free(rule, used)
            if sound and len(found) < _PATTERNS:
                found.append((Ignored(rule, "not read by the proposed adapter: say why"), path))
            else:
                left.append(path)
    return found, left


def _free(rule: str, used: set[str]) -> bool:
    """Whether a pattern matches no file that is read, by its path or by its mere name."""
    return not any(
        fnmatch.fnmatchcase(path, rule) or fnmatch.fnmatchcase(path.rpartition("/")[2], rule) for path in used
    )
