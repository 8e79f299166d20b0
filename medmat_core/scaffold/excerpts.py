"""The label files of a folder as an example has them: the lines of the example's pictures alone."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from attrs import Factory, evolve, frozen

from medmat_core.example import ExampleFile
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.survey import grouped, head_of, nearest, stem
from medmat_core.model import Split
from medmat_core.readers.pictures import Pictures, housed
from medmat_core.readers.tables import Row, lines, located, rows
from medmat_core.tree import Tree, fold

EXAMPLE_SIZE: Final = (160, 120)
"""Width and height of pictures with regions."""

Box4 = tuple[int, int, int, int]


@frozen
class Shown:
    """One picture of the example: its path below the root, and what is said of it, in codes. ``boxes`` are half-open
    pixels. Without codes: a negative."""

    path: str
    codes: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    group: str | None = None
    split: Split | None = None
    boxes: Mapping[str, tuple[Box4, ...]] = Factory(dict)

    @property
    def flat(self) -> Iterator[tuple[str, Box4]]:
        """(class, box) one by one."""
        return ((code, box) for code, found in self.boxes.items() for box in found)


def label_files(proposal: Proposal, shown: Sequence[Shown], groups: Mapping[str, str]) -> Iterator[ExampleFile]:
    """The files that the proposal's layout reads, with the lines of these pictures alone. ``groups``: id -> what
    stands for it."""
    layout, tree = proposal.layout, proposal.trial.tree
    for word, split in (layout.get("parts") or {"": None}).items():
        own = [item for item in shown if split is None or item.split == split]
        fields = {k: v.replace("{part}", word) if isinstance(v, str) else v for k, v in layout.items()}
        if "table" in fields:
            yield _table(proposal, fields, own, groups)
        elif layout["kind"] == "coco":
            under = housed(tree, fields.get("pictures", ""))
            yield ExampleFile(tree.prefix + located(tree, fields["file"]), coco_text(own, [*proposal.labels], under))
    if "table" in (rule := layout.get("group", {})):
        other = {"kind": "table", "image": rule["key"], "by": rule.get("of", "stem"), "table": rule["table"]}
        yield _table(proposal, other | {"group": {"column": rule["column"]}}, shown, groups)
    if layout["kind"] in ("voc", "yolo"):
        write, suffix = (voc_text, ".xml") if layout["kind"] == "voc" else (yolo_text, ".txt")
        files = grouped((path for path in tree.opened if path.lower().endswith(suffix)), lambda path: fold(stem(path)))
        own_files = ((item, files.get(fold(stem(item.path)))) for item in shown)
        texts = {
            nearest(item.path, sorted(some)): write(item, layout.get("names", ())) for item, some in own_files if some
        }
        yield from (ExampleFile(tree.prefix + path, text) for path, text in texts.items())
    for name in layout.get("split", {}).get("lists", {}).values():
        file = located(tree, name)
        pictures = Pictures(tree, paths=[item.path for item in shown])
        told = [text for _, text in lines(tree, file) if _named(pictures, text.replace("\\", "/").rpartition("/")[2])]
        yield ExampleFile(tree.prefix + file, "".join(f"{text}\n" for text in told))


def _named(pictures: Pictures, name: str) -> str | None:
    return pictures.name(name) or pictures.stem(name)


def _table(
    proposal: Proposal, layout: Mapping[str, Any], shown: Sequence[Shown], groups: Mapping[str, str]
) -> ExampleFile:
    """Columns that are not read are blank: what they say of patients is nobody's business."""
    tree = Tree(proposal.trial.tree.base, proposal.root.markers)
    file, by, ids = located(tree, layout["table"]), layout.get("by", "stem"), layout.get("group", {}).get("column", "")
    hot = proposal.labels if layout["kind"] == "one-hot" else ()
    columns = [
        layout["image"],
        layout.get("label"),
        *_corners_of(layout),
        *layout.get("size", ()),
        layout.get("split", {}).get("column"),
    ]
    kept = {*columns, *hot, ids}
    pictures = Pictures(tree, layout.get("pictures", ""))
    read = rows(tree, file, header=layout.get("header"), delimiter=layout.get("delimiter"))
    found = _by_picture(read, pictures, by, layout["image"])
    wanted = {item.path: item for item in shown}
    body = [
        [_own(cell, path, by) if name == layout["image"]
         else groups.get(cell, cell) if name == ids else cell if name in kept else ""
         for name, cell in row.cells.items()]
        for path, some in found.items() if path in wanted
        for row in _of_boxes(some, wanted[path], layout)
    ]  # fmt: skip
    first = next(iter(found.values()))[0]
    table = [*([] if "header" in layout else [[*first.cells]]), *body]
    if file.lower().endswith(".xlsx"):
        return ExampleFile(tree.prefix + file, sheets={"Sheet1": tuple(map(tuple, table))})
    raw = head_of(tree.path(file), 1 << 16)
    if layout.get("delimiter"):
        text = "".join(" ".join(value or "-" for value in line) + "\n" for line in table)
    else:
        head = raw.split(b"\n", 1)[0]
        text = csv_text(table, max(",;\t|", key=lambda sign: head.count(sign.encode())))
    crlf, bom = b"\r\n" in raw, raw.startswith(b"\xef\xbb\xbf")
    return ExampleFile(tree.prefix + file, text, newline="crlf" if crlf else "lf", bom=bom)


def _own(cell: str, path: str, by: str) -> str:
    """A cell that names a picture, as its file is spelled: the example shows nothing that is not in order."""
    told = cell.replace("\\", "/").rpartition("/")[2]
    return cell.removesuffix(told) + (stem(path) if by == "stem" else path.rpartition("/")[2])


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """Rows as a table of text."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _by_picture(read: Iterator[Row], pictures: Pictures, by: str, image: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in read:
        path = {"stem": pictures.stem, "name": pictures.name, "tail": pictures.tail}[by](row[image])
        if path is not None:
            found.setdefault(path, []).append(row)
    return found


def _of_boxes(some: Sequence[Row], item: Shown, layout: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a picture; of a table of boxes one for each box that is shown, with its corners."""
    if "corners" not in layout or not item.boxes:
        yield from some
        return
    for code, box in item.flat:
        row = next(row for row in some if row[layout["label"]] == code)
        told, names = _numbers(box, layout), _corners_of(layout)
        cells = dict(zip(names, told if len(names) == 4 else [f"[{', '.join(told)}]"], strict=True))
        cells |= dict(zip(layout.get("size", ()), map(str, EXAMPLE_SIZE), strict=False))
        yield evolve(row, cells={**row.cells, **cells})


def _corners_of(layout: Mapping[str, Any]) -> list[str]:
    corners = layout.get("corners", [])
    return [corners] if isinstance(corners, str) else corners


def _numbers(box: Box4, layout: Mapping[str, Any]) -> list[str]:
    """The four numbers of a box as a table of boxes has them."""
    x1, y1, x2, y2 = map(float, box)
    if layout.get("relative"):
        (width, height), slack = EXAMPLE_SIZE, 0.01  # shares are never exact, and a box is widened to whole pixels
        x1, y1, x2, y2 = (x1 + slack) / width, (y1 + slack) / height, (x2 - slack) / width, (y2 - slack) / height
    if (form := layout.get("form", "xyxy")) != "xyxy":
        x, y = (x1, y1) if form == "xywh" else ((x1 + x2) / 2, (y1 + y2) / 2)
        x1, y1, x2, y2 = x, y, x2 - x1, y2 - y1
    return [f"{number:.6f}".rstrip("0").rstrip(".") for number in (x1, y1, x2, y2)]


def voc_text(item: Shown, names: Sequence[str] = ()) -> str:
    """The boxes of a picture as Pascal VOC has them."""
    width, height = EXAMPLE_SIZE
    found = [f"<annotation>\n  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>"]
    for code, (x1, y1, x2, y2) in item.flat:
        corners = {"xmin": x1 + 1, "ymin": y1 + 1, "xmax": x2, "ymax": y2}
        inner = "".join(f"<{key}>{value}</{key}>" for key, value in corners.items())
        found.append(f"  <object><name>{escape(code)}</name><bndbox>{inner}</bndbox></object>")
    return "\n".join([*found, "</annotation>", ""])


def yolo_text(item: Shown, names: Sequence[str]) -> str:
    """The boxes of a picture as YOLO has them."""
    width, height = EXAMPLE_SIZE
    slack = 0.02  # shares of a picture are never exact: a box is widened to whole pixels when it is read
    return "".join(
        f"{names.index(code)} {(x1 + x2) / 2 / width:.6f} {(y1 + y2) / 2 / height:.6f} "
        f"{(x2 - x1 - slack) / width:.6f} {(y2 - y1 - slack) / height:.6f}\n"
        for code, (x1, y1, x2, y2) in item.flat
    )


def coco_text(items: Sequence[Shown], names: Sequence[str], under: str = "") -> str:
    """The boxes of pictures below a folder as COCO has them."""
    width, height = EXAMPLE_SIZE
    cut = len(under) + 1 if under else 0
    images = [{"id": n, "file_name": item.path[cut:], "width": width, "height": height} for n, item in enumerate(items)]
    marks = [(n, code, box) for n, item in enumerate(items) for code, box in item.flat]
    annotations = [
        {"id": place, "image_id": n, "category_id": names.index(code), "bbox": [x1, y1, x2 - x1, y2 - y1]}
        for place, (n, code, (x1, y1, x2, y2)) in enumerate(marks)
    ]
    categories = [{"id": n, "name": code} for n, code in enumerate(names)]
    parts = {"images": images, "annotations": annotations, "categories": categories}
    told = [f"{json.dumps(key)}: [\n{_lines(value)}\n]" for key, value in parts.items()]
    return "{\n" + ",\n".join(told) + "\n}\n"


def _lines(values: Sequence[object]) -> str:
    return ",\n".join(json.dumps(value, ensure_ascii=False) for value in values)
