"""Which subsets make which mixture, checked by hand against the table of the 53."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core.compose.mixtures import MIXTURES, coverage, plan, recipe
from medmat_core.compose.triples import Families
from medmat_core.errors import UsageError
from medmat_core.subsets import subset_index

FAMILIES = Families.load()
KNOWN = dict(FAMILIES.known)


def test_every_subset_has_a_family_that_the_table_explains() -> None:
    assert set(FAMILIES.subsets) == set(subset_index())
    assert {name for names in FAMILIES.subsets.values() for name in names} == set(FAMILIES.families)


def test_target_3_ct_lung_covid_by_hand() -> None:
    found = plan(3, KNOWN, FAMILIES)
    ct, lung = {2, 4, 5, 6}, {4, 28, 30, 47, 48}
    disease = {2, 5, 8, 9, 13, 14, 15, 23, 26, 27, 28, 30, 31, 36, 37}
    assert {no for no, shared in found.shares.items() if "modality" in shared} == ct
    assert {no for no, shared in found.shares.items() if "area" in shared} == lung
    assert {no for no, shared in found.shares.items() if "task" in shared} == disease
    assert set(found.members("related")) == ct | lung | disease
    # chest pictures show lungs, and 41 and 50 are of diseases, too
    assert found.near == (41, 49, 50)
    assert set(found.unrelated) == set(KNOWN) - ct - lung - disease - {41, 49, 50, 3}
    assert found.members("without-modality") == tuple(sorted((lung | disease) - ct))
    assert found.members("without-area") == tuple(sorted((ct | disease) - lung))
    assert found.members("without-task") == (4, 6, 47, 48)
    assert set(found.members("others")) == set(KNOWN) - {3}
    assert found.complete


def test_target_47_xray_lung_segmentation_by_hand() -> None:
    found = plan(47, KNOWN, FAMILIES)
    xray = {25, 26, 27, 28, 29, 30, 31, 32, 35, 36, 37, 49, 50}
    lung = {3, 4, 28, 30}
    detection = {38, 39, 40, 41, 42, 43, 44, 45, 46, 49, 50, 51, 52, 53}
    assert found.twins == (48,)  # pneumothorax in X-rays of the lung: the combination itself
    assert set(found.members("related")) == xray | lung | detection
    assert set(found.unrelated) == set(KNOWN) - xray - lung - detection - {47, 48}
    assert found.near == ()
    assert set(found.members("without-task")) == (xray | lung) - detection
    assert 48 not in found.members("others")


def test_ultrasound_is_one_modality_under_both_of_its_names() -> None:
    assert {24, 43, 44} <= {no for no, triple in KNOWN.items() if triple.modality == "Ultrasound"}


@pytest.mark.parametrize("target", sorted(KNOWN))
def test_mixtures_hold_what_their_names_say(target: int) -> None:
    found = plan(target, KNOWN, FAMILIES)
    aim = KNOWN[target]
    for name in found.names():
        assert not {target, *found.twins} & set(found.members(name))
    for no in found.unrelated:
        other = KNOWN[no]
        assert (other.modality, other.area) != (aim.modality, aim.area)
        assert not set(other.families) & set(aim.families)
    parts = [*found.shares, *found.unrelated, *found.near, *found.twins, target]
    assert sorted(parts) == sorted(KNOWN)
    for element in ("modality", "area", "task"):
        name = f"without-{element}"
        if name in found.names():
            kept = found.members(name)
            assert all(element not in FAMILIES.shared(aim, KNOWN[no]) for no in kept)


def test_a_related_that_lacks_an_element_is_none() -> None:
    found = plan(1, KNOWN, FAMILIES)  # the only colposcopies
    assert found.uncovered == ("modality", "area")
    assert not found.complete
    assert "related" not in found.names()
    with pytest.raises(UsageError, match="no subset here shares the modality"):
        found.members("related")


def test_the_recipe_lists_the_targets_that_have_both() -> None:
    plans = {one.target.no: one for one in recipe(KNOWN, FAMILIES)}
    assert {3, 47} <= set(plans)
    assert 1 not in plans
    assert all(one.unrelated and not one.uncovered for one in plans.values())


def test_a_zero_overlap_pair_is_one_unrelated_subset() -> None:
    found = plan(3, KNOWN, FAMILIES)
    assert found.members("zero-overlap-17") == (17,)
    with pytest.raises(UsageError, match="not unrelated"):
        found.members("zero-overlap-4")
    with pytest.raises(UsageError, match=r"choose from related"):
        found.members("relatd")
    assert len(MIXTURES) == 6


def test_the_map_holds_every_subset_once() -> None:
    cells = coverage(KNOWN, KNOWN)
    assert sorted(no for own in cells.values() for no in own) == sorted(KNOWN)
    assert cells["X-Ray", "Lung", "detection"] == [47, 48]


def test_a_task_that_the_table_does_not_know_is_a_family_of_its_own() -> None:
    one = FAMILIES.triple(1000, "CT", "Lung", "Counting  Marks")
    assert one.families == ("counting marks",)
    assert FAMILIES.shared(one, KNOWN[3]) == ("modality", "area")


@pytest.mark.parametrize(
    "text",
    ["", "version = 1\n[subsets]\n1 = ['x']\n[families]\n", "version = 1\n[families]\n[subsets]\na = ['x']", "\0"],
)
def test_a_broken_table_of_families_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"mine\.toml"):
        Families.load(path)
