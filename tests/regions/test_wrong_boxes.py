"""Wrong boxes are plausible and certainly wrong: every rule re-checked from the texts alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.model import Region
from medmat_core.regions.find import find_regions
from medmat_core.regions.words import box_text, enclosing, joined_boxes, parse_boxes
from medmat_core.regions.wrong_boxes import wrong_boxes


class Below:
    """Uniform numbers from a key."""

    def __init__(self, key: int) -> None:
        self.below = random.Random(key).randrange


def area(box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(a, b) -> float:
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(0, across) * max(0, down)


def faults(wrong, regions, right_boxes, size) -> list[str]:
    """What breaks the rules of wrong boxes, for boxes in pixels (whole or as read from a text)."""
    width, height = size
    found = []
    if not (0 <= wrong[0] < wrong[2] <= width and 0 <= wrong[1] < wrong[3] <= height):
        found.append("leaves the picture")
    if not any(0.5 - 1e-9 <= area(wrong) / area(right) <= 2 + 1e-9 for right in right_boxes):
        found.append("has a size unlike any region's")
    for region_area, box in regions:
        shared = overlap(wrong, box)
        if shared >= 0.25 * region_area:
            found.append("may cover a quarter of a region")
        if shared >= 0.25 * area(wrong):
            found.append("lies a quarter inside a region")
        if shared / (area(wrong) + area(box) - shared) > 0.25:
            found.append("has an IoU above a quarter")
    return found


@st.composite
def cases(draw):
    """(size, regions): up to seven regions of one class, boxes or thinner shapes, anywhere and of any size."""
    width, height = draw(st.integers(16, 3000)), draw(st.integers(16, 3000))
    regions = []
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3, 4, 5, 7]))):
        w = draw(st.integers(1, max(1, width // draw(st.sampled_from([1, 2, 4, 8, 30])))))
        h = draw(st.integers(1, max(1, height // draw(st.sampled_from([1, 2, 4, 8, 30])))))
        x, y = draw(st.integers(0, width - w)), draw(st.integers(0, height - h))
        filled = draw(st.sampled_from([1.0, 0.8, 0.3]))
        regions.append(Region("a", (x, y, x + w, y + h), max(1, int(w * h * filled))))
    return (width, height), regions


@pytest.mark.parametrize("fmt", ["unit", "thousand", "pixel", "gemini", "internvl"])
@given(case=cases(), key=st.integers(0, 2**32))
def test_wrong_boxes_keep_every_rule_in_pixels_and_as_written(fmt, case, key):
    size, regions = case
    answers = wrong_boxes(regions, size, Below(key), fmt=fmt)
    right = joined_boxes(regions)
    written_right = parse_boxes(box_text(right, size, fmt), size, fmt)
    texts = [box_text(answer, size, fmt) for answer in answers]
    assert len({*texts, box_text(right, size, fmt)}) == len(texts) + 1
    assert len(answers) <= 3
    truths = [(region.area, region.box) for region in regions]
    if len(regions) > 4:
        truths.append((area(right[0]), right[0]))
    written_truths = [
        (min(region_area, area(box)), parse_boxes(box_text([box], size, fmt), size, fmt)[0])
        for region_area, box in truths
    ]
    for answer, text in zip(answers, texts, strict=True):
        assert len(answer) == len(right)
        assert list(answer) == sorted(answer, key=lambda box: (box[1], box[0], box[3], box[2]))
        for box in answer:
            assert all(isinstance(value, int) for value in box)
            assert not faults(box, truths, right, size)
        for box in parse_boxes(text, size, fmt):
            assert not faults(box, written_truths, written_right, size)
            assert "leaves" not in str(faults(box, truths, right, size))
            assert "quarter" not in str(faults(box, truths, right, size))


@given(case=cases(), key=st.integers(0, 2**32))
def test_the_same_draws_give_the_same_boxes(case, key):
    size, regions = case
    assert wrong_boxes(regions, size, Below(key)) == wrong_boxes(regions, size, Below(key))


@given(st.integers(30, 200), st.integers(30, 200), st.floats(0.02, 0.2), st.floats(0.6, 1.6), st.integers(0, 2**32))
def test_a_region_that_leaves_room_gets_three_wrong_boxes(width, height, share, aspect, key):
    w = max(3, int((width * height * share * aspect) ** 0.5))
    h = max(3, int((width * height * share / aspect) ** 0.5))
    w, h = min(w, width // 2), min(h, height // 2)
    rng = random.Random(key)
    x, y = rng.randrange(width - w + 1), rng.randrange(height - h + 1)
    answers = wrong_boxes([Region("a", (x, y, x + w, y + h), w * h)], (width, height), Below(key), fmt="pixel")
    assert len(answers) == 3


def any_wrong_box_exists(region: Region, size) -> bool:
    """Every whole-pixel box of the picture tried against the rules with a margin for rounding."""
    width, height = size
    truths = [(region.area, region.box)]
    for w in range(1, width + 1):
        for h in range(1, height + 1):
            if not 0.55 <= w * h / area(region.box) <= 1.8:
                continue
            # the overlap is least in one of the picture's corners
            for x in (0, width - w):
                for y in (0, height - h):
                    if not faults((x, y, x + w, y + h), truths, [region.box], size):
                        return True
    return False


@given(st.integers(12, 40), st.integers(12, 40), st.floats(0.3, 1), st.floats(0.3, 1), st.integers(0, 2**32))
def test_if_no_box_fits_none_is_given_and_if_some_fit_well_at_least_one_is(width, height, wide, high, key):
    w, h = max(1, int(width * wide)), max(1, int(height * high))
    rng = random.Random(key)
    x, y = rng.randrange(width - w + 1), rng.randrange(height - h + 1)
    region = Region("a", (x, y, x + w, y + h), w * h)
    answers = wrong_boxes([region], (width, height), Below(key), fmt="pixel")
    if not any_wrong_box_exists(region, (width, height)):
        assert len(answers) == 0 or any(area(box) < 0.55 * w * h for answer in answers for box in answer)
    elif w <= 0.6 * width or h <= 0.6 * height:
        assert answers


def test_a_region_over_the_whole_picture_gets_no_wrong_box():
    assert wrong_boxes([Region("a", (0, 0, 90, 70), 90 * 70)], (90, 70), Below(1)) == []


def test_no_region_gets_no_wrong_box():
    assert wrong_boxes([], (90, 70), Below(1)) == []


@pytest.mark.parametrize(("region", "size", "fitting"), [((2, 2), (2, 3), 1), ((2, 2), (3, 2), 1), ((2, 3), (3, 3), 1)])
def test_two_or_one_will_do_where_no_three_fit(region, size, fitting):
    box = (0, 0, *region)
    every = {
        (x, y, x + w, y + h)
        for w in range(1, size[0] + 1)
        for h in range(1, size[1] + 1)
        for x in range(size[0] - w + 1)
        for y in range(size[1] - h + 1)
        if not faults((x, y, x + w, y + h), [(area(box), box)], [box], size)
    }
    assert len(every) == fitting
    for key in range(20):
        answers = wrong_boxes([Region("a", box, area(box))], size, Below(key), fmt="pixel")
        assert {answer[0] for answer in answers} == every


def test_of_more_than_four_regions_the_wrong_boxes_are_sized_after_the_box_around_all():
    regions = [Region("a", (10 + 9 * n, 10 + 6 * n, 16 + 9 * n, 15 + 6 * n), 30) for n in range(6)]
    around = enclosing(region.box for region in regions)
    answers = wrong_boxes(regions, (400, 300), Below(3))
    assert len(answers) == 3
    for (box,) in answers:
        assert 0.5 <= area(box) / area(around) <= 2
        assert overlap(box, around) < 0.25 * area(box)


def test_a_thin_region_is_not_covered_although_its_box_hardly_is():
    mask = np.zeros((120, 120), np.uint8)
    mask[20:100, 20:24] = mask[96:100, 20:100] = 1  # an L: 14 % of its box
    regions, _ = find_regions(mask, "a")
    for key in range(200):
        for answer in wrong_boxes(regions, (120, 120), Below(key)):
            for x1, y1, x2, y2 in answer:
                assert mask[y1:y2, x1:x2].sum() < 0.25 * mask.sum()


def test_wrong_boxes_lie_all_over_the_picture():
    region = Region("a", (40, 40, 60, 60), 400)
    centers = [
        ((box[0] + box[2]) // 67, (box[1] + box[3]) // 67)
        for key in range(300)
        for (box,) in wrong_boxes([region], (100, 100), Below(key))
    ]
    for row in range(3):
        for column in range(3):
            if (row, column) != (1, 1):
                assert centers.count((column, row)) > 20


def test_wrong_boxes_are_not_copies_of_one_another():
    region = Region("a", (200, 150, 320, 260), 9000)
    for key in range(100):
        (one,), (two,), (three,) = wrong_boxes([region], (640, 480), Below(key))
        for a, b in ((one, two), (one, three), (two, three)):
            assert overlap(a, b) / (area(a) + area(b) - overlap(a, b)) < 0.5


def test_the_right_box_is_neither_always_the_largest_nor_always_the_smallest():
    region = Region("a", (200, 150, 320, 260), 9000)
    larger = sum(
        area(box) > area(region.box) for key in range(300) for (box,) in wrong_boxes([region], (640, 480), Below(key))
    )
    assert 250 < larger < 650
