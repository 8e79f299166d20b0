"""`medmat compose`: folders that everything else reads, and nothing of the test part in them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from medmat_core.cli import run
from medmat_core.model import Record
from medmat_core.records import Built
from tests.built import built, label_record, picture

SUBSETS = {3: "ct-covid", 5: "ct-blood", 28: "xray-lung", 20: "blood-cells", 53: "discs"}
"""Target, related by modality and task, related by area and task, unrelated twice."""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A built folder of five subsets of sixteen train and eight test pictures each."""
    records = []
    for no, slug in SUBSETS.items():
        for number in range(24):
            split = "test" if number >= 16 else "train"
            image = f"med-mat/{slug}/{number:02d}.png"
            picture(tmp_path / image, 100 * no + number, (40 + number, 40))
            facts = {"no": no + 200, "slug": slug, "subset": no, "group": f"{slug}:{number}"}
            records.append(label_record(image, 1000 * no + number, split, **facts))
    _write(tmp_path, records)
    return tmp_path


def _write(where: Path, records: list[Record]) -> None:
    facts = [
        {"no": no + 200, "slug": slug, "title": slug, "subset": no, "license": "CC0"} for no, slug in SUBSETS.items()
    ]
    built(where, records, facts)


def _again(out: Path, change: dict[str, dict[str, str]]) -> None:
    from attrs import evolve

    _write(out, [evolve(record, **change.get(record.image, {})) for record in list(Built.open(out).records())])


def records_of(place: Path) -> list[Record]:
    return list(Built.open(place).records())


def test_mixtures_hold_train_records_of_their_subsets_and_the_target_its_test_part(out: Path, tmp_path: Path) -> None:
    to = tmp_path / "mix"
    assert run(["compose", str(out), "--target", "3", "--to", str(to)]) == 0
    assert {record.subset for record in records_of(to / "related")} == {5, 28}
    assert {record.subset for record in records_of(to / "unrelated")} == {20, 53}
    assert {record.subset for record in records_of(to / "others")} == {5, 20, 28, 53}
    assert {record.subset for record in records_of(to / "without-area")} == {5}
    assert {record.split for record in records_of(to / "related")} == {"train"}
    assert [(r.subset, r.split) for r in records_of(to / "target")] == [(3, "test")] * 8
    told = json.loads((to / "manifest.json").read_bytes())
    assert told["records"]["related"] == {"5": 16, "28": 16}
    assert told["leaks"] == []


def test_a_mixture_is_read_by_export_score_and_stats(out: Path, tmp_path: Path) -> None:
    to = tmp_path / "mix"
    assert (
        run(["compose", str(out), "--target", "3", "--to", str(to), "--format", "llava", "--mixture", "related"]) == 0
    )
    assert len(json.loads((to / "related/exported/llava/205-train.json").read_bytes())) == 16
    assert run(["export", str(to / "related"), "--to", str(tmp_path / "x"), "--format", "vlmeval", "--jobs", "1"]) == 0
    assert run(["stats", str(to / "related"), "--json"]) == 0
    rows = [{"key": r.key, "prediction": "ABCD"[r.answer_index]} for r in records_of(to / "target")]
    said = tmp_path / "said.json"
    said.write_text(json.dumps(rows))
    assert run(["score", str(to / "target"), str(said), "--json"]) == 0
    shutil.rmtree(out / "med-mat")  # pictures have names of their own in the mixture
    assert Built.open(to / "related").picture(records_of(to / "related")[0]).is_file()


def test_equal_arguments_give_equal_bytes_and_a_second_run_takes_the_place(out: Path, tmp_path: Path) -> None:
    arguments = ["compose", str(out), "--target", "3", "--size", "16"]
    assert run([*arguments, "--to", str(tmp_path / "a")]) == 0
    assert run([*arguments, "--to", str(tmp_path / "b")]) == 0
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)
    assert run([*arguments, "--to", str(tmp_path / "a"), "--seed", "1"]) == 0
    assert len(records_of(tmp_path / "a" / "related")) == 16


def test_a_group_of_the_test_part_and_its_round_are_left_out(out: Path, tmp_path: Path) -> None:
    _again(out, {"med-mat/ct-blood/05.png": {"group": "ct-covid:20"}})
    assert run(["compose", str(out), "--target", "3", "--to", str(tmp_path / "mix"), "--mixture", "related"]) == 0
    kept = [record for record in records_of(tmp_path / "mix/related") if record.subset == 5]
    assert len(kept) == 12  # its fellows go with it
    told = json.loads((tmp_path / "mix/manifest.json").read_bytes())["leaks"]
    assert told == [
        {"image": "med-mat/ct-blood/05.png", "why": "group", "test_image": "med-mat/ct-covid/20.png"},
    ]


def test_an_equal_picture_is_left_out_and_a_near_copy_on_request(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(out / "med-mat/ct-covid/20.png", out / "med-mat/xray-lung/03.png")
    scene = Image.effect_noise((64, 64), 90).resize((256, 256))
    scene.save(out / "med-mat/ct-covid/21.png")
    scene.resize((200, 200)).save(out / "med-mat/ct-blood/09.png")
    arguments = ["compose", str(out), "--target", "3", "--mixture", "related", "--json"]
    assert run([*arguments, "--to", str(tmp_path / "a")]) == 0
    assert json.loads(capsys.readouterr().out)["leaks"] == {"equal": 1}
    assert run([*arguments, "--to", str(tmp_path / "b"), "--near"]) == 0
    assert json.loads(capsys.readouterr().out)["leaks"]["near"] >= 1
    images = {record.image for record in records_of(tmp_path / "b/related")}
    assert not images & {"med-mat/xray-lung/03.png", "med-mat/ct-blood/09.png"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--target", "4", "--to", "mix"],
        ["--target", "3", "--to", "mix", "--mixture", "relatd"],
        ["--target", "3", "--to", "mix", "--size", "1000"],
        ["--target", "3", "--to", "mix", "--per-label"],
        ["--target", "3", "--to", "mix", "--format", "nothing"],
        ["--target", "3", "--format", "llava"],
        [],
    ],
)
def test_arguments_that_fit_nothing_are_one_line(
    out: Path, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["compose", str(out), *arguments]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not Path("mix").exists()


def test_a_folder_of_something_else_is_left_alone(out: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    assert run(["compose", str(out), "--target", "3", "--to", str(tmp_path / "mine")]) == 2
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"


def test_without_a_build_the_53_subsets_are_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["compose", "--target", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mixtures"]["without-task"] == [4, 6, 47, 48]
    assert run(["compose", "--recipe", "paper"]) == 0
    assert "targets have both" in capsys.readouterr().out
    assert run(["compose", "--matrix", "--json"]) == 0
    assert sum(len(cell["subsets"]) for cell in json.loads(capsys.readouterr().out)["matrix"]) == 53
    pytest.importorskip("matplotlib")
    assert run(["compose", "--target", "3", "--plot", str(tmp_path / "map.svg")]) == 0
    assert (tmp_path / "map.svg").stat().st_size > 1000
