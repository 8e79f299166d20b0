"""``medmat new-plugin``: what it finds in a folder, and that what it writes works unedited."""

from __future__ import annotations

import csv
import importlib
import json
import keyword
import shutil
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from medmat_core.card import Card
from medmat_core.check import check_dataset as check_data
from medmat_core.cli import run as medmat
from medmat_core.dataset import Dataset
from medmat_core.errors import CatalogError, UsageError
from medmat_core.layouts import KINDS
from medmat_core.layouts.guess.proposal import Proposal, asks_of, run
from medmat_core.layouts.guess.words import caption_of, captions_of, folded, split_of_name
from medmat_core.model import BoxSample, ColorMask, IndexMask, LabelSample, MaskFile, MaskSample
from medmat_core.pipeline.options import BuildOptions
from medmat_core.plugins import plugin_called
from medmat_core.scaffold.card import Facts, card_text
from medmat_core.scaffold.invent import DEFAULT_CLASSES
from medmat_core.scaffold.names import Names, names_of
from medmat_core.scaffold.package import Plugin, instructions, package_files, write_plugin
from medmat_core.scaffold.propose import propose
from medmat_core.scaffold.triples import place
from medmat_core.subsets import PLACEHOLDERS, Subset, placeholders
from medmat_core.testing import check_dataset
from medmat_core.testing.report import Report

# -- folders to look at ---------------------------------------------------------------------------------


def picture(path: Path, value: Any = None) -> None:
    """A picture that no two paths share, or one that is ``value`` all over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(abs(hash(str(path))) % 2**32).integers(0, 255, (12, 16, 3), np.uint8)
    if value is not None:
        pixels = np.zeros((12, 16), np.uint8) + np.uint8(value)
    Image.fromarray(pixels).save(path)


def mask(path: Path, *values: Any, mode: str = "L") -> None:
    """A mask with a block of each value on black."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new(mode, (32, 24))
    if mode == "P":
        image.putpalette([level for number in range(256) for level in (number, 90, 255 - number)])
    for number, value in enumerate(values):
        image.paste(value, (2 + 10 * number, 2, 9 + 10 * number, 20))
    image.save(path)


def dicom(path: Path, number: int) -> None:
    """A DICOM file of 32 x 24 pixels."""
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    path.parent.mkdir(parents=True, exist_ok=True)
    film = pydicom.Dataset()
    film.file_meta = pydicom.dataset.FileMetaDataset()
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film.file_meta.MediaStorageSOPClassUID = film.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    film.file_meta.MediaStorageSOPInstanceUID = film.SOPInstanceUID = generate_uid(entropy_srcs=[str(number)])
    film.Rows, film.Columns, film.SamplesPerPixel, film.PhotometricInterpretation = 24, 32, 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 8, 8, 7, 0
    film.PixelData = bytes((place * number) % 251 for place in range(24 * 32))
    film.save_as(path, enforce_file_format=True)


def table(path: Path, *rows: Sequence[str], delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def read(proposal: Proposal, base: Path) -> dict[str, Any]:
    """What the proposed adapter makes of the folder: path -> codes of the picture, with its sample's split."""
    tree, samples, problems = tried(proposal, base)
    assert not [problem for problem in problems if problem.level == "refused"]
    return {tree.prefix + str(sample.image): (said(sample), sample.split) for sample in samples}


def tried(proposal: Proposal, base: Path) -> tuple[Any, Any, Any]:
    """The tree, samples and problems of a proposal's layout."""
    trial = run(proposal, base)
    return trial.tree, trial.samples, trial.problems


def said(sample: Any) -> tuple[str, ...]:
    if isinstance(sample, LabelSample):
        return sample.stated
    if isinstance(sample, BoxSample):
        return tuple(box.code for box in sample.boxes)
    assert isinstance(sample, MaskSample)
    found: list[str] = []
    for one in sample.masks:
        if isinstance(one, IndexMask | ColorMask):
            found += [code for _, code in one.codes]
        else:
            assert isinstance(one, MaskFile)
            found.append(one.code)
    return tuple(found)


def conforms(plugin: Plugin, where: Path) -> None:
    """The package, written and loaded as it is, keeps the conformance suite."""
    folder = write_plugin(plugin, where)
    report = checked(folder, plugin.names, where / "checked")
    assert report, str(report)


def checked(folder: Path, names: Names, where: Path) -> Report:
    with loaded(folder, names) as dataset:
        return check_dataset(dataset, where)


@contextmanager
def loaded(folder: Path, names: Names) -> Iterator[Dataset]:
    """The data set of a written package."""
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        plugin: Any = plugin_called(f"{names.package}.{names.module}")
        (dataset,) = plugin.medmat_datasets()
        yield dataset
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == names.package]:
            del sys.modules[name]


def plugin_of(proposal: Proposal, name: str = "newts", title: str = "Newts") -> Plugin:
    names = names_of(name)
    facts = Facts(names.slug, title, "newts", place("Toy", "Pond", title, asks_of(proposal)), "drawing", "pond")
    return Plugin(names, facts, proposal, looked=True)


# -- class folders --------------------------------------------------------------------------------------


def test_class_folders_below_outer_folders_are_found(tmp_path: Path) -> None:
    for name in ("Cyst", "Normal", "Stone"):
        for number in range(4):
            picture(tmp_path / "d/Kidney CT/Kidney CT" / name / f"{name} ({number}).jpg")
    proposal = propose(tmp_path / "d")
    assert proposal.layout["kind"] == "class-folders" and proposal.root.path == "Kidney CT/Kidney CT"
    assert dict(proposal.labels) == {"Cyst": "Cyst", "Normal": "Normal", "Stone": "Stone"}
    assert proposal.normal == "Normal" and set(proposal.root.markers) == {"Cyst", "Normal", "Stone"}
    assert read(proposal, tmp_path / "d")["Kidney CT/Kidney CT/Stone/Stone (1).jpg"] == (("Stone",), None)


@pytest.mark.parametrize(
    ("train", "test"), [("train", "test"), ("Training", "Validation"), ("X_Train_Data", "X_Test_Data")]
)
def test_folders_that_name_official_parts_are_parts_and_not_classes(tmp_path: Path, train: str, test: str) -> None:
    for part in (train, test):
        for name in ("round", "oval"):
            for number in range(3):
                picture(tmp_path / "d" / part / name / f"{part}{number}.png")
    proposal = propose(tmp_path / "d")
    assert set(proposal.labels) == {"round", "oval"} and not proposal.unprotected
    found = read(proposal, tmp_path / "d")
    assert {split for path, (_, split) in found.items() if path.startswith(train)} == {"train"}
    assert {split for path, (_, split) in found.items() if path.startswith(test)} <= {"test", "val"}
    assert proposal.validation_is_test == (test == "Validation")
    conforms(plugin_of(proposal), tmp_path / "out")


def test_patient_folders_inside_class_folders_are_no_classes(tmp_path: Path) -> None:
    for name in ("benign", "malignant"):
        for patient in range(20):
            for number in range(2):
                picture(tmp_path / "d" / name / f"P{name[0]}{patient:03d}" / f"{number}.png")
    assert set(propose(tmp_path / "d").labels) == {"benign", "malignant"}


def test_folders_of_patients_alone_are_not_taken_for_classes(tmp_path: Path) -> None:
    for patient in range(20):
        picture(tmp_path / "d" / f"case{patient}" / "a.png")
    with pytest.raises(UsageError, match="cannot be read by any layout"):
        propose(tmp_path / "d")


def test_files_that_no_adapter_reads_are_ignored_with_a_pattern_each(tmp_path: Path) -> None:
    for name in ("round", "oval"):
        for number in range(3):
            picture(tmp_path / "d" / name / f"{number}.png")
    (tmp_path / "d/README [1].txt").write_text("about Mr Smith")
    proposal = propose(tmp_path / "d")
    (rule,) = proposal.ignored
    assert rule.pattern == "README [[]1].txt"
    assert all("Smith" not in text for text in package_files(plugin_of(proposal)).values())
    conforms(plugin_of(proposal), tmp_path / "out")


def test_ids_in_names_are_a_group_as_data_and_told(tmp_path: Path) -> None:
    for number in range(30):
        picture(tmp_path / "d" / ("round" if number % 2 else "oval") / f"PAT{number // 3:02d}_{number % 3}.png")
    proposal = propose(tmp_path / "d")
    assert not proposal.unprotected and any("share 'PAT0" in doubt for doubt in proposal.doubts)
    _, samples, _ = tried(proposal, tmp_path / "d")
    assert {str(sample.image).rpartition("/")[2][:5] == sample.group for sample in samples} == {True}
    conforms(plugin_of(proposal), tmp_path / "out")


def groups_of(proposal: Proposal, base: Path) -> dict[str, str | None]:
    _, samples, _ = tried(proposal, base)
    return {str(sample.image): sample.group for sample in samples}


@pytest.mark.parametrize("folders", [True, False])
def test_a_patient_between_a_class_word_and_a_number_is_one_group_over_all_classes(
    tmp_path: Path, folders: bool
) -> None:
    for number in range(60):
        name = ("normal", "polyp")[number % 2]
        where = tmp_path / "d" / name if folders else tmp_path / "d/all"
        picture(where / f"{name}_p{number // 6:02d}_{number:03d}.png")
    proposal = propose(tmp_path / "d")
    assert not proposal.unprotected and any("taken for a patient" in doubt for doubt in proposal.doubts)
    assert set(groups_of(proposal, tmp_path / "d").values()) == {f"p{patient:02d}" for patient in range(10)}
    conforms(plugin_of(proposal), tmp_path / "out")


@pytest.mark.parametrize(
    ("person", "above", "parts"),
    [
        ("P{:03d}", True, ("",)),
        ("smith{:c}", True, ("train/", "test/")),
        ("{:04d}", False, ("",)),
        ("smith{:c}", False, ("",)),
        ("case_{}", False, ("train/", "test/")),
    ],
)
def test_patient_folders_above_or_below_class_folders_are_groups(
    tmp_path: Path, person: str, above: bool, parts: Sequence[str]
) -> None:
    people = [person.format(97 + number) for number in range(24)]
    for number, one in enumerate(people):
        names = ("normal", "polyp") if above else (("normal", "polyp")[number // len(parts) % 2],)
        for name in names:
            for shot in range(3):
                where = (one, name) if above else (name, one)
                picture(tmp_path / "d" / parts[number % len(parts)] / "/".join(where) / f"{shot}.png")
    proposal = propose(tmp_path / "d")
    assert set(proposal.labels) == {"normal", "polyp"} and proposal.group_by
    assert set(groups_of(proposal, tmp_path / "d").values()) == set(people)
    assert any("taken were normal, polyp, and not" in doubt for doubt in proposal.doubts)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_many_classes_below_few_organs_stay_the_classes(tmp_path: Path) -> None:
    for number in range(12):
        for shot in range(24):
            name = f"finding {chr(97 + number) * 3}"
            picture(tmp_path / "d" / ("lower", "upper")[number % 2] / name / f"{shot}.png")
    proposal = propose(tmp_path / "d")
    assert len(proposal.labels) == 12 and "group" not in proposal.layout


def test_numbers_that_each_class_may_count_anew_are_no_patients_and_the_hint_says_so(tmp_path: Path) -> None:
    for number in range(20):
        for name in ("normal", "polyp"):
            picture(tmp_path / "d" / name / f"{name}_{number:03d}_x.png")
    proposal = propose(tmp_path / "d")
    assert proposal.unprotected and "group" not in proposal.layout
    assert any("if that is a patient" in doubt and "until then" in doubt for doubt in proposal.doubts)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_a_patient_told_anywhere_in_the_name_is_a_group(tmp_path: Path) -> None:
    for number in range(40):
        name = ("round", "oval")[number % 2]
        picture(tmp_path / "d" / name / f"{number:03d}_{name}_patient{number // 4}.png")
    proposal = propose(tmp_path / "d")
    assert set(groups_of(proposal, tmp_path / "d").values()) == {f"patient{patient}" for patient in range(10)}


def test_ids_in_names_are_a_group_beside_official_parts_that_they_hardly_contradict(tmp_path: Path) -> None:
    for number in range(80):
        part = "train" if number < 60 or number == 79 else "test"
        picture(tmp_path / "d" / part / ("round", "oval")[number % 2] / f"PAT{number // 4:02d}_{number % 4}.png")
    proposal = propose(tmp_path / "d")
    assert groups_of(proposal, tmp_path / "d")["test/round/PAT19_0.png"] == "PAT19"
    assert any("of 4 pictures it lies in more than one official part" in doubt for doubt in proposal.doubts)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_ids_in_names_never_outrank_official_parts(tmp_path: Path) -> None:
    for number in range(40):
        folder = tmp_path / "d" / ("train", "test")[number % 2] / ("round", "oval")[number % 4 > 1]
        picture(folder / f"PAT{number // 4:02d}_{number % 4}.png")
    proposal = propose(tmp_path / "d")
    assert "group" not in proposal.layout and any("if that is a patient" in doubt for doubt in proposal.doubts)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_words_in_file_names_are_classes_where_nothing_else_is(tmp_path: Path) -> None:
    for number in range(12):
        picture(tmp_path / "d/all" / f"{('benign', 'malignant')[number % 2]}_{number:03d}.png")
    proposal = propose(tmp_path / "d")
    assert proposal.layout["kind"] == "file-names" and set(proposal.labels) == {"benign", "malignant"}
    assert read(proposal, tmp_path / "d")["all/malignant_003.png"] == (("malignant",), None)
    assert any("is it one?" in doubt for doubt in proposal.doubts)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_what_was_counted_is_on_the_card_so_that_a_check_misses_what_is_deleted(tmp_path: Path) -> None:
    for number in range(30):
        picture(tmp_path / "newts" / ("round", "oval")[number % 3 > 1] / f"{number:02d}.png")
    proposal = propose(tmp_path / "newts")
    folder = write_plugin(plugin_of(proposal), tmp_path / "out")
    with loaded(folder, names_of("newts")) as dataset:
        assert (dataset.card.counts.images, dict(dataset.card.counts.classes)) == (30, {"Round": 20, "Oval": 10})
        options = BuildOptions(data=tmp_path, out=tmp_path / "built")
        assert check_data(dataset, options).completeness == "whole"
        (tmp_path / "newts/round/00.png").unlink()
        assert check_data(dataset, options).told("completeness")[0].what == "1 of 30 pictures are not here"


def test_lists_of_official_parts_beside_class_folders_are_taken(tmp_path: Path) -> None:
    for number in range(24):
        picture(tmp_path / "d" / ("round", "oval")[number % 2] / f"{number:02d}.png")
    for part, numbers in (("train", range(16)), ("test", range(16, 24))):
        (tmp_path / "d" / f"{part}.txt").write_text("".join(f"{n:02d}.png\n" for n in numbers))
    proposal = propose(tmp_path / "d")
    assert proposal.layout["split"] == {"lists": {"test": "test.txt", "train": "train.txt"}}
    assert read(proposal, tmp_path / "d")["oval/17.png"] == (("oval",), "test")
    assert "official parts by lists: test.txt, train.txt" in proposal.evidence
    conforms(plugin_of(proposal), tmp_path / "out")


# -- tables ---------------------------------------------------------------------------------------------


def test_a_table_with_a_class_column_is_found_beside_pictures_named_without_suffix(tmp_path: Path) -> None:
    rows = [(f"id{n:02d}", str(20 + n % 40), "MF"[n % 2], ["melanoma", "nevus"][n % 3 > 0]) for n in range(40)]
    table(tmp_path / "d/train.csv", ("image_id", "age", "sex", "dx"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/train_images" / f"{name}.png")
    picture(tmp_path / "d/test_images/x.png")
    proposal = propose(tmp_path / "d")
    assert (proposal.layout["kind"], set(proposal.labels)) == ("table", {"melanoma", "nevus"})
    found = read(proposal, tmp_path / "d")
    assert found == {f"train_images/{row[0]}.png": ((row[3],), None) for row in rows}
    conforms(plugin_of(proposal), tmp_path / "out")


def test_ages_and_names_of_a_table_do_not_come_into_the_package_and_ids_are_renumbered(tmp_path: Path) -> None:
    rows = [(f"{n}.png", f"Smith{n // 2}", str(1000 + n // 2), "ab"[n % 2] * 3) for n in range(20)]
    table(tmp_path / "d/labels.csv", ("file", "name", "patient_id", "label"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    proposal = propose(tmp_path / "d")
    assert proposal.group_by and not proposal.unprotected
    card = package_files(plugin_of(proposal))["medmat_newts/newts.toml"]
    assert "Smith" not in card and "1000" not in card and "group-1" in card
    conforms(plugin_of(proposal), tmp_path / "out")


def test_a_split_column_is_taken_for_official_parts(tmp_path: Path) -> None:
    rows = [(f"{n}.png", ("train", "test")[n % 4 == 0], "ab"[n % 3 > 1]) for n in range(24)]
    table(tmp_path / "d/labels.csv", ("file", "split", "label"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    proposal = propose(tmp_path / "d")
    found = read(proposal, tmp_path / "d")
    assert {found[f"pics/{name}"][1] == part for name, part, _ in rows} == {True}
    conforms(plugin_of(proposal), tmp_path / "out")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_two_tables_whose_pictures_are_numbered_alike_keep_to_their_own_folders(tmp_path: Path, delimiter: str) -> None:
    for part in ("train", "test"):
        rows = [(str(n), "ab"[(n + (part == "test")) % 2]) for n in range(8)]
        table(tmp_path / "d" / f"{part}.csv", ("id", "label"), *rows, delimiter=delimiter)
        for name, _ in rows:
            picture(tmp_path / "d" / part / f"{name}.png")
    proposal = propose(tmp_path / "d")
    found = read(proposal, tmp_path / "d")
    assert found["train/0.png"] == (("a",), "train") and found["test/0.png"] == (("b",), "test")
    assert len(found) == 16
    conforms(plugin_of(proposal), tmp_path / "out")


def test_a_table_without_a_header_is_read(tmp_path: Path) -> None:
    rows = [(f"ISIC_{n:04d}", ["benign", "malignant"][n % 3 == 0]) for n in range(12)]
    table(tmp_path / "d/truth.csv", *rows)
    for name, _ in rows:
        picture(tmp_path / "d/data" / f"{name}.jpg")
    proposal = propose(tmp_path / "d")
    assert read(proposal, tmp_path / "d")["data/ISIC_0003.jpg"] == (("malignant",), None)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_several_labels_in_a_cell_are_told_apart(tmp_path: Path) -> None:
    said_of = ["Edema", "Edema|Mass", "No Finding", "Mass|Nodule", "Nodule", "Edema|Nodule", "No Finding", "Mass"]
    rows = [(f"{n:03d}.png", said_of[n % len(said_of)]) for n in range(24)]
    table(tmp_path / "d/labels.csv", ("Image Index", "Finding Labels"), *rows)
    for name, _ in rows:
        picture(tmp_path / "d/images" / name)
    proposal = propose(tmp_path / "d")
    assert set(proposal.labels) == {"Edema", "Mass", "No Finding", "Nodule"}
    assert (proposal.kind, proposal.normal, proposal.blank_is_absent) == ("multi-label", "No Finding", True)
    assert read(proposal, tmp_path / "d")["images/003.png"][0] == ("Mass", "Nodule")
    conforms(plugin_of(proposal), tmp_path / "out")


def test_one_finding_a_row_and_several_rows_a_picture_are_put_together(tmp_path: Path) -> None:
    rows = [(f"{n // 2:03d}", ["Mass", "Cyst", "Scar"][(n + n // 4) % 3]) for n in range(30)]
    table(tmp_path / "d/findings.csv", ("image_id", "finding"), *rows)
    for number in range(15):
        picture(tmp_path / "d/images" / f"{number:03d}.png")
    proposal = propose(tmp_path / "d")
    assert proposal.kind == "multi-label"
    assert set(read(proposal, tmp_path / "d")["images/000.png"][0]) == {row[1] for row in rows[:2]}
    conforms(plugin_of(proposal), tmp_path / "out")


def test_one_column_a_class_with_one_mark_a_row_is_single_label(tmp_path: Path) -> None:
    names = ("MEL", "NV", "BCC")
    rows = [(f"i{n}", *("1.0" if n % 3 == place else "0.0" for place in range(3))) for n in range(12)]
    table(tmp_path / "d/truth.csv", ("image", *names), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/input" / f"{name}.jpg")
    proposal = propose(tmp_path / "d")
    assert (proposal.layout["kind"], proposal.kind, tuple(proposal.labels)) == ("one-hot", "single-label", names)
    assert read(proposal, tmp_path / "d")["input/i4.jpg"] == (("NV",), None)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_a_column_that_sums_up_the_others_and_uncertain_marks_are_understood(tmp_path: Path) -> None:
    rows: list[tuple[str, ...]] = []
    for n in range(24):
        marks = [str(int(n % (place + 2) == 0)) for place in range(4)]
        if n == 5:
            marks = ["1", "-1", "0", "0"]
        rows.append((f"{n}", str(int("1" in marks)), *marks))
    table(tmp_path / "d/labels.csv", ("ID", "Disease_Risk", "DR", "ARMD", "MH", "DN"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/fundus" / f"{name}.png")
    proposal = propose(tmp_path / "d")
    assert tuple(proposal.labels) == ("DR", "ARMD", "MH", "DN") and proposal.kind == "multi-label"
    assert any("Disease_Risk" in doubt for doubt in proposal.doubts)
    assert any("have no class" in doubt and "normal =" in doubt for doubt in proposal.doubts)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_folders_that_say_the_same_as_a_table_are_taken(tmp_path: Path) -> None:
    rows = [(f"{name} ({n})", name) for name in ("Cyst", "Tumor") for n in range(6)]
    table(tmp_path / "d/kidney.csv", ("image_id", "Class"), *rows)
    for name, folder in rows:
        picture(tmp_path / "d" / folder / f"{name}.jpg")
    proposal = propose(tmp_path / "d")
    assert proposal.layout["kind"] == "class-folders"
    assert any("--layout table" in doubt for doubt in proposal.doubts)


def test_run_length_masks_are_told_and_not_guessed(tmp_path: Path) -> None:
    rows = [(f"im{n}", "1 3 10 4 20 5") for n in range(6)]
    table(tmp_path / "d/train-rle.csv", ("ImageId", "EncodedPixels"), *rows)
    for name, _ in rows:
        picture(tmp_path / "d/images" / f"{name}.png")
    with pytest.raises(UsageError, match="run-length masks"):
        propose(tmp_path / "d")


def test_lists_of_official_parts_beside_a_table_are_taken(tmp_path: Path) -> None:
    rows = [(f"M{n:03d}", f"P{n // 2}", ("melanoma", "nevus", "keratosis")[n // 2 % 3]) for n in range(30)]
    table(tmp_path / "d/labels.csv", ("image_id", "patient_id", "dx"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/images" / f"{name}.jpg")
    for part, listed in (("train", rows[:22]), ("test", rows[22:])):
        (tmp_path / "d" / f"{part}.txt").write_text("".join(f"{name}\n" for name, *_ in listed))
    proposal = propose(tmp_path / "d")
    assert proposal.layout["split"] == {"lists": {"test": "test.txt", "train": "train.txt"}}
    found = read(proposal, tmp_path / "d")
    assert found["images/M021.jpg"] == (("nevus",), "train") and found["images/M022.jpg"][1] == "test"
    assert not proposal.ignored
    conforms(plugin_of(proposal), tmp_path / "out")


def test_columns_that_could_hold_the_class_as_well_are_told(tmp_path: Path) -> None:
    rows = [(f"{n}.png", ("benign", "malignant")[n % 2], ("nevus", "melanoma", "wart")[n % 3]) for n in range(24)]
    table(tmp_path / "d/labels.csv", ("file", "diagnosis_1", "diagnosis_2"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/pics" / name)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["label"] == "diagnosis_1"
    assert any("diagnosis_2; label may list several columns" in doubt for doubt in proposal.doubts)


def test_a_table_with_four_corners_is_a_table_of_boxes(tmp_path: Path) -> None:
    rows = [(f"{n // 2:03d}", f"s{n // 4}", ("nodule", "mass")[n % 2], "2", "3", "9", "8") for n in range(20)]
    rows += [(f"{n:03d}", f"s{n}", "No finding", "", "", "", "") for n in (90, 91, 92)]
    table(tmp_path / "d/boxes.csv", ("image_id", "study_id", "class", "x_min", "y_min", "x_max", "y_max"), *rows)
    for name in dict.fromkeys(row[0] for row in rows):
        picture(tmp_path / "d/films" / f"{name}.png")
    proposal = propose(tmp_path / "d")
    assert (proposal.layout["kind"], proposal.layout["nothing"]) == ("box-table", ["No finding"])
    assert set(proposal.labels) == {"nodule", "mass"} and "presence" in asks_of(proposal)
    assert read(proposal, tmp_path / "d")["films/000.png"][0] == ("nodule", "mass")
    conforms(plugin_of(proposal), tmp_path / "out")


def test_a_spreadsheet_brings_its_extra(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("image", "label"), *((f"{n:02d}", "ab"[n % 2]) for n in range(12))):
        book.active.append(row)
    (tmp_path / "d").mkdir()
    book.save(tmp_path / "d/labels.xlsx")
    for n in range(12):
        picture(tmp_path / "d/pics" / f"{n:02d}.png")
    proposal = propose(tmp_path / "d")
    assert proposal.extras == ("xlsx",)
    assert '"medmat-core[xlsx]>=' in package_files(plugin_of(proposal))["pyproject.toml"]
    conforms(plugin_of(proposal), tmp_path / "out")


# -- masks ----------------------------------------------------------------------------------------------


def test_masks_in_a_folder_of_their_own_with_a_suffix_are_paired(tmp_path: Path) -> None:
    for n in range(6):
        picture(tmp_path / "d/seg/images" / f"{n:03d}.jpg")
        mask(tmp_path / "d/seg/masks" / f"{n:03d}_segmentation.png", 255)
    proposal = propose(tmp_path / "d")
    assert (proposal.layout["kind"], proposal.root.path, dict(proposal.mask)) == ("masks", "seg", {})
    _, samples, _ = tried(proposal, tmp_path / "d")
    assert [(s.image, s.masks[0].path) for s in samples] == [
        (f"images/{n:03d}.jpg", f"masks/{n:03d}_segmentation.png") for n in range(6)
    ]
    conforms(plugin_of(proposal), tmp_path / "out")


def test_masks_beside_pictures_in_class_folders_take_the_folder_for_their_class(tmp_path: Path) -> None:
    for name in ("benign", "malignant", "normal"):
        for n in range(1, 5):
            picture(tmp_path / "d" / name / f"{name} ({n}).png")
            mask(tmp_path / "d" / name / f"{name} ({n})_mask.png", *([255] if name != "normal" else []))
    mask(tmp_path / "d/benign/benign (2)_mask_1.png", 255)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["kind"] == "masks" and set(proposal.labels) == {"benign", "malignant", "normal"}
    found = read(proposal, tmp_path / "d")
    assert found["benign/benign (2).png"][0] == ("benign", "benign")
    assert found["malignant/malignant (1).png"][0] == ("malignant",)
    assert "presence" in asks_of(proposal)
    # nobody is asked whether a picture shows "normal"
    assert '\nnormal = "Normal"\n' in card_text(proposal, plugin_of(proposal).facts)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_class_folders_may_be_asked_for_where_masks_lie_in_them(tmp_path: Path) -> None:
    for name in ("benign", "malignant"):
        for n in range(3):
            picture(tmp_path / "d" / name / f"{n}.png")
            mask(tmp_path / "d" / name / f"{n}_mask.png", 255)
    proposal = propose(tmp_path / "d", "class-folders")
    assert set(read(proposal, tmp_path / "d")) == {
        f"{name}/{n}.png" for name in ("benign", "malignant") for n in range(3)
    }
    conforms(plugin_of(proposal), tmp_path / "out")


@pytest.mark.parametrize(
    ("values", "mode", "rule"),
    [
        ((1,), "L", {"threshold": 0}),
        ((1, 2), "L", {"index": {"1": "1", "2": "2"}}),
        ((1, 2), "P", {"index": {"1": "1", "2": "2"}}),
        ((128, 255), "L", {"index": {"128": "128", "255": "255"}}),
        (((255, 0, 0), (0, 0, 255)), "RGB", {"colors": {"#0000ff": "0000ff", "#ff0000": "ff0000"}}),
    ],
)
def test_what_masks_hold_decides_how_they_are_read(
    tmp_path: Path, values: tuple[Any, ...], mode: str, rule: dict[str, Any]
) -> None:
    for n in range(4):
        picture(tmp_path / "d/images" / f"{n}.png")
        mask(tmp_path / "d/labels" / f"{n}.png", *values, mode=mode)
    proposal = propose(tmp_path / "d")
    assert dict(proposal.mask) == rule
    assert len(proposal.labels) == max(1, len(values))
    conforms(plugin_of(proposal), tmp_path / "out")


@pytest.mark.parametrize(("classes", "count", "empty"), [(3, 12, 2), (5, 12, 0), (5, 4, 0), (9, 20, 2)])
def test_masks_of_many_classes_get_an_example_with_a_round_of_every_ask(
    tmp_path: Path, classes: int, count: int, empty: int
) -> None:
    for n in range(count):
        picture(tmp_path / "d/images" / f"{n:02d}.png")
        mask(tmp_path / "d/masks" / f"{n:02d}.png")
        if n >= empty:
            pixels = np.zeros((24, 32), np.uint8)
            pixels[2:12, : 3 * classes] = np.repeat(np.arange(1, classes + 1), 3)
            Image.fromarray(pixels).save(tmp_path / "d/masks" / f"{n:02d}.png")
    proposal = propose(tmp_path / "d")
    assert len(proposal.labels) == classes and "structure" in asks_of(proposal)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_jpeg_masks_with_grey_edges_are_black_and_white(tmp_path: Path) -> None:
    for n in range(4):
        picture(tmp_path / "d/images" / f"{n}.jpg")
        mask(tmp_path / "d/masks" / f"{n}.jpg", 255)
    proposal = propose(tmp_path / "d")
    assert not proposal.mask and any("JPEG: edges are grey" in line for line in proposal.evidence)


def jpeg_mask(path: Path, colors: Sequence[tuple[int, int, int]], behind: tuple[int, int, int], n: int) -> None:
    """Discs of some colors on a background, as JPEG leaves them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (256, 192), behind)
    for number, color in enumerate(colors):
        left, top = 10 + 80 * number, 20 + 7 * (n % 8)
        ImageDraw.Draw(image).ellipse((left, top, left + 60, top + 70), color)
    image.save(path, quality=75)


@pytest.mark.parametrize("behind", [(0, 0, 0), (255, 255, 255)])
def test_jpeg_color_masks_have_the_classes_that_were_painted_and_no_noise(
    tmp_path: Path, behind: tuple[int, int, int]
) -> None:
    painted = [(200, 30, 40), (20, 180, 60), (240, 220, 10)]
    for n in range(16):
        picture(tmp_path / "d/images" / f"{n:02d}.jpg")
        jpeg_mask(tmp_path / "d/masks" / f"{n:02d}.jpg", painted, behind, n)
    proposal = propose(tmp_path / "d")
    assert len(proposal.labels) == 3 and proposal.layout["tolerance"] == 40
    named = [(color, code) for color, code in proposal.mask["colors"].items() if code]
    near = {min(painted, key=lambda c: distance(color, c)) for color, _ in named}
    assert near == set(painted) and all(min(distance(color, c) for c in painted) <= 6 for color, _ in named)
    assert [code for color, code in proposal.mask["colors"].items() if distance(color, behind) < 20] in ([], [""])
    conforms(plugin_of(proposal), tmp_path / "out")


def distance(color: str, other: Sequence[int]) -> int:
    return max(abs(int(color[at : at + 2], 16) - one) for at, one in zip((1, 3, 5), other, strict=True))


@pytest.mark.parametrize("size", [(6, 8), (96, 128)])
def test_jpeg_photographs_named_like_masks_are_not_taken_for_classes(tmp_path: Path, size: tuple[int, int]) -> None:
    shades = np.random.default_rng(3).integers(0, 255, (*size, 3), np.uint8)
    for n in range(12):
        picture(tmp_path / "d/images" / f"{n:02d}.jpg")
        (tmp_path / "d/masks").mkdir(exist_ok=True)
        Image.fromarray(np.roll(shades, n, 1)).resize((256, 192)).save(tmp_path / "d/masks" / f"{n:02d}.jpg")
    with pytest.raises(UsageError, match="too many different values"):
        propose(tmp_path / "d", "masks")


def test_a_folder_of_masks_for_each_side_is_a_class_each(tmp_path: Path) -> None:
    for n in range(4):
        picture(tmp_path / "d/CXR" / f"{n}.png")
        for side in ("leftMask", "rightMask"):
            mask(tmp_path / "d/ManualMask" / side / f"{n}.png", 255)
    proposal = propose(tmp_path / "d")
    assert dict(proposal.labels) == {"leftMask": "Left", "rightMask": "Right"}
    assert read(proposal, tmp_path / "d")["CXR/1.png"][0] == ("leftMask", "rightMask")
    conforms(plugin_of(proposal), tmp_path / "out")


def test_a_mask_a_class_whose_name_ends_in_the_class_is_understood(tmp_path: Path) -> None:
    for n in range(6):
        picture(tmp_path / "d/originals" / f"E{n}.jpg")
        for code in ("BE", "HGD")[: 1 + n % 2]:
            mask(tmp_path / "d/masks" / f"E{n}_{code}.tif", 255)
    proposal = propose(tmp_path / "d")
    assert set(proposal.labels) == {"BE", "HGD"}
    assert read(proposal, tmp_path / "d")["originals/E1.jpg"][0] == ("BE", "HGD")
    conforms(plugin_of(proposal), tmp_path / "out")


def test_mask_folders_of_official_parts_are_paired_part_by_part(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for n in range(3):
            picture(tmp_path / "d" / f"{part}-image" / f"{n}.jpg")
            mask(tmp_path / "d" / f"{part}-mask" / f"{n}.jpg", 255)
    proposal = propose(tmp_path / "d")
    found = read(proposal, tmp_path / "d")
    assert found["train-image/1.jpg"][1] == "train" and found["test-image/1.jpg"][1] == "test" and len(found) == 6
    conforms(plugin_of(proposal), tmp_path / "out")


def test_masks_in_a_folder_of_every_patient_are_paired_by_exchanging_the_folder(tmp_path: Path) -> None:
    for patient in range(9):
        for n in range(2):
            picture(tmp_path / "d" / f"p{patient}" / "scans" / f"{n}.png")
            mask(tmp_path / "d" / f"p{patient}" / "masks" / f"{n}.png", 255)
    proposal = propose(tmp_path / "d")
    assert len(read(proposal, tmp_path / "d")) == 18
    conforms(plugin_of(proposal), tmp_path / "out")


def test_pictures_without_a_mask_are_a_doubt_and_not_a_negative(tmp_path: Path) -> None:
    for n in range(6):
        picture(tmp_path / "d/images" / f"{n}.png")
        if n:
            mask(tmp_path / "d/masks" / f"{n}.png", 255)
    proposal = propose(tmp_path / "d")
    assert any("without a mask: 1, such as images/0.png" in doubt and "negative" in doubt for doubt in proposal.doubts)
    _, _, problems = tried(proposal, tmp_path / "d")
    assert [problem.reason for problem in problems] == ["missing_mask"]


def test_a_color_that_one_mask_of_many_holds_is_on_the_card(tmp_path: Path) -> None:
    for n in range(60):
        picture(tmp_path / "d/images" / f"{n:02d}.png")
        mask(tmp_path / "d/masks" / f"{n:02d}.png", (255, 0, 0), *([(0, 255, 0)] if n == 31 else []), mode="RGB")
    proposal = propose(tmp_path / "d")
    assert set(proposal.mask["colors"]) == {"#ff0000", "#00ff00"}


def test_dicom_pictures_are_paired_with_png_masks_and_bring_their_extra(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    for n in range(6):
        dicom(tmp_path / "d/films" / f"{n:03d}.dcm", n)
        mask(tmp_path / "d/masks" / f"{n:03d}.png", 255)
    proposal = propose(tmp_path / "d")
    assert proposal.layout == {"kind": "masks", "pictures": "films", "masks": "masks", "label": "lesion"}
    assert read(proposal, tmp_path / "d")["films/003.dcm"] == (("lesion",), None)
    assert '"medmat-core[dicom]>=' in package_files(plugin_of(proposal))["pyproject.toml"]
    conforms(plugin_of(proposal), tmp_path / "out")


# -- boxes ----------------------------------------------------------------------------------------------


def coco(path: Path, names: Sequence[str], codes: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            {
                "images": [{"id": n, "file_name": name} for n, name in enumerate(names)],
                "categories": [{"id": n, "name": code} for n, code in enumerate(codes)],
                "annotations": [
                    {"id": n, "image_id": n, "category_id": n % len(codes), "bbox": [1, 2, 5, 6]}
                    for n in range(len(names) - 1)
                ],
            }
        )
    )


def test_coco_files_of_two_parts_are_found_with_their_folders(tmp_path: Path) -> None:
    for part in ("train", "val"):
        names = [f"{n}.jpg" for n in range(5)]
        coco(tmp_path / "d/annotations" / f"{part}.json", names, ("polyp", "tool"))
        for name in names:
            picture(tmp_path / "d/images" / part / name)
    proposal = propose(tmp_path / "d")
    assert (proposal.layout["kind"], proposal.kind, tuple(proposal.labels)) == ("coco", "box", ("polyp", "tool"))
    found = read(proposal, tmp_path / "d")
    assert found["images/val/1.jpg"] == (("tool",), "val") and found["images/train/4.jpg"] == ((), "train")
    assert proposal.validation_is_test and "presence" in asks_of(proposal)
    conforms(plugin_of(proposal), tmp_path / "out")


def pascal_voc(folder: Path, count: int) -> None:
    """Pictures of cells with an annotation each."""
    for n in range(count):
        picture(folder / "JPEGImages" / f"{n:03d}.jpg")
        box = "<bndbox><xmin>2</xmin><ymin>3</ymin><xmax>6</xmax><ymax>8</ymax></bndbox>"
        path = folder / "Annotations" / f"{n:03d}.xml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"<annotation><object><name>{'RBC' if n % 2 else 'WBC'}</name>{box}</object></annotation>")


def test_pascal_voc_files_are_found_beside_their_pictures(tmp_path: Path) -> None:
    pascal_voc(tmp_path / "d", 6)
    proposal = propose(tmp_path / "d")
    assert (proposal.layout["kind"], set(proposal.labels)) == ("voc", {"RBC", "WBC"})
    _, samples, _ = tried(proposal, tmp_path / "d")
    assert samples[1].boxes[0].xyxy == (1.0, 2.0, 6.0, 8.0)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_the_lists_of_pascal_voc_are_the_official_parts(tmp_path: Path) -> None:
    pascal_voc(tmp_path / "d", 12)
    for part, numbers in (("trainval", range(8)), ("test", range(8, 12))):
        path = tmp_path / "d/ImageSets/Main" / f"{part}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{n:03d}\n" for n in numbers))
    proposal = propose(tmp_path / "d")
    assert proposal.layout["split"] == {"lists": {"test": "test.txt", "train": "trainval.txt"}}
    assert read(proposal, tmp_path / "d")["JPEGImages/009.jpg"] == (("RBC",), "test")
    conforms(plugin_of(proposal), tmp_path / "out")


def yolo(base: Path, count: int, empty: Sequence[int] = ()) -> None:
    """YOLO files of one box of class 0 or 1 each; those of ``empty`` pictures hold nothing."""
    for n in range(count):
        picture(base / "images" / f"{n:02d}.png")
        text = "" if n in empty else f"{n % 2} 0.5 0.5 0.4 0.{2 + n % 5}\n"
        (base / "labels").mkdir(exist_ok=True)
        (base / "labels" / f"{n:02d}.txt").write_text(text)


NAMES = {
    "data.yaml": "path: ../x\nnames: ['polyp', \"ulcer\"]  # two\nnc: 2\n",
    "dataset.yaml": "nc: 2\nnames:\n  0: polyp\n  1: ulcer # sore\ntrain: images\n",
    "data.yml": "names:\n- polyp\n- ulcer\nval: x\n",
    "classes.txt": "polyp\nulcer\n",
    "obj.names": "polyp\nulcer\n",
}


@pytest.mark.parametrize("file", NAMES)
def test_yolo_in_a_folder_a_part_has_the_class_names_that_a_file_lists(tmp_path: Path, file: str) -> None:
    for part, count in (("train", 8), ("valid", 4), ("test", 4)):
        yolo(tmp_path / "d" / part, count)
    (tmp_path / "d" / file).write_text(NAMES[file])
    proposal = propose(tmp_path / "d")
    assert (proposal.layout["pictures"], proposal.layout["boxes"]) == ("{part}/images", "{part}/labels")
    assert proposal.layout["parts"] == {"train": "train", "valid": "val", "test": "test"}
    assert proposal.layout["names"] == ["polyp", "ulcer"] == list(proposal.labels)
    assert read(proposal, tmp_path / "d")["valid/images/01.png"] == (("ulcer",), "val")
    assert not any("numbers" in doubt for doubt in proposal.doubts)
    conforms(plugin_of(proposal), tmp_path / "out")


def test_one_text_that_is_no_yolo_among_many_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    yolo(tmp_path / "d", 12)
    (tmp_path / "d/labels/03.txt").write_text("see the paper\n")
    proposal = propose(tmp_path / "d")
    assert proposal.layout["kind"] == "yolo" and len(proposal.trial.samples) == 11
    assert any("1 times bad_box: labels/03.txt: 'see' is no class" in doubt for doubt in proposal.doubts)


def test_yolo_in_the_images_and_labels_of_every_part_is_paired_part_by_part(tmp_path: Path) -> None:
    for part in ("train", "val"):
        yolo(tmp_path / "u", 6)
        for folder in ("images", "labels"):
            (tmp_path / "d" / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / "u" / folder).rename(tmp_path / "d" / folder / part)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["pictures"] == "images/{part}" and proposal.layout["names"] == ["0", "1"]
    assert len(read(proposal, tmp_path / "d")) == 12
    conforms(plugin_of(proposal), tmp_path / "out")


def test_darknets_flat_folder_with_its_lists_is_read(tmp_path: Path) -> None:
    base = tmp_path / "d/obj_train_data"
    yolo(base, 12)
    for path in [*base.rglob("*.png"), *base.rglob("*.txt")]:
        path.rename(base / path.name)
    for folder in ("images", "labels"):
        (base / folder).rmdir()
    (base / "classes.txt").write_text("polyp\nulcer\n")
    (tmp_path / "d/obj.data").write_text("classes = 2\n")
    for part, numbers in (("train", range(8)), ("test", range(8, 12))):
        lines = "".join(f"data/obj_train_data/{n:02d}.png\n" for n in numbers)
        (tmp_path / "d" / f"{part}.txt").write_text(lines)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["kind"] == "yolo" and list(proposal.labels) == ["polyp", "ulcer"]
    found = read(proposal, tmp_path / "d")
    assert found["obj_train_data/09.png"] == (("ulcer",), "test") and len(found) == 12
    conforms(plugin_of(proposal), tmp_path / "out")


def test_an_empty_label_file_stands_on_the_card_as_a_file_of_the_example(tmp_path: Path) -> None:
    yolo(tmp_path / "d", 40, empty=[7])
    proposal = propose(tmp_path / "d")
    folder = write_plugin(plugin_of(proposal), tmp_path / "out")
    card = Card.load(folder / "medmat_newts/newts.toml")
    assert [file.path for file in card.example.files if not file.text] == ["labels/07.txt"]
    assert card.example == proposal.example
    assert checked(folder, names_of("newts"), tmp_path / "checked")


def test_a_card_that_cannot_be_read_back_is_not_written(tmp_path: Path) -> None:
    yolo(tmp_path / "d", 6)
    broken = evolve(propose(tmp_path / "d"), mask={"index": {"1": "no such code"}})
    with pytest.raises(UsageError, match=r"cannot be read back: medmat_newts/newts\.toml: "):
        write_plugin(plugin_of(broken), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


# -- names and quoting ----------------------------------------------------------------------------------

HOSTILE = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs",)) | st.sampled_from("\"\\'[]{}#=\n\r\t\0\x7f ;,|/…\u2028"),
    max_size=24,
)


@given(HOSTILE)
@example("Größe 2.0")
@example("class")
@example("3D scans")
@example("MEDMAT-plugin-x")
def test_any_name_is_normalised_or_refused(text: str) -> None:
    import re

    try:
        names = names_of(text)
    except UsageError:
        assert not re.search(r"[A-Za-z0-9]", text) or re.search(r"core|medmat", text, re.IGNORECASE)
        return
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", names.slug)
    assert re.sub(r"[-_.]+", "-", names.dist).lower() == names.dist
    for word in (names.package, names.module):
        assert word.isidentifier() and not keyword.iskeyword(word)
    assert names.package != "medmat_core"


@settings(max_examples=25)
@given(title=HOSTILE, words=st.tuples(HOSTILE, HOSTILE, HOSTILE), captions=st.tuples(HOSTILE, HOSTILE, HOSTILE))
@example(title='"""\\', words=("[x]", "a\nb", "'"), captions=("{}", '"', "\\N{DASH}"))
def test_whatever_the_user_types_the_package_parses_and_says_it(
    tmp_path: Path, title: str, words: tuple[str, str, str], captions: tuple[str, str, str]
) -> None:
    base = tmp_path / "d"
    if not base.exists():
        for name in ("a", "b", "c"):
            picture(base / name / "1.png")
            picture(base / name / "2.png")
    proposal = propose(base)
    object.__setattr__(proposal, "labels", dict(zip("abc", captions, strict=True)))
    found = place(*(word if word.strip() else "x" for word in words), ("label",))
    title = title if title.strip() else "x"
    names = names_of("newts")
    facts = Facts("newts", title, "d", found, "picture", "pond", "https://example.org/" + "x", "none")
    files = package_files(Plugin(names, facts, proposal))
    card = tomllib.loads(files["medmat_newts/newts.toml"])
    assert (card["title"], tuple(card["labels"].values())) == (title, captions)
    assert (card["modality"], card["area"], card["task"]) == (found.modality, found.area, found.task)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["name"] == "medmat-plugin-newts" and "\n" not in project["description"]
    for path, text in files.items():
        if path.endswith(".py"):
            compile(text, path, "exec")
    path = tmp_path / "card.toml"
    path.write_text(files["medmat_newts/newts.toml"], encoding="utf-8")
    assert Card.load(path).head.title == title


def test_hostile_folder_and_file_names_conform(tmp_path: Path) -> None:
    for name in ('say "a"', "it's [b]", "ç {c} # *"):
        for number in range(3):
            picture(tmp_path / "d/my 'outer' [x]" / name / f"{name} ({number}).png")
    conforms(plugin_of(propose(tmp_path / "d"), title='A "title" \\ of {x}'), tmp_path / "out")


def test_hostile_names_of_columns_tables_and_masks_conform(tmp_path: Path) -> None:
    rows = [(f"it's {n}", ('a"b', "ç # [x]")[n % 2], f"P'{n // 2}") for n in range(16)]
    table(tmp_path / "d/[x] 'y'/say \"hi\".csv", ('image "id"', "the # class", "patient [id]"), *rows)
    for name, *_ in rows:
        picture(tmp_path / "d/[x] 'y'/pics [1] # *" / f"{name}.png")
    proposal = propose(tmp_path / "d")
    assert len(read(proposal, tmp_path / "d")) == 16 and proposal.group_by
    conforms(plugin_of(proposal), tmp_path / "out")
    for n in range(6):
        picture(tmp_path / "e/scans [1]" / f"{n} ({n}).png")
        mask(tmp_path / "e/masks 'x' #" / f"{n} ({n})_seg.png", 255)
    conforms(plugin_of(propose(tmp_path / "e"), "olms"), tmp_path / "other")


@pytest.mark.parametrize(
    ("code", "caption"),
    [
        ("NON CANCER", "Non cancer"),
        ("COVID-19", "COVID-19"),
        ("dyed-lifted-polyps", "Dyed lifted polyps"),
        ("1. glaucoma", "Glaucoma"),
        ("HER2+", "HER2 positive"),
        ("BRVO", "BRVO"),
        ("non-small_cell", "Non-small cell"),
    ],
)
def test_codes_read_as_captions(code: str, caption: str) -> None:
    assert caption_of(code) == caption


@given(st.lists(HOSTILE.filter(str.strip), min_size=1, max_size=6, unique_by=str.casefold))
def test_captions_are_never_empty_and_tell_classes_apart(codes: list[str]) -> None:
    captions = captions_of(codes)
    assert list(captions) == codes
    assert all(folded(caption) and "; " not in caption for caption in captions.values())
    by_fold: dict[str, str] = {}
    for caption in captions.values():
        assert by_fold.setdefault(folded(caption), caption) == caption


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Training_Data", "train"),
        ("trainval-image", "train"),
        ("test2", "test"),
        ("contest", None),
        ("train_test", None),
    ],
)
def test_names_of_parts_are_whole_words(name: str, split: str | None) -> None:
    assert split_of_name(name) == split


# -- subsets --------------------------------------------------------------------------------------------


def test_a_known_triple_joins_its_subset_whatever_its_letter_case() -> None:
    found = place("ct", "KIDNEY", "normal or cyst or stone or tumor", ("label",))
    assert (found.no, found.new, found.modality) == (2, False, "CT")


def test_a_new_triple_gets_a_free_number_from_1000_up_that_stays() -> None:
    one = place("CT", "Kidney", "Something else", ("label",))
    assert one.new and one.no >= 1000 and one == place("CT", "Kidney", "Something else", ("label",))
    assert place("CT", "Kidney", "Something else", ("label",), taken={one.no}).no not in (one.no, 2)


def test_a_triple_whose_subset_asks_otherwise_is_refused() -> None:
    with pytest.raises(UsageError, match="asks about label"):
        place("CT", "Kidney", "Normal or Cyst or Stone or Tumor", ("box", "location"))
    assert place("End", "Intestine", "Polyp Segmentation", ("box", "location", "presence")).asks == ("box", "location")


def test_the_instructions_to_start_from_make_a_subset_for_every_ask() -> None:
    assert Subset(1000, "A", "B", "C", instructions()).instructions
    for ask, texts in instructions().items():
        assert all(placeholders(text) == PLACEHOLDERS[ask] for text in texts)


def test_a_subset_lies_beside_its_module_and_a_broken_one_names_its_file(tmp_path: Path) -> None:
    module = str(tmp_path / "newts.py")
    with pytest.raises(CatalogError, match=r"subset\.toml"):
        Subset.beside(module)
    words = 'no = 1000\nmodality = "A"\narea = "B"\ntask = "C"\n[instructions]\nlabel = '
    (tmp_path / "subset.toml").write_text(words + json.dumps(instructions()["label"]))
    assert Subset.beside(module) == Subset(1000, "A", "B", "C", {"label": instructions()["label"]})
    (tmp_path / "subset.toml").write_text(words + '["only one"]')
    with pytest.raises(CatalogError, match=r"subset\.toml.*six different"):
        Subset.beside(module)


# -- the command ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", DEFAULT_CLASSES)
def test_without_a_folder_every_layout_starts_from_a_made_up_data_set_that_conforms(
    tmp_path: Path, layout: str
) -> None:
    name = f"zoo-{layout}"
    assert medmat(["new-plugin", name, "--layout", layout, "--yes", "--to", str(tmp_path)]) == 0
    folder = tmp_path / f"medmat-plugin-{name}"
    for path in ("pyproject.toml", "tox.ini", "README.md", ".gitignore", ".github/workflows/test.yml"):
        text = (folder / path).read_text("utf-8")
        assert text and "$" not in text.replace("${{ matrix", "").replace("$PWD", "")
    card = tomllib.loads((folder / names_of(name).package / f"{names_of(name).module}.toml").read_text("utf-8"))
    assert card["layout"]["kind"] == layout
    report = checked(folder, names_of(name), tmp_path / "checked")
    assert report and not report.hints, str(report)


def test_every_layout_can_be_made_up() -> None:
    assert set(DEFAULT_CLASSES) == set(KINDS)


def test_where_no_layout_fits_an_adapter_is_there_to_fill_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(9):
        picture(tmp_path / "d" / f"scan{number}" / "x.png")
    (tmp_path / "d/notes.csv").write_text("a,b\n1,2\n")
    assert medmat(["new-plugin", "newts", "--from", str(tmp_path / "d"), "--to", str(tmp_path), "--yes"]) == 0
    out = capsys.readouterr().out
    assert "cannot be read by any layout" in out and "notes.csv has no column that names the pictures" in out
    folder = tmp_path / "medmat-plugin-newts"
    assert "layout" not in tomllib.loads((folder / "medmat_newts/newts.toml").read_text("utf-8"))
    assert "Fill in code_of" in (folder / "medmat_newts/newts.py").read_text("utf-8")
    readme = (folder / "README.md").read_text("utf-8")
    assert "labels and example are made up" in readme and "notes.csv has no column" in readme
    assert "Before you publish" not in readme
    report = checked(folder, names_of("newts"), tmp_path / "checked")
    assert report and not report.hints, str(report)


def test_a_package_of_a_known_triple_holds_no_code_but_its_test(tmp_path: Path) -> None:
    for name in ("Cyst", "Normal"):
        for number in range(4):
            picture(tmp_path / "d" / name / f"{number}.png")
    triple = ["--modality", "CT", "--area", "Kidney", "--task", "Normal or Cyst or Stone or Tumor"]
    assert medmat(["new-plugin", "newts", "--from", str(tmp_path / "d"), "--to", str(tmp_path), "--yes", *triple]) == 0
    folder = tmp_path / "medmat-plugin-newts"
    code = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    assert code == {"medmat_newts/__init__.py", "tests/test_newts.py"}
    assert checked(folder, names_of("newts"), tmp_path / "checked")


def test_a_folder_that_is_there_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "medmat-plugin-newts").mkdir()
    assert medmat(["new-plugin", "newts", "--yes", "--to", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["medmat-plugin-newts"]
    assert not list((tmp_path / "medmat-plugin-newts").iterdir())


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    for name in ("a", "b"):
        for n in range(2):
            picture(tmp_path / "d" / name / f"{n}.png")
    plugin = plugin_of(propose(tmp_path / "d"))
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError, match="No space left"):
        write_plugin(plugin, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_without_a_terminal_the_triple_is_needed_or_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert medmat(["new-plugin", "newts", "--to", str(tmp_path)]) == 2
    assert "--modality is needed" in capsys.readouterr().err
    triple = ["--modality", "CT", "--area", "Kidney", "--task", "Normal or Cyst or Stone or Tumor"]
    assert medmat(["new-plugin", "newts", "--to", str(tmp_path), *triple]) == 0
    assert "belongs to subset 2 of Med-MAT" in capsys.readouterr().out
    assert not (tmp_path / "medmat-plugin-newts/medmat_newts/newts.py").exists()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A terminal on which these answers are typed."""
    answers: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def prompt(text: str, default: str = "", **_: Any) -> str:
        return answers.pop(0) or default

    monkeypatch.setattr("click.prompt", prompt)
    yield answers
    assert not answers


def test_on_a_terminal_it_asks_and_the_answers_are_on_the_card(tmp_path: Path, terminal: list[str]) -> None:
    for name in ("a", "b"):
        for n in range(2):
            picture(tmp_path / "Pond" / name / f"{n}.png")
    terminal += ["Ay", "", "The newts", "Photo", "Pond", "Newt Kind", "photograph", "", ""]
    assert medmat(["new-plugin", "newts", "--from", str(tmp_path / "Pond"), "--to", str(tmp_path)]) == 0
    card = tomllib.loads((tmp_path / "medmat-plugin-newts/medmat_newts/newts.toml").read_text("utf-8"))
    assert card["labels"] == {"a": "Ay", "b": "B"}
    assert (card["title"], card["modality"], card["task"]) == ("The newts", "Photo", "Newt Kind")
    assert (card["modality_shown"], card["area_shown"], card["folder"]) == ("photograph", "pond", "Pond")


def test_labels_give_captions_to_codes_that_were_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        for n in range(2):
            picture(tmp_path / "Pond" / name / f"{n}.png")
    start = ["new-plugin", "newts", "--from", str(tmp_path / "Pond"), "--to", str(tmp_path), "--yes"]
    assert medmat([*start, "--labels", "x=Axolotl"]) == 2
    assert "'x' is no class that was found; found were a, b" in capsys.readouterr().err
    assert medmat([*start, "--labels", "a=Axolotl, pale", "--labels", "b"]) == 0
    card = tomllib.loads((tmp_path / "medmat-plugin-newts/medmat_newts/newts.toml").read_text("utf-8"))
    assert card["labels"] == {"a": "Axolotl, pale", "b": "B"}


def test_what_was_found_and_what_was_not_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(f"{n}.png", str(n % 3)) for n in range(12)]
    table(tmp_path / "d/labels.csv", ("file", "grade"), *rows)
    for name, _ in rows:
        picture(tmp_path / "d/pics" / name)
    assert medmat(["new-plugin", "newts", "--from", str(tmp_path / "d"), "--to", str(tmp_path), "--yes"]) == 0
    out = capsys.readouterr().out
    assert "3 classes in column 'grade': 0 (4), 1 (4), 2 (4)" in out
    assert "the classes are numbers (0, 1, 2)" in out
    readme = (tmp_path / "medmat-plugin-newts/README.md").read_text("utf-8")
    flowing = " ".join(readme.split())
    assert "the classes are numbers" in flowing and "Names and ids may still point to patients" in flowing


def test_the_users_pictures_are_not_copied(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for n in range(2):
            picture(tmp_path / "Pond" / name / f"{n}.png")
    assert medmat(["new-plugin", "newts", "--from", str(tmp_path / "Pond"), "--to", str(tmp_path), "--yes"]) == 0
    files = [path for path in (tmp_path / "medmat-plugin-newts").rglob("*") if path.is_file()]
    assert all(path.suffix not in (".png", ".jpg") and path.read_text("utf-8") for path in files)


def test_a_slug_that_another_package_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from medmat_core import catalog
    from tests.toy import toy_catalog, toy_dataset

    installed = toy_catalog(toy_dataset(tmp_path / "toy", slug="newts"))
    monkeypatch.setattr(catalog, "load_catalog", lambda **_: installed)
    assert medmat(["new-plugin", "newts", "--yes", "--to", str(tmp_path)]) == 2
    assert not (tmp_path / "medmat-plugin-newts").exists()


def test_a_folder_that_another_data_set_has_is_not_taken_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medmat_core import catalog
    from tests.toy import toy_catalog, toy_dataset

    installed = toy_catalog(toy_dataset(tmp_path / "toy", folder="Pond"))
    monkeypatch.setattr(catalog, "load_catalog", lambda **_: installed)
    for name in ("a", "b"):
        for n in range(2):
            picture(tmp_path / "Pond" / name / f"{n}.png")
    assert medmat(["new-plugin", "newts", "--from", str(tmp_path / "Pond"), "--to", str(tmp_path), "--yes"]) == 0
    card = tomllib.loads((tmp_path / "medmat-plugin-newts/medmat_newts/newts.toml").read_text("utf-8"))
    assert card["folder"] == "Pond_newts"


def test_an_empty_folder_and_volumes_are_refused_with_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(UsageError, match="no picture lies there"):
        propose(tmp_path / "d")
    (tmp_path / "d/a.nii.gz").touch()
    with pytest.raises(UsageError, match=r"volumes such as a\.nii\.gz are not proposed here: volumes = true in"):
        propose(tmp_path / "d")
    shutil.rmtree(tmp_path / "d")


def test_label_files_that_are_none_are_told_and_stop_nothing(tmp_path: Path) -> None:
    for n in range(6):
        picture(tmp_path / "d/images" / f"{n}.png")
    files = {
        "bad.csv": b"\xff\xfe\0", "empty.csv": b"", "z.xlsx": b"no zip", "images/0.xml": b"<annotation><oops",
        "x.json": b'{"images": 3, "annotations": [], "categories": []}', "images/1.txt": b"hello world",
        "y.json": b'{"images": [{"file_name": 5}, 7], "annotations": [], "categories": [{"id": 1}]}',
        "data.yaml": b"names: [\0",
    }  # fmt: skip
    for name, raw in files.items():
        (tmp_path / "d" / name).write_bytes(raw)
    (tmp_path / "d/link.csv").symlink_to("nowhere")
    with pytest.raises(UsageError, match=r"(?s)bad\.csv has no column.*it looked like voc .* reads only 0 of 1"):
        propose(tmp_path / "d")


def test_dicom_files_without_a_suffix_are_pictures(tmp_path: Path) -> None:
    for number in range(12):
        name = f"IM{number:04d}" if number % 2 else f"1.2.840.10008.{number}"
        dicom(tmp_path / "d" / ("clear", "effusion")[number // 2 % 2] / name, number)
    proposal = propose(tmp_path / "d")
    assert proposal.layout["kind"] == "class-folders" and sorted(proposal.labels) == ["clear", "effusion"]
    assert "dicom" in proposal.extras


def test_a_plugin_called_subset_keeps_its_card_apart_from_its_subset(tmp_path: Path) -> None:
    assert medmat(["new-plugin", "subset", "--yes", "--to", str(tmp_path)]) == 0
    folder = tmp_path / "medmat-plugin-subset"
    assert {path.name for path in (folder / "medmat_subset").iterdir()} >= {"subset_.toml", "subset.toml", "subset_.py"}
    assert checked(folder, names_of("subset"), tmp_path / "checked")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (("a,b",), {"a": "", "b": ""}),
        (("cyst=Cyst,tumor=Tumor",), {"cyst": "Cyst", "tumor": "Tumor"}),
        (("dcis=Carcinoma, in situ", "n=Normal"), {"dcis": "Carcinoma, in situ", "n": "Normal"}),
    ],
)
def test_labels_are_taken_in_every_way_that_they_are_written(given: tuple[str, ...], codes: dict[str, str]) -> None:
    from medmat_core.commands.new_plugin import _codes

    assert _codes(given) == codes
