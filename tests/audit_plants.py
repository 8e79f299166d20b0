"""Faults to plant in a copy of a sound build, by the name that an audit must give them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

from attrs import frozen

from tests.audited import Forged, Json, closed, medmat_of

Plant = Callable[[Forged], Any]
Mend = Callable[[Json, list[Json]], Any]


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


def first(rows: list[Json], **values: Any) -> Json:
    """The first row that has these values; ``options`` counts them, ``closed`` asks whether there are any."""
    size, shut = values.pop("size", 0), values.pop("closed", True)
    return next(
        row
        for row in rows
        if all(row[key] == value for key, value in values.items())
        and (not size or len(row["options"]) == size)
        and bool(row["options"]) == shut
    )


def fellows(rows: list[Json], row: Json) -> list[Json]:
    return [other for other in rows if other["round"] == row["round"]]


def change(slug: str, mend: Mend, **values: Any) -> Plant:
    """Change the first row of a data set's train part that has these values."""

    def plant(forged: Forged) -> tuple[str, int]:
        rows = forged.rows(slug)
        row = first(rows, **values)
        line = rows.index(row) + 1
        mend(row, rows)
        forged.write(slug, rows)
        return slug, line if row in rows else 0

    return plant


def put(name: str, slug: str, mend: Mend, where: dict[str, Any] | None = None, **options: bool) -> None:
    PLANTS.append(Planted(name, change(slug, mend, **(where or {})), **options))


def rename(row: Json, wrong: str, right: str) -> None:
    row["options"][row["options"].index(wrong)] = right


def a_wrong(row: Json) -> str:
    return str(next(option for option in row["options"] if option != row["answer"]))


# -- rounds --------------------------------------------------------------------------------------------------

put(
    "round_question",
    "toy",
    lambda row, _: row.update(options=row["options"][::-1], answer_index=len(row["options"]) - 1 - row["answer_index"]),
    {"size": 4},
)
put("round_size", "toy", lambda row, rows: rows.remove(row), {"size": 4})
put("round_id", "toy", lambda row, _: row.update(round=row["round"].upper() + "x"), {"size": 4})
put("round_id", "toy", lambda row, rows: row.update(round=first(rows, size=4)["round"]), {"closed": False})
put("round_missing", "marks", lambda row, _: row.update(round=""), {"ask": "presence"})
put(
    "surplus_list",
    "toy",
    lambda row, _: row.update(
        round="", options=row["options"][:2], answer_index=0, answer=row["options"][0], captions=row["options"][:1]
    ),
    {"size": 4},
)


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


# -- boxes, cells, shares, presence, structure: against the record's own boxes -------------------------------


def box_text(box: list[int], size: int = 96) -> str:
    return "[" + ", ".join(f"{int(1000 * n / size + 0.5) / 1000:.3f}" for n in box) + "]"


def nearly_the_right_box(row: Json, rows: list[Json]) -> None:
    everywhere(row, rows, a_wrong(row), box_text([n + 1 for n in row["boxes"][0]["boxes"][0]]))


def everywhere(row: Json, rows: list[Json], old: str, new: str) -> None:
    """Another text for an option, in all fellows."""
    for other in fellows(rows, row):
        other["options"] = [new if option == old else option for option in other["options"]]
        if other["answer"] == old:
            other["answer"] = new


def wrong_becomes(text: str) -> Mend:
    return lambda row, rows: everywhere(row, rows, a_wrong(row), text)


def answer_becomes(text: str) -> Mend:
    return lambda row, rows: everywhere(row, rows, row["answer"], text)


def marked(box: list[int]) -> Mend:
    return lambda row, _: row.update(boxes=[{"caption": "Cat", "boxes": [box]}])


def one_percent_more(row: Json, rows: list[Json]) -> None:
    everywhere(row, rows, a_wrong(row), f"{int(float(row['answer'].rstrip('%'))) + 1}%")


def without_cats(row: Json, rows: list[Json]) -> None:
    row["boxes"] = [some for some in row["boxes"] if some["caption"] != "Cat"]


def another_box_is_asked_about(row: Json, rows: list[Json]) -> None:
    asked = row["question"]
    start, end = asked.index("["), asked.index("]") + 1
    row["question"] = asked[:start] + "[0.000, 0.000, 0.004, 0.004]" + asked[end:]


def both_classes_lie_everywhere(row: Json, rows: list[Json]) -> None:
    own = {some["caption"]: some["boxes"] for some in row["boxes"]}
    row["boxes"] = [{"caption": name, "boxes": [[0, 0, 96, 96], *own.get(name, [])]} for name in ("Cat", "Dog")]


put("box_close", "marks", nearly_the_right_box, {"ask": "box", "captions": ["Cat"]})
put(
    "box_answer",
    "marks",
    answer_becomes("[0.900, 0.900, 0.950, 0.950]"),
    {"ask": "box"},
)
put("box_text", "marks", wrong_becomes("[0.9, 0.9, 1.0, 1.0]"), {"ask": "box"})
put(
    "box_text",
    "spots",
    wrong_becomes("[0.900, 0.900, 0.100, 0.950]"),
    {"ask": "box"},
)
put("box_count", "marks", wrong_becomes("[0.000, 0.000, 0.010, 0.010]; [0.980, 0.980, 0.990, 0.990]"), {"ask": "box"})
put("box_outside", "marks", lambda row, _: row["boxes"][0]["boxes"][0].__setitem__(2, 97), {"ask": "box"})
put("box_outside", "spots", lambda row, _: row["boxes"][0].update(boxes=[[5, 5, 5, 9]]), {"ask": "box"})
put("location_text", "marks", wrong_becomes("middle"), {"ask": "location"})
put("location_answer", "spots", marked([20, 20, 80, 60]), {"ask": "location"})
put("coverage_text", "marks", wrong_becomes("12.5 %"), {"ask": "coverage"})
put("coverage_answer", "marks", answer_becomes("83%"), {"ask": "coverage"})
put("coverage_answer", "spots", answer_becomes("0.1%"), {"ask": "coverage"})
put("coverage_close", "marks", one_percent_more, {"ask": "coverage"})
put("presence_answer", "marks", lambda row, _: row.update(boxes=[]), {"ask": "presence", "answer": "Cat"})
put("presence_answer", "marks", marked([1, 1, 20, 20]), {"ask": "presence", "answer": "No cat"})
put(
    "presence_options",
    "marks",
    lambda row, rows: everywhere(row, rows, "No cat", "Dog"),
    {"ask": "presence", "captions": ["Cat"]},
)
put("negative_asked", "marks", without_cats, {"ask": "coverage", "captions": ["Cat"]})
put("structure_box", "marks", another_box_is_asked_about, {"ask": "structure"})
put("structure_answer", "marks", both_classes_lie_everywhere, {"ask": "structure"})


# -- labels --------------------------------------------------------------------------------------------------

put("distractor_true", "toy", wrong_becomes("Pet"), {"answer": "Cat", "size": 4})
put("distractor_true", "toy", wrong_becomes("Other things"), {"size": 4})
put(
    "options_related",
    "toy",
    lambda row, rows: row.update(options=["Cow", "Pet", "Dog", "Eel"], answer_index=0),
    {"answer": "Cow", "size": 4},
)
put("not_in_pool", "toy", wrong_becomes("Quagga"), {"size": 4})
put("not_in_pool", "toy", wrong_becomes("Fox"), {"size": 4})
put(
    "distractor_true",
    "many",
    lambda row, rows: row.update(options=[row["answer"] + "; Eel" if o == a_wrong(row) else o for o in row["options"]]),
    {"answer": "Cat", "size": 4},
)
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
put(
    "question_text",
    "marks",
    lambda row, _: row.update(
        question=row["question"].replace("the bounding box", "the bounding boxes of all regions")
    ),
    {"ask": "box"},
)

# -- the form of records -------------------------------------------------------------------------------------

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
put(
    "image_path",
    "toy",
    lambda row, _: row.update(image="med-mat/toy/../toy/" + row["image"].removeprefix("med-mat/toy/")),
    {"size": 4},
)
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


# -- parts and subsets ---------------------------------------------------------------------------------------


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


# -- files and manifest --------------------------------------------------------------------------------------


@planted("manifest_digest", sealed=False)
def a_byte_of_a_file_changes(forged: Forged) -> None:
    with forged.path("toy").open("ab") as file:
        file.write(b" ")


@planted("manifest_seal", sealed=False)
def the_licence_is_changed_to_cc0_without_a_seal(forged: Forged) -> None:
    forged.entry("toy", lambda entry: entry.update(fingerprint="0" * 64))


for _key, _value in {
    "license": "public domain",
    "citation": "@misc{me}",
    "source": "https://example.com",
    "title": "Zoo",
    "split": "none",
    "subset": 3,
    "access": "account",
}.items():
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


# -- with the data -------------------------------------------------------------------------------------------


@planted("boxes_differ", data=True)
def every_box_is_ten_pixels_off_in_question_boxes_and_answer(forged: Forged) -> None:
    def by(left: int) -> int:
        return -10 if left >= 10 else 10

    def move(rows: list[Json]) -> None:
        for row in rows:
            for some in row["boxes"]:
                some["boxes"] = [[x1 + by(x1), y1, x2 + by(x1), y2] for x1, y1, x2, y2 in some["boxes"]]
        for row in [row for row in rows if row["ask"] == "box"]:
            own = next(some["boxes"] for some in row["boxes"] if some["caption"] == row["captions"][0])
            everywhere(row, rows, row["answer"], "; ".join(map(box_text, own)))

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


# -- every message once --------------------------------------------------------------------------------------


def in_manifest(name: str, change: Callable[[Json], Any]) -> None:
    PLANTS.append(Planted(name, lambda forged: forged.manifest(change)))


def of_toy(change: Callable[[Json], Any]) -> Callable[[Json], Any]:
    return lambda raw: change(next(entry for entry in raw["datasets"] if entry["slug"] == "toy"))


in_manifest("manifest_keys", lambda raw: raw["datasets"].append("zoo"))
in_manifest("manifest_keys", lambda raw: raw["datasets"].reverse())
in_manifest("manifest_keys", lambda raw: raw["files"].pop("problems.jsonl"))
in_manifest("manifest_keys", of_toy(lambda entry: entry.update(fingerprint="abc")))
in_manifest("manifest_keys", of_toy(lambda entry: entry["files"].pop()))
in_manifest("manifest_keys", lambda raw: raw["subset_removals"][0].update(subset=7))
in_manifest("manifest_card", of_toy(lambda entry: entry.update(split="by chance")))
in_manifest("manifest_card", of_toy(lambda entry: entry.update(split="unprotected")))
in_manifest("manifest_card", lambda raw: raw["arguments"].update(split="group"))
in_manifest("manifest_counts", of_toy(lambda entry: entry["records"].update(spare={"Cat": 1})))
in_manifest("manifest_counts", of_toy(lambda entry: entry["images"].update(copies=5)))
in_manifest("missing_file", lambda raw: raw["files"].update({"records": "0" * 64}))
in_manifest("missing_file", lambda raw: raw["files"].update({"records/Ori--zebra-train.jsonl": "0" * 64}))

_PROBLEM = {"level": "note", "dataset": "toy", "file": "", "row": None, "reason": "copy", "detail": ""}
for _line in (
    "no JSON",
    json.dumps([1]),
    json.dumps({**_PROBLEM, "detail": 3}),
    json.dumps({**_PROBLEM, "level": "refused"}),
    json.dumps({**_PROBLEM, "dataset": "zebra"}),
    json.dumps({**_PROBLEM, "row": "4"}),
):
    PLANTS.append(
        Planted("problems_form", lambda forged, line=_line: (forged.out / "problems.jsonl").write_text(line + "\n") * 0)  # type: ignore[misc]
    )

put("misfiled", "toy", lambda row, _: row.update(ask="box"), {"closed": False})
put("keys", "toy", lambda row, _: row.update(boxes=[{"caption": "Cat", "boxes": []}]), {"closed": False})
put("unknown_caption", "marks", lambda row, _: row["boxes"][0].update(caption="Gnu"), {"ask": "box"})
put("unknown_caption", "toy", lambda row, _: row.update(captions=[]), {"closed": False})
put("caption_order", "marks", lambda row, _: row["boxes"].append(row["boxes"][0]), {"ask": "box"})
put("keys", "marks", lambda row, _: row.update(captions=["Cat", "Dog"]), {"ask": "box"})
put("keys", "toy", lambda row, _: row.update(template=6), {"size": 4})
put("question_text", "toy", lambda row, _: row.update(template=6), {"size": 4})
put("option_text", "toy", lambda row, _: row.update(answer=" ", captions=[" "]), {"closed": False})
put(
    "caption_answer",
    "marks",
    lambda row, _: row.update(answer=a_wrong(row), answer_index=row["options"].index(a_wrong(row))),
    {"ask": "structure"},
)
put("structure_box", "marks", lambda row, _: row.update(question="What is this?"), {"ask": "structure"})
put("location_answer", "marks", lambda row, _: row["boxes"][0]["boxes"].append([1, 1, 9, 9]), {"ask": "location"})
put(
    "boxes_differ",
    "marks",
    lambda row, _: row["boxes"][0]["boxes"][0].__setitem__(0, 0),
    {"ask": "coverage"},
    data=True,
)
put("keys", "marks", lambda row, _: row.update(width=0, height=0), {"ask": "coverage"}, data=True)


@planted("missing_file")
def full_records_are_gone_and_the_published_form_is_left(forged: Forged) -> None:
    forged.path("toy").unlink()


@planted("bad_json")
def a_file_of_records_is_empty(forged: Forged) -> None:
    forged.path("toy").write_bytes(b"")


@planted("formats_differ", sealed=False)
def the_published_form_holds_one_record_more(forged: Forged) -> None:
    path = forged.out / "Original_Medical_Datasets/Ori--toy-train.json"
    rows = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps([*rows, rows[-1]]), "utf-8")


@planted("formats_differ", sealed=False)
def the_published_form_has_its_keys_in_another_order(forged: Forged) -> None:
    path = forged.out / "Original_Medical_Datasets/Ori--toy-train.json"
    rows = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps([dict(sorted(row.items())) for row in rows]), "utf-8")


@planted("ids")
def a_subset_file_counts_wrong(forged: Forged) -> None:
    subset_file(forged, lambda rows: rows[4].update(id=77))


@planted("subset_copy", data=True)
def two_members_give_one_picture_with_one_label(forged: Forged) -> None:
    """The picture that the manifest says was left out of one of them is put back."""
    forged.manifest(lambda raw: raw.update(subset_removals=[]))


@planted("round_size")
def a_picture_stands_twice_in_its_round(forged: Forged) -> None:
    def mend(rows: list[Json]) -> None:
        one, two = fellows(rows, first(rows, size=4))[:2]
        two.update(image=one["image"], key=one["key"])

    forged.edit("toy", mend)
