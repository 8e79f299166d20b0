"""Boxes in Pascal VOC, COCO or YOLO files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.survey import Survey, folder_of, head_of, nearest, shared, spread, stem, templated
from medmat_core.layouts.guess.words import captions_of, split_of_name, split_of_path, whole
from medmat_core.readers.boxes import coco_boxes
from medmat_core.readers.tables import lines
from medmat_core.tree import Tree, fold

_JSON: Final = 400_000_000
"""Bytes of a JSON file that is looked at."""
_SOME: Final = 200
"""Files of boxes that are looked into to tell what they are."""
_LINE: Final = re.compile(r"\d{1,4}(\s+[0-9.eE+-]+){4,}")
_LISTS: Final = ("data.yaml", "data.yml", "dataset.yaml", "obj.names", "classes.txt", "_darknet.labels")
"""Files that list the classes of YOLO in their order, likeliest first; any other .names, .yaml is tried as well."""
_NAMES: Final = re.compile(
    r"^names:\s*(?:\[([^]]*)\]|\{([^}]*)\}|(?:#[^\n]*)?\n((?:(?:-|\d+\s*:)[^\n]*\n?)+))", re.MULTILINE
)
_INLINE: Final = re.compile(r"(?:(\d+)\s*:\s*)?('[^']*'|\"[^\"]*\"|[^,\s][^,]*)")
_LINES: Final = re.compile(r"^(?:-|(\d+)\s*:)\s*('[^'\n]*'|\"[^\"\n]*\"|.*?)(?:\s+#.*)?$", re.MULTILINE)
_CONVENTION: Final = "coordinates are taken as Pascal VOC has them: counted from 1, the last pixel included"


def guess(survey: Survey, kind: str | None = None) -> Iterator[Proposal]:
    """Files of boxes as proposals; ``kind`` takes that layout only."""
    for one, look in (("voc", _voc), ("coco", _coco), ("yolo", _yolo)):
        found = look(survey) if kind in (None, one) else None
        if found is not None:
            yield found


def _owners(survey: Survey, suffix: str) -> dict[str, str]:
    """Files named after a picture -> that picture."""
    found: dict[str, str] = {}
    for file in survey.with_suffix(suffix):
        if pictures := survey.stems.get(fold(stem(file))):
            found[file] = nearest(file, pictures)
    return found


def _voc(survey: Survey) -> Proposal | None:
    owner = _owners(survey, ".xml")
    head = [head_of(survey.base / file, 4096) for file in spread(sorted(owner), _SOME)]
    if not head or sum(b"<annotation" in text for text in head) < 0.5 * len(survey.with_suffix(".xml")[:_SOME]):
        return None
    return _beside(survey, "voc", owner)


def _yolo(survey: Survey) -> Proposal | None:
    tree = Tree(survey.base)
    named = {file: path for file, path in _owners(survey, ".txt").items() if not _lists_classes(file)}
    owner: dict[str, str] = {}
    numbers: set[int] = set()
    for file, picture in named.items():
        told = [text for _, text in lines(tree, file)]
        if all(map(_LINE.fullmatch, told)):
            owner[file] = picture
            numbers |= {int(text.split()[0]) for text in told}
    if not numbers or len(owner) < 0.8 * len(named):
        return None
    names = next((names for names in _class_names(survey) if len(names) > max(numbers)), ())
    codes = [str(number) for number in range(max(numbers) + 1)] if not names else list(names)
    return _beside(survey, "yolo", owner, codes)


def _beside(survey: Survey, kind: str, owner: Mapping[str, str], codes: Sequence[str] = ()) -> Proposal:
    """A file a picture: anywhere, in folders of the same names, or with folders of their own in those of the parts."""
    inner = sorted({(folder_of(picture), folder_of(file)) for file, picture in owner.items()})
    made = templated(inner)
    parts = {word: split_of_name(word) for word in made[1]} if made is not None else {}
    if made is not None and whole(parts.values()) and None not in parts.values():
        fields: dict[str, Any] = {"pictures": made[0][0], "boxes": made[0][1], "parts": parts}
    else:
        pictures, files = shared(map(folder_of, owner.values())), shared(map(folder_of, owner))
        fields = {"pictures": pictures, "boxes": files, **survey.split(owner.values())}
    if fields["pictures"] == fields["boxes"]:
        del fields["boxes"]
    folders = set(map(folder_of, owner))
    listed = {
        path.rpartition("/")[2] for path in survey.with_suffix(".txt")
        if kind == "yolo" and (_lists_classes(path) or path in survey.lists)
        and ("boxes" not in fields or folder_of(path) in folders)
    }  # fmt: skip
    fields |= {"names": list(codes), "skip": sorted(listed)}
    return Proposal(
        layout={"kind": kind, **{name: value for name, value in fields.items() if value}},
        labels=captions_of(codes),
        evidence=(f"{len(owner)} {kind.upper()} files with the names of pictures, such as {min(owner)}",),
        classes="classes of boxes in {count} pictures",
        doubts=(_CONVENTION,) if kind == "voc" else (),
        covered=len(set(owner.values())),
    )


def _lists_classes(path: str) -> bool:
    return fold(path.rpartition("/")[2]) in _LISTS


def _class_names(survey: Survey) -> Iterator[tuple[str, ...]]:
    """What files say that list classes in their order."""

    def rank(path: str) -> int:
        name = fold(path.rpartition("/")[2])
        return _LISTS.index(name) if name in _LISTS else len(_LISTS)

    files = [p for p in survey.others if rank(p) < len(_LISTS) or p.lower().endswith((".names", ".yaml", ".yml"))]
    for path in sorted(files, key=rank):
        told = [text for _, text in lines(Tree(survey.base), path)]
        yield _yaml_names("\n".join(told)) if path.lower().endswith((".yaml", ".yml")) else tuple(told)


def _yaml_names(text: str) -> tuple[str, ...]:
    """The list under ``names`` of a data.yaml: in brackets, or a line each behind a dash, or a line each behind its
    number, which has to count on from 0; anything else of YAML is no list of names. Lines are stripped."""
    found = _NAMES.search(text)
    if found is None:
        return ()
    items = _LINES.findall(found[3]) if found[3] else _INLINE.findall(found[1] or found[2] or "")
    names = tuple(name.strip("'\"").strip() for _, name in items)
    numbers = [int(number) for number, _ in items if number]
    return names if all(names) and numbers in ([], list(range(len(names)))) else ()


def _coco(survey: Survey) -> Proposal | None:
    """One file for many pictures, or one a part; None where no one name stands for all files."""
    tree = Tree(survey.base)
    files: dict[str, set[str]] = {}
    for file in survey.with_suffix(".json"):
        if os.path.getsize(survey.base / file) <= _JSON:
            known = survey.lookup(split_of_name(stem(file)))
            own = {path for name, _ in coco_boxes(tree, file) if (path := known.tail(name)) is not None}
            files |= {file: own} if own else {}
    unders = {file: shared(map(folder_of, own)) for file, own in files.items()}
    made = templated([*unders.items()]) if files else None
    parts = [split_of_name(stem(file)) or split_of_path(under) for file, under in unders.items()]
    if made is None or (made[1] and None in parts):
        return None
    (name, pictures), words = made
    fields = {"file": name, "pictures": pictures, "parts": dict(zip(words, parts, strict=False))}
    covered = set().union(*files.values())
    return Proposal(
        layout={"kind": "coco", **{field: value for field, value in fields.items() if value}}
        | (survey.split(covered) if not words else {}),
        evidence=(f"{len(files)} COCO files with boxes, such as {next(iter(files))}",),
        classes="classes of boxes in {count} pictures",
        covered=len(covered),
    )
