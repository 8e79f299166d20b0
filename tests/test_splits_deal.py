"""Groups are dealt so that every class has its share in test, and by hash alone where data sets share them."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.splits import Decision, Side, group_hash
from medmat_core.splits.deal import Kinds, Search
from tests.splitting import NAMESPACE, Row, decided, ledger_of

TEST = Decision.TEST
FRACTIONS = (0.05, 0.1, 0.15, 0.3, 0.5, 0.8)


def by_class(rows: Sequence[Row]) -> dict[str, Counter[object]]:
    """Pictures of each class in each group."""
    found: dict[str, Counter[object]] = defaultdict(Counter)
    for row in rows:
        for name in row.stated or ("",):
            found[name][row.group or row.key] += 1
    return found


def in_test(rows: Sequence[Row], decisions: Iterable[Decision]) -> set[object]:
    return {row.group or row.key for row, decision in zip(rows, decisions, strict=True) if decision is TEST}


def will_do(rows: Sequence[Row], test: set[object], fraction: float) -> bool:
    """Whether each class is within its largest group and one of its share, and a class with two groups has a test."""
    return all(
        abs(sum(groups[g] for g in groups.keys() & test) - fraction * groups.total()) <= max(groups.values()) + 1
        and (len(groups) < 2 or not test.isdisjoint(groups))
        for groups in by_class(rows).values()
    )


def reachable(rows: Sequence[Row], fraction: float) -> bool:
    groups = sorted({row.group or row.key for row in rows}, key=str)
    return any(
        will_do(rows, {g for g, taken in zip(groups, chosen, strict=True) if taken}, fraction)
        for chosen in product((False, True), repeat=len(groups))
    )


def drawn(number: int, *, groups: int, classes: int) -> list[Row]:
    """A small data set with large and small groups of several classes."""
    choose = random.Random(number)
    names = [chr(97 + n) for n in range(classes)]
    rows: list[Row] = []
    for group in range(groups):
        own = choose.sample(names, choose.randint(1, classes))
        for _ in range(choose.choice([1, 1, 1, 2, 3, 30])):
            several = choose.randint(1, len(own)) if choose.random() < 0.5 else 1
            rows.append(Row(len(rows) + 1, f"p{group}", stated=tuple(sorted(choose.sample(own, several)))))
    return rows


# -- shares -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(60))
def test_every_class_has_its_share_wherever_some_deal_reaches_it(number: int) -> None:
    rows = drawn(number, groups=2 + number % 7, classes=1 + number % 13)
    fraction = FRACTIONS[number % len(FRACTIONS)]
    decisions = decided(rows, seed=number, test_fraction=fraction)
    assert will_do(rows, in_test(rows, decisions), fraction) == reachable(rows, fraction)


def test_shares_that_one_group_at_a_time_does_not_reach_are_found_from_other_starts_or_by_trying_all() -> None:
    found = 0
    for number in range(1200):
        rows = drawn(number, groups=3 + number % 7, classes=2 + number % 25)
        fraction = FRACTIONS[number % len(FRACTIONS)]
        kinds = Kinds.of(ledger_of(rows, number), np.arange(len(rows)))
        search = Search(kinds, fraction, frozenset())
        if search._will_do(search._descend(search._start(0))):
            continue
        possible = reachable(rows, fraction)
        assert search._will_do(search.run()) == possible
        found += possible
    assert found >= 5


@given(
    st.lists(st.tuples(st.integers(1, 20), st.sampled_from("abc")), min_size=1, max_size=60),
    st.sampled_from(FRACTIONS),
    st.integers(0, 5),
)
def test_groups_of_one_class_each_bring_it_within_half_a_group_of_its_share(
    groups: list[tuple[int, str]], fraction: float, seed: int
) -> None:
    rows = [Row(0, f"p{n}", stated=(name,)) for n, (size, name) in enumerate(groups) for _ in range(size)]
    rows = [evolve(row, key=key) for key, row in enumerate(rows, 1)]
    test = in_test(rows, decided(rows, seed=seed, test_fraction=fraction))
    for sizes in by_class(rows).values():
        share = sum(sizes[g] for g in sizes.keys() & test)
        off = abs(share - fraction * sizes.total())
        # within half of it, or else the least that gives the class a test part
        assert off <= max(sizes.values()) / 2 + 1e-9 or share == min(sizes.values())


@pytest.mark.parametrize("fraction", FRACTIONS)
def test_pictures_without_groups_are_in_test_to_the_picture(fraction: float) -> None:
    rows = [Row(n, stated=("a" if n % 5 else "b",)) for n in range(1, 4001)]
    decisions = decided(rows, test_fraction=fraction)
    for name, count in (("a", 3200), ("b", 800)):
        share = sum(d is TEST and row.stated == (name,) for row, d in zip(rows, decisions, strict=True))
        assert abs(share - fraction * count) <= 1


def test_a_rare_class_in_few_patients_is_not_mostly_tested() -> None:
    """Row 36: 7,909 pictures of 82 patients, 444 of one class in four of them."""
    sizes = {"adenosis": 4, "fibroadenoma": 10, "phyllodes": 3, "tubular": 7, "ductal": 38, "lobular": 5}
    rows: list[Row] = []
    for name, patients in sizes.items():
        for patient in range(patients):
            for _ in range(60 + 17 * (patient * 7 % 5)):
                rows.append(Row(len(rows) + 1, f"{name}{patient}", stated=(name,)))
    for seed in range(20):
        test = in_test(rows, decided(rows, seed=seed, test_fraction=0.15))
        assert will_do(rows, test, 0.15)
        for name, groups in by_class(rows).items():
            assert sum(groups[g] for g in groups.keys() & test) < groups.total() * 0.5, name


@given(st.integers(0, 10**6), st.sampled_from(FRACTIONS))
def test_a_class_with_two_groups_has_a_test_part(number: int, fraction: float) -> None:
    rows = drawn(number, groups=2 + number % 8, classes=1 + number % 9)
    test = in_test(rows, decided(rows, test_fraction=fraction))
    assert all(not test.isdisjoint(groups) for groups in by_class(rows).values() if len(groups) > 1)


def test_nothing_is_tested_where_nothing_shall_be() -> None:
    assert TEST not in decided(drawn(1, groups=6, classes=3), test_fraction=0)


def test_pictures_without_a_finding_have_their_share_as_a_class() -> None:
    rows = [Row(n, f"p{n}", stated=() if n % 2 else ("a",)) for n in range(1, 401)]
    decisions = decided(rows, test_fraction=0.1)
    assert sum(d is TEST and not row.stated for row, d in zip(rows, decisions, strict=True)) == 20


# -- what a deal hangs on ---------------------------------------------------------------------------


def test_a_deal_hangs_on_groups_and_their_counts_of_captions_alone() -> None:
    for number in range(20):
        rows = drawn(number, groups=40, classes=4)
        told = in_test(rows, decided(rows))
        other = [
            evolve(row, key=1000 - row.key, uncertain=("z",), absent=("y",), side=Side.UNSAID) for row in reversed(rows)
        ]
        assert told == in_test(other, decided(other))
        assert told == in_test(rows, decided(rows, split="group", unprotected=True, validation="own"))


def test_the_seed_deals_anew() -> None:
    rows = drawn(3, groups=40, classes=4)
    assert len({frozenset(in_test(rows, decided(rows, seed=seed))) for seed in range(10)}) > 5
    single = [Row(n) for n in range(1, 200)]
    assert len({frozenset(in_test(single, decided(single, seed=seed))) for seed in range(10)}) == 10


def test_of_groups_that_hold_the_same_the_lowest_hashes_are_tested() -> None:
    rows = [Row(2 * n + k, f"p{n}", stated=("ab"[k],)) for n in range(100) for k in range(2)]
    test = in_test(rows, decided(rows, test_fraction=0.3))
    assert test == set(sorted({row.group for row in rows}, key=lambda g: group_hash(0, NAMESPACE, str(g)))[:30])


def test_one_picture_more_moves_few_groups() -> None:
    moved = []
    for number in range(30):
        rows = drawn(number, groups=80, classes=4)
        more = [*rows, Row(len(rows) + 1, "p7", stated=("a",))]
        before, after = in_test(rows, decided(rows)), in_test(more, decided(more))
        moved.append(len(before ^ after))
    assert sorted(moved)[15] <= 4
    single = [Row(n) for n in range(1, 500)]
    assert len(in_test(single, decided(single)) ^ in_test([*single, Row(500)], decided([*single, Row(500)]))) <= 3


def test_what_official_lists_hold_does_not_need_another_test() -> None:
    rows = [Row(1, "p", side=Side.TEST), Row(2, "q"), Row(3, "r")]
    assert decided(rows, test_fraction=0.1) == [TEST, Decision.TRAIN, Decision.TRAIN]


# -- shared namespaces ------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)), st.sampled_from(FRACTIONS), st.integers(0, 3))
def test_two_rows_of_a_shared_namespace_agree_without_knowing_of_one_another(
    one: set[int], two: set[int], fraction: float, seed: int
) -> None:
    first = [Row(n + 1, f"p{n}", stated=("a",)) for n in sorted(one)]
    second = [Row(n + 100, f"p{n}", stated=("b" if n % 2 else "c",)) for n in sorted(two)]
    for fold in (None, (2, 3)):
        rules = {"test_fraction": fraction, "fold": fold, "shared": True}
        tests = [in_test(rows, decided(rows, seed, **rules)) for rows in (first, second)]
        assert {f"p{n}" for n in one & two} & tests[0] == {f"p{n}" for n in one & two} & tests[1]


def test_groups_of_a_shared_namespace_go_by_hash_alone() -> None:
    rows = [Row(n, f"p{n}") for n in range(1, 300)]
    for fraction in (0.0, 0.001, 0.15, 0.9):
        below = {f"p{n}" for n in range(1, 300) if group_hash(0, NAMESPACE, f"p{n}") < fraction * 2**64}
        assert in_test(rows, decided(rows, shared=True, test_fraction=fraction)) == below


def test_pictures_without_group_beside_a_shared_namespace_are_dealt_by_weight() -> None:
    rows = [Row(n, f"p{n}" if n <= 200 else None) for n in range(1, 401)]
    decisions = decided(rows, shared=True, test_fraction=0.2)
    assert decisions[200:].count(TEST) == 40


# -- folds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("folds", [1, 2, 5, 7])
def test_every_group_is_in_exactly_one_fold(folds: int, shared: bool) -> None:
    rows = [evolve(row, side=Side(row.key % 4)) for row in drawn(folds, groups=60, classes=5)]
    tests = [in_test(rows, decided(rows, fold=(number, folds), shared=shared)) for number in range(1, folds + 1)]
    assert sum(map(len, tests)) == len(set().union(*tests)) == len({row.group for row in rows})


def test_folds_hold_equally_many_of_every_class() -> None:
    rows = [Row(n, stated=("a" if n % 5 else "b",)) for n in range(1, 1004)]
    for number in range(1, 6):
        decisions = decided(rows, fold=(number, 5))
        share = Counter(row.stated for row, d in zip(rows, decisions, strict=True) if d is TEST)
        assert abs(share["a",] - 160.6) < 2
        assert abs(share["b",] - 40) < 2


def test_folds_of_uneven_groups_hold_every_class_within_its_largest_group() -> None:
    for number in range(10):
        rows = drawn(number, groups=150, classes=4)
        tests = [in_test(rows, decided(rows, seed=number, fold=(fold, 5))) for fold in range(1, 6)]
        for groups in by_class(rows).values():
            for test in tests:
                share = sum(groups[g] for g in groups.keys() & test)
                assert abs(share - groups.total() / 5) <= max(groups.values()) + 1


@pytest.mark.parametrize("folds", [1, 3, 5])
def test_hashes_on_the_border_of_two_folds_are_in_one(folds: int) -> None:
    from medmat_core.splits.deal import falls

    borders = [-(-(k << 64) // folds) for k in range(1, folds)]
    numbers = np.array([0, 2**64 - 1, *(b + d for b in borders for d in (-1, 0, 1))], np.uint64)
    found = np.array([falls(numbers, 0.15, (k, folds)) for k in range(1, folds + 1)])
    assert (found.sum(axis=0) == 1).all()
    assert [int(np.argmax(column)) for column in found.T] == [int(n) * folds >> 64 for n in numbers]
