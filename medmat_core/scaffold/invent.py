"""A made-up data set for every layout, so that a package can be written before the real folder is at hand.

It is written to disk and looked at like any other folder: there is one way from a folder to a package.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import evolve

from medmat_core.errors import UsageError
from medmat_core.example import Example, ExampleFile, ExamplePicture
from medmat_core.layouts.guess.proposal import Proposal, card_of
from medmat_core.layouts.guess.survey import Root
from medmat_core.samples import write_example
from medmat_core.scaffold.example import SPOTS
from medmat_core.scaffold.excerpts import EXAMPLE_SIZE, Shown, coco_text, csv_text, voc_text, yolo_text
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
    """The proposal for a made-up data set of this layout. ``classes`` are its codes (of masks the first counts)."""
    codes = list(classes) or list(DEFAULT_CLASSES[layout])
    if len(codes) == 1 and layout in ("class-folders", "file-names", "table", "one-hot"):
        raise UsageError("--labels names one class; a question needs two at least")
    card = evolve(card_of(Proposal({})), example=_example(layout, codes))
    with tempfile.TemporaryDirectory(prefix="medmat-") as made:
        write_example(card, Path(made))
        return propose(Path(made, card.folder), layout)


def without_layout(classes: Sequence[str] = (), remarks: Sequence[str] = ()) -> Proposal:
    """A made-up data set that no layout reads, but the adapter that is there to be filled in. ``remarks`` tell what was
    seen in the real folder."""
    found = invented("file-names", classes)
    doubts = ("labels and example are made up, for no layout fits the folder", *remarks)
    return evolve(found, layout={}, root=Root(), doubts=doubts)


def _example(layout: str, codes: Sequence[str]) -> Example:
    """A few pictures of each class, and the files that say so."""
    ids = {f"{place * _EACH + number:03d}": code for place, code in enumerate(codes) for number in range(_EACH)}
    spots = {name: SPOTS[place % len(SPOTS)] for place, name in enumerate(ids)}
    named = {"class-folders": "{code}/img_{name}.png", "file-names": "{code}_{name}.png"}
    paths = {
        name: named.get(layout, "images/{name}.png").format(code=_safe(code), name=name) for name, code in ids.items()
    }
    pictures = [ExamplePicture(tuple(paths.values()), EXAMPLE_SIZE)]
    texts: dict[str, str] = {}
    if layout == "masks":
        for name, spot in spots.items():
            shape = {"box": list(spot), "value": 255}
            pictures.append(ExamplePicture((f"masks/{name}_mask.png",), EXAMPLE_SIZE, "L", (shape,), background=0))
    elif layout == "table":
        texts["labels.csv"] = csv_text([["image_id", "label"], *map(list, ids.items())])
    elif layout == "box-table":
        header = ["image_id", "label", "xmin", "ymin", "xmax", "ymax"]
        texts["boxes.csv"] = csv_text([header, *([name, code, *map(str, spots[name])] for name, code in ids.items())])
    elif layout == "one-hot":
        # two classes here and there, or the table would say one class a row
        more = {name: codes[(codes.index(code) + 1) % len(codes)] for name, code in ids.items()}
        marked = {name: {code, more[name] if int(name) % _EACH == 0 else code} for name, code in ids.items()}
        rows = [[name, *(str(int(code in marked[name])) for code in codes)] for name in ids]
        texts["labels.csv"] = csv_text([["image_id", *codes], *rows])
    elif layout in ("coco", "voc", "yolo"):
        shown = {name: Shown(path, (ids[name],), boxes={ids[name]: (spots[name],)}) for name, path in paths.items()}
        if layout == "coco":
            texts["boxes.json"] = coco_text([*shown.values()], codes)
        elif layout == "voc":
            texts |= {f"boxes/{name}.xml": voc_text(item) for name, item in shown.items()}
        else:
            texts |= {f"boxes/{name}.txt": yolo_text(item, codes) for name, item in shown.items()}
            texts["classes.txt"] = "".join(f"{code}\n" for code in codes)
    return Example(tuple(pictures), tuple(ExampleFile(path, text) for path, text in texts.items()))


def _safe(code: str) -> str:
    """A code as a folder's name."""
    name = "".join("_" if char in '/\\\0<>:"|?*' or ord(char) < 32 else char for char in code).strip()
    return name.strip(".") or "class"
