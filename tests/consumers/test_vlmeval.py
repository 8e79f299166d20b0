"""VLMEvalKit's table by pandas, as VLMEvalKit reads it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from attrs import evolve
from PIL import Image

from tests.built import built, label_record, picture

pandas = pytest.importorskip("pandas")

from medmat_core.export import ExportOptions, export  # noqa: E402
from medmat_core.records import Built  # noqa: E402


def test_it_reads_as_a_table_of_questions(exported: Path) -> None:
    table = pandas.read_csv(exported / "vlmeval/medmat-test.tsv", sep="\t")
    assert len(table) == 12
    assert list(table.columns)[:8] == ["index", "image", "question", "A", "B", "C", "D", "answer"]
    for _, row in table.iterrows():
        assert Image.open(io.BytesIO(base64.b64decode(row["image"]))).size == (60, 40)
        assert not pandas.isna(row[row["answer"]])
        assert row["l2-category"] in ("label", "box", "structure")


def test_options_that_read_as_nothing_stay(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/one.png", 1)
    options = ("None", "NA", "n/a", "null")
    record = evolve(label_record("med-mat/one.png", 1), options=options, answer="NA", answer_index=1)
    export(Built.open(built(tmp_path, [record])), ["vlmeval"], ExportOptions(tmp_path / "to", jobs=1))
    row = pandas.read_csv(tmp_path / "to/vlmeval/medmat-train.tsv", sep="\t").iloc[0]
    assert [row[letter] for letter in "ABCD"] == ["None.", "NA.", "n/a.", "null."]
    assert row[row["answer"]] == "NA."


def test_every_turn_of_the_options_is_asked_once(out: Path, tmp_path: Path) -> None:
    export(Built.open(out), ["vlmeval"], ExportOptions(tmp_path / "to", jobs=1, option=("vlmeval.circular=true",)))
    table = pandas.read_csv(tmp_path / "to/vlmeval/medmat-test_circular.tsv", sep="\t")
    assert table["index"].is_unique
    for key, turns in table.groupby(table["key"]):
        count = turns[["A", "B", "C", "D"]].notna().sum(axis=1).iloc[0]
        assert len(turns) == count
        assert turns["index"].map(lambda index: index % 1_000_000).nunique() == 1
        assert sorted(turns["answer"]) == list("ABCD")[:count], key
        assert len({row[row["answer"]] for _, row in turns.iterrows()}) == 1
