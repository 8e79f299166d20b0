"""Masks beside pictures, and boxes in files of the known formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core import Dataset
from medmat_core.model import BoxSample, ColorMask, IndexMask, MaskSample
from medmat_core.regions.extract import clipped
from medmat_core.samples import example_files
from medmat_core.testing.example_check import check_example
from medmat_core.testing.reading import Files
from tests.layouts.laid import Read, read
from tests.toy import CARD

MASKS = 'kind = "masks"\n'


def masks(tmp: Path, layout: str, paths: list[str]) -> Read:
    return read(tmp, MASKS + layout, paths, kind="mask")


def test_every_folder_of_pictures_is_paired_with_the_masks_beside_it(tmp_path: Path) -> None:
    paths = [f"{part}/{folder}/{name}.png" for part in ("train", "test") for folder in ("Original", "truth")
             for name in ("1", "2")]  # fmt: skip
    found = masks(tmp_path, 'pictures = "original"\nmasks = "truth"\nlabel = "cat"\nsplit = {folder = true}', paths)
    assert found.said["test/Original/2.png"] == [("test/truth/2.png", "cat")]
    assert list(found.of("split").values()) == ["test", "test", "train", "train"]
    assert found.problems == []


def test_a_picture_without_mask_and_a_mask_without_picture_are_told(tmp_path: Path) -> None:
    found = masks(tmp_path, 'pictures = "i"\nmasks = "m"\nlabel = "cat"', ["i/1.png", "i/2.png", "m/2.png", "m/3.png"])
    assert list(found.said) == ["i/2.png"]
    assert found.problems == [("missing_image", "m/3.png"), ("missing_mask", "i/1.png")]


def test_masks_whose_pictures_are_nowhere_are_told(tmp_path: Path) -> None:
    found = masks(tmp_path, 'pictures = "i"\nmasks = "m"\nlabel = "cat"', ["m/2.png"])
    assert (found.said, found.problems) == ({}, [("missing_image", "m/2.png")])


def test_a_suffix_tells_masks_from_the_pictures_that_they_lie_among(tmp_path: Path) -> None:
    found = masks(tmp_path, 'suffix = "_mask"\nlabel = "cat"', ["1.jpg", "1_mask.png", "1_MASK_2.png"])
    assert found.said == {"1.jpg": [("1_MASK_2.png", "cat"), ("1_mask.png", "cat")]}


def test_the_class_of_a_mask_is_the_folder_around_it(tmp_path: Path) -> None:
    paths = ["cat/a (1).png", "cat/a (1)_mask.png", "cat/a (1)_mask_1.png", "dog/a (1).png", "dog/a (1)_mask.png"]
    found = masks(tmp_path, 'suffix = "_mask"\nlabel = "{folder}"', [*paths, "dog/b.png"])
    assert found.said == {
        "cat/a (1).png": [("cat/a (1)_mask.png", "cat"), ("cat/a (1)_mask_1.png", "cat")],
        "dog/a (1).png": [("dog/a (1)_mask.png", "dog")],
    }
    assert found.problems == [("missing_mask", "dog/b.png")]


def test_a_file_a_class_is_told_by_the_suffix(tmp_path: Path) -> None:
    paths = ["i/x_1.png", "m/x_1_cat.tif", "m/x_1_dog.tif"]
    found = masks(tmp_path, 'pictures = "i"\nmasks = "m"\nsuffix = "_{code}"', paths)
    assert found.said == {"i/x_1.png": [("m/x_1_cat.tif", "cat"), ("m/x_1_dog.tif", "dog")]}


@pytest.mark.parametrize("labels", [("hard", "hard_ex", "ex"), ("ex", "hard_ex", "hard")])
def test_of_codes_that_end_alike_the_longest_is_meant(labels: tuple[str, ...], tmp_path: Path) -> None:
    paths = ["i/x_1.png", "m/x_1_hard.tif", "m/x_1_HARD_EX.tif", "m/x_1_ex.tif", "m/x_1_eel.tif"]
    layout = f'{MASKS}pictures = "i"\nmasks = "m"\nsuffix = "_{{code}}"'
    found = read(tmp_path, layout, paths, labels=labels, kind="mask")
    assert set(found.said["i/x_1.png"]) == {
        ("m/x_1_hard.tif", "hard"), ("m/x_1_HARD_EX.tif", "HARD_EX"), ("m/x_1_ex.tif", "ex"), ("m/x_1_eel.tif", "eel"),
    }  # fmt: skip


def test_a_folder_a_class_has_a_mask_of_every_picture(tmp_path: Path) -> None:
    paths = ["i/1.png", "i/2.png", "m/cat/1.png", "m/dog/1.png", "m/cat/2.png"]
    found = masks(tmp_path, 'pictures = "i"\nmasks = "{code}"', paths)
    assert found.said == {"i/1.png": [("m/cat/1.png", "cat"), ("m/dog/1.png", "dog")]}
    assert found.problems == [("missing_mask", "i/2.png")]


def test_parts_have_folders_of_their_own(tmp_path: Path) -> None:
    layout = 'pictures = "{part}-image"\nmasks = "{part}-mask"\nparts = {trainval = "train", test = "test"}\n'
    paths = ["trainval-image/1.png", "trainval-mask/1.png", "test-image/1.png", "test-mask/1.png"]
    found = masks(tmp_path, layout + 'label = "cat"', paths)
    assert found.of("split") == {"trainval-image/1.png": "train", "test-image/1.png": "test"}
    assert found.said["test-image/1.png"] == [("test-mask/1.png", "cat")]


def test_an_optional_part_without_any_mask_is_told_once(tmp_path: Path) -> None:
    layout = 'pictures = "{part}"\nmasks = "{part}_m"\nparts = {a = "train", b = "test"}\noptional = ["a", "b"]\n'
    found = masks(tmp_path, layout + 'label = "cat"', ["a/1.png", "a/2.png"])
    assert (found.said, found.problems) == ({}, [("missing_mask", "a")])


def test_folders_that_an_unzip_tool_doubled_are_read_once(tmp_path: Path) -> None:
    layout = 'pictures = "{part}"\nmasks = "{part}_m"\nparts = {a = "train"}\nlabel = "cat"'
    found = masks(tmp_path, layout, ["a/a/1.png", "a_m/a_m/1.png"])
    assert found.said == {"a/a/1.png": [("a_m/a_m/1.png", "cat")]}


def test_a_second_copy_of_both_folders_is_left_out(tmp_path: Path) -> None:
    layout = 'pictures = "i"\nmasks = "m"\nlabel = "cat"\nonce = true'
    found = masks(tmp_path, layout, ["i/1.png", "m/1.png", "copy/i/1.png", "copy/m/1.png"])
    assert (list(found.said), found.problems) == (["i/1.png"], [("left_out", "copy/i")])


@pytest.mark.parametrize(("holds", "kind"), [("index", IndexMask), ("colors", ColorMask)])
def test_what_several_classes_look_like_stands_under_mask(holds: str, kind: type, tmp_path: Path) -> None:
    table = '[mask]\nindex = {1 = "cat"}\ncolors = {"#ff0000" = "dog"}'
    layout = f'pictures = "i"\nmasks = "m"\nholds = "{holds}"\n{table}'
    (sample,) = masks(tmp_path, layout, ["i/1.png", "m/1.png"]).samples.values()
    assert isinstance(sample, MaskSample)
    (mask,) = sample.masks
    assert isinstance(mask, kind)
    assert mask.codes == (((1, "cat"),) if holds == "index" else (((255, 0, 0), "dog"),))  # type: ignore[attr-defined]


def test_a_missing_mask_is_a_negative_where_the_card_says_so(tmp_path: Path) -> None:
    layout = 'pictures = "i"\nmasks = "m"\nlabel = "cat"\n[mask]\nmissing = "negative"'
    assert masks(tmp_path, layout, ["i/1.png", "m/2.png", "i/2.png"]).said["i/1.png"] == []


VOLUMES = """
[labels]
1 = "Liver"

[mask]
index = {{1 = "1"}}

[layout]
kind = "masks"
pictures = "images"
masks = "labels"
suffix = "_seg"
holds = "index"
volumes = true

[[example.pictures]]
paths = ["images/p1{0}"]
mode = "L"
slices = 3

[[example.pictures]]
paths = ["labels/p1_seg{0}"]
mode = "L"
slices = 3
background = 0
shapes = [{{box = [8, 8, 24, 20], value = 1, slice = 1}}]

[[example.expect]]
image = "images/p1{0}#0001"
captions = ["Liver"]
group = "images/p1{0}"
boxes = {{Liver = [[8, 8, 24, 20]]}}

[[example.expect]]
image = "images/p1{0}#0002"
"""


@pytest.mark.parametrize("suffix", [".npy", ".nii", ".nii.gz"])
def test_the_slices_of_volumes_are_pictures_with_the_same_slices_of_masks(suffix: str, tmp_path: Path) -> None:
    if suffix != ".npy":
        pytest.importorskip("nibabel")
    head = CARD.partition("[labels]")[0].replace('markers = ["pics"]', 'markers = ["images"]')
    path = tmp_path / "card.toml"
    path.write_text(
        head.format(slug="toy", folder="toy", kind="mask", head='group_by = "volume"') + VOLUMES.format(suffix)
    )
    dataset = Dataset.of_card(path)
    files = Files(dict(example_files(dataset.card)))
    found = [str(finding) for finding in check_example(dataset, dataset.card, files, tmp_path) if not finding.hint]
    assert found == []


# -- boxes -------------------------------------------------------------------------------------------------


def test_yolo_boxes_are_fractions_of_the_pictures_size(tmp_path: Path) -> None:
    files = {"labels/1.txt": "1 0.5 0.5 0.25 0.5\n0 0.1 0.1 0.2 0.2\n"}
    found = read(tmp_path, 'kind = "yolo"', ["images/1.png"], files, kind="box")
    (sample,) = found.samples.values()
    assert isinstance(sample, BoxSample)
    assert [box.code for box in sample.boxes] == ["dog", "cat"]
    assert [clipped(box, (200, 100)) for box in sample.boxes] == [(75, 25, 125, 75), (0, 0, 40, 20)]


def test_a_yolo_line_that_is_no_box_leaves_its_class_open(tmp_path: Path) -> None:
    found = read(tmp_path, 'kind = "yolo"', ["1.png"], {"1.txt": "0 0.5 0.5 0.25\n1 0.5 0.5 0.1 0.1\n"}, kind="box")
    assert found.problems == [("bad_box", "1.txt")]
    assert [(code, corners[0] == corners[0]) for code, corners in found.said["1.png"]] == [
        ("cat", False),
        ("dog", True),
    ]


@pytest.mark.parametrize("first", ["2", "9", "-1", "Stone", "0.0"])
def test_a_class_of_a_yolo_file_is_a_place_among_the_names_and_never_a_code(first: str, tmp_path: Path) -> None:
    files = {"1.txt": f"0 0.5 0.5 0.1 0.1\n{first} 0.5 0.5 0.1 0.1\n", "2.txt": "0 .5 .5 .1 .1\n1 .2 .2 .1 .1"}
    found = read(tmp_path, 'kind = "yolo"', ["1.png", "2.png"], files, labels=("1", "2"), kind="box")
    assert {image: [code for code, _ in said] for image, said in found.said.items()} == {"2.png": ["1", "2"]}
    assert found.problems == [("bad_box", "1.txt")]


@pytest.mark.parametrize(("missing", "pictures"), [("problem", ["i/2.png"]), ("negative", ["i/1.png", "i/2.png"])])
def test_a_picture_without_a_file_of_boxes_is_what_the_card_says(
    missing: str, pictures: list[str], tmp_path: Path
) -> None:
    layout = f'kind = "yolo"\npictures = "i"\nboxes = "l"\nmissing = "{missing}"'
    found = read(tmp_path, layout, ["i/1.png", "i/2.png"], {"l/2.txt": "", "l/3.txt": ""}, kind="box")
    assert list(found.said) == pictures
    assert [problem for problem in found.problems if problem[0] == "missing_image"] == [("missing_image", "l/3.txt")]


def test_a_yolo_polygon_is_the_box_around_it_and_five_or_seven_numbers_are_none(tmp_path: Path) -> None:
    files = {"a.txt": "1 0.5 0.25 0.75 0.5 0.5 0.75\n", "b.txt": "0 0.1 0.2 0.3 0.4 0.5", "c.txt": "0 0.5 0.5 0.25 0.5",
             "classes.txt": "cat\ndog\n"}  # fmt: skip
    found = read(tmp_path, 'kind = "yolo"\nskip = ["classes.txt"]', ["a.jpg", "b.jpg", "c.jpg"], files, kind="box")
    assert found.said["a.jpg"] == [("dog", (0.5, 0.25, 0.75, 0.75))]
    assert found.said["c.jpg"] == [("cat", (0.375, 0.25, 0.625, 0.75))]
    assert found.problems == [("bad_box", "b.txt")]


def test_voc_files_count_from_one_and_hold_the_last_pixel(tmp_path: Path) -> None:
    box = "<bndbox><xmin>5</xmin><ymin>9</ymin><xmax>20</xmax><ymax>28</ymax></bndbox>"
    text = f"<annotation><object><name>cat</name>{box}</object></annotation>"
    found = read(tmp_path, 'kind = "voc"\npictures = "JPEGImages"', ["JPEGImages/a.jpg"], {"x/A.xml": text}, kind="box")
    assert found.said == {"JPEGImages/a.jpg": [("cat", (4, 8, 20, 28))]}


@pytest.mark.parametrize(
    "text",
    ["<html><body/></html>", "<annotations><image/></annotations>", '<annotation xmlns="urn:x"><object/></annotation>'],
)
def test_xml_that_is_not_voc_is_told_and_no_negative(text: str, tmp_path: Path) -> None:
    files = {"a.xml": text, "b.xml": "<annotation/>"}
    found = read(tmp_path, 'kind = "voc"', ["a.jpg", "b.jpg"], files, kind="box")
    assert found.said == {"b.jpg": []}
    assert found.problems == [("bad_file", "a.xml")]


def test_a_coco_file_a_part_tells_pictures_that_it_does_not_list(tmp_path: Path) -> None:
    text = '{{"images": [{{"id": 1, "file_name": "{0}/1.png"}}], "categories": [{{"id": 7, "name": "cat"}}], ' \
           '"annotations": [{{"image_id": 1, "category_id": 7, "bbox": [4, 8, 16, 20]}}]}}'  # fmt: skip
    layout = 'kind = "coco"\nfile = "{part}.json"\npictures = "{part}"\nparts = {train = "train", val = "val"}'
    files = {f"{part}.json": text.format(part) for part in ("train", "val")}
    found = read(tmp_path, layout, ["train/1.png", "val/1.png", "val/2.png"], files, kind="box")
    assert found.said == {path: [("cat", (4, 8, 20, 28))] for path in ("train/1.png", "val/1.png")}
    assert found.of("split") == {"train/1.png": "train", "val/1.png": "val"}
    assert found.problems == [("missing_label", "val/2.png")]


# -- boxes of another size, unit or convention -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("README.dataset.txt", "polyps > 2023-05-01 3:24pm\nhttps://example.org/polyps\n", False),
        ("classes.txt", "cat\ndog\n", False),
        ("train.txt", "images/1.png\nimages/2.png\n", False),
        ("l/3.txt", "0 0.5 0.5 0.25 0.5\n", True),
        ("l/4.txt", "0 0.1 0.1 0.2 0.1 0.2 0.3\n", True),
        ("l/5.txt", "", True),
        ("l/6.txt", "0 0.5 0.5 0.25\n", True),
    ],
)
def test_a_text_beside_yolo_files_is_missed_a_picture_only_if_it_may_hold_boxes(
    name: str, text: str, told: bool, tmp_path: Path
) -> None:
    files = {"l/1.txt": "0 0.5 0.5 0.25 0.5\n", name: text}
    found = read(tmp_path, 'kind = "yolo"\npictures = "i"', ["i/1.png"], files, kind="box")
    assert list(found.said) == ["i/1.png"]
    assert found.problems == ([("missing_image", name)] if told else [])


@pytest.mark.parametrize(("kind", "suffix"), [("yolo", "txt"), ("voc", "xml")])
def test_a_file_of_boxes_without_a_picture_that_the_card_ignores_is_not_reported(
    kind: str, suffix: str, tmp_path: Path
) -> None:
    sound = {"yolo": "0 .5 .5 .1 .1", "voc": "<annotation/>"}[kind]
    files = {f"1.{suffix}": sound, f"old/2.{suffix}": sound}
    layout = f'kind = "{kind}"'
    assert read(tmp_path / "1", layout, ["1.png"], files, kind="box").problems == [("missing_image", f"old/2.{suffix}")]
    ignored = f'{layout}\n[[ignored]]\npattern = "old/*"\nreason = "of an older issue"'
    assert read(tmp_path / "2", ignored, ["1.png"], files, kind="box").problems == []


def coco(size: str, box: str = "[4, 8, 16, 20]") -> str:
    return (
        f'{{"images": [{{"id": 1, "file_name": "1.png"{size}}}, {{"id": 2, "file_name": "2.png"{size}}}], '
        f'"categories": [{{"id": 7, "name": "cat"}}], '
        f'"annotations": [{{"image_id": 1, "category_id": 7, "bbox": {box}}}]}}'
    )


@pytest.mark.parametrize(
    ("size", "within"),
    [
        (', "width": 640, "height": 480', (640, 480)),
        (', "width": 640.0, "height": "480"', (640, 480)),
        ("", None),
        (', "width": 0, "height": 0', None),
        (', "width": null, "height": [1]', None),
        (', "width": 1e999, "height": NaN', None),
    ],
)
def test_a_coco_box_knows_the_size_that_its_file_states(
    size: str, within: tuple[int, int] | None, tmp_path: Path
) -> None:
    found = read(tmp_path, 'kind = "coco"\nfile = "c.json"', ["1.png", "2.png"], {"c.json": coco(size)}, kind="box")
    assert [box.within for box in found.samples["1.png"].boxes] == [within]  # type: ignore[union-attr]
    assert found.problems == []


@pytest.mark.parametrize("kind", ["coco", "voc"])
def test_fractions_in_a_file_of_pixels_refuse_it(kind: str, tmp_path: Path) -> None:
    box = "<bndbox><xmin>0.25</xmin><ymin>0</ymin><xmax>0.5</xmax><ymax>1</ymax></bndbox>"
    files = {"coco": {"c.json": coco("", "[0.25, 0, 0.25, 1]")}, "voc": {
        "1.xml": f"<annotation><object><name>cat</name>{box}</object></annotation>"
    }}[kind]  # fmt: skip
    layout = 'kind = "coco"\nfile = "c.json"\nunlisted = "unreported"' if kind == "coco" else 'kind = "voc"'
    found = read(tmp_path, layout, ["1.png"], files, kind="box")
    assert found.said == {}
    assert found.problems == [("bad_file", next(iter(files)))]


@pytest.mark.parametrize("box", ["[NaN, 8, 16, 20]", "[4, NaN, 1, 1e999]", "[1e999, -1e999, 16, NaN]"])
def test_a_coco_box_of_no_numbers_is_told_and_leaves_its_class_open(box: str, tmp_path: Path) -> None:
    found = read(tmp_path, 'kind = "coco"\nfile = "c.json"', ["1.png", "2.png"], {"c.json": coco("", box)}, kind="box")
    assert found.problems == [("bad_box", "c.json")]
    assert [(code, [corner == corner for corner in corners]) for code, corners in found.said["1.png"]] == [
        ("cat", [False] * 4)
    ]


def test_a_coco_file_that_gives_one_number_to_two_categories_or_names_another_folder_is_told(tmp_path: Path) -> None:
    text = '{"images": [{"id": 1, "file_name": "a/1.png"}, {"id": 2, "file_name": "c/1.png"}], "categories": [CATS], ' \
           '"annotations": []}'  # fmt: skip
    cats = '{"id": 7, "name": "cat"}'
    layout = 'kind = "coco"\nfile = "x.json"'
    twice = cats + ', {"id": 7, "name": "dog"}'
    told = read(tmp_path / "1", layout, ["a/1.png", "b/1.png"], {"x.json": text.replace("CATS", twice)}, kind="box")
    assert not told.said and told.problems[0] == ("bad_file", "x.json")
    lent = read(tmp_path / "2", layout, ["a/1.png", "b/1.png"], {"x.json": text.replace("CATS", cats)}, kind="box")
    assert lent.said == {"a/1.png": []}
    assert lent.problems == [("missing_image", "x.json"), ("missing_label", "b/1.png")]
