"""Sizes of mixtures: even over subsets, by seed, and rounds whole."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmat_core.compose.draw import drawn, shares, units_of
from medmat_core.errors import UsageError
from tests.built import label_record

UNITS = {
    no: units_of((label_record(f"{no}/{n}.png", n + 1000 * no, slug=f"s{no}") for n in range(count)), 0)
    for no, count in ((1, 8), (2, 80), (3, 80))
}


def keys(taken: dict[int, list]) -> list[str]:  # type: ignore[type-arg]
    return [key for own in taken.values() for unit in own for key in unit.keys]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.integers(1, 60), st.integers(0, 50), min_size=1, max_size=6), st.integers(0, 200))
def test_shares_are_even_where_there_is_enough(counts: dict[int, int], size: int) -> None:
    found = shares(counts, size)
    assert sum(found.values()) == min(size, sum(counts.values()))
    assert all(found[no] <= counts[no] for no in counts)
    short = [found[no] for no in counts if found[no] < counts[no]]
    assert not short or max(found.values()) - min(short) <= 1


def test_a_mixture_has_the_size_asked_for_and_small_subsets_give_all_they_have() -> None:
    taken = drawn(UNITS, 60, per_label=False)
    assert len(keys(taken)) == 60
    assert {no: sum(len(unit.keys) for unit in own) for no, own in taken.items()}[1] == 8


@pytest.mark.parametrize("size", [57, 58, 59, 60])
def test_rounds_stay_whole(size: int) -> None:
    taken = drawn(UNITS, size, per_label=False)
    assert all(len(unit.keys) == 4 for own in taken.values() for unit in own)
    assert size - 4 < len(keys(taken)) <= size


def test_per_label_counts_each_label_of_each_data_set() -> None:
    taken = drawn(UNITS, 5, per_label=True)
    counts = Counter(label for own in taken.values() for unit in own for label in unit.labels)
    assert max(counts.values()) == 5
    assert len(counts) == 12
    assert counts["s1", "label", "Cat"] == 2  # all there is


def test_the_draw_hangs_on_the_seed_and_not_on_what_else_is_mixed() -> None:
    alone = drawn({2: UNITS[2]}, 20, per_label=False)
    again = drawn({2: UNITS[2], 3: UNITS[3]}, 40, per_label=False)
    assert alone[2] == again[2]
    other = {2: units_of((label_record(f"2/{n}.png", n + 2000, slug="s2") for n in range(80)), 1)}
    assert keys(drawn(other, 20, per_label=False)) != keys(alone)


def test_more_than_there_is_is_refused() -> None:
    with pytest.raises(UsageError, match="only 168 records"):
        drawn(UNITS, 169, per_label=False)
