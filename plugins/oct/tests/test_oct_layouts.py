"""Layouts of the OCT rows that are met on disk beside the one of each card's example."""

from __future__ import annotations

from pathlib import Path

from medmat_core import readers
from medmat_core.testing import find_datasets


def read(module: str, base: Path, *paths: str) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """(codes by the picture's path below the data set's folder, reasons of the problems)."""
    for path in paths:
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).touch()
    (dataset,) = find_datasets([f"medmat_oct.{module}"])
    tree = readers.Tree(base, dataset.card.markers)
    found = {tree.prefix + str(sample.image): sample.stated for sample in dataset.samples(tree, dataset.card)}
    return found, [problem.reason for problem in tree.problems]


def test_the_third_version_of_kermany_is_read_from_oct_and_not_from_the_chest_films_beside_it(tmp_path: Path) -> None:
    scans = [
        "ZhangLabData/CellData/OCT/train/CNV/CNV-1-1.jpeg",
        "ZhangLabData/CellData/OCT/test/NORMAL/NORMAL-2-1.jpeg",
    ]
    films = [f"ZhangLabData/CellData/chest_xray/{part}/NORMAL/IM-1.jpeg" for part in ("train", "test")]
    found, reasons = read("oct2017_kermany", tmp_path, *scans, *films)
    assert found == {scans[0]: ("CNV",), scans[1]: ("NORMAL",)}
    assert reasons == []


def test_a_second_copy_of_the_whole_tree_of_kermany_is_not_read(tmp_path: Path) -> None:
    scans = ["OCT2017 /train/CNV/CNV-1-1.jpeg", "oct2017/OCT2017 /train/CNV/CNV-1-1.jpeg"]
    assert list(read("oct2017_kermany", tmp_path, *scans)[0]) == scans[:1]
