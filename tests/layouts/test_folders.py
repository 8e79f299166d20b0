"""Class folders, and classes in file names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.layouts.laid import read

FOLDERS = 'kind = "class-folders"\n'


def test_a_class_folder_is_found_at_any_depth_and_in_any_case(tmp_path: Path) -> None:
    found = read(tmp_path, FOLDERS, ["a/Cat/1.png", "a/b/dog/x/2.png"])
    assert found.said == {"a/Cat/1.png": "cat", "a/b/dog/x/2.png": "dog"}
    assert found.problems == []


def test_skipped_pictures_are_left_alone_by_name_by_folder_and_at_the_root(tmp_path: Path) -> None:
    layout = FOLDERS + 'skip = ["*_MASK.png", "masks/", "/cat/old/", "x?.png"]'
    paths = ["cat/1.png", "cat/1_mask.png", "cat/Masks/deep/1.png", "cat/old/2.png", "dog/cat/old/3.png", "dog/xy.png"]
    assert list(read(tmp_path, layout, paths).said) == ["cat/1.png", "dog/cat/old/3.png"]


def test_other_spellings_and_loose_names_are_class_folders_too(tmp_path: Path) -> None:
    layout = FOLDERS + 'loose = true\nspellings = {"big hound" = "dog"}'
    found = read(tmp_path, layout, ["not_cat/1.png", "Big-Hound/2.png"], labels=("not cat", "dog"))
    assert found.said == {"not_cat/1.png": "not cat", "Big-Hound/2.png": "dog"}


def test_a_pattern_catches_the_class_in_a_longer_folder_name(tmp_path: Path) -> None:
    found = read(tmp_path, FOLDERS + "code = '([^_]+)_.*'", ["cat_T1/1.png", "dog/2.png", "cats_T1/3.png"])
    assert found.said == {"cat_T1/1.png": "cat", "dog/2.png": "dog"}
    assert found.problems == [("unknown_label", "cats_T1")]


def test_only_what_lies_below_the_named_folder_is_read(tmp_path: Path) -> None:
    layout = FOLDERS + 'under = ["Originals", "Raw"]'
    assert list(read(tmp_path, layout, ["raw/cat/1.png", "augmented/cat/2.png"]).said) == ["raw/cat/1.png"]


def test_without_the_named_folder_nothing_is_read_and_that_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, FOLDERS + 'under = "Originals"', ["augmented/cat/2.png"])
    assert (found.said, found.problems) == ({}, [("missing_file", "Originals")])


def test_a_second_copy_is_left_out_and_noted_once(tmp_path: Path) -> None:
    found = read(tmp_path, FOLDERS + "once = true", ["v1/cat/1.png", "v2/cat/1.PNG", "v2/cat/2.png", "v2/dog/1.png"])
    assert list(found.said) == ["v1/cat/1.png", "v2/cat/2.png", "v2/dog/1.png"]
    assert found.problems == [("left_out", "")]


@pytest.mark.parametrize(
    ("rule", "name", "group"),
    [
        ("{pattern = '([^_]+)_.*'}", "P7_3", "P7"),
        ("{pattern = '([^_]+)_.*'}", "P7", None),
        ("{pattern = '([^_]+)_.*', case = 'lower'}", "P7_3", "p7"),
        ("{pattern = '(.*?)[ -]*\\((\\d+)\\)', block = 100, case = 'lower'}", "Cyst- (561)", "cyst-5"),
        ("{pattern = '(\\d+)', block = 10}", "99", "9"),
        ("{pattern = '(\\d+)', block = 10, per_class = true}", "99", "cat-9"),
        ("{pattern = '(.+)', same = {b = 'a'}}", "b", "a"),
        ("{of = 'name', pattern = '(.+)'}", "b", "b.png"),
        ("{of = 'path', pattern = '(\\w+)/.*'}", "b", "cat"),
        ("{pattern = '(a)|(b)'}", "B", "B"),
    ],
)
def test_a_group_is_said_by_a_pattern(rule: str, name: str, group: str | None, tmp_path: Path) -> None:
    assert read(tmp_path, f"{FOLDERS}group = {rule}", [f"cat/{name}.png"]).of("group") == {f"cat/{name}.png": group}


@pytest.mark.parametrize(
    ("rule", "splits"),
    [
        ("{folder = true}", ["train", None]),
        ("{folder = true, names = {Held-Out = 'test'}}", [None, "test"]),
        ("{all = 'train'}", ["train", "train"]),
        ("{lists = {train = 'a.txt', test = 'b.txt'}}", ["test", "train"]),
    ],
)
def test_a_part_is_said_by_folders_by_lists_or_once_for_all(rule: str, splits: list[str], tmp_path: Path) -> None:
    found = read(
        tmp_path, f"{FOLDERS}split = {rule}", ["train/cat/1.png", "held-out/cat/2.png"],
        {"a.txt": "2\n", "b.txt": "images/1.png\n"},
    )  # fmt: skip
    assert [found.samples[path].split for path in ("train/cat/1.png", "held-out/cat/2.png")] == splits
    assert found.problems == []


def test_a_line_of_a_list_without_a_picture_and_a_list_that_is_not_there_are_told(tmp_path: Path) -> None:
    rule = "split = {lists = {train = 'a.txt', test = 'b.txt'}}"
    found = read(tmp_path, FOLDERS + rule, ["cat/1.png"], {"a.txt": "1\n2\n"})
    assert found.problems == [("missing_file", "b.txt"), ("bad_row", "a.txt")]


@pytest.mark.parametrize(("train", "test"), [("1", "1"), ("1.png", "1"), ("1", "x/1.PNG")])
def test_a_picture_in_two_lists_is_told_and_stays_in_the_stronger_part(train: str, test: str, tmp_path: Path) -> None:
    rule = "split = {lists = {test = 'b.txt', train = 'a.txt'}}"
    found = read(tmp_path, FOLDERS + rule, ["cat/1.png", "cat/2.png"], {"a.txt": f"2\n{train}\n", "b.txt": test})
    assert found.of("split") == {"cat/1.png": "test", "cat/2.png": "train"}
    assert [reason for reason, _ in found.problems] == ["listed_twice"]


def test_a_line_of_a_list_that_may_mean_two_pictures_is_told_once(tmp_path: Path) -> None:
    rule = "split = {lists = {train = 'a.txt'}}"
    found = read(tmp_path, FOLDERS + rule, ["cat/1.png", "dog/1.png", "eel/dog/1.png"], {"a.txt": "1\n"})
    assert set(found.of("split").values()) == {"train"}
    assert found.problems == [("bad_row", "a.txt")]


def test_where_no_list_is_here_there_are_no_parts(tmp_path: Path) -> None:
    found = read(tmp_path, FOLDERS + "split = {lists = {train = 'a.txt'}}", ["cat/1.png"])
    assert (found.of("split"), found.problems) == ({"cat/1.png": None}, [])


def test_the_class_is_caught_in_a_file_name(tmp_path: Path) -> None:
    layout = 'kind = "file-names"\ncode = \'\\d+_(cat|dog)\'\npictures = "films"'
    found = read(tmp_path, layout, ["films/1_CAT.png", "films/2_eel.png", "masks/3_dog.png"])
    assert found.said == {"films/1_CAT.png": "cat"}
    assert found.problems == [("bad_name", "films/2_eel.png")]


def test_a_class_may_be_made_of_several_folders(tmp_path: Path) -> None:
    layout = 'kind = "file-names"\nof = "path"\ncode = \'(?:.*/)?(DIP|MCP)/0*(\\d+)/[^/]+\'\njoin = "/"'
    assert read(tmp_path, layout, ["a/DIP/03/x.png"], labels=("DIP/3",)).said == {"a/DIP/03/x.png": "DIP/3"}


@pytest.mark.parametrize("more", ["", "loose = true"])
def test_codes_that_differ_in_letter_case_are_told_apart(more: str, tmp_path: Path) -> None:
    paths = ["T1/1.png", "t1/2.png", "cat/3.png"]
    found = read(tmp_path, FOLDERS + more, paths, labels=("T1", "t1", "cat"))
    assert found.said == {"T1/1.png": "T1", "t1/2.png": "t1", "cat/3.png": "cat"}
    assert found.problems == []


@pytest.mark.parametrize("more", ["", "loose = true"])
def test_a_folder_that_may_be_either_of_two_codes_is_told(more: str, tmp_path: Path) -> None:
    found = read(tmp_path, FOLDERS + more, ["AB/1.png"], labels=("Ab", "aB"))
    assert found.said == {}
    assert found.problems == [("unknown_label", "")]


def test_a_file_name_says_one_of_two_codes_as_it_is_spelled(tmp_path: Path) -> None:
    layout = "kind = \"file-names\"\ncode = '\\d+_(.*)'"
    found = read(tmp_path, layout, ["1_Ab.png", "2_aB.png", "3_AB.png"], labels=("Ab", "aB"))
    assert found.said == {"1_Ab.png": "Ab", "2_aB.png": "aB", "3_AB.png": "AB"}  # a code that no card knows is refused
    assert found.problems == [("unknown_label", "")]
