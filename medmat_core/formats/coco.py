"""COCO's boxes: one file a data set and part, of the data sets that have regions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medmat_core.formats.lines import dumped
from medmat_core.formats.protocol import BaseFormat, Folder, Item, Picture, Place, Scope, Told
from medmat_core.model import Record


class CocoFormat(BaseFormat):
    """``coco/02-train.json``: ``info``, ``licenses``, ``categories``, ``images``, ``annotations``.

    Boxes are [x, y, width, height] in pixels; ``iscrowd`` is 0. Where the data set has masks and they are at hand,
    ``segmentation`` holds the region's runs (uncompressed RLE) and ``area`` its pixels; elsewhere ``segmentation`` is
    empty and ``area`` the box's. All ids count from 1. A category has one id in all parts of a data set. An image entry
    lists the ``keys`` and ``rounds`` of its records; a picture without regions has no annotations.
    """

    name = "coco"
    about = "pycocotools, supervision and every detector's trainer: boxes, a file a data set and part"
    masks = True

    def scopes(self, told: Told) -> tuple[Scope, ...]:
        return ("dataset",)

    def takes(self, record: Record, told: Told) -> bool:
        return record.kind in ("mask", "box")

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        body = {
            "width": picture.width,
            "height": picture.height,
            "key": record.key,
            "round": record.round,
            "boxes": [(found.caption, found.boxes) for found in record.boxes],
            "segments": {
                f"{segment.caption} {segment.box}": (segment.counts, segment.area) for segment in picture.segments
            },
        }
        return [dumped(body)]

    def encoder(self, place: Place, folder: Folder, told: Told) -> _Sections:
        return _Sections(place, folder, told)

    def read(self, path: Path) -> Iterator[Mapping[str, Any]]:
        """The annotations, each with its picture's path and its category's name."""
        found = json.loads(path.read_bytes())
        images = {image["id"]: image["file_name"] for image in found["images"]}
        names = {category["id"]: category["name"] for category in found["categories"]}
        for annotation in found["annotations"]:
            yield {
                **annotation,
                "image": images[annotation["image_id"]],
                "category": names[annotation["category_id"]],
            }


class _Sections:
    """Images go straight to the file, annotations wait in a spool until all images are written."""

    def __init__(self, place: Place, folder: Folder, told: Told) -> None:
        facts = told.facts[place.slug]
        self._name = f"coco/{place.stem}.json"
        self._folder, self._head = folder, _head(facts.title or facts.slug, facts.source, facts.license)
        self._ids = {name: number for number, name in enumerate(folder.classes(place.slug), 1)}
        self._file: Any = None
        self._spool: Any = None
        self._images = self._annotations = 0
        self._image = ""
        self._keys: list[str] = []
        self._rounds: list[str] = []
        self._body: dict[str, Any] = {}

    def add(self, first: int, items: Sequence[Item]) -> None:
        for item in items:
            body = json.loads(item.body)
            if item.image != self._image:
                self._end_image()
                self._image, self._body, self._keys, self._rounds = item.image, body, [], []
            self._keys.append(body["key"])
            if body["round"]:
                self._rounds.append(body["round"])

    def _end_image(self) -> None:
        if not self._image:
            return
        if self._file is None:
            self._file, self._spool = self._folder.create(self._name), self._folder.spool()
            categories = [{"id": number, "name": name} for name, number in self._ids.items()]
            self._file.write(self._head + b' "categories": ' + dumped(categories) + b',\n "images": [\n')
        self._images += 1
        entry = {
            "id": self._images, "file_name": self._image, "width": self._body["width"],
            "height": self._body["height"], "license": 1, "keys": self._keys, "rounds": self._rounds,
        }  # fmt: skip
        self._file.write((b",\n" if self._images > 1 else b"") + dumped(entry))
        for caption, boxes in self._body["boxes"]:
            for x1, y1, x2, y2 in boxes:
                self._annotations += 1
                counts, area = self._body["segments"].get(f"{caption} {(x1, y1, x2, y2)}", ((), (x2 - x1) * (y2 - y1)))
                size = [self._body["height"], self._body["width"]]
                annotation = {
                    "id": self._annotations, "image_id": self._images, "category_id": self._ids[caption],
                    "bbox": [x1, y1, x2 - x1, y2 - y1], "area": area, "iscrowd": 0,
                    "segmentation": {"counts": counts, "size": size} if counts else [],
                }  # fmt: skip
                self._spool.write((b",\n" if self._annotations > 1 else b"") + dumped(annotation))

    def close(self) -> None:
        self._end_image()
        if self._file is None:
            return
        self._file.write(b'\n],\n "annotations": [\n')
        self._spool.seek(0)
        shutil.copyfileobj(self._spool, self._file)
        self._spool.close()
        self._file.write(b"\n]}\n")
        self._file.finish(self._images)


def _head(title: str, source: str, license_: str) -> bytes:
    info = {"description": title, "url": source, "version": "1", "contributor": "", "date_created": ""}
    licenses = [{"id": 1, "name": license_, "url": ""}]
    return b'{"info": ' + dumped(info) + b',\n "licenses": ' + dumped(licenses) + b",\n"
