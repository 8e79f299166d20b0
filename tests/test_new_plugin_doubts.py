"""``medmat new-plugin``: folders that are easily read wrongly are read rightly, or it says what is doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medmat_core.errors import UsageError
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.words import split_of_name
from medmat_core.scaffold.propose import propose
from tests.test_new_plugin import conforms, groups_of, mask, picture, plugin_of, read, table


def shades(path: Path) -> None:
    """A picture of more values than a mask has, which no two paths share."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(sum(map(ord, str(path)))).integers(0, 255, (24, 32), np.uint8)
    Image.fromarray(pixels).save(path)


def doubt(proposal: Proposal, *words: str) -> str:
    """The one doubt that says all of these words."""
    (found,) = [text for text in proposal.doubts if all(word in text for word in words)]
    return found


# -- masks and parts ------------------------------------------------------------------------------------


def test_channels_behind_the_names_of_pictures_alone_do_not_make_masks_a_class(tmp_path: Path) -> None:
    for n in range(6):
        for channel in ("0000", "0001"):
            shades(tmp_path / "d/imagesTr" / f"c_{n:03d}_{channel}.png")
        mask(tmp_path / "d/labelsTr" / f"c_{n:03d}.png", 1, 2)
    shades(tmp_path / "d/imagesTs/c_099_0000.png")
    proposal = propose(tmp_path / "d")
    assert (proposal.layout["kind"], proposal.layout["channel"]) == ("masks", "_0000")
    assert proposal.layout["skip"] == ["*_0001.*"]
    assert set(read(proposal, tmp_path / "d")) == {f"imagesTr/c_{n:03d}_0000.png" for n in range(6)}
    conforms(plugin_of(proposal), tmp_path / "out")


def test_masks_in_a_folder_that_does_not_say_so_are_known_by_what_they_hold(tmp_path: Path) -> None:
    for n in range(6):
        shades(tmp_path / "d/X" / f"{n}.png")
        mask(tmp_path / "d/Y" / f"{n}.png", 255)
    proposal = propose(tmp_path / "d")
    assert proposal.layout == {"kind": "masks", "pictures": "X", "masks": "Y", "label": "lesion"}


def test_masks_that_no_layout_pairs_are_no_class_and_are_told(tmp_path: Path) -> None:
    for n in range(6):
        shades(tmp_path / "d/X" / f"image_{n}.png")
        mask(tmp_path / "d/Y" / f"mask_{n}.png", 255)
    with pytest.raises(UsageError, match=r"6 pictures look like masks, such as Y/mask_0\.png of X/image_0\.png"):
        propose(tmp_path / "d")


@pytest.mark.parametrize("folders", [("imagesA", "labelsA"), ("images_1", "images_2"), ("masks1", "masks2")])
def test_folders_of_images_labels_and_masks_are_no_classes(tmp_path: Path, folders: Sequence[str]) -> None:
    for n in range(4):
        for folder in folders:
            shades(tmp_path / "d" / folder / f"{folder}{n * n}.png")
    with pytest.raises(UsageError, match="cannot be read as class-folders"):
        propose(tmp_path / "d", "class-folders")


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("TrainDataset", "train"),
        ("TestDataset", "test"),
        ("TrainSet", "train"),
        ("testset", "test"),
        ("valimages", "val"),
        ("imagesTr", "train"),
        ("labelsTs", "test"),
        ("TR", None),
        ("latestset", None),
        ("sunset", None),
    ],
)
def test_parts_are_told_from_names_without_a_sign_between_their_words(name: str, split: str | None) -> None:
    assert split_of_name(name) == split


def test_parts_called_data_sets_are_official_parts_of_masks(tmp_path: Path) -> None:
    for part in ("TrainDataset", "TestDataset"):
        for n in range(4):
            shades(tmp_path / "d" / part / "images" / f"{part[1]}{n}.png")
            mask(tmp_path / "d" / part / "masks" / f"{part[1]}{n}.png", 255)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["parts"] == {"TestDataset": "test", "TrainDataset": "train"} and not proposal.unprotected


def test_a_column_whose_words_are_parts_tells_them_whatever_it_is_called(tmp_path: Path) -> None:
    rows = [(f"{n}.png", "ab"[n % 2], ("train", "test")[n % 4 > 2]) for n in range(24)]
    table(tmp_path / "d/labels.csv", ("file", "label", "train_test"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["split"] == {"column": "train_test", "names": {"test": "test", "train": "train"}}


# -- groups ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["Pat-Nr", "MRN", "participant", "individual", "donor_id", "animal", "Slide"])
def test_columns_of_persons_animals_and_slides_are_groups(tmp_path: Path, column: str) -> None:
    rows = [(f"{n}.png", f"P{n // 3}", "ab"[n // 3 % 2]) for n in range(24)]
    table(tmp_path / "d/labels.csv", ("file", column, "label"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    assert propose(tmp_path / "d").layout["group"] == {"column": column}


@pytest.mark.parametrize("labels", ["table", "folders"])
def test_a_second_table_that_knows_the_patient_of_a_picture_is_looked_up(tmp_path: Path, labels: str) -> None:
    rows = [(f"i{n:02d}", f"L{n // 3}" if n else "", "ab"[n // 3 % 2]) for n in range(24)]
    table(tmp_path / "d/meta.csv", ("image", "age", "lesion_id"), *((name, "40", one) for name, one, _ in rows))
    if labels == "table":
        table(tmp_path / "d/truth.csv", ("image", "label"), *((name, code) for name, _, code in rows))
    for name, _, code in rows:
        picture(tmp_path / "d/pics" / (code if labels == "folders" else "") / f"{name}.png")
    proposal = propose(tmp_path / "d")
    assert proposal.layout["group"] == {"table": "meta.csv", "key": "image", "column": "lesion_id"}
    found = {Path(path).stem: group for path, group in groups_of(proposal, tmp_path / "d").items()}
    assert found == {name: one or name for name, one, _ in rows} and not proposal.unprotected
    assert not any("meta.csv" in text for text in proposal.doubts) and not proposal.ignored
    conforms(plugin_of(proposal), tmp_path / "out")


@pytest.mark.parametrize(
    ("names", "share"),
    [
        ([f"person{n // 2}_{('virus', 'bacteria')[n % 2]}_{n}" for n in range(24)], "person"),
        ([f"SOB_B_A-14-{n // 4}-{(40, 100)[n % 2]}-{n:03d}" for n in range(24)], "SOB_B_A-14-"),
        ([f"cat{n // 3}" + f"_aug{n % 3}" * (n % 3 > 0) for n in range(24)], "cat"),
    ],
)
def test_names_that_share_what_stands_before_running_numbers_are_a_doubt(
    tmp_path: Path, names: Sequence[str], share: str
) -> None:
    for place, name in enumerate(names):
        picture(tmp_path / "d" / ("round", "oval")[place // 4 % 2] / f"{name}.png")
    proposal = propose(tmp_path / "d")
    if "group" not in proposal.layout:
        assert "until then" in doubt(proposal, f"share '{share}", "if that is a patient")
    assert "group" in proposal.layout or share != "person"


def test_running_numbers_alone_are_no_doubt(tmp_path: Path) -> None:
    for n in range(24):
        name = ("round", "oval")[n % 2]
        picture(tmp_path / "d" / name / f"{name}_x_{n:03d}.png")
    assert not any("patient" in text for text in propose(tmp_path / "d").doubts)


# -- doubts of what is proposed -------------------------------------------------------------------------


def test_classes_of_nearly_one_name_in_different_parts_are_a_doubt(tmp_path: Path) -> None:
    for part, names in (("Training", ("glioma_tumor", "no_tumor")), ("Testing", ("glioma", "no_tumor"))):
        for name in names:
            for n in range(4):
                picture(tmp_path / "d" / part / name / f"{part[1]}{n}.png")
    proposal = propose(tmp_path / "d")
    assert doubt(proposal, "'glioma' and 'glioma_tumor' lie in different official parts")
    assert not any("'no_tumor'" in text for text in proposal.doubts)


@pytest.mark.parametrize("values", [(255,), (128, 255)])
def test_masks_that_fill_most_of_their_picture_are_told_to_build_wrongly(tmp_path: Path, values: Sequence[int]) -> None:
    for n in range(6):
        shades(tmp_path / "d/images" / f"{n}.png")
        pixels = np.full((24, 32), 255, np.uint8)
        pixels[4:9, 5 : 9 + n] = 0
        if len(values) > 1:
            pixels[12:15, 5:9] = 128
        (tmp_path / "d/masks").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "d/masks" / f"{n}.png")
    told = doubt(propose(tmp_path / "d"), "so that the build as proposed is wrong")
    assert ("invert = true" in told) == (len(values) == 1) and ('"255" = ""' in told) == (len(values) > 1)


def test_the_part_that_each_word_means_is_told(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        for name in ("round", "oval"):
            for n in range(3):
                picture(tmp_path / "d" / part / name / f"{part[0]}{n}.png")
    evidence = " ".join(propose(tmp_path / "d").evidence)
    assert "official parts by folder: train is train, valid is val" in evidence
    assert 'the part val counts as test, for there is no other (validation = "test" on the card)' in evidence
