"""Boxes in Pascal VOC or COCO files."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from medmat_core.card import ExampleFile, ExamplePicture
from medmat_core.fileio import open_regular
from medmat_core.model import Split
from medmat_core.readers.boxes import coco_boxes, voc_boxes
from medmat_core.scaffold.proposal import EXAMPLE_SIZE, SPOTS, Box4, Code, Layout, Proposal, Shown
from medmat_core.scaffold.quoting import python_text
from medmat_core.scaffold.survey import Root, Survey, apart, group_hint, shared, stem
from medmat_core.scaffold.words import captions_of, natural, split_of_name, split_of_path, whole
from medmat_core.tree import Tree, fold

_XML: Final = 4000
_JSON: Final = 400_000_000
"""Bytes of a JSON file that is looked at."""


def look_at_boxes(survey: Survey, wanted: Layout | None = None) -> Proposal | None:
    """Boxes as a proposal, or None."""
    found = _voc(survey) if wanted != "coco" else None
    return found or (_coco(survey) if wanted != "voc" else None)


def _common(paths: Sequence[str]) -> str:
    return shared([path.rpartition("/")[0] for path in paths])


def _voc(survey: Survey) -> Proposal | None:
    files = survey.with_suffix(".xml")
    owner = {file: paths[0] for file in files if len(paths := survey.stems.get(fold(stem(file)), [])) >= 1}
    if not owner or len(owner) < 0.5 * len(files):
        return None
    tree = Tree(survey.base)
    counts: Counter[str] = Counter()
    said: dict[str, tuple[str, ...]] = {}
    for file in list(owner)[:_XML]:
        boxes = voc_boxes(tree, file)
        if boxes is not None:
            said[file] = tuple(dict.fromkeys(box.code for box in boxes))
            counts.update(said[file])
    if not counts:
        return None
    annotations, pictures = _common(list(owner)), _common(list(owner.values()))
    anchors = [folder for folder in (annotations, pictures) if folder]
    if annotations == pictures or not anchors:
        anchors = list(owner)[:12]
    root = survey.root(anchors)
    labels = captions_of(sorted(counts, key=natural))
    folders = {path.rpartition("/")[0] for path in owner.values()}
    split = whole(split_of_path(folder) for folder in folders) and all(map(split_of_path, folders))
    picked = _picked({owner[file]: codes for file, codes in said.items()}, {})
    by_image = {image: file for file, image in owner.items()}
    shown = [
        _shown(image, place, said[by_image[image]], split_of_path(image.rpartition("/")[0]) if split else None)
        for image, place in picked.items()
    ]
    texts = tuple(ExampleFile(by_image[item.path], _voc_text(item)) for item in shown)
    bare = len(survey.pictures) - len(set(owner.values()))
    return Proposal(
        layout="voc",
        kind="box",
        labels=labels,
        root=root.path,
        markers=root.markers,
        code=_voc_code(root, annotations, pictures, split),
        doc="boxes in one Pascal VOC file a picture, of the same name",
        pictures=(ExamplePicture(tuple(item.path for item in shown), EXAMPLE_SIZE),),
        files=texts,
        shown=tuple(shown),
        unprotected=not split,
        has_negatives=any(not codes for codes in said.values()),
        suggestion=group_hint(sorted(owner.values())),
        evidence=(
            f"{len(owner)} Pascal VOC files with pictures of the same names, for example {next(iter(owner))}",
            f"{len(labels)} classes: {', '.join(f'{code} ({counts[code]})' for code in list(labels)[:12])}",
        ),
        doubts=(
            *([f"{bare} pictures have no Pascal VOC file"] if bare else []),
            *([f"{_XML} of {len(owner)} files were looked at: others may hold further classes"]
              if len(owner) > _XML else []),
            *(["lists of official parts (ImageSets) are not read"]
              if any("imagesets" in fold(path) for path in survey.others) else []),
            "coordinates are taken as Pascal VOC has them: counted from 1, the last pixel included",
        ),
        covered=len(set(owner.values())),
        classes=counts,
    )  # fmt: skip


def _coco(survey: Survey) -> Proposal | None:
    tree = Tree(survey.base)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    order: dict[str, None] = {}
    for file in survey.with_suffix(".json"):
        if os.path.getsize(tree.path(file)) > _JSON or not _is_coco(tree, file):
            continue
        own = {}
        for name, boxes in coco_boxes(tree, file):
            path = _picture(survey, name, file)
            if path is not None:
                own[path] = tuple(dict.fromkeys(box.code for box in boxes))
        if own:
            found[file] = own
            order.update(dict.fromkeys(_categories(tree, file)))
    if not found or not any(codes for own in found.values() for codes in own.values()):
        return None
    counts: Counter[str] = Counter(code for own in found.values() for codes in own.values() for code in codes)
    splits = {file: split_of_name(stem(file)) or split_of_path(_common(list(own))) for file, own in found.items()}
    split = whole(splits.values()) and all(splits.values())
    every = [path for own in found.values() for path in own]
    unders = {file: _common(list(own)) for file, own in found.items()}
    root = survey.root([*found, *(u for file, u in unders.items() if u and not file.startswith(f"{u}/"))])
    labels = captions_of([code for code in order if code in counts])
    by_image = {path: file for file, own in found.items() for path in own}
    picked = _picked({path: codes for own in found.values() for path, codes in own.items()}, by_image)
    shown = [
        _shown(image, place, found[by_image[image]][image], splits[by_image[image]] if split else None)
        for image, place in picked.items()
    ]
    texts = tuple(
        ExampleFile(
            file, _coco_text([item for item in shown if by_image[item.path] == file], list(labels), unders[file])
        )
        for file in found
    )
    bare = len(survey.pictures) - len(set(every))
    return Proposal(
        layout="coco",
        kind="box",
        labels=labels,
        root=root.path,
        markers=root.markers,
        code=_coco_code(root, {file: (unders[file], splits[file] if split else None) for file in found}),
        doc=f"boxes in {' and '.join(file.rpartition('/')[2] for file in list(found)[:3])} (COCO)",
        pictures=(ExamplePicture(tuple(item.path for item in shown), EXAMPLE_SIZE),),
        files=texts,
        shown=tuple(shown),
        unprotected=not split,
        validation_is_test=split and "test" not in splits.values(),
        has_negatives=any(not codes for own in found.values() for codes in own.values()),
        suggestion=group_hint(sorted(every)),
        evidence=(
            f"{', '.join(found)}: boxes of {len(every)} pictures (COCO)",
            f"{len(labels)} classes: {', '.join(f'{code} ({counts[code]})' for code in list(labels)[:12])}",
            *(["official parts by file"] if split else []),
        ),
        doubts=(f"{bare} pictures are in no COCO file",) if bare else (),
        covered=len(set(every)),
        classes=counts,
    )


def _is_coco(tree: Tree, file: str) -> bool:
    try:
        with open_regular(tree.path(file)) as stream:
            raw: Any = json.loads(stream.read().decode("utf-8", "replace"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(raw, dict) and {"images", "annotations", "categories"} <= raw.keys()


def _categories(tree: Tree, file: str) -> list[str]:
    with open_regular(tree.path(file)) as stream:
        raw: Any = json.loads(stream.read().decode("utf-8", "replace"))
    return [str(item["name"]) for item in raw["categories"] if isinstance(item, dict) and "name" in item]


def _picture(survey: Survey, name: str, file: str) -> str | None:
    """The picture that a COCO file names: of several of that name the one nearest to the file's own part."""
    paths = survey.names.get(fold(name.replace("\\", "/").rpartition("/")[2]), [])
    part = split_of_name(stem(file))
    wanted = fold(name).split("/")

    def rank(path: str) -> tuple[bool, int, bool, int]:
        own = fold(path).split("/")
        alike = next((n for n in range(len(wanted), 0, -1) if own[-n:] == wanted[-n:]), 0)
        beside = path.rpartition("/")[0] == file.rpartition("/")[0]
        return (
            part is not None and split_of_path(path.rpartition("/")[0]) not in (part, None),
            -alike,
            not beside,
            len(own),
        )

    return min(paths, key=rank) if paths else None


def _picked(said: dict[str, tuple[str, ...]], file_of: dict[str, str]) -> dict[str, int]:
    """Pictures for the example: three of each class and file, and one without boxes; each with its number within its
    first class, which decides where its boxes are drawn.

    One in six goes to test, so that two of a class are left in train: enough for a round.
    """
    need: Counter[tuple[str, str]] = Counter()
    picked: dict[str, int] = {}
    for image in sorted(said):
        keys = [(code, file_of.get(image, "")) for code in said[image] or ("",)]
        if (
            any(need[key] < (3 if key[0] else 1) for key in keys)
            and len(picked) < 60
            and len(said[image]) <= len(SPOTS)
        ):
            picked[image] = need[keys[0]]
            need.update(keys)
    return picked


def _shown(image: str, place: int, codes: Sequence[str], split: Split | None) -> Shown:
    boxes: dict[str, tuple[Box4, ...]] = {
        code: (SPOTS[(place + number) % len(SPOTS)],) for number, code in enumerate(codes)
    }
    return Shown(image, tuple(boxes), split=split, boxes=boxes)


def _voc_text(item: Shown) -> str:
    from xml.sax.saxutils import escape

    lines = ["<annotation>"]
    lines.append(f"  <size><width>{EXAMPLE_SIZE[0]}</width><height>{EXAMPLE_SIZE[1]}</height><depth>3</depth></size>")
    for code, boxes in item.boxes.items():
        for x1, y1, x2, y2 in boxes:
            corners = {"xmin": x1 + 1, "ymin": y1 + 1, "xmax": x2, "ymax": y2}
            inner = "".join(f"<{key}>{value}</{key}>" for key, value in corners.items())
            lines.append(f"  <object><name>{escape(code)}</name><bndbox>{inner}</bndbox></object>")
    return "\n".join([*lines, "</annotation>", ""])


def _coco_text(items: Sequence[Shown], codes: Sequence[str], under: str) -> str:
    numbers = {code: place for place, code in enumerate(codes, 1)}
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, item in enumerate(items, 1):
        name = item.path[len(under) + 1 if under else 0 :]
        images.append({"id": number, "file_name": name, "width": EXAMPLE_SIZE[0], "height": EXAMPLE_SIZE[1]})
        for code, boxes in item.boxes.items():
            for x1, y1, x2, y2 in boxes:
                annotations.append(
                    {"id": len(annotations) + 1, "image_id": number, "category_id": numbers[code],
                     "bbox": [x1, y1, x2 - x1, y2 - y1]}
                )  # fmt: skip
    body = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": code} for code, number in numbers.items()],
    }
    lines = [
        f"{json.dumps(key)}: [\n" + ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in value) + "\n]"
        for key, value in body.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _under(folder: str) -> str:
    return f", under={python_text(folder)}" if folder else ""


def _voc_code(root: Root, annotations: str, pictures: str, split: bool) -> Code:
    folder = python_text(root.below(annotations))
    use = ", split=readers.split_of(image)" if split else ""
    body = (
        "def samples(tree: readers.Tree, card: Card) -> Iterator[BoxSample]:\n"
        f"    pictures = readers.Pictures(tree{_under(root.below(pictures))})\n"
        "    return readers.report_unlisted(pictures, boxed(tree, pictures))\n\n\n"
        "def boxed(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[BoxSample]:\n"
        f'    for file in tree.files({folder}, (".xml",)):\n'
        '        image = pictures.wanted(file.rpartition("/")[2].rpartition(".")[0], file, by="stem")\n'
        "        boxes = readers.voc_boxes(tree, file) if image is not None else None\n"
        "        if image is not None and boxes is not None:\n"
        f"            yield BoxSample(image, tuple(boxes){use})\n"
    )
    return Code(body, ("BoxSample",))


def _coco_code(root: Root, files: dict[str, tuple[str, Split | None]]) -> Code:
    split = any(part for _, part in files.values())
    unders = [root.below(under) for under, _ in files.values()]
    own = len(files) > 1 and apart(unders)
    columns = {
        "file": "str",
        **({"under": "str"} if own else {}),
        **({"split": "readers.Split | None"} if split else {}),
    }
    lines = "".join(
        "    ("
        + ", ".join(
            {"file": python_text(root.below(file)), "under": python_text(root.below(under)),
             "split": python_text(part) if part else "None"}[column]
            for column in columns
        )
        + ",),\n"
        for file, (under, part) in files.items()
    )  # fmt: skip
    hand, take, use = (", split", ", split: readers.Split | None", ", split=split") if split else ("", "", "")
    boxed = (
        f"def boxed(tree: readers.Tree, file: str, pictures: readers.Pictures{take}) -> Iterator[BoxSample]:\n"
        "    for name, boxes in readers.coco_boxes(tree, file):\n"
        '        image = pictures.wanted(name, file, by="tail")\n'
        "        if image is not None:\n"
        f"            yield BoxSample(image, boxes{use})\n"
    )
    head = f"FILES: tuple[tuple[{', '.join(columns.values())}], ...] = (\n{lines})\n\n\n"
    start = "def samples(tree: readers.Tree, card: Card) -> Iterator[BoxSample]:\n"
    if len(files) == 1:
        file = python_text(root.below(next(iter(files))))
        body = (
            f"{start}    pictures = readers.Pictures(tree{_under(unders[0])})\n"
            f"    return readers.report_unlisted(pictures, boxed(tree, {file}, pictures))\n\n\n{boxed}"
        )
        return Code(body, ("BoxSample",))
    if own:
        body = (
            f"{head}{start}    for {', '.join(columns)} in FILES:\n"
            "        pictures = readers.Pictures(tree, under=under)\n"
            f"        yield from readers.report_unlisted(pictures, boxed(tree, file, pictures{hand}))\n\n\n{boxed}"
        )
        return Code(body, ("BoxSample",))
    names = ", ".join(columns) + ("," if len(columns) == 1 else "")
    body = (
        f"{head}{start}    pictures = readers.Pictures(tree{_under(shared(unders))})\n"
        f"    found = (sample for {names} in FILES for sample in boxed(tree, file, pictures{hand}))\n"
        f"    return readers.report_unlisted(pictures, found)\n\n\n{boxed}"
    )
    return Code(body, ("BoxSample",))
