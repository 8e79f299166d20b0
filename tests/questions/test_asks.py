"""Every ask by itself: what a picture brings, which pictures may meet, and what becomes of the rest."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.concepts import Group, Relations
from medmat_core.questions import BY_SUBSET
from medmat_core.questions.asked import OPEN
from medmat_core.questions.draws import Draw
from medmat_core.questions.labels import Compatible, plain_sets
from medmat_core.questions.pools import _chained
from medmat_core.questions.subset_rule import ask_labels_as_published, ask_labels_by_subset
from medmat_core.regions.words import CELLS, parse_coverage
from tests.questions.scene import TEXTS, Seen, asked, hold, rounds_of, view_of

NAMES = tuple(f"{word} disease" for word in "alpha beta gamma delta epsilon zeta eta theta".split())


def single(name: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return (name,), (), ()


# -- labels -------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=60),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=4),
    st.integers(0, 99),
)
def test_labels_meet_only_where_each_is_certainly_wrong_of_the_other(
    labels: list[str], overlapping: list[tuple[str, str]], seed: int
) -> None:
    pairs = [(a, b) for a, b in overlapping if a != b]
    tables = "[classes]\noverlapping = [" + ", ".join(f'["{a}", "{b}"]' for a, b in pairs) + "]"
    view = view_of(NAMES, labels=[single(name) for name in labels], tables=tables, seed=seed)
    questions, sheet = asked(view, "label")
    hold(questions)
    assert sorted(q.place for q in questions) == list(range(len(labels)))  # nothing is lost
    assert all(q.answer == labels[q.place] for q in questions)
    apart = {frozenset(pair) for pair in pairs}
    for question in questions:
        for one, two in combinations(question.options, 2):
            if question.round or question.answer in (one, two):
                assert frozenset((one, two)) not in apart
    shares = sheet.shares["label"]
    assert sum(shares.rounds.values()) + shares.surplus + shares.open == len(labels)


def test_a_data_set_of_one_label_is_open() -> None:
    questions, sheet = asked(view_of(NAMES, labels=[single(NAMES[0])] * 9), "label")
    assert [q.slot for q in questions] == [OPEN] * 9 and sheet.shares["label"].open == 9


def test_surplus_borrows_a_list_that_holds_its_answer_or_is_dropped() -> None:
    labels = [single(name) for name in (*["alpha disease"] * 90, *["beta disease"] * 10)]
    questions, _ = asked(view_of(NAMES[:2], labels=labels), "label")
    kinds = Counter("round" if q.round else "open" if q.slot == OPEN else "surplus" for q in questions)
    assert kinds["round"] == 20 and kinds["surplus"] == 80 and not kinds["open"]
    assert {q.answer for q in questions if not q.round} == {"alpha disease"}
    dropped, sheet = asked(view_of(NAMES[:2], labels=labels, surplus="drop"), "label")
    assert len(dropped) == 20 and sheet.shares["label"].alone == 80


def test_parts_never_meet() -> None:
    labels = [single(name) for name in ("alpha disease", "beta disease")] * 10
    parts = [0] * 10 + [2] * 10
    questions, _ = asked(view_of(NAMES[:2], labels=labels, parts=parts), "label")
    for some in rounds_of(questions).values():
        assert len({parts[q.place] for q in some}) == 1


def test_catch_alls_stand_in_no_list() -> None:
    labels = [single(name) for name in ("alpha disease", "beta disease", "Other")] * 8
    view = view_of([*NAMES[:2], "Other"], labels=labels, tables='[classes]\ncatch_all = ["Other"]')
    questions, _ = asked(view, "label")
    assert all("Other" not in q.options for q in questions)
    assert {q.slot for q in questions if q.answer == "Other"} == {OPEN}


def test_a_list_of_findings_meets_one_that_holds_what_its_table_marks_absent() -> None:
    names = ("A", "B", "C")
    sets = [
        (("A",), (), ("B",)),
        (("B",), (), ("A",)),
        (("A", "B"), (), ()),
        (("C",), ("A",), ("B",)),
        (("B",), (), ()),
    ]
    view = view_of(names, kind="multi-label", labels=sets)
    numbered, _ = plain_sets(view.label_sets)
    meets = Compatible(view.pools, numbered)

    def meet(one: int, two: int) -> bool:
        a, b = (np.array([numbered.index(sets[n])]) for n in (one, two))
        return bool(meets(a, b)[0])

    assert meet(0, 1) and meet(1, 0)
    assert not meet(0, 2)  # all of one is said by the other
    assert not meet(0, 3)  # A is uncertain there, C is not marked absent here
    assert not meet(0, 4)  # the blank says nothing of A


def test_with_blanks_that_mean_absent_normal_opposes_every_finding() -> None:
    names = ("No finding", "A", "B")
    head = 'normal = "No finding"\nblank_is_absent = true'
    labels = [single("No finding")] * 6 + [(("A",), (), ())] * 3 + [(("A", "B"), (), ())] * 3
    questions, _ = asked(view_of(names, kind="multi-label", labels=labels, head=head), "label")
    hold(questions)
    for question in questions:
        if question.round:
            assert not {"A", "A; B"} <= set(question.options)
    assert sum(bool(q.round) for q in questions) == 12


def test_what_is_not_said_is_not_asked() -> None:
    labels = [((), ("A",), ())] * 3 + [single("A"), single("B")]
    questions, sheet = asked(view_of(("A", "B"), kind="multi-label", labels=labels), "label")
    assert sorted(sheet.unasked["no_label"]) == [0, 1, 2]
    assert {q.place for q in questions} == {3, 4}


@given(st.permutations(range(30)), st.integers(0, 5))
def test_the_order_of_pictures_changes_nothing(order: list[int], seed: int) -> None:
    labels = [single(NAMES[n % 5]) for n in range(30)]
    keys = [97 * n + 5 for n in range(30)]
    plain, _ = asked(view_of(NAMES, labels=labels, keys=keys, seed=seed), "label")
    turned, _ = asked(
        view_of(NAMES, labels=[labels[n] for n in order], keys=[keys[n] for n in order], seed=seed), "label"
    )
    said = {keys[q.place]: (q.question, q.options, q.slot, q.round) for q in plain}
    assert {keys[order[q.place]]: (q.question, q.options, q.slot, q.round) for q in turned} == said


def test_a_draw_hangs_on_the_seed() -> None:
    labels = [single(NAMES[n % 4]) for n in range(40)]
    texts = {
        tuple((q.question, q.options) for q in asked(view_of(NAMES, labels=labels, seed=s), "label")[0]) for s in (1, 2)
    }
    assert len(texts) == 2


def test_by_the_subset_every_label_gets_as_many_options() -> None:
    relations = Relations(group=(Group("test", may_coincide=(("alpha disease", "P"), ("alpha disease", "Q"))),))
    labels = [single(name) for name in ("alpha disease", "beta disease")] * 20
    view = view_of(NAMES[:2], labels=labels, pool=["P", "Q", "R"], relations=relations)
    questions, _ = asked(view, "label", BY_SUBSET)
    # alpha may stand beside beta and R alone, so beta gets no more than three options either
    assert {len(q.options) for q in questions} == {3}
    for question in questions:
        if question.answer == "alpha disease":
            assert not {"P", "Q"} & set(question.options)
    assert {option for q in questions for option in q.options} <= {"alpha disease", "beta disease", "P", "Q", "R"}


@pytest.mark.parametrize("rule", [ask_labels_by_subset, ask_labels_as_published])
def test_asked_one_by_one_all_six_instructions_are_used_and_four_options_are_the_most(rule: object) -> None:
    labels = [single(NAMES[n % 8]) for n in range(160)]
    questions, _ = asked(view_of(NAMES, labels=labels), "label", {"label": rule})
    assert {len(q.options) for q in questions} == {4}
    assert {q.question[0] for q in questions} == {q[0] for q in TEXTS["label"]}
    assert all(q.options[q.slot] == q.answer == labels[q.place][0][0].capitalize() for q in questions) or (
        rule is ask_labels_by_subset
    )


def test_what_follows_from_a_chain_of_wider_and_narrower_is_known_and_nothing_else() -> None:
    assert _chained([("a", "b"), ("b", "c"), ("x", "a"), ("d", "e")]) == {
        ("a", "b"), ("b", "c"), ("x", "a"), ("d", "e"), ("a", "c"), ("x", "b"), ("x", "c"),
    }  # fmt: skip


def test_every_order_of_options_is_drawn() -> None:
    drawn = Counter(tuple(Draw(7, key).shuffled("abcd")) for key in range(2400))
    assert len(drawn) == 24 and min(drawn.values()) > 50


# -- regions ------------------------------------------------------------------------------------------------------


def overlap(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0, width) * max(0, height)
    whole = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / whole


def parsed(text: str) -> list[tuple[int, ...]]:
    return [tuple(round(1000 * float(n)) for n in part.strip("[]").split(", ")) for part in text.split("; ")]


boxes = st.tuples(st.integers(0, 800), st.integers(0, 800), st.integers(20, 200), st.integers(20, 200)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.lists(st.lists(boxes, min_size=1, max_size=3), min_size=1, max_size=25), st.integers(0, 9))
def test_no_box_of_one_picture_could_pass_for_a_box_of_a_fellow(found: list[list[tuple[int, ...]]], seed: int) -> None:
    regions = [[Seen("mass", box) for box in some] for some in found]  # type: ignore[arg-type]
    questions, sheet = asked(view_of(["mass"], kind="mask", regions=regions, seed=seed), "box")
    hold(questions)
    assert sorted(q.place for q in questions) == list(range(len(found)))
    for question in questions:
        told = found[question.place]
        # a region with the box of the one before it is told by that
        assert parsed(question.answer) == [b for n, b in enumerate(told) if not n or b != told[n - 1]]
    for some in rounds_of(questions).values():
        assert len({len(parsed(option)) for option in some[0].options}) == 1
        for one, two in combinations(some[0].options, 2):
            assert all(overlap(a, b) <= 0.5 for a in parsed(one) for b in parsed(two))
    assert sheet.shares["box"].surplus == 0


def test_a_region_in_the_box_of_the_one_before_it_is_told_by_that_in_every_picture() -> None:
    twice = [Seen("mass", (100, 100, 200, 200)), Seen("mass", (100, 100, 200, 200))]
    regions = [[Seen("mass", (0, 0, 50, 50))], twice, [Seen("mass", (600, 600, 700, 700))]]
    questions, _ = asked(view_of(["mass"], kind="mask", regions=regions), "box")
    assert [parsed(q.answer) for q in questions if q.place == 1] == [[(100, 100, 200, 200)]]


def test_more_than_four_regions_are_one_box_around_all_and_meet_only_their_like() -> None:
    many = [[Seen("mass", (100 * n + 10 * p, 5, 100 * n + 60, 50)) for n in range(5)] for p in range(2)]
    far = [[Seen("mass", (100 * n, 600, 100 * n + 60, 900 + p)) for n in range(6)] for p in range(2)]
    one = [[Seen("mass", (900, 20, 950, 60))]]
    questions, _ = asked(view_of(["mass"], kind="mask", regions=[*many, *far, *one]), "box")
    assert [len(parsed(q.answer)) for q in questions] == [1] * 5
    assert [bool(q.round) for q in questions] == [True] * 4 + [False]
    assert "encloses" in questions[0].question and "encloses" not in questions[4].question


def test_in_pixels_only_pictures_of_one_size_meet() -> None:
    regions = [[Seen("mass", (0, 0, 10, 10))], [Seen("mass", (50, 50, 90, 90))]] * 20
    sizes = [((100, 100), (200, 100))[n // 2 % 2] for n in range(40)]
    view = view_of(["mass"], kind="mask", regions=regions, sizes=sizes, box_format="pixel")
    rounds = rounds_of(asked(view, "box")[0])
    assert len(rounds) == 20
    for some in rounds.values():
        assert len({sizes[q.place] for q in some}) == 1


def test_a_box_around_many_regions_reaches_as_far_as_they_do() -> None:
    many = [Seen("mass", (100 * n, 40 + n, 100 * n + 60, 90 + n)) for n in range(5)]
    fellow = [Seen("mass", (100 * n, 600, 100 * n + 60, 900)) for n in range(5)]
    questions, _ = asked(view_of(["mass"], kind="mask", regions=[many, fellow]), "box")
    assert parsed(questions[0].answer) == [(0, 40, 460, 94)]


def test_of_regions_of_one_size_a_structure_question_points_at_the_last() -> None:
    equal = [Seen("mass", box, area=900) for box in ((500, 0, 530, 30), (500, 40, 530, 70), (0, 500, 30, 530))]
    other = [Seen("cyst", (502, 42, 532, 72), area=900)]
    for order in permutations(equal):
        questions, _ = asked(view_of(["mass", "cyst"], kind="mask", regions=[list(order), other]), "structure")
        assert len(questions) == 2  # the box is what the two have between them
        assert {q.question.split("[")[1].split("]")[0] for q in questions} == {"0.501, 0.041, 0.531, 0.071"}


def test_what_is_denied_opposes_itself_and_nothing_else() -> None:
    relations = Relations(negates={"No mass": "mass"})
    view = view_of(["mass", "cyst"], labels=[single("mass")], pool=["No mass"], relations=relations)
    assert view.pools.may_oppose("mass", "No mass")
    assert not view.pools.may_oppose("cyst", "No mass")


def test_cells_meet_where_hardly_anything_of_one_region_lies_in_the_other_cell() -> None:
    # upper left; center, reaching into the upper left; lower right
    kinds = [(0, 1 << 0), (4, 1 << 4 | 1 << 0), (8, 1 << 8)]
    regions = [[Seen("mass", (0, 0, 9, 9), cell=cell, touched=touched)] for cell, touched in kinds * 6]
    questions, sheet = asked(view_of(["mass"], kind="mask", regions=regions), "location")
    hold(questions)
    for some in rounds_of(questions).values():
        assert set(some[0].options) in ({CELLS[0], CELLS[8]}, {CELLS[4], CELLS[8]})
    assert all(q.round for q in questions) and sheet.shares["location"].open == 0
    assert sheet.shares["location"].alone == 18 - len(questions)


@given(st.lists(st.floats(0.02, 100), min_size=2, max_size=40))
def test_coverages_of_a_round_can_be_told_apart_by_eye(percent: list[float]) -> None:
    regions = [[Seen("vessel", (0, 0, 999, 999), area=value * 10_000)] for value in percent]
    questions, _ = asked(view_of(["vessel"], kind="mask", regions=regions), "coverage")
    hold(questions)
    for some in rounds_of(questions).values():
        for one, two in combinations(some, 2):
            for a, b in (
                sorted((percent[one.place], percent[two.place])),
                sorted((parse_coverage(one.answer), parse_coverage(two.answer))),
            ):
                assert b >= 1.5 * a - 1e-9 or b - a >= 10 - 1e-9
    assert all(q.round for q in questions)


def test_as_many_pictures_with_a_class_are_asked_about_it_as_without() -> None:
    regions = [[Seen("mass", (0, 0, 9, 9))]] * 3 + [[Seen("cyst", (0, 0, 9, 9))]] * 6 + [[]] * 2
    questions, _ = asked(view_of(["mass", "cyst"], kind="mask", regions=regions), "presence")
    hold(questions)
    mass = [q for q in questions if q.caption == "mass"]
    assert Counter(q.answer for q in mass) == {"mass": 3, "No mass": 3}
    assert {9, 10} <= {q.place for q in mass}  # pictures without any class come first
    cyst = Counter(q.answer for q in questions if q.caption == "cyst")
    assert cyst == {"cyst": 5, "No cyst": 5}


def test_a_class_that_nobody_can_tell_is_not_asked_about() -> None:
    regions = [[Seen("mass", (0, 0, 9, 9))], [Seen("cyst", (0, 0, 9, 9))], []]
    view = view_of(["mass", "cyst"], kind="mask", regions=regions, unsure={1: ("mass",), 2: ("mass",)})
    assert {q.caption for q in asked(view, "presence")[0]} == {"cyst"}


def test_structures_of_a_round_lie_in_its_box_and_nowhere_touch_it_in_a_fellow() -> None:
    regions = [
        [Seen("mass", (100, 100, 200, 200), area=9)],
        [Seen("cyst", (105, 105, 205, 205), area=9)],
        [Seen("node", (100, 100, 210, 200), area=9), Seen("mass", (150, 150, 160, 160), area=1)],
    ]
    questions, _ = asked(view_of(["mass", "cyst", "node"], kind="mask", regions=regions * 2), "structure")
    hold(questions)
    assert questions
    for some in rounds_of(questions).values():
        # the mass inside the node's box would make both options right of the third picture
        assert not {"mass", "node"} <= set(some[0].options)


def test_of_several_regions_the_largest_is_what_a_structure_question_points_at() -> None:
    small, large = Seen("mass", (0, 0, 40, 40), area=10), Seen("mass", (500, 500, 600, 600), area=5000)
    other = Seen("cyst", (505, 505, 600, 600), area=5000)
    for order in permutations((small, large)):
        questions, _ = asked(view_of(["mass", "cyst"], kind="mask", regions=[list(order), [other]]), "structure")
        assert len(questions) == 2
        box = [float(n) for n in questions[0].question.split("[")[1].split("]")[0].split(", ")]
        assert box[0] >= 0.5


@pytest.mark.parametrize("ask", ["box", "location", "coverage", "presence", "structure"])
def test_a_class_that_is_a_catch_all_is_never_pointed_at(ask: str) -> None:
    regions = [[Seen("Other", (300 * n, 0, 300 * n + 90, 90), area=999, cell=n, touched=1 << n)] for n in range(3)] + [
        []
    ]
    view = view_of(["Other", "mass"], kind="mask", regions=regions, tables='[classes]\ncatch_all = ["Other"]')
    assert asked(view, ask)[0] == []
