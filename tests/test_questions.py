"""What every question must satisfy, over random catalogs: no double, no related, no true wrong option."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medmat_core.concepts import Concepts, Group, Relations, fold
from medmat_core.questions import Draw, LabelPlanner, Plan, Pools, Unasked, bits_of, key_of
from medmat_core.subsets import PoolLabel, Subset
from tests.toy import INSTRUCTIONS, toy_card

NAMES = tuple(f"{word} disease" for word in "alpha beta gamma delta epsilon zeta eta theta iota kappa".split())

names = st.lists(st.sampled_from(NAMES), min_size=2, max_size=6, unique=True)
pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=4)


def planner(
    own: list[str],
    pool: tuple[str, ...] = (),
    *,
    kind: str = "single-label",
    mode: str = "mixed",
    relations: Relations | None = None,
    head: str = "",
    tables: str = "",
) -> LabelPlanner:
    with tempfile.TemporaryDirectory() as where:
        card = toy_card(Path(where), kind=kind, labels={name: name for name in own}, head=head, tables=tables)
    subset = Subset(1000, "Toy", "Toy", "Toy", {"label": INSTRUCTIONS}, tuple(PoolLabel(name, (7,)) for name in pool))
    return LabelPlanner(card, subset, Pools(card, subset, Concepts(relations or Relations()), mode))  # type: ignore[arg-type]


def toml_pairs(key: str, found: list[tuple[str, str]]) -> str:
    return f"{key} = [" + ", ".join(f'["{a}", "{b}"]' for a, b in found) + "]\n"


@given(
    own=names,
    pool=names,
    same=pairs,
    wider=pairs,
    together=pairs,
    nested=pairs,
    mode=st.sampled_from(["mixed", "subset", "dataset"]),
    seed=st.integers(0, 2**32),
    pick=st.integers(0, 99),
)
def test_no_option_of_a_single_label_question_can_be_disputed(
    own: list[str],
    pool: list[str],
    same: list[tuple[str, str]],
    wider: list[tuple[str, str]],
    together: list[tuple[str, str]],
    nested: list[tuple[str, str]],
    mode: str,
    seed: int,
    pick: int,
) -> None:
    order = {name: place for place, name in enumerate(NAMES)}
    downward = [(a, b) for a, b in wider if order[a] < order[b]]  # no name is wider than itself
    narrow: dict[str, tuple[str, ...]] = {}
    for a, b in downward:
        narrow[a] = (*narrow.get(a, ()), b)
    try:
        concepts = Concepts(Relations(group=(Group("test", tuple(same), narrow, tuple(together)),)))
    except Exception:
        assume(False)
        raise
    inside = [(a, b) for a, b in nested if a in own and b in own and order[a] < order[b]]
    tables = "[classes]\n" + toml_pairs("nested", inside)
    try:
        plans = planner(own, tuple(pool), mode=mode, relations=concepts.relations, tables=tables)
    except Exception as error:
        assume("wider than itself" not in str(error))
        raise
    answer = own[pick % len(own)]
    plan = plans.plan((answer,))
    if isinstance(plan, Unasked):
        assert plan.reason == "no_distractor"
        return
    template, options, place = plan.draw(bits_of(seed, 77))
    assert 0 <= template < 6
    assert 2 <= len(options) <= 4
    assert options[place] == answer and options.count(answer) == 1
    assert len({fold(option) for option in options}) == len(options)
    for i, one in enumerate(options):
        for other in options[:i]:
            if one in own and other in own:
                assert (one, other) not in inside and (other, one) not in inside
            else:
                assert not plans.pools.concepts.related(one, other)
    mine = [option for option in options if option in own and option != answer]
    eligible = plans.pools.eligible(answer).own
    if mode == "mixed" and eligible:
        assert mine
    if mode == "dataset":
        assert len(mine) == len(options) - 1


@given(
    own=st.lists(st.sampled_from(NAMES), min_size=3, max_size=10, unique=True),
    marks=st.lists(st.sampled_from("sua-"), min_size=10, max_size=10),
    blank=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_a_multi_label_question_names_all_findings_and_only_absent_ones_beside_them(
    own: list[str], marks: list[str], blank: bool, seed: int
) -> None:
    plans = planner(own, kind="multi-label", head=f"blank_is_absent = {str(blank).lower()}")
    said = {mark: tuple(n for n, m in zip(own, marks, strict=False) if m == mark) for mark in "sua-"}
    plan = plans.plan(said["s"], said["u"], said["a"])
    if not said["s"]:
        assert isinstance(plan, Unasked) and plan.reason == "no_label"
        return
    absent = set(said["a"]) | (set(said["-"]) if blank else set())
    if not absent:
        assert isinstance(plan, Unasked) and plan.reason == "no_distractor"
        return
    assert isinstance(plan, Plan)
    _, options, place = plan.draw(bits_of(seed, 77))
    assert options[place] == "; ".join(said["s"])
    assert len({frozenset(option.split("; ")) for option in options}) == len(options)
    for option in options[:place] + options[place + 1 :]:
        findings = option.split("; ")
        assert set(findings) <= absent
        assert findings == sorted(findings, key=own.index)
        assert len(findings) == min(len(said["s"]), len(absent))


def test_no_x_stands_beside_x_and_what_x_contains_and_nothing_else() -> None:
    relations = Relations(
        negates={"No glaucoma": "Glaucoma"}, group=(Group("test", wider={"Glaucoma": ("Angle-closure glaucoma",)}),)
    )
    pool = ("No glaucoma", "Glaucoma")
    assert (
        "No glaucoma" not in planner(["Cataract", "Myopia"], pool, relations=relations).pools.eligible("Cataract").other
    )
    narrow = planner(["Angle-closure glaucoma", "Myopia"], pool, relations=relations).pools
    assert "No glaucoma" in narrow.eligible("Angle-closure glaucoma").other
    deny = planner(["No glaucoma", "Glaucoma"], ("Cataract",), relations=relations).pools.eligible("No glaucoma")
    assert deny.own == ("Glaucoma",) and deny.other == ()


def test_catch_alls_and_anatomy_are_never_wrong_options() -> None:
    tables = '[classes]\ncatch_all = ["Other"]\nanatomy = ["Ribs"]'
    plans = planner(["A", "B", "Other", "Ribs"], tables=tables)
    assert plans.pools.eligible("A").own == ("B",)


def test_with_nothing_certainly_wrong_there_is_no_question() -> None:
    tables = '[classes]\nnested = [["A", "B"]]'
    plan = planner(["A", "B"], tables=tables).plan(("A",))
    assert isinstance(plan, Unasked) and plan.reason == "no_distractor"


def chi_squared(counts: Counter[object], cells: int) -> float:
    expected = counts.total() / cells
    return sum((counts[key] - expected) ** 2 / expected for key in counts) + expected * (cells - len(counts))


# 99.99 % quantiles of chi-squared by degrees of freedom, from the inverse of its distribution
LIMIT = {3: 21.1, 5: 25.7, 2: 18.4, 7: 29.9}


def test_letters_instructions_and_labels_are_used_evenly() -> None:
    own = ["a", "b", "c", "d"]
    pool = tuple(f"p{n}" for n in range(8))
    plan = planner(own, pool).plan(("a",))
    assert isinstance(plan, Plan)
    letters: Counter[object] = Counter()
    templates: Counter[object] = Counter()
    mine: Counter[object] = Counter()
    others: Counter[object] = Counter()
    for number in range(24_000):
        template, options, place = plan.draw(bits_of(1, key_of("toy", str(number), "label")))
        letters[place] += 1
        templates[template] += 1
        for option in options:
            if option in pool:
                others[option] += 1
            elif option != "a":
                mine[option] += 1
    assert chi_squared(letters, 4) < LIMIT[3]
    assert chi_squared(templates, 6) < LIMIT[5]
    assert chi_squared(mine, 3) < LIMIT[2]
    assert chi_squared(others, 8) < LIMIT[7]


def test_a_draw_hangs_on_seed_and_key_alone() -> None:
    plan = planner(["a", "b", "c", "d"]).plan(("a",))
    assert isinstance(plan, Plan)
    key = key_of("toy", "x.jpg", "label")
    assert plan.draw(bits_of(3, key)) == plan.draw(bits_of(3, key))
    assert len({plan.draw(bits_of(seed, key)) for seed in range(50)}) > 10


def test_keys_differ_by_every_part_and_are_sixteen_hex_digits() -> None:
    keys = {
        f"{key_of(*parts):016x}" for parts in (("a", "b", "box", "c"), ("ab", "", "box", "c"), ("a", "b", "box", "d"))
    }
    assert len(keys) == 3
    assert all(len(key) == 16 for key in keys)


@given(st.integers(0, 2**64), st.lists(st.integers(1, 1000), max_size=200))
def test_a_long_stream_of_draws_stays_in_range(seed: int, sizes: list[int]) -> None:
    draw = Draw(seed, 77)
    assert all(0 <= draw.below(n) < n for n in sizes)


@pytest.mark.parametrize("mode", ["mixed", "subset"])
def test_the_pool_and_not_what_is_installed_gives_the_other_options(mode: str) -> None:
    plan = planner(["a", "b"], ("p", "q"), mode=mode).plan(("a",))
    assert isinstance(plan, Plan)
    seen = {option for n in range(200) for option in plan.draw(bits_of(n, 78))[1]}
    assert seen == {"a", "b", "p", "q"}


def test_letters_stay_even_where_many_names_have_to_be_looked_through() -> None:
    own = [f"n{n}" for n in range(120)]
    plans = planner(own, kind="multi-label", head="blank_is_absent = true")
    several = plans.plan(("n3", "n9", "n27"))
    clashing = tuple((f"n{n}", f"n{n + 1}") for n in range(110))
    tables = "[classes]\n" + toml_pairs("overlapping", list(clashing))
    single = planner(own, tables=tables).plan(("n119",))
    for plan in (several, single):
        assert isinstance(plan, Plan) and plan.span == 0
        letters: Counter[object] = Counter()
        for number in range(4000):
            letters[plan.draw(bits_of(1, key_of("toy", str(number), "label")))[2]] += 1
        assert chi_squared(letters, 4) < LIMIT[3]


def test_no_option_of_several_findings_implies_another() -> None:
    relations = Relations(findings_coexist=True, group=(Group("test", wider={"W": ("N",)}),))
    plan = planner(
        ["A", "B", "W", "N", "C"], kind="multi-label", head="blank_is_absent = true", relations=relations
    ).plan(("A", "B"))
    assert isinstance(plan, Plan)
    for number in range(200):
        options = plan.draw(bits_of(number, 5))[1]
        assert not {"W; C", "N; C"} <= set(options)


def test_chains_of_nested_classes_never_meet() -> None:
    tables = '[classes]\nnested = [["A", "B"], ["B", "C"]]'
    assert planner(["A", "B", "C", "D"], tables=tables).pools.clash("A", "C")


def test_no_option_of_several_findings_says_that_nothing_was_found() -> None:
    """The subset alone calls "clean" normal: a card may have a class for it that is not its normal one."""
    own = [*NAMES[:5], "clean"]
    relations = Relations(normal=("clean",), findings_coexist=True)
    plan = planner(own, kind="multi-label", head="blank_is_absent = true", relations=relations).plan(NAMES[:2])
    assert isinstance(plan, Plan)
    options = {option for number in range(200) for option in plan.draw(bits_of(0, number))[1]}
    assert len(options) > 2
    assert not any("clean" in option for option in options)


def test_keys_and_bits_of_a_loop_are_those_of_a_single_call() -> None:
    from medmat_core.questions.draws import bits_from, bits_of, key_of, keys_of

    for path in ("a/b (1).jpg", "ü/Ω.png", "odd\udc80name.png"):
        key = key_of("toy", path, "label")
        assert keys_of("toy", "label")(path) == key
        assert bits_from(7)(key) == bits_of(7, key) != bits_of(8, key)
