"""Layouts that are met on disk beside the one of each card's example: mirrors, other releases, halves of a download."""

from __future__ import annotations

from pathlib import Path

import pytest
from medmat_endoscopy import cvc_clinicdb

from medmat_core import LabelSample, MaskSample, readers
from medmat_core.testing import find_datasets


class Found:
    """What an adapter makes of a tree: samples by the picture's path below the data set's folder, and problems."""

    def __init__(self, module: str, base: Path) -> None:
        (dataset,) = find_datasets([f"medmat_endoscopy.{module}"])
        tree = readers.Tree(base, dataset.card.markers)
        self.list = list(dataset.samples(tree, dataset.card))
        self.samples = {tree.prefix + str(sample.image): sample for sample in self.list}
        self.problems = [(problem.reason, problem.file) for problem in tree.problems]
        self.prefix = tree.prefix

    @property
    def stated(self) -> dict[str, str]:
        return {path: sample.stated[0] for path, sample in self.samples.items() if isinstance(sample, LabelSample)}

    @property
    def masks(self) -> dict[str, list[str]]:
        return {
            path: [self.prefix + str(mask.path) for mask in sample.masks]
            for path, sample in self.samples.items()
            if isinstance(sample, MaskSample)
        }

    @property
    def groups(self) -> dict[str, str | None]:
        return {path: sample.group for path, sample in self.samples.items()}

    @property
    def splits(self) -> dict[str, str | None]:
        return {path: sample.split for path, sample in self.samples.items()}


@pytest.fixture
def lay(tmp_path):
    """Lay files below a folder: empty ones for pictures, texts by path."""

    def write(pictures, files=None):
        for path in pictures:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        for path, text in (files or {}).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return tmp_path

    return write


# -- Nerthus, bladder tissue, Kvasir -------------------------------------------------------------------


def test_cuts_of_one_nerthus_video_are_one_group_in_the_doubled_folder_of_a_mirror(lay):
    base = "nerthus-dataset-frames/nerthus-dataset-frames/3"
    paths = [f"{base}/bowel_20_score_3-0_00000105.jpg", f"{base}/bowel_20_score_3-2_00000052.jpg"]
    found = Found("nerthus", lay(paths))
    assert found.groups == dict.fromkeys(paths, "bowel_20")
    assert set(found.stated.values()) == {"3"}


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("case_002_pt_003_frame_0009", "case 2"),
        ("case_002_pt_003_HLT_frame_0009", "case 2"),
        ("case_6_cys_pt1_0039", "case 6"),
        ("cys_case_006_pt02_frame_0115", "case 6"),
        ("cys_case_0_pt02_0115 (copy)", "case 0"),
        ("frame_0115", None),
    ],
)
def test_a_bladder_case_is_known_by_its_number_in_every_scheme_of_names(lay, name, case):
    found = Found("endoscopic_bladder_tissue", lay([f"EndoscopicBladderTissue/NST/{name}.png"]))
    assert list(found.groups.values()) == [case]


def test_bladder_parts_are_read_whatever_the_headers_spelling(lay):
    base = lay(
        ["HGC/case_1_a.png", "NTL/case_1_a.png"],
        {
            "annotations.csv": (
                "x,Imaging_Type,Tissue_Type,sub_dataset\ncase_1_a.png,WLI,NTL,test\ncase_1_a.png,NBI,HGC,val\n"
            )
        },
    )
    found = Found("endoscopic_bladder_tissue", base)
    # one file name in two classes: the row's class says which of the two is meant
    assert found.splits == {"HGC/case_1_a.png": "val", "NTL/case_1_a.png": "test"}
    assert found.problems == []


def test_bladder_rows_without_a_picture_or_a_part_are_problems(lay):
    base = lay(
        ["HGC/case_1_a.png"],
        {"annotations.csv": "HLY,imaging type,tissue type,sub dataset\ncase_1_a.png,WLI,HGC,\ngone.png,WLI,HGC,test\n"},
    )
    found = Found("endoscopic_bladder_tissue", base)
    assert found.stated == {"HGC/case_1_a.png": "HGC"}
    assert found.problems == [("bad_row", "annotations.csv"), ("missing_image", "annotations.csv")]


def test_a_copy_of_the_bladder_set_without_its_table_has_no_official_parts(lay):
    found = Found("endoscopic_bladder_tissue", lay(["LGC/case_1_a.png"]))
    assert found.splits == {"LGC/case_1_a.png": None}
    assert found.problems == []


def test_a_kvasir_picture_that_lies_here_in_both_versions_is_read_once(lay):
    found = Found(
        "kvasir",
        lay(
            [
                "kvasir-dataset/polyps/a.jpg",
                "kvasir-dataset/esophagitis/b.jpg",
                "kvasir-dataset-v2/polyps/a.jpg",
                "kvasir-dataset-v2/polyps/c.jpg",
                "kvasir-dataset-v2/normal-cecum/d.jpg",
            ]
        ),
    )
    assert sorted(path.rpartition("/")[2] for path in found.stated) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert found.problems == [("left_out", "")]


@pytest.mark.parametrize("folder", ["kvasir-dataset/kvasir-dataset", "kvasir-dataset", "kvasir-dataset-v2", "."])
def test_kvasir_is_found_however_deep_its_class_folders_lie(lay, folder):
    found = Found("kvasir", lay([f"{folder}/normal-z-line/normal-z-line/a.jpg", f"{folder}/polyps/b.jpg"]))
    assert sorted(found.stated.values()) == ["normal-z-line", "polyps"]


def test_feature_files_named_like_kvasir_pictures_are_no_pictures(lay):
    found = Found("kvasir", lay(["polyps/a.jpg", "kvasir-dataset-v2-features/polyps/b.features"]))
    assert list(found.stated) == ["polyps/a.jpg"]


# -- CVC-ClinicDB --------------------------------------------------------------------------------------


def test_each_frame_of_the_mirror_that_holds_png_and_tiff_is_read_once_as_png(lay):
    found = Found(
        "cvc_clinicdb",
        lay([f"{kind.upper()}/{part}/1.{kind}" for kind in ("png", "tif") for part in ("Original", "Ground Truth")]),
    )
    assert found.masks == {"PNG/Original/1.png": ["PNG/Ground Truth/1.png"]}
    assert found.problems == [("left_out", "TIF/Original")]


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("CVC-ClinicDB/images/7.png", "CVC-ClinicDB/masks/7.png"),
        ("Original/7.tif", "Ground_Truth/7.tif"),
        ("CVC-ClinicDB/CVC-ClinicDB/Original/7.tif", "CVC-ClinicDB/CVC-ClinicDB/Ground Truth/7.tif"),
    ],
)
def test_cvc_frames_are_paired_under_every_name_of_the_folders(lay, image, mask):
    assert Found("cvc_clinicdb", lay([image, mask])).masks == {image: [mask]}


def test_a_frame_without_its_mask_is_a_problem(lay):
    found = Found("cvc_clinicdb", lay(["Original/1.tif", "Original/10.tif", "Ground Truth/10.tif"]))
    assert list(found.masks) == ["Original/10.tif"]
    assert found.problems == [("missing_mask", "Original/1.tif")]


def test_the_29_sequences_begin_and_end_at_the_published_frames():
    ends = [*(first - 1 for first in cvc_clinicdb.FIRST_FRAMES[1:]), 612]
    for number, (first, last) in enumerate(zip(cvc_clinicdb.FIRST_FRAMES, ends, strict=True), 1):
        assert cvc_clinicdb.sequence(f"Original/{first}.tif") == f"sequence {number}"
        assert cvc_clinicdb.sequence(f"Original/{last}.tif") == f"sequence {number}"
    assert number == 29


# -- Kvasir-SEG, m2caiSeg, EDD 2020 --------------------------------------------------------------------


def test_pictures_with_outlines_drawn_into_them_are_no_input(lay):
    found = Found(
        "kvasir_seg",
        lay(
            [
                "Kvasir-SEG/Kvasir-SEG/images/a.jpg",
                "Kvasir-SEG/Kvasir-SEG/masks/a.jpg",
                "Kvasir-SEG/Kvasir-SEG/annotated_images/a.jpg",
                "annotated_images/annotated_images/a.jpg",
            ]
        ),
    )
    assert found.masks == {"Kvasir-SEG/Kvasir-SEG/images/a.jpg": ["Kvasir-SEG/Kvasir-SEG/masks/a.jpg"]}


def test_the_union_folder_of_m2caiseg_is_not_read_and_0_is_not_00(lay):
    parts = {"train": "00", "test": "0"}
    both = [("trainval", stem) for stem in parts.values()]
    found = Found(
        "m2caiseg",
        lay(
            [
                path
                for part, stem in (*parts.items(), *both)
                for path in (
                    f"m2caiSeg dataset/{part}/images/{stem}.jpg",
                    f"m2caiSeg dataset/{part}/groundtruth/{stem}_gt.png",
                )
            ]
        ),
    )
    assert found.splits == {f"m2caiSeg dataset/{part}/images/{stem}.jpg": part for part, stem in parts.items()}


def test_the_palette_of_m2caiseg_snaps_every_blend_to_one_color_at_most():
    (dataset,) = find_datasets(["medmat_endoscopy.m2caiseg"])
    pairs = {code: colour for colour, code in readers.palette(dataset.card)}
    assert pairs["hook"] == (0, 170, 85)
    assert len(set(pairs.values())) == len(pairs)
    assert all(level % 85 == 0 for colour in pairs.values() for level in colour)
    assert not {"black", "unknown"} & set(pairs)


def test_edd_masks_of_one_picture_are_not_those_of_another_whose_name_ends_alike(lay):
    root = "EDD2020_release-I_2020-01-15"
    found = Found(
        "edd2020",
        lay(
            [
                f"{root}/originalImages/EDD2020_F0001.jpg",
                f"{root}/originalImages/EDD2020_NAF0001.jpg",
                f"{root}/masks/EDD2020_F0001_polyp.tif",
                f"{root}/masks/EDD2020_NAF0001_BE.tif",
                f"{root}/masks/EDD2020_NAF0001_HGD.tif",
            ]
        ),
    )
    assert {path.rpartition("/")[2]: len(masks) for path, masks in found.masks.items()} == {
        "EDD2020_F0001.jpg": 1,
        "EDD2020_NAF0001.jpg": 2,
    }
    assert sorted(map(str, found.groups.values())) == ["F", "NAF"]


def test_an_edd_class_that_the_card_does_not_know_is_handed_on(lay):
    found = Found("edd2020", lay(["originalImages/EDD2020_B0001.jpg", "masks/EDD2020_B0001_ulcer.tif"]))
    assert [mask.code for sample in found.list for mask in sample.masks] == ["ulcer"]


@pytest.mark.parametrize(
    ("module", "picture", "mask"),
    [
        ("kvasir_seg", "Kvasir-SEG/Images/a.JPG", "Kvasir-SEG/Masks/A.jpg"),
        ("m2caiseg", "m2caiSeg dataset/Train/Images/00.jpg", "m2caiSeg dataset/Train/GroundTruth/00_gt.PNG"),
        ("edd2020", "originalImages/EDD2020_F0001.JPG", "masks/edd2020_f0001_BE.TIF"),
        ("cvc_clinicdb", "CVC-ClinicDB/original/1.TIF", "CVC-ClinicDB/ground truth/1.tif"),
    ],
)
def test_a_mask_is_found_whatever_the_case_of_its_name_and_told_without_its_picture(lay, module, picture, mask):
    assert Found(module, lay([picture, mask])).masks == {picture: [mask]}
    (lay([]) / picture).unlink()
    found = Found(module, lay([]))
    assert found.samples == {}
    assert [reason for reason, _ in found.problems] == ["missing_image"]


def test_the_second_copy_of_kvasir_seg_in_a_reupload_is_left_out_and_said_so(lay):
    base = lay([f"{folder}/{part}/a.jpg" for folder in ("K", "K/Kvasir-SEG") for part in ("images", "masks")])
    found = Found("kvasir_seg", base)
    assert found.masks == {"K/images/a.jpg": ["K/masks/a.jpg"]}
    assert found.problems == [("left_out", "Kvasir-SEG/images")]
