"""Which pictures of a folder are masks of which others, by folders and by what is added to names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final, Literal

from attrs import frozen

from medmat_core.model import Split
from medmat_core.scaffold.survey import Survey, folder_of, shared, stem
from medmat_core.scaffold.words import MASK_WORD, split_of_path, telling, whole
from medmat_core.tree import fold

_SHARE: Final = 0.8
"""A folder is one of masks if this share of its files is named after pictures of another."""
_ENDING: Final = re.compile(
    r"(.+?)([ _.-]*(?:mask|gt|seg(?:mentation)?s?|ground[ _-]?truth|labels?|annotations?|anno)(?:[ _-]*\d+)?)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[ _-]*\d+$")
_CODES: Final = 40

Form = Literal["one", "many", "coded", "sides"]
Found = Mapping[str, tuple[str, str]]
"""Mask -> (what its name adds to the picture's, the picture)."""


@frozen
class Part:
    """A folder of pictures and the folder in which their masks lie under the same names (relative to the survey)."""

    pictures: str
    masks: str
    split: Split | None = None


@frozen(eq=False)
class Pairing:
    """How masks are found.

    ``form``: "one" mask a picture, its name the picture's with ``added`` behind; "many", numbered after ``added``;
    "coded", one a class whose code stands behind ``added`` (a separator); "sides", one a class in that class's own
    folder, whose names are ``classes``. ``owner`` maps every mask to its picture, ``bare`` are pictures without one.
    ``classes`` are folder names that say the class of their masks.
    """

    form: Form
    added: str
    parts: tuple[Part, ...]
    owner: Mapping[str, str]
    bare: tuple[str, ...]
    classes: tuple[str, ...] = ()

    @property
    def beside(self) -> bool:
        """Whether masks lie in the folders of their pictures."""
        return all(part.pictures == part.masks for part in self.parts)

    def code_of(self, mask: str) -> str:
        """The class that a mask's name adds to its picture's: 'm/x_HGD.tif' of 'i/x.jpg' -> 'HGD'."""
        return stem(mask)[len(stem(self.owner[mask])) + len(self.added) :]


def pair_masks(survey: Survey) -> Pairing | None:
    """The masks of a folder, or None where no folder's and no file's name speaks of any."""
    return _by_folder(survey) or _beside(survey)


def _beside(survey: Survey) -> Pairing | None:
    """Masks in the pictures' own folders: 'a.png' and 'a_mask.png'."""
    owner: dict[str, str] = {}
    endings: list[str] = []
    for paths in survey.by_folder.values():
        stems = {stem(path): path for path in paths}
        for path in paths:
            found = _ENDING.fullmatch(stem(path))
            if found is not None and found[1] in stems:
                owner[path] = stems[found[1]]
                endings.append(found[2])
    if len(owner) < max(1, 0.2 * len(survey.pictures)):
        return None
    sign, times = Counter(_NUMBER.sub("", text) for text in endings).most_common(1)[0]
    if times < 0.9 * len(owner):
        return None
    folders = set(map(folder_of, owner))
    top = shared(folders)
    cut = len(top) + 1 if top else 0
    inner = {folder[cut:].split("/")[0] for folder in folders}
    classes = inner if _are_classes(inner, sum(len(survey.by_folder[folder]) for folder in folders)) else ()
    taken = {*owner, *owner.values()}
    bare = tuple(p for p in survey.pictures if p not in taken and (not top or p.startswith(f"{top}/")))
    form: Form = "one" if set(endings) == {sign} else "many"
    return Pairing(form, sign, (Part(top, top),), owner, bare, tuple(sorted(classes)))


def _by_folder(survey: Survey) -> Pairing | None:
    """Masks in folders of their own."""
    folders = survey.by_folder
    outer = len(shared(folders))
    named = {folder for folder in folders if MASK_WORD.search(folder[outer:])}
    told = {folder: _pictures_of(survey, folder, named) for folder in sorted(named)}
    pairs = {folder: match for folder, match in told.items() if match is not None}
    if not pairs:
        return None
    owner = {mask: image for _, found in pairs.values() for mask, (_, image) in found.items()}
    remainders = Counter(rest for _, found in pairs.values() for rest, _ in found.values())
    of_pictures = {pictures for pictures, _ in pairs.values()}
    taken = set(owner.values())
    bare = tuple(path for folder in sorted(of_pictures) for path in folders[folder] if path not in taken)
    if min(Counter(pictures for pictures, _ in pairs.values()).values()) > 1:
        return _sides(pairs, remainders, owner, bare)
    shape = _form(remainders)
    parts = _reduced([(pictures, masks) for masks, (pictures, _) in pairs.items()])
    if shape is None or len({part.pictures for part in parts}) < len(parts):
        return None  # several folders of masks for the same pictures that are no class each
    inner = {_inner(folder, parts) for folder in of_pictures}
    classes = tuple(sorted(inner)) if _are_classes(inner, len(owner)) else ()
    return Pairing(*shape, _with_splits(parts), owner, bare, classes)


def _sides(
    pairs: Mapping[str, tuple[str, Found]], remainders: Counter[str], owner: Mapping[str, str], bare: tuple[str, ...]
) -> Pairing | None:
    """Several folders of masks for the same pictures: each is a class."""
    classes = sorted({masks.rpartition("/")[2] for masks in pairs})
    parts = dict.fromkeys(Part(pictures, folder_of(masks)) for masks, (pictures, _) in pairs.items())
    if len(remainders) > 1 or len(classes) * len(parts) != len(pairs):
        return None
    return Pairing("sides", next(iter(remainders)), _with_splits(list(parts)), owner, bare, tuple(classes))


def _with_splits(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with the official part that each is, if they make a split."""
    split = [Part(part.pictures, part.masks, split_of_path(part.pictures)) for part in parts]
    return tuple(split if whole(part.split for part in split) else parts)


def _related(folder: str, others: Sequence[str]) -> list[str]:
    """Folders that differ from one in a single name, or lie directly above or below it; else all."""
    names = folder.split("/") if folder else []

    def near(other: str) -> bool:
        own = other.split("/")
        differ = len(names) == len(own) and sum(a != b for a, b in zip(names, own, strict=True)) == 1
        return differ or folder_of(folder) == other or folder_of(other) == folder

    apart = [other for other in others if other != folder]
    return [other for other in apart if near(other)] or apart[:200]


def _pictures_of(survey: Survey, masks: str, named: set[str]) -> tuple[str, Found] | None:
    """The folder whose pictures these masks belong to, and each mask's picture."""
    best: tuple[tuple[bool, float, float], str, Found] | None = None
    for folder in _related(masks, [other for other in survey.by_folder if other not in named]):
        found = _matched(survey.by_folder[folder], survey.by_folder[masks])
        share = len(found) / len(survey.by_folder[masks])
        # train and test number their pictures alike: the same part first, then the name that is most alike
        alike = SequenceMatcher(None, folder, masks).ratio()
        rank = (split_of_path(folder) == split_of_path(masks), round(share, 1), alike)
        if share >= _SHARE and (best is None or rank > best[0]):
            best = (rank, folder, found)
    return (best[1], best[2]) if best is not None else None


def _matched(pictures: Sequence[str], masks: Sequence[str]) -> Found:
    stems = {stem(path): path for path in pictures}
    found: dict[str, tuple[str, str]] = {}
    for mask in masks:
        name = stem(mask)
        end = next((end for end in range(len(name), 0, -1) if name[:end] in stems), 0)
        if end:
            found[mask] = (name[end:], stems[name[:end]])
    return found


def _form(remainders: Counter[str]) -> tuple[Form, str] | None:
    """What is added to names: always the same, the same with a number, or a code each; None if it follows no rule."""
    rest, times = remainders.most_common(1)[0]
    bare = {_NUMBER.sub("", text) for text in remainders}
    signs = {text[:1] for text in remainders}
    if times == remainders.total():
        return "one", rest
    if len(bare) == 1 and (sign := bare.pop()):
        return "many", sign
    if len(signs) == 1 and (sign := signs.pop()) in ("_", "-", " ", ".") and len(remainders) <= _CODES:
        return ("coded", sign) if all(len(text) > 1 for text in remainders) else None
    return ("one", rest) if times >= 0.95 * remainders.total() else None


def _reduced(pairs: Sequence[tuple[str, str]]) -> list[Part]:
    """Pairs of folders with what they share at their ends cut off: (a/images/x, a/masks/x) is (a/images, a/masks)."""
    parts: dict[Part, None] = {}
    for pictures, masks in pairs:
        one, two = pictures.split("/"), masks.split("/")
        while len(one) > 1 and len(two) > 1 and one[-1] == two[-1]:
            one.pop()
            two.pop()
        parts[Part("/".join(one), "/".join(two))] = None
    return list(parts)


def _inner(folder: str, parts: Sequence[Part]) -> str:
    """The first folder inside a part that a folder lies in; '' for the part itself."""
    inside = (folder[len(part.pictures) + 1 :] for part in parts if folder.startswith(f"{part.pictures}/"))
    return next(inside, "").split("/")[0]


def _are_classes(names: set[str], count: int) -> bool:
    words = [name for name in names if name and telling(name) and re.search(r"[^\W\d_]{2}", name)]
    return (
        2 <= len(names) <= 12 and len(words) == len(names) and count >= 2 * len(names)
        and len({fold(re.sub(r"\d+", "", name)) for name in names}) == len(names)
        and not any(split_of_path(name) for name in names)
    )  # fmt: skip
