"""Which pictures of a folder are masks of which others, by folders and by what is added to names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final, Literal

from attrs import frozen

from medmat_core.model import Split
from medmat_core.scaffold.survey import Survey, shared, stem, suffix
from medmat_core.scaffold.words import MASK_WORD, split_of_path, telling, whole
from medmat_core.tree import fold

_SHARE: Final = 0.8
"""A folder is one of masks if this share of its files is named after pictures of another."""
_ENDING: Final = re.compile(
    r"(.+?)([ _.-]*(?:mask|gt|seg(?:mentation)?s?|ground[ _-]?truth|labels?|annotations?|anno)(?:[ _-]*\d+)?)",
    re.IGNORECASE,
)
_CODES: Final = 40

Form = Literal["one", "many", "coded", "sides"]


@frozen
class Part:
    """A folder of pictures and the folder in which their masks lie under the same names (relative to the survey).
    ``ending`` is what stands there for the picture's suffix, where each class has a folder of its own."""

    pictures: str
    masks: str
    split: Split | None = None
    ending: str = ""


@frozen(eq=False)
class Pairing:
    """How masks are found.

    ``form``: "one" mask a picture, its name the picture's with ``added`` behind; "many", numbered after ``added``;
    "coded", one a class whose code stands behind ``added`` (a separator); "sides", one a class in that class's own
    folder, whose names are ``classes``. ``endings`` are what stands in a mask's name
    for the picture's suffix. ``owner`` maps every mask to its picture. ``exchanged``: instead of listing the parts, a
    folder's name is exchanged (pictures, masks). ``classes`` are folder names that say the class of their masks.
    """

    form: Form
    added: str
    parts: tuple[Part, ...]
    endings: tuple[str, ...]
    owner: Mapping[str, str]
    bare: tuple[str, ...]
    exchanged: tuple[str, str] | None = None
    classes: tuple[str, ...] = ()

    @property
    def beside(self) -> bool:
        """Whether masks lie in the folders of their pictures."""
        return all(part.pictures == part.masks for part in self.parts)


def pair_masks(survey: Survey, is_mask: Callable[[Sequence[str]], bool]) -> Pairing | None:
    """The masks of a folder, or None. ``is_mask`` looks into some pictures, where no name tells masks apart."""
    return _by_folder(survey, is_mask) or _beside(survey)


def _beside(survey: Survey) -> Pairing | None:
    """Masks in the pictures' own folders: 'a.png' and 'a_mask.png'."""
    owner: dict[str, str] = {}
    added: Counter[str] = Counter()
    exact: dict[str, int] = {}
    for paths in survey.by_folder.values():
        stems = {stem(path): path for path in paths}
        for path in paths:
            found = _ENDING.fullmatch(stem(path))
            image = stems.get(found[1]) if found is not None else None
            if found is not None and image is not None:
                owner[path] = image
                added[re.sub(r"[ _-]*\d+$", "", found[2])] += 1
                exact[found[2]] = exact.get(found[2], 0) + 1
    if not owner or len(owner) < 0.2 * len(survey.pictures):
        return None
    sign, times = added.most_common(1)[0]
    if times < 0.9 * len(owner):
        return None
    form: Form = "one" if set(exact) == {sign} else "many"
    folders = {path.rpartition("/")[0] for path in owner}
    classes = _classes(survey, folders)
    top = shared(folders)
    bare = [path for path in survey.pictures if path not in owner and path not in set(owner.values())]
    inside = tuple(path for path in bare if not top or path.startswith(f"{top}/"))
    return Pairing(form, sign, (Part(top, top),), _endings(owner, sign), owner, inside, classes=classes)


def _by_folder(survey: Survey, is_mask: Callable[[Sequence[str]], bool]) -> Pairing | None:
    """Masks in folders of their own."""
    folders = survey.by_folder
    outer = len(shared(folders))
    named = {folder for folder in folders if MASK_WORD.search(folder[outer:])}
    told = {folder: _pictures_of(survey, folder, named) for folder in sorted(named)}
    pairs = {folder: match for folder, match in told.items() if match is not None}
    if not pairs:
        pairs = _alike(survey, is_mask)
    if not pairs:
        return None
    remainders: Counter[str] = Counter()
    owner: dict[str, str] = {}
    for _, found in pairs.values():
        remainders.update(rest for rest, _ in found.values())
        owner.update({mask: image for mask, (_, image) in found.items()})
    sides = _sides(pairs, owner)
    if sides is not None:
        return sides
    shape = _form(remainders)
    if shape is None:
        return None
    form, added = shape
    parts = _reduced([(pictures, masks) for masks, (pictures, _) in pairs.items()])
    if len({part.pictures for part in parts}) < len(parts):
        return None  # several folders of masks for the same pictures that are no class each
    exchanged = None
    if len(parts) > 4:
        names = {(part.pictures.rpartition("/")[2], part.masks.rpartition("/")[2]) for part in parts}
        apart = {(part.pictures.rpartition("/")[0], part.masks.rpartition("/")[0]) for part in parts}
        if len(names) == 1 and all(one == two for one, two in apart):
            exchanged = names.pop()
        elif len(parts) > 24:
            return None
    splits = {part: split_of_path(part.pictures) for part in parts}
    if whole(splits.values()):
        parts = [Part(part.pictures, part.masks, split) for part, split in splits.items()]
    of_pictures = {pictures for pictures, _ in pairs.values()}
    bare = tuple(path for folder in sorted(of_pictures) for path in folders[folder] if path not in set(owner.values()))
    inner = {_inner(folder, parts) for folder in of_pictures}
    classes = tuple(sorted(inner)) if _are_classes(inner, len(owner)) else ()
    return Pairing(form, added, tuple(parts), _endings(owner, added), owner, bare, exchanged, classes)


def _sides(pairs: Mapping[str, tuple[str, Found]], owner: Mapping[str, str]) -> Pairing | None:
    """Several folders of masks for the same pictures: each is a class."""
    by_pictures: dict[str, list[str]] = {}
    for masks, (pictures, _) in pairs.items():
        by_pictures.setdefault(pictures, []).append(masks)
    if min(map(len, by_pictures.values())) < 2:
        return None
    parts: list[Part] = []
    for pictures, folders in by_pictures.items():
        for masks in folders:
            endings = {rest + suffix(mask) for mask, (rest, _) in pairs[masks][1].items()}
            if len(endings) != 1:
                return None
            parts.append(Part(pictures, masks, split_of_path(pictures), endings.pop()))
    if not whole(part.split for part in parts):
        parts = [Part(part.pictures, part.masks, None, part.ending) for part in parts]
    classes = tuple(sorted({part.masks.rpartition("/")[2] for part in parts}))
    if len(classes) * len(by_pictures) != len(parts):
        return None
    return Pairing("sides", "", tuple(parts), (), owner, (), classes=classes)


def _related(folder: str, others: Sequence[str]) -> list[str]:
    """Folders that differ from one in a single name, or lie directly above or below it; else all."""
    names = folder.split("/") if folder else []
    near = [
        other
        for other in others
        if other != folder
        and (
            _one_differs(names, other.split("/"))
            or folder.rpartition("/")[0] == other
            or other.rpartition("/")[0] == folder
        )
    ]
    return near or [other for other in others if other != folder][:200]


def _one_differs(one: Sequence[str], two: Sequence[str]) -> bool:
    return len(one) == len(two) and sum(a != b for a, b in zip(one, two, strict=True)) == 1


Found = dict[str, tuple[str, str]]
"""Mask -> (what its name adds to the picture's, the picture)."""


def _pictures_of(survey: Survey, masks: str, named: set[str]) -> tuple[str, Found] | None:
    """The folder whose pictures these masks belong to, and each mask's picture."""
    best: tuple[tuple[bool, float, float], str, Found] | None = None
    for folder in _related(masks, [other for other in survey.by_folder if other not in named]):
        found = _matched(survey.by_folder[folder], survey.by_folder[masks])
        share = len(found) / len(survey.by_folder[masks])
        # train and test number their pictures alike: the same part first, then the name that is most alike
        rank = (
            split_of_path(folder) == split_of_path(masks), round(share, 1), SequenceMatcher(None, folder, masks).ratio()
        )  # fmt: skip
        if share >= _SHARE and (best is None or rank > best[0]):
            best = (rank, folder, found)
    return (best[1], best[2]) if best is not None else None


def _matched(pictures: Sequence[str], masks: Sequence[str]) -> Found:
    stems = {stem(path): path for path in pictures}
    found: Found = {}
    for mask in masks:
        name = stem(mask)
        for end in range(len(name), 0, -1):
            image = stems.get(name[:end])
            if image is not None:
                found[mask] = (name[end:], image)
                break
    return found


def _alike(survey: Survey, is_mask: Callable[[Sequence[str]], bool]) -> dict[str, tuple[str, Found]]:
    """Folders side by side with the same names, of which one holds masks by what is in its files."""
    found: dict[str, tuple[str, Found]] = {}
    folders = list(survey.by_folder)
    if len(folders) > 64:
        return found
    for masks in folders:
        for pictures in _related(masks, folders):
            own = survey.by_folder[masks]
            if masks in {other for other, _ in found.values()} or pictures in found:
                continue
            same = {stem(path) for path in own} == {stem(path) for path in survey.by_folder[pictures]}
            if same and len(own) > 1 and is_mask(own) and not is_mask(survey.by_folder[pictures]):
                found[masks] = (pictures, _matched(survey.by_folder[pictures], own))
                break
    return found


def _form(remainders: Counter[str]) -> tuple[Form, str] | None:
    """What is added to names: always the same, the same with a number, or a code each; None if it follows no rule."""
    rest, times = remainders.most_common(1)[0]
    total = sum(remainders.values())
    if times == total:
        return "one", rest
    bare = {re.sub(r"[ _-]*\d+$", "", text) for text in remainders}
    if len(bare) == 1 and (sign := bare.pop()):
        return "many", sign
    signs = {text[:1] for text in remainders}
    codes = {text[1:] for text in remainders}
    if len(signs) == 1 and (sign := signs.pop()) in ("_", "-", " ", ".") and len(codes) <= _CODES and all(codes):
        return "coded", sign
    return ("one", rest) if times >= 0.95 * total else None


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
    for part in parts:
        if folder.startswith(f"{part.pictures}/"):
            return folder[len(part.pictures) + 1 :].split("/")[0]
    return ""


def _classes(survey: Survey, folders: set[str]) -> tuple[str, ...]:
    """Names of the folders in which pictures with masks lie, where those may be classes."""
    top = shared(folders)
    below = {folder[len(top) + 1 if top else 0 :].split("/")[0] for folder in folders}
    return tuple(sorted(below)) if _are_classes(below, sum(len(survey.by_folder[f]) for f in folders)) else ()


def _are_classes(names: set[str], count: int) -> bool:
    words = [name for name in names if name and telling(name) and re.search(r"[^\W\d_]{2}", name)]
    return (
        2 <= len(names) <= 12 and len(words) == len(names) and count >= 2 * len(names)
        and len({fold(re.sub(r"\d+", "", name)) for name in names}) == len(names)
        and not any(split_of_path(name) for name in names)
    )  # fmt: skip


def _endings(owner: Mapping[str, str], added: str) -> tuple[str, ...]:
    """What follows the picture's stem in the names of masks, the most frequent first."""
    counts = Counter(added + suffix(mask) for mask in owner)
    return tuple(ending for ending, _ in counts.most_common())
