"""Box rounds: no box of one picture could pass for a box of a fellow."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rounds_oracle import as_keys, check_rounds, members_of, most_disjoint, same_rounds, some_keys

from medmat_core.rounds import Salt, box_rounds
from medmat_core.rounds.boxes import apart
from medmat_core.rounds.chunks import match

SALT = Salt.of(0, "round", "some-data-set", "train", "box", "Polyp")


def drawn_boxes(count, each=1, seed=0, side=1000, largest=None):
    """Boxes around the middle of the picture, as lesions are, int32 (count, each, 4)."""
    chance = np.random.default_rng([seed, count, each])
    size = chance.integers(side // 20, largest or side // 2, (count, each, 2))
    middle = chance.normal(side / 2, side / 6, (count, each, 2)).astype(int)
    low = np.clip(middle - size // 2, 0, side - 10)
    high = np.clip(middle + size // 2, low + 5, side)
    return np.concatenate([low, high], axis=2).astype(np.int32)


def iou(one, two):
    """Intersection over union, exactly."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    both = max(width, 0) * max(height, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, two))
    return Fraction(both, area - both)


def may_meet(one, two):
    return all(iou(a, b) <= Fraction(1, 2) for a in one for b in two)


@given(st.integers(0, 60), st.integers(1, 4), st.integers(0, 999), st.sampled_from([40, 1000, 20_000]))
def test_no_box_of_a_fellow_overlaps_an_own_box_by_half(count, each, seed, side):
    boxes = drawn_boxes(count, each, seed, side)
    keys = some_keys(count, seed)
    rounds = box_rounds(keys, boxes, SALT)
    check_rounds(rounds, keys)
    assert not len(rounds.surplus)
    told = boxes.tolist()
    for row in range(len(rounds)):
        members = members_of(rounds, row)
        assert all(may_meet(told[a], told[b]) for place, a in enumerate(members) for b in members[:place])


@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 999), st.sampled_from([12, 30]))
def test_the_rule_is_exact_in_whole_numbers(count, each, seed, side):
    boxes = drawn_boxes(count, each, seed, side)
    matrix = apart(boxes)
    told = boxes.tolist()
    assert all(matrix[a, b] == (a != b and may_meet(told[a], told[b])) for a in range(count) for b in range(count))


def test_an_overlap_of_just_a_half_is_still_no_overlap_too_many():
    boxes = np.array([[[0, 0, 300, 100]], [[100, 0, 400, 100]], [[99, 0, 399, 100]]], np.int32)
    assert iou(*boxes[:2, 0].tolist()) == Fraction(1, 2)
    matrix = apart(boxes)
    assert matrix[0, 1]
    assert not matrix[0, 2]


def test_boxes_of_large_pictures_are_compared_without_overflow():
    side = 60_000
    boxes = np.array([[[0, 0, side, side]], [[0, 0, side, side]], [[0, 0, 100, 100]]], np.int32)
    rounds = box_rounds(some_keys(3), boxes, SALT)
    assert rounds.shares["2"] == 2
    assert 2 in rounds.members[0]


@given(st.integers(0, 60), st.integers(0, 99), st.integers(0, 99))
def test_the_order_of_the_input_changes_nothing(count, seed, other):
    boxes, keys = drawn_boxes(count, 1, seed, 30), some_keys(count, seed)
    sizes = np.random.default_rng(seed).integers(30, 32, (count, 2))
    moved = np.random.default_rng(other).permutation(count)
    one = box_rounds(keys, boxes, SALT, sizes=sizes)
    two = box_rounds(keys[moved], boxes[moved], SALT, sizes=sizes[moved])
    assert as_keys(one, keys) == as_keys(two, keys[moved])


@given(st.integers(0, 60), st.integers(0, 99))
def test_where_boxes_are_printed_in_pixels_only_pictures_of_equal_size_meet(count, seed):
    boxes, keys = drawn_boxes(count, 1, seed), some_keys(count, seed)
    sizes = np.random.default_rng(seed).integers(1000, 1002, (count, 2))
    rounds = box_rounds(keys, boxes, SALT, sizes=sizes)
    check_rounds(rounds, keys)
    for row in range(len(rounds)):
        assert len(np.unique(sizes[members_of(rounds, row)], axis=0)) == 1


def test_few_boxes_form_nearly_as_many_rounds_as_there_can_be():
    best, formed = {2: 0, 3: 0, 4: 0}, {2: 0, 3: 0, 4: 0}
    for seed in range(50):
        # large boxes: nearly half of all pairs are too much alike
        matrix = apart(drawn_boxes(9, 1, seed, 100, largest=90))
        for size in best:
            best[size] += most_disjoint(matrix, size)
            formed[size] += len(match(matrix, (size,), seed)[0][0])
    assert best[4] > 30
    for size in best:
        assert formed[size] >= 0.97 * best[size]


def test_lesions_around_the_middle_nearly_all_find_a_round_of_four():
    boxes, keys = drawn_boxes(3000, 1, largest=800), some_keys(3000)
    rounds = box_rounds(keys, boxes, SALT)
    assert rounds.shares["4"] > 0.98 * 3000


def test_boxes_that_all_coincide_stay_open():
    boxes, keys = np.tile(np.array([[[0, 0, 900, 900]]], np.int32), (50, 1, 1)), some_keys(50)
    assert box_rounds(keys, boxes, SALT).shares["open"] == 50


def test_whole_picture_boxes_are_served_before_the_small_ones_have_met_one_another():
    # eight boxes over everything, which cannot meet; of 24 small ones just enough for a round around each
    small = [[[x, y, x + 90, y + 90]] for x in range(0, 800, 100) for y in range(0, 300, 100)]
    boxes = np.array([[[0, 0, 1000, 1000]]] * 8 + small, np.int32)
    rounds = box_rounds(some_keys(len(boxes)), boxes, SALT)
    assert rounds.shares["4"] == 32


@pytest.mark.parametrize("count", [20_000])
def test_one_picture_more_leaves_nine_of_ten_rounds_as_they_are(count):
    boxes, keys = drawn_boxes(count + 1), some_keys(count + 1)
    before = box_rounds(keys[:count], boxes[:count], SALT)
    assert same_rounds(before, box_rounds(keys, boxes, SALT)) >= 0.9
