"""Tables with one finding or one box a row become one sample a picture, and a bad row never makes a false one."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from medmat_core import readers
from medmat_core.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    return Tree(tmp_path)


def table(tree: Tree, text: str) -> list[readers.Row]:
    (tree.base / "t.csv").write_text(text)
    return list(readers.rows(tree, "t.csv"))


def labels(tree: Tree, text: str) -> dict[str, tuple[str, ...]]:
    rows = table(tree, text)
    found = readers.merged_labels(
        tree, rows, readers.Pictures(tree), image="id", code="what", group="who", split="train"
    )
    return {str(sample.image): sample.stated for sample in found}


def boxes(tree: Tree, text: str) -> dict[str, list[tuple[float, ...]]]:
    found = readers.table_boxes(
        tree, table(tree, text), readers.Pictures(tree), image="id", code="what", corners=("x", "y", "u", "v"),
        nothing=("none",),
    )  # fmt: skip
    return {str(sample.image): [box.xyxy for box in sample.boxes] for sample in found}


def test_findings_of_one_picture_are_joined_in_the_order_of_its_rows(tree: Tree) -> None:
    assert labels(tree, "id,what,who\na,x,1\nb,y,2\na,y,1\na,x,1\n") == {"a.png": ("x", "y"), "b.png": ("y",)}
    assert tree.problems == []


def test_a_picture_with_a_row_without_a_label_is_left_out_and_reported(tree: Tree) -> None:
    assert labels(tree, "id,what,who\na,x,1\na,,1\nb,y,2\n") == {"b.png": ("y",)}
    assert [(problem.reason, problem.row) for problem in tree.problems] == [("bad_row", 3)]


def test_several_codes_of_one_cell_are_each_taken_once(tree: Tree) -> None:
    (row,) = table(tree, "id,what\na,x; y;x;;\n")
    assert readers.in_cell("what", ";")(row) == ("x", "y")
    (row,) = table(tree, "id,what\na,;\n")
    assert readers.in_cell("what", ";")(row) is None


def test_boxes_of_one_picture_are_joined_and_a_row_that_found_nothing_adds_none(tree: Tree) -> None:
    found = boxes(tree, "id,what,x,y,u,v\na,m,1,2,3,4\na,n,5,6,7.5,8\nb,none,,,,\n")
    assert found == {"a.png": [(1, 2, 3, 4), (5, 6, 7.5, 8)], "b.png": []}


@pytest.mark.parametrize("row", ["a,m,1,2,,4", "a,m,1,2,nan,4", "a,,1,2,3,4", "a,m,1,2,x,4"])
def test_a_picture_with_a_row_that_holds_no_box_is_left_out_and_reported(tree: Tree, row: str) -> None:
    assert boxes(tree, f"id,what,x,y,u,v\na,m,1,2,3,4\n{row}\nb,none,,,,\n") == {"b.png": []}
    assert [(problem.reason, problem.row) for problem in tree.problems] == [("bad_row", 3)]


@pytest.mark.parametrize("text", ["train/p/x.jpg", "Outer/train/p/x.jpg", "./train/p/x.jpg", "train\\p\\x.jpg"])
def test_a_picture_is_found_beside_its_table_with_or_without_the_outer_folder(tmp_path: Path, text: str) -> None:
    (tmp_path / "train/p").mkdir(parents=True)
    (tmp_path / "train/p/x.jpg").touch()
    tree = Tree(tmp_path)
    assert readers.picture_beside(tree, "train.csv", text) == "train/p/x.jpg"
    assert tree.problems == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("train/../../x.jpg", "path_escapes"),
        ("train/../x.jpg", "path_escapes"),
        ("other/train/q/x.jpg", "missing_image"),
    ],
)
def test_a_picture_beside_its_table_is_never_one_elsewhere(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "x.jpg").touch()
    tree = Tree(tmp_path)
    assert readers.picture_beside(tree, "train.csv", text) is None
    assert [problem.reason for problem in tree.problems] == [reason]


def test_the_longest_shared_tail_of_a_path_wins(tmp_path: Path) -> None:
    for path in ("one/p/x.jpg", "two/p/x.jpg", "x.jpg"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    pictures = readers.Pictures(Tree(tmp_path))
    assert pictures.tail("C:\\data\\two\\p\\X.jpg") == "two/p/x.jpg"
    assert pictures.tail("x.jpg") == "x.jpg"
    assert pictures.tail("y.jpg") is None


def test_a_path_lends_its_label_to_no_picture_of_another_folder(tmp_path: Path) -> None:
    for path in ("one/p/x.jpg", "two/p/x.jpg", "two/y.jpg"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    tree = Tree(tmp_path)
    pictures = readers.Pictures(tree)
    for text in ("other/p/x.jpg", "x.jpg", "one/y.jpg"):
        assert pictures.wanted(text, "labels.csv", 2, by="tail") is None
    assert {problem.reason for problem in tree.problems} == {"missing_image"}
    assert "whether 'two/y.jpg' is meant its folder does not tell" in tree.problems[-1].detail


@pytest.mark.parametrize(("text", "found"), [("set/x.jpg", "train/x.jpg"), ("test/x.jpg", None)])
def test_pictures_of_one_folder_are_found_under_another_name_of_it_but_not_of_another_part(
    tmp_path: Path, text: str, found: str | None
) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train/x.jpg").touch()
    tree = Tree(tmp_path)
    assert readers.Pictures(tree).wanted(text, "labels.csv", 2, by="tail") == found
    assert [problem.reason for problem in tree.problems] == ["other_spelling" if found else "missing_image"]


def test_where_no_picture_has_a_row_that_is_told_of_the_folder_that_holds_them_all(tmp_path: Path) -> None:
    for name in ("pics/train/a.png", "pics/test/b.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    tree = Tree(tmp_path)
    assert list(readers.report_unlisted(readers.Pictures(tree), [])) == []
    assert [(problem.reason, problem.file) for problem in tree.problems] == [("missing_label", "pics")]


def test_inclusive_corners_become_half_open() -> None:
    assert readers.inclusive("m", 3, 4, 7, 9).xyxy == (3, 4, 8, 10)


COCO = {
    "categories": [{"id": 3, "name": "cat"}],
    "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
    "annotations": [{"image_id": 1, "category_id": 3, "bbox": [5, 6, 20, 30]}],
}


def test_a_coco_box_is_a_corner_and_a_size(tree: Tree) -> None:
    (tree.base / "c.json").write_text(json.dumps(COCO))
    found = {name: [(box.code, box.xyxy) for box in boxes] for name, boxes in readers.coco_boxes(tree, "c.json")}
    assert found == {"a.png": [("cat", (5, 6, 25, 36))], "b.png": []} and tree.problems == []


@pytest.mark.parametrize("lacks", ["categories", "images", "annotations"])
def test_a_file_that_lacks_a_part_of_coco_is_a_bad_file(tree: Tree, lacks: str) -> None:
    (tree.base / "c.json").write_text(json.dumps({name: part for name, part in COCO.items() if name != lacks}))
    assert list(readers.coco_boxes(tree, "c.json")) == []
    assert [problem.reason for problem in tree.problems] == ["bad_file"]


def test_an_entry_that_is_no_row_costs_itself_and_those_after_it_are_read(tree: Tree) -> None:
    (tree.base / "j.json").write_text(json.dumps([{"id": "a"}, 7, {"no": 1}, {"id": "b"}]))
    assert [row["id"] for row in readers.json_rows(tree, "j.json", require=["id"])] == ["a", "b"]
    assert [(problem.reason, problem.row) for problem in tree.problems] == [("bad_row", 2), ("bad_row", 3)]


def test_every_row_of_findings_without_a_picture_s_name_is_noted(tree: Tree) -> None:
    assert labels(tree, "id,what,who\na,x,1\n,y,2\n,z,2\nb,y,2\n") == {"a.png": ("x",), "b.png": ("y",)}
    assert [(problem.level, problem.row) for problem in tree.problems] == [("note", 3), ("note", 4)]


def test_a_row_too_short_for_a_column_that_stands_twice_is_no_contradiction(tree: Tree) -> None:
    (tree.base / "t.csv").write_text("id,what,what\na,x\nb,x,x\n")
    assert [row["id"] for row in readers.rows(tree, "t.csv", blanks=True)] == ["a", "b"]
    assert tree.problems == []


def test_masks_without_any_picture_are_told_once_with_the_folder_of_the_first(tree: Tree) -> None:
    readers.report_unpaired(tree, [("1", "m/1.png"), ("2", "n/2.png")], [])
    assert [(problem.reason, problem.file) for problem in tree.problems] == [("missing_image", "m")]


def test_a_coco_file_that_gives_one_number_to_two_images_is_a_bad_file(tree: Tree) -> None:
    images = [{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}]
    (tree.base / "c.json").write_text(json.dumps({**COCO, "images": images}))
    assert list(readers.coco_boxes(tree, "c.json")) == []
    assert [problem.detail for problem in tree.problems] == ["not a COCO file: ValueError: two images have the id 1"]


@pytest.mark.parametrize(("axis", "count"), [(0, 2), (1, 3), (2, 5)])
def test_a_volume_is_cut_along_the_axis_that_is_asked_for(tree: Tree, axis: int, count: int) -> None:
    np.save(tree.base / "v.npy", np.zeros((2, 3, 5), np.uint8))
    found = list(readers.slices_of(tree, "v.npy", axis))
    assert [(one.path, one.index, one.axis) for one in found] == [("v.npy", n, axis) for n in range(count)]
    assert len(list(readers.slices_of(tree, "v.npy"))) == 5  # the last one, where none is asked for
    assert list(readers.slices_of(tree, "v.npy", 3)) == []


def test_a_spreadsheet_that_unpacks_to_too_much_is_refused_with_the_limit(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openpyxl")
    monkeypatch.setattr("medmat_core.readers.tables._UNPACKED", 3 << 20)
    with zipfile.ZipFile(tree.base / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/a.xml", bytes((3 << 20) + 1))
    assert list(readers.rows(tree, "t.xlsx")) == []
    assert "unpacks to more than 3 MiB" in tree.problems[0].detail


def test_a_rule_over_row_and_path_is_one_too_as_is_one_over_the_path_alone(tree: Tree) -> None:
    rows = table(tree, "id,what,who\na,x,1\nb,y,2\n")

    def grouped(rule: object) -> list[str | None]:
        found = readers.table_labels(
            tree, rows, readers.Pictures(tree), image="id", code="what", group=rule, split=lambda path: "test"
        )
        return [sample.group for sample in found]

    assert grouped(lambda row, path: row["who"] + path) == ["1a.png", "2b.png"]
    assert grouped(lambda path, more="x": path + more) == ["a.pngx", "b.pngx"]
    assert grouped("who") == grouped(readers.Group(column="who")) == ["1", "2"]
