"""COCO with the masks of the data set itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

import medmat_core
from medmat_core.catalog import Catalog
from medmat_core.export import ExportOptions, export
from medmat_core.export.masks import runs
from medmat_core.records import Built
from tests.test_build_masks import INSTRUCTIONS, LABELS, beside
from tests.toy import picture, toy_catalog, toy_dataset

DISKS = ((5, 5, 19, 23), (30, 8, 54, 30))


@pytest.fixture
def made(tmp_path: Path) -> tuple[Built, Catalog]:
    """Six pictures with two disks each, one of them with a hole that holds a disk of its own."""
    for number in range(6):
        path = picture(tmp_path / f"med-mat/toy/pics/{number}.png", number, size=(60, 40))
        mask = Image.new("L", (60, 40))
        pen = ImageDraw.Draw(mask)
        for x1, y1, x2, y2 in DISKS:
            pen.ellipse((x1 + number % 3, y1, x2 + number % 3 - 1, y2 - 1), fill=255)
        pen.ellipse((36, 12, 50, 26), fill=0)
        pen.ellipse((40, 16, 46, 22), fill=255)
        mask.save(path.with_name(f"{number}-mass.png"))
    catalog = toy_catalog(
        toy_dataset(tmp_path, beside, kind="mask", labels=LABELS, head='asks = ["box"]'), instructions=INSTRUCTIONS
    )
    medmat_core.build(data=tmp_path / "med-mat", out=tmp_path, catalog=catalog, jobs=1, split="none")
    return Built.open(tmp_path), catalog


def filled(segmentation: dict[str, Any]) -> np.ndarray:
    """The mask that runs stand for, column by column."""
    height, width = segmentation["size"]
    values = np.repeat(np.arange(len(segmentation["counts"])) % 2, segmentation["counts"])
    assert values.size == height * width
    return values.reshape((height, width), order="F").astype(bool)


def test_runs_fill_exactly_the_regions_of_the_masks(tmp_path: Path, made: tuple[Built, Catalog]) -> None:
    built, catalog = made
    export(built, ["coco"], ExportOptions(tmp_path / "to", jobs=1), catalog=catalog)
    body = json.loads((tmp_path / "to/coco/toy-train.json").read_text())
    names = {image["id"]: Path(image["file_name"]).stem for image in body["images"]}
    assert len(names) == 6
    shown = {number: np.zeros((40, 60), bool) for number in names}
    for annotation in body["annotations"]:
        own = filled(annotation["segmentation"])
        assert annotation["area"] == own.sum()
        rows, columns = np.nonzero(own)
        x, y, width, height = annotation["bbox"]
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (x, y, x + width, y + height)
        assert not (shown[annotation["image_id"]] & own).any()
        shown[annotation["image_id"]] |= own
    for number, name in names.items():
        mask = np.asarray(Image.open(tmp_path / f"med-mat/toy/pics/{name}-mass.png")) > 127
        assert (shown[number] == mask).all()
    assert len(body["annotations"]) == 18


def test_masks_follow_a_resized_picture_to_a_pixel(tmp_path: Path, made: tuple[Built, Catalog]) -> None:
    built, catalog = made
    export(built, ["coco"], ExportOptions(tmp_path / "to", jobs=1, max_side=30), catalog=catalog)
    for annotation in json.loads((tmp_path / "to/coco/toy-train.json").read_text())["annotations"]:
        own = filled(annotation["segmentation"])
        assert own.shape == (20, 30)
        rows, columns = np.nonzero(own)
        x, y, width, height = annotation["bbox"]
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert all(abs(a - b) <= 1 for a, b in zip(found, (x, y, x + width, y + height), strict=True))


def test_without_the_plugin_or_with_other_masks_boxes_stand_alone(tmp_path: Path, made: tuple[Built, Catalog]) -> None:
    built, catalog = made
    export(built, ["coco"], ExportOptions(tmp_path / "to", jobs=1))
    annotations = json.loads((tmp_path / "to/coco/toy-train.json").read_text())["annotations"]
    assert [(a["segmentation"], a["area"] == a["bbox"][2] * a["bbox"][3]) for a in annotations] == [([], True)] * 18
    for path in (tmp_path / "med-mat/toy/pics").glob("*-mass.png"):
        Image.new("L", (60, 40)).save(path)
    export(built, ["coco"], ExportOptions(tmp_path / "to", jobs=1), catalog=catalog)
    annotations = json.loads((tmp_path / "to/coco/toy-train.json").read_text())["annotations"]
    assert [a["segmentation"] for a in annotations] == [[]] * 18


def test_runs_begin_outside() -> None:
    assert runs(np.array([[1, 0], [1, 1]])) == (0, 2, 1, 1)
    assert runs(np.array([[0, 0], [1, 0]])) == (1, 1, 2)
    assert runs(np.zeros((2, 3))) == (6,)
