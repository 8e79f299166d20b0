"""``medmat check``: what lies there against the card, and the one rule for files that a card leaves alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medmat_core import Dataset, MaskSample, Problem, build, readers
from medmat_core.check import Found, check_dataset
from medmat_core.model import ColorMask, IndexMask, MaskFile
from medmat_core.pipeline.options import BuildOptions
from medmat_core.samples import example_files
from medmat_core.testing.example_check import check_example
from medmat_core.testing.reading import Files
from tests.toy import picture, toy_card, toy_catalog, toy_dataset, zoo

IGNORED = """
[[ignored]]
pattern = "*/thumbs/*"
reason = "counted from the root"

[[ignored]]
pattern = "outer/extra/*"
reason = "counted from the folder"

[[ignored]]
pattern = "overview*.png"
reason = "by name alone"
"""


def looked(dataset: Dataset, data: Path, *, verify: Any = "full", **how: Any) -> Found:
    return check_dataset(dataset, BuildOptions(data=data, verify=verify, jobs=1), **how)


def told(found: Found) -> dict[str, Any]:
    return {finding.what: finding for finding in found.findings}


def counts(found: Found) -> dict[str, int]:
    return {one.caption: one.here for one in found.classes}


# -- files left alone -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "left_alone"),
    [
        ("outer/extra/x.png", True),  # below the folder
        ("extra/x.png", False),  # the pattern names the outer folder
        ("outer/pics/thumbs/x.png", True),  # below the root, and below the folder
        ("outer/thumbs/x.png", True),  # below the folder only
        ("thumbs/x.png", False),
        ("outer/pics/cat/overview 2.png", True),  # by name
        ("outer/pics/cat/my overview.png", False),
        ("outer/pics/cat/x.png", False),
    ],
)
def test_a_pattern_matches_below_the_folder_below_the_root_or_the_name(
    tmp_path: Path, path: str, left_alone: bool
) -> None:
    card = toy_card(tmp_path, tables=IGNORED)
    assert card.ignores(path, "outer/") is left_alone
    assert any(rule.matches(path, "outer/") for rule in card.ignored) is left_alone


def test_a_pattern_below_the_root_needs_the_root(tmp_path: Path) -> None:
    card = toy_card(tmp_path, tables='[[ignored]]\npattern = "pics/old/*"\nreason = "x"')
    assert card.ignores("outer/pics/old/x.png", "outer/")
    assert not card.ignores("outer/pics/old/x.png", "other/")
    assert not card.ignores("outer/pics/old/x.png")


def test_a_card_without_rules_leaves_nothing_alone(tmp_path: Path) -> None:
    assert not toy_card(tmp_path).ignores("x.png")


@pytest.fixture
def wrapped(tmp_path: Path) -> tuple[Dataset, Path]:
    """Class folders inside an outer folder, with five pictures that the card leaves alone in each of its ways."""
    data = zoo(tmp_path / "med-mat")
    base = data / "toy"
    (base / "outer").mkdir()
    (base / "pics").rename(base / "outer/pics")
    for number, name in enumerate(
        ["pics/other/thumbs/a.png", "extra/b.png", "extra/c.png", "pics/other/overview.png", "overview 2.png"]
    ):
        picture(base / "outer" / name, 7000 + number)
    return toy_dataset(tmp_path, tables=IGNORED), data


def test_build_and_check_leave_the_same_files_alone(wrapped: tuple[Dataset, Path], tmp_path: Path) -> None:
    dataset, data = wrapped
    out = tmp_path / "out"
    manifest = build(data=data, out=out, catalog=toy_catalog(dataset), jobs=1)
    assert manifest.refused == 0, (out / "problems.jsonl").read_text()  # 'other' holds nothing but ignored files
    counted = json.loads((out / "manifest.json").read_text())["datasets"][0]["images"]
    assert (counted["seen"], counted["used"], counted["refused"], counted["ignored"]) == (25, 20, 0, 5)
    assert "files that no rule reads" not in told(looked(dataset, data))


def test_a_picture_beside_the_ignored_ones_is_told_by_build_and_check(
    wrapped: tuple[Dataset, Path], tmp_path: Path
) -> None:
    dataset, data = wrapped
    picture(data / "toy/outer/pics/other/stray.png", 8000)
    picture(data / "toy/elsewhere/stray.png", 8001)
    manifest = build(data=data, out=tmp_path / "out", catalog=toy_catalog(dataset), jobs=1)
    (problem,) = map(json.loads, (tmp_path / "out/problems.jsonl").read_text().splitlines())
    assert manifest.refused == 1
    assert (problem["reason"], problem["file"]) == ("unknown_label", "pics/other")
    assert problem["detail"].startswith("1 picture ")
    found = told(looked(dataset, data))
    assert found["unknown_label"].about == "problems"
    # the folder 'pics/other' is told already
    assert found["files that no rule reads"].examples == ("elsewhere/stray.png",)


@pytest.mark.parametrize(("pattern", "unread"), [("old/*", []), ("new/*", ["outer/old/3.png"])])
def test_the_conformance_suite_asks_the_same_rule(tmp_path: Path, pattern: str, unread: list[str]) -> None:
    # a pattern counted from the root, met in the archive's outer folder
    tables = f"""
[[ignored]]
pattern = "{pattern}"
reason = "superseded"

[[example.pictures]]
paths = ["outer/pics/cat/1.png", "outer/pics/dog/2.png", "outer/old/3.png"]
"""
    dataset = toy_dataset(tmp_path, tables=tables, head='outer = "outer"')
    files = Files(dict(example_files(dataset.card)))
    found = list(check_example(dataset, dataset.card, files, tmp_path / "tmp"))
    told = {finding.file for finding in found if finding.check == "no file unread" and not finding.hint}
    assert sorted(told) == unread


@pytest.mark.parametrize("reason", ["left_out", "unlabelled", "missing_label"])
def test_files_that_a_problem_names_are_not_unread(tmp_path: Path, reason: str) -> None:
    data = zoo(tmp_path / "med-mat")
    picture(data / "toy/pics/one.png", 1)
    picture(data / "toy/pics/batch/two.png", 2)
    picture(data / "toy/pics/batch.png", 3)

    def samples(tree: readers.Tree, card: Any) -> Iterator[Any]:
        yield from readers.class_folders(tree, card, skip=lambda path: path.startswith("pics/batch"))
        yield Problem(reason, "pics/one.png", "by name")
        tree.report(reason, "pics/batch", "with its folder")

    found = told(looked(toy_dataset(tmp_path, samples), data))
    assert found[reason].count == 2
    assert found["files that no rule reads"].examples == ("pics/batch.png",)


# -- masks of several classes in one file -----------------------------------------------------------------

COLOURS = (((255, 0, 0), "cat"), ((0, 255, 0), "dog"), ((0, 0, 255), "cow"))
COUNTS = "[counts]\nimages = 3\n[counts.classes]\nCat = 3\nDog = 2\nCow = 5\nEel = 1"


@pytest.fixture
def painted(tmp_path: Path) -> tuple[Dataset, Path]:
    """Three pictures: cat and dog, cat, cat and dog; cow and eel nowhere. Masks as colours."""
    data = tmp_path / "med-mat"
    for number, colours in enumerate((((255, 0, 0), (0, 255, 0)), ((255, 0, 0),), ((255, 0, 0), (0, 255, 0)))):
        picture(data / "toy/pics" / f"{number}.png", number, (60, 40))
        mask = np.zeros((40, 60, 3), np.uint8)
        for place, colour in enumerate(colours):
            mask[5:25, 3 + 25 * place : 23 + 25 * place] = colour
        target = data / "toy/masks" / f"{number}.png"
        target.parent.mkdir(exist_ok=True)
        Image.fromarray(mask).save(target)

    def samples(tree: readers.Tree, card: Any) -> Iterator[MaskSample]:
        for path in tree.images("pics"):
            yield MaskSample(path, (ColorMask(path.replace("pics", "masks"), COLOURS),))

    return toy_dataset(tmp_path, samples, kind="mask", tables=COUNTS), data


def test_colour_masks_are_decoded_to_count_their_classes(painted: tuple[Dataset, Path]) -> None:
    found = looked(*painted)
    assert counts(found) == {"Cat": 3, "Dog": 2, "Cow": 0, "Eel": 0}
    assert told(found)["2 classes of the card have no picture"].examples == (
        "'Cow', 5 are published", "'Eel', 1 are published",
    )  # fmt: skip


@pytest.mark.parametrize("verify", ["none", "header"])
def test_masks_tell_their_classes_whatever_is_asked_of_pictures(painted: tuple[Dataset, Path], verify: str) -> None:
    found = looked(*painted, verify=verify)
    assert counts(found) == {"Cat": 3, "Dog": 2, "Cow": 0, "Eel": 0}
    assert found.completeness == "part" and found.images == 3


def test_a_mask_that_cannot_be_read_is_wrong_and_named(painted: tuple[Dataset, Path]) -> None:
    dataset, data = painted
    (data / "toy/masks/1.png").write_bytes(b"no picture")
    found = looked(dataset, data)
    assert told(found)["bad_mask"].about == "problems" and "masks/1.png" in told(found)["bad_mask"].examples[0]
    assert counts(found)["Cat"] == 2


def test_an_empty_mask_is_counted_as_a_negative(tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    for number in range(3):
        picture(data / "toy/pics" / f"{number}.png", number, (60, 40))
        mask = np.zeros((40, 60), np.uint8)
        mask[5:25, 5:25] = 255 * (number > 0)
        target = data / "toy/masks" / f"{number}.png"
        target.parent.mkdir(exist_ok=True)
        Image.fromarray(mask).save(target)

    def samples(tree: readers.Tree, card: Any) -> Iterator[MaskSample]:
        for path in tree.images("pics"):
            yield MaskSample(path, (MaskFile(path.replace("pics", "masks"), "cat"),))

    dataset = toy_dataset(tmp_path, samples, kind="mask", head='normal = "Eel"')
    assert counts(looked(dataset, data)) == {"Cat": 2, "Dog": 0, "Cow": 0, "Eel": 1}


def test_index_masks_are_decoded_to_count_their_classes(tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    picture(data / "toy/pics/0.png", 1, (60, 40))
    mask = np.zeros((40, 60), np.uint8)
    mask[5:25, 5:25] = 2
    (data / "toy/masks").mkdir()
    Image.fromarray(mask).save(data / "toy/masks/0.png")

    def samples(tree: readers.Tree, card: Any) -> Iterator[MaskSample]:
        yield MaskSample("pics/0.png", (IndexMask("masks/0.png", ((1, "cat"), (2, "dog"))),))

    dataset = toy_dataset(tmp_path, samples, kind="mask")
    assert counts(looked(dataset, data)) == {"Cat": 0, "Dog": 1, "Cow": 0, "Eel": 0}
