"""Names as classes: the class of a picture is the name of a folder it lies in, or stands in its own name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import Factory, frozen

from medmat_core.layouts.guess.groups import IDS
from medmat_core.layouts.guess.masks import skipped
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.survey import Survey, folder_of, shared, some, stem
from medmat_core.layouts.guess.words import OF_MASKS, captions_of, natural, split_names, split_of_name, telling
from medmat_core.tree import fold

_MOST: Final = 120
"""More folders than this are patients or series, not classes."""
_CROWD: Final = 8
"""So many folders may be persons, if each holds no more pictures than a person has."""
_FEW: Final = 20

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
    common, splits = shared(held), split_names(sorted(held))
    ways = {folder: folder[len(common) + 1 if common else 0 :].split("/") for folder in sorted(held)}
    # "test_stg2" beside classes is a part without labels, not a class
    stray = {name for way in ways.values() for name in way if split_of_name(name) is not None} - set(splits)
    apart = {*splits, *(stray if len({name for way in ways.values() for name in _telling(way)} - stray) > 1 else ())}
    named = {folder: [name for name in _telling(way) if name not in apart] for folder, way in ways.items()}
    depths = {len(names) for names in named.values() if names}
    levels = [_level(at, ways, named, held) for at in (*range(min(depths)), -1)] if depths else []
    levels = [level for level in levels if 2 <= len(level.held) <= _MOST]
    if not levels:
        return None
    best = max(levels, key=lambda level: level.rank)
    # where a level leaves no two classes side by side, the first one is taken
    counts = best.classes or levels[0].classes
    if not _are_classes(counts):
        return None
    bare = {re.sub(r"[\W\d_]+", "", code) for code in counts}
    return Proposal(
        layout={
            "kind": "class-folders",
            **survey.split([path for path in survey.pictures if path not in masks]),
            **({"skip": skip} if skip else {}),
        },
        labels=captions_of(sorted(counts, key=natural)),
        classes="class folders with {count} pictures",
        doubts=(
            *_other_levels(best, levels),
            *(["the class folders differ in numbers only: are they classes, or patients?"] if len(bare) == 1 else []),
        ),
        covered=counts.total(),
    )


@frozen(eq=False)
class _Level:
    """The folders of one level as classes: what stands for a name -> the pictures below folders of it. ``classes`` are
    those that have another beside them somewhere: the reader could not tell the rest from stray folders."""

    at: int
    held: Counter[str] = Factory(Counter)
    above: Mapping[str, set[str]] = Factory(dict)
    classes: Counter[str] = Factory(Counter)

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Names that are not like persons first, words before numbers, names that come back under several parents
        before many that do not, and of those the deepest."""
        names, parents = [*self.held], {parent for found in self.above.values() for parent in found}
        persons = (
            len(names) >= max(_CROWD, 3 * len(parents)) and parents != {""}
            and all(len(found) == 1 for found in self.above.values())
            and sorted(self.held.values())[len(names) // 2] <= _FEW
        )  # fmt: skip
        wordy = sum(sum(map(str.isdigit, name)) <= 0.25 * len(name) for name in names) >= 0.8 * len(names)
        apart = len({re.sub(r"\d+", "", name) for name in names}) >= 0.8 * len(names)
        again = len(names) <= 30 or sum(map(len, self.above.values())) > len(names)
        return not persons, wordy and apart, again, self.at if self.at >= 0 else 99


def _level(at: int, ways: Mapping[str, list[str]], named: Mapping[str, list[str]], held: Mapping[str, int]) -> _Level:
    codes: dict[str, str] = {}
    counts: Counter[str] = Counter()
    above: dict[str, set[str]] = {}
    beside: dict[str, set[str]] = {}
    for folder, names in named.items():
        if not names:
            continue
        place = at if at >= 0 else len(names) - 1
        code = codes.setdefault(fold(names[place]), names[place])
        counts[code] += held[folder]
        above.setdefault(code, set()).add(fold(names[place - 1]) if place else "")
        beside.setdefault("/".join(ways[folder][: ways[folder].index(names[place])]), set()).add(code)
    known = {code for found in beside.values() if len(found) > 1 for code in found}
    return _Level(at, counts, above, Counter({code: counts[code] for code in counts if code in known}))


def _other_levels(best: _Level, levels: list[_Level]) -> Iterator[str]:
    """What to doubt where folders of another level could be the classes."""
    names = (sorted({*level.held} - {*best.held}) for level in levels)
    others = dict.fromkeys(some(found) for found in names if found)
    if others:
        yield (
            f"folders of two levels could be the classes; taken were {some(sorted(best.held))}, and not "
            f"{'; '.join(others)}: to take those, write their names in [labels], and drop group from [layout] if it "
            "names their level"
        )


def _are_classes(counts: Counter[str]) -> bool:
    """Whether these folders are classes, and not case1, case2, ...: patients."""
    if len({telling(code) for code in counts}) < 2:
        return False
    bare = {re.sub(r"[\W\d_]+", "", code) for code in counts}
    numbered = len(bare) == 1 and bare != {""}
    if numbered and (len(counts) > 12 or IDS.search(next(iter(bare)))):
        return False
    return len(counts) <= 4 or max(counts.values()) > 1


def _telling(way: list[str]) -> list[str]:
    """The folder names of a path that may be a class."""
    return [name for name in way if telling(name) and not OF_MASKS.search(name)]


def _file_names(survey: Survey) -> Proposal | None:
    """File names as classes ("benign_012.png"; "0012_1.png" where the last number is 0 or 1), where one rule fits them
    all and tells a few classes with some pictures each."""
    for rule in _RULES:
        caught = [re.fullmatch(rule, stem(path), re.IGNORECASE) for path in survey.pictures]
        counts = Counter(found[1] for found in caught if found)
        few = 2 <= len({code.casefold() for code in counts}) == len(counts) <= _WORDS
        if few and min(counts.values()) > 1 and all(caught) and all(map(telling, counts)):
            return Proposal(
                layout={"kind": "file-names", "code": rule, "pictures": shared(map(folder_of, survey.pictures))}
                | survey.split(survey.pictures),
                classes="words in the names of {count} pictures",
                doubts=("the class is taken from a part of each file's name: is it one?",),
                covered=len(caught),
            )
    return None
