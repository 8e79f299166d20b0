"""Boxes in Pascal VOC, COCO or YOLO files."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from attrs import frozen

from medmat_core.example import ExampleFile
from medmat_core.model import Split
from medmat_core.readers.boxes import coco_boxes, voc_boxes
from medmat_core.readers.tables import json_file, lines
from medmat_core.scaffold.proposal import EXAMPLE_SIZE, Box4, Proposal, Shown, counted
from medmat_core.scaffold.survey import Root, Survey, folder_of, shared, stem, templated
from medmat_core.scaffold.words import (
    captions_of,
    natural,
    part_of,
    split_names,
    split_of_name,
    split_of_path,
    split_rule,
    whole,
)
from medmat_core.tree import Tree, fold

_FILES: Final = 4000
_JSON: Final = 400_000_000
"""Bytes of a JSON file that is looked at."""
_YOLO: Final = re.compile(r"\d{1,4}( [0-9.eE+-]+){4}")

Said = Mapping[str, tuple[str, ...]]
"""Picture -> the classes of its boxes."""


@frozen(eq=False)
class BoxFiles:
    """Files of one kind: each with the pictures it speaks of; ``codes`` are all classes in their order."""

    kind: str
    files: Mapping[str, Said]
    codes: Sequence[str]

    def excerpt(self, shown: Sequence[Shown], groups: Mapping[str, str]) -> list[ExampleFile]:
        write = {"voc": _voc_text, "yolo": _yolo_text, "coco": _coco_text}[self.kind]
        own = {file: [item for item in shown if item.path in said] for file, said in self.files.items()}
        return [
            ExampleFile(file, write(items, self.codes, shared(map(folder_of, self.files[file]))))
            for file, items in own.items() if items or self.kind == "coco"
        ]  # fmt: skip


def boxes(survey: Survey, wanted: str | None = None) -> Proposal | None:
    """Boxes as a proposal, or None. ``wanted`` takes that layout only."""
    for kind, look in (("voc", _voc), ("coco", _coco), ("yolo", _yolo)):
        found = look(survey) if wanted in (None, kind) else None
        if found is not None and any(codes for said in found.files.values() for codes in said.values()):
            return _proposal(survey, found)
    return None


def _beside(survey: Survey, suffix: str) -> dict[str, str]:
    """Files named after a picture -> that picture."""
    files = survey.with_suffix(suffix)
    owner = {file: paths[0] for file in files if (paths := survey.stems.get(fold(stem(file)), []))}
    return owner if len(owner) >= 0.5 * len(files) else {}


def _voc(survey: Survey) -> BoxFiles | None:
    tree = Tree(survey.base)
    files: dict[str, Said] = {}
    for file, image in list(_beside(survey, ".xml").items())[:_FILES]:
        found = voc_boxes(tree, file)
        if found is not None:
            files[file] = {image: tuple(dict.fromkeys(box.code for box in found))}
    codes = {code for said in files.values() for own in said.values() for code in own}
    return BoxFiles("voc", files, sorted(codes, key=natural)) if files else None


def _yolo(survey: Survey) -> BoxFiles | None:
    tree = Tree(survey.base)
    files: dict[str, Said] = {}
    for file, image in list(_beside(survey, ".txt").items())[:_FILES]:
        told = [text for _, text in lines(tree, file)]
        if all(map(_YOLO.fullmatch, told)):
            files[file] = {image: tuple(dict.fromkeys(text.split()[0] for text in told))}
    numbers = {int(code) for said in files.values() for own in said.values() for code in own}
    if not numbers:
        return None
    lists = [path for path in survey.others if re.search(r"(classes\.txt|\.names)$", path.lower())]
    names = [text for _, text in lines(tree, lists[0])] if lists else []
    codes = names if len(names) > max(numbers) else [str(number) for number in range(max(numbers) + 1)]
    named = {file: {p: tuple(codes[int(n)] for n in own) for p, own in said.items()} for file, said in files.items()}
    return BoxFiles("yolo", named, codes)


def _coco(survey: Survey) -> BoxFiles | None:
    tree = Tree(survey.base)
    files: dict[str, Said] = {}
    order: dict[str, None] = {}
    for file in survey.with_suffix(".json"):
        raw = json_file(tree, file) if os.path.getsize(tree.path(file)) <= _JSON else None
        if isinstance(raw, dict) and {"images", "annotations", "categories"} <= raw.keys():
            pairs = ((_picture(survey, name, file), found) for name, found in coco_boxes(tree, file))
            files[file] = {path: tuple(dict.fromkeys(box.code for box in found)) for path, found in pairs if path}
            order |= dict.fromkeys(str(item["name"]) for item in raw["categories"] if isinstance(item, dict))
    files = {file: said for file, said in files.items() if said}
    used = {code for said in files.values() for own in said.values() for code in own}
    return BoxFiles("coco", files, [code for code in order if code in used]) if files else None


def _picture(survey: Survey, name: str, file: str) -> str | None:
    """The picture that a COCO file names: of several of that name the one nearest to the file's own part."""
    wanted = fold(name.replace("\\", "/")).split("/")
    part = split_of_name(stem(file))

    def rank(path: str) -> tuple[bool, int, bool, int]:
        own = fold(path).split("/")
        alike = next((n for n in range(len(wanted), 0, -1) if own[-n:] == wanted[-n:]), 0)
        other = part is not None and split_of_path(folder_of(path)) not in (part, None)
        return other, -alike, folder_of(path) != folder_of(file), len(own)

    return min(survey.names.get(wanted[-1], []), key=rank, default=None)


def _proposal(survey: Survey, found: BoxFiles) -> Proposal | None:
    said = {path: codes for own in found.files.values() for path, codes in own.items()}
    counts = Counter(code for codes in said.values() for code in codes)
    captions = captions_of(found.codes)
    where = _by_file(survey, found) if found.kind == "coco" else _by_picture(survey, found, said)
    if where is None:
        return None
    root, fields, parts = where
    split = whole(parts) and None not in parts
    return Proposal(
        layout={"kind": found.kind, **{name: value for name, value in fields.items() if value}},
        kind="box",
        labels=captions,
        root=root,
        sources=(found,),
        parts=frozenset(parts),
        has_negatives=any(not codes for codes in said.values()),
        evidence=(
            f"{len(found.files)} {found.kind.upper()} files with boxes of {len(said)} pictures, such as "
            + next(iter(found.files)),
            f"{len(captions)} classes: {counted(captions, counts)}",
            *(["official parts by file" if found.kind == "coco" else "official parts by folder"] if split else []),
        ),
        doubts=tuple(_doubts(survey, found, len(survey.pictures) - len(said))),
        covered=len(said),
    )


Where = tuple[Root, dict[str, Any], list[Split | None]]
"""The root, fields of the layout, and official parts."""


def _by_file(survey: Survey, found: BoxFiles) -> Where | None:
    """One file for many pictures, or one a part; None where no one name stands for all files."""
    unders = {file: shared(map(folder_of, own)) for file, own in found.files.items()}
    root = survey.root([*unders, *(u for file, u in unders.items() if u and not file.startswith(f"{u}/"))])
    made = templated([[root.below(file), root.below(under)] for file, under in unders.items()])
    parts = [split_of_name(stem(file)) or split_of_path(under) for file, under in unders.items()]
    if made is None or (made[1] and None in parts):
        return None
    (file, pictures), words = made
    return root, {"file": file, "pictures": pictures, "parts": dict(zip(words, parts, strict=False))}, parts


def _by_picture(survey: Survey, found: BoxFiles, said: Said) -> Where:
    """A file a picture."""
    pictures, texts = shared(map(folder_of, said)), shared(map(folder_of, found.files))
    apart = pictures != texts and (pictures or texts)
    root = survey.root(filter(None, [pictures, texts] if apart else sorted(found.files)[:12]))
    splits = split_names({folder_of(path) for path in said})
    fields = {
        "pictures": root.below(pictures),
        "boxes": root.below(texts) if apart else "",
        "names": list(found.codes) if found.kind == "yolo" else [],
        "split": split_rule(splits) if splits else {},
    }
    return root, fields, [part_of(folder_of(path), splits) for path in said]


def _doubts(survey: Survey, found: BoxFiles, bare: int) -> Iterator[str]:
    if bare:
        yield f"{bare} pictures have no {found.kind.upper()} file"
    if len(found.files) >= _FILES:
        yield f"{_FILES} files were looked at: others may hold further classes"
    if any("imagesets" in fold(path) for path in survey.others):
        yield "lists of official parts (ImageSets) are not read: see split.lists"
    if found.kind == "voc":
        yield "coordinates are taken as Pascal VOC has them: counted from 1, the last pixel included"
    if found.kind == "yolo" and all(map(str.isdecimal, found.codes)):
        yield f"the classes are numbers ({', '.join(found.codes[:6])}): write in names and [labels] what they mean"


def _voc_text(items: Sequence[Shown], codes: Sequence[str], under: str) -> str:
    width, height = EXAMPLE_SIZE
    found = [f"<annotation>\n  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>"]
    for code, (x1, y1, x2, y2) in _flat(items):
        corners = {"xmin": x1 + 1, "ymin": y1 + 1, "xmax": x2, "ymax": y2}
        inner = "".join(f"<{key}>{value}</{key}>" for key, value in corners.items())
        found.append(f"  <object><name>{escape(code)}</name><bndbox>{inner}</bndbox></object>")
    return "\n".join([*found, "</annotation>", ""])


def _yolo_text(items: Sequence[Shown], codes: Sequence[str], under: str) -> str:
    width, height = EXAMPLE_SIZE
    slack = 0.02  # shares of a picture are never exact: a box is widened to whole pixels when it is read
    return "".join(
        f"{codes.index(code)} {(x1 + x2) / 2 / width:.6f} {(y1 + y2) / 2 / height:.6f} "
        f"{(x2 - x1 - slack) / width:.6f} {(y2 - y1 - slack) / height:.6f}\n"
        for code, (x1, y1, x2, y2) in _flat(items)
    )


def _coco_text(items: Sequence[Shown], codes: Sequence[str], under: str) -> str:
    width, height = EXAMPLE_SIZE
    cut = len(under) + 1 if under else 0
    images = [{"id": n, "file_name": item.path[cut:], "width": width, "height": height} for n, item in enumerate(items)]
    marks = [(n, code, box) for n, item in enumerate(items) for code, box in _flat([item])]
    annotations = [
        {"id": place, "image_id": n, "category_id": codes.index(code), "bbox": [x1, y1, x2 - x1, y2 - y1]}
        for place, (n, code, (x1, y1, x2, y2)) in enumerate(marks)
    ]
    categories = [{"id": n, "name": code} for n, code in enumerate(codes)]
    parts = {"images": images, "annotations": annotations, "categories": categories}
    told = [f"{json.dumps(key)}: [\n{_lines(value)}\n]" for key, value in parts.items()]
    return "{\n" + ",\n".join(told) + "\n}\n"


def _lines(values: Sequence[object]) -> str:
    return ",\n".join(json.dumps(value, ensure_ascii=False) for value in values)


def _flat(items: Sequence[Shown]) -> Iterator[tuple[str, Box4]]:
    return ((code, box) for item in items for code, found in item.boxes.items() for box in found)
