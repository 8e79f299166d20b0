"""Tables: a row a picture or a finding, a column a class, a row a box."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.layouts.laid import read

TABLE = 'kind = "table"\ntable = "a.csv"\nimage = "id"\nlabel = "dx"\n'
PICTURES = ["p/1.png", "p/2.png"]


def test_the_table_lies_anywhere_and_a_name_comes_in_any_case(tmp_path: Path) -> None:
    found = read(tmp_path, TABLE, PICTURES, {"x/A.CSV": "id,dx\n1,cat\n2,dog\n"})
    assert found.said == {"p/1.png": "cat", "p/2.png": "dog"}
    assert found.problems == []


def test_of_several_names_the_likeliest_that_is_there_counts(tmp_path: Path) -> None:
    layout = TABLE.replace('"a.csv"', '["v2.csv", "v1.csv"]')
    files = {"v1.csv": "id,dx\n1,cat\n", "v2.csv": "id,dx\n1,dog\n"}
    assert read(tmp_path, layout, PICTURES[:1], files).said == {"p/1.png": "dog"}


@pytest.mark.parametrize(
    ("unlisted", "problems"),
    [("missing_label", ["missing_label"]), ("unlabelled", ["unlabelled"]), ("unreported", [])],
)
def test_a_picture_that_no_row_names_is_what_the_card_says(unlisted: str, problems: list[str], tmp_path: Path) -> None:
    found = read(tmp_path, TABLE + f'unlisted = "{unlisted}"', PICTURES, {"a.csv": "id,dx\n1,cat\n"})
    assert [reason for reason, _ in found.problems] == problems


def test_a_table_that_is_not_there_and_a_column_that_it_lacks_are_told(tmp_path: Path) -> None:
    assert read(tmp_path / "1", TABLE, PICTURES[:1]).problems[0] == ("missing_file", "a.csv")
    layout = TABLE + 'group = {column = "patient"}'
    found = read(tmp_path / "2", layout, PICTURES[:1], {"a.csv": "id,dx\n1,cat\n"})
    assert found.problems[0] == ("bad_file", "a.csv")


def test_the_pictures_name_is_made_of_columns_with_leading_zeros(tmp_path: Path) -> None:
    layout = TABLE.replace('"id"', '"{part}/{id:03}_green"').replace("label", 'by = "tail"\nlabel')
    files = {"a.csv": "id,part,dx\n7,p,cat.png\n7,q,dog\n,q,dog\n"}
    found = read(tmp_path, layout.replace("_green", "_green.png"), ["p/007_green.png", "q/007_green.png"], files)
    assert found.said == {"p/007_green.png": "cat.png", "q/007_green.png": "dog"}
    assert found.problems == [("empty_row", "a.csv")]


def test_a_cell_holds_several_labels_parted_or_caught(tmp_path: Path) -> None:
    parted = read(tmp_path / "1", TABLE + 'separator = "|"', PICTURES[:1], {"a.csv": "id,dx\n1,cat | dog\n"})
    caught = read(tmp_path / "2", TABLE + "find = '([a-z]+)'", PICTURES[:1], {"a.csv": "id,dx\n1,\"['cat', 'dog']\"\n"})
    assert parted.said == caught.said == {"p/1.png": "cat,dog"}


def test_several_columns_make_one_label_and_other_words_stand_for_codes(tmp_path: Path) -> None:
    layout = TABLE.replace('"dx"', '["kind", "sub"]') + 'spellings = {"b|" = "cat"}'
    found = read(tmp_path, layout, PICTURES, {"a.csv": "id,kind,sub\n1,a,x\n2,b,\n"}, labels=("a|x", "cat"))
    assert found.said == {"p/1.png": "a|x", "p/2.png": "cat"}


def test_rows_of_one_picture_are_merged(tmp_path: Path) -> None:
    layout = TABLE + 'merge = true\ngroup = {column = "patient"}'
    found = read(tmp_path, layout, PICTURES[:1], {"a.csv": "id,patient,dx\n1,7,cat\n1,7,dog\n"})
    assert (found.said, found.of("group")) == ({"p/1.png": "cat,dog"}, {"p/1.png": "7"})


def test_a_table_a_part_reads_the_folder_of_its_part(tmp_path: Path) -> None:
    layout = TABLE.replace("a.csv", "{part}.csv") + 'pictures = "{part}_x"\nparts = {train = "train", held = "test"}'
    files = {"train.csv": "id,dx\n1,cat\n", "held.csv": "id,dx\n1,dog\n"}
    found = read(tmp_path, layout, ["train_x/1.png", "held_x/1.png"], files)
    assert found.said == {"train_x/1.png": "cat", "held_x/1.png": "dog"}
    assert found.of("split") == {"train_x/1.png": "train", "held_x/1.png": "test"}


def test_an_optional_part_may_be_missing_but_not_by_half(tmp_path: Path) -> None:
    layout = TABLE.replace("a.csv", "{part}.csv") + (
        'pictures = "{part}_x"\nparts = {a = "train", b = "val", c = "test"}\noptional = ["b", "c"]'
    )
    files = {"a.csv": "id,dx\n1,cat\n", "c.csv": "id,dx\n1,cat\n"}
    found = read(tmp_path, layout, ["a_x/1.png", "b_x/1.png"], files)
    assert list(found.said) == ["a_x/1.png"]
    assert found.problems == [("missing_file", "b.csv"), ("missing_image", "c.csv")]


def test_a_part_may_stand_in_a_column(tmp_path: Path) -> None:
    layout = TABLE + 'split = {column = "set", names = {TRAINING = "train"}}'
    found = read(tmp_path, layout, PICTURES, {"a.csv": "id,dx,set\n1,cat, training\n2,dog,\n"})
    assert found.of("split") == {"p/1.png": "train", "p/2.png": None}
    assert found.problems == []


def test_a_word_that_is_no_part_is_told_once(tmp_path: Path) -> None:
    layout = TABLE + 'split = {column = "set", names = {train = "train", test = "test"}}'
    rows = "id,dx,set\n1,cat,Tset\n2,dog,tset\n3,dog,TEST\n4,cat,held\n"
    found = read(tmp_path, layout, [f"p/{n}.png" for n in "1234"], {"a.csv": rows})
    assert [*found.of("split").values()] == [None, None, "test", None]
    assert found.problems == [("bad_row", "a.csv")] * 2


def test_part_lists_are_held_against_the_table_and_not_against_the_disk(tmp_path: Path) -> None:
    layout = TABLE + 'split = {lists = {train = "train.txt", test = "test.txt"}}'
    files = {"a.csv": "id,dx\n1,cat\n3,cat\n", "train.txt": "1\n3\n", "test.txt": "4\n"}
    found = read(tmp_path, layout, PICTURES[:1], files)
    assert found.of("split") == {"p/1.png": "train"}
    assert found.problems == [("missing_image", "a.csv"), ("bad_row", "test.txt")]


def test_a_group_is_looked_up_in_a_table_elsewhere(tmp_path: Path) -> None:
    layout = TABLE + "group = {pattern = '(\\d+)(?:_.*)?', table = 'g.csv', key = 'image', column = 'lesion'}"
    files = {"a.csv": "id,dx\n1_small,cat\n2,cat\n", "g.csv": "image,lesion\n1_big,L9\n"}
    found = read(tmp_path, layout, ["p/1_small.png", "p/2.png"], files)
    assert found.of("group") == {"p/1_small.png": "L9", "p/2.png": "2"}


def test_a_table_of_groups_is_missed_only_where_it_is_required(tmp_path: Path) -> None:
    rule = "group = {{pattern = '(.+)', table = 'g.csv', key = 'image', column = 'lesion', required = {}}}"
    files = {"a.csv": "id,dx\n1,cat\n"}
    assert read(tmp_path / "1", TABLE + rule.format("false"), PICTURES[:1], files).problems == []
    found = read(tmp_path / "2", TABLE + rule.format("true"), PICTURES[:1], files)
    assert found.problems == [("missing_file", "g.csv")]


def test_a_group_that_a_required_table_does_not_know_is_told_once(tmp_path: Path) -> None:
    rule = "group = {{pattern = '(\\d+)-.*', table = 'g.csv', key = 'image', column = 'lesion', required = {}}}"
    files = {"a.csv": "id,dx\n1-a,cat\n2-a,cat\n2-b,cat\n", "g.csv": "image,lesion\n1-x,L9\n"}
    paths = ["p/1-a.png", "p/2-a.png", "p/2-b.png"]
    assert read(tmp_path / "1", TABLE + rule.format("false"), paths, files).problems == []
    found = read(tmp_path / "2", TABLE + rule.format("true"), paths, files)
    assert [*found.of("group").values()] == ["L9", "2", "2"]
    assert found.problems == [("missing_label", "p/2-a.png")]


def test_json_and_tables_without_header_are_read(tmp_path: Path) -> None:
    plain = TABLE + 'header = ["x", "id", "dx"]\ndelimiter = " "'
    json = TABLE.replace("a.csv", "a.json")
    assert read(tmp_path / "1", plain, PICTURES[:1], {"a.csv": "7  1 cat\n"}).said == {"p/1.png": "cat"}
    assert read(tmp_path / "2", json, PICTURES[:1], {"a.json": '[{"id": 1, "dx": "cat"}]'}).said == {"p/1.png": "cat"}


def test_copies_deeper_down_are_not_missed_by_the_table(tmp_path: Path) -> None:
    found = read(tmp_path, TABLE + "once = true", ["p/1.png", "p/p/1.png"], {"a.csv": "id,dx\n1,cat\n"})
    assert (found.said, found.problems) == ({"p/1.png": "cat"}, [])


HOT = 'kind = "one-hot"\ntable = "a.csv"\nimage = "id"\n'


def test_a_column_a_class_says_present_absent_and_unsure(tmp_path: Path) -> None:
    found = read(tmp_path, HOT, PICTURES[:1], {"a.csv": "id,cat,dog,eel\n1,1,0,-1\n"}, labels=("cat", "dog", "eel"))
    assert [found.of(name)["p/1.png"] for name in ("stated", "absent", "uncertain")] == [("cat",), ("dog",), ("eel",)]


def test_two_noes_mean_the_normal_class_and_a_blank_means_nothing(tmp_path: Path) -> None:
    layout = HOT + 'single = true\nnormal = "none"'
    rows = "id,cat,dog\n1,0,0\n2,1,0\n3,1,\n4,1,1\n"
    found = read(tmp_path, layout, [f"p/{n}.png" for n in "1234"], {"a.csv": rows}, labels=("cat", "dog", "none"))
    assert found.said == {"p/1.png": "none", "p/2.png": "cat"}
    assert found.problems[:2] == [("bad_row", "a.csv")] * 2


def test_headers_stand_for_codes_and_one_may_be_lacking(tmp_path: Path) -> None:
    named = read(tmp_path / "1", HOT + 'columns = {Katze = "cat"}', PICTURES[:1], {"a.csv": "id,Katze\n1,1\n"})
    lacking = read(tmp_path / "2", HOT + 'lacking = ["dog"]', PICTURES[:1], {"a.csv": "id,cat\n1,1\n"})
    assert named.said == lacking.said == {"p/1.png": "cat"}


def test_boxes_of_one_picture_are_gathered_and_nothing_is_a_negative(tmp_path: Path) -> None:
    layout = (
        'kind = "box-table"\ntable = "a.csv"\nimage = "id"\nlabel = "dx"\ncorners = ["a", "b", "c", "d"]\n'
        'nothing = ["none"]\ngroup = {column = "patient"}'
    )
    rows = "id,patient,dx,a,b,c,d\n1,P,cat,1,2,3,4\n1,P,dog,5,6,7,8\n2,Q,none,,,,\n"
    found = read(tmp_path, layout, PICTURES, {"a.csv": rows}, kind="box")
    assert found.said == {"p/1.png": [("cat", (1, 2, 3, 4)), ("dog", (5, 6, 7, 8))], "p/2.png": []}
    assert found.of("group") == {"p/1.png": "P", "p/2.png": "Q"}
