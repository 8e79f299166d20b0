"""From a folder to a proposal with an example, and with rules for what its layout leaves unread."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Final

from attrs import evolve

from medmat_core.card import Ignored
from medmat_core.example import ExampleFile, ExamplePicture
from medmat_core.images.suffixes import is_image
from medmat_core.layouts.guess import guessed
from medmat_core.layouts.guess.proposal import Proposal, files_of
from medmat_core.layouts.guess.survey import Survey, folder_of, grouped, pattern, stem
from medmat_core.scaffold.example import LABEL_SIZE, example_of

UNREAD: Final = "not read\n"
"""What stands in files of the example that the layout leaves alone."""
_PATTERNS: Final = 24
_WHY: Final = "not read by the layout: say why"


def propose(base: Path, layout: str | None = None) -> Proposal:
    """How the folder ``base`` is laid out, as its layout reads it, with an example and with patterns for what is left
    unread, each with a file in the example to try it on; ``layout`` takes that kind and no other.

    Raises what :func:`~medmat_core.layouts.guess.guessed` does.
    """
    survey = Survey(base)
    proposal = guessed(survey, layout)
    tree, samples, problems = proposal.trial.tree, proposal.trial.samples, proposal.trial.problems
    used = {tree.prefix + path for path in (*tree.opened, *(path for sample in samples for path in files_of(sample)))}
    told = {tree.prefix + problem.file for problem in problems if problem.file}
    unread = [path for path in (*survey.pictures, *survey.others) if path not in used and path not in told]
    rules, left = _patterns(unread, used)
    example = example_of(proposal, base)
    known = {path for picture in example.pictures for path in picture.paths} | {file.path for file in example.files}
    more = sorted(path for path in rules.values() if path not in known)
    pictures = tuple(path for path in more if is_image(path))
    texts = [ExampleFile(p, UNREAD) for p in more if not is_image(p) and not p.lower().endswith(".xlsx")]
    unused = [ExamplePicture(pictures, LABEL_SIZE)] if pictures else []
    shown = ", ".join([*rules][:5]) + (f" and {len(rules) - 5} more" if len(rules) > 5 else "")
    return evolve(
        proposal,
        ignored=tuple(Ignored(rule, _WHY) for rule in rules),
        example=evolve(example, pictures=(*example.pictures, *unused), files=(*example.files, *texts)),
        evidence=(*proposal.evidence, f"tried on the folder: {proposal.covered} pictures read"),
        doubts=(
            *proposal.doubts,
            *([f"{len(left)} files are neither read nor ignored, such as {left[0]}"] if left else []),
            *([f"left unread, say why in [[ignored]]: {shown}"] if rules else []),
        ),
    )


def _patterns(unread: list[str], used: set[str]) -> tuple[dict[str, str], list[str]]:
    """Pattern -> a file that it matches, for unread files by folder and suffix; and those for which none was found: a
    pattern must match no file that is read."""
    found: dict[str, str] = {}
    left: list[str] = []
    for paths in grouped(unread, lambda path: f"{folder_of(path)}/*{_suffix(path)}").values():
        folder, kind = folder_of(paths[0]), _suffix(paths[0])
        lead = f"{pattern(folder)}/" if folder else ""
        names = {f"{lead}{pattern(path.rpartition('/')[2])}": path for path in paths}
        if len(paths) > 1 and kind and _free(f"{lead}*{pattern(kind)}", used):
            names = {f"{lead}*{pattern(kind)}": paths[0]}
        for rule, path in names.items():
            if path.isprintable() and _free(rule, used) and len(found) < _PATTERNS:
                found[rule] = path
            else:
                left.append(path)
    return found, left


def _suffix(path: str) -> str:
    """The file name's suffix as it stands: 'a/b.JPG' -> '.JPG'."""
    return path.rpartition("/")[2][len(stem(path)) :]


def _free(rule: str, used: set[str]) -> bool:
    """Whether a pattern matches no file that is read, by its path or by its mere name."""
    match = fnmatch.fnmatchcase
    return not any(match(path, rule) or match(path.rpartition("/")[2], rule) for path in used)
