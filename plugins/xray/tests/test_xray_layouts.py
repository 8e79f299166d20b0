"""Layouts that are met on disk beside the one of each card's example: mirrors, older releases, halves of a download."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medmat_core import readers
from medmat_core.testing import find_datasets

FINDINGS = "Image Index,Finding Labels,Follow-up #,Patient ID\n"
MAMMO = "study_id,image_id,finding_categories,split\n"
SPINE = "study_id,image_id,lesion_type,xmin,ymin,xmax,ymax\n"
UID = "1.2.276.0.7230010.3.1.4.8323329."


class Found:
    """What an adapter makes of a tree: samples by the picture's path below the data set's folder, and reasons."""

    def __init__(self, module: str, base: Path) -> None:
        (dataset,) = find_datasets([f"medmat_xray.{module}"])
        tree = readers.Tree(base, dataset.card.markers)
        found = list(dataset.samples(tree, dataset.card))
        self.samples = {tree.prefix + str(sample.image): sample for sample in found}
        assert len(self.samples) == len(found), "a picture is yielded twice"
        self.reasons = [problem.reason for problem in tree.problems]

    def of(self, name):
        """One field of every sample, by path."""
        return {path: getattr(sample, name) for path, sample in self.samples.items()}


@pytest.fixture
def lay(tmp_path):
    """Write label files and empty pictures below a folder, and run an adapter over it."""

    def run(module, pictures, files):
        for path, text in {**dict.fromkeys(pictures, ""), **files}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return Found(module, tmp_path)

    return run


def test_chestxray14_is_read_from_the_twelve_folders_of_the_kaggle_copy_and_its_older_table(lay):
    found = lay(
        "chestxray14",
        ["images_001/images/00000001_000.png", "images_012/images/00030805_000.png"],
        {
            "Data_Entry_2017.csv": FINDINGS.replace("\n", ",\n")
            + "00000001_000.png,Cardiomegaly|Effusion,0,1,\n00030805_000.png,No Finding,0,30805,\n",
            "train_val_list.txt": "00000001_000.png",
            "test_list.txt": "00030805_000.png",
        },
    )
    assert found.of("stated") == {
        "images_001/images/00000001_000.png": ("Cardiomegaly", "Effusion"),
        "images_012/images/00030805_000.png": ("No Finding",),
    }
    assert list(found.of("split").values()) == ["train", "test"]
    assert list(found.of("group").values()) == ["1", "30805"]
    assert found.reasons == []


def test_chestxray14_without_its_lists_has_groups_and_no_split(lay):
    found = lay(
        "chestxray14",
        ["images/00000001_000.png"],
        {"Data_Entry_2017_v2020.csv": FINDINGS + "00000001_000.png,Mass,0,1\n"},
    )
    assert (found.of("split"), found.reasons) == ({"images/00000001_000.png": None}, [])


def test_a_film_that_is_not_there_is_one_problem_though_table_and_list_name_it(lay):
    found = lay(
        "chestxray14",
        ["images/00000001_000.png"],
        {
            "Data_Entry_2017_v2020.csv": FINDINGS + "00000001_000.png,Mass,0,1\n00000002_000.png,Mass,0,2\n",
            "train_val_list.txt": "00000001_000.png\n00000002_000.png",
            "test_list.txt": "",
        },
    )
    assert found.reasons == ["missing_image"]


def test_nih_sample_is_read_from_the_inner_copy_alone(lay):
    found = lay(
        "nih_sample",
        ["sample/sample/images/00000013_005.png"],
        {"sample/sample/sample_labels.csv": FINDINGS + "00000013_005.png,Mass|Hernia,5,13\n"},
    )
    assert found.of("stated") == {"sample/sample/images/00000013_005.png": ("Mass", "Hernia")}


def test_chestx_det_is_read_from_folders_beside_the_json_files(lay):
    record = {
        "file_name": "36204.png",
        "syms": ["Nodule", "Nodule"],
        "boxes": [],
        "polygons": [[[1, 1], [5, 1], [5, 5]]] * 2,
    }
    found = lay(
        "chestx_det",
        ["train/36204.png", "test/36199.png"],
        {
            "ChestX_Det_train.json": json.dumps([record]),
            "ChestX_Det_test.json": json.dumps([{"file_name": "36199.png", "syms": [], "boxes": [], "polygons": []}]),
        },
    )
    assert found.of("stated") == {"train/36204.png": ("Nodule",), "test/36199.png": ("[]",)}


def test_a_chestx_det_record_with_more_findings_than_outlines_is_refused_and_the_rest_read(lay):
    good = {"file_name": "2.png", "syms": [], "polygons": []}
    found = lay(
        "chestx_det_masks",
        ["train/1.png", "train/2.png"],
        {
            "ChestX_Det_train.json": json.dumps([{"file_name": "1.png", "syms": ["Mass"], "polygons": []}, good]),
            "ChestX_Det_test.json": "[]",
        },
    )
    assert (list(found.samples), found.reasons) == (["train/2.png"], ["bad_row", "missing_label"])


def test_siim_stage_1_alone_has_no_test_part_and_leaves_unlisted_films_out(lay):
    found = lay(
        "siim_acr_pneumothorax",
        [f"siim/dicom-images-train/s{i}/t{i}/{UID}{i}.1.dcm" for i in (1, 2, 3)],
        {"siim/train-rle.csv": f"ImageId, EncodedPixels\n{UID}1.1, -1\n{UID}2.1, 10 5\n{UID}2.1, 99 7\n"},
    )
    assert [[mask.runs for mask in sample.masks] for sample in found.samples.values()] == [[], ["10 5", "99 7"]]
    assert set(found.of("split").values()) == {None}
    assert found.reasons == ["unlabelled"]


def test_siim_test_films_without_their_table_are_told_of(lay):
    found = lay(
        "siim_acr_pneumothorax",
        [f"dicom-images-train/s/t/{UID}1.1.dcm", f"dicom-images-test/s/t/{UID}2.1.dcm"],
        {"train-rle.csv": f"ImageId, EncodedPixels\n{UID}1.1, -1\n"},
    )
    assert found.reasons == ["missing_file", "unlabelled"]


def test_chexpert_is_read_where_the_tables_lie_without_their_outer_folder(lay):
    names = list(find_datasets(["medmat_xray.chexpert_small"])[0].card.labels)
    head = "Path," + ",".join(names) + "\n"
    values = {"No Finding": "1.0", "Pneumonia": "", "Fracture": "0.0"}
    row = "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg," + ",".join(
        values.get(n, "") for n in names
    )
    found = lay(
        "chexpert_small",
        ["train/patient00001/study1/view1_frontal.jpg"],
        {"train.csv": head + row + "\n", "valid.csv": head},
    )
    (sample,) = found.samples.values()
    assert (sample.stated, sample.group, sample.split) == (("No Finding",), "patient00001", "train")
    assert set(sample.absent) == set(names) - {"No Finding", "Support Devices"}


def test_a_chexpert_row_without_finding_and_with_a_disease_is_refused(lay):
    names = list(find_datasets(["medmat_xray.chexpert_small"])[0].card.labels)
    head = "Path," + ",".join(names) + "\n"
    row = "train/patient1/study1/view1_frontal.jpg," + ",".join(
        "1.0" if n in ("No Finding", "Edema") else "" for n in names
    )
    found = lay(
        "chexpert_small",
        ["train/patient1/study1/view1_frontal.jpg"],
        {"train.csv": head + row + "\n", "valid.csv": head},
    )
    assert (found.samples, found.reasons) == ({}, ["contradictory_label"])


def test_vindr_mammo_is_read_as_dicom_from_its_origin(lay):
    found = lay(
        "vindr_mammo",
        ["vindr-mammo-1.0.0/images/s1/i1.dicom", "vindr-mammo-1.0.0/images/s1/i2.dicom"],
        {
            "vindr-mammo-1.0.0/finding_annotations.csv": MAMMO
            + "s1,i1,\"['Mass', 'Asymmetry']\",training\ns1,i1,['Skin Thickening'],training\n"
            + "s1,i2,['No Finding'],training\n",
            "vindr-mammo-1.0.0/metadata.csv": "SOP Instance UID,Rows\n1.2.3,3518\n",
        },
    )
    assert list(found.of("stated").values()) == [("Mass", "Asymmetry", "Skin Thickening"), ("No Finding",)]
    assert (set(found.of("group").values()), set(found.of("split").values()), found.reasons) == ({"s1"}, {"train"}, [])


def test_rsna_films_get_nih_patients_where_the_mapping_lies_beside_the_tables(lay):
    found = lay(
        "rsna_pneumonia",
        ["stage_2_train_images/a.dcm", "stage_2_train_images/b.dcm"],
        {
            "stage_2_detailed_class_info.csv": "patientId,class\na,Lung Opacity\na,Lung Opacity\nb,Normal\n",
            "pneumonia-challenge-dataset-mappings_2018.json": json.dumps(
                [
                    {"subset_img_id": "a", "img_id": "00000013_005.png"},
                    {"subset_img_id": "b", "img_id": "00000013_026.png"},
                ]
            ),
        },
    )
    assert found.of("group") == {"stage_2_train_images/a.dcm": "13", "stage_2_train_images/b.dcm": "13"}
    assert found.of("stated")["stage_2_train_images/a.dcm"] == ("Lung Opacity",)


@pytest.mark.parametrize("folder", ["annotations", "annotation"])
def test_spinexr_tables_are_found_in_either_folder(lay, folder):
    found = lay(
        "vindr_spinexr_boxes",
        ["train_images/a.dicom", "test_images/b.dicom"],
        {
            f"{folder}/train.csv": SPINE + "s1,a,Osteophytes,1.5,2,30,40.25\n",
            f"{folder}/test.csv": SPINE + "s2,b,No finding,,,,\n",
        },
    )
    boxes = {path: [box.xyxy for box in sample.boxes] for path, sample in found.samples.items()}
    assert boxes == {"train_images/a.dicom": [(1.5, 2.0, 30.0, 40.25)], "test_images/b.dicom": []}


def test_a_spinexr_film_with_a_broken_box_is_left_out_and_never_a_negative(lay):
    found = lay(
        "vindr_spinexr_boxes",
        ["train_images/a.dicom"],
        {"annotations/train.csv": SPINE + "s1,a,Osteophytes,1,2,,4\n", "annotations/test.csv": SPINE},
    )
    assert found.samples == {}
    assert "bad_row" in found.reasons


def test_covidx_before_cxr4_has_no_validation_list(lay):
    found = lay(
        "covidx_cxr4",
        ["train/COVID(66).png", "test/a.b.png"],
        {"train.txt": "COVID_66 COVID(66).png positive sirm\n", "test.txt": "7 a.b.png negative rsna\n"},
    )
    assert found.of("stated") == {"train/COVID(66).png": ("positive",), "test/a.b.png": ("negative",)}
    assert found.reasons == []


def test_cbis_ddsm_does_not_guess_which_of_two_pictures_is_the_film(lay):
    row = "patient_id,pathology,image file path\nP_1,BENIGN,Mass-Training_P_1/1.2/1.3/000000.dcm\n"
    empty = "patient_id,pathology,image file path\n"
    tables = {
        f"csv/{kind}_case_description_{part}_set.csv": empty for kind in ("mass", "calc") for part in ("train", "test")
    }
    tables["csv/mass_case_description_train_set.csv"] = row
    found = lay("cbis_ddsm", ["jpeg/1.3/1-001.jpg", "jpeg/1.3/2-002.jpg"], tables)
    assert (found.samples, found.reasons) == ({}, ["missing_image", "left_out"])
    tables["csv/dicom_info.csv"] = (
        "image_path,PatientID,SeriesDescription\nCBIS-DDSM/jpeg/1.3/2-002.jpg,Mass-Training_P_1_1,\n"
    )
    found = lay("cbis_ddsm", [], tables)
    assert found.of("stated") == {"jpeg/1.3/1-001.jpg": ("BENIGN",)}


@pytest.mark.parametrize(
    ("module", "files", "listed", "stray"),
    [
        (
            "nih_sample",
            {"sample_labels.csv": FINDINGS + "1.png,Mass,0,1\n"},
            "sample/images/1.png",
            "sample/images/2.png",
        ),
        (
            "chestx_det",
            {
                "ChestX_Det_train.json": json.dumps([{"file_name": "1.png", "syms": [], "polygons": []}]),
                "ChestX_Det_test.json": "[]",
            },
            "train_data/train/1.png",
            "train_data/train/2.png",
        ),
    ],
)
def test_a_picture_that_no_row_names_is_told(lay, module, files, listed, stray):
    found = lay(module, [listed, stray], files)
    assert (list(found.samples), found.reasons) == ([listed], ["missing_label"])


def test_the_second_copy_of_the_nih_sample_is_no_picture_without_a_row(lay):
    files = {"sample_labels.csv": FINDINGS + "1.png,Mass,0,1\n"}
    found = lay("nih_sample", ["sample/images/1.png", "sample/sample/images/1.png"], files)
    assert (list(found.samples), found.reasons) == (["sample/images/1.png"], [])


def test_a_chexpert_picture_without_a_row_is_told_and_one_with_a_bad_row_told_once(lay):
    names = list(find_datasets(["medmat_xray.chexpert_small"])[0].card.labels)
    head = "Path," + ",".join(names) + "\n"
    paths = [f"train/patient{n}/study1/view1_frontal.jpg" for n in (1, 2)]
    row = f"{paths[0]}," + ",".join("often" for _ in names)
    found = lay("chexpert_small", paths, {"train.csv": head + row + "\n", "valid.csv": head})
    assert (found.samples, found.reasons) == ({}, ["bad_row", "missing_label"])


def test_shenzhen_films_of_an_odd_name_are_told_and_those_of_montgomery_are_not(lay):
    pictures = ["CXR_png/CHNCXR_0001_0.png", "CXR_png/MCUCXR_0001_0.png", "CXR_png/film 7.png"]
    found = lay("shenzhen_cxr", pictures, {})
    assert (list(found.samples), found.reasons) == ([pictures[0]], ["bad_name"])


def test_covidx_pictures_are_found_in_a_doubled_folder_and_never_in_the_one_of_another_part(lay):
    lists = {
        "train.txt": "1 a.png positive x\n2 b.png negative x\n",
        "val.txt": "3 c.png negative x\n",
        "test.txt": "4 d.png positive x\n",
    }
    found = lay("covidx_cxr4", ["train/train/a.PNG", "val/b.png", "val/c.png", "test/d.png"], lists)
    assert found.of("split") == {"train/train/a.PNG": "train", "val/c.png": "val", "test/d.png": "test"}
    assert sorted(found.reasons) == ["missing_image", "missing_label", "other_spelling"]


def test_a_table_of_vindr_pcxr_that_lacks_a_disease_is_refused_as_a_whole(lay):
    head = "image_id,No finding,Bronchitis\n"
    found = lay(
        "vindr_pcxr_cls", ["train/1.dicom"], {"image_labels_train.csv": head + "1,0,1\n", "image_labels_test.csv": head}
    )
    assert found.samples == {}
    assert found.reasons[:2] == ["bad_file", "bad_file"]


def test_spines_of_another_set_and_shrunk_copies_are_left_out(lay):
    pictures = ["Normal/N1,N,40,M_1_0.jpg", "Normal/01-July-2019-12.jpg", "224/Normal/N1,N,40,M_1_0.jpg"]
    found = lay("vertebrae_xray", pictures, {})
    assert (list(found.samples), found.reasons) == (pictures[:1], ["left_out"])


def test_a_lung_mask_without_its_film_is_told(lay):
    masks = [f"ManualMask/{side}/MCUCXR_000{n}_0.png" for side in ("leftMask", "rightMask") for n in (1, 2)]
    found = lay("nlm_montgomery_lungs", ["CXR_png/MCUCXR_0001_0.png", *masks], {})
    assert (list(found.samples), found.reasons) == (["CXR_png/MCUCXR_0001_0.png"], ["missing_image", "missing_image"])
