"""File names that say the class: "benign_012.png", or "0012_1.png" where the last number is 0 or 1."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from medmat_core.scaffold.proposal import Proposal, counted
from medmat_core.scaffold.survey import Survey, folder_of, shared, spread, stem
from medmat_core.scaffold.words import captions_of, natural, normal_of

_RULES: Final = (r"([^\W\d_]{2,})[\W_]*\d.*", r"([^\W\d_]{2,})[\W_].*", r".*[\W_]([^\W\d_]{2,})", r".*[\W_]([01])")
_MOST: Final = 12


def by_name(survey: Survey) -> Proposal | None:
    """Names as classes, where one rule fits them all and tells a few classes with some pictures each."""
    for rule in _RULES:
        caught = [re.fullmatch(rule, stem(path), re.IGNORECASE) for path in survey.pictures]
        counts = Counter(found[1] for found in caught if found)
        few = 2 <= len({code.casefold() for code in counts}) == len(counts) <= _MOST
        if few and min(counts.values()) > 1 and all(caught):
            return _proposal(survey, rule, counts)
    return None


def _proposal(survey: Survey, rule: str, counts: Counter[str]) -> Proposal:
    labels = captions_of(sorted(counts, key=natural))
    under = shared(map(folder_of, survey.pictures))
    root = survey.root([under] if under else spread(survey.pictures, 12))
    where = {"pictures": root.below(under)} if root.below(under) else {}
    return Proposal(
        layout={"kind": "file-names", "code": rule, **where},
        kind="single-label",
        labels=labels,
        root=root,
        normal=normal_of(labels),
        evidence=(f"{len(labels)} words in the names of {counts.total()} pictures: {counted(labels, counts)}",),
        doubts=("the class is taken from a part of each file's name: is it one?",),
        covered=counts.total(),
    )
