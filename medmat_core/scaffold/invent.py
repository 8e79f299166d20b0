"""A made-up data set for every layout, so that a package can be written before the real folder is at hand.

It is written to disk and looked at like any other folder: there is one way from a folder to a package.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import evolve

from medmat_core.errors import UsageError
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.survey import Root
from medmat_core.scaffold.example import SPOTS
from medmat_core.scaffold.excerpts import EXAMPLE_SIZE, Shown, coco_text, voc_text, yolo_text
from medmat_core.scaffold.propose import propose

DEFAULT_CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    "class-folders": ("normal", "benign", "malignant"),
    "file-names": ("normal", "benign", "malignant"),
    "table": ("normal", "benign", "malignant"),
    "one-hot": ("edema", "fracture", "nodule"),
    "box-table": ("lesion", "device"),
    "masks": ("lesion",),
    "coco": ("lesion", "device"),
    "voc": ("lesion", "device"),
    "yolo": ("lesion", "device"),
}
_EACH: Final = 4


def invented(layout: str, classes: Sequence[str] = ()) -> Proposal:
    """The proposal for a made-up data set of this layout."""
    with tempfile.TemporaryDirectory(prefix="medmat-") as made:
        invent(Path(made), layout, classes)
        return propose(Path(made), layout)


def without_layout(classes: Sequence[str] = (), remarks: Sequence[str] = ()) -> Proposal:
    """A made-up data set that no layout reads, but the adapter that is there to be filled in. ``remarks`` tell what was
    seen in the real folder."""
    found = invented("file-names", classes)
    doubts = ("labels and example are made up, for no layout fits the folder", *remarks)
    return evolve(found, layout={}, root=Root(), doubts=doubts)


def invent(base: Path, layout: str, classes: Sequence[str] = ()) -> None:
    """Write a tiny data set of this layout below ``base``. ``classes`` are its codes (of masks the first counts)."""
    codes = list(classes) or list(DEFAULT_CLASSES[layout])
    if len(codes) == 1 and layout in ("class-folders", "file-names", "table", "one-hot"):
        raise UsageError("--labels names one class; a question needs two at least")
    ids = {f"{place * _EACH + number:03d}": code for place, code in enumerate(codes) for number in range(_EACH)}
    spots = {name: SPOTS[place % len(SPOTS)] for place, name in enumerate(ids)}
    named = {"class-folders": "{code}/img_{name}.png", "file-names": "{code}_{name}.png"}
    paths = {
        name: named.get(layout, "images/{name}.png").format(code=_safe(code), name=name) for name, code in ids.items()
    }
    for place, path in enumerate(paths.values()):
        _draw(base / path, shade=60 + place)
    if layout == "masks":
        for name, spot in spots.items():
            _draw(base / "masks" / f"{name}_mask.png", spot)
    elif layout == "table":
        _csv(base / "labels.csv", ["image_id", "label"], ids.items())
    elif layout == "box-table":
        corners = ("xmin", "ymin", "xmax", "ymax")
        _csv(base / "boxes.csv", ["image_id", "label", *corners], [(n, c, *map(str, spots[n])) for n, c in ids.items()])
    elif layout == "one-hot":
        # two classes here and there, or the table would say one class a row
        marked = {
            name: {code, codes[(codes.index(code) + 1) % len(codes)]} if int(name) % _EACH == 0 else {code}
            for name, code in ids.items()
        }
        rows = [[name, *(str(int(code in marked[name])) for code in codes)] for name in ids]
        _csv(base / "labels.csv", ["image_id", *codes], rows)
    elif layout in ("coco", "voc", "yolo"):
        _boxes(base, layout, codes, [Shown(paths[n], (c,), boxes={c: (spots[n],)}) for n, c in ids.items()])


def _boxes(base: Path, layout: str, codes: Sequence[str], shown: Sequence[Shown]) -> None:
    """Annotation files, as those of an example are written."""
    if layout == "coco":
        _write(base / "boxes.json", coco_text(shown, codes))
        return
    if layout == "yolo":
        _write(base / "classes.txt", "".join(f"{code}\n" for code in codes))
    write, suffix = (voc_text, "xml") if layout == "voc" else (yolo_text, "txt")
    for item in shown:
        _write(base / "boxes" / f"{Path(item.path).stem}.{suffix}", write(item, codes))


def _safe(code: str) -> str:
    """A code as a folder's name."""
    name = "".join("_" if char in '/\\\0<>:"|?*' or ord(char) < 32 else char for char in code).strip()
    return name.strip(".") or "class"


def _draw(path: Path, spot: tuple[int, int, int, int] | None = None, shade: int = 0) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", EXAMPLE_SIZE, shade)
    if spot is not None:
        image.paste(255, spot)
    (image if spot is not None else image.convert("RGB")).save(path)


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
