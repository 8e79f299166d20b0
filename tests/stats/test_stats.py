"""`medmat stats`: distributions of a built folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from medmat_core.cli import run
from medmat_core.records import Built
from medmat_core.stats import missing_classes, stats
from tests.built import built, label_record, toy
from tests.toy import toy_card, toy_catalog, toy_dataset


def test_labels_parts_and_ways_of_asking_are_counted(tmp_path: Path) -> None:
    found = stats(Built.open(toy(tmp_path, 16)))
    labels, boxes = found.datasets
    assert labels.records("train") == 9
    assert labels.asked["train"] == {"rounds of 4": 8, "open": 1}
    assert boxes.asked["test"] == {"rounds of 3": 8, "rounds of 2": 8}
    assert boxes.pictures == 16  # asked twice each
    assert found.labels(2)["test"] == {"Cat": 2, "Dog": 2, "Cow": 2, "Eel": 2}


def test_sizes_have_their_median_by_pictures(tmp_path: Path) -> None:
    sizes = [(10, 20), (10, 20), (30, 5), (0, 0), (40, 50)]
    records = [label_record(f"{n}.png", n, width=w, height=h) for n, (w, h) in enumerate(sizes)]
    built(tmp_path, records)
    found = stats(Built.open(tmp_path)).sizes(2)
    assert (found.pictures, found.unknown, found.different) == (4, 1, 3)
    assert (found.width, found.height) == ((10, 10, 40), (5, 20, 50))


def test_classes_without_a_record_are_missing_in_card_order(tmp_path: Path) -> None:
    card = toy_card(tmp_path / "cards")
    assert missing_classes(card, {"Dog", "Eel"}) == ("Cat", "Cow")
    data = toy_dataset(tmp_path / "cards", slug="toy-labels")
    built(tmp_path, [label_record(f"{n}.png", n, captions=("Cow",)) for n in range(2)])
    (one,) = stats(Built.open(tmp_path), catalog=toy_catalog(data)).datasets
    assert one.missing == ("Cat", "Dog", "Eel")
    assert stats(Built.open(tmp_path)).datasets[0].missing is None  # nobody knows its card


def test_the_command_prints_tables_json_and_plots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = toy(tmp_path / "built", 16)
    assert run(["stats", str(out)]) == 0
    titles, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    told = dict(zip(titles, next(row for row in rows if row[0] == "toy-labels"), strict=True))
    assert [told[title] for title in ("subset", "pictures", "train", "val", "test")] == ["2", "17", "9", "0", "8"]
    assert run(["stats", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["subsets"]["2"]["sizes"]["width"] == [60, 60, 60]
    pytest.importorskip("matplotlib")
    assert run(["stats", str(out), "--plots", str(tmp_path / "p"), "--as", "svg"]) == 0
    made = {path.name: path.read_bytes() for path in (tmp_path / "p").iterdir()}
    assert set(made) == {"labels-02.svg", "labels-44.svg", "shares.svg", "sizes.svg"}
    assert run(["stats", str(out), "--plots", str(tmp_path / "q"), "--as", "svg"]) == 0
    assert made == {path.name: path.read_bytes() for path in (tmp_path / "q").iterdir()}


def test_settings_of_plots_in_the_folder_that_the_user_is_in_are_not_read(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\n", encoding="utf-8")
    code = "from medmat_core.plots import new_figure; new_figure(1, 1)\n" \
        "import matplotlib; print(matplotlib.rcParams['text.usetex'])"  # fmt: skip
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


def test_a_folder_that_is_no_build_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stats", str(tmp_path)]) == 2
    assert "medmat build" in capsys.readouterr().err
