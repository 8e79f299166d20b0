"""What an audit finds: each fault planted once in sound records, and nothing in ten thousand sound ones."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medmat_core.audit import FAULTS, NOTES, Fault, Faults, check_records
from medmat_core.audit.chance import Drawn, chi2_tail, even_p
from medmat_core.audit.entries import choice_text, read_choice
from medmat_core.audit.guess import best, credit, oddness
from medmat_core.audit.numbers import across, hashed, runs
from medmat_core.audit.rules import Terms
from medmat_core.audit.stream import StreamError, records
from medmat_core.card import Card
from medmat_core.images.near import bits_apart, near_pairs
from tests.audited import animals, label_records, medmat, record, spatial, subset

Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return animals(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Card:
    where = tmp_path_factory.mktemp("cards")
    return animals(where, kind="mask", head='asks = ["box", "location", "coverage", "presence", "structure"]')


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return animals(tmp_path_factory.mktemp("cards"), kind="multi-label")


def found(made: Records, card: Card, **terms: Any) -> list[Fault]:
    return check_records(made, [card], subset_of=subset, terms=Terms(**terms))


def names(faults: list[Fault]) -> set[str]:
    return {fault.name for fault in faults}


# -- sound records --------------------------------------------------------------------------------------


def test_ten_thousand_sound_records_have_no_fault(card: Card) -> None:
    train = label_records(9000, seed=3)
    test = label_records(1000, seed=4, split="test", start=20_000)
    assert found(train + test, card) == []


def test_ten_thousand_sound_records_in_medmats_format_have_no_fault(card: Card) -> None:
    assert found([medmat(full) for full in label_records(10_000, seed=5)], card) == []


@pytest.mark.parametrize("ask", ["box", "location", "coverage", "presence", "structure"])
def test_a_sound_question_about_regions_has_no_fault(masks: Card, ask: str) -> None:
    assert found([spatial(ask)], masks) == []
    assert found([medmat(spatial(ask))], masks) == []


# -- one fault planted in label questions ----------------------------------------------------------------


def swap(made: Records, place: int, wrong: str, by: str) -> None:
    """Put another option where a wrong one stands."""
    options = made[place]["options"]
    options[options.index(wrong)] = by


def first_wrong(made: Records, place: int) -> str:
    return next(option for option in made[place]["options"] if option != made[place]["answer"])


def of_answer(made: Records, answer: str, *, other: str = "Pet") -> int:
    """The place of the first record with this answer that does not offer ``other``."""
    return next(i for i, r in enumerate(made) if r["answer"] == answer and other not in r["options"])


def plant_letter(made: Records) -> None:
    made[5]["answer_index"] = (made[5]["answer_index"] + 1) % 4


def plant_missing_answer(made: Records) -> None:
    swap(made, 5, made[5]["answer"], "Jay")


def plant_five_options(made: Records) -> None:
    made[5]["options"].append(next(name for name in ("Fox", "Gnu", "Hen", "Ibis") if name not in made[5]["options"]))


def plant_alike(made: Records) -> None:
    place = of_answer(made, "Cow")
    made[place]["options"] = ["Cow", "Dog", "dog.", "Eel"]
    made[place]["answer_index"] = 0


def plant_line_break(made: Records) -> None:
    swap(made, 5, first_wrong(made, 5), "Gnu\nHen")


def plant_related(made: Records) -> None:
    place = of_answer(made, "Cow")
    made[place]["options"], made[place]["answer_index"] = ["Cow", "Dog", "Pet", "Fox"], 0


def plant_wider(made: Records) -> None:
    place = of_answer(made, "Cat")
    swap(made, place, first_wrong(made, place), "Pet")


def plant_catch_all(made: Records) -> None:
    swap(made, 5, first_wrong(made, 5), "Other things")


def plant_foreign_catch_all(made: Records) -> None:
    swap(made, 5, first_wrong(made, 5), "Other animal")


def plant_stranger(made: Records) -> None:
    swap(made, 5, first_wrong(made, 5), "Quagga")


def plant_no_own(made: Records) -> None:
    made[5]["options"] = [made[5]["answer"], "Fox", "Gnu", "Hen"]
    made[5]["answer_index"] = 0


def plant_unknown_caption(made: Records) -> None:
    made[5].update(captions=["Yak"], answer="Yak", options=["Yak", "Cow", "Eel", "Fox"], answer_index=0)


def plant_other_answer(made: Records) -> None:
    place = of_answer(made, "Cow")
    made[place]["captions"] = ["Eel"]
    made[place]["options"], made[place]["answer_index"] = ["Cow", "Dog", "Fox", "Gnu"], 0


def plant_unfilled(made: Records) -> None:
    made[5]["question"] = "Name this {area} drawing."


def plant_other_instruction(made: Records) -> None:
    made[5]["template"] = (made[5]["template"] + 1) % 6


def plant_id(made: Records) -> None:
    made[-1]["id"] += 1


def plant_disorder(made: Records) -> None:
    made[5]["image"], made[6]["image"] = made[6]["image"], made[5]["image"]


def plant_repeat(made: Records) -> None:
    made.insert(6, {**made[5], "key": "0123456789abcdef"})
    for number, one in enumerate(made, 1):
        one["id"] = number


def plant_key_twice(made: Records) -> None:
    made[6]["key"] = made[5]["key"]


def plant_both_sides(made: Records) -> None:
    made.append({**made[5], "id": 1, "split": "test", "key": "0123456789abcdef"})


def plant_group_on_both_sides(made: Records) -> None:
    made[5]["group"] = "toy:p7"
    made.append({**record(1), **label_records(1, start=900)[0], "split": "test", "group": "toy:p7"})


def plant_two_labels(made: Records) -> None:
    other = "Eel" if made[5]["answer"] == "Cow" else "Cow"
    options = [other, *(name for name in ("Cow", "Eel", "Fox", "Gnu") if name != other)]
    twin = {**made[5], "key": "0123456789abcdef", "captions": [other], "answer": other, "options": options}
    made.insert(6, twin | {"answer_index": 0})
    for number, one in enumerate(made, 1):
        one["id"] = number


def plant_missing_key(made: Records) -> None:
    del made[5]["template"]


def plant_key_order(made: Records) -> None:
    made[5]["id"] = made[5].pop("id")


def plant_other_subset(made: Records) -> None:
    made[5]["subset"] = 2


def plant_other_namespace(made: Records) -> None:
    made[5]["group"] = "isic:p7"


def plant_backslash(made: Records) -> None:
    made[-1]["image"] = made[-1]["image"].replace("/", "\\")


LABEL_FAULTS: list[tuple[str, Callable[[Records], None], set[str]]] = [
    ("answer_letter", plant_letter, set()),
    ("answer_missing", plant_missing_answer, {"answer_letter", "not_in_pool"}),
    ("options_count", plant_five_options, set()),
    ("options_alike", plant_alike, set()),
    ("option_text", plant_line_break, {"not_in_pool", "mixed_without_own"}),
    ("options_related", plant_related, set()),
    ("distractor_true", plant_wider, {"options_related"}),
    ("catch_all", plant_catch_all, {"mixed_without_own", "options_related"}),
    ("catch_all", plant_foreign_catch_all, {"mixed_without_own"}),
    ("not_in_pool", plant_stranger, {"mixed_without_own"}),
    ("mixed_without_own", plant_no_own, set()),
    ("unknown_caption", plant_unknown_caption, set()),
    ("caption_answer", plant_other_answer, set()),
    ("question_text", plant_unfilled, set()),
    ("question_text", plant_other_instruction, set()),
    ("ids", plant_id, set()),
    ("order", plant_disorder, set()),
    ("duplicate_record", plant_repeat, set()),
    ("duplicate_record", plant_key_twice, set()),
    ("picture_leak", plant_both_sides, set()),
    ("group_leak", plant_group_on_both_sides, set()),
    ("contradictory_picture", plant_two_labels, {"duplicate_record"}),
    ("keys", plant_missing_key, set()),
    ("key_order", plant_key_order, set()),
    ("misfiled", plant_other_subset, set()),
    ("misfiled", plant_other_namespace, set()),
    ("image_path", plant_backslash, set()),
]


@pytest.mark.parametrize(
    ("name", "plant", "companions"), LABEL_FAULTS, ids=[f"{plant.__name__[6:]}" for _, plant, _ in LABEL_FAULTS]
)
def test_one_planted_fault_is_named_and_nothing_else(
    card: Card, name: str, plant: Callable[[Records], None], companions: set[str]
) -> None:
    made = label_records(200, seed=9)
    plant(made)
    told = names(found(made, card))
    assert name in told
    assert told <= {name, *companions}


def test_a_fault_names_file_record_picture_and_what_is_wrong(card: Card) -> None:
    made = label_records(50, seed=2)
    plant_letter(made)
    (fault,) = found(made, card)
    assert (fault.file, fault.record, fault.image) == ("toy-train", 6, made[5]["image"])
    assert repr(made[5]["answer"]) in fault.detail
    assert str(fault).startswith("answer_letter: toy-train #6: ")


def test_letters_of_medmats_format_are_compared_with_the_answer(card: Card) -> None:
    made = [medmat(full) for full in label_records(30, seed=2)]
    made[4]["Answer-choice"] = "ABCD"[("ABCD".index(made[4]["Answer-choice"]) + 1) % 4]
    assert names(found(made, card)) == {"answer_letter"}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("B: ", "C: ", 1),
        lambda text: text.replace("B: ", "B. ", 1),
        lambda text: text.rpartition("\n")[0],
        lambda text: "Look! " + text,
        lambda text: text.replace("\n", "\n\n", 1),
    ],
)
def test_a_question_choice_that_does_not_parse_back_is_named(card: Card, change: Callable[[str], str]) -> None:
    made = [medmat(full) for full in label_records(30, seed=2)]
    made[4]["Question-choice"] = change(made[4]["Question-choice"])
    assert "choice_text" in names(found(made, card))
    assert {fault.record for fault in found(made, card)} == {5}


def test_a_number_where_text_is_promised_is_a_fault_of_a_build_and_none_of_a_published_file(card: Card) -> None:
    made = [medmat(full) | {"data-no": 7} for full in label_records(30, seed=2)]
    assert "keys" in names(found(made, card))
    lenient = check_records(made, [card], subset_of=subset, terms=Terms(mode="subset", strict=False))
    assert [fault for fault in lenient if fault.level == "fault"] == []


def test_wrong_options_of_another_data_set_are_a_fault_where_only_own_ones_were_asked_for(card: Card) -> None:
    made = label_records(200, seed=2)
    assert names(found(made, card, mode="dataset")) == {"not_in_pool"}
    assert found(made, card, mode="subset") == []


def test_a_denial_is_a_wrong_option_only_for_what_it_denies(tmp_path: Path) -> None:
    tables = '[classes.negates]\n"No cat" = "Cat"\n'
    card = animals(tmp_path, labels={"cat": "Cat", "no": "No cat", "dog": "Dog"}, tables=tables)
    question = label_records(1)[0]["question"]
    template = label_records(1)[0]["template"]

    def asked(answer: str, options: list[str]) -> Records:
        return [
            record(1, captions=[answer], question=question, answer=answer, options=options, answer_index=0,
                   template=template)
        ]  # fmt: skip

    assert found(asked("Cat", ["Cat", "No cat", "Fox", "Gnu"]), card) == []
    assert names(found(asked("Dog", ["Dog", "No cat", "Fox", "Gnu"]), card)) == {"negation"}
    assert names(found(asked("No cat", ["No cat", "Cat", "Fox"]), card)) == {"distractor_true"}


def test_options_of_several_findings_must_be_of_one_size_and_false_finding_by_finding(several: Card) -> None:
    base = label_records(1)[0]

    def asked(captions: list[str], wrong: list[str]) -> Records:
        answer = "; ".join(captions)
        return [base | {"captions": captions, "answer": answer, "options": [answer, *wrong], "answer_index": 0}]

    assert found(asked(["Cat", "Cow"], ["Dog; Eel"]), several) == []
    assert names(found(asked(["Cat", "Cow"], ["Dog; Eel", "Dog"]), several)) == {"options_size", "options_related"}
    assert names(found(asked(["Cat", "Cow"], ["Dog; Cow"]), several)) == {"distractor_true"}
    assert names(found(asked(["Cow", "Cat"], ["Dog; Eel"]), several)) == {"caption_order"}
    assert names(found(asked(["Cat", "Cow"], ["Eel; Fox"]), several)) == {"not_in_pool"}


# -- one fault planted in questions about regions --------------------------------------------------------


SPATIAL_FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("box_text", {"ask": "box", "options": ["[0.100, 0.100, 0.300, 0.300]", "[1, 2, 3, 4]"]}),
    ("box_outside", {"ask": "box", "options": ["[0.100, 0.100, 0.300, 0.300]", "[0.900, 0.600, 1.100, 0.800]"]}),
    ("box_outside", {"ask": "box", "boxes": {"Cat": [[10, 10, 30, 30]], "Cow": [[50, 80, 70, 195]]}}),
    ("box_outside", {"ask": "box", "options": ["[0.100, 0.100, 0.300, 0.300]", "[0.800, 0.600, 0.600, 0.800]"]}),
    ("box_count", {"ask": "box", "options": [
        "[0.100, 0.100, 0.300, 0.300]", "[0.600, 0.600, 0.800, 0.800]; [0.100, 0.600, 0.300, 0.800]"]}),
    ("box_answer", {"ask": "box", "boxes": {"Cat": [[12, 10, 32, 30]]}}),
    ("box_size", {"ask": "box", "options": ["[0.100, 0.100, 0.300, 0.300]", "[0.600, 0.600, 0.700, 0.700]"]}),
    ("box_overlap", {"ask": "box", "options": ["[0.100, 0.100, 0.300, 0.300]", "[0.200, 0.150, 0.400, 0.350]"]}),
    ("negative_asked", {"ask": "box", "boxes": {"Cow": [[50, 80, 70, 95]]}}),
    ("keys", {"ask": "location", "width": None}),
    ("location_answer", {"ask": "location", "answer": "center", "answer_index": 1}),
    ("location_text", {"ask": "location", "options": ["upper left", "middle", "lower right"]}),
    ("coverage_text", {"ask": "coverage", "options": ["4%", "half"]}),
    ("coverage_close", {"ask": "coverage", "options": ["4%", "5%"]}),
    ("coverage_answer", {"ask": "coverage", "answer": "16%", "answer_index": 2}),
    ("presence_options", {"ask": "presence", "options": ["Cat", "Not a cat"]}),
    ("presence_answer", {"ask": "presence", "boxes": {}}),
    ("structure_box", {"ask": "structure", "boxes": {"Cat": [[40, 40, 60, 60]]}}),
    ("distractor_true", {"ask": "structure", "boxes": {"Cat": [[10, 10, 30, 30]], "Eel": [[20, 20, 40, 40]]}}),
    ("distractor_true", {"ask": "structure", "options": ["Cat", "Pet"]}),
    ("not_in_pool", {"ask": "structure", "options": ["Cat", "Quagga"]}),
    ("unknown_caption", {"ask": "presence", "boxes": {"Cat": [[10, 10, 30, 30]], "Yak": [[1, 1, 2, 2]]}}),
    ("misfiled", {"ask": "presence", "kind": "box"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), SPATIAL_FAULTS)
def test_one_planted_fault_in_a_question_about_regions_is_named(
    masks: Card, name: str, changes: dict[str, Any]
) -> None:
    changes = dict(changes)
    told = names(found([spatial(changes.pop("ask"), **changes)], masks))
    assert name in told
    # boxes that do not fit the answer do not fit the picture's place, words and wrong options either
    companions = {"box_outside": {"box_answer"}, "location_answer": {"distractor_true"}}
    assert told <= {name} | companions.get(name, set())


def test_more_than_four_boxes_are_asked_for_as_the_one_around_all(masks: Card) -> None:
    boxes = [[x, 10, x + 2, 30] for x in (10, 13, 16, 22, 28)]
    one = spatial("box", boxes={"Cat": boxes})
    one["question"] = one["question"].replace("the bounding box", "the one box that encloses all regions")
    assert found([one], masks) == []
    assert "question_text" in names(found([spatial("box", boxes={"Cat": boxes})], masks))


def test_boxes_are_read_in_the_format_of_the_build(masks: Card) -> None:
    thousand = [
        "[100, 100, 300, 300]", "[600, 600, 800, 800]", "[100, 600, 300, 800]", "[700, 100, 900, 300]",
    ]  # fmt: skip
    one = spatial("box", options=thousand, answer=thousand[0])
    one["question"] = one["question"].replace("in fractions", "in thousandths")
    assert found([one], masks, box_format="thousand") == []
    assert "box_text" in names(found([one], masks, box_format="unit"))


@given(
    st.integers(30, 3000), st.integers(30, 3000), st.data(),
    st.sampled_from(["unit", "thousand", "pixel"]),
)  # fmt: skip
def test_a_box_that_the_build_writes_is_told_to_be_that_box(
    masks: Card, width: int, height: int, data: st.DataObject, fmt: Any
) -> None:
    from medmat_core.audit.boxes import _close, read_boxes
    from medmat_core.regions.words import box_text

    x1, y1 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = (x1, y1, data.draw(st.integers(x1 + 1, width)), data.draw(st.integers(y1 + 1, height)))
    read = read_boxes(box_text([box], (width, height), fmt), fmt, (width, height))
    assert read is not None
    step = (1.0, 1.0) if fmt == "pixel" else (width / 1000, height / 1000)
    assert _close(read[0], box, step, fmt == "pixel")
    moved = (box[0] + 3 * math.ceil(step[0]), *box[1:])
    assert not _close(read[0], moved, step, fmt == "pixel")


# -- chance ---------------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.floats(0.01, 400))
def test_the_tail_of_chi_squared_agrees_with_closed_forms_and_falls(freedom: int, x: float) -> None:
    assert 0 <= chi2_tail(x * 1.1, freedom) <= chi2_tail(x, freedom) <= 1
    half = freedom // 2
    if freedom % 2 == 0:
        series = sum((x / 2) ** k / math.factorial(k) for k in range(half))
        assert chi2_tail(x, freedom) == pytest.approx(math.exp(-x / 2) * series, rel=1e-9, abs=1e-12)
    else:
        below = chi2_tail(x, freedom + 2) - chi2_tail(x, freedom)  # the recurrence over degrees of freedom
        step = math.exp(-x / 2 + freedom / 2 * math.log(x / 2) - math.lgamma(freedom / 2 + 1))
        assert below == pytest.approx(step, rel=1e-6, abs=1e-12)


def test_few_records_are_never_called_uneven() -> None:
    assert even_p([9, 0, 0, 0]) is None
    assert even_p([40, 0, 0, 0]) == pytest.approx(0, abs=1e-20)


def test_a_letter_that_is_right_too_often_is_named(card: Card) -> None:
    made = label_records(400, seed=8)
    for one in made[:200]:
        one["options"].remove(one["answer"])
        one["options"].insert(2, one["answer"])
        one["answer_index"] = 2
    assert names(found(made, card)) == {"uneven_letters"}


def test_an_instruction_that_is_used_too_often_is_named(card: Card) -> None:
    made = label_records(600, seed=8)
    for one in made[:200]:
        one.update(question=made[0]["question"], template=made[0]["template"])
    assert names(found(made, card)) == {"uneven_instructions"}


def test_a_wrong_option_that_is_never_drawn_is_named(tmp_path: Path) -> None:
    card = animals(
        tmp_path, labels={name.lower(): name for name in ("Ant", "Bee", "Cat", "Dog", "Elk", "Fly")}, tables=""
    )
    chance = random.Random(1)
    base = label_records(1)[0]
    uneven, even = [], []
    for number in range(1, 601):
        for made, pool in ((uneven, "Bee Cat Dog Elk"), (even, "Bee Cat Dog Elk Fly")):
            options = ["Ant", *chance.sample(pool.split(), 3)]
            chance.shuffle(options)
            one = base | {"id": number, "image": f"med-mat/toy/{number:04d}.png", "key": f"{number:016x}"}
            made.append(one | {"captions": ["Ant"], "answer": "Ant", "options": options,
                               "answer_index": options.index("Ant")})  # fmt: skip
    assert {f.name for f in found(uneven, card)} - {"uneven_instructions"} == {"uneven_options"}
    assert {f.name for f in found(even, card)} - {"uneven_instructions"} == set()


def test_draws_without_replacement_are_judged_by_their_own_variance() -> None:
    chance = random.Random(5)
    values = []
    for _ in range(300):
        drawn = Drawn(tuple("abcdef"))
        for _ in range(200):
            drawn.add(chance.sample("abcdef", chance.randrange(1, 4)))
        made = drawn.statistic()
        assert made is not None
        values.append(made[0])
    assert np.mean(values) == pytest.approx(5, rel=0.15)  # chi-squared of five degrees has mean 5, variance 10
    assert np.var(values) == pytest.approx(10, rel=0.35)


# -- guessers -------------------------------------------------------------------------------------------


def test_a_guesser_who_cannot_decide_is_credited_with_chance() -> None:
    assert credit(best(["Cat", "Dog", "Cow", "Eel"], len), "Cat") == 0.25
    assert credit(best(["Cat", "Whale", "Cow", "Eel"], len), "Cat") == 0
    assert credit(best(["Cat", "Whale", "Cow", "Eel"], len), "Whale") == 1


def test_the_odd_one_out_shares_no_word_with_the_others() -> None:
    options = ["Mild retinopathy", "Severe retinopathy", "Moderate retinopathy", "Cataract of the lens"]
    assert best(options, lambda option: oddness(option, options)) == ["Cataract of the lens"]


# -- streams --------------------------------------------------------------------------------------------

LAYOUTS = {
    "line by line": lambda made: "[\n" + ",\n".join(map(json.dumps, made)) + "\n]\n",
    "on one line": json.dumps,
    "indented": lambda made: json.dumps(made, indent=4),
    "indented and not ASCII": lambda made: json.dumps(made, indent=1, ensure_ascii=False),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("chunk", [7, 64, 1 << 20])
def test_an_array_is_read_however_it_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, chunk: int
) -> None:
    monkeypatch.setattr("medmat_core.audit.stream.CHUNK", chunk)
    made = [{"id": number, "Answer": 'Zyste "ß" [,]{\\', "list": [1.5, None, {}]} for number in range(40)]
    file = tmp_path / "records.json"
    file.write_text(LAYOUTS[layout](made), encoding="utf-8")
    assert list(records(file)) == made


@given(
    st.lists(
        st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda c: st.lists(c, max_size=3)), max_size=6
    )
)
def test_any_array_comes_back_whole_and_any_cut_is_told(tmp_path: Path, values: list[Any]) -> None:
    file = tmp_path / "any.json"
    text = json.dumps(values)
    file.write_text(text)
    assert list(records(file)) == values
    assume(len(text) > 2)
    file.write_text(text[: random.Random(len(text)).randrange(1, len(text))])
    with pytest.raises(StreamError):
        list(records(file))


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.json", "", "empty"),
        ("a.json", '[{"id": 1}', "cut off"),
        ("a.json", '[{"id": 1}] []', "goes on"),
        ("a.json", "records", "no JSON array"),
        ("a.jsonl", '{"id": 1} {"id": 2}\n', "one object a line"),
        ("a.jsonl", '{"id":\n1}\n', "one object a line"),
        ("a.jsonl", '{"id": 1}\n{"id": ', "cut off"),
    ],
)
def test_a_file_that_is_no_stream_of_records_is_told(tmp_path: Path, name: str, text: str, what: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(StreamError, match=what):
        list(records(file))


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'["\xff"]')
    with pytest.raises(StreamError, match="UTF-8"):
        list(records(file))


def test_an_empty_file_of_lines_holds_no_records(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("")
    assert list(records(file)) == []


# -- small parts ----------------------------------------------------------------------------------------


@given(
    st.text(alphabet="abc: A.\n?", min_size=1).map(str.strip).filter(bool),
    st.lists(st.text("ab: B.", min_size=1), min_size=1, max_size=5),
)
def test_a_question_choice_gives_its_options_back(question: str, options: list[str]) -> None:
    read, told = read_choice(question, choice_text(question, tuple(options)))
    assert (read, told) == (tuple(options), [])


@given(st.lists(st.integers(0, 6), max_size=40), st.data())
def test_repeats_and_crossings_are_those_of_plain_counting(values: list[int], data: st.DataObject) -> None:
    sides = data.draw(st.lists(st.integers(0, 1), min_size=len(values), max_size=len(values)))
    column = np.array(values, np.uint64)
    expected = {v: [i for i, w in enumerate(values) if w == v] for v in set(values) if v and values.count(v) > 1}
    assert {int(column[rows[0]]): list(map(int, rows)) for rows in runs(column)} == expected
    both = {v for v in set(values) if v and {s for w, s in zip(values, sides, strict=True) if w == v} == {0, 1}}
    pairs = list(across(column, np.array(sides, np.uint8)))
    assert {values[train] for train, _ in pairs} == both
    assert all(sides[train] == 0 and sides[test] == 1 and values[train] == values[test] for train, test in pairs)


@given(
    st.lists(st.integers(1, 2**64 - 1), min_size=1, max_size=8),
    st.lists(st.sets(st.integers(0, 63), max_size=6), min_size=1, max_size=8),
)
def test_near_copies_are_found_up_to_four_bits_apart(train: list[int], flips: list[set[int]]) -> None:
    test = [train[i % len(train)] ^ sum(1 << bit for bit in bits) for i, bits in enumerate(flips)]
    assume(all(test))
    one, other = np.array(train, np.uint64), np.array(test, np.uint64)
    nearest = {i: min(bin(a ^ b).count("1") for b in test) for i, a in enumerate(train)}
    assert {i: bits for i, _, bits in near_pairs(one, other)} == {i: b for i, b in nearest.items() if b <= 4}
    assert int(bits_apart(one[:1], other[:1])[0]) == bin(train[0] ^ test[0]).count("1")


def test_no_text_is_hashed_to_nothing() -> None:
    assert all(0 < hashed(text) < 2**64 for text in ("", "a", ("a", "b")))


def test_every_fault_has_one_name_and_a_meaning() -> None:
    assert not set(FAULTS) & set(NOTES)
    assert all(meaning and meaning[0] not in " ." for meaning in (*FAULTS.values(), *NOTES.values()))
    with pytest.raises(ValueError, match="no fault"):
        Fault("nonsense", "")


def test_faults_are_counted_beyond_those_that_are_kept() -> None:
    faults = Faults(keep=3)
    for number in range(10):
        faults.tell("ids", "wrong", record=number)
    faults.tell("unprotected", "a note")
    assert faults.counts == {"ids": 10} and faults.notes == {"unprotected": 1}
    assert [fault.record for fault in faults.kept] == [0, 1, 2, None]
