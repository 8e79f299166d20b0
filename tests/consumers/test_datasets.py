"""Parquet, shards and plain records by `datasets`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.built import built, label_record, picture

datasets = pytest.importorskip("datasets")

import medmat_core  # noqa: E402
from medmat_core.export import ExportOptions, export  # noqa: E402
from medmat_core.loaded import Example, features  # noqa: E402
from medmat_core.records import Built  # noqa: E402


@pytest.mark.parametrize("below", [".", "hf"])
def test_the_exported_folder_loads_with_pictures_and_features(exported: Path, tmp_path: Path, below: str) -> None:
    loaded = datasets.load_dataset(str(exported / below), cache_dir=tmp_path)
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": 13, "test": 12}
    features = loaded["train"].features
    assert isinstance(features["image"], datasets.Image)
    row = next(row for row in loaded["train"] if row["ask"] == "box")
    assert row["image"].size == (60, 40) == (row["width"], row["height"])
    assert row["options"][row["answer_index"]] == row["answer"]
    assert row["boxes"][0] == {"category": "Cat", "bbox": [2, 3, 20, 14]}
    assert all(value is not None for row in loaded["train"] for value in row.values())
    opened = [row for row in loaded["train"] if row["answer_index"] < 0]
    assert [row["options"] for row in opened] == [[]]


def test_every_config_of_a_card_loads(out: Path, tmp_path: Path) -> None:
    to = tmp_path / "to"
    export(Built.open(out), ["hf"], ExportOptions(to, jobs=1, option=("hf.by=dataset",)))
    names = datasets.get_dataset_config_names(str(to / "hf"))
    assert sorted(names) == ["default", "toy-boxes", "toy-labels"]
    counts = {
        name: sum(
            rows.num_rows for rows in datasets.load_dataset(str(to / "hf"), name, cache_dir=tmp_path / "cache").values()
        )
        for name in names
    }
    assert counts == {"default": 25, "toy-boxes": 16, "toy-labels": 9}


def test_row_groups_have_a_hundred_rows_at_most(tmp_path: Path) -> None:
    from pyarrow.parquet import ParquetFile

    picture(tmp_path / "med-mat/one.png", 1)
    records = [label_record("med-mat/one.png", number) for number in range(250)]
    to = tmp_path / "to"
    export(Built.open(built(tmp_path, records)), ["hf"], ExportOptions(to, jobs=1, option=("hf.rows=240",)))
    files = sorted((to / "hf/data").iterdir())
    assert [file.name for file in files] == [f"train-{number:05d}-of-00002.parquet" for number in range(2)]
    groups = [
        [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        for file in map(ParquetFile, files)
    ]
    assert groups == [[100, 100, 40], [10]]


def test_records_of_all_data_sets_load_as_one_table(out: Path, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(
        "json", data_files={"train": str(out / "records/*-train.jsonl")}, split="train", cache_dir=tmp_path,
        features=features(),
    )  # fmt: skip
    assert loaded.num_rows == 13
    assert set(loaded["answer_index"]) == {-1, 0, 1, 2, 3}
    assert {len(boxes) for boxes in loaded["boxes"]} == {0, 2}


@pytest.mark.parametrize("slug", ["02", "93"])
def test_records_of_data_sets_of_one_kind_need_no_features(out: Path, tmp_path: Path, slug: str) -> None:
    files = [str(out / f"records/Ori--{slug}-{split}.jsonl") for split in ("train", "test")]
    assert datasets.load_dataset("json", data_files=files, split="train", cache_dir=tmp_path).num_rows in (9, 16)


def test_a_loaded_build_becomes_a_table_without_export(out: Path, tmp_path: Path) -> None:
    records = medmat_core.load(out, "train")
    table = datasets.Dataset.from_generator(records.rows, features=features(), cache_dir=str(tmp_path))
    table = table.cast_column("image", datasets.Image())
    assert table.num_rows == len(records) == 13
    assert table[0]["image"].size == (60, 40)
    assert table[0]["key"] == records[0].record.key


def test_torch_loads_batches_of_a_loaded_build(out: Path) -> None:
    data = pytest.importorskip("torch.utils.data")
    records = medmat_core.load(out, "test")
    loader = data.DataLoader(records, batch_size=4, num_workers=2, collate_fn=_keys_and_sizes)
    batches = list(loader)
    assert [key for keys, _ in batches for key in keys] == [example.record.key for example in records]
    assert {size for _, sizes in batches for size in sizes} == {(60, 40)}


def _keys_and_sizes(batch: list[Example]) -> tuple[list[str], list[tuple[int, int]]]:
    return [example.record.key for example in batch], [example.picture().size for example in batch]


def test_shards_of_one_extension_lose_no_picture(exported: Path, tmp_path: Path) -> None:
    found = set()
    for suffix in ("png", "jpg"):
        files = {split: str(exported / f"webdataset/{suffix}/{split}-*.tar") for split in ("train", "test")}
        loaded = datasets.load_dataset("webdataset", data_files=files, cache_dir=tmp_path / suffix)
        for rows in loaded.values():
            for row in rows:
                assert row[suffix].size == (row["json"]["width"], row["json"]["height"])
                found.add(row["json"]["image"])
    assert len(found) == 17


def test_webdataset_gives_pictures_with_their_records(exported: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    shards = sorted(str(path) for path in (exported / "webdataset/jpg").glob("train-*.tar"))
    assert len(shards) == 2  # four pictures, three a shard
    samples = list(webdataset.WebDataset(shards, shardshuffle=False, empty_check=False))
    assert len(samples) == 4
    decoded = list(webdataset.WebDataset(shards, shardshuffle=False, empty_check=False).decode("pil"))
    for raw, sample in zip(samples, decoded, strict=True):
        assert Image.open(io.BytesIO(raw["jpg"])).size == sample["jpg"].size == (60, 40)
        assert sorted(record["ask"] for record in sample["json"]["records"]) == ["box", "structure"]
