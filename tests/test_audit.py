"""What an audit finds: faults planted one by one in copies of a sound build, each named with the record that holds it."""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import frozen
from PIL import Image

from medmat_core import Record
from medmat_core.audit import FAULTS, NOTES, audit, check_records
from medmat_core.audit.blind import Asked, guess
from medmat_core.audit.chance import ALPHA, Trial, above, chi2_tail, even, independent, significant
from medmat_core.errors import UsageError
from medmat_core.records import read_records
from tests.audited import Forged, Json, World, closed, medmat_of

Plant = Callable[[Forged], Any]


@frozen
class Planted:
    """A fault to plant: what it is called, who plants it, and what the audit is given besides."""

    name: str
    plant: Plant
    data: bool = False
    near: bool = False
    sealed: bool = True


PLANTS: list[Planted] = []


def planted(name: str, **options: bool) -> Callable[[Plant], Plant]:
    """A function that plants a fault of this name in a forged build; it returns the line, where there is one, as
    (data set, line) or (data set, line, part)."""

    def add(plant: Plant) -> Plant:
        PLANTS.append(Planted(name, plant, **options))
        return plant

    return add


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("world"))


@pytest.fixture
def forged(world: World, tmp_path: Path) -> Forged:
    return Forged(world, tmp_path / "out")


def first(rows: list[Json], **values: Any) -> Json:
    """The first row that has these values; ``options`` counts them, ``closed`` asks whether there are any."""
    size, shut = values.pop("size", 0), values.pop("closed", True)
    return next(
        row for row in rows
        if all(row[key] == value for key, value in values.items())
        and (not size or len(row["options"]) == size) and bool(row["options"]) == shut
    )  # fmt: skip


def fellows(rows: list[Json], row: Json) -> list[Json]:
    return [other for other in rows if other["round"] == row["round"]]


def change(slug: str, mend: Callable[[Json, list[Json]], Any], **values: Any) -> Plant:
    """Change the first row of a data set's train part that has these values."""

    def plant(forged: Forged) -> tuple[str, int]:
        rows = forged.rows(slug)
        row = first(rows, **values)
        line = rows.index(row) + 1
        mend(row, rows)
        forged.write(slug, rows)
        return slug, line if row in rows else 0

    return plant


def put(name: str, slug: str, mend: Callable[[Json, list[Json]], Any], where: dict[str, Any] | None = None, **options: bool) -> None:  # fmt: skip
    PLANTS.append(Planted(name, change(slug, mend, **(where or {})), **options))


def rename(row: Json, wrong: str, right: str) -> None:
    row["options"][row["options"].index(wrong)] = right


def a_wrong(row: Json) -> str:
    return str(next(option for option in row["options"] if option != row["answer"]))


# -- rounds ---------------------------------------------------------------------------------------------------------

put("round_question", "toy", lambda row, _: row.update(options=row["options"][::-1],
    answer_index=len(row["options"]) - 1 - row["answer_index"]), {"size": 4})  # fmt: skip
put("round_size", "toy", lambda row, rows: rows.remove(row), {"size": 4})
put("round_id", "toy", lambda row, _: row.update(round=row["round"].upper() + "x"), {"size": 4})
put("round_id", "toy", lambda row, rows: row.update(round=first(rows, size=4)["round"]), {"closed": False})
put("round_missing", "marks", lambda row, _: row.update(round=""), {"ask": "presence"})
put("surplus_list", "toy", lambda row, _: row.update(round="", options=row["options"][:2], answer_index=0, answer=row["options"][0], captions=row["options"][:1]), {"size": 4})  # fmt: skip


@planted("round_answer")
def one_option_is_right_twice(forged: Forged) -> tuple[str, int]:
    def mend(rows: list[Json]) -> int:
        row = first(rows, size=4)
        one, two = fellows(rows, row)[:2]
        two.update(answer_index=one["answer_index"], answer=one["answer"], captions=one["captions"])
        return rows.index(min(fellows(rows, row), key=rows.index)) + 1

    return "toy", forged.edit("toy", mend)


@planted("round_question")
def two_rounds_are_taken_for_one(forged: Forged) -> tuple[str, int]:
    def mend(rows: list[Json]) -> int:
        row = first(rows, size=4)
        other = next(r for r in closed(rows) if r["round"] not in ("", row["round"]) and r["options"] != row["options"])
        other["round"] = row["round"]
        return rows.index(other) + 1

    forged.edit("toy", mend)
    return "toy", 0


@planted("round_question")
def one_fellow_is_asked_with_another_instruction(forged: Forged) -> tuple[str, int]:
    def mend(rows: list[Json]) -> int:
        row = fellows(rows, first(rows, size=4))[-1]
        verbs = ("Name", "Read", "Judge", "Sort", "See", "Call")
        row["template"] = (row["template"] + 1) % 6
        row["question"] = f"{verbs[row['template']]} this animal drawing."
        return rows.index(row) + 1

    return "toy", forged.edit("toy", mend)


@planted("round_size")
def a_round_reaches_from_train_into_test(forged: Forged) -> tuple[str, int]:
    test = forged.rows("toy", "test")
    row = first(test, size=4)
    return "toy", forged.edit("toy", lambda rows: (first(rows, size=4).update(round=row["round"]), 0)[1])


# -- boxes, cells, shares, presence, structure: against the record's own boxes ----------------------------------------


def box_text(box: list[int], size: int = 96) -> str:
    return "[" + ", ".join(f"{int(1000 * n / size + 0.5) / 1000:.3f}" for n in box) + "]"


def everywhere(row: Json, rows: list[Json], old: str, new: str) -> None:
    """Another text for an option, in all fellows."""
    for other in fellows(rows, row):
        other["options"] = [new if option == old else option for option in other["options"]]
        if other["answer"] == old:
            other["answer"] = new


put("box_close", "marks", lambda row, rows: everywhere(row, rows, a_wrong(row), row["answer"][:-4] + "999]"
    if False else box_text([n + 1 for n in row["boxes"][0]["boxes"][0]])), {"ask": "box", "captions": ["Cat"]})  # fmt: skip
put(
    "box_answer",
    "marks",
    lambda row, rows: everywhere(row, rows, row["answer"], "[0.900, 0.900, 0.950, 0.950]"),
    {"ask": "box"},
)
put("box_text", "marks", lambda row, rows: everywhere(row, rows, a_wrong(row), "[0.9, 0.9, 1.0, 1.0]"), {"ask": "box"})
put(
    "box_text",
    "spots",
    lambda row, rows: everywhere(row, rows, a_wrong(row), "[0.900, 0.900, 0.100, 0.950]"),
    {"ask": "box"},
)
put("box_count", "marks", lambda row, rows: everywhere(row, rows, a_wrong(row), "[0.000, 0.000, 0.010, 0.010]; [0.980, 0.980, 0.990, 0.990]"), {"ask": "box"})  # fmt: skip
put("box_outside", "marks", lambda row, _: row["boxes"][0]["boxes"][0].__setitem__(2, 97), {"ask": "box"})
put("box_outside", "spots", lambda row, _: row["boxes"][0].update(boxes=[[5, 5, 5, 9]]), {"ask": "box"})
put("location_text", "marks", lambda row, rows: everywhere(row, rows, a_wrong(row), "middle"), {"ask": "location"})
put("location_answer", "spots", lambda row, rows: (rename(row, a_wrong(row), "?"), row.update(options=[a_wrong(row) if o == "?" else o for o in row["options"]])) if False else row.update(boxes=[{"caption": "Cat", "boxes": [[20, 20, 80, 60]]}]), {"ask": "location"})  # fmt: skip
put("coverage_text", "marks", lambda row, rows: everywhere(row, rows, a_wrong(row), "12.5 %"), {"ask": "coverage"})
put("coverage_answer", "marks", lambda row, rows: everywhere(row, rows, row["answer"], "83%"), {"ask": "coverage"})
put("coverage_answer", "spots", lambda row, rows: everywhere(row, rows, row["answer"], "0.1%"), {"ask": "coverage"})
put("coverage_close", "marks", lambda row, rows: everywhere(row, rows, a_wrong(row), f"{int(row['answer'].rstrip('%').split('.')[0]) + 1}%"), {"ask": "coverage"})  # fmt: skip
put("presence_answer", "marks", lambda row, _: row.update(boxes=[]), {"ask": "presence", "answer": "Cat"})
put("presence_answer", "marks", lambda row, _: row.update(boxes=[{"caption": "Cat", "boxes": [[1, 1, 20, 20]]}]), {"ask": "presence", "answer": "No cat"})  # fmt: skip
put(
    "presence_options",
    "marks",
    lambda row, rows: everywhere(row, rows, "No cat", "Dog"),
    {"ask": "presence", "captions": ["Cat"]},
)
put("negative_asked", "marks", lambda row, _: row.update(boxes=[some for some in row["boxes"] if some["caption"] != "Cat"]), {"ask": "coverage", "captions": ["Cat"]})  # fmt: skip
put("structure_box", "marks", lambda row, _: row.update(question=row["question"].replace(row["question"][row["question"].index("["):row["question"].index("]") + 1], "[0.000, 0.000, 0.004, 0.004]")), {"ask": "structure"})  # fmt: skip


@planted("structure_answer")
def both_classes_lie_in_the_box_asked_about(forged: Forged) -> tuple[str, int]:
    return change(
        "marks",
        lambda row, _: row.update(
            boxes=[{"caption": name, "boxes": [[0, 0, 96, 96], *(b for s in row["boxes"] if s["caption"] == name for b in s["boxes"])]}
                   for name in ("Cat", "Dog")]
        ),
        ask="structure",
    )(forged)  # fmt: skip


# -- labels -----------------------------------------------------------------------------------------------------------

put(
    "distractor_true", "toy", lambda row, rows: everywhere(row, rows, a_wrong(row), "Pet"), {"answer": "Cat", "size": 4}
)
put("distractor_true", "toy", lambda row, rows: everywhere(row, rows, a_wrong(row), "Other things"), {"size": 4})
put("options_related", "toy", lambda row, rows: row.update(options=["Cow", "Pet", "Dog", "Eel"], answer_index=0), {"answer": "Cow", "size": 4})  # fmt: skip
put("not_in_pool", "toy", lambda row, rows: everywhere(row, rows, a_wrong(row), "Quagga"), {"size": 4})
put("not_in_pool", "toy", lambda row, rows: everywhere(row, rows, a_wrong(row), "Fox"), {"size": 4})
put("distractor_true", "many", lambda row, rows: row.update(options=[row["answer"] + "; Eel" if o == a_wrong(row) else o for o in row["options"]]), {"answer": "Cat", "size": 4})  # fmt: skip
put(
    "distractor_true",
    "many",
    lambda row, rows: row.update(options=["Cat; Dog", "Cat"], answer_index=0),
    {"answer": "Cat; Dog"},
)
put("unknown_caption", "toy", lambda row, _: row.update(captions=["Gnu"], answer="Gnu"), {"closed": False})
put("caption_answer", "toy", lambda row, _: row.update(captions=["Cow"]), {"answer": "Cat", "size": 4})
put("caption_order", "many", lambda row, _: row.update(captions=row["captions"][::-1]), {"answer": "Cat; Dog"})
put(
    "contradictory_picture",
    "toy",
    lambda row, _: row.update(captions=["Cat", "Cow"], answer="Cat; Cow"),
    {"closed": False},
)
put("options_alike", "toy", lambda row, rows: rename(row, a_wrong(row), f" {row['answer'].lower()}."), {"size": 4})
put("option_text", "toy", lambda row, rows: rename(row, a_wrong(row), "Gnu\nHen"), {"size": 4})
put("option_text", "toy", lambda row, rows: rename(row, a_wrong(row), "  "), {"size": 4})
put("options_count", "toy", lambda row, _: row.update(options=[*row["options"], "Fox"]), {"size": 4})
put("answer_missing", "toy", lambda row, _: rename(row, row["answer"], "Gnu"), {"size": 4})
put("answer_letter", "toy", lambda row, _: row.update(answer_index=(row["answer_index"] + 1) % 4), {"size": 4})
put("question_text", "toy", lambda row, _: row.update(question="Name this {area} drawing."), {"size": 4})
put("question_text", "marks", lambda row, _: row.update(template=(row["template"] + 1) % 6), {"ask": "box"})
put("question_text", "marks", lambda row, _: row.update(question=row["question"].replace("the bounding box", "the bounding boxes of all regions")), {"ask": "box"})  # fmt: skip

# -- the form of records ------------------------------------------------------------------------------------------------

put("keys", "toy", lambda row, _: row.pop("template"), {"size": 4})
put("keys", "toy", lambda row, _: row.update(width="24"), {"size": 4})
put("keys", "toy", lambda row, _: row.update(height=10**40), {"size": 4})
put("keys", "toy", lambda row, _: row.update(answer="\ud800"), {"size": 4}, sealed=False)
put("keys", "marks", lambda row, _: row.update(width=0, height=0), {"ask": "box"})
put("keys", "toy", lambda row, _: row.update(key="xyz"), {"size": 4})
put("key_order", "toy", lambda row, _: row.update(id=row.pop("id")), {"size": 4})
put("ids", "toy", lambda row, _: row.update(id=row["id"] + 1), {"size": 4})
put("key_wrong", "toy", lambda row, _: row.update(key="0123456789abcdef"), {"size": 4})
put("key_wrong", "marks", lambda row, rows: row.update(image=rows[-1]["image"]), {"ask": "box"})
put("image_path", "toy", lambda row, _: row.update(image="med-mat/toy/../toy/" + row["image"].removeprefix("med-mat/toy/")), {"size": 4})  # fmt: skip
put("misfiled", "toy", lambda row, _: row.update(split="test"), {"size": 4})
put("misfiled", "toy", lambda row, _: row.update(dataset={"no": 0, "slug": "twin"}), {"size": 4})
put("misfiled", "toy", lambda row, _: row.update(group=row["group"].replace("animals", "toy")), {"size": 4})
put("misfiled", "marks", lambda row, _: row.update(kind="box"), {"ask": "box"})
put("misfiled", "toy", lambda row, _: row.update(subset=7), {"size": 4})


@planted("order")
def two_records_change_places(forged: Forged) -> tuple[str, int]:
    def mend(rows: list[Json]) -> None:
        rows[4], rows[9] = rows[9], rows[4]
        for number, row in enumerate(rows, 1):
            row["id"] = number

    forged.edit("toy", mend)
    return "toy", 6


@planted("duplicate_record")
def a_record_stands_twice(forged: Forged) -> tuple[str, int]:
    def mend(rows: list[Json]) -> int:
        row = first(rows, closed=False)
        rows.insert(rows.index(row), dict(row))
        return rows.index(row) + 2

    return "toy", forged.edit("toy", mend)


# -- parts and subsets -----------------------------------------------------------------------------------------------


@planted("group_leak")
def a_patient_of_train_is_in_test(forged: Forged) -> tuple[str, int]:
    group = forged.rows("toy", "test")[0]["group"]
    return change("toy", lambda row, _: row.update(group=group), size=4)(forged)


@planted("picture_leak")
def a_picture_of_train_is_in_test(forged: Forged) -> tuple[str, int]:
    test = forged.rows("many", "test")[0]
    return change("many", lambda row, _: row.update(image=test["image"], key=test["key"]), size=4)(forged)


@planted("group_leak")
def a_patient_left_out_of_the_subset_is_put_back(forged: Forged) -> None:
    def keep(raw: Json) -> None:
        raw["subset_removals"] = [
            r for r in raw["subset_removals"] if "cat-10" not in r["image"] and "cat-11" not in r["image"]
        ]

    forged.manifest(keep)


@planted("removal_unknown")
def the_manifest_leaves_out_a_picture_that_nobody_has(forged: Forged) -> None:
    forged.manifest(lambda raw: raw["subset_removals"][0].update(image="med-mat/toy/pics/none.png"))


def subset_file(forged: Forged, change: Callable[[list[Json]], Any], part: str = "train") -> None:
    path = forged.out / f"Aggregated_Subsets/Subset--1000-{part}.json"
    rows = json.loads(path.read_text("utf-8"))
    change(rows)
    path.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n", "utf-8")


@planted("subset_union")
def a_subset_file_lacks_a_record(forged: Forged) -> None:
    subset_file(forged, lambda rows: rows.pop(7))


@planted("subset_union")
def a_subset_file_gives_another_letter(forged: Forged) -> None:
    subset_file(forged, lambda rows: rows[7].update({"Answer-choice": "ABCD"["BADC".index(rows[7]["Answer-choice"])]}))


@planted("subset_union")
def a_subset_file_holds_what_it_should_leave_out(forged: Forged) -> None:
    row = next(r for r in closed(forged.rows("toy")) if "cat-10." in r["image"])
    subset_file(forged, lambda rows: rows.insert(0, medmat_of(row, 1)))


@planted("subset_union")
def a_subset_file_ends_early(forged: Forged) -> None:
    subset_file(forged, lambda rows: rows.__delitem__(slice(-3, None)))


@planted("missing_file")
def a_subset_file_is_gone(forged: Forged) -> None:
    (forged.out / "Aggregated_Subsets/Subset--1000-test.json").unlink()


@planted("formats_differ", sealed=False)
def the_published_form_names_another_letter(forged: Forged) -> None:
    path = forged.out / "Original_Medical_Datasets/Ori--toy-train.json"
    path.write_text(path.read_text("utf-8").replace('"Answer-choice": "A"', '"Answer-choice": "B"', 1), "utf-8")


@planted("formats_differ", sealed=False)
def the_published_form_is_cut_off(forged: Forged) -> None:
    path = forged.out / "Original_Medical_Datasets/Ori--toy-train.json"
    path.write_bytes(path.read_bytes()[:-200])


# -- files and manifest -------------------------------------------------------------------------------------------------


@planted("manifest_digest", sealed=False)
def a_byte_of_a_file_changes(forged: Forged) -> None:
    with forged.path("toy").open("ab") as file:
        file.write(b" ")


@planted("manifest_seal", sealed=False)
def the_licence_is_changed_to_cc0_without_a_seal(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry.update(fingerprint="0" * 64))


for _key, _value in {"license": "public domain", "citation": "@misc{me}", "source": "https://example.com", "title": "Zoo",
                     "split": "none", "subset": 3, "access": "account"}.items():  # fmt: skip
    PLANTS.append(
        Planted("manifest_card", lambda forged, k=_key, v=_value: forged.entry("toy", lambda e: e.update({k: v})))  # type: ignore[misc]
    )


@planted("unlisted_file")
def a_file_of_records_is_slipped_in(forged: Forged) -> None:
    shutil.copy(forged.path("toy"), forged.path("zebra"))


@planted("unlisted_file")
def the_manifest_forgets_a_data_set(forged: Forged) -> None:
    forged.manifest(lambda raw: raw["datasets"].pop(0))


@planted("manifest_counts")
def the_manifest_counts_one_record_more(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry["records"]["train"].update(Cat=99))


@planted("manifest_counts")
def the_manifest_counts_other_rounds(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry["asks"]["label"].update(rounds_of_4=8))


@planted("manifest_counts")
def the_pictures_seen_do_not_add_up(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry["images"].update(seen=1_000))


@planted("manifest_counts")
def a_reason_is_counted_that_the_sum_does_not_hold(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry["images"]["reasons"].update(refused={"bad_image": 3}))


@planted("manifest_counts")
def problems_are_counted_that_nobody_told(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry.update(problems={"bad_image": 1}))


@planted("manifest_keys")
def the_manifest_says_no_citation(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry.pop("citation"))


@planted("manifest_keys")
def a_data_set_is_listed_twice(forged: Forged) -> None:
    forged.manifest(lambda raw: raw["datasets"].append(raw["datasets"][0]))


@planted("manifest_keys")
def a_removal_is_of_no_known_form(forged: Forged) -> None:
    forged.manifest(lambda raw: raw["subset_removals"].append({"picture": 3}))


@planted("problems_form")
def a_problem_has_a_reason_of_its_own(forged: Forged) -> None:
    line = {"level": "note", "dataset": "toy", "file": "", "row": None, "reason": "tired", "detail": ""}
    (forged.out / "problems.jsonl").write_text(json.dumps(line) + "\n")


@planted("bad_json")
def the_manifest_is_cut_off(forged: Forged) -> None:
    path = forged.out / "manifest.json"
    forged.seal()
    path.write_bytes(path.read_bytes()[:500])
    forged.seal = lambda: None  # type: ignore[method-assign]


@planted("unfinished")
def a_build_was_killed(forged: Forged) -> None:
    (forged.out / ".medmat-work/toy").mkdir(parents=True)


# -- with the data ------------------------------------------------------------------------------------------------------


@planted("boxes_differ", data=True)
def every_box_is_ten_pixels_off_in_question_boxes_and_answer(forged: Forged) -> None:
    def move(rows: list[Json]) -> None:
        for row in rows:
            for some in row["boxes"]:
                some["boxes"] = [[n + 3 if n + 3 <= 96 else n for n in box] for box in some["boxes"]]

    forged.edit("marks", move)


@planted("manifest_card", data=True)
def an_official_split_is_said_to_be_dealt(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry.update(split="group"))


@planted("label_differs", data=True)
def two_labels_are_swapped(forged: Forged) -> tuple[str, int]:
    def mend(rows: list[Json]) -> int:
        one, two = fellows(rows, first(rows, size=4))[:2]
        for key in ("captions", "answer", "answer_index"):
            one[key], two[key] = two[key], one[key]
        return rows.index(one) + 1

    return "toy", forged.edit("toy", mend)


@planted("group_differs", data=True)
def groups_are_blanked(forged: Forged) -> None:
    for part in ("train", "test"):
        forged.edit("toy", lambda rows: [row.update(group="") for row in rows], part)


@planted("picture_size", data=True)
def a_picture_is_said_to_be_larger(forged: Forged) -> tuple[str, int]:
    return change("toy", lambda row, _: row.update(width=48), size=4)(forged)


@planted("picture_unknown", data=True)
def a_picture_is_named_that_is_not_there(forged: Forged) -> tuple[str, int]:
    return change("toy", lambda row, _: row.update(image=row["image"].replace("/cat-", "/cat-9")), size=4)(forged)


@planted("region_differs", data=True)
def the_share_of_a_mask_is_a_little_off(forged: Forged) -> tuple[str, int]:
    def mend(row: Json, rows: list[Json]) -> None:
        everywhere(row, rows, row["answer"], f"{int(row['answer'].rstrip('%').split('.')[0]) - 1}%")

    return change("marks", mend, ask="coverage", size=2)(forged)


@planted("region_differs", data=True)
def a_region_is_placed_in_the_next_cell(forged: Forged) -> tuple[str, int]:
    def mend(rows: list[Json]) -> int:
        one, two = fellows(rows, first(rows, ask="location"))[:2]
        for key in ("answer", "answer_index"):
            one[key], two[key] = two[key], one[key]
        return rows.index(one) + 1

    return "marks", forged.edit("marks", mend)


@pytest.mark.parametrize("planted", PLANTS, ids=lambda p: f"{p.name}-{getattr(p.plant, '__name__', '')}")
def test_a_planted_fault_is_named(planted: Planted, forged: Forged, world: World) -> None:
    where = planted.plant(forged)
    if planted.sealed:
        forged.seal()
    report = world.audit(forged.out, data=planted.data, keep=None)
    assert report.found.counts[planted.name], report.found.counts
    assert not report.sound
    named = [fault for fault in report.faults if fault.name == planted.name]
    if where and where[1]:
        slug, line = where
        assert any(fault.file == f"records/Ori--{slug}-train.jsonl" and fault.line == line for fault in named), [
            str(fault) for fault in named[:5]
        ]
    if planted.name not in ("keys",) and where and where[1]:
        assert any(fault.image and fault.key for fault in named)


def test_sixty_faults_are_planted_and_every_one_of_a_name_that_the_docs_list() -> None:
    assert len(PLANTS) >= 60
    assert {planted.name for planted in PLANTS} <= FAULTS.keys()
    assert not FAULTS.keys() & NOTES.keys()


# -- what is sound ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"box_format": "pixel"}, {"split": "none"}, {"surplus": "drop"}, {"verify": "none"}])  # fmt: skip
def test_a_sound_build_has_no_fault(tmp_path: Path, options: dict[str, Any]) -> None:
    made = World.made(tmp_path, seed=7, **options)
    report = made.audit(data=True, near=True)
    assert report.found.counts == {}
    assert report.sound and "sound" in report.verdict


def test_a_build_by_the_subset_rule_has_no_fault_but_what_guessers_find(tmp_path: Path) -> None:
    made = World.made(tmp_path, distractors="subset")
    assert set(made.audit(data=True).found.counts) <= {"guessed_blind"}


def test_a_build_of_the_published_rule_is_told_what_is_wrong_with_it(tmp_path: Path) -> None:
    made = World.made(tmp_path, as_published=True)
    report = made.audit(data=True)
    assert {"distractor_true", "group_leak", "options_related"} <= set(report.found.counts)
    assert not {"order", "keys", "formats_differ", "manifest_counts", "label_differs"} & set(report.found.counts)
    toy = next(row for row in report.rows if row.name == "toy")
    assert toy.wrong > 0 and toy.leaks > 0


def test_an_audit_says_what_it_did_not_see(world: World) -> None:
    assert any("no --data" in said for said in world.audit().unseen)
    assert any("no --near" in said for said in world.audit(data=True).unseen)
    with pytest.raises(UsageError, match="needs --data"):
        world.audit(near=True)
    with pytest.raises(UsageError, match="no such folder"):
        world.audit(data=world.data / "nothing")


def test_records_of_a_data_set_whose_plugin_is_gone_are_read_all_the_same(forged: Forged) -> None:
    report = audit(forged.out)
    assert report.sound and report.found.notes["no_card"] == 5
    forged.edit("toy", lambda rows: first(rows, size=4).update(round=""))
    forged.seal()
    assert {"round_size", "surplus_list"} & set(audit(forged.out).found.counts)


# -- pictures beside one another --------------------------------------------------------------------------------------


@pytest.fixture
def pictures(world: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world.data, tmp_path / "med-mat"))


def test_a_picture_of_train_whose_bytes_are_in_test_is_a_leak(world: World, pictures: Path) -> None:
    shutil.copyfile(pictures / "toy/pics/cow/cow-1.png", pictures / "toy/pics/cow/cow-6.png")
    faults = [fault for fault in world.audit(data=pictures).faults if fault.name == "picture_leak"]
    assert [fault.image for fault in faults] == ["med-mat/toy/pics/cow/cow-1.png"]
    assert faults[0].file == "records/Ori--toy-train.jsonl" and faults[0].line and faults[0].key


def test_equal_pictures_under_two_labels_contradict_each_other(world: World, pictures: Path) -> None:
    shutil.copyfile(pictures / "toy/pics/cow/cow-1.png", pictures / "toy/pics/eel/eel-0.png")
    assert "contradictory_picture" in world.audit(data=pictures).found.counts


def test_equal_pictures_of_one_part_are_asked_once(world: World, pictures: Path) -> None:
    shutil.copyfile(pictures / "toy/pics/cow/cow-1.png", pictures / "toy/pics/cow/cow-0.png")
    assert "duplicate_record" in world.audit(data=pictures).found.counts


@pytest.fixture
def textured(tmp_path: Path) -> Path:
    """Pictures of noise, which no two near copies share by chance."""
    dice = np.random.default_rng(5)
    for name in ("cat", "dog"):
        for number in range(16):
            path = tmp_path / f"med-mat/toy/pics/{name}/{name}-{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            small = Image.fromarray(dice.integers(0, 256, (8, 8), np.uint8))
            small.resize((160, 160), Image.Resampling.BICUBIC).save(path)
    return tmp_path / "med-mat"


@pytest.mark.parametrize("how", ["encoded again", "resized"])
def test_near_finds_a_copy_that_was(how: str, textured: Path, tmp_path: Path) -> None:
    from medmat_core import build
    from tests.audited import ANIMALS, NESTED, labelled
    from tests.toy import toy_catalog, toy_dataset

    with Image.open(textured / "toy/pics/cat/cat-0.png") as whole:
        other = whole.resize((96, 96)) if how == "resized" else whole
        if how == "encoded again":
            other.save(tmp_path / "again.jpg", quality=60)
            other = Image.open(tmp_path / "again.jpg")
        other.save(textured / "toy/pics/cat/cat-6.png")
    catalog = toy_catalog(toy_dataset(tmp_path, labelled, labels=ANIMALS, tables=NESTED))
    build(data=textured, out=tmp_path / "out", catalog=catalog, jobs=1)
    known: dict[str, Any] = {"subset_of": catalog.subset, "data": textured}
    assert not audit(tmp_path / "out", list(catalog), **known).found.notes["near_leak"]
    report = audit(tmp_path / "out", list(catalog), near=True, **known)
    (note,) = [note for note in report.notes if note.name == "near_leak"]
    assert note.image.endswith("cat-0.png") and "test" in note.detail and report.sound


def test_two_jobs_find_what_one_finds(world: World) -> None:
    one, two = world.audit(data=True, near=True), world.audit(data=True, near=True, jobs=2)
    assert one.found.kept == two.found.kept


# -- strangers' files -------------------------------------------------------------------------------------------------

STRANGE: list[Any] = [
    None,
    True,
    [],
    {},
    "",
    -1,
    10**400,
    1e400,
    "\ud800",
    [[[]]],
    {"a": {"b": []}},
    "../../etc/passwd",
]


def mangled(value: Any, dice: random.Random) -> Any:
    """The value with one thing in it exchanged, left out or added."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(sorted(value))
        kind = dice.randrange(8)
        if kind == 0:
            return {k: v for k, v in value.items() if k != key}
        if kind == 1:
            return {**value, "new": dice.choice(STRANGE)}
        return {**value, key: mangled(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        return [*value[:at], *([] if dice.random() < 0.1 else [mangled(value[at], dice)]), *value[at + 1 :]]
    return dice.choice(STRANGE)


@pytest.mark.parametrize(
    "name", ["manifest.json", "records", "Original_Medical_Datasets", "Aggregated_Subsets", "problems"]
)
def test_no_json_whatever_makes_the_audit_fail(name: str, world: World, forged: Forged) -> None:
    dice = random.Random(name)
    paths = {
        "manifest.json": forged.out / "manifest.json",
        "records": forged.path("marks"),
        "Original_Medical_Datasets": forged.out / "Original_Medical_Datasets/Ori--toy-train.json",
        "Aggregated_Subsets": forged.out / "Aggregated_Subsets/Subset--1000-train.json",
        "problems": forged.out / "problems.jsonl",
    }
    path = paths[name]
    text = path.read_text("utf-8") or json.dumps({"level": "note", "dataset": "toy", "file": "", "row": 1}) + "\n"
    for _ in range(12):
        if path.suffix == ".jsonl":
            lines = text.splitlines()
            at = dice.randrange(len(lines))
            lines[at] = json.dumps(mangled(json.loads(lines[at]), dice))
            path.write_text("\n".join(lines) + "\n")
        else:
            path.write_text(json.dumps(mangled(json.loads(text), dice)))
        report = world.audit(forged.out)
        assert not report.sound
        json.dumps(report.as_json())
        assert all(str(fault) for fault in report.found.kept)


@pytest.mark.parametrize(
    "raw", [b"", b"[" * 100_000, b"\xff\xfe", b"9" * 10_000, b'{"a":' * 50_000, b"null", b"{}\n{}"]
)
@pytest.mark.parametrize("name", ["manifest.json", "records/Ori--toy-train.jsonl", "problems.jsonl",
                                  "Original_Medical_Datasets/Ori--toy-train.json"])  # fmt: skip
def test_no_bytes_whatever_make_the_audit_fail(name: str, raw: bytes, world: World, forged: Forged) -> None:
    before = (forged.out / name).read_bytes()
    (forged.out / name).write_bytes(raw)
    report = world.audit(forged.out)
    assert not report.sound or raw == before
    json.dumps(report.as_json())


# -- guessers ----------------------------------------------------------------------------------------------------------


def asked(count: int, told: Callable[[random.Random], tuple[tuple[str, ...], int]], seed: int = 0) -> Asked:
    dice, some = random.Random(seed), Asked()
    for number in range(count):
        options, slot = told(dice)
        some.add(options, slot, options[slot], "Which?", str(number), (0, 0), bare=True)
    return some


def shuffled(dice: random.Random, right: str, wrong: list[str]) -> tuple[tuple[str, ...], int]:
    options = [right, *wrong]
    dice.shuffle(options)
    return tuple(options), options.index(right)


def test_a_guesser_learns_that_own_labels_are_right_and_foreign_ones_wrong() -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(dice, dice.choice("abcd"), dice.sample("stuvwxyz", 3))

    result = guess(asked(400, told), asked(200, told, 1))
    assert result is not None and result.shares["frequent"] == 1 and result.shares["learned"] > 0.95
    assert result.questions == 200 and "scored on test" in result.how


def test_a_guesser_learns_from_pairs_what_no_option_alone_tells() -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        # every label is right as often as wrong; beside its successor the first is right
        one = dice.randrange(6)
        return shuffled(dice, "abcdef"[one], ["abcdef"[(one + 1) % 6]])

    result = guess(asked(600, told), Asked())
    assert result is not None and result.shares["frequent"] < 0.65 and result.shares["learned"] > 0.95


def test_a_guesser_learns_which_box_was_drawn_by_hand() -> None:
    def box(dice: random.Random, side: float) -> str:
        x, y = dice.uniform(0, 1 - side), dice.uniform(0, 1 - side)
        return f"[{x:.3f}, {y:.3f}, {x + side:.3f}, {y + side:.3f}]"

    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(dice, box(dice, 0.3), [box(dice, dice.choice((0.1, 0.7))) for _ in range(3)])

    result = guess(asked(800, told), asked(200, told, 1))
    assert result is not None and result.shares["learned"] > 0.8 and result.shares["frequent"] < 0.4


def test_nobody_guesses_what_chance_alone_decides() -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(dice, *(lambda some: (some[0], some[1:]))(dice.sample("abcdefgh", 4)))

    for seed in range(5):
        result = guess(asked(500, told, seed), asked(300, told, 100 + seed))
        assert result is not None
        assert all(above(share, result.base, result.questions) > ALPHA / 3 for share in result.shares.values())


def test_inside_rounds_nobody_is_right_more_than_once_a_round() -> None:
    dice, some = random.Random(2), Asked()
    for number in range(200):
        options = tuple(dice.sample("aaabbcdefgh", 4))
        for slot in range(4):
            some.add(options, slot, options[slot], "Which?", f"round {number}", (0, 0), bare=number == 0)
    result = guess(some, Asked())
    assert result is not None and all(share <= 0.25 + 1e-9 for share in result.shares.values())


def test_very_many_questions_are_thinned_out_by_whole_rounds() -> None:
    from medmat_core.audit.blind import MOST

    some = Asked()
    for number in range(MOST // 2):
        for slot in range(4):
            some.add(("a", "b", "c", "d"), slot, "abcd"[slot], "Which?", f"round {number}", (0, 0), bare=True)
    assert MOST / 4 < len(some) <= MOST and some.total == 2 * MOST
    assert set(np.unique(np.frombuffer(some.folds, np.uint64), return_counts=True)[1].tolist()) == {4}


# -- chance ------------------------------------------------------------------------------------------------------------


def test_letters_skewed_by_three_percent_in_4789_are_found() -> None:
    counts = [int(4789 * share) for share in (0.28, 0.24, 0.24, 0.24)]
    p = even(counts)
    assert p is not None and p < ALPHA
    assert significant([Trial("uneven_letters", "", "", p), *[Trial("uneven_letters", "", "", 0.5)] * 10])


def test_chi_squared_is_what_tables_say() -> None:
    for statistic, freedom, p in ((7.815, 3, 0.05), (16.266, 3, 0.001), (20.515, 5, 0.001), (3.841, 1, 0.05)):
        assert math.isclose(chi2_tail(statistic, freedom), p, rel_tol=0.15)


def test_holm_lets_chance_through_once_in_many_tests() -> None:
    trials = [Trial("uneven_letters", "", "", p) for p in (ALPHA / 2, 0.2, 0.3)]
    assert significant(trials[:1]) and not significant(trials)
    assert significant([Trial("uneven_letters", "", "", ALPHA / 4), *trials[1:]])


def test_three_options_exactly_where_the_answer_is_normal_are_found() -> None:
    assert independent({("No finding", 3): 50, ("Mass", 4): 60, ("Cyst", 4): 40}) < ALPHA  # type: ignore[operator]
    p = independent({("No finding", 3): 20, ("No finding", 4): 30, ("Mass", 3): 22, ("Mass", 4): 28})
    assert p is not None and p > 0.1
    assert independent({("Mass", 4): 60}) is None


# -- Med-MAT's files -----------------------------------------------------------------------------------------------------


def published(
    path: Path, told: Callable[[random.Random], tuple[tuple[str, ...], int]], count: int, *, newer: bool
) -> Path:
    dice, rows = random.Random(4), []
    for number in range(1, count + 1):
        options, slot = told(dice)
        if newer:
            rows.append({"id": f"Subset-06--{number}", "image": f"/data/images/Subset-06--{number}.png", "question": "Which?",
                         "choices": dict(zip("ABCD", options, strict=False)), "caption": options[slot]})  # fmt: skip
        else:
            row = {"id": number, "captions": [options[slot]], "image": f"med-mat/x/{number}.png", "question": "Which?",
                   "answer": options[slot], "options": list(options), "answer_index": slot,
                   "dataset": {"no": 6, "slug": ""}}  # fmt: skip
            rows.append(medmat_of(row, number))
    path.write_text(json.dumps(rows, indent=4), "utf-8")
    return path


@pytest.mark.parametrize("newer", [False, True])
def test_published_files_of_both_forms_are_guessed_blind(newer: bool, tmp_path: Path) -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(
            dice, dice.choice(("Normal", "Bulging eyes")), dice.sample(["Glaucoma", "Uveitis", "Myopia"], 3)
        )

    name = "Subset-06-train.json" if newer else "ori--06-train.json"
    report = audit(published(tmp_path / name, told, 300, newer=newer))
    assert set(report.found.counts) == {"guessed_blind"} and report.records == 300
    (row,) = report.rows
    assert row.guessed is not None and row.guessed.shares["frequent"] == 1


def test_a_published_file_whose_number_of_options_tells_the_answer_is_named(tmp_path: Path) -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        right = dice.choice(("No finding", "Mass", "Cyst", "Edema"))
        others = [name for name in ("No finding", "Mass", "Cyst", "Edema") if name != right]
        return shuffled(dice, right, others[:2] if right == "No finding" else others)

    counts = audit(published(tmp_path / "ori--61-train.json", told, 400, newer=False)).found.counts
    assert {"options_tell", "guessed_blind"} == set(counts)


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        ({"Answer-choice": "D"}, "answer_letter"),
        ({"Answer": "Gnu"}, "answer_missing"),
        ({"Question-choice": "Which?\nA: Cat\nB: cat.\nAnswer with the option's letter from the given choices directly."},
         "options_alike"),
        ({"Question-choice": "Which?\nA: Cat\nAnswer with the option's letter from the given choices directly."},
         "options_count"),
        ({"image": "med-mat/x/2.png"}, "duplicate_record"),
    ],
)  # fmt: skip
def test_a_fault_in_a_published_file_is_named(edit: Json, name: str, tmp_path: Path) -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return ("Cat", "Dog", "Cow"), 0

    path = published(tmp_path / "ori--06-train.json", told, 3, newer=False)
    rows = json.loads(path.read_text())
    rows[0].update(edit)
    path.write_text(json.dumps(rows))
    assert name in audit(path).found.counts


def test_nothing_to_audit_is_a_bad_argument(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        audit(tmp_path / "none")
    with pytest.raises(UsageError, match="nothing to audit"):
        audit(tmp_path)


# -- records in memory, and the command -----------------------------------------------------------------------------------


def test_records_in_memory_are_judged_like_files(world: World) -> None:
    records = [record for path in (world.out / "records").glob("*.jsonl") for record in read_records(path)]
    cards = [dataset.card for dataset in world.catalog]
    assert check_records(records, cards, subset_of=world.catalog.subset) == []
    wrong: list[Record] = [record for record in records if record.round != records[0].round or record is records[0]]
    assert "round_size" in {fault.name for fault in check_records(wrong, cards, subset_of=world.catalog.subset)}


def test_the_command_gives_the_verdict_first_and_prints_no_noise_of_small_builds(
    world: World, forged: Forged, capsys: pytest.CaptureFixture[str]
) -> None:
    from medmat_core.cli import run

    assert run(["audit", str(world.out)]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].endswith("records in 22 files: sound, 6 notes")
    assert "guess" not in printed
    forged.edit("toy", lambda rows: first(rows, size=4).update(id=77))
    assert run(["audit", str(forged.out)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "faults in" in lines[0] and any("records/Ori--toy-train.jsonl:" in line for line in lines)
    assert run(["audit", str(forged.out), "--json"]) == 1
    body = json.loads(capsys.readouterr().out)
    assert body["faults"]["ids"] == 1 and not body["sound"]
    example = next(one for one in body["examples"] if one["name"] == "ids")
    assert example["line"] and example["key"] and example["image"]
    assert run(["audit", str(world.out), "--near"]) == 2


# -- all examples -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))])
def test_no_fault_is_named_on_a_build_of_all_examples(seed: int, tmp_path: Path) -> None:
    from medmat_core import build, load_catalog
    from medmat_core.samples import write_example

    catalog = load_catalog()
    if len({dataset.no for dataset in catalog if dataset.no is not None}) < 109:
        pytest.skip("needs all eleven plugin packages installed")
    for dataset in catalog:
        write_example(dataset.card, tmp_path / "med-mat")
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, seed=seed)
    report = audit(tmp_path / "out", list(catalog), subset_of=catalog.subset, data=tmp_path / "med-mat")
    assert report.found.counts == {}, [str(fault) for fault in report.faults[:10]]
