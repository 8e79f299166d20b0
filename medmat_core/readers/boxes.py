"""Boxes from annotation files: Pascal VOC, COCO, and the difference between inclusive and half-open."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from math import isfinite, nan
from typing import Any, Final, Literal

from medmat_core.fileio import open_regular
from medmat_core.model import Box, BoxSample, Split
from medmat_core.readers.groups import GroupRule, group_of, split_at
from medmat_core.readers.pictures import Pictures, stem
from medmat_core.readers.tables import LONGEST, Row, json_file, read_text
from medmat_core.readers.tagged import named
from medmat_core.tree import Tree

Form = Literal["xyxy", "xywh", "cxcywh"]
"""What the four numbers of a box say: two corners, a corner and a size, or a center and a size."""

_Corners = tuple[float, float, float, float]


def inclusive(code: str, x1: float, y1: float, x2: float, y2: float) -> Box:
    """A box whose far corner is its last pixel, as a half-open one."""
    return Box(code, (x1, y1, x2 + 1, y2 + 1))


def voc_boxes(tree: Tree, file: str) -> list[Box] | None:
    """The boxes of one Pascal VOC XML file (1-based, inclusive) as half-open ones counted from 0.

    An object whose box cannot be read is reported and comes as a box of four NaN, which leaves its class open. Each
    box knows the ``<size>`` that the file states. Entities are not expanded. None, with a problem reported, if the file
    is not readable XML.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.ElementTree import parse

    if tree.leads_out(file):
        return None
    tree.opened.add(file)
    try:
        with open_regular(tree.path(file), LONGEST) as handle:
            root = parse(handle).getroot()
    except (OSError, ParseError, LookupError, ValueError) as error:  # also an encoding that there is not
        tree.report("bad_file", file, f"not readable XML: {error}")
        return None
    if root.tag != "annotation":
        tree.report("bad_file", file, f"not a Pascal VOC file: it begins with <{root.tag[:60]}>, not <annotation>")
        return None
    boxes: list[Box] = []
    drawn: list[_Corners] = []
    size = _size(*(root.findtext(f"size/{key}") for key in ("width", "height")))
    for item in root.iter("object"):
        name = _only_text(item, "name")
        try:
            (box,) = item.findall("bndbox")
            x1, y1, x2, y2 = (_number(_only_text(box, key)) for key in ("xmin", "ymin", "xmax", "ymax"))
        except ValueError:
            tree.report("bad_box", file, f"object {name!r:.60} has not one bndbox of four numbers")
            x1 = y1 = x2 = y2 = nan
        else:
            drawn.append((x1, y1, x2, y2))
        boxes.append(Box(name, (x1 - 1, y1 - 1, x2, y2), size))
    if _in_fractions(drawn):
        tree.report("bad_file", file, f"{_FRACTIONS}, and Pascal VOC counts pixels")
        return None
    return boxes


def _only_text(item: Any, tag: str) -> str:
    """The text of the one child of that name; "" where there is none, or several of which nobody knows which counts."""
    found = item.findall(tag)
    return (found[0].text or "").strip() if len(found) == 1 else ""


def _number(text: str) -> float:
    """A finite number as people write it (Python would take "1_2", too); :class:`ValueError` for anything else."""
    value = float(text)
    if "_" in text or not isfinite(value):
        raise ValueError(f"{text[:60]!r} is no number")
    return value


def _size(width: object, height: object) -> tuple[int, int] | None:
    """The (width, height) that a file states; None where it states none (some tools write zeros)."""
    try:
        wide, high = (int(float(str(side))) for side in (width, height))
    except (ValueError, OverflowError):
        return None
    return (wide, high) if wide > 0 and high > 0 else None


_FRACTIONS: Final = "all its boxes lie between 0 and 1: these are fractions of the picture's size"

_UNIT: Final = (-0.5, 1.5)
"""Where corners lie that are fractions: some reach over the edge. Pixels of a whole picture's boxes never all do."""


def _in_fractions(boxes: Iterable[_Corners]) -> bool:
    """Whether all corners lie about 0 to 1, and some of them at no whole pixel."""
    broken = False
    for corners in boxes:
        if not all(_UNIT[0] <= corner <= _UNIT[1] for corner in corners):
            return False
        broken = broken or any(corner % 1 for corner in corners)
    return broken


def coco_boxes(tree: Tree, file: str) -> Iterator[tuple[str, tuple[Box, ...]]]:
    """(file name, boxes) of every image of a COCO file, images without boxes included.

    COCO's ``[x, y, width, height]`` counts from 0 and is half-open as it stands. The code is the category's name.

    A box that cannot be read is reported and comes as four NaN, which leaves its class open. Each box knows the size
    that the file states of its image. An image with a box of no category is reported and left out.
    """
    raw: Any = json_file(tree, file)
    if raw is None:
        return
    try:
        names = {number: str(item["name"]) for number, item in _by_id(raw, "categories").items()}
        images = _by_id(raw, "images")
        listed = [(str(item["file_name"]), number) for number, item in images.items()]
        annotations = list(raw["annotations"])
    except (KeyError, TypeError, ValueError) as error:
        tree.report("bad_file", file, f"not a COCO file: {type(error).__name__}: {error}")
        return
    boxes: dict[Any, list[Box]] = {}
    torn: set[Any] = set()
    lost = 0
    for place, item in enumerate(annotations, 1):
        number, category = (item.get(key) if isinstance(item, dict) else None for key in ("image_id", "category_id"))
        if not _is_id(number) or number not in images:
            lost += 1
            continue
        if not _is_id(category) or category not in names:
            tree.report("bad_box", file, f"a box of image {number!r} is of no category: {category!r:.60}", place)
            torn.add(number)
            continue
        corners = _corners(item.get("bbox"))
        if corners is None:
            tree.report("bad_box", file, f"{item.get('bbox')!r:.60} is not x, y, width, height", place)
        within = _size(images[number].get("width"), images[number].get("height"))
        boxes.setdefault(number, []).append(Box(names[category], corners or (nan, nan, nan, nan), within))
    if _in_fractions(box.xyxy for of_image in boxes.values() for box in of_image):
        tree.report("bad_file", file, f"{_FRACTIONS}, and COCO counts pixels")
        return
    if lost:
        tree.report("bad_row", file, f"{lost} boxes belong to images that the file does not list")
    for name, number in listed:
        if number not in torn:
            yield name, tuple(boxes.get(number, ()))


def _is_id(value: Any) -> bool:
    return type(value) in (int, str)


def _by_id(raw: Any, what: str) -> dict[Any, Any]:
    """A list's objects by their ids; :class:`ValueError` where one id stands for two of them."""
    found: dict[Any, Any] = {}
    for item in raw[what]:
        number = item["id"]
        if not _is_id(number):
            raise ValueError(f"an id is neither a whole number nor a text: {number!r:.60}")
        if found.setdefault(number, item) != item:
            raise ValueError(f"two {what} have the id {number!r:.60}")
    return found


def _corners(bbox: Any) -> tuple[float, float, float, float] | None:
    """Half-open corners of COCO's x, y, width, height; None where these are not four finite numbers."""
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(type(value) in (int, float) for value in bbox):
        return None
    try:
        x, y, w, h = map(float, bbox)
    except OverflowError:
        return None
    return (x, y, x + w, y + h) if all(map(isfinite, (x, y, w, h))) else None


def yolo_boxes(tree: Tree, file: str, names: Sequence[str]) -> list[Box] | None:
    """The boxes of one YOLO text file, a line each: class, center x, center y, width, height, all but the first as
    fractions of the picture's size. ``names`` are the codes of the classes, which the file counts from 0. A line of a
    class and the x and y of three corners or more is a polygon, and comes as the box around it.

    A line of a class and no box is reported and comes as a box of four NaN, which leaves its class open. None, with a
    problem reported, if the file cannot be read or if a line's class is no number of ``names``: it may be any of them.
    """
    text = read_text(tree, file)
    if text is None:
        return None
    boxes: list[Box] = []
    known = {str(place): code for place, code in enumerate(names)}
    strange = False
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        code = known.get(words[0])
        if code is None:
            tree.report(
                "bad_box", file, f"{words[0][:60]!r} is no class: they are counted 0 to {len(names) - 1}", number
            )
            strange = True
            continue
        try:
            corners = _around(list(map(_number, words[1:])))
        except ValueError:
            tree.report("bad_box", file, f"{line.strip()[:60]!r} is not a class and a box or a polygon", number)
            corners = (nan, nan, nan, nan)
        boxes.append(Box(code, corners, relative=True))
    return boxes if not strange else None


def looks_yolo(tree: Tree, file: str) -> bool:
    """Whether a text file may hold boxes of YOLO: it is empty, cannot be read, or a line of it ends in numbers alone
    (four, or all there are).

    A look is no reading: what holds something else stays a file that nobody has read.
    """
    try:
        with open_regular(tree.path(file), LONGEST) as handle:
            text = handle.read(_A_LOOK).decode("utf-8", "replace")
    except OSError:
        return True
    lines = [line.split() for line in text.splitlines()]
    return not any(lines) or any(len(words) > 1 and all(map(_NUMBER.fullmatch, words[-4:])) for words in lines)


_A_LOOK: Final = 1 << 16
_NUMBER: Final = re.compile(r"[-+]?\.?\d[-+.\deE]*")


def _around(numbers: Sequence[float]) -> tuple[float, float, float, float]:
    """The corners of a box as YOLO writes it, or around a polygon; ``ValueError`` for other numbers than these."""
    if not all(map(isfinite, numbers)) or (len(numbers) != 4 and (len(numbers) < 6 or len(numbers) % 2)):
        raise ValueError
    if len(numbers) > 4:
        xs, ys = numbers[::2], numbers[1::2]
        return min(xs), min(ys), max(xs), max(ys)
    x, y, w, h = numbers
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def paired_boxes(
    tree: Tree,
    images: Iterable[str],
    files: Mapping[str, str] | Callable[[str], str | None],
    read: Callable[[Tree, str], list[Box] | None],
    *,
    missing: Literal["problem", "negative"] = "problem",
    group: Callable[[str], str | None] | None = None,
    split: Split | Callable[[str], Split | None] | None = None,
) -> Iterator[BoxSample]:
    """Pictures with a file of boxes each: ``files`` gives the one of a picture's path, ``read`` a file's boxes.

    A picture without a file is a problem, or a negative where ``missing`` says so. ``files`` may be a mapping by the
    stem, folded, of pictures of which no two have the same; then a file without a picture is reported.
    """
    met: set[str] = set()
    for image in images:
        met.add(stem(image))
        file = files(image) if callable(files) else files.get(stem(image))
        if file is None and missing == "problem":
            tree.report("missing_label", image, "no file of boxes has its name")
            continue
        boxes = read(tree, file) if file is not None else []
        if boxes is not None:
            yield BoxSample(
                image,
                tuple(boxes),
                group=group(image) if group is not None else None,
                split=split(image) if callable(split) else split,
            )
    for key, file in files.items() if not callable(files) else ():
        if key not in met:
            tree.report("missing_image", file, "the file of boxes has no picture")


def listed_boxes(
    listed: Iterable[tuple[str, tuple[Box, ...]]],
    file: str,
    pictures: Pictures,
    *,
    group: Callable[[str], str | None] | None = None,
    split: Split | Callable[[str], Split | None] | None = None,
) -> Iterator[BoxSample]:
    """One sample a picture of what :func:`coco_boxes` gives; a name is looked up by the longest tail that agrees."""
    for name, boxes in listed:
        path = pictures.wanted(name, file, by="tail")
        if path is not None:
            yield BoxSample(
                path,
                boxes,
                group=group(path) if group is not None else None,
                split=split(path) if callable(split) else split,
            )
    pictures.tell()


def table_boxes(
    tree: Tree,
    table: Iterable[Row],
    pictures: Pictures,
    *,
    image: str,
    code: str,
    corners: str | tuple[str, str, str, str],
    nothing: Collection[str] = (),
    by: str = "stem",
    group: str | GroupRule | None = None,
    split: Split | Callable[[str], Split | None] | None = None,
    form: Form = "xyxy",
    relative: bool = False,
    size: tuple[str, str] | None = None,
) -> Iterator[BoxSample]:
    """One sample a picture from a table with one box a row.

    ``image`` and ``code`` are columns, ``group`` and ``split`` as in :func:`table_labels`, by a picture's first row;
    ``corners`` are the columns of the four numbers of a box, or the one that holds them all ("[4, 8, 16, 20]"), as
    ``form`` says: x1, y1, x2, y2; "xywh" a corner, width and height; "cxcywh" a center, width and height. They are
    pixels counted from 0, half-open, or where they are ``relative`` fractions of the picture's size; a table that holds
    the other is refused. ``size`` are the columns of the width and height of the picture that a box was drawn on.
    ``nothing`` are codes of rows that say that nothing was found: they add no box. A row that holds
    no box is reported and its picture left out, since its other boxes would not be all there are.
    """
    columns = (corners,) if isinstance(corners, str) else corners
    rows = named(tree, table, image)
    found = {
        name: [(row, _box(row, code, columns, form, relative, size)) for row in same if row.get(code) not in nothing]
        for name, same in rows.items()
    }
    fault = _other_unit([box.xyxy for boxes in found.values() for _, box in boxes if box is not None], relative)
    if fault:
        tree.report("bad_file", next(iter(rows.values()))[0].file, fault)
        return
    for name, same in rows.items():
        bad = next((row for row, box in found[name] if box is None), None)
        if bad is not None:
            tree.report("bad_row", bad.file, f"no class or no numbers in {', '.join(columns)}", bad.number)
            continue
        boxes = tuple(box for _, box in found[name] if box is not None)
        if not relative and _in_fractions(box.xyxy for box in boxes):
            tree.report("bad_row", same[0].file, "between 0 and 1, where other rows count pixels", same[0].number)
            continue
        path = pictures.wanted(name, same[0].file, same[0].number, by=by)
        if path is None:
            continue
        yield BoxSample(
            path,
            boxes,
            group=group_of(group, path, same[0]),
            split=split_at(split, path, same[0]),
        )
    pictures.tell()


def _other_unit(boxes: Sequence[_Corners], relative: bool) -> str:
    """What is wrong with a table whose boxes are fractions where pixels belong, or pixels where fractions do."""
    if not relative and _in_fractions(boxes):
        return f"{_FRACTIONS}; say relative = true"
    if relative and boxes and all(max(corners) > _UNIT[1] for corners in boxes):
        return "none of its boxes lies between 0 and 1, so that they are no fractions; leave out relative"
    return ""


def _box(
    row: Row, code: str, columns: Sequence[str], form: Form, relative: bool, size: tuple[str, str] | None
) -> Box | None:
    cells = [row.get(column) for column in columns]
    if len(cells) == 1:
        cells = [cell for cell in _BETWEEN.split(cells[0].strip("[](){} ")) if cell]
    try:
        a, b, c, d = map(_number, cells)
    except ValueError:
        return None
    if not row.get(code):
        return None
    corners = {"xyxy": (a, b, c, d), "xywh": (a, b, a + c, b + d)}.get(
        form, (a - c / 2, b - d / 2, a + c / 2, b + d / 2)
    )
    within = _size(row.get(size[0]), row.get(size[1])) if size is not None else None
    return Box(row.get(code), corners, within, relative)


_BETWEEN: Final = re.compile(r"[\s,;]+")
