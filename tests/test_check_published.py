"""``medmat check NO --published FILE``: each published form against what lies here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medmat_core.catalog import Catalog
from medmat_core.check import Comparison, compare_published
from medmat_core.check.published import below_folder
from medmat_core.errors import UsageError
from tests.commanded import command
from tests.toy import picture, toy_catalog, toy_dataset, zoo

TABLES = """
[published]
captions = {cat = "Feline animal"}
mistaken = ["*_mask.png"]
"""


@pytest.fixture
def dataset(tmp_path: Path) -> Any:
    zoo(tmp_path / "med-mat")
    return toy_dataset(tmp_path, head="no = 7", tables=TABLES)


def record(image: str, caption: str, no: str = "7") -> dict[str, str]:
    return {"id": "1", "caption": caption, "image": image, "data-no": no}


def path(name: str, number: int = 0) -> str:
    return f"/home/them/data/med-mat/Toy_Animals/pics/{name}/{name} ({number}).png"


def file(tmp_path: Path, *records: dict[str, Any]) -> Path:
    target = tmp_path / "ori--07-train.json"
    target.write_text(json.dumps(records))
    return target


def compared(dataset: Any, tmp_path: Path, *records: dict[str, Any]) -> Comparison:
    return compare_published(dataset, tmp_path / "med-mat", [file(tmp_path, *records)], [dataset])


@pytest.mark.parametrize(
    "image", ["med-mat/Kvasir/a/b.png", "/x/y/med-mat/Kvasir/a/b.png", "C:\\data\\med-mat\\Kvasir\\a\\b.png", "a/b.png"]
)
def test_a_path_is_cut_after_med_mat_and_any_folder(image: str) -> None:
    assert below_folder(image) == "a/b.png"


def test_other_wording_is_told_from_another_label(dataset: Any, tmp_path: Path) -> None:
    found = compared(
        dataset, tmp_path, record(path("dog"), "dog"), record(path("cat"), "Feline animal"), record(path("cow"), "Eel")
    )
    assert (found.same, [(d.kind, d.here) for d in found.differences]) == (
        1, [("other wording", "Cat"), ("other label", "Cow")],
    )  # fmt: skip
    assert not found.agrees


def test_wording_that_the_card_knows_is_no_fault(dataset: Any, tmp_path: Path) -> None:
    target = file(tmp_path, record(path("cat"), "Feline animal"))
    told = command(toy_catalog(dataset), "check", "7", "--data", str(tmp_path / "med-mat"), "--published", str(target))
    assert told.exit_code == 0 and "1 pictures agree, 1 of them in other words" in told.output
    assert "19 pictures here are not in the files" in told.output


def test_a_path_that_is_not_here_is_a_fault(dataset: Any, tmp_path: Path) -> None:
    target = file(tmp_path, record(path("cat", 99), "Cat"))
    told = command(toy_catalog(dataset), "check", "7", "--data", str(tmp_path / "med-mat"), "--published", str(target))
    assert told.exit_code == 1 and "only published (1)" in told.output


def test_outer_folders_of_the_archive_do_not_matter(dataset: Any, tmp_path: Path) -> None:
    outer = path("dog").replace("Toy_Animals/", "Toy_Animals/archive/toy animals/")
    assert compared(dataset, tmp_path, record(outer, "Dog")).same == 1


def test_masks_shown_as_pictures_are_the_known_fault_that_they_are(dataset: Any, tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/toy/masks/cat (0)_mask.png", 5000)
    found = compared(dataset, tmp_path, record(path("dog"), "Dog"), record("med-mat/Toy/x/cat (0)_mask.png", "Cat"))
    assert [difference.kind for difference in found.differences] == ["mask shown as picture"]
    assert found.agrees and found.pictures == 21  # Med-MAT counted the mask as a picture


def test_the_number_of_records_is_held_against_085_of_the_pictures(dataset: Any, tmp_path: Path) -> None:
    every = [record(path(name, number), name) for name in ("cat", "dog", "cow", "eel") for number in range(5)]
    found = compared(dataset, tmp_path, *every[:17])
    assert (found.records, found.expected, found.unseen) == (17, 17, 3)
    assert "17 records; floor(0.85 x 20) = 17: equal" in list(found.summary())
    assert "16 records; floor(0.85 x 20) = 17: -1" in list(compared(dataset, tmp_path, *every[:16]).summary())


def test_records_of_other_data_sets_in_a_subset_file_are_left_out(dataset: Any, tmp_path: Path) -> None:
    found = compared(dataset, tmp_path, record(path("dog"), "Dog", "07"), record("med-mat/x/y.png", "Yak", "8"))
    assert (found.records, found.same, found.differences) == (1, 1, [])


def test_a_file_of_another_data_set_is_refused(dataset: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no record"):
        compared(dataset, tmp_path, record("med-mat/x/y.png", "Yak", "8"))


@pytest.mark.parametrize("caption", ["Dog, Feline animal", "Feline animal, dog", "cat; dog", "Dog,cat"])
def test_several_labels_are_compared_as_sets(tmp_path: Path, caption: str) -> None:
    from medmat_core import LabelSample

    picture(tmp_path / "med-mat/toy/pics/a.png")
    several = toy_dataset(
        tmp_path, lambda tree, card: [LabelSample("pics/a.png", ("cat", "dog"))],
        kind="multi-label", head="no = 7", tables=TABLES,
    )  # fmt: skip
    assert compared(several, tmp_path, record("med-mat/any/pics/a.png", caption)).agrees
    assert not compared(several, tmp_path, record("med-mat/any/pics/a.png", "Dog")).agrees


# -- the newer form ---------------------------------------------------------------------------------------


def newer(caption: str, *options: str) -> dict[str, Any]:
    choices = dict(zip("ABCD", options, strict=False))
    return {
        "id": "Subset-06--1",
        "image": "/d/images/Subset-06--1.png",
        "question": "?",
        "choices": choices,
        "caption": caption,
    }


def test_without_paths_captions_and_options_are_compared(dataset: Any, tmp_path: Path) -> None:
    found = compared(
        dataset,
        tmp_path,
        newer("Feline animal", "Feline animal", "Dog"),
        newer("Dog", "Dog", "Unicorn"),
        newer("Yak", "Yak", "Dog"),
    )
    assert not found.paths and found.records == 3 and found.foreign == 1 and found.agrees
    assert found.captions == {"Cat": (1, 5), "Dog": (1, 5), "Cow": (0, 5), "Eel": (0, 5)}
    assert [difference.image for difference in found.differences] == ["Unicorn", "Yak"]


def test_labels_of_the_subsets_other_members_are_known_options(dataset: Any, tmp_path: Path) -> None:
    other = toy_dataset(tmp_path, slug="zoo", head="no = 8", labels={"yak": "Yak"}, tables="")
    catalog: Catalog = toy_catalog(dataset, other)
    target = file(tmp_path, newer("Dog", "Dog", "Yak"))
    told = command(catalog, "check", "7", "--data", str(tmp_path / "med-mat"), "--published", str(target))
    assert told.exit_code == 0 and "unknown option" not in told.output


def test_forms_with_and_without_paths_do_not_mix(dataset: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one form"):
        compared(dataset, tmp_path, newer("Dog", "Dog"), record(path("dog"), "Dog"))


def test_what_is_no_published_file_is_refused(dataset: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a Med-MAT file"):
        compared(dataset, tmp_path, {"id": 1})
