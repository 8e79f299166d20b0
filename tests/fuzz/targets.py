"""What is fed with changed bytes: a sound file to begin with, and what reads it. A target may raise nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from attrs import frozen
from PIL import Image

from medmat_core import Card, readers
from medmat_core.errors import CardError
from medmat_core.images import PictureError
from medmat_core.images.headers import read_header
from medmat_core.images.pixels import load_array
from medmat_core.model import RleMask, Slice
from medmat_core.regions.decode import decode


@frozen
class Target:
    """``read`` is called with a folder in which the file ``name`` lies, made of ``seed`` with bytes changed."""

    name: str
    seed: bytes
    read: Callable[[Path, str], object]


def picture(format_: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)).save(out, format_)
    return out.getvalue()


def _picture(folder: Path, name: str) -> None:
    for call in (lambda: read_header(str(folder / name)), lambda: load_array(folder / name, role="image")):
        try:
            call()
        except PictureError:
            continue


def _slice(folder: Path, name: str) -> None:
    try:
        load_array(folder / name, Slice(name, 1), role="image")
    except PictureError:
        return


def _table(folder: Path, name: str) -> None:
    tree = readers.Tree(folder)
    rows = list(readers.rows(tree, name, require=("image",)))
    list(readers.table_labels(tree, rows, readers.Pictures(tree), image="image", code="label"))


def _json(folder: Path, name: str) -> None:
    list(readers.coco_boxes(readers.Tree(folder), name))


def _voc(folder: Path, name: str) -> None:
    readers.voc_boxes(readers.Tree(folder), name)


def _card(folder: Path, name: str) -> None:
    try:
        Card.load(folder / name)
    except CardError:
        return


def _runs(folder: Path, name: str) -> None:
    text = (folder / name).read_text("latin-1")
    for start in ("one", "zero", "relative"):
        try:
            decode(RleMask(text, "a", start=start), (32, 24), folder)  # type: ignore[arg-type]
        except PictureError:
            continue


def _array() -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros((4, 5, 6), np.uint8))
    return out.getvalue()


def _book() -> bytes:
    import openpyxl

    out, book = io.BytesIO(), openpyxl.Workbook()
    book.active.append(["image", "label"])
    book.active.append(["a.png", "cat"])
    book.save(out)
    return out.getvalue()


COCO = {
    "images": [{"id": 1, "file_name": "a.png"}],
    "categories": [{"id": 3, "name": "cat"}],
    "annotations": [{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}],
}
VOC = b"""<annotation><size><width>32</width><height>24</height></size><object><name>cat</name>
<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"""
CARD = """slug = "toy"
title = "Toy"
folder = "toy"
modality = "T"
area = "T"
task = "T"
subset = 1000
kind = "single-label"
modality_shown = "d"
area_shown = "a"
source = "https://example.org"
access = "open"
license = "CC0"
markers = ["pics"]
[labels]
cat = "Cat"
"dog" = "Dog"
"""
FORMATS = {"PNG": "png", "JPEG": "jpg", "TIFF": "tif", "BMP": "bmp", "GIF": "gif", "PPM": "pgm"}

TARGETS = {
    **{kind: Target(f"a.{suffix}", picture(kind), _picture) for kind, suffix in FORMATS.items()},
    "NumPy": Target("a.npy", _array(), _slice),
    "CSV": Target("a.csv", b'image,label,group\na.png,cat,1\n"b.png",dog,2\n', _table),
    "XLSX": Target("a.xlsx", _book(), _table),
    "COCO": Target("a.json", json.dumps(COCO).encode(), _json),
    "VOC": Target("a.xml", VOC, _voc),
    "card": Target("a.toml", CARD.encode(), _card),
    "runs": Target("a.txt", b"1 3 40 5 90 12", _runs),
}
