"""``medmat new-plugin``: folders that are easily read wrongly are read rightly, or it says what is doubtful."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medmat_core.check import check_dataset
from medmat_core.cli import run as medmat
from medmat_core.errors import UsageError
from medmat_core.layouts.guess import NoLayoutError
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.words import split_of_name
from medmat_core.pipeline.options import BuildOptions
from medmat_core.scaffold.package import write_plugin
from medmat_core.scaffold.propose import propose
from tests.test_new_plugin import conforms, groups_of, loaded, mask, picture, plugin_of, read, table


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
        picture(tmp_path / "d" / name / f"{n // 2}.png")  # each class counts anew
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


def test_the_card_counts_pictures_as_a_check_of_the_same_folder_does(tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    for n in range(9):
        picture(data / "newts/images" / f"{n}.png")
        if n != 3:
            mask(data / "newts/masks" / f"{n}.png", 255)
    mask(data / "newts/masks/99.png", 255)
    plugin = plugin_of(propose(data / "newts"))
    with loaded(write_plugin(plugin, tmp_path), plugin.names) as dataset:
        found = check_dataset(dataset, BuildOptions(data=data, jobs=1))
    assert found.published == found.images == 9
    assert {"missing_mask": 1, "missing_image": 1}.items() <= found.reasons.items()


@pytest.mark.parametrize("values", [(255,), ("#ff0000", "#00ff00")])
@pytest.mark.parametrize("held", [b"", b"\x89PNG\r\n\x1a\n"])
def test_a_mask_that_cannot_be_read_is_named_and_stops_nothing(
    tmp_path: Path, held: bytes, values: Sequence[Any]
) -> None:
    for n in range(6):
        picture(tmp_path / "d/images" / f"{n}.png")
        mask(tmp_path / "d/masks" / f"{n}.png", *values, mode="RGB" if len(values) > 1 else "L")
    (tmp_path / "d/masks/4.png").write_bytes(held)
    proposal = propose(tmp_path / "d")
    assert "1 of 6 looked at, such as masks/4.png" in doubt(proposal, "cannot be read")
    assert "masks/4.png" in {path for shown in proposal.example.pictures for path in shown.paths}
    conforms(plugin_of(proposal), tmp_path / "out")


def test_masks_in_the_folders_of_patients_are_read_without_naming_a_patient(tmp_path: Path) -> None:
    for patient in range(6):
        for n in range(2):
            picture(tmp_path / f"d/anna_{patient}" / f"{n}.png")
            mask(tmp_path / f"d/anna_{patient}" / f"{n}_mask.png", 255)
    proposal = propose(tmp_path / "d")
    assert "anna" not in str(proposal.layout)
    picture(tmp_path / "d/berta/0.png")
    mask(tmp_path / "d/berta/0_mask.png", 255)
    assert len(read(proposal, tmp_path / "d")) == 13
    conforms(plugin_of(proposal), tmp_path / "out")


@pytest.mark.skipif(os.name == "nt", reason="no name has a backslash there")
def test_the_example_leaves_alone_what_no_card_can_name(tmp_path: Path) -> None:
    for n in range(6):
        name = f"{n}{chr(92)}" if n == 1 else str(n)
        picture(tmp_path / "d" / f"{name}.png")
        mask(tmp_path / "d" / f"{name}_mask.png", 255)
    conforms(plugin_of(propose(tmp_path / "d")), tmp_path / "out")


def test_the_part_that_each_word_means_is_told(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        for name in ("round", "oval"):
            for n in range(3):
                picture(tmp_path / "d" / part / name / f"{part[0]}{n}.png")
    evidence = " ".join(propose(tmp_path / "d").evidence)
    assert "official parts by folder: train, valid is val" in evidence
    assert 'the part val counts as test, for there is no other (validation = "test" on the card)' in evidence


# -- boxes and marks in tables --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "cells", "fields"),
    [
        (("x", "y", "width", "height"), ("2", "3", "5", "4"), {"form": "xywh"}),
        (("x_center", "y_center", "w", "h"), ("0.4", "0.5", "0.2", "0.1"), {"form": "cxcywh", "relative": True}),
        (("xmin", "ymin", "xmax", "ymax"), ("0.1", "0.2", "0.5", "0.4"), {"relative": True}),
        (("xmin", "ymin", "xmax", "ymax", "width", "height"), (*"1234", "16", "12"), {"size": ["width", "height"]}),
        (("bbox",), ("[9, 8, 4, 3]",), {"form": "xywh", "corners": "bbox"}),
    ],
)
def test_a_table_of_boxes_is_read_in_the_form_that_its_numbers_have(
    tmp_path: Path, columns: Sequence[str], cells: Sequence[str], fields: dict[str, object]
) -> None:
    rows = [(f"{n}.png", "ab"[n % 2], *cells) for n in range(12)]
    table(tmp_path / "d/labels.csv", ("file", "label", *columns), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["kind"] == "box-table" and doubt(proposal, "boxes are taken as")
    assert {"corners": list(columns[:4])} | fields == {
        name: proposal.layout[name] for name in ("corners", "form", "relative", "size") if name in proposal.layout
    }
    conforms(plugin_of(proposal), tmp_path / "out")


def test_a_table_of_boxes_is_never_silently_one_of_labels(tmp_path: Path) -> None:
    rows = [(f"{n}.png", "ab"[n % 2], "2", "3", "5", "4") for n in range(12)]
    table(tmp_path / "d/labels.csv", ("file", "label", "x", "y", "width", "height"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    proposal = propose(tmp_path / "d", "table")
    assert doubt(proposal, "labels.csv holds boxes in x, y, width, height, which are lost")


def test_the_size_of_a_picture_is_no_box(tmp_path: Path) -> None:
    rows = [(f"{n}.png", "ab"[n % 2], "16", "12", "0") for n in range(12)]
    table(tmp_path / "d/labels.csv", ("file", "label", "width", "height", "left"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    assert not any("boxes" in text for text in propose(tmp_path / "d").doubts)


def test_uncertain_and_blank_marks_are_told_and_are_not_one_class_a_row(tmp_path: Path) -> None:
    marks = [("1", "", ""), ("", "1", "-1"), ("", "", "1")]
    rows = [(f"{n}.png", *marks[n % 3]) for n in range(12)]
    table(tmp_path / "d/labels.csv", ("file", "Edema", "Mass", "Scar"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    proposal = propose(tmp_path / "d")
    assert "single" not in proposal.layout
    assert doubt(proposal, "4 cells are -1", "uncertain") and doubt(proposal, "20 cells are blank", "blank = ")


def test_tables_of_one_name_in_folders_of_parts_are_read_together(tmp_path: Path) -> None:
    for part in ("train", "test"):
        rows = [(f"{part}{n}.png", "ab"[n % 2]) for n in range(6)]
        table(tmp_path / "d" / part / "labels.csv", ("file", "label"), *rows)
        for name, _ in rows:
            picture(tmp_path / "d" / part / name)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["table"] == "{part}/labels.csv" and len(read(proposal, tmp_path / "d")) == 12
    conforms(plugin_of(proposal), tmp_path / "out")


def test_a_table_whose_lines_are_not_as_wide_as_its_header_is_told_to_name_pictures(tmp_path: Path) -> None:
    for n in range(6):
        picture(tmp_path / "d" / "ab"[n % 2] / f"{n}.png")
    table(tmp_path / "d/boxes.csv", ("Image Index", "Label", "Box [x", "y", "w", "h]"), ("1.png", "a", "2"))
    assert doubt(propose(tmp_path / "d"), "boxes.csv names pictures, but its lines have not as many cells")


def test_the_example_spells_pictures_as_their_files_are(tmp_path: Path) -> None:
    rows = [(f"h{n:03d}.jpg", "ab"[n % 2]) for n in range(12)]
    table(tmp_path / "d/labels.csv", ("file", "label"), *rows)
    for name, _ in rows:
        picture(tmp_path / "d/pics" / name.upper())
    proposal = propose(tmp_path / "d")
    (file,) = proposal.example.files
    assert "H000.JPG" in str(file.text) and "h0" not in str(file.text)
    conforms(plugin_of(proposal), tmp_path / "out")


# -- what no layout reads -------------------------------------------------------------------------------


def test_where_no_layout_fits_the_terminal_says_what_lies_there_and_where_to_read_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(9):
        picture(tmp_path / "d" / f"scan{n}" / f"x{n}.png")
        (tmp_path / "d" / f"scan{n}" / f"x{n}.txt").write_text("12 7 3.5 -1\n")
        (tmp_path / "d" / f"scan{n}" / f"x{n}.xml").write_text("<record><name>Smith</name></record>")
    boxes = {f"x{n}": {"width": 16, "bbox": [1, 2, 3, 4]} for n in range(9)}
    (tmp_path / "d/boxes.json").write_text(json.dumps(boxes))
    assert medmat(["new-plugin", "newts", "--from", str(tmp_path / "d"), "--to", str(tmp_path), "--yes"]) == 0
    out = capsys.readouterr().out
    assert "9 .txt, 9 of them named like pictures, such as scan0/x0.txt: lines of 4 numbers" in out
    assert "9 .xml, 9 of them named like pictures, such as scan0/x0.xml: XML or HTML, <record>" in out
    assert "1 .json, such as boxes.json: an object by names of pictures, each an object of width, bbox" in out
    assert "docs/reference/readers.md" in out and "docs/reference/layouts.md" in out
    files = [path for path in (tmp_path / "medmat-plugin-newts").rglob("*") if path.is_file()]
    assert not any("Smith" in path.read_text("utf-8") or "bbox" in path.read_text("utf-8") for path in files)
    subset = tomllib.loads((tmp_path / "medmat-plugin-newts/medmat_newts/subset.toml").read_text("utf-8"))
    assert {"label", "box", "presence"} <= set(subset["instructions"])  # the adapter may come to yield boxes


@pytest.mark.parametrize("text", [b"", b"\0\1\2", b"{", b"\xff\xfe\xfa", b"[" * 5000, b"<", b"a;b\n", b"words\n"])
def test_whatever_lies_there_stops_nothing(tmp_path: Path, text: bytes) -> None:
    for n in range(9):
        picture(tmp_path / "d" / f"scan{n}" / "x.png")
    for name in ("a.json", "b.txt", "c.xml", "d"):
        (tmp_path / "d" / name).write_bytes(text)
    with pytest.raises(NoLayoutError, match="cannot be read by any layout") as error:
        propose(tmp_path / "d")
    assert len(error.value.looks) == 4


def test_files_without_pictures_are_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for n in range(3):
        (tmp_path / "d" / f"notes{n}.txt").write_text("12 13 14\n")
    with pytest.raises(UsageError, match=r"3 \.txt.*such as notes0\.txt.*leave out --from"):
        propose(tmp_path / "d")


def test_made_up_masks_say_that_they_have_one_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = ["new-plugin", "newts", "--layout", "masks", "--yes", "--to", str(tmp_path)]
    assert medmat([*start, "--labels", "1=Liver"]) == 2
    assert "made up, of lesion: give --from, or captions such as --labels lesion=CAPTION" in capsys.readouterr().err
    assert medmat([*start, "--labels", "lesion=Liver"]) == 0


def test_of_two_lists_of_one_part_the_one_is_taken_that_no_other_part_contradicts(tmp_path: Path) -> None:
    lists = {"train": range(12), "val": range(12, 18), "trainval": range(18), "test": range(18, 24)}
    for n in range(24):
        picture(tmp_path / "d" / ("round", "oval")[n % 2] / f"{n:02d}.png")
    for name, numbers in lists.items():
        (tmp_path / "d" / f"{name}.txt").write_text("".join(f"{n:02d}\n" for n in numbers))
    proposal = propose(tmp_path / "d")
    assert proposal.layout["split"]["lists"] == {"train": "train.txt", "val": "val.txt", "test": "test.txt"}
    assert len([text for text in proposal.doubts if "trainval.txt" in text]) == 1
