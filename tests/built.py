"""Made-up built folders for tests: records with rounds, open records and boxes, over pictures of many types."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve
from PIL import Image

from medmat_core.formats.jsonl import line
from medmat_core.model import ClassBoxes, Record
from medmat_core.regions.box_words import BoxFormat, box_text
from medmat_core.subsets.wording import convention_clause

NAMES = ("Cat", "Dog", "Cow", "Eel")
SIZE = (60, 40)
DATASETS: tuple[Mapping[str, Any], ...] = (
    {"no": 2, "slug": "toy-labels", "title": "Toy labels", "subset": 2, "license": "CC BY 4.0"},
    {"no": 93, "slug": "toy-boxes", "title": "Toy boxes", "subset": 44, "license": "unknown", "access": "credentialed"},
)


def picture(path: Path, shade: int, size: tuple[int, int] = SIZE, mode: str = "RGB", **save: Any) -> Path:
    """A picture of slanted stripes, saved as its suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    gray = ((np.indices((height, width)).sum(0) * 4 + 31 * shade) % 256).astype(np.uint8)
    made = Image.fromarray(gray)
    if mode == "I;16":
        made = Image.fromarray(gray.astype(np.uint16) * 200)
    elif mode == "P":
        made = Image.merge("RGB", [made, made.point(lambda v: 255 - v), made]).quantize(16)
    else:
        made = made.convert(mode)
    made.save(path, **save)
    return path


def label_record(image: str, number: int, split: str = "train", **changes: Any) -> Record:
    """A closed label record; four in a row share a round."""
    place = number % 4
    record = Record(
        id=0, key=f"{number:015x}a", no=2, slug="toy-labels", subset=2, split=split, group=f"toy:{number}",
        image=image, width=SIZE[0], height=SIZE[1], kind="label", ask="label", captions=(NAMES[place],),
        question="Which animal does this drawing show?", answer=NAMES[place], options=NAMES, answer_index=place,
        round=f"{number // 4:015x}b", boxes=(), template=0,
    )  # fmt: skip
    return evolve(record, **changes)


def opened(record: Record) -> Record:
    """The record without options."""
    return evolve(record, options=(), answer_index=-1, round="")


def box_record(
    image: str, number: int, split: str = "train", fmt: BoxFormat = "unit", size: tuple[int, int] = SIZE
) -> Record:
    """A box record: the right boxes are two cats, the other options those of other pictures."""
    own = ((2 + number % 5, 3, 20, 14), (30, 20, 41, 38))
    others = (((1, 1, 9, 9), (40, 1, 59, 12)), ((5, 25, 15, 39), (22, 4, 33, 17)))
    texts = [box_text(boxes, size, fmt, "Cat") for boxes in (own, *others)]
    options = (texts[1], texts[0], texts[2])
    return Record(
        id=0, key=f"{number:015x}c", no=93, slug="toy-boxes", subset=44, split=split, group="", image=image,
        width=size[0], height=size[1], kind="mask", ask="box", captions=("Cat",),
        question=f"Which list fits the cat best in this drawing? Coordinates are given {convention_clause(fmt)}.",
        answer=texts[0], options=options, answer_index=1, round=f"{number // 3:015x}d",
        boxes=(ClassBoxes("Cat", own), ClassBoxes("Dog", ((0, 30, 12, 40),))), template=1,
    )  # fmt: skip


def structure_record(image: str, number: int, split: str = "train", fmt: BoxFormat = "unit") -> Record:
    """A structure record: which class lies in the box that the question names."""
    box = box_text([(0, 30, 12, 40)], SIZE, fmt)
    return evolve(
        box_record(image, number, split, fmt), key=f"{number:015x}e", ask="structure", captions=("Dog",),
        question=f"Name what {box} encloses; the box is written {convention_clause(fmt)}.", answer="Dog",
        options=("Cat", "Dog"), answer_index=1, round=f"{number // 2:015x}f",
    )  # fmt: skip


def built(
    out: Path,
    records: Iterable[Record],
    datasets: Iterable[Mapping[str, Any]] = DATASETS,
    fmt: str = "unit",
    removals: Iterable[Mapping[str, Any]] = (),
) -> Path:
    """A built folder with these records, written as a build writes them."""
    facts = {entry["slug"]: entry for entry in datasets}
    by_file: dict[str, list[Record]] = {}
    for record in records:
        stem = f"{record.no:02d}" if record.no else record.slug
        by_file.setdefault(f"records/Ori--{stem}-{record.split}.jsonl", []).append(record)
    (out / "records").mkdir(parents=True, exist_ok=True)
    for name, own in by_file.items():
        own.sort(key=lambda record: record.image)
        texts = [line(record).replace("\0", str(number)) for number, record in enumerate(own, 1)]
        (out / name).write_text("\n".join(texts) + "\n", encoding="utf-8")
    used = {record.slug for own in by_file.values() for record in own}
    manifest = {
        "versions": {"medmat_core": "0"},
        "arguments": {"box_format": fmt},
        "datasets": [
            {"source": "https://example.org/toy", "citation": "@misc{toy}", "access": "open", **entry}
            for slug, entry in facts.items()
            if slug in used
        ],
        "subset_removals": list(removals),
        "files": dict.fromkeys(sorted(by_file), ""),
    }
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return out


def toy(where: Path, count: int = 8, fmt: BoxFormat = "unit") -> Path:
    """A built folder of both toy data sets: labels in rounds, one open label, boxes and structures, two parts."""
    records = []
    for number in range(count):
        split = "test" if number >= count // 2 else "train"
        image = f"med-mat/labels/{number:02d}.png"
        picture(where / image, number)
        records.append(label_record(image, number, split))
        image = f"med-mat/boxes/{number:02d}.jpg"
        picture(where / image, number + 50, quality=90)
        records += [box_record(image, number, split, fmt), structure_record(image, number, split, fmt)]
    image = "med-mat/labels/open.png"
    picture(where / image, 99)
    records.append(opened(label_record(image, 9999)))
    return built(where, records, fmt=fmt)
