"""``medmat check --report``: enough to settle what a card calls unverified, and nobody's name."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmat_core import Card, Dataset, LabelSample, Problem, readers
from medmat_core.check import check_dataset
from medmat_core.check.patterns import Vocabulary
from medmat_core.check.report import look, may_replace, report
from medmat_core.errors import UsageError
from medmat_core.pipeline.options import BuildOptions
from tests.commanded import command
from tests.toy import picture, toy_card, toy_catalog, toy_dataset, zoo

OF_THE_TABLE = "no = 1000"
"""In a card's head: it is of Med-MAT's table, so that its own words may be said."""

EXAMPLE = """
[[example.pictures]]
paths = ["pics/cat/cat (1).png", "pics/dog/M0001_L.png"]

[[example.files]]
path = "labels.csv"
text = \"\"\"
image_id,dx
M0001,dog
\"\"\"
"""


def reported(dataset: Dataset, data: Path) -> dict[str, Any]:
    found = check_dataset(dataset, BuildOptions(data=data, verify="header", jobs=1))
    (told,) = report([(found, dataset, "toy 1.0")], data, opened=True)["datasets"]
    return dict(told)


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return toy_card(tmp_path, head=OF_THE_TABLE, tables=EXAMPLE)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("pics/cat/cat (17).png", "pics/cat/cat (N).png"),
        ("pics/dog/M0815_L.png", "pics/dog/MN_L.png"),
        ("pics/dog/Smith_Ann_1951-03-02.png", "pics/dog/W_W_N-N-N.png"),
        ("AB0815_L.png", "WN_L.png"),  # the card's M0001 does not make other initials known
        ("3fa85f64c0.png", "X.png"),
        ("a1b2c3d4.jpg", "X.jpg"),
        ("1.2.840.113619.2.55.dcm", "U.dcm"),
        ("Jörg Müller.png", "W W.png"),
        ("scan.smith", "W.W"),
        ("a\u200bb.png", "W?W.png"),
        ("dx", "dx"),
        ("Ward sister", "W W"),
    ],
)
def test_a_word_is_said_where_a_card_of_the_table_has_it_and_nowhere_else(card: Card, name: str, told: str) -> None:
    assert Vocabulary.of(card).pattern(name) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("pics/cat/cat (17).png", "W/W/W (N).png"),  # words of the card, and no words of every data set
        ("Train/IMAGES/benign12_mask.png", "Train/IMAGES/benignN_mask.png"),
        ("image_id", "image_id"),
        ("M0001", "WN"),
        ("masked/Testa", "W/W"),  # whole words alone
    ],
)
def test_under_a_card_of_one_s_own_only_words_of_every_data_set_are_said(tmp_path: Path, name: str, told: str) -> None:
    assert Vocabulary.of(toy_card(tmp_path, tables=EXAMPLE)).pattern(name) == told


def test_a_report_tells_names_counts_sizes_and_columns(tmp_path: Path) -> None:
    dataset = toy_dataset(
        tmp_path, head=OF_THE_TABLE, tables=EXAMPLE + '\n[counts]\nimages = 9\n[counts.classes]\n"Cat" = 4\n'
    )
    data = zoo(tmp_path / "data", 2)
    picture(data / "toy" / "pics" / "cat" / "IMG_7.png", 77, size=(30, 20))
    told = reported(dataset, data)
    assert (told["images"], told["images_published"], told["classes"]["Cat"]) == (9, 9, [3, 4])
    assert told["names"]["pictures"]["pics/cat/cat (N).png"] == 2 and told["names"]["pictures"]["pics/cat/W_N.png"] == 1
    assert told["pictures"] == {"sizes": {"24x16": 8, "30x20": 1}, "modes": {"PNG L": 9}}
    assert (told["layout"], told["codes"]["cat"], told["parts"]) == ("right", 3, {"": 9})


def tabled(tree: readers.Tree, card: Card) -> Iterator[LabelSample | Problem]:
    pictures = readers.Pictures(tree)
    yield from readers.table_labels(tree, readers.rows(tree, "labels.csv"), pictures, image="image_id", code="dx",
                                    group="patient")  # fmt: skip


def test_columns_and_line_ends_of_a_table_are_told_and_codes_of_the_card_alone(tmp_path: Path) -> None:
    dataset = toy_dataset(tmp_path, tabled, head=OF_THE_TABLE, tables=EXAMPLE)
    for number in range(3):
        picture(tmp_path / "data" / "toy" / "pics" / f"M{number}.png", number)
    rows = "image_id,dx,patient,ward sister\r\nM0,dog,Ann,x\r\nM1,Smith,Ann,y\r\nM2,dog,Bob,z\r\n"
    (tmp_path / "data" / "toy" / "labels.csv").write_bytes(rows.encode())
    told = reported(dataset, tmp_path / "data")
    (table,) = told["tables"]
    assert table == {
        "file": "labels.csv", "columns": ["image_id", "dx", "W", "W W"], "lines": 4, "line_ends": "crlf", "bom": False,
    }  # fmt: skip
    assert (told["codes"], told["codes_not_on_the_card"], told["groups"]) == ({"dog": 2}, 1, 2)
    assert "Smith" not in json.dumps(told)


LETTERS = st.text(st.sampled_from("abcdeglnorstuäöüßéçñÅØŁдж"), max_size=4)
WORD = st.builds(lambda start, end: f"{start}zq{end}".capitalize(), LETTERS, LETTERS)
"""Names that hold "zq", as no word of a report or a card does."""
ID = st.integers(10**8, 10**9 - 1).map(str)


@given(first=WORD, last=WORD, number=ID, sign=st.sampled_from(" _-.,'"), data=st.data())
@settings(max_examples=40, deadline=None)
def test_no_patient_leaves_in_names_folders_columns_or_cells(
    first: str, last: str, number: str, sign: str, data: st.DataObject
) -> None:
    """Whoever they are, and wherever they stand: in files that are used or not, under a header or none."""
    name = f"{first}{sign}{last}"
    with tempfile.TemporaryDirectory() as folder:
        dataset = toy_dataset(Path(folder), tabled, head=OF_THE_TABLE, tables=EXAMPLE)
        base = Path(folder) / "data" / "toy"
        picture(base / "pics" / name / f"{number}.png", 1)
        picture(base / "pics" / "cat" / f"{name} {number}.png", 2)
        picture(base / f"{last}{number}" / "pics" / f"{first}.png", 3)
        (base / f"{name}.txt").write_text(f"{name} {number}\n", "utf-8")
        header = data.draw(
            st.sampled_from([f"image_id,dx,patient,{name}", f"{name},{number}", "image_id,dx,patient,x"])
        )
        cells = f"{number},dog,{name},{name}\n{name} {number},{last},{number},{first}\n{name},cat\n"
        (base / "labels.csv").write_text(f"{header}\n{cells}", "utf-8")
        found = check_dataset(dataset, BuildOptions(data=base.parent, verify="header", jobs=1))
        told = json.dumps(report([(found, dataset, "toy 1.0")], base.parent, opened=True), ensure_ascii=False)
    assert "zq" not in told.lower() and number not in told and folder not in told


TOLD_OF_PEOPLE = """
[layout]
kind = "class-folders"
group = {{ pattern = "({first}[0-9]+)", by = "patient" }}

[counts]
images = 3
[counts.classes]
"{name}" = 2

[[ignored]]
pattern = "*/{last}_*.png"
reason = "of {name}"

[[known]]
reason = "bad_image"
note = "{name} moved"
files = ["*{number}*"]

[[example.pictures]]
paths = ["{name}/{number}.png", "Mueller{number}/benign.png"]

[[example.files]]
path = "{last}.csv"
text = "{name},{number}"
"""


@given(first=WORD, last=WORD, number=ID, sign=st.sampled_from(" _-.,'"))
@settings(max_examples=20, deadline=None)
def test_no_patient_leaves_by_a_card_that_was_made_of_patients(first: str, last: str, number: str, sign: str) -> None:
    """Folders of patients, taken for classes, outer folders and rules: a card may be proposed like that."""
    name = f"{first}{sign}{last}"
    words = {"first": first, "last": last, "name": name, "number": number}
    head = (
        'aliases = ["{last}{number}"]\nouter = "{name}"\ngroup_by = "{name}"\ngroups = "{last}"\n'
        'unverified = ["{name} {number}"]\nfaults = ["{last}"]\ncorrections = ["{first}"]\nsource_note = "{name}"'
    )
    with tempfile.TemporaryDirectory() as folder:
        labels = {name: name, f"{last}{number}": f"{last} {number}", "benign": "Benign", "eel": "Eel"}
        card = toy_card(
            Path(folder), folder=name, labels=labels, head=head.format(**words),
            tables=TOLD_OF_PEOPLE.format(**words),
        )  # fmt: skip
        base = Path(folder) / "data" / name / "pics"
        picture(base / name / f"{number}.png", 1)
        picture(base / name / f"{first}{number}.png", 2)
        picture(base / f"{last}{number}" / f"{name}.png", 3)
        picture(base / "benign" / f"{last}.png", 4)
        dataset = Dataset(card, readers.class_folders)
        found = check_dataset(dataset, BuildOptions(data=base.parent.parent, verify="header", jobs=1))
        whole = report([(found, dataset, "toy 1.0")], base.parent.parent, opened=True)
        told = json.dumps(whole, ensure_ascii=False)
    assert "zq" not in told.lower() and number not in told and folder not in told and "Mueller" not in told
    (one,) = whole["datasets"]
    assert (one["codes"], one["classes"]["class 1"]) == ({"code 1": 2, "code 2": 1, "code 3": 1}, [2, 2])
    assert any("/benign/" in f"/{pattern}" for pattern in one["names"]["pictures"])


def test_a_dicom_file_tells_its_form_and_not_its_patient(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    from medmat_core.example import ExamplePicture
    from medmat_core.samples.pictures import picture_bytes

    shown = ExamplePicture(("a.dcm",), (40, 30), dicom={"PatientName": "Smith^Ann", "PatientID": "4711"})
    path = tmp_path / "a.dcm"
    path.write_bytes(picture_bytes(toy_card(tmp_path), "a.dcm", shown))
    assert look(path) == ("40x30", "DICOM 8 bits MONOCHROME2 Explicit VR Little Endian")
    file = pydicom.dcmread(path)
    file.PhotometricInterpretation = "SMITH_ANN"
    file.save_as(path)
    assert "SMITH" not in look(path)[1]


def test_the_command_writes_the_report_and_replaces_no_other_file(tmp_path: Path) -> None:
    dataset = toy_dataset(tmp_path)
    data, file = zoo(tmp_path / "data"), tmp_path / "report.json"
    arguments = ("check", "toy", "--data", str(data), "--jobs", "1", "--report", str(file))
    for _ in range(2):  # a report of the last time is replaced
        assert command(toy_catalog(dataset), *arguments).exit_code == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", json.loads(file.read_text())["date"])
    file.write_text('{"mine": 1}')
    with pytest.raises(UsageError, match="is no report"):
        may_replace(file)
    assert command(toy_catalog(dataset), *arguments).exit_code == 2 and "mine" in file.read_text()
