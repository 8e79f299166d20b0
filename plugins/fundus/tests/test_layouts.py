"""Layouts that are met on disk beside the one of each card's example: other releases, mirrors, halves of a download."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core import LabelSample, MaskSample, readers
from medmat_core.testing import find_datasets

COLUMNS_1 = "ID,Disease_Risk,DR,ARMD,MH"
COLUMNS_2 = "ID,WNL,AH,DR,ON\xa0,OPDM,"
ODIR = (
    "ID,Patient Age,Patient Sex,Left-Fundus,Right-Fundus,Left-Diagnostic Keywords,Right-Diagnostic Keywords,"
    "N,D,G,C,A,H,M,O"
)


class Found:
    """What an adapter makes of a tree: samples by the picture's path below the data set's folder, and reasons."""

    def __init__(self, module: str, base: Path) -> None:
        (dataset,) = find_datasets([f"medmat_fundus.{module}"])
        tree = readers.Tree(base, dataset.card.markers)
        self.list = list(dataset.samples(tree, dataset.card))
        self.samples = {tree.prefix + str(sample.image): sample for sample in self.list}
        self.problems = [(problem.reason, problem.file) for problem in tree.problems]
        self.reasons = sorted(problem.reason for problem in tree.problems)

    def stated(self) -> dict[str, tuple[str, ...]]:
        return {path: sample.stated for path, sample in self.samples.items() if isinstance(sample, LabelSample)}

    def splits(self) -> dict[str, str | None]:
        return {path: sample.split for path, sample in self.samples.items()}

    def masks(self) -> dict[str, list[str]]:
        return {
            path: [str(mask.path) for mask in sample.masks]
            for path, sample in self.samples.items()
            if isinstance(sample, MaskSample)
        }


@pytest.fixture
def lay(tmp_path):
    """Lay files below a folder: a list of empty ones, and texts or sheets by path."""

    def write(pictures, files=None, encoding="utf-8"):
        for path in pictures:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        for path, content in (files or {}).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                (tmp_path / path).write_text(content, encoding=encoding)
            else:
                book = pytest.importorskip("openpyxl").Workbook()
                for row in content:
                    book.active.append(row)
                book.save(tmp_path / path)
        return tmp_path

    return write


# -- ACRIMA, AOD, JSIEC, MuReD ---------------------------------------------------------------------


def test_acrima_sorted_into_train_and_val_by_a_mirror_keeps_the_label_of_its_names(lay):
    base = lay(
        ["train/Glaucoma/Im310_g_ACRIMA.png", "train/Normal/Im001_ACRIMA.jpg", "val/Glaucoma/Im311_g_ACRIMA.jpg"]
    )
    found = Found("acrima", base)
    assert found.stated() == {
        "train/Glaucoma/Im310_g_ACRIMA.png": ("_g_",),
        "train/Normal/Im001_ACRIMA.jpg": ("_",),
        "val/Glaucoma/Im311_g_ACRIMA.jpg": ("_g_",),
    }


def test_a_name_of_the_other_acrima_release_is_a_problem_and_no_label(lay):
    found = Found("acrima", lay(["Images/165854_OI_1_1301648989087.jpg", "Images/Im002_ACRIMA.jpg"]))
    assert list(found.stated().values()) == [("_",)]
    assert found.reasons == ["bad_name"]


def test_aod_reads_others_as_other_and_an_augmented_copy_keeps_its_patient(lay):
    found = Found("aod", lay(["others/4_left.jpg", "AMD/aug_0_43_left_7.jpg", "AMD/43_left.jpg"]))
    assert found.stated()["others/4_left.jpg"] == ("others",)
    assert {sample.group for path, sample in found.samples.items() if path.startswith("AMD")} == {"43"}


def test_jsiec_without_its_outer_folder_yields_each_picture_once(lay):
    found = Found("jsiec", lay(["8.MH/a..JPG", "3.RAO/b..JPG", "1000images/8.MH/a..JPG", "1000images/3.RAO/b..JPG"]))
    assert found.stated() == {"8.MH/a..JPG": ("8.MH",), "3.RAO/b..JPG": ("3.RAO",)}
    assert found.reasons == []


def test_mured_unpacked_twice_nested_counts_its_unlabelled_leftovers_in_one_note(lay):
    codes = "DR,NORMAL,MH,ODC,TSLN,ARMD,DN,MYA,BRVO,ODP,CRVO,CNV,RS,ODE,LS,CSR,HTR,ASR,CRS,OTHER"
    row = {"4": "1" + ",0" * 19, "(0001)aria_d_26": "0,1" + ",0" * 18}
    base = lay(
        ["images/images/4.png", "images/images/(0001)aria_d_26.tif", "images/images/5.png", "images/images/6.png"],
        {
            "train_data.csv": f"ID,{codes}\n4,{row['4']}\n",
            "val_data.csv": f"ID,{codes}\n(0001)aria_d_26,{row['(0001)aria_d_26']}\n",
        },
    )
    found = Found("mured", base)
    assert found.stated() == {"images/images/4.png": ("DR",), "images/images/(0001)aria_d_26.tif": ("NORMAL",)}
    assert found.splits() == {"images/images/4.png": "train", "images/images/(0001)aria_d_26.tif": "val"}
    assert found.problems == [("unlabelled", "images/images")]


# -- RFMiD -----------------------------------------------------------------------------------------


def test_rfmid_2_in_latin_1_with_a_blank_last_column_and_a_no_break_space_in_its_header(lay):
    base = lay(
        ["RFMiD2_0/Training_set/1.jpg", "RFMiD2_0/Training_set/2.JPG", "RFMiD2_0/Test_set/1.jpg"],
        {
            "RFMiD2_0/Training_set/RFMiD_2_Training_labels.csv": f"{COLUMNS_2}\n1,1,0,0,0,0,\n2,0,0,1,1,1,\n",
            "RFMiD2_0/Test_set/RFMiD_2_Testing_labels.csv": f"{COLUMNS_2}\n1,0,0,0,0,0,\n",
        },
        encoding="latin-1",
    )
    found = Found("rfmid_2", base)
    assert found.stated() == {
        "RFMiD2_0/Training_set/1.jpg": ("WNL",),
        "RFMiD2_0/Training_set/2.JPG": ("DR", "ON", "OPDM"),
        "RFMiD2_0/Test_set/1.jpg": (),  # nothing marked and not called normal either
    }
    assert found.samples["RFMiD2_0/Training_set/1.jpg"].absent == ("AH", "DR", "ON", "OPDM")
    assert found.splits()["RFMiD2_0/Test_set/1.jpg"] == "test"
    assert found.reasons == []


@pytest.mark.parametrize("folders", [("Training", "Validation", "Test"), ("Train", "Validation", "Test")])
def test_rfmid_2_with_its_tables_beside_the_part_folders(lay, folders):
    names = ("Training", "Validation", "Testing")
    base = lay(
        [f"{folder}/1.jpg" for folder in folders],
        {f"RFMiD_2_{name}_labels.csv": f"{COLUMNS_2}\n1,0,0,{int(name == 'Training')},1,0,\n" for name in names},
        encoding="latin-1",
    )
    found = Found("rfmid_2", base)
    assert found.stated() == {
        f"{folders[0]}/1.jpg": ("DR", "ON"),
        f"{folders[1]}/1.jpg": ("ON",),
        f"{folders[2]}/1.jpg": ("ON",),
    }
    assert [found.splits()[f"{folder}/1.jpg"] for folder in folders] == ["train", "val", "test"]


def test_both_rfmid_releases_side_by_side_keep_their_own_pictures(lay):
    base = lay(
        ["Training_Set/Training/1.png", "RFMiD2_0/Training_set/1.jpg"],
        {
            "Training_Set/RFMiD_Training_Labels.csv": f"{COLUMNS_1}\n1,1,1,0,0\n",
            "RFMiD2_0/Training_set/RFMiD_2_Training_labels.csv": f"{COLUMNS_2}\n1,1,0,0,0,0,\n",
        },
        encoding="latin-1",
    )
    assert Found("rfmid_2", base).stated() == {
        "Training_Set/Training/1.png": ("DR",),
        "RFMiD2_0/Training_set/1.jpg": ("WNL",),
    }


def test_rfmid_1_with_pictures_and_tables_in_numbered_folders(lay):
    base = lay(
        ["1. Original Images/a. Training Set/1.png", "1. Original Images/c. Testing Set/1.png"],
        {
            "2. Groundtruths/a. RFMiD_Training_Labels.csv": f"{COLUMNS_1}\n1,1,0,1,0\n",
            "2. Groundtruths/c. RFMiD_Testing_Labels.csv": f"{COLUMNS_1}\n1,0,0,0,0\n",
        },
    )
    assert Found("rfmid_2", base).stated() == {
        "1. Original Images/a. Training Set/1.png": ("ARMD",),
        "1. Original Images/c. Testing Set/1.png": ("WNL",),
    }


def test_an_rfmid_row_whose_summary_contradicts_its_findings_is_refused(lay):
    base = lay(
        ["Training_Set/Training/1.png", "Training_Set/Training/2.png", "Training_Set/Training/3.png"],
        {"Training_Set/RFMiD_Training_Labels.csv": f"{COLUMNS_1}\n1,1,0,0,0\n2,0,1,0,0\n3,0,0,0,0\n"},
    )
    found = Found("rfmid_2", base)
    assert found.stated() == {"Training_Set/Training/3.png": ("WNL",)}
    assert found.reasons == ["bad_row", "bad_row"]


def test_rfmid_pictures_of_a_part_without_its_table_are_a_missing_file(lay):
    base = lay(
        ["Training_Set/Training/1.png", "Test_Set/Test/1.png"],
        {"Training_Set/RFMiD_Training_Labels.csv": f"{COLUMNS_1}\n1,1,1,0,0\n"},
    )
    found = Found("rfmid_2", base)
    assert list(found.stated()) == ["Training_Set/Training/1.png"]
    assert found.reasons == ["missing_file"]


# -- ToxoFundus, ADAM, AIROGS ----------------------------------------------------------------------


def test_the_two_halves_of_toxofundus_do_not_read_one_another_without_their_outer_folders(lay):
    base = lay(["Diseased/GG_100.jpg", "Healthy/GG_10.jpg", "Data_Raw_6class_All/healthy/10.jpg"])
    assert Found("toxofundus_processed", base).stated() == {
        "Diseased/GG_100.jpg": ("Diseased",),
        "Healthy/GG_10.jpg": ("Healthy",),
    }
    assert Found("toxofundus_raw", base).stated() == {"Data_Raw_6class_All/healthy/10.jpg": ("healthy",)}


def test_raw_toxofundus_without_its_outer_folders_leaves_the_processed_half_alone(lay):
    base = lay(["inactive/100.jpg", "active/114.jpg", "Data_Processed_Paper/Data_Processed_Paper/Healthy/GG_10.jpg"])
    assert Found("toxofundus_raw", base).stated() == {"inactive/100.jpg": ("inactive",), "active/114.jpg": ("active",)}


def test_adam_takes_no_drawing_and_no_mask_for_a_photograph(lay):
    base = lay(
        [
            "Training1200/AMD/A0001.jpg",
            "Training1200/Non-AMD/N0001.jpg",
            "Training1200/AMD/A0001.bmp",
            "Training1200/Disc_Masks/AMD/A0001.bmp",
            "Training1200/Disc_Fovea_Illustration/AMD/A0001.jpg",
        ]
    )
    assert Found("adam", base).stated() == {
        "Training1200/AMD/A0001.jpg": ("AMD",),
        "Training1200/Non-AMD/N0001.jpg": ("Non-AMD",),
    }


def test_adam_photographs_saved_anew_are_read_and_bitmaps_beside_them_are_masks(lay):
    found = Found("adam", lay(["AMD/A0001.png", "AMD/A0001.bmp", "Non-AMD/N0001.JPG", "Validation400/V0001.jpg"]))
    assert found.stated() == {"AMD/A0001.png": ("AMD",), "Non-AMD/N0001.JPG": ("Non-AMD",)}
    assert found.problems == []


def test_a_few_class_folders_of_a_set_are_read_without_the_others(lay):
    for module, path, code in (
        ("jsiec", "1000images/15.0.Retinitis pigmentosa/1ffa955d..JPG", "15.0.Retinitis pigmentosa"),
        ("toxofundus_raw", "Data_Raw_6class_All/Data_Raw_6class_All/active_active/479.jpg", "active_active"),
        ("toxofundus_processed", "Data_Processed_Paper/Data_Processed_Paper/Healthy/GG_10.jpg", "Healthy"),
    ):
        assert Found(module, lay([f"{module}/{path}"]) / module).stated() == {path: (code,)}


def test_airogs_counts_only_names_of_its_table(lay):
    base = lay(
        ["0/TRAIN000000.JPG", "documents_test/TRAIN000100_ANRI.JPG"],
        {"train_labels.csv": "challenge_id,class\nTRAIN000000,NRG\nTRAIN000100,RG\n"},
    )
    found = Found("airogs", base)
    assert found.stated() == {"0/TRAIN000000.JPG": ("NRG",)}
    assert found.problems == [
        ("left_out", "documents_test/TRAIN000100_ANRI.JPG"),
        ("missing_image", "train_labels.csv"),
    ]


def test_pictures_without_a_row_are_told_one_by_one(lay):
    tables = {
        "airogs": ("0/TRAIN00000{}.jpg", "train_labels.csv", "challenge_id,class\nTRAIN000000,NRG\n"),
        "aptos_2019": ("train_images/{}.png", "train.csv", "id_code,diagnosis\n0,2\n"),
        "rfmid_2": ("Training/{}.png", "RFMiD_Training_Labels.csv", f"{COLUMNS_1}\n0,0,0,0,0\n"),
    }
    for module, (picture, file, text) in tables.items():
        found = Found(
            module, lay([f"{module}/{picture.format(n)}" for n in range(3)], {f"{module}/{file}": text}) / module
        )
        assert list(found.stated()) == [picture.format(0)]
        assert found.problems == [("missing_label", picture.format(1)), ("missing_label", picture.format(2))]


def test_a_picture_with_findings_of_rfmid_is_not_normal_and_says_so(lay):
    base = lay(["Training_Set/Training/1.png"], {"Training_Set/RFMiD_Training_Labels.csv": f"{COLUMNS_1}\n1,1,1,0,0\n"})
    assert Found("rfmid_2", base).list[0].absent == ("ARMD", "MH", "WNL")


# -- ODIR-5K ---------------------------------------------------------------------------------------


def _patient(number, left, right):
    return [number, 60, "Male", f"{number}_left.jpg", f"{number}_right.jpg", left, right, *[0] * 8]


def test_the_three_parts_of_oia_odir_each_with_its_own_table(lay):
    parts = {"Training Set": ("training", 0), "Off-site Test Set": ("off-site test", 7), "On-site Test Set": (
        "on-site test", 9)}  # fmt: skip
    base = lay(
        [f"OIA-ODIR/{part}/Images/{number}_{side}.jpg" for part, (_, number) in parts.items() for side in (
            "left", "right")],
        {
            f"OIA-ODIR/{part}/Annotation/{name} annotation (English).xlsx": [
                ODIR.split(","), _patient(number, "cataract", "normal fundus，lens dust")]
            for part, (name, number) in parts.items()
        },
    )  # fmt: skip
    found = Found("odir_5k", base)
    assert found.splits() == {
        "OIA-ODIR/Training Set/Images/0_left.jpg": "train",
        "OIA-ODIR/Training Set/Images/0_right.jpg": "train",
        "OIA-ODIR/Off-site Test Set/Images/7_left.jpg": "val",
        "OIA-ODIR/Off-site Test Set/Images/7_right.jpg": "val",
        "OIA-ODIR/On-site Test Set/Images/9_left.jpg": "test",
        "OIA-ODIR/On-site Test Set/Images/9_right.jpg": "test",
    }
    assert {path[-8:]: stated for path, stated in found.stated().items()} == {
        "left.jpg": ("C",),
        "ight.jpg": ("N",),
    }
    assert found.reasons == []


def test_an_oia_odir_part_without_its_table_is_a_missing_file(lay):
    base = lay(
        ["Training Set/Images/0_left.jpg", "Training Set/Images/0_right.jpg", "On-site Test Set/Images/9_left.jpg"],
        {
            "Training Set/Annotation/training annotation (English).xlsx": [
                ODIR.split(","),
                _patient(0, "drusen", "drusen"),
            ]
        },
    )
    found = Found("odir_5k", base)
    assert set(found.stated().values()) == {("O",)}
    assert found.problems == [("missing_file", "On-site Test Set/Annotation/on-site test annotation (English).xlsx")]


def test_odir_from_kaggle_is_read_from_the_original_pictures(lay):
    base = lay(
        [f"{folder}/0_{side}.jpg" for folder in ("preprocessed_images", "ODIR-5K/ODIR-5K/Training Images") for side in (
            "left", "right")] + ["ODIR-5K/ODIR-5K/Testing Images/1000_left.jpg"],
        {
            "full_df.csv": f"{ODIR},filename\n",
            "ODIR-5K/ODIR-5K/data.xlsx": [ODIR.split(","), _patient(0, "glaucoma，myopic maculopathy", "drusen")],
        },
    )  # fmt: skip
    assert Found("odir_5k", base).stated() == {
        "ODIR-5K/ODIR-5K/Training Images/0_left.jpg": ("G", "M"),
        "ODIR-5K/ODIR-5K/Training Images/0_right.jpg": ("O",),
    }


def test_full_df_labels_only_the_eye_of_each_row_by_its_own_keywords(lay):
    patient = "2,42,Male,2_left.jpg,2_right.jpg,laser spot，mild nonproliferative retinopathy,normal fundus"
    base = lay(
        ["preprocessed_images/2_right.jpg"],
        {"full_df.csv": f"{ODIR},filename\n{patient},0,1,0,0,0,0,0,1,2_right.jpg\n"},
    )
    found = Found("odir_5k", base)
    assert found.stated() == {"preprocessed_images/2_right.jpg": ("N",)}
    assert found.samples["preprocessed_images/2_right.jpg"].group == "2"
    assert found.reasons == []


def test_full_df_without_its_filename_column_calls_only_pictures_missing_that_have_a_row_of_their_own(lay):
    one = "2,42,Male,2_left.jpg,2_right.jpg,cataract,normal fundus,0,0,0,1,0,0,0,0\n"
    both = "3,42,Male,3_left.jpg,3_right.jpg,cataract,normal fundus,0,0,0,1,0,0,0,0\n"
    base = lay(
        ["preprocessed_images/2_right.jpg", "preprocessed_images/3_right.jpg"],
        {"full_df.csv": f"{ODIR}\n{one}{both}{both}"},
    )
    found = Found("odir_5k", base)
    assert found.stated() == {"preprocessed_images/2_right.jpg": ("N",), "preprocessed_images/3_right.jpg": ("N",)}
    assert sorted(found.reasons) == ["left_out", "missing_image"]


@pytest.mark.parametrize(
    ("keywords", "stated", "uncertain"),
    [
        ("normal fundus", {"N"}, set()),
        ("normal fundus，suspected glaucoma", set(), {"G"}),
        ("suspected glaucoma，glaucoma", {"G"}, set()),
        ("suspicious diabetic retinopathy, cataract", {"C"}, {"D"}),
        ("refractive media opacity?severe nonproliferative retinopathy", {"O", "D"}, set()),
        ("chorioretinal atrophy with pigmentation proliferation", {"O"}, set()),
        ("Hypertensive  Retinopathy", {"H"}, set()),
        ("low image quality", set(), set()),
    ],
)
def test_an_odir_eye_is_labelled_by_its_keywords(keywords, stated, uncertain):
    from medmat_fundus.odir_5k import eye

    found = eye(keywords)
    assert found is not None
    assert (set(found[0]), set(found[1])) == (stated, uncertain)


# -- masks -----------------------------------------------------------------------------------------


def test_fives_finds_its_masks_in_a_folder_with_the_misspelt_name(lay):
    base = lay(["train/Original/1_A.png", "train/Groud truth/1_A.png", "test/Original/1_A.png"])
    found = Found("fives", base)
    assert found.masks() == {"train/Original/1_A.png": ["train/Groud truth/1_A.png"]}
    assert found.reasons == ["missing_mask"]


def test_rim_one_reads_the_random_partition_only_where_it_is_alone(lay):
    masks = [f"RIM-ONE_DL_reference_segmentations/normal/r1_Im001-1-{name}-T.png" for name in ("Disc", "Cup")]
    base = lay(["RIM-ONE_DL_images/partitioned_randomly/test_set/normal/r1_Im001.png", *masks])
    found = Found("rim_one_dl", base)
    assert found.masks() == {"RIM-ONE_DL_images/partitioned_randomly/test_set/normal/r1_Im001.png": masks}
    assert set(found.splits().values()) == {"test"}
    lay(["RIM-ONE_DL_images/partitioned_by_hospital/training_set/normal/r1_Im001.png"])
    assert Found("rim_one_dl", base).splits() == {
        "RIM-ONE_DL_images/partitioned_by_hospital/training_set/normal/r1_Im001.png": "train"
    }


def test_a_rim_one_picture_with_one_of_its_two_masks_is_a_problem(lay):
    base = lay(
        [
            "RIM-ONE_DL_images/partitioned_by_hospital/test_set/normal/r2_Im347.png",
            "RIM-ONE_DL_reference_segmentations/normal/r2_Im347-1-Disc-T.png",
        ]
    )
    found = Found("rim_one_dl", base)
    assert found.samples == {}
    assert found.reasons == ["missing_mask"]


def test_palm_as_figshare_publishes_it(lay):
    parts = {"Training": "H0001", "Validation": "V0001", "Testing": "T0001"}
    base = lay(
        [f"PALM/{part}/Images/{stem}.jpg" for part, stem in parts.items()]
        + ["PALM/Testing/Images/T0002.jpg", "PALM/Training/Lesion Masks/Atrophy/H0001.bmp"]
        + [f"PALM/{part}/Disc Masks/{stem}.bmp" for part, stem in parts.items()]
    )
    found = Found("palm19", base)
    assert found.masks() == {
        "PALM/Training/Images/H0001.jpg": ["Training/Disc Masks/H0001.bmp"],
        "PALM/Validation/Images/V0001.jpg": ["Validation/Disc Masks/V0001.bmp"],
        "PALM/Testing/Images/T0001.jpg": ["Testing/Disc Masks/T0001.bmp"],
        "PALM/Testing/Images/T0002.jpg": [],
    }
    assert [found.splits()[f"PALM/{part}/Images/{stem}.jpg"] for part, stem in parts.items()] == [
        "train",
        "val",
        "test",
    ]


def test_palm_pictures_of_a_part_without_any_mask_are_unlabelled_and_no_negatives(lay):
    base = lay(
        [
            "PALM-Training400/PALM-Training400/PALM-Training400/N0001.jpg",
            "PALM-Training400/PALM-Training400/PALM-Training400/P0001.jpg",
            "PALM-Training400-Annotation-D&F/Disc_Masks/P0001.bmp",
            "PALM-Testing400-Images/T0001.jpg",
            "PALM-Testing400-Images/T0002.jpg",
        ]
    )
    found = Found("palm19", base)
    assert sorted(len(masks) for masks in found.masks().values()) == [0, 1]
    assert set(found.splits().values()) == {"train"}
    assert found.reasons == ["unlabelled"]


def test_of_two_palm_masks_that_in_the_folder_of_its_picture_is_read_and_the_other_told(lay):
    masks = ["PALM/A copy/Disc Masks/H0001.bmp", "PALM/Training/Disc Masks/H0001.bmp"]
    found = Found("palm19", lay(["PALM/Training/Images/H0001.jpg", *masks]))
    assert [*found.masks().values()] == [["Training/Disc Masks/H0001.bmp"]]
    assert found.reasons == ["left_out"]


def test_palm_photographs_of_another_name_are_told(lay):
    base = lay(
        ["PALM/Training/Images/H0001.jpg", "PALM/Training/Images/eye 7.jpg", "PALM/Training/Disc Masks/H0001.bmp"]
    )
    found = Found("palm19", base)
    assert list(found.samples) == ["PALM/Training/Images/H0001.jpg"]
    assert found.problems == [("bad_name", "Training/Images/eye 7.jpg")]


def test_fives_finds_a_mask_of_another_case_and_tells_of_one_without_a_picture(lay):
    base = lay(["train/Original/1_A.png", "train/Ground truth/1_A.PNG", "train/Ground truth/2_A.png"])
    found = Found("fives", base)
    assert found.masks() == {"train/Original/1_A.png": ["train/Ground truth/1_A.PNG"]}
    assert found.problems == [("missing_image", "train/Ground truth/2_A.png")]


def test_the_licence_that_lies_among_the_pictures_of_rim_one_is_left_out_and_said_so(lay):
    folder = "RIM-ONE_DL_images/partitioned_by_hospital/training_set/normal"
    masks = [f"RIM-ONE_DL_reference_segmentations/normal/r1_Im001-1-{name}-T.png" for name in ("Disc", "Cup")]
    found = Found("rim_one_dl", lay([f"{folder}/r1_Im001.png", f"{folder}/LICENSE.png", *masks]))
    assert list(found.samples) == [f"{folder}/r1_Im001.png"]
    assert found.reasons == ["left_out"]
