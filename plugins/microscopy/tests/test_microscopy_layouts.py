"""Layouts of the microscopy rows that are met on disk beside the one of each card's example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from medmat_core import readers
from medmat_core.testing import find_datasets


class Found:
    """What an adapter makes of a tree of empty pictures and text files: captions and parts by path, and reasons."""

    def __init__(
        self, module: str, base: Path, pictures: Sequence[str], texts: Mapping[str, str] | None = None
    ) -> None:
        for path, text in [*((path, "") for path in pictures), *(texts or {}).items()]:
            (base / path).parent.mkdir(parents=True, exist_ok=True)
            (base / path).write_text(text)
        (dataset,) = find_datasets([f"medmat_microscopy.{module}"])
        tree = readers.Tree(base, dataset.card.markers)
        samples = list(dataset.samples(tree, dataset.card))
        self.captions = {
            tree.prefix + str(sample.image): [dataset.card.labels[code] for code in sample.stated] for sample in samples
        }
        self.splits = {tree.prefix + str(sample.image): sample.split for sample in samples}
        self.reasons = [problem.reason for problem in tree.problems]


def test_hep_2_cells_in_one_train_folder_with_unpadded_numbers_are_found_by_a_padded_table(tmp_path: Path) -> None:
    table = "Image ID,Image class\n06750,Nucleolar\n12037,NuMem\n2,Homogeneous\n"
    found = Found(
        "icpr_hep_2", tmp_path, ["train/6750.png", "train/12037.png", "test/00002.png"], {"gt_training.csv": table}
    )
    assert found.captions == {
        "train/6750.png": ["Nucleolar pattern"],
        "train/12037.png": ["Nuclear membrane pattern"],
        "test/00002.png": ["Homogeneous nuclear pattern"],
    }
    assert found.splits == {"train/6750.png": "train", "train/12037.png": "train", "test/00002.png": "test"}
    assert found.reasons == []


def test_hep_2_cells_that_stand_there_twice_are_read_once_in_every_layout(tmp_path: Path) -> None:
    twice = {"11004": True, "11005": True, "11198": True, "11199": False, "11392": False, "11393": True}
    rows = "".join(f"{number},NuMem\n" for number in twice)
    found = Found(
        "icpr_hep_2",
        tmp_path / "a",
        [f"test/{n}.png" for n in twice],
        {"gt_training.csv": f"Image ID,Image class\n{rows}"},
    )
    assert list(found.captions) == [f"test/{number}.png" for number, kept in twice.items() if kept]
    assert found.reasons == []
    found = Found("icpr_hep_2", tmp_path / "b", [f"NuMem/{number}.png" for number in twice])
    assert list(found.captions) == [f"NuMem/{number}.png" for number, kept in twice.items() if kept]


CELLS = """,Image,Category
,0,NEUTROPHIL
,10,"NEUTROPHIL, EOSINOPHIL"
,31,"NEUTROPHIL,NEUTROPHIL"
,25,
,406,
,,NEUTROPHIL
"""
PHOTOGRAPHS = [f"JPEGImages/BloodImage_{number:05d}.jpg" for number in (0, 10, 25, 31)]


def test_a_photograph_of_blood_has_all_cells_that_its_row_names_each_once(tmp_path: Path) -> None:
    found = Found("blood_cells", tmp_path, PHOTOGRAPHS, {"labels.csv": CELLS})
    assert found.captions == {
        "JPEGImages/BloodImage_00000.jpg": ["Neutrophil"],
        "JPEGImages/BloodImage_00010.jpg": ["Neutrophil", "Eosinophil"],
        "JPEGImages/BloodImage_00025.jpg": [],
        "JPEGImages/BloodImage_00031.jpg": ["Neutrophil"],
    }


def test_a_blank_row_of_a_photograph_that_is_not_there_is_a_note_and_a_labelled_one_is_refused(tmp_path: Path) -> None:
    found = Found("blood_cells", tmp_path, PHOTOGRAPHS[1:], {"labels.csv": CELLS})
    assert sorted(found.reasons) == ["empty_row", "left_out", "missing_image"]


def test_the_two_halves_of_the_blood_cell_archive_are_two_data_sets(tmp_path: Path) -> None:
    photograph, crop = (
        "dataset-master/dataset-master/" + PHOTOGRAPHS[0],
        "dataset2-master/images/TRAIN/NEUTROPHIL/_5_1.jpeg",
    )
    tables = {"dataset-master/dataset-master/labels.csv": CELLS, "dataset2-master/labels.csv": CELLS}
    assert list(Found("blood_cells", tmp_path, [photograph, crop], tables).captions) == [photograph]
    assert list(Found("blood_cell_crops", tmp_path, [photograph, crop], tables).captions) == [crop]


def test_a_copy_of_one_half_of_the_blood_cell_archive_says_that_the_other_is_not_there(tmp_path: Path) -> None:
    found = Found("blood_cells", tmp_path, ["images/TRAIN/NEUTROPHIL/_5_1.jpeg"], {"labels.csv": CELLS})
    assert (found.captions, found.reasons) == ({}, ["missing_file"])
