"""medmat's conformance suite over this package, and what is this package's own: its decoder and its format."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from medmat_agar.agar_plates import SpanMask, medmat_regions
from PIL import Image

from medmat_core import build
from medmat_core.testing.conformance import *  # noqa: F403

MEDMAT_DATASETS = ["agar-plates"]


def test_runs_become_pixels_of_their_class(tmp_path: Path) -> None:
    (tmp_path / "a.spans").write_text("mold 1 0 3\ncolony 0 2 4\nmold 2 1 2\n")
    found = dict(medmat_regions(SpanMask("a.spans"), (4, 3), tmp_path))
    assert found["colony"].tolist() == [[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert found["mold"].tolist() == [[0, 0, 0, 0], [1, 1, 1, 0], [0, 1, 0, 0]]


def test_a_run_outside_the_scan_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.spans").write_text("mold 3 0 3\n")
    with pytest.raises(ValueError, match="outside a scan of 4 x 3"):
        medmat_regions(SpanMask("a.spans"), (4, 3), tmp_path)


def test_masks_of_others_are_left_to_them(tmp_path: Path) -> None:
    assert medmat_regions("a mask of somebody else", (4, 3), tmp_path) is None


def test_a_scan_whose_runs_leave_it_is_refused_and_all_others_are_built(tmp_path: Path) -> None:
    root = tmp_path / "med-mat" / "Agar_Plates"
    (root / "scans").mkdir(parents=True)
    (root / "spans").mkdir()
    for number, runs in enumerate(("colony 99 1 9\n", "colony 5 4 9\n", "")):
        Image.new("RGB", (32, 24), (200, 180, 10 * number)).save(root / "scans" / f"D{number}_24h.png")
        (root / "spans" / f"D{number}_24h.spans").write_text(runs)
    (root / "dishes.csv").write_text("dish,medium,part\nD0,x,learn\nD1,x,learn\nD2,x,exam\n")
    manifest = build("agar-plates", data=tmp_path / "med-mat", jobs=1)
    problems = [json.loads(line) for line in (tmp_path / "problems.jsonl").read_text().splitlines()]
    assert manifest.refused == 1
    assert [(found["reason"], found["file"]) for found in problems if found["level"] == "refused"] == [
        ("bad_mask", "scans/D0_24h.png")
    ]


def test_the_format_says_places_in_bins(tmp_path: Path) -> None:
    def medmat(*arguments: object) -> None:
        subprocess.run([sys.executable, "-m", "medmat_core", *map(str, arguments)], cwd=tmp_path, check=True)

    medmat("sample", "agar-plates", "--to", "med-mat")
    medmat("build", "agar-plates", "--data", "med-mat", "--jobs", 1, "--quiet")
    medmat("export", ".", "--to", "exported", "--format", "florence", "--option", "florence.bins=32")
    lines = [json.loads(line) for line in (tmp_path / "exported/florence/train.jsonl").read_text().splitlines()]
    assert lines[0] == {
        "image": "images/med-mat/Agar_Plates/scans/D01_24h.png",
        "prefix": "<OPEN_VOCABULARY_DETECTION>Bacterial colony",
        "suffix": "Bacterial colony<loc_2><loc_3><loc_5><loc_5>",
    }
