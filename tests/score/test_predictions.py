"""Files of predictions as evaluations leave them, and as strangers break them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmat_core.errors import UsageError
from medmat_core.formats.vlmeval import CIRCLE
from medmat_core.score.predictions import read_predictions


def written(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["prediction", "pred", "response", "output", "text", "answer", "generated_text"])
def test_a_reply_is_found_under_the_usual_names(tmp_path: Path, name: str) -> None:
    told = read_predictions(written(tmp_path / "a.jsonl", {"key": "k", name: "B"}))
    assert told.said == {("k", 0): "B"}


def test_the_right_answer_of_an_exported_record_is_no_reply(tmp_path: Path) -> None:
    row = {"key": "k", "question": "?", "options": ["x", "y"], "answer": "x"}
    with pytest.raises(UsageError, match="holds no prediction"):
        read_predictions(written(tmp_path / "a.jsonl", row))


@pytest.mark.parametrize(
    "whole",
    [
        [{"key": "k", "prediction": "B"}],
        {"predictions": [{"key": "k", "prediction": "B"}]},
        {"k": "B"},
        {"key": "k", "prediction": "B"},
    ],
)
def test_json_is_an_array_or_an_object(tmp_path: Path, whole: Any) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(whole), encoding="utf-8")
    assert read_predictions(path).said == {("k", 0): "B"}


def test_samples_of_lmms_eval_hold_the_key_in_their_doc(tmp_path: Path) -> None:
    row = {"doc_id": 0, "doc": {"key": "k"}, "target": "A", "resps": [["B"]], "filtered_resps": ["B"]}
    assert read_predictions(written(tmp_path / "samples.jsonl", row)).said == {("k", 0): "B"}


def test_tables_of_vlmevalkit_hide_the_turn_in_the_index(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(f"index\tkey\tprediction\n1\tk\tA\n{CIRCLE + 1}\tk\tB\n", encoding="utf-8")
    told = read_predictions(path)
    assert told.said == {("k", 0): "A", ("k", 1): "B"}
    assert told.circular


def test_spreadsheets_are_read_as_tables_are(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["index", "key", "A", "prediction"], [1, "k", "Cat", "A"], [2, "l", "Cat", None]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert read_predictions(tmp_path / "a.xlsx").said == {("k", 0): "A", ("l", 0): ""}


def test_replies_given_twice_are_counted_and_contradicting_ones_taken_away(tmp_path: Path) -> None:
    rows = [{"key": key, "prediction": text} for key, text in (("a", "A"), ("a", "A"), ("b", "A"), ("b", "B"))]
    told = read_predictions(written(tmp_path / "a.jsonl", *rows))
    assert told.said == {("a", 0): "A", ("b", 0): ""}
    assert sorted(told.odd.values()) == [1, 1]


def test_rows_that_are_no_prediction_are_counted(tmp_path: Path) -> None:
    rows = [{"key": "k", "prediction": "B"}, {"prediction": "B"}, {"key": 5, "prediction": "B"}, {"key": "l"}, [1], 7]
    path = written(tmp_path / "a.jsonl", *rows)
    path.write_text(path.read_text() + "{broken\n", encoding="utf-8")
    assert read_predictions(path).odd == {"no key": 2, "no text": 1, "no object": 2, "no JSON": 1}


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"{}", b"null", b"[1, 2", b"PK\x03\x04"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".tsv", ".xlsx"])
def test_a_broken_file_is_one_line_that_names_it(tmp_path: Path, raw: bytes, suffix: str) -> None:
    if suffix == ".xlsx":
        pytest.importorskip("openpyxl")
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(raw)
    with pytest.raises(UsageError, match=r"broken\.") as told:
        read_predictions(path)
    assert "\n" not in str(told.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.jsonl"):
        read_predictions(tmp_path / "gone.jsonl")


NAMES = ("key", "doc", "prediction", "resps", "answer")

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(ANY)
def test_any_json_gives_replies_or_a_usage_error(tmp_path_factory: pytest.TempPathFactory, whole: Any) -> None:
    path = tmp_path_factory.mktemp("any") / "a.json"
    path.write_text(json.dumps(whole), encoding="utf-8")
    try:
        told = read_predictions(path)
    except UsageError:
        return
    assert all(isinstance(text, str) for text in told.said.values())
