"""Class folders: the class of a picture is the name of a folder it lies in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from medmat_core.card import ExamplePicture
from medmat_core.model import Split
from medmat_core.scaffold.proposal import Code, Proposal, Shown
from medmat_core.scaffold.quoting import python_text
from medmat_core.scaffold.survey import Root, Survey, group_hint, per_class, shared, spread
from medmat_core.scaffold.words import STANDARD, captions_of, natural, normal_of, split_of_name, telling, whole
from medmat_core.tree import fold

_MOST: Final = 120
"""More folders than this are patients or series, not classes."""
_IDS: Final = re.compile(r"case|patient|^pt?$|^pat|subj|^sub$|series|stud(y|ies)|scan|volume|day|visit", re.IGNORECASE)
_MASKS: Final = re.compile(r"masks?(?![a-z])|ground[ _-]?truth|segmentation", re.IGNORECASE)


def look_at_folders(survey: Survey, leave_out: Collection[str] = (), skip: Sequence[str] = ()) -> Proposal | None:
    """The folders as classes, or None where there are no two folders of one level that could be.

    ``leave_out`` are pictures that are no pictures (masks); ``skip`` are Python conditions over ``path`` that tell
    them.
    """
    pictures = [path for path in survey.pictures if path not in set(leave_out)] if leave_out else survey.pictures
    folders = {path.rpartition("/")[0] for path in pictures}
    if not folders or folders == {""}:
        return None
    common = shared(folders)
    below = {folder: folder[len(common) + 1 if common else 0 :].split("/") for folder in folders}
    splits = _split_names(below.values())
    parts_named = {part for parts in below.values() for part in parts if split_of_name(part) is not None}
    plain = {part for parts in below.values() for part in _named(parts, splits)} - parts_named
    if parts_named - set(splits) and len(plain) >= 2:
        # "test_stg2" beside classes is a part without labels, not a class
        below = {
            folder: ["" if part in parts_named - set(splits) else part for part in parts]
            for folder, parts in below.items()
        }
    level, notes = _class_level(below, splits)
    if level is None:
        return None
    place = _placed(below, splits, level, common)
    if not place:
        return None
    counts: Counter[str] = Counter()
    chosen: dict[tuple[str, Split | None], list[str]] = {}
    for path in pictures:
        found = place.get(path.rpartition("/")[0])
        if found is not None:
            counts[found[0]] += 1
            chosen.setdefault((found[0], found[2]), []).append(path)
    if len({telling(code) for code in counts}) < 2 or len(counts) > _MOST:
        return None
    bare = {re.sub(r"[\W\d_]+", "", code) for code in counts}
    numbered = len(bare) == 1 and bare != {""}
    ids = bool(numbered and _IDS.search(next(iter(bare))))
    if ids or (numbered and len(counts) > 12) or (len(counts) > 4 and max(counts.values()) == 1):
        return None  # case1, case2, ...: patients
    tops = {_top(where, splits) for _, where, _ in place.values()}
    root = survey.root(tops)
    labels = captions_of(sorted(counts, key=natural))
    shown = [
        Shown(path, (code,), split=split)
        for (code, split), paths in sorted(chosen.items(), key=lambda item: (natural(item[0][0]), item[0][1] or ""))
        for path in spread(sorted(paths), per_class(len(labels) * max(1, len(set(splits.values())))))
    ]
    all_split = whole(splits.values()) and all(split for _, split in chosen)
    doubts = list(notes)
    if len(bare) == 1:
        doubts.append("the class folders differ in numbers only: are they classes, or patients?")
    stray = len(pictures) - sum(counts.values())
    if stray:
        doubts.append(f"{stray} pictures lie in no class folder")
    return Proposal(
        layout="class-folders",
        kind="single-label",
        labels=labels,
        root=root.path,
        markers=root.markers,
        code=_code(root, splits, skip),
        doc="the class of a picture is the folder it lies in",
        pictures=(ExamplePicture(tuple(item.path for item in shown), (96, 72)),),
        shown=tuple(shown),
        normal=normal_of(labels),
        unprotected=not all_split,
        validation_is_test=all_split and "test" not in splits.values(),
        suggestion=group_hint([path for path in pictures if path.rpartition("/")[0] in place]),
        evidence=(
            f"{len(labels)} class folders with {sum(counts.values())} pictures: "
            + ", ".join(f"{code} ({counts[code]})" for code in list(labels)[:12])
            + (", ..." if len(labels) > 12 else ""),
            *([f"official parts by folder: {', '.join(sorted(splits))}"] if splits else []),
        ),
        doubts=tuple(doubts),
        covered=sum(counts.values()),
        classes=counts,
    )


def _placed(
    below: dict[str, list[str]], splits: dict[str, Split], level: int, common: str
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
        place[folder] = (code, where, next((splits[part] for part in parts if part in splits), None))
        beside.setdefault("/".join(lead[:-1]), set()).add(code)
    known = {code for found in beside.values() if len(found) > 1 for code in found}
    if len(known) < 2:
        return {} if level == 0 else _placed(below, splits, 0, common)
    return {folder: found for folder, found in place.items() if found[0] in known}


def _split_names(paths: Collection[list[str]]) -> dict[str, Split]:
    """Folder names that name official parts: those of one level, if they make a split."""
    depth = max(map(len, paths))
    for level in range(depth):
        names = {parts[level] for parts in paths if len(parts) > level}
        found = {name: split for name in names if (split := split_of_name(name)) is not None}
        # a class may well be called "test positive": parts are a level of their own
        if whole(found.values()) and len(found) >= 0.5 * len(names):
            return found
    return {}


def _class_level(below: dict[str, list[str]], splits: dict[str, Split]) -> tuple[int | None, list[str]]:
    """The place of the class among the telling folder names of a path: 0 the first, -1 the last; and what to doubt."""
    paths = [named for parts in below.values() if (named := _named(parts, splits))]
    if not paths:
        return None, []
    depths = {len(parts) for parts in paths}
    if depths == {1}:
        return 0, []
    levels = {level: {fold(parts[level]) for parts in paths} for level in range(min(depths))}
    levels[-1] = {fold(parts[-1]) for parts in paths}
    candidates = {level: names for level, names in levels.items() if 2 <= len(names) <= _MOST}
    if not candidates:
        return None, []

    def rank(level: int) -> tuple[bool, bool, int]:
        """Words before numbers, names that come back under several parents before many that do not (patients), and of
        those the deepest."""
        names = candidates[level]
        wordy = sum(sum(map(str.isdigit, name)) <= 0.25 * len(name) for name in names) >= 0.8 * len(names)
        wordy = wordy and len({re.sub(r"\d+", "", name) for name in names}) >= 0.8 * len(names)
        return wordy, len(names) <= 30 or len(paths) > len(names), max(depths) + level if level < 0 else level

    best = max(candidates, key=rank)
    seen = {
        level: sorted({parts[level] for parts in paths if -len(parts) <= level < len(parts)}) for level in candidates
    }
    others = [names for level, names in seen.items() if names != seen[best]]
    if not others:
        return best, []
    told = "; ".join(", ".join(names[:5]) + (", ..." if len(names) > 5 else "") for names in others[:3])
    return best, [f"folders of another level could be the classes instead: {told}"]


def _named(parts: list[str], splits: dict[str, Split]) -> list[str]:
    """The folder names of a path that may be a class."""
    return [part for part in parts if part and part not in splits and telling(part) and not _MASKS.search(part)]


def _top(where: str, splits: dict[str, Split]) -> str:
    """The folder by which the root is known: the class folder, or the official part it lies in."""
    parts = where.split("/")
    at = next((place for place, part in enumerate(parts) if part in splits), None)
    return "/".join(parts[: at + 1]) if at is not None else where


def _code(root: Root, splits: dict[str, Split], skip: Sequence[str]) -> Code:
    arguments = ["tree", "card"]
    head = ""
    if splits:
        if {fold(name) for name in splits} <= STANDARD:
            arguments.append("split=readers.split_of")
        else:
            lines = "".join(
                f"    {python_text(fold(name))}: {python_text(split)},\n" for name, split in sorted(splits.items())
            )
            head = f"SPLITS: dict[str, readers.Split] = {{\n{lines}}}\n\n\n"
            arguments.append("split=lambda path: readers.split_of(path, SPLITS)")
    if skip:
        arguments.append(f"skip=lambda path: {' or '.join(skip)}")
    body = (
        f"{head}def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:\n"
        f"    return readers.class_folders({', '.join(arguments)})\n"
    )
    return Code(body, ("LabelSample",))
