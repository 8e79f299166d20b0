"""Names as classes: the class of a picture is the name of a folder it lies in, or stands in its own name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from medmat_core.model import Split
from medmat_core.scaffold.groups import IDS
from medmat_core.scaffold.proposal import Proposal, counted
from medmat_core.scaffold.survey import Survey, folder_of, shared, spread, stem
from medmat_core.scaffold.words import (
    Splits,
    captions_of,
    natural,
    normal_of,
    part_of,
    split_names,
    split_of_name,
    split_rule,
    telling,
)
from medmat_core.tree import fold

_MOST: Final = 120
"""More folders than this are patients or series, not classes."""
_CROWD: Final = 8
"""So many folders may be persons, if each holds no more pictures than a person has."""
_FEW: Final = 20
_MASKS: Final = re.compile(r"masks?(?![a-z])|ground[ _-]?truth|segmentation", re.IGNORECASE)

_RULES: Final = (r"([^\W\d_]{2,})[\W_]*\d.*", r"([^\W\d_]{2,})[\W_].*", r".*[\W_]([^\W\d_]{2,})", r".*[\W_]([01])")
_WORDS: Final = 12
"""Rules by which file names say a class, and the most classes that they may tell."""


def folders(survey: Survey, leave_out: Collection[str] = (), skip: Sequence[str] = ()) -> Proposal | None:
    """The folders as classes, or None where there are no two folders of one level that could be.

    ``leave_out`` are pictures that are no pictures (masks); ``skip`` are the layout's patterns that tell them.
    """
    left = set(leave_out)
    pictures = [path for path in survey.pictures if path not in left]
    lie = sorted(set(map(folder_of, pictures)))
    if not lie or lie == [""]:
        return None
    common = shared(lie)
    below = {folder: folder[len(common) + 1 if common else 0 :].split("/") for folder in lie}
    splits = split_names(lie)
    stray = {part for parts in below.values() for part in parts if split_of_name(part) is not None} - set(splits)
    if stray and len({part for parts in below.values() for part in _named(parts, splits)} - stray) >= 2:
        # "test_stg2" beside classes is a part without labels, not a class
        below = {folder: ["" if part in stray else part for part in parts] for folder, parts in below.items()}
    level, notes = _class_level(below, splits, Counter(map(folder_of, pictures)))
    place = _placed(below, splits, level, common) if level is not None else {}
    counts = Counter(place[folder_of(path)][0] for path in pictures if folder_of(path) in place)
    if not _are_classes(counts):
        return None
    numbered = len({re.sub(r"[\W\d_]+", "", code) for code in counts}) == 1
    labels = captions_of(sorted(counts, key=natural))
    parts = {split for _, _, split in place.values()}
    outside = len(pictures) - sum(counts.values())
    return Proposal(
        layout=_layout(splits, skip),
        kind="single-label",
        labels=labels,
        root=survey.root({_top(where, splits) for _, where, _ in place.values()}),
        normal=normal_of(labels),
        parts=frozenset(parts),
        evidence=(
            f"{len(labels)} class folders with {sum(counts.values())} pictures: " + counted(labels, counts),
            *([f"official parts by folder: {', '.join(sorted(splits))}"] if splits else []),
        ),
        doubts=(
            *notes,
            *(["the class folders differ in numbers only: are they classes, or patients?"] if numbered else []),
            *([f"{outside} pictures lie in no class folder"] if outside else []),
        ),
        covered=sum(counts.values()),
    )


def _layout(splits: Splits, skip: Sequence[str]) -> dict[str, Any]:
    table: dict[str, Any] = {"kind": "class-folders"}
    if splits:
        table["split"] = split_rule(splits)
    if skip:
        table["skip"] = list(skip)
    return table


def _are_classes(counts: Counter[str]) -> bool:
    """Whether these folders are classes, and not case1, case2, ...: patients."""
    if len({telling(code) for code in counts}) < 2 or len(counts) > _MOST:
        return False
    bare = {re.sub(r"[\W\d_]+", "", code) for code in counts}
    numbered = len(bare) == 1 and bare != {""}
    if numbered and (len(counts) > 12 or IDS.search(next(iter(bare)))):
        return False
    return len(counts) <= 4 or max(counts.values()) > 1


def _placed(
    below: Mapping[str, list[str]], splits: Splits, level: int, common: str
) -> dict[str, tuple[str, str, Split | None]]:
    """Folder of pictures -> (class, path of the class folder, official part).

    A folder that has no class folder beside it is none itself, unless its name is a class elsewhere: the reader could
    not tell it from a stray folder. If that leaves no two classes, the first level is taken, whose folders lie
    side by side.
    """
    codes: dict[str, str] = {}
    place: dict[str, tuple[str, str, Split | None]] = {}
    beside: dict[str, set[str]] = {}
    for folder, parts in below.items():
        named = _named(parts, splits)
        if not named:
            continue
        name = named[level] if -len(named) <= level < len(named) else named[-1]
        code = codes.setdefault(fold(name), name)
        lead = parts[: parts.index(name) + 1]
        where = "/".join(([common] if common else []) + lead)
        place[folder] = (code, where, part_of(folder, splits))
        beside.setdefault("/".join(lead[:-1]), set()).add(code)
    known = {code for found in beside.values() if len(found) > 1 for code in found}
    if len(known) < 2:
        return {} if level == 0 else _placed(below, splits, 0, common)
    return {folder: found for folder, found in place.items() if found[0] in known}


def _class_level(
    below: Mapping[str, list[str]], splits: Splits, counts: Mapping[str, int]
) -> tuple[int | None, list[str]]:
    """The place of the class among the telling folder names of a path: 0 the first, -1 the last; and what to doubt.
    ``counts``: folder -> pictures in it."""
    paths = [named for parts in below.values() if (named := _named(parts, splits))]
    if not paths:
        return None, []
    depths = set(map(len, paths))
    if depths == {1}:
        return 0, []
    levels = {level: {fold(parts[level]) for parts in paths} for level in range(min(depths))}
    levels[-1] = {fold(parts[-1]) for parts in paths}
    candidates = {level: names for level, names in levels.items() if 2 <= len(names) <= _MOST}
    if not candidates:
        return None, []

    persons = {level for level in candidates if _like_persons(level, below, splits, counts)}

    def rank(level: int) -> tuple[bool, bool, bool, int]:
        """Words before numbers, names that come back under several parents before many that do not (patients), and of
        those the deepest."""
        names = candidates[level]
        wordy = sum(sum(map(str.isdigit, name)) <= 0.25 * len(name) for name in names) >= 0.8 * len(names)
        wordy = wordy and len({re.sub(r"\d+", "", name) for name in names}) >= 0.8 * len(names)
        return (
            level not in persons,
            wordy,
            len(names) <= 30 or len(paths) > len(names),
            max(depths) + level if level < 0 else level,
        )

    best = max(candidates, key=rank)
    seen = {
        level: sorted({parts[level] for parts in paths if -len(parts) <= level < len(parts)}) for level in candidates
    }
    others = [names for level, names in seen.items() if names != seen[best]]
    told = "; ".join(", ".join(names[:5]) + (", ..." if len(names) > 5 else "") for names in others[:3])
    if not others:
        return best, []
    taken = f"{', '.join(seen[best][:5])}{', ...' if len(seen[best]) > 5 else ''}"
    return best, [
        f"folders of two levels could be the classes; taken were {taken}, and not {told}: to take those, write their "
        "names in [labels], and drop group from [layout] if it names their level"
    ]


def _like_persons(level: int, below: Mapping[str, list[str]], splits: Splits, counts: Mapping[str, int]) -> bool:
    """Whether the folders of a level are like persons: many below few, each in one of them, with few pictures each."""
    held: Counter[str] = Counter()
    above: dict[str, set[str]] = {}
    for folder, parts in below.items():
        named = _named(parts, splits)
        place = level if level >= 0 else len(named) + level
        if 0 < place < len(named):
            held[fold(named[place])] += counts[folder]
            above.setdefault(fold(named[place]), set()).add(fold(named[place - 1]))
    parents = {name for names in above.values() for name in names}
    return (
        len(held) >= max(_CROWD, 3 * len(parents))
        and all(len(names) == 1 for names in above.values())
        and sorted(held.values())[len(held) // 2] <= _FEW
    )


def _named(parts: list[str], splits: Splits) -> list[str]:
    """The folder names of a path that may be a class."""
    return [part for part in parts if part and part not in splits and telling(part) and not _MASKS.search(part)]


def _top(where: str, splits: Splits) -> str:
    """The folder by which the root is known: the class folder, or the official part it lies in."""
    parts = where.split("/")
    at = next((place for place, part in enumerate(parts) if part in splits), None)
    return "/".join(parts[: at + 1]) if at is not None else where


def by_name(survey: Survey) -> Proposal | None:
    """File names as classes ("benign_012.png"; "0012_1.png" where the last number is 0 or 1), where one rule fits them
    all and tells a few classes with some pictures each."""
    for rule in _RULES:
        caught = [re.fullmatch(rule, stem(path), re.IGNORECASE) for path in survey.pictures]
        counts = Counter(found[1] for found in caught if found)
        few = 2 <= len({code.casefold() for code in counts}) == len(counts) <= _WORDS
        if few and min(counts.values()) > 1 and all(caught):
            return _named_by(survey, rule, counts)
    return None


def _named_by(survey: Survey, rule: str, counts: Counter[str]) -> Proposal:
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
