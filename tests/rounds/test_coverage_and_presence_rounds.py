"""Coverage rounds: percentages that nobody could take for one another. Presence rounds: with and without."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rounds_oracle import as_keys, check_rounds, members_of, most_disjoint, same_rounds, some_keys

from medmat_core.rounds import Salt, coverage_rounds, presence_rounds

SALT = Salt.of(0, "round", "some-data-set", "train", "coverage", "Vessels")


def differ(one, two):
    """1.5 times or 10 points apart; nothing is apart from itself."""
    low, high = sorted((one, two))
    return high > low and (high >= low * 1.5 or high - low >= 10)


@st.composite
def percentages(draw):
    count = draw(st.integers(0, 40))
    true = np.array(draw(st.lists(st.integers(0, 400), min_size=count, max_size=count))) / 4
    return some_keys(count, draw(st.integers(0, 99))), true, np.rint(true)


@given(percentages())
def test_percentages_differ_as_measured_and_as_shown(given_):
    keys, true, shown = given_
    rounds = coverage_rounds(keys, true, shown, SALT)
    check_rounds(rounds, keys)
    assert not len(rounds.surplus)
    for row in range(len(rounds)):
        members = members_of(rounds, row)
        for values in (true, shown):
            told = values[members].tolist()
            assert all(differ(a, b) for place, a in enumerate(told) for b in told[:place])


@given(percentages(), st.integers(0, 99))
def test_the_order_of_percentages_changes_nothing(given_, seed):
    keys, true, shown = given_
    moved = np.random.default_rng(seed).permutation(len(keys))
    one = coverage_rounds(keys, true, shown, SALT)
    other = coverage_rounds(keys[moved], true[moved], shown[moved], SALT)
    assert as_keys(one, keys) == as_keys(other, keys[moved])


def test_few_percentages_form_as_many_fours_as_there_can_be():
    best = formed = 0
    for seed in range(150):
        true = np.random.default_rng(seed).gamma(4, 4, 10)
        matrix = [[differ(a, b) for b in true] for a in true]
        best += most_disjoint(matrix, 4)
        formed += int((coverage_rounds(some_keys(10, seed), true, true, SALT).sizes == 4).sum())
    assert best > 80
    assert formed == best


def test_ten_points_apart_as_printed_is_apart_whatever_floats_make_of_it():
    rounds = coverage_rounds(some_keys(2), np.array([70.1, 60.1]), np.array([70.1, 60.1]), SALT)
    assert rounds.shares["2"] == 2
    rounds = coverage_rounds(some_keys(2), np.array([0.1, 0.15]), np.array([0.1, 0.15]), SALT)
    assert rounds.shares["2"] == 2
    rounds = coverage_rounds(some_keys(2), np.array([70.1, 60.2]), np.array([70, 60]), SALT)
    assert rounds.shares["open"] == 2


def test_vessels_that_fill_about_as_much_everywhere_stay_open():
    rounds = coverage_rounds(some_keys(50), np.linspace(9, 11, 50), np.linspace(9, 11, 50), SALT)
    assert rounds.shares["open"] == 50


@st.composite
def sides(draw):
    count = draw(st.integers(0, 60))
    flags = st.lists(st.booleans(), min_size=count, max_size=count)
    there = np.array(draw(flags), np.bool_)
    return some_keys(count, draw(st.integers(0, 99))), there, np.array(draw(flags), np.bool_) & ~there


@given(sides())
def test_every_picture_of_the_rarer_side_meets_one_of_the_other(given_):
    keys, there, plain = given_
    rounds = presence_rounds(keys, there, plain, SALT)
    check_rounds(rounds, keys)
    assert len(rounds) == min(there.sum(), (~there).sum())
    assert all(there[members_of(rounds, row)].sum() == 1 for row in range(len(rounds)))
    used = rounds.members[rounds.members >= 0]
    beside = used[~there[used]]
    # a picture with another class is asked only when all without any class are
    assert plain[beside].all() or plain[beside].sum() == plain.sum()


@given(sides(), st.integers(0, 99))
def test_the_order_of_sides_changes_nothing(given_, seed):
    keys, there, plain = given_
    moved = np.random.default_rng(seed).permutation(len(keys))
    one = presence_rounds(keys, there, plain, SALT)
    other = presence_rounds(keys[moved], there[moved], plain[moved], SALT)
    assert as_keys(one, keys) == as_keys(other, keys[moved])


def test_either_option_comes_first_as_often():
    there = np.arange(4000) < 1000
    rounds = presence_rounds(some_keys(4000), there, ~there, SALT)
    assert there[rounds.members[:, 0]].sum() == pytest.approx(500, rel=0.15)


def test_one_picture_more_leaves_nine_of_ten_pairs_as_they_are():
    chance = np.random.default_rng(3)
    keys, there = some_keys(20_001), chance.random(20_001) < 0.4
    before = presence_rounds(keys[:-1], there[:-1], ~there[:-1], SALT)
    assert same_rounds(before, presence_rounds(keys, there, ~there, SALT)) >= 0.9
    true = chance.gamma(4, 5, 20_001)
    before = coverage_rounds(keys[:-1], true[:-1], true[:-1].round(), SALT)
    assert same_rounds(before, coverage_rounds(keys, true, true.round(), SALT)) >= 0.9
