"""Layouts of the CT rows that are met on disk beside the one of each card's example."""

from __future__ import annotations

from pathlib import Path

from medmat_core import readers
from medmat_core.testing import find_datasets


def test_a_chest_ct_class_is_the_whole_name_up_to_its_first_underscore(tmp_path: Path) -> None:
    paths = {
        "Data/train/Large.Cell.Carcinoma_right.hilum_T3_N1_M0_IIIb/1.png": "large.cell.carcinoma",
        "Data/valid/normal/2.png": "normal",
        "Data/test/adenocarcinoma/3.png": "adenocarcinoma",
        "Data/test/adenocarcinomas/4.png": None,
    }
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    (dataset,) = find_datasets(["medmat_ct.chest_ct_scan"])
    tree = readers.Tree(tmp_path, dataset.card.markers)
    found = {tree.prefix + str(sample.image): sample for sample in dataset.samples(tree, dataset.card)}
    assert {path: (sample.stated, sample.split) for path, sample in found.items()} == {
        path: ((code,), {"train": "train", "valid": "val", "test": "test"}[path.split("/")[1]])
        for path, code in paths.items()
        if code is not None
    }
    assert [(problem.reason, problem.file) for problem in tree.problems] == [("unknown_label", "test/adenocarcinomas")]


def test_a_covid_ct_picture_saved_again_as_png_is_the_one_its_table_calls_jpg(tmp_path: Path) -> None:
    for name in ("91%1.png", "1%0.jpg"):
        (tmp_path / "CT_NonCOVID" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "CT_NonCOVID" / name).touch()
    table = ",image name,patient id\n0,91%1.jpg,crawled_patient_91\n1,1%0.jpg,crawled_patient_1\n2,,\n"
    (tmp_path / "NonCOVID-CT-MetaInfo.csv").write_text(table)
    (dataset,) = find_datasets(["medmat_ct.covid_ct"])
    tree = readers.Tree(tmp_path, dataset.card.markers)
    found = {str(sample.image): sample.group for sample in dataset.samples(tree, dataset.card)}
    assert found == {"CT_NonCOVID/91%1.png": "crawled_patient_91", "CT_NonCOVID/1%0.jpg": "crawled_patient_1"}
    assert [(problem.reason, problem.row, problem.level) for problem in tree.problems] == [("empty_row", 4, "note")]


def test_the_films_of_row_6_are_found_below_the_folders_of_every_copy(tmp_path: Path) -> None:
    (dataset,) = find_datasets(["medmat_ct.covid_19_ct_scan_images"])
    name = "COVID-19-CT SCAN IMAGES"
    for number, above in enumerate(("", f"{name}_COVID_datasets/", f"{name}_datasets/{name}_COVID_datasets/COVID/")):
        base = tmp_path / str(number)
        for code in (f"{name}_Neg_Samples_datasets", f"{name}_Pos_Samples_datasets"):
            (base / above / code).mkdir(parents=True)
            (base / above / code / "1.jpeg").touch()
        tree = readers.Tree(base, dataset.card.markers)
        captions = [dataset.card.labels[sample.stated[0]] for sample in dataset.samples(tree, dataset.card)]
        assert captions == ["No COVID-19 infection", "COVID-19 infection"]
        assert (tree.prefix, tree.problems) == (above, [])
