"""Builds of made-up data sets of masks: copies, empty masks, masks that are not there."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medmat_core import MaskSample, build, readers
from medmat_core.audit import audit
from medmat_core.errors import BuildError
from medmat_core.subsets import load_subset
from tests.toy import picture, toy_catalog, toy_dataset

LABELS = {"mass": "Mass", "cyst": "Cyst"}
INSTRUCTIONS = {**load_subset(43).instructions, **load_subset(2).instructions}
Spot = tuple[int, int, int, int]


def put(data: Path, name: str, shade: int, **spots: Spot | None) -> Path:
    """A picture under data/toy/pics and a mask beside it for each class: white in the box, or all black."""
    path = picture(data / "toy/pics" / name, shade, size=(60, 40))
    for code, spot in spots.items():
        pixels = np.zeros((40, 60), np.uint8)
        if spot is not None:
            x1, y1, x2, y2 = spot
            pixels[y1:y2, x1:x2] = 255
        Image.fromarray(pixels).save(path.with_name(f"{path.stem}-{code}.png"))
    return path


def beside(tree: Any, card: Any) -> Iterator[Any]:
    """``a.png`` with the masks ``a-mass.png`` and ``a-cyst.png``, as far as they are there."""
    for path in tree.images():
        if not path.endswith(tuple(f"-{code}.png" for code in card.labels)):
            masks = {code: f"{path[:-4]}-{code}.png" for code in card.labels}
            there = {code: mask for code, mask in masks.items() if tree.exists(mask)}
            if there:
                yield MaskSample(path, tuple(readers.MaskFile(mask, code) for code, mask in there.items()))
            else:
                tree.report("missing_mask", path, "no mask lies beside it")


def run(
    tmp_path: Path, *, asks: str, neighbour: bool = False
) -> tuple[Any, list[dict[str, Any]], list[dict[str, Any]]]:
    """(manifest, problems, full records) of a build."""
    datasets = [toy_dataset(tmp_path, beside, kind="mask", labels=LABELS, head=f"asks = {asks}")]
    if neighbour:
        datasets.append(toy_dataset(tmp_path, slug="other", labels={"pics": "Picture", "none": "None"}))
    out = tmp_path / "out"
    catalog = toy_catalog(*datasets, instructions=INSTRUCTIONS)
    manifest = build(data=tmp_path / "med-mat", out=out, catalog=catalog, formats=("jsonl",), jobs=1, split="none")
    lines = [line for path in out.glob("records/*toy-*") for line in path.read_text("utf-8").splitlines()]
    told = (out / "problems.jsonl").read_text("utf-8").splitlines()
    return manifest, [json.loads(line) for line in told], [json.loads(line) for line in lines]


def test_copies_whose_masks_show_different_classes_get_no_question(tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    one = put(data, "one.png", 1, mass=(5, 5, 20, 20), cyst=None)
    put(data, "two.png", 2, mass=None, cyst=(30, 10, 50, 25))
    shutil.copyfile(one, data / "toy/pics/two.png")
    put(data, "three.png", 3, mass=(5, 5, 20, 20), cyst=None)
    _, problems, records = run(tmp_path, asks='["box", "presence"]')
    assert sorted((p["reason"], p["file"]) for p in problems) == [
        ("contradictory_label", "pics/one.png"),
        ("contradictory_label", "pics/two.png"),
    ]
    assert {r["image"].rpartition("/")[2] for r in records} == {"three.png"}


def test_of_copies_whose_masks_agree_on_the_classes_the_first_is_asked(tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    one = put(data, "one.png", 1, mass=(5, 5, 20, 20))
    put(data, "two.png", 2, mass=(6, 5, 20, 20))
    shutil.copyfile(one, data / "toy/pics/two.png")
    _, problems, records = run(tmp_path, asks='["box"]')
    assert [(p["file"], p["reason"]) for p in problems if p["file"]] == [("pics/two.png", "copy")]
    assert [r["image"].rpartition("/")[2] for r in records] == ["one.png"]


def test_the_audit_names_equal_pictures_that_are_asked_about_with_different_classes(tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    one = put(data, "one.png", 1, mass=(5, 5, 20, 20))
    put(data, "two.png", 2, cyst=(30, 10, 50, 25))
    run(tmp_path, asks='["box", "presence"]')
    dataset = toy_dataset(tmp_path, beside, kind="mask", labels=LABELS, head='asks = ["box", "presence"]')
    subset = toy_catalog(dataset, instructions=INSTRUCTIONS).subset
    faults = audit(tmp_path / "out", [dataset], subset_of=subset, data=data).found.counts
    assert "contradictory_picture" not in faults
    shutil.copyfile(one, data / "toy/pics/two.png")
    faults = audit(tmp_path / "out", [dataset], subset_of=subset, data=data).found.counts
    assert faults["contradictory_picture"] == 1


@pytest.mark.parametrize(
    ("asks", "told"), [('["box", "location"]', ["no_label"]), ('["box", "location", "presence"]', [])]
)
def test_a_picture_with_empty_masks_is_told_where_presence_is_never_asked(
    tmp_path: Path, asks: str, told: list[str]
) -> None:
    put(tmp_path / "med-mat", "empty.png", 1, mass=None)
    put(tmp_path / "med-mat", "full.png", 2, mass=(5, 5, 20, 20))
    _, problems, _ = run(tmp_path, asks=asks)
    assert [p["reason"] for p in problems if p["file"]] == told
    assert all(p["level"] == "note" and p["file"] in ("", "pics/empty.png") for p in problems)


def test_a_picture_with_empty_masks_says_when_the_subset_lacks_what_the_card_asks(tmp_path: Path) -> None:
    put(tmp_path / "med-mat", "empty.png", 1, mass=None)
    put(tmp_path / "med-mat", "full.png", 2, mass=(5, 5, 20, 20))
    dataset = toy_dataset(tmp_path, beside, kind="mask", labels=LABELS, head='asks = ["box", "presence"]')
    catalog = toy_catalog(dataset, instructions={"box": INSTRUCTIONS["box"]})
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, split="none")
    (told,) = [p for p in map(json.loads, (tmp_path / "out/problems.jsonl").open()) if p["reason"] == "no_label"]
    assert told["detail"].endswith("has no instructions for presence")


def test_pictures_of_a_neighbour_without_any_mask_are_not_this_data_set(tmp_path: Path) -> None:
    put(tmp_path / "med-mat", "one.png", 1)
    put(tmp_path / "med-mat", "two.png", 2)
    manifest, problems, _ = run(tmp_path, asks='["box"]', neighbour=True)
    assert [report.slug for report in manifest.datasets] == ["other"]
    assert manifest.refused == 0 and {p["reason"] for p in problems} <= {"empty_class"}


def test_masks_that_were_not_unzipped_are_missed_where_nobody_else_uses_the_pictures(tmp_path: Path) -> None:
    put(tmp_path / "med-mat", "one.png", 1)
    _, problems, _ = run(tmp_path, asks='["box"]')
    assert [p["reason"] for p in problems] == ["missing_mask"]


@pytest.mark.parametrize("module", ["medmat_core.pipeline.ahead", "medmat_core.regions.extract"])
def test_a_library_for_which_there_is_no_room_is_one_line(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "med-mat", "a.png", 10, mass=(5, 5, 25, 25))
    monkeypatch.setitem(sys.modules, module, None)  # its import fails
    with pytest.raises(BuildError, match=r"a library cannot be loaded .*; go on with --resume"):
        run(tmp_path, asks='["box"]')
