"""The exact form of each format, where a reader would stumble over the smallest difference."""

from __future__ import annotations

import csv
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from medmat_core.export import ExportOptions, export
from medmat_core.formats.medmat import KEYS
from medmat_core.formats.protocol import ByOptions, Picture, Told
from medmat_core.formats.swift import SwiftFormat
from medmat_core.formats.vlmeval import safe_cell, safe_name
from medmat_core.model import ClassBoxes, Record
from medmat_core.records import Built
from medmat_core.regions.box_words import BOX_FORMATS, BoxFormat, box_text
from tests.built import SIZE, box_record, built, label_record, opened, picture, structure_record, toy


def exported(tmp_path: Path, *formats: str, **options: Any) -> Path:
    export(Built.open(toy(tmp_path / "built")), formats, ExportOptions(tmp_path / "to", jobs=1, **options))
    return tmp_path / "to"


def swift(record: Record, fmt: BoxFormat, ask_as: str = "both", size: tuple[int, int] = SIZE) -> list[dict[str, Any]]:
    told = Told(boxes=fmt, ask_as=ask_as, reply="both", options=ByOptions())  # type: ignore[arg-type]
    shown = Picture(record.image, Path("no"), *size, "image/png")
    return [json.loads(raw) for raw in SwiftFormat().items(record, shown, told)]


# -- swift ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", BOX_FORMATS)
@pytest.mark.parametrize("made", [box_record, structure_record])
@pytest.mark.parametrize("is_open", [False, True])
def test_swift_has_as_many_boxes_and_names_as_placeholders(fmt: BoxFormat, made: Any, is_open: bool) -> None:
    record = made("a.jpg", 1, fmt=fmt)
    for row in swift(opened(record) if is_open else record, fmt):
        text = "".join(message["content"] for message in row["messages"])
        assert text.count("<bbox>") == len(row["objects"]["bbox"]) > 0
        assert text.count("<ref-object>") == len(row["objects"]["ref"])
        assert text.count("<image>") == len(row["images"]) == 1
        assert "[" not in text
        assert "in the usual notation" in text
        for x1, y1, x2, y2 in row["objects"]["bbox"]:
            assert 0 <= x1 < x2 <= SIZE[0]
            assert 0 <= y1 < y2 <= SIZE[1]


def test_swift_asks_where_something_is_with_and_without_options() -> None:
    choice, plain = swift(box_record("a.jpg", 1), "unit")
    assert choice["messages"][0]["content"].splitlines()[1] == "A: <bbox>; <bbox>"
    assert choice["messages"][1]["content"] == "B: <bbox>; <bbox>"
    assert choice["objects"]["bbox"][2:4] == choice["objects"]["bbox"][6:8] == [[3, 3, 20, 14], [30, 20, 41, 38]]
    assert plain["messages"][0]["content"].startswith("<image>Which list fits the <ref-object> best")
    assert plain["messages"][1]["content"] == "<bbox>; <bbox>"
    assert plain["objects"] == {"ref": ["cat"], "bbox": [[3, 3, 20, 14], [30, 20, 41, 38]]}


@st.composite
def boxed(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
    width, height = draw(st.integers(30, 4000)), draw(st.integers(30, 4000))
    x1, y1 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return (width, height), (x1, y1, draw(st.integers(x1 + 1, width)), draw(st.integers(y1 + 1, height)))


@settings(max_examples=60)
@given(case=boxed(), fmt=st.sampled_from(BOX_FORMATS))
def test_swift_gives_the_boxes_of_the_picture_to_the_pixel(case: Any, fmt: BoxFormat) -> None:
    size, box = case
    record = evolve(
        box_record("a.jpg", 1), width=size[0], height=size[1], boxes=(ClassBoxes("Cat", (box,)),), options=(),
        answer=box_text([box], size, fmt, "Cat"), answer_index=-1, round="",
    )  # fmt: skip
    (row,) = swift(record, fmt, size=size)
    (found,) = row["objects"]["bbox"]
    step = 0 if fmt == "pixel" else max(size) / 1000 if fmt != "qwen25" else 1
    assert all(abs(a - b) <= step + 1 for a, b in zip(found, box, strict=True))
    if fmt == "pixel":
        assert found == list(box)


def test_a_text_that_reads_as_a_placeholder_is_none(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.png", 1)
    odd = ("<image>", "Cat <bbox>", "\1\2" + "7\3", "Eel")
    record = evolve(label_record("med-mat/a.png", 0), options=odd, answer="<image>", answer_index=0)
    out = Built.open(built(tmp_path, [record]))
    export(out, ["llava", "swift", "chat"], ExportOptions(tmp_path / "to", jobs=1, reply="text"))
    (row,) = json.loads((tmp_path / "to/llava/02-train.json").read_text())
    human, gpt = (turn["value"] for turn in row["conversations"])
    assert (human.count("<image>"), gpt) == (1, "(image)")
    row = json.loads((tmp_path / "to/swift/train.jsonl").read_text())
    assert row["messages"][0]["content"].count("<bbox>") == len(row["objects"]["bbox"]) == 0


# -- the others -------------------------------------------------------------------------------------------


def test_llava_has_one_picture_before_the_question_and_a_yaml_over_its_files(tmp_path: Path) -> None:
    to = exported(tmp_path, "llava", option=("llava.sampling=first:50%",))
    for row in json.loads((to / "llava/93-train.json").read_text()):
        assert list(row) == ["id", "image", "conversations", "key", "round"]
        human, gpt = row["conversations"]
        assert (human["from"], gpt["from"]) == ("human", "gpt")
        assert human["value"].startswith("<image>\n")
        assert human["value"].count("<image>") == 1
        assert gpt["value"] in "ABCD"
        assert (to / row["image"]).is_file()
    text = (to / "llava/train.yaml").read_text()
    assert text.count("json_path") == 2
    assert 'sampling_strategy: "first:50%"' in text
    assert str(to / "llava/02-train.json") in text


def test_a_question_asked_in_both_ways_has_two_ids_and_one_key(tmp_path: Path) -> None:
    to = exported(tmp_path, "llava", ask_as="both")
    rows = json.loads((to / "llava/02-train.json").read_text())
    assert len({row["id"] for row in rows}) == len(rows) == 9
    assert len({row["key"] for row in rows}) == 5


def test_sharegpt_is_named_in_dataset_info(tmp_path: Path) -> None:
    to = exported(tmp_path, "sharegpt")
    info = json.loads((to / "sharegpt/dataset_info.json").read_text())
    assert list(info) == ["medmat_train", "medmat_test"]
    assert info["medmat_train"]["columns"] == {"messages": "conversations", "images": "images"}
    for row in json.loads((to / "sharegpt" / info["medmat_train"]["file_name"]).read_text()):
        assert len(row["images"]) == row["conversations"][0]["value"].count("<image>") == 1


def test_chat_has_lists_of_content_with_both_keys(tmp_path: Path) -> None:
    to = exported(tmp_path, "chat")
    row = json.loads((to / "chat/train.jsonl").read_text().splitlines()[0])
    user, assistant = row["messages"]
    assert user["content"][0] == {"type": "image", "text": None}
    assert set(user["content"][1]) == {"type", "text"}
    assert assistant["content"] == [{"type": "text", "text": "A"}]
    assert len(row["images"]) == 1


def test_medmat_has_its_eight_keys_in_their_order_and_counts_from_one(tmp_path: Path) -> None:
    to = exported(tmp_path, "medmat")
    rows = json.loads((to / "Aggregated_Subsets/Subset--44-train.json").read_text())
    assert [tuple(row) for row in rows] == [KEYS] * 8
    assert [row["id"] for row in rows] == list(range(1, 9))
    assert rows[0]["Question-choice"].splitlines()[-1].startswith("Answer with the option's letter")
    assert rows[0]["data-no"] == "93"


def test_medmat_choices_has_ids_by_subset_and_the_right_text_as_caption(tmp_path: Path) -> None:
    to = exported(tmp_path, "medmat-choices")
    rows = json.loads((to / "medmat-choices/Subset-02-test.json").read_text())
    assert [row["id"] for row in rows] == [f"Subset-02--{number}" for number in range(1, 5)]
    assert rows[0]["choices"] == {"A": "Cat", "B": "Dog", "C": "Cow", "D": "Eel"}
    assert all(row["caption"] in row["choices"].values() for row in rows)


def test_evalscope_has_options_without_letters_and_files_named_val(tmp_path: Path) -> None:
    to = exported(tmp_path, "evalscope")
    row = json.loads((to / "evalscope/test_val.jsonl").read_text().splitlines()[0])
    assert row["question"].startswith("<image 1> ")
    assert row["options"] == ["Cat", "Dog", "Cow", "Eel"]
    assert (row["answer"], Path(row["image_1"]).is_file()) == ("A", True)


def test_coco_boxes_are_corner_width_height_and_ids_count_from_one(tmp_path: Path) -> None:
    to = exported(tmp_path, "coco")
    assert not list((to / "coco").glob("02-*"))
    body = json.loads((to / "coco/93-train.json").read_text())
    assert list(body) == ["info", "licenses", "categories", "images", "annotations"]
    assert [image["id"] for image in body["images"]] == [1, 2, 3, 4]
    assert body["annotations"][0]["bbox"] == [2, 3, 18, 11]
    assert {annotation["iscrowd"] for annotation in body["annotations"]} == {0}
    assert len(body["images"][0]["keys"]) == len(body["images"][0]["rounds"]) == 2


def test_shards_hold_each_picture_once_with_all_its_records_and_no_clock(tmp_path: Path) -> None:
    to = exported(tmp_path, "webdataset", option=("webdataset.samples=3",))
    shards = sorted(path.name for path in (to / "webdataset/jpg").iterdir())
    assert shards == ["test-00000.tar", "test-00001.tar", "train-00000.tar", "train-00001.tar"]
    names = []
    for shard in sorted((to / "webdataset/jpg").iterdir()):
        with tarfile.open(shard) as tar:
            for member in tar:
                assert (member.mtime, member.uid, member.uname) == (0, 0, "")
                names.append(member.name)
                if member.name.endswith(".json"):
                    inside = tar.extractfile(member)
                    assert inside is not None
                    body = json.load(inside)
                    assert len(body["records"]) == 2
                    assert "id" not in body["records"][0]
    assert len(names) == len(set(names)) == 16
    assert all(name.count(".") == 1 and name == name.lower() for name in names)


def test_the_table_of_vlmeval_reads_as_it_was_written(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.png", 1)
    hard = ('with "quotes"', "with\ttab", "two\nlines", "None")
    record = evolve(label_record("med-mat/a.png", 0), question='Say "what"?\nNow.', options=hard, answer=hard[2],
                    answer_index=2)  # fmt: skip
    out = Built.open(built(tmp_path, [record]))
    export(out, ["vlmeval"], ExportOptions(tmp_path / "to", jobs=1, option=("vlmeval.images=path",)))
    with (tmp_path / "to/vlmeval/medmat-train.tsv").open(newline="") as file:
        (row,) = csv.DictReader(file, dialect="excel-tab")
    assert row["question"] == 'Say "what"?\nNow.'
    assert [row[letter] for letter in "ABCD"] == ['with "quotes"', "with tab", "two\nlines", "None."]
    assert (row["answer"], row["l2-category"], row["split"]) == ("C", "label", "train")
    assert Path(row["image_path"]).is_file()


def test_names_that_switch_scoring_are_broken_up() -> None:
    assert safe_name("medmat-toy-mmmu-test") == "medmat-toy-mm-mu-test"
    assert safe_name("medmat-cotton-test") == "medmat-c-otton-test"
    assert safe_name("medmat-test") == "medmat-test"
    assert [safe_cell(text) for text in ("none", " NaN ", "Nothing")] == ["none.", " NaN .", "Nothing"]


def test_croissant_names_each_table_with_its_hash(tmp_path: Path) -> None:
    import hashlib

    to = exported(tmp_path, "croissant", option=("croissant.date=2026-11-26",))
    body = json.loads((to / "croissant.json").read_text())
    assert body["datePublished"] == "2026-11-26"
    for file in body["distribution"]:
        raw = (to / file["contentUrl"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == file["sha256"]
    assert body["license"] == ["CC BY 4.0", "unknown"]
    assert "toy-boxes" in (to / "croissant/train.jsonl").read_text()


def test_the_task_of_lmms_eval_scores_letters_texts_and_whole_rounds() -> None:
    from medmat_core.formats import lmms_eval

    space: dict[str, Any] = {}
    exec(lmms_eval.template("lmms_eval.py.tmpl"), space)
    options = ["Cat", "Dog", "Cow", "Eel"]
    for reply, said in (
        ("B", "B"), ("b.", "B"), ("The answer is: (C)", "C"), ("the correct option is d", "D"), ("Answer: C", "C"),
        ("a dog", "B"), ("Both cat and dog", ""), ("", ""),
    ):  # fmt: skip
        assert space["chosen"](reply, options) == said, reply
    results = [{"round": "a", "right": True}, {"round": "a", "right": False}, {"round": "b", "right": True}]
    assert space["round_accuracy"]([*results, {"round": "", "right": False}]) == 0.5
