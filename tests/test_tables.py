"""Label files are read right in whatever dress they come."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmat_core import readers
from medmat_core.readers.pictures import escapes
from medmat_core.tree import Tree

TEXT = "id, label \n1,Ménière\n2,ok\n"
EXPECTED = [{"id": "1", "label": "Ménière"}, {"id": "2", "label": "ok"}]


def read(tmp_path: Path, raw: bytes, **rules: object) -> tuple[list[dict[str, str]], Tree]:
    (tmp_path / "t.csv").write_bytes(raw)
    tree = Tree(tmp_path)
    return [dict(row.cells) for row in readers.rows(tree, "t.csv", **rules)], tree  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("latin-1"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", "，").encode(),
        TEXT.rstrip("\n").encode(),
        TEXT.replace("\n", ",\n").encode(),  # an unnamed last column
    ],
    ids=["utf8", "bom", "utf16", "latin1", "crlf", "semicolon", "tab", "fullwidth", "no-last-newline", "empty-column"],
)
def test_a_table_reads_the_same_in_every_dress(tmp_path: Path, raw: bytes) -> None:
    found, tree = read(tmp_path, raw)
    assert [{k: v for k, v in row.items() if k} for row in found] == EXPECTED
    assert not tree.problems
    assert tree.opened == {"t.csv"}


def test_a_row_with_too_few_fields_is_reported_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    found, tree = read(tmp_path, b"a,b\n1,2\n3\n4,5\n")
    assert [row["a"] for row in found] == ["1", "4"]
    assert [(p.reason, p.row) for p in tree.problems] == [("bad_row", 3)]


def test_a_table_without_a_needed_column_is_reported_with_its_header(tmp_path: Path) -> None:
    found, tree = read(tmp_path, b"a,b\n1,2\n", require=("label",))
    assert not found
    assert tree.problems[0].reason == "bad_file"
    assert "a, b" in tree.problems[0].detail


def test_a_table_without_header_may_have_got_one_in_a_copy(tmp_path: Path) -> None:
    for raw in (b"x,1\ny,0\n", b"img_id,Label\nx,1\ny,0\n"):
        found, _ = read(tmp_path, raw, header=("img_id", "Label"))
        assert [row["img_id"] for row in found] == ["x", "y"]


def test_a_missing_table_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    assert list(readers.rows(tree, "none.csv")) == []
    assert tree.problems[0].reason == "missing_file"


def test_a_spreadsheet_reads_like_a_table(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for cells in (["name", "grade"], ["a.jpg", 1.0], ["b.jpg", None]):
        book.active.append(cells)
    book.save(tmp_path / "t.xlsx")
    found = [dict(row.cells) for row in readers.rows(Tree(tmp_path), "t.xlsx")]
    assert found == [{"name": "a.jpg", "grade": "1"}, {"name": "b.jpg", "grade": ""}]


def test_marks_tell_stated_uncertain_absent_and_blank_apart(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,a,b,c,d\nx,1.0,-1,0,\ny,2,0,0,0\n")
    first, second = readers.rows(Tree(tmp_path), "t.csv")
    assert readers.marks(first, ["a", "b", "c", "d"]) == readers.Marks(("a",), ("b",), ("c",))
    assert readers.marks(second, ["a", "b"]) is None


@given(st.lists(st.sampled_from(["..", ".", "a", "b c", ""]), max_size=8))
def test_a_path_escapes_exactly_when_it_climbs_above_its_start(parts: list[str]) -> None:
    text = "/".join(parts)
    depth, lowest = 0, 0
    for part in text.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        lowest = min(lowest, depth)
    assert escapes(text) == (lowest < 0)


def test_xml_entities_are_not_expanded(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        '<!DOCTYPE x [<!ENTITY e "boom">]><annotation><object><name>&e;</name></object></annotation>'
    )
    tree = Tree(tmp_path)
    assert readers.voc_boxes(tree, "a.xml") is None
    assert tree.problems[0].reason == "bad_file"


def test_voc_boxes_become_half_open_and_count_from_zero(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        "<annotation><object><name>RBC</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>10</xmax><ymax>12</ymax>"
        "</bndbox></object></annotation>"
    )
    assert readers.voc_boxes(Tree(tmp_path), "a.xml") == [readers.Box("RBC", (0, 1, 10, 12))]


def test_a_row_with_a_blank_key_is_a_note_whatever_else_stands_in_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,class,remark\na.png,1,\n,,only a remark\n ,1,\nb.png,0,\n", "utf-8")
    tree = Tree(tmp_path)
    assert [row["file"] for row in readers.rows(tree, "t.csv", key="file")] == ["a.png", "b.png"]
    assert [(p.reason, p.row, p.level) for p in tree.problems] == [("empty_row", 3, "note"), ("empty_row", 4, "note")]


def test_a_short_row_that_ends_before_its_key_is_still_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("no,file,class\n1,a.png,1\n2\n", "utf-8")
    tree = Tree(tmp_path)
    assert [row["file"] for row in readers.rows(tree, "t.csv", key="file")] == ["a.png"]
    assert [(p.reason, p.row) for p in tree.problems] == [("bad_row", 3)]


def test_a_blank_key_of_a_lookup_is_a_note_and_a_blank_value_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("slide,patient\ns1,p1\n,p2\ns3,\n", "utf-8")
    tree = Tree(tmp_path)
    assert readers.lookup(tree, "t.csv", "slide", "patient", required=True) == {"s1": "p1"}
    assert [(p.reason, p.row) for p in tree.problems] == [("empty_row", 3), ("bad_row", 4)]


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx", "t.json", "t.xml"])
def test_a_pipe_or_a_sparse_file_in_a_label_file_s_place_is_bad_file_and_never_waited_for(
    tmp_path: Path, name: str
) -> None:
    def read_all(tree: Tree) -> None:
        if name.endswith("json"):
            assert not list(readers.coco_boxes(tree, name))
        elif name.endswith("xml"):
            assert readers.voc_boxes(tree, name) is None
        else:
            assert not list(readers.rows(tree, name))

    os.mkfifo(tmp_path / name)
    tree = Tree(tmp_path)
    read_all(tree)
    assert [problem.reason for problem in tree.problems] == ["bad_file"]
    (tmp_path / name).unlink()
    with open(tmp_path / name, "wb") as file:
        file.truncate(1 << 40)
    tree = Tree(tmp_path)
    read_all(tree)
    assert [problem.reason for problem in tree.problems] == ["bad_file"]
