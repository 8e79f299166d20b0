"""A file belongs to the picture of its name in its own folder; the name alone decides only where it is the only one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.layouts.laid import Read, read

APART = ["images/A/1.png", "images/B/1.png"]


def masks(tmp: Path, layout: str, paths: list[str]) -> Read:
    return read(tmp, f'kind = "masks"\n{layout}', paths, kind="mask")


FOLDERS = 'pictures = "images"\nmasks = "masks"\nlabel = "cat"'
INDEX = 'pictures = "images"\nmasks = "masks"\nholds = "index"\n[mask]\nindex = {1 = "cat", 2 = "dog"}'


def test_pictures_of_one_name_in_two_folders_have_the_masks_that_lie_with_them(tmp_path: Path) -> None:
    paths = ["A/1.png", "A/1_mask.png", "A/1_mask_2.png", "B/1.png", "B/1_mask.png"]
    found = masks(tmp_path, 'suffix = "_mask"\nlabel = "cat"', paths)
    assert found.said == {
        "A/1.png": [("A/1_mask.png", "cat"), ("A/1_mask_2.png", "cat")],
        "B/1.png": [("B/1_mask.png", "cat")],
    }
    assert found.problems == []


@pytest.mark.parametrize("layout", [FOLDERS, INDEX], ids=["binary", "index"])
def test_folders_of_pictures_and_of_masks_agree_below(layout: str, tmp_path: Path) -> None:
    found = masks(tmp_path, layout, [*APART, "masks/A/1.png", "masks/b/1.png"])
    assert {image: [path for path, _ in said] for image, said in found.said.items()} == {
        "images/A/1.png": ["masks/A/1.png"],
        "images/B/1.png": ["masks/b/1.png"],
    }
    assert found.problems == []


@pytest.mark.parametrize("layout", [FOLDERS, INDEX], ids=["binary", "index"])
def test_a_name_that_is_the_only_one_needs_no_folder(layout: str, tmp_path: Path) -> None:
    found = masks(tmp_path, layout, ["images/A/1.png", "images/B/2.png", "masks/1.png", "masks/x/2.png"])
    assert [said[0][0] for said in found.said.values()] == ["masks/1.png", "masks/x/2.png"]


@pytest.mark.parametrize(
    ("paths", "refused"),
    [
        ([*APART, "masks/1.png"], APART),
        (["images/1.png", "masks/A/1.png", "masks/B/1.png"], ["images/1.png"]),
    ],
    ids=["two pictures", "two masks"],
)
@pytest.mark.parametrize("layout", [FOLDERS, INDEX], ids=["binary", "index"])
def test_a_mask_that_may_be_of_two_pictures_is_told_and_not_guessed(
    layout: str, paths: list[str], refused: list[str], tmp_path: Path
) -> None:
    found = masks(tmp_path, layout, paths)
    assert found.said == {}
    assert found.problems == [("missing_mask", path) for path in refused]


def test_a_mask_of_another_folder_is_not_lent(tmp_path: Path) -> None:
    found = masks(tmp_path, FOLDERS, [*APART, "masks/A/1.png"])
    assert list(found.said) == ["images/A/1.png"]
    assert found.problems == [("missing_mask", "images/B/1.png")]
    found = masks(tmp_path / "other", FOLDERS, ["images/A/1.png", "masks/A/1.png", "masks/B/1.png"])
    assert found.said == {"images/A/1.png": [("masks/A/1.png", "cat")]}
    assert found.problems == [("missing_image", "masks/B/1.png")]


@pytest.mark.parametrize("folder", ["masks", "masks/A"])
def test_of_two_index_masks_of_one_picture_none_is_taken(folder: str, tmp_path: Path) -> None:
    two = [f"{folder}/1.png", f"{folder}/1.tif"]
    found = masks(tmp_path, INDEX, ["images/1.png", "images/2.png", *two, "masks/2.png"])
    assert list(found.said) == ["images/2.png"]
    assert found.problems == [("missing_mask", "images/1.png")]


LISTED = {
    "yolo": ("txt", "0 .5 .5 .2 .2"),
    "voc": (
        "xml",
        "<annotation><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
        "</object></annotation>",
    ),
}


def boxes(tmp: Path, kind: str, pictures: list[str], files: list[str]) -> Read:
    """Pictures of a layout of boxes, with files of one box; a "!" makes one empty."""
    suffix, full = LISTED[kind]
    empty = "" if kind == "yolo" else "<annotation/>"
    texts = {f"{name.removesuffix('!')}.{suffix}": empty if name.endswith("!") else full for name in files}
    return read(tmp, f'kind = "{kind}"\npictures = "images"\nboxes = "labels"', pictures, texts, kind="box")


@pytest.mark.parametrize("kind", LISTED)
def test_boxes_are_those_of_the_same_folder(kind: str, tmp_path: Path) -> None:
    pictures = ["images/train/a.png", "images/val/a.png"]
    found = boxes(tmp_path, kind, pictures, ["labels/train/a", "labels/val/a!"])
    assert [len(said) for said in found.said.values()] == [1, 0]
    assert found.problems == []


@pytest.mark.parametrize("kind", LISTED)
def test_boxes_that_may_be_of_two_pictures_are_told_and_not_guessed(kind: str, tmp_path: Path) -> None:
    pictures = ["images/train/a.png", "images/val/a.png", "images/val/b.png"]
    found = boxes(tmp_path, kind, pictures, ["labels/a", "labels/b"])
    assert list(found.said) == ["images/val/b.png"]
    assert found.problems == [("missing_label", path) for path in pictures[:2]]
