"""What ``medmat build`` prints: shares of rounds, files that stay empty and why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from medmat_core import Card, LabelSample, readers
from medmat_core.cli import run
from medmat_core.commands.summary import counted
from tests.toy import toy_catalog, toy_dataset, zoo

LABEL, BOX, WITH_VAL = "2", "98", "5"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    if run(["sample", LABEL, BOX, "--to", str(tmp_path / "med-mat")]) != 0:
        pytest.skip("the data sets are not installed")
    return tmp_path / "med-mat"


def told(capsys: pytest.CaptureFixture[str], data: Path, *arguments: str) -> str:
    capsys.readouterr()
    code = run(["build", *arguments, "--data", str(data), "--out", str(data.parent / "out"), "--jobs", "1"])
    assert code == 0
    return " ".join(capsys.readouterr().out.split())


def test_one_data_set_is_told_ask_by_ask(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, data, BOX)
    assert "rounds of 4 rounds of 3 rounds of 2 surplus with options open no round" in text
    assert " box " in text and " location " in text
    assert "from 1 data set in 1 subset; 0 inputs refused" in text
    assert f"Next: `medmat audit {data.parent / 'out'}`" in text


def test_of_several_data_sets_each_has_its_rows(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, data)
    assert "ct-kidney label" in text and "tn3k box" in text
    assert "from 2 data sets in 2 subsets" in text and "comparison only" not in text


def test_a_validation_part_of_its_own_is_counted_beside_train_and_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "med-mat"
    if run(["sample", WITH_VAL, "--to", str(data)]) != 0:
        pytest.skip("the data set is not installed")
    capsys.readouterr()
    assert run(["build", "--data", str(data), "--out", str(tmp_path), "--jobs", "1", "--validation", "own"]) == 0
    done = capsys.readouterr()
    assert "8 train, 6 val and 8 test records" in done.err
    assert " train val test split " in " ".join(done.out.split())
    assert "Questions a subset: 4: 22\n" in done.out


def test_the_published_rule_is_told_to_be_for_comparison(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Built --as-published, for comparison only" in told(capsys, data, LABEL, "--as-published")


def test_a_data_set_without_rounds_is_named_with_the_reason(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in sorted((data / "CT_Kindney_Dataset").rglob("*")):
        if folder.is_dir() and folder.name in ("Normal", "Stone", "Tumor"):
            for picture in folder.iterdir():
                picture.unlink()
    text = told(capsys, data, LABEL)
    assert "ct-kidney has no questions with options: 'Cyst' is the one answer that can be asked for" in text


def test_refused_are_inputs_in_the_table_and_below_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
        yield from readers.class_folders(tree, card)
        tree.report("missing_image", "t.csv", "no picture 'x' lies there", 7)

    data = zoo(tmp_path / "med-mat")
    (data / "toy/pics/cat/cat (0).png").write_bytes(b"no picture")
    where = ["--data", str(data), "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert run(["build", *where], {"catalog": toy_catalog(toy_dataset(tmp_path, samples))}) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "seen used refused" in text and " toy 1000 20 19 2 " in text
    assert "2 inputs refused" in text


def test_one_thing_is_not_several() -> None:
    assert [counted(1, "subset"), counted(0, "subset"), counted(2, "subset")] == ["1 subset", "0 subsets", "2 subsets"]
