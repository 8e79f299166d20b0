"""What names of files, folders and columns most likely mean, and how a code reads in plain English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

from medmat_core.model import Split
from medmat_core.readers.folders import SPLIT_NAMES
from medmat_core.tree import fold

_SPLITS: Final[Mapping[str, Split]] = {**SPLIT_NAMES, "trainval": "train", "dev": "val"}

_NORMAL: Final = frozenset(
    {"normal", "healthy", "nofinding", "nofindings", "negative", "none", "nodisease", "noabnormality", "control"}
)
_CATCH_ALL: Final = frozenset(
    {"other", "others", "otherdiseases", "otherdisease", "unknown", "misc", "miscellaneous", "notlisted"}
)
_NAMELESS: Final = frozenset(
    {"label", "labels", "class", "target", "category", "diagnosis", "outcome", "result", "grade"}
)
_GENERIC: Final = re.compile(
    r"images?|imgs?|pictures?|photos?|data|set|dataset|files?|part|originals?|raw|png|jpe?g|tiff?|bmp|\d+x"
)
_OF_PART: Final = re.compile(r"(data|set|dataset|imgs?|images?|masks?|labels?)$")
"""What is written behind a part without a sign: "trainset"."""
MASK_WORD: Final = re.compile(
    r"mask|ground[ _-]?truth|(?<![a-z])gt(?![a-z])|segment|(?<![a-z])seg(?![a-z])|label|annot|manual", re.IGNORECASE
)
"""In the name of a folder or column: masks may lie there."""
OF_MASKS: Final = re.compile(
    r"masks?(?![a-z])|ground[ _-]?truth|segmentations?(?![a-z])|^(gt|annotations?|labels?)$", re.IGNORECASE
)
"""In the name of a folder: masks lie there, so that it is no class."""
_KEPT_HYPHEN: Final = ("non", "pre", "post", "anti", "un", "re")


def _words(name: str) -> list[str]:
    """The words of a name, folded: "Train_Set-2" and "TrainSet2" both give train, set, 2, and nnU-Net's "imagesTr"
    gives images, train."""
    name = re.sub(r"(?<=[a-z])T([rs])(?![a-z])", lambda found: {"r": "_train", "s": "_test"}[found[1]], name)
    return [fold(word) for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z\d])", name) if word]


def split_of_name(name: str) -> Split | None:
    """The part that a name speaks of: "train", "Training_Data", "TrainSet", "trainval-image"; None for none, or for
    two."""
    found = {part for word in _words(name) if (part := _SPLITS.get(word) or _SPLITS.get(_OF_PART.sub("", word)))}
    if found == {"train", "val"}:
        return "train"  # "train_val_list"
    return found.pop() if len(found) == 1 else None


def split_of_path(path: str) -> Split | None:
    """The part that the folders of a path speak of, nearest to the root."""
    return next((split for name in path.split("/") if (split := split_of_name(name))), None)


def whole(splits: Iterable[Split | None]) -> bool:
    """Whether these parts make a split: a train part, and another one."""
    found = set(splits)
    return "train" in found and bool(found - {None, "train"})


def split_names(folders: Iterable[str]) -> Mapping[str, Split]:
    """Names in these paths that name official parts, and which: those of one level, if they make a split."""
    paths = [folder.split("/") for folder in folders]
    for level in range(max(map(len, paths), default=0)):
        names = sorted({parts[level] for parts in paths if len(parts) > level})
        found = {name: split for name in names if (split := split_of_name(name)) is not None}
        # a class may well be called "test positive": parts are a level of their own
        if whole(found.values()) and len(found) >= 0.5 * len(names):
            return found
    return {}


def split_fields(folders: Iterable[str]) -> dict[str, Any]:
    """A layout's fields for parts that folders name: own words only where the usual ones do not do."""
    names = {fold(name): split for name, split in sorted(split_names(folders).items())}
    usual = set(names) <= set(SPLIT_NAMES)
    return {"split": {"folder": True} | ({} if usual else {"names": names})} if names else {}


def telling(name: str) -> str:
    """What is left of a folder's name without words that say nothing of what is in it: "CXR_png" gives "cxr", and
    "images", "40X", "train_data" and "masks" give ""."""
    words = _words(name)
    plain = (
        word for before, word in pairwise(("", *words))
        if not _GENERIC.fullmatch(word) and not OF_MASKS.search(word)
        and not (word.isdecimal() and _GENERIC.fullmatch(before))
    )  # fmt: skip
    kept = [word for word in plain if split_of_name(word) is None]
    return " ".join(kept) if any(not word.isdecimal() for word in kept) or kept == words else ""


def folded(text: str) -> str:
    """A caption for comparison, as the conformance suite compares: digits and letters alone, case folded."""
    return re.sub(r"[\W_]+", "", text.casefold())


def natural(text: str) -> list[tuple[int, str]]:
    """A sort key that puts "2" before "10"."""
    return [(int(part), "") if part.isdecimal() else (-1, fold(part)) for part in re.split(r"(\d+)", text) if part]


def caption_of(code: str) -> str:
    """A code as a caption to start from: "0_dyed-lifted_polyps" as "Dyed lifted polyps". May be empty.

    >>> caption_of("NON CANCER"), caption_of("COVID-19"), caption_of("HER2+")
    ('Non cancer', 'COVID-19', 'HER2 positive')
    """
    text = re.sub(r"^\d+\s*[._) -]\s*(?=\D*[^\W\d_]{2})", "", code.strip())
    text = re.sub(r"\+(?=$|\W)", " positive", text)
    text = re.sub(r"(?<=\w)-$", " negative", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text.replace("_", " ").replace(";", ","))
    text = re.sub(r"([^\W\d_]+)-(?=[a-z])", lambda m: m[0] if m[1].lower() in _KEPT_HYPHEN else f"{m[1]} ", text)
    words = text.split()
    if not folded(text):
        return ""
    if text.isupper() and len(words) > 1 and any(len(word) > 4 for word in words):
        # a code that shouts: "NON CANCER" has no acronym, "CNV DRUSEN" one without a vowel
        words = [word.lower() if re.fullmatch(r"(?=.*[AEIOU])\D+", word) else word for word in words]
    plain = [word.lower() if _is_plain(word) else word for word in words]
    plain[0] = plain[0][0].upper() + plain[0][1:] if _is_plain(words[0]) else words[0]
    return " ".join(plain)


def _is_plain(word: str) -> bool:
    """Whether a word is no acronym: "Tumor", "CANCER", "polyp"; not "BRVO", "COVID-19", "pT2"."""
    bare = word.strip("()[],.'")
    if any(char.isdigit() for char in bare):
        return False
    upper = sum(char.isupper() for char in bare)
    return upper == 0 or (upper == 1 and bare[:1].isupper() and len(bare) > 1) or (bare.isupper() and len(bare) > 4)


def captions_of(codes: Iterable[str], column: str = "") -> dict[str, str]:
    """Codes with captions that the conformance suite tells apart. ``column`` words codes that are mere numbers; one of
    0 and 1 that is named after a finding says "Finding" and "No finding"."""
    listed = list(codes)
    plain = {code: code.removesuffix(".0") for code in listed}
    if set(plain.values()) == {"0", "1"} and caption_of(column) and fold(column) not in _NAMELESS:
        finding = caption_of(column)
        lower = finding[0].lower() + finding[1:] if finding[1:2].islower() else finding
        return {code: finding if number == "1" else f"No {lower}" for code, number in plain.items()}
    head = caption_of(column) or "Class"
    found: dict[str, str] = {}
    seen: dict[str, str] = {}
    for place, code in enumerate(listed, 1):
        caption = caption_of(code)
        if not re.search(r"[^\W\d_]", caption):
            caption = f"{head} {code}" if folded(code) else f"{head} {place}"
        other = seen.get(folded(caption))
        if other is not None and fold(other) != fold(code):
            number = 2
            while folded(f"{caption} ({number})") in seen:
                number += 1
            caption = f"{caption} ({number})"
        elif other is not None:
            caption = found[other]  # one class written in two ways
        seen.setdefault(folded(caption), code)
        found[code] = caption
    return found


def normal_of(labels: Mapping[str, str]) -> str:
    """The code whose caption means "nothing found", or ''."""
    return next((code for code, caption in labels.items() if folded(caption) in _NORMAL), "")


def catch_alls(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Captions that may be true of any picture."""
    return tuple(dict.fromkeys(caption for caption in labels.values() if folded(caption) in _CATCH_ALL))
