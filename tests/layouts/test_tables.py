"""Tables: a row a picture or a finding, a column a class, a row a box."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medmat_core.cli import run
from medmat_core.regions.extract import clipped
from medmat_core.tree import Tree
from tests.built import picture
from tests.layouts.laid import Read, dataset_of, read
from tests.toy import toy_catalog

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


# -- boxes -------------------------------------------------------------------------------------------------

BOXES = (
    'kind = "box-table"\ntable = "b.csv"\nimage = "id"\nlabel = "dx"\nunlisted = "unreported"\n'
    'corners = ["a", "b", "c", "d"]\n'
)
HEAD = "id,dx,a,b,c,d,w,h\n"


def boxes(tmp_path: Path, layout: str, rows: str) -> Read:
    return read(tmp_path, layout, PICTURES, {"b.csv": HEAD + rows}, kind="box")


@pytest.mark.parametrize(
    ("form", "row"),
    [
        ("", "4,8,20,28"),
        ('form = "xyxy"', "4,8,20,28"),
        ('form = "xywh"', "4,8,16,20"),
        ('form = "cxcywh"', "12,18,16,20"),
    ],
)
def test_four_numbers_of_a_box_are_what_form_says(form: str, row: str, tmp_path: Path) -> None:
    found = boxes(tmp_path, BOXES + form, f"1,cat,{row},,\n")
    assert found.said == {"p/1.png": [("cat", (4, 8, 20, 28))]}


@pytest.mark.parametrize("cell", ['"[4, 8, 16, 20]"', '"4;8;16;20"', "4 8 16 20", '"(4.0,8.0, 16,20)"'])
def test_one_cell_may_hold_all_four_numbers(cell: str, tmp_path: Path) -> None:
    layout = BOXES.replace('["a", "b", "c", "d"]', '"a"') + 'form = "xywh"'
    assert boxes(tmp_path, layout, f"1,cat,{cell},,,,,\n").said == {"p/1.png": [("cat", (4, 8, 20, 28))]}


@pytest.mark.parametrize("cell", ['"[4, 8, 16]"', '"[4, 8, 16, 20, 3]"', '"4,8,x,20"', ""])
def test_a_cell_of_other_than_four_numbers_is_no_box(cell: str, tmp_path: Path) -> None:
    found = boxes(tmp_path, BOXES.replace('["a", "b", "c", "d"]', '"a"'), f"1,cat,{cell},,,,,\n")
    assert (found.said, found.problems) == ({}, [("bad_row", "b.csv")])


def test_relative_boxes_are_fractions_of_the_pictures_size(tmp_path: Path) -> None:
    layout = BOXES + 'form = "cxcywh"\nrelative = true'
    found = boxes(tmp_path, layout, "1,cat,0.5,0.5,0.25,0.5,,\n2,dog,0.1,0.1,0.2,0.2,,\n")
    drawn = [clipped(box, (200, 100)) for sample in found.samples.values() for box in sample.boxes]  # type: ignore[union-attr]
    assert drawn == [(75, 25, 125, 75), (0, 0, 40, 20)]
    assert found.problems == []


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ("", "1,cat,0.1,0.2,0.5,1,,\n2,dog,0,0,1,1,,\n"),
        ("", "1,cat,-0.01,0.2,0.5,1.02,,\n2,dog,0,0,1,1,,\n"),
        ("relative = true", "1,cat,4,8,20,28,,\n2,dog,0,0,9,9,,\n"),
    ],
)
def test_a_table_of_the_other_unit_is_refused_in_one_line(said: str, rows: str, tmp_path: Path) -> None:
    found = boxes(tmp_path, BOXES + said, rows)
    assert (found.said, found.problems) == ({}, [("bad_file", "b.csv")])


def test_fractions_of_one_picture_among_pixels_leave_it_out(tmp_path: Path) -> None:
    found = boxes(tmp_path, BOXES, "1,cat,0.1,0.2,0.5,1,,\n2,dog,0,0,9,9,,\n")
    assert found.said == {"p/2.png": [("dog", (0, 0, 9, 9))]}
    assert found.problems == [("bad_row", "b.csv")]


def test_boxes_of_a_pixel_at_the_origin_are_pixels(tmp_path: Path) -> None:
    found = boxes(tmp_path, BOXES, "1,cat,0,0,1,1,,\n")
    assert (found.said, found.problems) == ({"p/1.png": [("cat", (0, 0, 1, 1))]}, [])


@pytest.mark.parametrize(("cells", "within"), [("640,480", (640, 480)), (",", None), ("x,480", None)])
def test_a_box_of_a_table_knows_the_size_that_its_row_states(
    cells: str, within: tuple[int, int] | None, tmp_path: Path
) -> None:
    found = boxes(tmp_path, BOXES + 'size = ["w", "h"]', f"1,cat,4,8,20,28,{cells}\n")
    assert [box.within for box in found.samples["p/1.png"].boxes] == [within]  # type: ignore[union-attr]


# -- a column a class --------------------------------------------------------------------------------------

HOT = 'kind = "one-hot"\ntable = "a.csv"\nimage = "id"\n'
CLASSES = ("cat", "dog", "cow", "eel")


def hot(tmp_path: Path, layout: str, *rows: str) -> Read:
    pictures = [f"p/{number}.png" for number in range(1, len(rows) + 1)]
    lines = (f"{number},{row}\n" for number, row in enumerate(rows, 1))
    return read(tmp_path, HOT + layout, pictures, {"a.csv": "id,cat,dog,cow,eel\n" + "".join(lines)}, CLASSES)


def test_what_one_of_several_findings_says_is_yes_no_unsure_or_nothing(tmp_path: Path) -> None:
    found = hot(tmp_path, "", "1,0,-1.0,", "1.0,False,-1,nan")
    assert found.of("stated") == {"p/1.png": ("cat",), "p/2.png": ("cat",)}
    assert found.of("uncertain") == {"p/1.png": ("cow",), "p/2.png": ("cow",)}
    assert found.of("absent") == {"p/1.png": ("dog",), "p/2.png": ("dog",)}


def test_a_blank_is_absent_where_the_card_says_so(tmp_path: Path) -> None:
    found = hot(tmp_path, 'blank = "absent"', "1,0,-1,")
    assert (found.of("uncertain"), found.of("absent")) == ({"p/1.png": ("cow",)}, {"p/1.png": ("dog", "eel")})


def test_the_one_class_of_a_row_leaves_open_what_is_unsure_or_blank(tmp_path: Path) -> None:
    found = hot(tmp_path / "1", "single = true", "1,0,-1,", "0,1,0,0")
    assert found.of("stated") == {"p/1.png": ("cat",), "p/2.png": ("dog",)}
    assert found.of("uncertain") == {"p/1.png": ("cow", "eel"), "p/2.png": ()}
    found = hot(tmp_path / "2", 'single = true\nblank = "absent"', "1,,-1,")
    assert found.of("uncertain") == {"p/1.png": ("cow",)}


def test_the_card_may_name_more_words_for_unsure_and_any_other_cell_refuses_its_row(tmp_path: Path) -> None:
    found = hot(tmp_path / "1", 'uncertain = ["U", "2"]', "1,0,u,2")
    assert found.of("uncertain") == {"p/1.png": ("cow", "eel")}
    found = hot(tmp_path / "2", "", "1,0,u,0", "1,0,0,0.5", "1,0,0,2")
    assert (found.said, found.problems[:3]) == ({}, [("bad_row", "a.csv")] * 3)


def test_a_class_that_its_row_leaves_open_is_no_wrong_option(tmp_path: Path) -> None:
    names = [f"p/{number}.png" for number in range(40)]
    for number, name in enumerate(names):
        picture(tmp_path / "med-mat/toy" / name, number)
    kinds = [["1", "0", "0", "0"], ["0", "1", "-1", "0"], ["0", "", "1", "0"], ["0", "0", "0", "1"]]
    rows = "".join(f"{number},{','.join(kinds[number % 4])}\n" for number in range(40))
    (tmp_path / "med-mat/toy/a.csv").write_text("id,cat,dog,cow,eel\n" + rows)
    dataset = dataset_of(tmp_path / "plugin", HOT + "single = true", CLASSES)
    arguments = ["build", "--data", str(tmp_path / "med-mat"), "--out", str(tmp_path / "out"), "--jobs", "1", "--quiet"]
    assert run(arguments, {"catalog": toy_catalog(dataset)}) == 0
    lines = [line for path in tmp_path.glob("out/records/*.jsonl") for line in path.read_text("utf-8").splitlines()]
    offered: dict[str, set[str]] = {}
    for record in map(json.loads, lines):
        offered.setdefault(record["answer"], set()).update(record["options"])
    assert offered["Cat"] >= {"Dog", "Eel"} and offered["Cow"] >= {"Cat", "Eel"}
    assert "Cow" not in offered["Dog"] and "Dog" not in offered["Cow"]


@pytest.mark.parametrize("blank", ["unknown", "absent"])
def test_all_noes_are_the_normal_class_and_a_blank_is_a_no_only_where_the_card_says_so(
    blank: str, tmp_path: Path
) -> None:
    layout = f'blank = "{blank}"\nsingle = true\nnormal = "eel"\ncolumns = {{cat = "cat", dog = "dog"}}'
    found = hot(tmp_path, layout, "0,0,,", "0,,,")
    assert found.of("stated") == {"p/1.png": ("eel",), **({"p/2.png": ("eel",)} if blank == "absent" else {})}
    assert set(found.of("uncertain").values()) == {()}


# -- spelling ----------------------------------------------------------------------------------------------


def test_rows_that_spell_pictures_otherwise_are_counted(tmp_path: Path) -> None:
    pictures = [f"p/{name}.JPG" for name in "abcd"]
    rows = "id,dx\na.jpg,cat\nb.jpg,dog\nc.JPG,cat\nd.jpg,dog\n"
    read(tmp_path, TABLE + 'by = "name"', pictures, {"a.csv": rows})
    tree = Tree(tmp_path / "toy")
    dataset = dataset_of(tmp_path / "again", TABLE + 'by = "name"')
    assert len(list(dataset.samples(tree, dataset.card))) == 4
    assert [(problem.reason, problem.row) for problem in tree.problems] == [
        ("other_spelling", 2),
        ("other_spelling", None),
    ]
    assert tree.problems[1].detail.startswith("3 rows ")


def test_one_row_that_spells_its_picture_otherwise_is_told_alone(tmp_path: Path) -> None:
    found = read(tmp_path, TABLE + 'by = "name"', ["p/1.JPG"], {"a.csv": "id,dx\n1.jpg,cat\n"})
    assert found.problems == [("other_spelling", "a.csv")]
