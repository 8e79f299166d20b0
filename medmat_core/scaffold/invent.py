"""A made-up data set for every layout, so that a package can be written before the real folder is at hand.

It is written to disk and looked at like any other folder: there is one way from a folder to a package.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from medmat_core.scaffold.proposal import EXAMPLE_SIZE, SPOTS, Layout

DEFAULT_CLASSES: Final[Mapping[Layout, tuple[str, ...]]] = {
    "class-folders": ("normal", "benign", "malignant"),
    "table": ("normal", "benign", "malignant"),
    "one-hot": ("edema", "fracture", "nodule"),
    "masks": ("lesion",),
    "coco": ("lesion", "device"),
    "voc": ("lesion", "device"),
}
_EACH: Final = 4


def invent(base: Path, layout: Layout, classes: Sequence[str] = ()) -> None:
    """Write a tiny data set of this layout below ``base``. ``classes`` are its codes (of masks the first counts)."""
    codes = list(classes) or list(DEFAULT_CLASSES[layout])
    if layout == "class-folders":
        for code in codes:
            for number in range(1, _EACH + 1):
                _picture(base / safe(code) / f"img_{number:03d}.png", number)
    elif layout == "masks":
        for number in range(1, _EACH + 1):
            _picture(base / "images" / f"{number:03d}.png", number)
            _mask(base / "masks" / f"{number:03d}_mask.png", number)
    else:
        rows = [(f"{place * _EACH + number:03d}", code) for place, code in enumerate(codes) for number in range(_EACH)]
        for stem, _ in rows:
            _picture(base / "images" / f"{stem}.png", int(stem))
        if layout == "table":
            _csv(base / "labels.csv", [["image_id", "label"], *map(list, rows)])
        elif layout == "one-hot":
            table = [["image_id", *codes]]
            for place, (stem, code) in enumerate(rows):
                # two classes here and there, or the table would say one class a row
                marked = {code, codes[(codes.index(code) + 1) % len(codes)]} if place % _EACH == 0 else {code}
                table.append([stem, *("1" if other in marked else "0" for other in codes)])
            _csv(base / "labels.csv", table)
        elif layout == "coco":
            _coco(base / "annotations.json", rows, codes)
        else:
            for place, (stem, code) in enumerate(rows):
                _voc(base / "annotations" / f"{stem}.xml", code, place)


def safe(code: str) -> str:
    """A code as a folder's name."""
    name = "".join("_" if char in '/\\\0<>:"|?*' or ord(char) < 32 else char for char in code).strip()
    return name.strip(".") or "class"


def _picture(path: Path, shade: int) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").rotate(shade * 7 % 90).resize((32, 24)).convert("RGB").save(path)


def _mask(path: Path, place: int) -> None:
    from PIL import Image, ImageDraw

    path.parent.mkdir(parents=True, exist_ok=True)
    mask = Image.new("L", EXAMPLE_SIZE)
    x1, y1, x2, y2 = SPOTS[place % len(SPOTS)]
    ImageDraw.Draw(mask).rectangle((x1, y1, x2 - 1, y2 - 1), fill=255)
    mask.save(path)


def _csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")


def _coco(path: Path, rows: Sequence[tuple[str, str]], codes: Sequence[str]) -> None:
    boxes = [(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in SPOTS]
    body = {
        "images": [{"id": place, "file_name": f"{stem}.png"} for place, (stem, _) in enumerate(rows, 1)],
        "annotations": [
            {"id": place, "image_id": place, "category_id": codes.index(code) + 1, "bbox": boxes[place % len(boxes)]}
            for place, (_, code) in enumerate(rows, 1)
        ],
        "categories": [{"id": place, "name": code} for place, code in enumerate(codes, 1)],
    }
    path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")


def _voc(path: Path, code: str, place: int) -> None:
    from xml.sax.saxutils import escape

    path.parent.mkdir(parents=True, exist_ok=True)
    x1, y1, x2, y2 = SPOTS[place % len(SPOTS)]
    path.write_text(
        f"<annotation><object><name>{escape(code)}</name><bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin>"
        f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object></annotation>\n",
        encoding="utf-8",
    )
