"""Layouts of the class folder rows that are met on disk beside the one of each card's example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from medmat_core import LabelSample, readers
from medmat_core.testing import find_datasets


class Found:
    """What an adapter makes of a tree: samples by the picture's path below the data set's folder, and reasons."""

    def __init__(self, module: str, base: Path) -> None:
        (dataset,) = find_datasets([f"medmat_xray.{module}"])
        tree = readers.Tree(base, dataset.card.markers)
        samples = [sample for sample in dataset.samples(tree, dataset.card) if isinstance(sample, LabelSample)]
        self.samples = {tree.prefix + str(sample.image): sample for sample in samples}
        self.reasons = sorted(problem.reason for problem in tree.problems)
        self.captions = {
            path: [dataset.card.labels[code] for code in sample.stated] for path, sample in self.samples.items()
        }
        self.groups = {path: sample.group for path, sample in self.samples.items()}
        self.splits = {path: sample.split for path, sample in self.samples.items()}


def lay(base: Path, pictures: Sequence[str], texts: Mapping[str, str] | None = None) -> Path:
    """Empty pictures and text files below a folder."""
    for path, text in [*((path, "") for path in pictures), *(texts or {}).items()]:
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_text(text)
    return base


PROSE = "A page of prose.\n19 January 1995\n=====\nmdb001 G CIRC B 535 425 197\nmdb002 D NORM \n{}=====\n"


def test_the_tape_archive_of_mias_says_its_labels_below_a_page_of_prose(tmp_path: Path) -> None:
    found = Found("mias", lay(tmp_path, ["mdb001.pgm", "mdb002.pgm"], {"Info.txt": PROSE.format("")}))
    assert found.captions == {"mdb001.pgm": ["Circumscribed mass"], "mdb002.pgm": ["Normal"]}
    assert set(found.groups.values()) == {"1"}
    assert found.reasons == []


@pytest.mark.parametrize("line", ["mdb003", "mdb003 G", "md003 G NORM"])
def test_a_line_between_the_rows_of_mias_that_is_no_row_is_reported(tmp_path: Path, line: str) -> None:
    found = Found("mias", lay(tmp_path, ["mdb001.pgm", "mdb002.pgm"], {"Info.txt": PROSE.format(line + "\n")}))
    assert len(found.samples) == 2
    assert found.reasons == ["bad_row"]


def test_a_film_of_mias_without_a_row_is_reported(tmp_path: Path) -> None:
    films = ["mdb001.pgm", "mdb002.pgm", "mdb003.pgm"]
    found = Found("mias", lay(tmp_path, films, {"Info.txt": PROSE.format("")}))
    assert "mdb003.pgm" not in found.samples
    assert found.reasons == ["missing_label"]


def test_the_first_release_of_the_radiography_database_says_covid_19_where_later_ones_say_covid(tmp_path: Path) -> None:
    pictures = ["COVID-19/COVID-19 (1).png", "NORMAL/NORMAL (1).png", "Viral Pneumonia/Viral Pneumonia (1).png"]
    # a folder around all of it that has the name of a class must not swallow the other classes
    for name, outer in (("a", ""), ("b", "COVID-19 Radiography Database/"), ("c", "COVID-19/")):
        found = Found("covid19_radiography_v2", lay(tmp_path / name, [outer + path for path in pictures]))
        assert found.captions == {
            outer + path: [caption]
            for path, caption in zip(
                pictures, ("COVID-19", "Normal", "Viral pneumonia other than COVID-19"), strict=True
            )
        }


def test_the_present_release_of_the_radiography_database_has_masks_that_are_no_films(tmp_path: Path) -> None:
    outer = "COVID-19_Radiography_Dataset/"
    names = {
        "COVID": ("COVID-1.png", "COVID-19"),
        "Lung_Opacity": ("Lung_Opacity-1.png", "Lung opacity"),
        "Normal": ("Normal-1.png", "Normal"),
        "Viral Pneumonia": ("Viral Pneumonia-1.png", "Viral pneumonia other than COVID-19"),
    }
    pictures = [f"{outer}{folder}/{kind}/{name}" for folder, (name, _) in names.items() for kind in ("images", "masks")]
    found = Found("covid19_radiography_v2", lay(tmp_path, pictures))
    assert found.captions == {f"{outer}{folder}/images/{name}": [caption] for folder, (name, caption) in names.items()}
    assert found.reasons == []


@pytest.mark.parametrize(
    ("positive", "negative"),
    [("Fractured", "Not Fractured"), ("fractured", "not fractured"), ("FRACTURED", "NOT_FRACTURED"),
     ("fractured", "not-fractured")],
)  # fmt: skip
def test_class_folders_of_fractures_count_in_any_spelling_and_never_as_one_another(
    tmp_path: Path, positive: str, negative: str
) -> None:
    pictures = [f"data/{part}/{name}/10-rotated1.jpg" for part in ("train", "val") for name in (positive, negative)]
    found = Found("fracture_detection_devbatrax", lay(tmp_path, pictures))
    assert found.captions == {
        path: [caption] for path, caption in zip(pictures, ["Fractured bone", "No fracture"] * 2, strict=True)
    }
    assert list(found.splits.values()) == ["train", "train", "val", "val"]
    assert set(found.groups.values()) == {"fractured-10", "not fractured-10"}


def test_rotated_and_copied_files_go_back_to_one_source_picture_of_their_class(tmp_path: Path) -> None:
    copies = ["10.jpg", "10 (1).jpg", "10-rotated1.jpg", "10-rotated3-rotated1-rotated2.jpg", "10 (2)-rotated1.jpg"]
    others = ["100-rotated1.jpg", "images (1).jpeg", "images (2).jpeg"]
    folder = "train/fractured/"
    found = Found("fracture_multi_region_xray", lay(tmp_path, [folder + name for name in copies + others]))
    assert {found.groups[folder + name] for name in copies} == {"fractured-10"}
    assert len({found.groups[folder + name] for name in others}) == 3


def test_spines_shrunk_to_224_pixels_beside_the_originals_are_not_read_twice(tmp_path: Path) -> None:
    both = ["Normal/N1,N,40,M_1_0.jpg", "224/Normal/N1,N,40,M_1_0.jpg"]
    assert list(Found("vertebrae_xray", lay(tmp_path / "both", both)).samples) == both[:1]
    assert list(Found("vertebrae_xray", lay(tmp_path / "alone", both[1:])).samples) == both[1:]


def test_spines_are_read_under_both_names_of_their_class_folders_and_none_twice(tmp_path: Path) -> None:
    originals = ["x/ImagesOriginalSize/ScolFinal/N20,S,F,35_1_0.jpg", "x/ImagesOriginalSize/Scol/N25,S,14,M_1_0.jpg"]
    squeezed = ["x/224/Scol/N20,S,F,35_1_0.jpg", "x/224/Scol/N25,S,14,M_1_0.jpg", "x/224/Scol/N148, Rt TAIS.JPG"]
    found = Found("vertebrae_xray", lay(tmp_path, [*originals, *squeezed]))
    assert sorted(found.samples) == sorted([*originals, squeezed[-1]])
    assert found.reasons == ["left_out"]


def test_a_copy_of_squeezed_spines_alone_counts_each_picture_once(tmp_path: Path) -> None:
    found = Found("vertebrae_xray", lay(tmp_path, ["224/Normal/N6,N,17,M_1_0.jpg", "224/Scol/N20,S,F,35_1_0.jpg"]))
    (dataset,) = find_datasets(["medmat_xray.vertebrae_xray"])
    assert not any(dataset.card.ignores(path) for path in found.samples)
    assert (len(found.samples), found.reasons) == (2, [])


def test_bone_stages_are_read_in_parts_and_a_crop_without_a_stage_is_reported(tmp_path: Path) -> None:
    pictures = ["train/DIP/3/a.png", "train/DIPFirst/03/a.png", "test/dip/11/b.png", "test/MCP/c.png"]
    found = Found("arthrosis_hand_joints", lay(tmp_path, [f"arthrosis/{path}" for path in pictures]))
    assert found.captions == {
        "arthrosis/test/dip/11/b.png": ["Distal finger phalanx at maturity stage 11"],
        "arthrosis/train/DIP/3/a.png": ["Distal finger phalanx at maturity stage 3"],
        "arthrosis/train/DIPFirst/03/a.png": ["Distal thumb phalanx at maturity stage 3"],
    }
    assert list(found.splits.values()) == ["test", "train", "train"]
    assert found.reasons == ["bad_name"]


def test_kermanys_patients_are_told_by_each_way_of_naming_films(tmp_path: Path) -> None:
    names = {
        "train/PNEUMONIA/person1_bacteria_2.jpeg": "person1_bacteria",
        "train/PNEUMONIA/person1_virus_6.jpeg": "person1_virus",
        "train/PNEUMONIA/BACTERIA-40699-0001.jpeg": "BACTERIA-40699",
        "train/NORMAL/IM-0429-0001-0002.jpeg": "IM-0429",
        "test/NORMAL/NORMAL2-IM-0383-0001.jpeg": "NORMAL2-IM-0383",
        "test/NORMAL/NORMAL-4512-0001.jpeg": "NORMAL-4512",
    }
    assert Found("pediatric_pneumonia", lay(tmp_path, list(names))).groups == names


HEADER = ",X_ray_image_name,Label,Dataset_type,Label_2_Virus_category,Label_1_Virus_category\n"


def test_films_of_one_name_in_both_parts_of_coronahack_keep_their_own_row(tmp_path: Path) -> None:
    table = HEADER + "0,a.b.jpeg,Normal,TRAIN,,\n1,a.b.jpeg,Pnemonia,TEST,COVID-19,Virus\n"
    pictures = ["train/a.b.jpeg", "test/a.b.jpeg", "train/dropped.jpeg"]
    found = Found("coronahack", lay(tmp_path, pictures, {"Chest_xray_Corona_Metadata.csv": table}))
    assert found.captions == {"train/a.b.jpeg": ["Normal"], "test/a.b.jpeg": ["COVID-19"]}
    assert found.splits == {"train/a.b.jpeg": "train", "test/a.b.jpeg": "test"}
    assert found.reasons == ["unlabelled"]


def test_only_films_called_after_shenzhen_are_read_from_a_folder_shared_with_montgomery(tmp_path: Path) -> None:
    pictures = ["CHNCXR_0001_0.png", "CHNCXR_0327_1.png", "MCUCXR_0104_1.png", "CHNCXR_0327_1_Cavity_1.png"]
    found = Found("shenzhen_cxr", lay(tmp_path, [f"CXR_png/{name}" for name in pictures]))
    assert found.captions == {"CXR_png/CHNCXR_0001_0.png": ["Normal"], "CXR_png/CHNCXR_0327_1.png": ["Tuberculosis"]}
    assert found.reasons == ["bad_name"]


def test_the_knees_that_a_detector_cropped_again_are_not_read(tmp_path: Path) -> None:
    pictures = ["test/0/9003175L.png", "auto_test/0/9003175L.png", "train/4/9000296R.png"]
    found = Found("knee_osteoarthritis_kl", lay(tmp_path, pictures))
    assert found.splits == {"test/0/9003175L.png": "test", "train/4/9000296R.png": "train"}


def test_the_kaggle_copy_of_the_shenzhen_films_is_read_by_its_file_names(tmp_path: Path) -> None:
    films = ["images/images/CHNCXR_0001_0.png", "images/images/CHNCXR_0662_1.png"]
    table = "study_id,sex,age,findings\nCHNCXR_0001_0.png,Male,45,normal\n"
    found = Found("shenzhen_cxr", lay(tmp_path, films, {"shenzhen_metadata.csv": table}))
    assert found.captions == {films[0]: ["Normal"], films[1]: ["Tuberculosis"]}
    assert found.reasons == []


@pytest.mark.parametrize("info", ["Info.txt", "all-mias-png/Info.txt", "text/Info.txt", "all-mias/README"])
def test_mias_films_copied_as_png_are_read_wherever_their_table_lies(tmp_path: Path, info: str) -> None:
    films = ["all-mias-png/mdb001.png", "all-mias-png/mdb002.png"]
    found = Found("mias", lay(tmp_path, films, {info: PROSE.format("")}))
    assert found.captions == {films[0]: ["Circumscribed mass"], films[1]: ["Normal"]}
    assert found.reasons == []


def test_mias_films_that_lie_there_as_pgm_and_as_png_are_read_once(tmp_path: Path) -> None:
    films = [f"all-mias{kind}/mdb00{number}.{kind[1:] or 'pgm'}" for kind in ("", "-png") for number in (1, 2)]
    found = Found("mias", lay(tmp_path, films, {"Info.txt": PROSE.format("")}))
    assert list(found.samples) == films[:2]
    assert found.reasons == ["left_out"]
