"""Names as classes: the class of a picture is the name of a folder it lies in, or stands in its own name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from medmat_core.layouts.guess.groups import IDS
from medmat_core.layouts.guess.masks import skipped
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.survey import Survey, folder_of, shared, spread, stem
from medmat_core.layouts.guess.words import (
    Splits,
    captions_of,
    natural,
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


def guess(survey: Survey, kind: str | None = None) -> Iterator[Proposal]:
    """Folders as classes; file names only where that ``kind`` is asked for."""
    found = _file_names(survey) if kind == "file-names" else _class_folders(survey)
    if found is not None:
        yield found


def _class_folders(survey: Survey) -> Proposal | None:
    """The folders as classes, or None where there are no two folders of one level that could be."""
    masks, skip = skipped(survey)
    held = Counter(folder_of(path) for path in survey.pictures if path not in masks)
    lie = sorted(held)
    if not lie or lie == [""]:
        return None
    common = shared(lie)
    below = {folder: folder[len(common) + 1 if common else 0 :].split("/") for folder in lie}
    splits = split_names(lie)
    stray = {part for parts in below.values() for part in parts if split_of_name(part) is not None} - set(splits)
    if stray and len({part for parts in below.values() for part in _named(parts, splits)} - stray) >= 2:
        # "test_stg2" beside classes is a part without labels, not a class
        below = {folder: ["" if part in stray else part for part in parts] for folder, parts in below.items()}
    level, notes = _class_level(below, splits, held)
    if level is None:
        return None
    # where a level leaves no two classes side by side, the first one is taken
    place = _placed(below, splits, level) or _placed(below, splits, 0)
    counts: Counter[str] = Counter()
    for folder, (code, _) in place.items():
        counts[code] += held[folder]
    if not _are_classes(counts):
        return None
    tops = {"/".join([*filter(None, [common]), *_top(parts, splits)]) for _, parts in place.values()}
    return Proposal(
        layout={"kind": "class-folders"}
        | ({"split": split_rule(splits)} if splits else {}) | ({"skip": skip} if skip else {}),
        labels=captions_of(sorted(counts, key=natural)),
        root=survey.root(tops),
        classes="class folders with {count} pictures",
        doubts=(
            *notes,
            *(["the class folders differ in numbers only: are they classes, or patients?"]
              if len({re.sub(r"[\W\d_]+", "", code) for code in counts}) == 1 else []),
        ),
        covered=counts.total(),
    )  # fmt: skip


def _are_classes(counts: Counter[str]) -> bool:
    """Whether these folders are classes, and not case1, case2, ...: patients."""
    if len({telling(code) for code in counts}) < 2 or len(counts) > _MOST:
        return False
    bare = {re.sub(r"[\W\d_]+", "", code) for code in counts}
    numbered = len(bare) == 1 and bare != {""}
    if numbered and (len(counts) > 12 or IDS.search(next(iter(bare)))):
        return False
    return len(counts) <= 4 or max(counts.values()) > 1


def _placed(below: Mapping[str, list[str]], splits: Splits, level: int) -> dict[str, tuple[str, list[str]]]:
    """Folder of pictures -> (class, way to the class folder). A folder that has no class folder beside it is none
    itself, unless its name is a class elsewhere: the reader could not tell it from a stray folder."""
    codes: dict[str, str] = {}
    place: dict[str, tuple[str, list[str]]] = {}
    beside: dict[str, set[str]] = {}
    for folder, parts in below.items():
        named = _named(parts, splits)
        if named:
            name = named[level] if -len(named) <= level < len(named) else named[-1]
            way = parts[: parts.index(name) + 1]
            place[folder] = codes.setdefault(fold(name), name), way
            beside.setdefault("/".join(way[:-1]), set()).add(codes[fold(name)])
    known = {code for found in beside.values() if len(found) > 1 for code in found}
    return {folder: found for folder, found in place.items() if found[0] in known} if len(known) > 1 else {}


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


def _top(way: list[str], splits: Splits) -> list[str]:
    """The way to the folder by which the root is known: the class folder, or the official part it lies in."""
    at = next((place for place, part in enumerate(way) if part in splits), len(way))
    return way[: at + 1]


def _file_names(survey: Survey) -> Proposal | None:
    """File names as classes ("benign_012.png"; "0012_1.png" where the last number is 0 or 1), where one rule fits them
    all and tells a few classes with some pictures each."""
    for rule in _RULES:
        caught = [re.fullmatch(rule, stem(path), re.IGNORECASE) for path in survey.pictures]
        counts = Counter(found[1] for found in caught if found)
        few = 2 <= len({code.casefold() for code in counts}) == len(counts) <= _WORDS
        if few and min(counts.values()) > 1 and all(caught):
            under = shared(map(folder_of, survey.pictures))
            root = survey.root([under] if under else spread(survey.pictures, 12))
            return Proposal(
                layout={
                    "kind": "file-names",
                    "code": rule,
                    **({"pictures": below} if (below := root.below(under)) else {}),
                },
                root=root,
                classes="words in the names of {count} pictures",
                doubts=("the class is taken from a part of each file's name: is it one?",),
                covered=len(caught),
            )
    return None
