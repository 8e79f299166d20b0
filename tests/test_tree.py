"""What lies in a folder is found whatever the unzip left around it."""

import os
from pathlib import Path

import pytest

from medmat_core.tree import Tree


def touch(base: Path, *names: str) -> None:
    for name in names:
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(b"x")


def test_the_root_is_where_the_markers_lie_whatever_outer_folders_there_are(tmp_path: Path) -> None:
    for outer in ("", "one/", "one/two/three/"):
        base = tmp_path / f"set{len(outer)}"
        touch(base, f"{outer}Train/a/1.jpg", f"{outer}labels.csv")
        tree = Tree(base, ["Train", "labels.csv"])
        assert tree.prefix == outer
        assert list(tree.images()) == ["Train/a/1.jpg"]


def test_archives_unzipped_side_by_side_meet_in_their_common_parent(tmp_path: Path) -> None:
    touch(tmp_path, "zip-1/Train/1.jpg", "zip-2/Test/2.jpg")
    tree = Tree(tmp_path, ["Train", "Test"])
    assert tree.prefix == ""
    assert tree.folder("Train") == "zip-1/Train"
    assert tree.folder("test") == "zip-2/Test"


def test_names_are_compared_whole_and_case_folded(tmp_path: Path) -> None:
    touch(tmp_path, "NON CANCER/1.jpg", "cancer/2.jpg")
    tree = Tree(tmp_path)
    assert tree.folders("CANCER") == ["cancer"]


def test_a_tail_of_names_finds_the_right_one_of_equal_names(tmp_path: Path) -> None:
    touch(tmp_path, "a/Train.xlsx", "partition/Test/Train.xlsx")
    assert Tree(tmp_path).find("Test/Train.xlsx") == "partition/Test/Train.xlsx"


def test_junk_of_operating_systems_is_never_listed(tmp_path: Path) -> None:
    touch(tmp_path, "__MACOSX/a/._1.jpg", "a/._1.jpg", "a/Thumbs.db", "a/.DS_Store", "a/1.jpg", "a/_9_1.jpeg")
    assert list(Tree(tmp_path).files("", ())) == ["a/1.jpg", "a/_9_1.jpeg"]


def test_odd_suffixes_count_as_pictures(tmp_path: Path) -> None:
    touch(tmp_path, "a..JPG", "b.JPEG", "c.tar", "d")
    assert list(Tree(tmp_path).images()) == ["a..JPG", "b.JPEG"]


def test_a_link_that_leaves_the_data_folder_is_followed_and_noted_once(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    touch(outside, "1.jpg", "2.jpg")
    base = tmp_path / "data" / "set"
    base.mkdir(parents=True)
    os.symlink(outside / "1.jpg", base / "1.jpg")
    os.symlink(outside / "2.jpg", base / "2.jpg")
    tree = Tree(base)
    assert list(tree.images()) == ["1.jpg", "2.jpg"]
    assert [problem.reason for problem in tree.problems] == ["leaves_data"]
    assert tree.problems[0].level == "note"


def test_a_data_set_folder_that_is_itself_a_link_is_normal(tmp_path: Path) -> None:
    touch(tmp_path / "disk2", "pics/1.jpg")
    (tmp_path / "data").mkdir()
    os.symlink(tmp_path / "disk2", tmp_path / "data" / "set")
    tree = Tree(tmp_path / "data" / "set", ["pics"])
    assert list(tree.images()) == ["pics/1.jpg"]
    assert not tree.problems


def test_a_link_to_a_parent_folder_does_not_loop(tmp_path: Path) -> None:
    touch(tmp_path / "set", "a/1.jpg")
    os.symlink(tmp_path / "set", tmp_path / "set" / "a" / "again")
    assert list(Tree(tmp_path / "set").images()) == ["a/1.jpg"]


@pytest.mark.parametrize("missing", ["nowhere", "set/none"])
def test_a_missing_folder_is_empty(tmp_path: Path, missing: str) -> None:
    assert list(Tree(tmp_path / missing, ["x"]).images()) == []


def test_parts_with_the_same_class_folders_are_both_read(tmp_path: Path) -> None:
    touch(tmp_path, "x/train/cat/1.jpg", "x/test/cat/2.jpg")
    tree = Tree(tmp_path, ["cat", "dog"])
    assert tree.prefix == "x/"
    assert sorted(tree.images()) == ["test/cat/2.jpg", "train/cat/1.jpg"]


def test_a_link_to_nothing_is_told_and_costs_no_other_picture(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    os.symlink("nowhere.jpg", tmp_path / "2.jpg")
    os.symlink("3.jpg", tmp_path / "3.jpg")
    os.symlink("nowhere", tmp_path / "latest")
    tree = Tree(tmp_path)
    assert list(tree.images()) == ["1.jpg"]
    assert sorted((problem.reason, problem.file) for problem in tree.problems) == [
        ("bad_image", "2.jpg"),
        ("bad_image", "3.jpg"),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_among_pictures_is_told_and_not_waited_for(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    os.mkfifo(tmp_path / "2.jpg")
    tree = Tree(tmp_path)
    assert list(tree.images()) == ["1.jpg"]
    assert [problem.file for problem in tree.problems] == ["2.jpg"]
