"""medmat_core.load: a built folder in a program."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import medmat_core
from medmat_core.errors import UsageError
from medmat_core.records import RecordError
from tests.built import SIZE, toy


def test_records_come_by_number_by_slice_and_in_order(tmp_path: Path) -> None:
    records = medmat_core.load(toy(tmp_path))
    assert len(records) == 25
    keys = [example.record.key for example in records]
    assert [records[number].record.key for number in range(25)] == keys
    assert records[-1].record.key == keys[-1]
    assert [example.record.key for example in records[3:20:4]] == keys[3:20:4]
    with pytest.raises(IndexError):
        records[25]


def test_one_part_alone(tmp_path: Path) -> None:
    out = toy(tmp_path)
    parts = {split: medmat_core.load(out, split) for split in ("train", "val", "test")}
    assert {split: len(records) for split, records in parts.items()} == {"train": 13, "val": 0, "test": 12}
    assert {example.record.split for example in parts["test"]} == {"test"}


def test_a_record_gives_its_picture(tmp_path: Path) -> None:
    example = medmat_core.load(toy(tmp_path))[0]
    assert example.picture().size == SIZE
    assert (example.picture().mode, example.picture("L").mode) == ("RGB", "L")
    example.path.unlink()
    with pytest.raises(UsageError, match=r"cannot be read as a picture.*pictures=PARENT"):
        example.picture()


def test_pictures_are_found_where_they_are_said_to_lie(tmp_path: Path) -> None:
    out = toy(tmp_path / "built")
    (out / "med-mat").rename(tmp_path / "med-mat")
    assert medmat_core.load(out, pictures=tmp_path)[0].picture().size == SIZE


def test_it_travels_to_other_processes(tmp_path: Path) -> None:
    records = medmat_core.load(toy(tmp_path))
    again = pickle.loads(pickle.dumps(records))
    assert again[7].record == records[7].record


def test_rows_read_as_the_lines_do(tmp_path: Path) -> None:
    from medmat_core.records import KEYS

    rows = list(medmat_core.load(toy(tmp_path)).rows())
    assert set(rows[0]) == set(KEYS)
    assert Path(rows[0]["image"]).is_file()
    assert rows[-1]["dataset"] == {"no": 93, "slug": "toy-boxes"}


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    out = toy(tmp_path)
    file = out / "records/Ori--02-train.jsonl"
    lines = file.read_text().splitlines()
    lines[2] = '{"id": 3}'
    file.write_text("\n".join(lines) + "\n")
    records = medmat_core.load(out, "train")
    assert records[1].record.id == 2
    with pytest.raises(RecordError, match=r"Ori--02-train\.jsonl: line 3"):
        records[2]


def test_a_folder_that_is_no_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no manifest\.json"):
        medmat_core.load(tmp_path)
