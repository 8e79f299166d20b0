"""Which pictures of a folder are masks of which others, by folders and by what is added to names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Final

from attrs import frozen

from medmat_core.layouts.guess.peek import peek
from medmat_core.layouts.guess.survey import Survey, folder_of, grouped, nearest, shared, spread, stem
from medmat_core.layouts.guess.words import MASK_WORD
from medmat_core.tree import fold

_SHARE: Final = 0.8
"""A folder is one of masks if this share of its files is named after pictures of others."""
_ENDING: Final = re.compile(
    r"(.+?)([ _.-]*(?:mask|gt|seg(?:mentation)?s?|ground[ _-]?truth|labels?|annotations?|anno)(?:[ _-]*\d+)?)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[ _-]*\d+$")
_CHANNEL: Final = re.compile(r".+(_\d{4})", re.DOTALL)
"""What nnU-Net writes behind pictures, and not behind masks."""
_CODES: Final = 40
_FOLDERS: Final = 40
"""Folders of no telling name are looked into if there are no more than these."""
_LOOKS: Final = 4


@frozen
class Pair:
    """A mask, its picture, and what the mask's name adds to the picture's without the ``channel`` at its end. They are
    not ``named`` so if no more than their numbers agree."""

    mask: str
    picture: str
    added: str
    channel: str = ""
    named: bool = True


@lru_cache(maxsize=1)
def pair_masks(survey: Survey) -> list[Pair]:
    """The masks of a folder: by names of folders, by names of files, and where neither speaks of any, by what
    pictures hold that pair with others."""
    return _in_folders(survey) or _beside(survey) or _unnamed(survey)


def _in_folders(survey: Survey) -> list[Pair]:
    """Masks in folders of their own: those whose name speaks of masks."""
    outer = len(shared(survey.by_folder))
    named = {folder for folder in survey.by_folder if MASK_WORD.search(folder[outer:])}
    plain = [path for path in survey.pictures if folder_of(path) not in named]
    channels = [found[1] for path in plain if (found := _CHANNEL.fullmatch(stem(path)))]
    pairs = _extended(survey, named, plain, "")
    return pairs or (_extended(survey, named, plain, min(channels)) if channels else [])


def _extended(survey: Survey, named: set[str], plain: Sequence[str], channel: str) -> list[Pair]:
    """The pictures in ``named`` folders whose names begin like one of the ``plain`` pictures, but for its channel."""
    own = (path for path in plain if stem(path).endswith(channel))
    stems = grouped(own, lambda path: stem(path).removesuffix(channel))
    pairs: list[Pair] = []
    for folder in sorted(named):
        found: list[Pair] = []
        for mask in survey.by_folder[folder]:
            name = stem(mask)
            end = next((end for end in range(len(name), 0, -1) if name[:end] in stems), 0)
            if end:
                found.append(Pair(mask, nearest(mask, stems[name[:end]]), name[end:], channel))
        pairs += found if len(found) >= _SHARE * len(survey.by_folder[folder]) else []
    return pairs


def _beside(survey: Survey) -> list[Pair]:
    """Masks in the pictures' own folders: 'a.png' and 'a_mask.png'."""
    pairs: list[Pair] = []
    for paths in survey.by_folder.values():
        stems = {stem(path): path for path in paths}
        for path in paths:
            found = _ENDING.fullmatch(stem(path))
            if found is not None and found[1] in stems:
                pairs.append(Pair(path, stems[found[1]], found[2]))
    return pairs if len(pairs) >= max(1, 0.2 * len(survey.pictures)) else []


def _unnamed(survey: Survey) -> list[Pair]:
    """Folders that hold few values, each with one that holds shades and pictures of the same names, or numbers."""
    few: Callable[[str], bool] = cache(lambda folder: _few(survey, survey.by_folder[folder]))
    for named in (True, False) if 2 <= len(survey.by_folder) <= _FOLDERS else ():
        known: dict[str, dict[str, str]] = {}
        for folder, paths in survey.by_folder.items():
            names = {fold(stem(path)) if named else "-".join(re.findall(r"\d+", stem(path))): path for path in paths}
            known |= {folder: names} if len(names) == len(paths) > 1 and "" not in names else {}
        pairs: list[Pair] = []
        for masks, own in known.items():
            of = [folder for folder, names in known.items() if folder != masks and own.keys() <= names.keys()]
            if of and few(masks) and (pictures := next((folder for folder in of if not few(folder)), None)):
                pairs += [Pair(path, known[pictures][name], "", named=named) for name, path in own.items()]
        if pairs:
            return pairs
    return []


def _few(survey: Survey, paths: Sequence[str]) -> bool:
    """Whether pictures hold few values, as masks do, and some of them more than black."""
    seen = peek(survey.base, spread(paths, _LOOKS))
    return seen.kind != "unclear" and len(seen.empty) < seen.seen


def suffix_of(pairs: Sequence[Pair]) -> str | None:
    """A layout's ``suffix``: what is always added to names, perhaps with a number behind, or a sign and a code each;
    None where it follows no rule."""
    if not all(pair.named for pair in pairs):
        return None
    added = Counter(pair.added for pair in pairs)
    rest, times = added.most_common(1)[0]
    bare = {_NUMBER.sub("", text) for text in added}
    signs = {text[:1] for text in added}
    if times == added.total():
        return rest
    if len(bare) == 1 and (sign := bare.pop()):
        return sign
    if len(signs) == 1 and (sign := signs.pop()) in ("_", "-", " ", ".") and len(added) <= _CODES:
        return sign + "{code}" if all(len(text) > 1 for text in added) else None
    return rest if times >= 0.95 * added.total() else None


def folders_of(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    """(folder of pictures, folder of their masks) of all pairs: where the pictures of one folder of masks lie in
    several, the one that holds them all."""
    of_masks: dict[str, Counter[str]] = {}
    for pair in pairs:
        of_masks.setdefault(folder_of(pair.mask), Counter())[folder_of(pair.picture)] += 1
    most = {masks: counts.most_common(1)[0] for masks, counts in of_masks.items()}
    return [
        (top if times >= 0.9 * of_masks[masks].total() else shared(of_masks[masks]), masks)
        for masks, (top, times) in most.items()
    ]


def reduced(pictures: str, masks: str) -> tuple[str, str]:
    """Two folders with what they share at their ends cut off: (a/images/x, a/masks/x) is (a/images, a/masks)."""
    one, two = pictures.split("/"), masks.split("/")
    while len(one) > 1 and len(two) > 1 and one[-1] == two[-1]:
        one.pop()
        two.pop()
    return "/".join(one), "/".join(two)
