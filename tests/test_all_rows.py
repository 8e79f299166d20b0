"""All 109 rows together: listed, sampled, built, and audited clean."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from medmat_core import build, load_catalog
from medmat_core.catalog import Catalog
from medmat_core.samples import write_example
from medmat_core.subsets import subset_index
from medmat_core.tree import fold


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    found = load_catalog()
    if len({d.no for d in found if d.no is not None}) < 109:
        pytest.skip("needs all eleven plugin packages installed")
    return found


@pytest.fixture(scope="module")
def built(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("all")
    for dataset in catalog:
        write_example(dataset.card, where / "med-mat")
    manifest = build(
        data=where / "med-mat", out=where / "out", catalog=catalog, formats=("medmat", "jsonl"), jobs=1, verify="full"
    )
    assert manifest.refused == 0, [p for r in manifest.datasets for p in r.problems if p.level == "refused"]
    return where


def test_the_numbers_run_from_1_to_109_and_fill_53_subsets(catalog: Catalog) -> None:
    assert not catalog.failed
    assert [d.no for d in catalog if d.no is not None] == list(range(1, 110))
    assert {d.card.subset for d in catalog} == set(subset_index()) == set(range(1, 54))


def test_every_card_says_the_same_triple_as_its_subset(catalog: Catalog) -> None:
    index = subset_index()
    for dataset in catalog:
        entry = index[dataset.card.subset]
        assert dataset.card.area == entry.area, dataset


def test_cards_that_share_a_group_namespace_are_more_than_one(catalog: Catalog) -> None:
    shared = Counter(d.card.namespace for d in catalog if d.card.head.groups)
    assert all(count > 1 for count in shared.values()), shared


def test_the_samples_of_all_rows_give_109_data_sets_and_53_subsets(built: Path) -> None:
    own = {p.name.removeprefix("Ori--").split("-")[0] for p in (built / "out/Original_Medical_Datasets").iterdir()}
    assert own == {*(f"{no:02d}" for no in range(1, 110)), "blood"}  # blood-cell-crops is no row
    subsets = {p.name.split("--")[1].split("-")[0] for p in (built / "out/Aggregated_Subsets").iterdir()}
    assert subsets == {f"{no:02d}" for no in range(1, 54)}


def test_every_data_set_asks_at_least_one_question_and_every_subset_too(built: Path) -> None:
    manifest = json.loads((built / "out/manifest.json").read_text("utf-8"))
    for entry in manifest["datasets"]:
        assert sum(sum(part.values()) for part in entry["records"].values()), entry["slug"]
    for no in range(1, 54):
        train = built / f"out/Aggregated_Subsets/Subset--{no:02d}-train.json"  # test may have open records alone
        assert json.loads(train.read_text("utf-8")), no


def test_every_picture_named_by_a_record_is_there(built: Path) -> None:
    for path in (built / "out/records").glob("*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            base = built / "out" if record["image"].startswith("rendered/") else built
            assert (base / record["image"]).is_file(), record["image"]


def test_the_published_record_of_row_2_comes_out_as_published(built: Path) -> None:
    path = (
        "med-mat/CT_Kindney_Dataset/CT-KIDNEY-DATASET-Normal-Cyst-Tumor-Stone/"
        "CT-KIDNEY-DATASET-Normal-Cyst-Tumor-Stone/Cyst/Cyst- (561).jpg"
    )
    found = [
        record
        for part in ("train", "test")
        for record in json.loads((built / f"out/Original_Medical_Datasets/Ori--02-{part}.json").read_text("utf-8"))
        if record["image"] == path
    ]
    assert len(found) == 1
    record = found[0]
    assert list(record) == "id caption image Question Answer Question-choice Answer-choice data-no".split()
    assert record["caption"] == record["Answer"] == "Cyst"
    options = {line.split(": ", 1)[1] for line in record["Question-choice"].split("\n")[1:-1]}
    assert options == {"Cyst", "Normal", "Stone", "Tumor"}
    assert record["data-no"] == "2"


def test_rendered_pictures_are_eight_bit_png(built: Path) -> None:
    from PIL import Image

    rendered = list((built / "out/rendered").rglob("*.png"))
    assert rendered
    for path in rendered:
        with Image.open(path) as picture:
            assert picture.mode in ("L", "RGB"), path


def test_no_name_of_a_folder_leads_to_two_downloads(catalog: Catalog) -> None:
    owners: dict[str, str] = {}
    for head in (dataset.card.head for dataset in catalog):
        for name in (head.folder, *head.aliases):
            assert owners.setdefault(fold(name), head.folder) == head.folder, name


def test_rows_of_one_download_are_found_under_the_same_names(catalog: Catalog) -> None:
    names: dict[str, tuple[str, ...]] = {}
    for head in (dataset.card.head for dataset in catalog):
        assert names.setdefault(head.folder, head.aliases) == head.aliases, head.slug
        assert fold(head.folder) not in map(fold, head.aliases), head.slug


def test_a_card_calls_its_namespace_shared_where_another_row_uses_it(catalog: Catalog) -> None:
    owners = Counter(dataset.card.head.namespace for dataset in catalog)
    for head in (dataset.card.head for dataset in catalog):
        assert head.shared_groups == (owners[head.namespace] > 1), head.slug
