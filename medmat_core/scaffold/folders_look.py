"""Class folders: the class of a picture is the name of a folder it lies in."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from medmat_core.card import Picture
from medmat_core.model import Split
from medmat_core.scaffold.proposal import Code, Proposal, Shown
from medmat_core.scaffold.quoting import python_text
from medmat_core.scaffold.survey import Root, Survey, group_hint, per_class, spread
from medmat_core.scaffold.words import STANDARD, captions_of, is_generic, natural, split_of_name, whole
from medmat_core.tree import fold

_MOST: Final = 120
"""More folders than this are patients or series, not classes."""


def look_at_folders(survey: Survey, leave_out: Collection[str] = (), skip: Sequence[str] = ()) -> Proposal | None:
    """The folders as classes, or None where there are no two folders of one level that could be.

    ``leave_out`` are pictures that are no pictures (masks); ``skip`` are Python conditions over ``path`` that tell them.
    """
    pictures = [path for path in survey.pictures if path not in set(leave_out)] if leave_out else survey.pictures
    folders = {path.rpartition("/")[0] for path in pictures}
    if not folders or folders == {""}:
        return None
    common = os.path.commonpath([f"/{folder}" for folder in folders]).strip("/")
    below = {folder: folder[len(common) + 1 if common else 0 :].split("/") for folder in folders}
    splits = _split_names(below.values())
    level, notes = _class_level(below, splits)
    if level is None:
        return None
    codes: dict[str, str] = {}
    place: dict[str, tuple[str, str, Split | None]] = {}
    for folder, parts in below.items():
        named = [part for part in parts if part and part not in splits and not is_generic(part)]
        if not named:
            continue
        name = named[level] if -len(named) <= level < len(named) else named[-1]
        code = codes.setdefault(fold(name), name)
        at = parts.index(name)
        where = "/".join(([common] if common else []) + parts[: at + 1])
        place[folder] = (code, where, next((splits[part] for part in parts if part in splits), None))
    counts: Counter[str] = Counter()
    chosen: dict[tuple[str, Split | None], list[str]] = {}
    for path in pictures:
        found = place.get(path.rpartition("/")[0])
        if found is not None:
            counts[found[0]] += 1
            chosen.setdefault((found[0], found[2]), []).append(path)
    if len(counts) < 2 or len(counts) > _MOST:
        return None
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
        pictures=(Picture(tuple(item.path for item in shown), (96, 72)),),
        shown=tuple(shown),
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
    telling = [
        [part for part in parts if part and part not in splits and not is_generic(part)] for parts in below.values()
    ]
    telling = [parts for parts in telling if parts]
    if not telling:
        return None, []
    depths = {len(parts) for parts in telling}
    if depths == {1}:
        return 0, []
    levels = {level: {fold(parts[level]) for parts in telling} for level in range(min(depths))}
    last = {fold(parts[-1]) for parts in telling}
    candidates = {level: names for level, names in levels.items() if 2 <= len(names) <= _MOST}
    if 2 <= len(last) <= _MOST:
        candidates[-1] = last
    if not candidates:
        return None, []
    # folders that come back under several parents are classes; folders that are all different are patients
    repeats = {level: len(telling) / len(names) for level, names in candidates.items()}
    best = max(candidates, key=lambda level: (repeats[level] > 1 and level == -1, repeats[level], -level))
    seen = {
        level: sorted({parts[level] for parts in telling if -len(parts) <= level < len(parts)}) for level in candidates
    }
    others = [names for level, names in seen.items() if names != seen[best]]
    if not others:
        return best, []
    told = "; ".join(", ".join(names[:5]) + (", ..." if len(names) > 5 else "") for names in others[:3])
    return best, [f"folders of another level could be the classes instead: {told}"]


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
