"""Label rounds: the wrong options of a picture are the right answers of its fellows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rounds_oracle import as_keys, blind_accuracy, check_rounds, members_of, most_groups, same_rounds, some_keys

from medmat_core.rounds import Salt, label_rounds

SALT = Salt.of(0, "round", "some-data-set", "train", "label", "")


@st.composite
def labelled(draw, most_classes=9, most_each=60):
    """(keys, classes, matrix): pictures of some classes, of which any two may or may not meet."""
    counts = draw(st.lists(st.integers(0, most_each), min_size=1, max_size=most_classes))
    number = len(counts)
    free = draw(st.sampled_from([1.0, 0.8, 0.5, 0.1]))
    chance = np.random.default_rng(draw(st.integers(0, 1000)))
    matrix = np.triu(chance.random((number, number)) < free, 1)
    classes = chance.permutation(np.repeat(np.arange(number), counts))
    return some_keys(len(classes), draw(st.integers(0, 1000))), classes, matrix | matrix.T


def full(number):
    return ~np.eye(number, dtype=np.bool_)


def rounds_of(counts, matrix=None, seed=0):
    classes = np.repeat(np.arange(len(counts)), counts)
    keys = some_keys(len(classes), seed)
    return label_rounds(keys, classes, full(len(counts)) if matrix is None else matrix, SALT), keys, classes


@given(labelled())
def test_any_two_members_of_a_round_may_meet_and_every_picture_is_told_once(given_):
    keys, classes, matrix = given_
    rounds = label_rounds(keys, classes, matrix, SALT)
    check_rounds(rounds, keys)
    for row in range(len(rounds)):
        names = classes[members_of(rounds, row)]
        assert all(matrix[a, b] for place, a in enumerate(names) for b in names[:place])


@given(labelled())
def test_borrowed_options_hold_the_answer_once_and_nothing_else_that_could_be_true(given_):
    keys, classes, matrix = given_
    rounds = label_rounds(keys, classes, matrix, SALT)
    lent = rounds.surplus
    for place, row, order, slot in zip(lent.places, lent.rounds, lent.orders, lent.slots, strict=True):
        size = int(rounds.sizes[row])
        assert sorted(order.tolist()) == [0, 1, 2, 3]
        assert sorted(order[:size].tolist()) == list(range(size))
        options = classes[rounds.members[row][order[:size]]]
        assert options[slot] == classes[place]
        assert all(matrix[classes[place], name] for spot, name in enumerate(options) if spot != slot)
    assert (lent.templates < 6).all()


@given(labelled())
def test_a_reader_of_the_lists_alone_gains_nothing(given_):
    keys, classes, matrix = given_
    rounds = label_rounds(keys, classes, matrix, SALT)
    if not len(rounds):
        assert not len(rounds.surplus)
        return
    lists, right = [], []
    for row in range(len(rounds)):
        names = classes[members_of(rounds, row)].tolist()
        lists += [names] * len(names)
        right += names
    for place, row in zip(rounds.surplus.places, rounds.surplus.rounds, strict=True):
        lists.append(classes[members_of(rounds, row)].tolist())
        right.append(int(classes[place]))
    majority = np.bincount(classes).max() / len(classes)
    chance = len(rounds) / rounds.sizes.sum()
    assert blind_accuracy(lists, right) <= max(majority, chance) + 1e-9


@given(labelled(most_classes=6, most_each=300), st.integers(0, 100))
def test_the_order_of_the_input_changes_nothing(given_, seed):
    keys, classes, matrix = given_
    moved = np.random.default_rng(seed).permutation(len(keys))
    one = label_rounds(keys, classes, matrix, SALT)
    other = label_rounds(keys[moved], classes[moved], matrix, SALT)
    assert as_keys(one, keys) == as_keys(other, keys[moved])
    assert as_keys(one, keys) == as_keys(label_rounds(keys, classes, matrix, SALT), keys)


@given(labelled(most_each=30))
def test_a_rule_given_as_a_function_is_the_same_rule(given_):
    keys, classes, matrix = given_
    one = label_rounds(keys, classes, matrix, SALT)
    other = label_rounds(keys, classes, lambda a, b: matrix[a, b], SALT)
    assert as_keys(one, keys) == as_keys(other, keys)


@given(labelled(most_each=30))
def test_a_class_that_does_not_occur_changes_nothing(given_):
    keys, classes, matrix = given_
    wider = np.zeros((2 * len(matrix), 2 * len(matrix)), np.bool_)
    wider[::2, ::2] = matrix
    assert as_keys(label_rounds(keys, classes, matrix, SALT), keys) == as_keys(
        label_rounds(keys, 2 * classes, wider, SALT), keys
    )


@given(labelled())
def test_no_round_is_left_that_could_still_be_formed(given_):
    keys, classes, matrix = given_
    rounds = label_rounds(keys, classes, matrix, SALT)
    left = np.unique(classes[np.r_[rounds.surplus.places, rounds.open]])
    assert not matrix[np.ix_(left, left)].any()


def most_fours(counts):
    """As many rounds of four as counts allow where all classes may meet."""
    return max(t for t in range(sum(counts) // 4 + 1) if sum(min(count, t) for count in counts) >= 4 * t)


@given(st.lists(st.integers(0, 120), min_size=1, max_size=8))
def test_where_all_classes_may_meet_as_many_fours_as_possible_are_formed(counts):
    rounds, _, _ = rounds_of(counts)
    assert (rounds.sizes == 4).sum() == most_fours(counts)


@pytest.mark.parametrize("counts", [[2, 191, 188, 220, 400], [9000, 7000, 7000, 700, 300], [20_000, 900, 800, 700, 1]])
def test_cutting_into_buckets_costs_next_to_no_rounds(counts):
    rounds, _, _ = rounds_of(counts)
    assert (rounds.sizes == 4).sum() >= 0.99 * most_fours(counts)


def test_clashing_classes_cost_next_to_no_rounds():
    best = formed = 0
    for seed in range(150):
        chance = np.random.default_rng(seed)
        number = int(chance.integers(5, 8))
        matrix = np.triu(chance.random((number, number)) < 0.75, 1)
        matrix |= matrix.T
        counts = chance.integers(1, 4, number).tolist()
        best += most_groups(counts, matrix.tolist(), 4)
        rounds, _, _ = rounds_of(counts, matrix, seed)
        formed += int((rounds.sizes == 4).sum())
    assert best > 150
    assert formed >= 0.97 * best


def test_large_counts_are_used_up_as_far_as_clashes_allow():
    # a and b never meet, nor do c and d: of each pair only one stands in a round, with e and f as fellows
    matrix = full(6)
    matrix[0, 1] = matrix[1, 0] = matrix[2, 3] = matrix[3, 2] = False
    rounds, _, _ = rounds_of([4000, 3000, 3500, 3500, 7000, 7000], matrix)
    assert (rounds.sizes == 4).sum() >= 0.995 * 7000


def test_one_label_alone_has_no_rounds_and_lends_nothing():
    rounds, keys, _ = rounds_of([50])
    check_rounds(rounds, keys)
    assert rounds.shares == {"4": 0, "3": 0, "2": 0, "surplus": 0, "open": 50}


def test_nothing_gives_nothing():
    rounds, keys, _ = rounds_of([0, 0])
    check_rounds(rounds, keys)
    assert len(rounds) == 0


def test_melanomas_of_a_small_data_set_all_find_a_round():
    rounds, _, classes = rounds_of([80, 80, 40])
    members = rounds.members[rounds.members >= 0]
    assert (classes[members] == 2).sum() == 40
    assert rounds.shares["3"] + rounds.shares["2"] == 200


def test_surplus_goes_as_far_as_the_majority_share_and_no_further():
    rounds, _, _ = rounds_of([900, 100])
    assert len(rounds) == 100
    # s = (m I - R) / (1 - m) = (0.9 * 200 - 100) / 0.1
    assert len(rounds.surplus) == 800
    # (0.5 * 80 - 40) / 0.5: what frequency tells is no more than chance here
    matrix = np.zeros((3, 3), np.bool_)
    matrix[0, 1] = matrix[1, 0] = True
    rounds, _, _ = rounds_of([50, 40, 10], matrix)
    assert rounds.shares == {"4": 0, "3": 0, "2": 80, "surplus": 0, "open": 20}


def test_without_surplus_all_others_are_open():
    classes = np.repeat([0, 1], [900, 100])
    rounds = label_rounds(some_keys(1000), classes, full(2), SALT, surplus=False)
    assert rounds.shares == {"4": 0, "3": 0, "2": 200, "surplus": 0, "open": 800}


def test_classes_that_bring_the_same_option_lend_it_to_one_another():
    # 0 and 2 read alike ("Effusion"), but 2 leaves open whether 1 ("Mass") is there
    matrix = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]], np.bool_)
    classes = np.repeat([0, 1, 2], [400, 100, 50])
    keys = some_keys(len(classes))
    rounds = label_rounds(keys, classes, matrix, SALT, answers=np.array([0, 1, 0]))
    check_rounds(rounds, keys)
    assert (classes[rounds.surplus.places] == 0).all()  # of a picture of 2, "Mass" may be true
    assert (classes[rounds.open] == 2).sum() == 50
    matrix = np.array([[0, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 0]], np.bool_)
    classes = np.repeat([0, 1, 2, 3], [900, 100, 100, 50])
    keys = some_keys(len(classes))
    answers = np.array([0, 1, 2, 0])
    rounds = label_rounds(keys, classes, matrix, SALT, answers=answers)
    lent = rounds.surplus
    for place, row, order, slot in zip(lent.places, lent.rounds, lent.orders, lent.slots, strict=True):
        assert answers[classes[rounds.members[row][order[slot]]]] == answers[classes[place]]
    assert set(classes[lent.places].tolist()) == {0, 3}


def test_borrowed_lists_occur_as_often_as_in_rounds():
    rounds, _, classes = rounds_of([6000, 900, 300], None)
    fellows = {1: 900, 2: 300}
    seen = dict.fromkeys(fellows, 0)
    for row in rounds.surplus.rounds.tolist():
        for name in classes[members_of(rounds, row)].tolist():
            seen[name] = seen.get(name, 0) + 1
    assert seen[1] / seen[2] == pytest.approx(3, rel=0.15)


def test_options_orders_and_instructions_come_out_even():
    rounds, _, classes = rounds_of([3000] * 4)
    assert len(rounds) == 3000
    for option in range(4):
        assert np.bincount(classes[rounds.members[:, option]], minlength=4) == pytest.approx(750, rel=0.15)
    assert np.bincount(rounds.templates, minlength=6) == pytest.approx(500, rel=0.2)
    rounds, _, _ = rounds_of([9000, 500])
    assert np.bincount(rounds.surplus.slots, minlength=2) == pytest.approx(len(rounds.surplus) / 2, rel=0.1)
    assert np.bincount(rounds.surplus.templates, minlength=6) == pytest.approx(len(rounds.surplus) / 6, rel=0.15)


@pytest.mark.parametrize("counts", [[5000] * 4, [9000, 5000, 4000, 2000], [10000, 6000, 4000]])
def test_one_picture_more_leaves_nine_of_ten_rounds_as_they_are(counts):
    classes = np.repeat(np.arange(len(counts)), counts)
    keys = some_keys(20_001)
    before = label_rounds(keys[:20_000], classes, full(len(counts)), SALT)
    after = label_rounds(keys, np.r_[classes, 0], full(len(counts)), SALT)
    assert same_rounds(before, after) >= 0.9


def test_many_sets_of_findings_meet_by_a_rule_that_is_never_written_out():
    chance = np.random.default_rng(1)
    drawn = (chance.random((6000, 14)) < 0.15) @ (1 << np.arange(14))
    sets, classes = np.unique(drawn[drawn > 0], return_inverse=True)
    largest = 0

    def differ(one, two):
        nonlocal largest
        first, second = sets[one], sets[two]
        result = ((first & ~second) != 0) & ((second & ~first) != 0)
        largest = max(largest, result.size)
        return result

    keys = some_keys(len(classes))
    rounds = label_rounds(keys, classes, differ, SALT)
    check_rounds(rounds, keys)
    assert rounds.shares["4"] > 0.85 * len(keys)
    assert largest < len(sets) ** 2


def test_another_seed_data_set_or_part_deals_anew():
    classes = np.repeat(np.arange(4), 100)
    keys = some_keys(400)
    made = [
        set(label_rounds(keys, classes, full(4), Salt.of(*words)).ids.tolist())
        for words in ((0, "a", "train"), (1, "a", "train"), (0, "b", "train"), (0, "a", "test"))
    ]
    assert all(len(one & other) < 10 for place, one in enumerate(made) for other in made[:place])
