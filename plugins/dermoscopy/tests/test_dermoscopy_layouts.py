"""Layouts that are met on disk beside the one of each card's example: mirrors, other releases, halves of a download."""

from __future__ import annotations

from pathlib import Path

import pytest
from medmat_dermoscopy.isic import isic_id

from medmat_core import LabelSample, MaskSample, readers
from medmat_core.testing import find_datasets


class Found:
    """What an adapter makes of a tree: samples by the picture's path below the data set's folder, and problems."""

    def __init__(self, module: str, base: Path) -> None:
        (dataset,) = find_datasets([f"medmat_dermoscopy.{module}"])
        tree = readers.Tree(base, dataset.card.markers)
        self.list = list(dataset.samples(tree, dataset.card))
        self.samples = {tree.prefix + str(sample.image): sample for sample in self.list}
        self.problems = [(problem.reason, problem.file) for problem in tree.problems]
        self.reasons = sorted(problem.reason for problem in tree.problems)

    @property
    def stated(self) -> dict[str, str]:
        return {path: sample.stated[0] for path, sample in self.samples.items() if isinstance(sample, LabelSample)}

    @property
    def masks(self) -> dict[str, list[str]]:
        return {
            path: [str(mask.path) for mask in sample.masks]
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


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("train/ISIC_0000017_downsampled.jpg", "ISIC_0000017"),
        ("Train/nevus/ISIC_0025509(1).jpg", "ISIC_0025509"),
        ("isic_0000001.JPG", "ISIC_0000001"),
        ("PAT_8_15_820.png", None),
        ("x_ISIC_0000001.jpg", None),
    ],
)
def test_an_isic_id_is_the_number_at_the_start_of_the_name(path, wanted):
    assert isic_id(path) == wanted


# -- ISIC 2020, PAD-UFES-20, web-scraped skin ---------------------------------------------------------

V1 = "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target\n"


def test_the_competition_download_of_isic_2020_gives_each_picture_once_as_jpeg(lay):
    base = lay(
        ["jpeg/train/ISIC_1.jpg", "jpeg/test/ISIC_9.jpg", "train/ISIC_1.dcm", "test/ISIC_9.dcm"],
        {"train.csv": V1 + "ISIC_1,IP_7,male,,head/neck,unknown,benign,0\n", "test.csv": "image_name\nISIC_9\n"},
    )
    found = Found("isic_2020", base)
    assert found.stated == {"jpeg/train/ISIC_1.jpg": "benign"}
    assert found.groups == {"jpeg/train/ISIC_1.jpg": "IP_7"}
    assert found.problems == [("left_out", "train/ISIC_1.dcm")]


def test_a_picture_of_isic_2020_that_lies_here_as_dicom_alone_is_read_beside_jpegs(lay):
    base = lay(
        ["jpeg/train/ISIC_1.jpg", "train/ISIC_1.dcm", "train/ISIC_2.dcm"],
        {"train.csv": V1 + "ISIC_1,IP_7,,,,,benign,0\nISIC_2,IP_8,,,,melanoma,malignant,1\n"},
    )
    assert Found("isic_2020", base).stated == {"jpeg/train/ISIC_1.jpg": "benign", "train/ISIC_2.dcm": "malignant"}


def test_isic_2020_is_read_as_dicom_where_nothing_else_is_there(lay):
    base = lay(
        ["train/ISIC_1.dcm"],
        {"ISIC_2020_Training_GroundTruth.csv": V1 + "ISIC_1,IP_7,,,,melanoma,malignant,1\n"},
    )
    assert Found("isic_2020", base).stated == {"train/ISIC_1.dcm": "malignant"}


def test_isic_2020_reports_a_picture_without_a_row_and_a_row_without_a_picture(lay):
    base = lay(
        ["train/ISIC_1.jpg", "train/ISIC_2.jpg"],
        {"ISIC_2020_Training_GroundTruth.csv": V1 + "ISIC_1,IP_7,,,,,benign,0\nISIC_3,IP_8,,,,,benign,0\n"},
    )
    found = Found("isic_2020", base)
    assert list(found.stated) == ["train/ISIC_1.jpg"]
    assert found.problems == [
        ("missing_image", "ISIC_2020_Training_GroundTruth.csv"),
        ("missing_label", "train/ISIC_2.jpg"),
    ]


@pytest.mark.parametrize("folder", ["images/imgs_part_1/imgs_part_1", "imgs_part_2", "images"])
def test_pad_ufes_pictures_are_found_in_nested_part_folders_and_in_flat_ones(lay, folder):
    base = lay(
        [f"{folder}/PAT_1_2_3.png"],
        {"metadata.csv": "patient_id,lesion_id,diagnostic,img_id\nPAT_1,2,SCC,PAT_1_2_3.png\n"},
    )
    found = Found("pad_ufes_20", base)
    assert found.stated == {f"{folder}/PAT_1_2_3.png": "SCC"}
    assert found.groups == {f"{folder}/PAT_1_2_3.png": "PAT_1"}


def test_web_scraped_originals_are_read_and_their_augmented_copies_are_not(lay):
    base = lay(
        [
            "monkeypox dataset/preprocessed_original_images/cowpox/cow 1.jpg",
            "monkeypox dataset/augmented_images/cowpox/aug_co_0001_0001.jpg",
            "monkeypox dataset/augmented_images/cowpox/aug_co_0001_0002.jpg",
        ]
    )
    found = Found("web_scraped_skin", base)
    assert found.stated == {"monkeypox dataset/preprocessed_original_images/cowpox/cow 1.jpg": "cowpox"}
    assert found.problems == [("left_out", "augmented_images")]


# -- ISBI 2016 ---------------------------------------------------------------------------------------


def test_a_2016_table_that_got_a_header_and_short_numbers_says_the_same(lay):
    base = lay(
        ["Test_Data/ISIC_0000003.jpg", "Test_Data/ISIC_0000013.jpg"],
        {"Test_GroundTruth.csv": "img_id,Label\nISIC_0000003,0\nISIC_0000013,1\n"},
    )
    found = Found("isbi_2016", base)
    assert found.stated == {"Test_Data/ISIC_0000003.jpg": "0.0", "Test_Data/ISIC_0000013.jpg": "1.0"}
    assert set(found.splits.values()) == {"test"}
    assert found.problems == []


def test_the_first_picture_of_a_2016_table_without_header_is_not_eaten(lay):
    base = lay(
        ["ISBI2016_ISIC_Part3_Training_Data/ISIC_0000000.jpg"],
        {"ISBI2016_ISIC_Part3_Training_GroundTruth.csv": "ISIC_0000000,benign\n"},
    )
    assert list(Found("isbi_2016", base).stated.values()) == ["benign"]


def test_part_3b_serves_labels_as_well_as_masks(lay):
    folder = "ISBI2016_ISIC_Part3B_Test_Data"
    base = lay(
        [f"{folder}/ISIC_0009918.jpg", f"{folder}/ISIC_0009918_Segmentation.png"],
        {"ISBI2016_ISIC_Part3B_Test_GroundTruth.csv": "ISIC_0009918,1.0\n"},
    )
    assert Found("isbi_2016", base).stated == {f"{folder}/ISIC_0009918.jpg": "1.0"}
    assert Found("isbi_2016_task3b", base).masks == {
        f"{folder}/ISIC_0009918.jpg": [f"{folder}/ISIC_0009918_Segmentation.png"]
    }


def test_the_three_rows_of_2016_do_not_read_one_anothers_folders(lay):
    parts = {"isbi_2016": "Part3", "isbi_2016_task3b": "Part3B", "isic_2016_task1": "Part1"}
    base = lay(
        [
            *(f"ISBI2016_ISIC_{part}_Training_Data/ISIC_0000000.jpg" for part in parts.values()),
            "ISBI2016_ISIC_Part3B_Training_Data/ISIC_0000000_Segmentation.png",
            "ISBI2016_ISIC_Part1_Training_GroundTruth/ISIC_0000000_Segmentation.png",
        ],
        {"ISBI2016_ISIC_Part3_Training_GroundTruth.csv": "ISIC_0000000,benign\n"},
    )
    for module, part in parts.items():
        found = Found(module, base)
        assert list(found.samples) == [f"ISBI2016_ISIC_{part}_Training_Data/ISIC_0000000.jpg"], module
        assert found.problems == [], module


def test_folders_that_an_unzip_tool_doubled_are_read_through(lay):
    image = "ISBI2016_ISIC_Part1_Test_Data/ISBI2016_ISIC_Part1_Test_Data/ISIC_0000003.jpg"
    mask = "ISBI2016_ISIC_Part1_Test_GroundTruth/ISBI2016_ISIC_Part1_Test_GroundTruth/ISIC_0000003_segmentation.png"
    found = Found("isic_2016_task1", lay([image, mask]))
    assert found.masks == {image: [mask]}
    assert found.splits == {image: "test"}


# -- ISIC 2017, 2018, 2019, Skin Cancer ISIC -----------------------------------------------------------

HEADER_17 = "image_id,melanoma,seborrheic_keratosis\n"


def test_a_2017_row_that_says_yes_twice_or_nothing_is_no_nevus(lay):
    ids = ["ISIC_0000001", "ISIC_0000002", "ISIC_0000003", "ISIC_0000004"]
    base = lay(
        [f"ISIC-2017_Training_Data/{i}.jpg" for i in ids],
        {
            "ISIC-2017_Training_Part3_GroundTruth.csv": HEADER_17
            + f"{ids[0]},0,0\n{ids[1]},1,1\n{ids[2]},,0\n{ids[3]},maybe,0\n"
        },
    )
    found = Found("isic_2017_task3", base)
    assert found.stated == {"ISIC-2017_Training_Data/ISIC_0000001.jpg": "none"}
    assert found.reasons == ["bad_row"] * 3 + ["missing_label"] * 3


def test_superpixel_maps_are_neither_pictures_nor_masks(lay):
    base = lay(
        [
            "ISIC-2017_Validation_Data/ISIC_0001769.jpg",
            "ISIC-2017_Validation_Data/ISIC_0001769_superpixels.png",
            "ISIC-2017_Validation_Part1_GroundTruth/ISIC_0001769_segmentation.png",
        ]
    )
    found = Found("isic_2017", base)
    assert list(found.masks) == ["ISIC-2017_Validation_Data/ISIC_0001769.jpg"]
    assert set(found.splits.values()) == {"val"}


def test_a_part_whose_masks_were_not_unzipped_is_one_problem(lay):
    base = lay(["ISIC-2017_Test_v2_Data/ISIC_0012086.jpg", "ISIC-2017_Test_v2_Data/ISIC_0012092.jpg"])
    found = Found("isic_2017", base)
    assert found.samples == {}
    assert found.problems == [("missing_mask", "ISIC-2017_Test_v2_Data")]


def test_a_part_whose_table_or_pictures_were_not_unzipped_is_one_problem(lay):
    base = lay(
        ["ISIC-2017_Training_Data/ISIC_0000000.jpg"],
        {"ISIC-2017_Validation_Part3_GroundTruth.csv": HEADER_17 + "ISIC_0001769,0.0,0.0\n"},
    )
    assert Found("isic_2017_task3", base).problems == [
        ("missing_file", "ISIC-2017_Training_Part3_GroundTruth.csv"),
        ("missing_image", "ISIC-2017_Validation_Part3_GroundTruth.csv"),
    ]


def test_2018_columns_go_by_name_whatever_their_order(lay):
    base = lay(
        ["ISIC2018_Task3_Training_Input/ISIC_0024329.jpg"],
        {
            "ISIC2018_Task3_Training_GroundTruth/ISIC2018_Task3_Training_GroundTruth.csv": (
                "image,AKIEC,BCC,BKL,DF,MEL,NV,VASC\nISIC_0024329,1,0,0,0,0,0,0\n"
            )
        },
    )
    found = Found("isic_2018_task3", base)
    assert found.stated == {"ISIC2018_Task3_Training_Input/ISIC_0024329.jpg": "AKIEC"}
    assert found.groups == {"ISIC2018_Task3_Training_Input/ISIC_0024329.jpg": "ISIC_0024329"}  # no groupings here


HEADER_19 = "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK"
META_19 = "image,age_approx,anatom_site_general,lesion_id,sex\n"


def test_two_pictures_of_one_lesion_share_a_group_in_2019(lay):
    base = lay(
        ["ISIC_2019_Training_Input/ISIC_1.jpg", "ISIC_2019_Training_Input/ISIC_2_downsampled.jpg"],
        {
            "ISIC_2019_Training_GroundTruth.csv": f"{HEADER_19}\nISIC_1,1,0,0,0,0,0,0,0,0\n"
            "ISIC_2_downsampled,0,1,0,0,0,0,0,0,0\n",
            "ISIC_2019_Training_Metadata.csv": META_19 + "ISIC_1,,,HAM_1,\nISIC_2_downsampled,,,,\n",
        },
    )
    assert list(Found("isic_2019", base).groups.values()) == ["HAM_1", "ISIC_2"]


def test_the_2019_test_part_counts_only_with_its_labels(lay):
    pictures = ["ISIC_2019_Training_Input/ISIC_1.jpg", "ISIC_2019_Test_Input/ISIC_5.jpg"]
    truth = {
        "ISIC_2019_Training_GroundTruth.csv": f"{HEADER_19}\nISIC_1,1,0,0,0,0,0,0,0,0\n",
        "ISIC_2019_Training_Metadata.csv": META_19,
    }
    found = Found("isic_2019", lay(pictures, truth))
    assert found.splits == {pictures[0]: None}
    assert found.problems == [("unlabelled", "ISIC_2019_Test_Input")]
    test = f"{HEADER_19},score_weight,validation_weight\nISIC_5,0,0,0,0,0,0,0,0,1,1.0,0.0\n"
    found = Found("isic_2019", lay(pictures, truth | {"ISIC_2019_Test_GroundTruth.csv": test}))
    assert found.splits == {pictures[0]: "train", pictures[1]: "test"}
    assert found.stated[pictures[1]] == "UNK"
    assert found.problems == []


def test_without_the_lesions_2019_says_so(lay):
    base = lay(
        ["ISIC_2019_Training_Input/ISIC_1.jpg"],
        {"ISIC_2019_Training_GroundTruth.csv": f"{HEADER_19}\nISIC_1,1,0,0,0,0,0,0,0,0\n"},
    )
    assert Found("isic_2019", base).problems == [("missing_file", "ISIC_2019_Training_Metadata.csv")]


def test_a_picture_filed_under_two_classes_is_refused_in_all_copies_whatever_their_bytes(lay):
    twice = ["Test/actinic keratosis/ISIC_0010512.jpg", "Train/nevus/ISIC_0010512(1).jpg"]
    found = Found("skin_cancer_isic", lay([*twice, "Train/nevus/ISIC_0000019.jpg"]))
    assert found.stated == {"Train/nevus/ISIC_0000019.jpg": "nevus"}
    assert found.problems == [("contradictory_label", path) for path in twice]


def test_a_picture_filed_twice_under_one_class_stays_in_one_group(lay):
    paths = ["Train/nevus/ISIC_0025509(1).jpg", "Test/nevus/ISIC_0025509.jpg"]
    found = Found("skin_cancer_isic", lay(paths))
    assert set(found.groups.values()) == {"ISIC_0025509"}
    assert found.splits == {paths[0]: "train", paths[1]: "test"}


# -- Fitzpatrick 17k, monkeypox, PH2 -------------------------------------------------------------------

HEADER_64 = (
    "md5hash,fitzpatrick_scale,fitzpatrick_centaur,label,nine_partition_label,three_partition_label,"
    "qc,url,url_alphanum\n"
)


def fitzpatrick(number, url, quality=""):
    name = url.rpartition("://")[2].replace("/", "").replace(".", "")
    return f"{number:032x},3,3,x,benign dermal,benign,{quality},{url},{name}.jpg\n"


def test_fitzpatrick_pictures_are_found_by_hash_by_address_and_by_the_end_of_an_address(lay):
    rows = [
        fitzpatrick(1, "https://a.org/k/one1.jpg"),
        fitzpatrick(2, "https://a.org/k/two2.jpg"),
        fitzpatrick(3, "https://a.org/k/three3.jpg"),
        fitzpatrick(4, "https://a.org/k/four4.jpg"),
    ]
    pictures = [f"x/{1:032x}.jpg", f"x/{2:032x}", "x/aorgkthree3jpg.jpg", "x/four4.jpg"]
    found = Found("fitzpatrick17k", lay(pictures, {"fitzpatrick17k.csv": HEADER_64 + "".join(rows)}))
    assert sorted(found.stated) == sorted(pictures)
    assert found.problems == []


def test_a_name_that_ends_two_addresses_labels_nothing(lay):
    rows = [fitzpatrick(1, "https://a.org/k/1.jpg"), fitzpatrick(2, "https://a.org/m/1.jpg")]
    found = Found("fitzpatrick17k", lay(["1.jpg"], {"fitzpatrick17k.csv": HEADER_64 + "".join(rows)}))
    assert found.samples == {}
    assert found.problems == [("left_out", "fitzpatrick17k.csv"), ("missing_label", "1.jpg")]


def test_a_picture_that_the_table_calls_wrongly_labelled_is_left_out(lay):
    row = fitzpatrick(1, "https://a.org/k/one1.jpg", "3 Wrongly labelled")
    found = Found("fitzpatrick17k", lay([f"{1:032x}.jpg"], {"fitzpatrick17k.csv": HEADER_64 + row}))
    assert found.samples == {}
    assert found.problems == [("left_out", f"{1:032x}.jpg")]


def test_monkeypox_copies_without_their_originals_are_a_problem(lay):
    found = Found("monkeypox_skin_lesion", lay(["Fold1/Fold1/Fold1/Train/Monkeypox/M01_01_00.jpg"]))
    assert found.samples == {}
    assert found.problems == [("missing_file", "Original Images")]


@pytest.mark.parametrize(
    ("image", "mask", "case"),
    [
        ("PH2_Dataset_images/IMD9/IMD9_Dermoscopic_Image/IMD9.bmp", "IMD9/IMD9_lesion/IMD9_lesion.bmp", "IMD9"),
        ("trainx/X7.bmp", "trainy/Y7.bmp", "7"),
        ("trainx/IMD002.bmp", "trainy/IMD002_lesion.bmp", "IMD002"),
        ("images/IMD002.jpg", "masks/IMD002.png", "IMD002"),
    ],
)
def test_ph2_pairs_pictures_and_masks_in_nested_and_in_flat_folders(lay, image, mask, case):
    if image.startswith("PH2"):
        mask = f"PH2_Dataset_images/{mask}"
    found = Found("ph2", lay([image, mask]))
    assert found.masks == {image: [mask]}
    assert found.groups == {image: case}


def test_ph2_color_regions_are_no_lesion_masks(lay):
    case = "PH2 Dataset images/IMD002"
    found = Found(
        "ph2", lay([f"{case}/IMD002_Dermoscopic_Image/IMD002.bmp", f"{case}/IMD002_roi/IMD002_R1_Label4.bmp"])
    )
    assert found.samples == {}
    assert found.problems == [("missing_mask", f"{case}/IMD002_Dermoscopic_Image/IMD002.bmp")]


def test_the_masks_of_a_part_whose_pictures_were_not_downloaded_are_told_once(lay):
    base = lay(
        [
            "ISIC-2017_Training_Data/ISIC_0000000.jpg",
            "ISIC-2017_Training_Part1_GroundTruth/ISIC_0000000_segmentation.png",
            "ISIC-2017_Test_v2_Part1_GroundTruth/ISIC_0012086_segmentation.png",
            "ISIC-2017_Test_v2_Part1_GroundTruth/ISIC_0012092_segmentation.png",
        ]
    )
    found = Found("isic_2017", base)
    assert list(found.samples) == ["ISIC-2017_Training_Data/ISIC_0000000.jpg"]
    assert found.problems == [("missing_image", "ISIC-2017_Test_v2_Part1_GroundTruth")]
