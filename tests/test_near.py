"""``build --near``: near copies across parts and across data sets are noted, or dropped from train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medmat_core import Dataset, LabelSample, build
from medmat_core.errors import UsageError
from tests.toy import toy_catalog, toy_dataset

NAMES = ("cat", "dog", "cow", "eel")


def scene(path: Path, number: int, size: tuple[int, int] = (96, 72)) -> None:
    """A smooth picture of its own for every number, at any size."""
    shade = np.random.default_rng(number).normal(0, 1, (12, 16)).cumsum(0).cumsum(1)
    shade = ((shade - shade.min()) / np.ptp(shade) * 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(shade).resize(size, Image.Resampling.BICUBIC).save(path)


def parted(tree: Any, card: Any) -> Any:
    """pics/train/cat/1.png: the part and the class by folders."""
    for path in tree.images("pics"):
        _, part, name, _ = path.split("/")
        yield LabelSample(path, (name,), split=part)


def farm(data: Path, folder: str, first: int = 0) -> Path:
    """Eight pictures a class in train and two in test, all of their own."""
    for place, name in enumerate(NAMES):
        for number in range(10):
            part = "train" if number < 8 else "test"
            scene(data / folder / "pics" / part / name / f"{number}.png", first + 100 * place + number)
    return data / folder / "pics"


@pytest.fixture
def one(tmp_path: Path) -> tuple[Dataset, Path]:
    """Test's cat 8 lies in train as well, at another size."""
    pics = farm(tmp_path / "med-mat", "toy")
    scene(pics / "train/cat/small.png", 8, (64, 48))
    return toy_dataset(tmp_path, parted), tmp_path / "med-mat"


def told(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "problems.jsonl").read_text().splitlines()]


def images(file: Path) -> set[str]:
    return {record["image"] for record in json.loads(file.read_text())} if file.exists() else set()


def test_report_notes_the_train_picture_and_keeps_it(one: tuple[Dataset, Path], tmp_path: Path) -> None:
    dataset, data = one
    manifest = build(data=data, out=tmp_path / "out", catalog=toy_catalog(dataset), jobs=1, near="report")
    (note,) = told(tmp_path / "out")
    assert (note["level"], note["reason"], note["file"]) == ("note", "near_copy", "pics/train/cat/small.png")
    assert "pics/test/cat/8.png" in note["detail"] and manifest.refused == 0
    assert manifest.datasets[0].pictures.used == 41


def test_drop_leaves_it_out_and_counts_it(one: tuple[Dataset, Path], tmp_path: Path) -> None:
    dataset, data = one
    build(data=data, out=tmp_path / "out", catalog=toy_catalog(dataset), jobs=1, near="drop")
    body = json.loads((tmp_path / "out/manifest.json").read_text())
    counted = body["datasets"][0]["images"]
    assert (counted["seen"], counted["used"], counted["unasked"]) == (41, 40, 1)
    assert counted["reasons"]["unasked"] == {"near_copy": 1} and body["arguments"]["near"] == "drop"
    assert not any("small.png" in line for line in (tmp_path / "out/records/Ori--toy-train.jsonl").open())
    assert [line["reason"] for line in told(tmp_path / "out")] == ["near_copy"]


def test_without_the_option_nothing_is_looked_for(one: tuple[Dataset, Path], tmp_path: Path) -> None:
    dataset, data = one
    build(data=data, out=tmp_path / "out", catalog=toy_catalog(dataset), jobs=1)
    assert told(tmp_path / "out") == []


def two(tmp_path: Path) -> tuple[Dataset, Dataset]:
    """Two data sets of one subset; the second holds a test picture of the first in train, smaller."""
    farm(tmp_path / "med-mat", "toy")
    pics = farm(tmp_path / "med-mat", "moon", first=5000)
    scene(pics / "train/cat/small.png", 8, (64, 48))
    return toy_dataset(tmp_path, parted), toy_dataset(tmp_path, parted, slug="moon", folder="moon")


def test_across_data_sets_report_notes_it_in_its_own_lines(tmp_path: Path) -> None:
    catalog = toy_catalog(*two(tmp_path))
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, near="report")
    (note,) = told(tmp_path / "out")
    assert (note["dataset"], note["file"]) == ("moon", "pics/train/cat/small.png")
    assert "med-mat/toy/pics/test/cat/8.png of toy, which is test" in note["detail"]
    assert json.loads((tmp_path / "out/manifest.json").read_text())["subset_removals"] == []


def test_across_data_sets_drop_leaves_it_out_of_the_subset_file_alone(tmp_path: Path) -> None:
    catalog = toy_catalog(*two(tmp_path))
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, near="drop")
    (removal,) = json.loads((tmp_path / "out/manifest.json").read_text())["subset_removals"]
    assert removal["image"] == "med-mat/moon/pics/train/cat/small.png" and "near copy" in removal["reason"]
    own, subset = (tmp_path / "out" / name for name in (
        "records/Ori--moon-train.jsonl", "Aggregated_Subsets/Subset--1000-train.json"
    ))  # fmt: skip
    assert "small.png" in own.read_text() and removal["image"] not in images(subset)


@pytest.mark.parametrize("how", ["report", "drop"])
def test_one_by_one_equals_all_at_once(tmp_path: Path, how: str) -> None:
    toy, moon = two(tmp_path)
    catalog, data = toy_catalog(toy, moon), tmp_path / "med-mat"
    build(data=data, out=tmp_path / "whole", catalog=catalog, jobs=1, near=how)
    for name in ("moon", "toy"):
        build([name], data=data, out=tmp_path / "single", catalog=catalog, jobs=2, near=how)

    def files(out: Path) -> dict[str, bytes]:
        return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}

    assert files(tmp_path / "single") == files(tmp_path / "whole")


@pytest.mark.parametrize("other", [{"verify": "none"}, {"as_published": True}])
def test_what_cannot_go_together_is_refused(one: tuple[Dataset, Path], tmp_path: Path, other: dict[str, Any]) -> None:
    dataset, data = one
    with pytest.raises(UsageError, match="--near"):
        build(data=data, out=tmp_path / "out", catalog=toy_catalog(dataset), jobs=1, near="drop", **other)
