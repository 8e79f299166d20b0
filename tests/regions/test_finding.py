"""Regions of a mask: connectivity, boxes, areas, cells and the size floor, against a flood fill."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.regions.find import area_floor, box_cells, find_regions
from tests.regions.regions_oracle import as_found, drawn_masks, flood_found, flood_regions, noise_masks


@given(st.one_of(noise_masks(), drawn_masks()))
def test_the_fast_path_finds_what_a_flood_fill_finds(mask):
    regions, dropped = find_regions(mask, "x", min_area=1)
    expected = flood_regions(mask)
    assert dropped == 0
    assert as_found(regions) == sorted((box, area) for box, area, _ in expected)
    by_shape = {(box, area, tuple(float(share) for share in cells)) for box, area, cells in expected}
    for region in regions:
        near = [cells for box, area, cells in by_shape if (box, area) == (region.box, region.area)]
        assert any(region.cells == pytest.approx(cells, abs=1e-12) for cells in near)
        assert sum(region.cells) == pytest.approx(1)


@pytest.mark.slow
def test_every_mask_of_four_by_four_pixels_is_counted_exactly():
    for value in range(1 << 16):
        mask = np.array([value >> bit & 1 for bit in range(16)], np.uint8).reshape(4, 4)
        regions, _ = find_regions(mask, "x", min_area=1)
        assert sum(region.area for region in regions) == mask.sum(), mask
        if value % 37 == 0:
            assert as_found(regions) == flood_found(mask), mask


@given(drawn_masks(), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_moving_a_mask_moves_its_boxes(mask, left, top, right, bottom):
    moved = np.pad(mask, ((top, bottom), (left, right)))
    before, _ = find_regions(mask, "x", min_area=1)
    after, _ = find_regions(moved, "x", min_area=1)
    shifted = sorted(((r.box[0] + left, r.box[1] + top, r.box[2] + left, r.box[3] + top), r.area) for r in before)
    assert as_found(after) == shifted


@given(drawn_masks())
def test_mirroring_a_mask_mirrors_boxes_and_cells(mask):
    width = mask.shape[1]
    before, _ = find_regions(mask, "x", min_area=1)
    after, _ = find_regions(np.ascontiguousarray(mask[:, ::-1]), "x", min_area=1)
    turned = sorted(
        (
            (width - r.box[2], r.box[1], width - r.box[0], r.box[3]),
            r.area,
            tuple(np.round(np.reshape(r.cells, (3, 3))[:, ::-1].ravel(), 9)),
        )
        for r in before
    )
    assert sorted((r.box, r.area, tuple(np.round(r.cells, 9))) for r in after) == turned


@given(st.one_of(noise_masks(), drawn_masks()), st.integers(1, 40))
def test_regions_under_the_floor_are_dropped_and_counted(mask, floor):
    regions, dropped = find_regions(mask, "x", min_area=floor)
    expected = flood_regions(mask)
    assert as_found(regions) == flood_found(mask, floor)
    assert dropped == sum(area < floor for _, area, _ in expected)


@given(st.one_of(noise_masks(), drawn_masks()))
def test_regions_come_from_top_to_bottom_then_left_to_right(mask):
    regions, _ = find_regions(mask, "x", min_area=1)
    corners = [(region.box[1], region.box[0]) for region in regions]
    assert corners == sorted(corners)


def test_pixels_that_touch_at_a_corner_are_one_region():
    mask = np.eye(5, dtype=np.uint8)
    (region,), _ = find_regions(mask, "x", min_area=1)
    assert region.box == (0, 0, 5, 5)
    assert region.area == 5


def test_a_region_inside_the_hole_of_another_is_its_own_region_and_adds_nothing_to_the_other():
    mask = np.zeros((30, 30), np.uint8)
    mask[2:28, 2:28] = 1
    mask[6:24, 6:24] = 0
    mask[12:18, 12:18] = 1
    outer, inner = find_regions(mask, "x", min_area=1)[0]
    assert (outer.box, outer.area) == ((2, 2, 28, 28), 26 * 26 - 18 * 18)
    assert (inner.box, inner.area) == ((12, 12, 18, 18), 36)
    assert inner.cells == (0, 0, 0, 0, 1, 0, 0, 0, 0)
    assert outer.cells[4] == 0


def test_a_whole_picture_and_an_empty_one_are_answered_as_they_are():
    (region,), dropped = find_regions(np.ones((33, 47), np.uint8), "x")
    assert (region.box, region.area, dropped) == ((0, 0, 47, 33), 33 * 47, 0)
    assert region.cells == pytest.approx([1 / 9] * 9)
    assert find_regions(np.zeros((33, 47), np.uint8), "x") == ([], 0)


def test_boxes_at_the_border_reach_the_border():
    mask = np.zeros((40, 50), np.uint8)
    mask[:4, :4] = mask[-4:, -4:] = 1
    assert [region.box for region in find_regions(mask, "x")[0]] == [(0, 0, 4, 4), (46, 36, 50, 40)]


@pytest.mark.parametrize(("size", "floor"), [((100, 100), 10), ((1000, 1000), 100), ((320, 313), 10.016)])
def test_the_floor_is_ten_pixels_or_a_ten_thousandth_of_the_picture(size, floor):
    assert area_floor(*size) == pytest.approx(floor)
    width, height = size
    for area, kept in ((int(floor) - 1, 0), (int(np.ceil(floor)), 1)):
        mask = np.zeros((height, width), np.uint8)
        mask[5, 5 : 5 + area] = 1
        regions, dropped = find_regions(mask, "x")
        assert (len(regions), dropped) == (kept, 1 - kept)


def test_any_non_zero_value_and_booleans_count_as_inside():
    values = np.zeros((20, 20), np.uint8)
    values[3:9, 4:11] = np.arange(42, dtype=np.uint8).reshape(6, 7) + 1
    for mask in (values, values != 0, values.astype(np.int32), np.asfortranarray(values)):
        (region,), _ = find_regions(mask, "x")
        assert (region.box, region.area) == ((4, 3, 11, 9), 42)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 39),
    st.integers(0, 39),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_the_cells_of_a_box_are_those_of_a_mask_that_fills_it(width, height, x1, y1, w, h):
    x1, y1 = min(x1, width - 1), min(y1, height - 1)
    x2, y2 = min(width, x1 + w), min(height, y1 + h)
    mask = np.zeros((height, width), np.uint8)
    mask[y1:y2, x1:x2] = 1
    (region,), _ = find_regions(mask, "x", min_area=1)
    assert box_cells((x1, y1, x2, y2), (width, height)) == pytest.approx(region.cells)


def test_many_specks_are_counted_without_being_kept():
    mask = np.zeros((600, 600), np.uint8)
    mask[::2, ::2] = 1
    assert find_regions(mask, "x") == ([], 300 * 300)
    mask[100:160, 200:290] = 1
    (region,), dropped = find_regions(mask, "x")
    assert region.area > 60 * 90
    assert dropped == 300 * 300 - sum(
        1 for y, x in itertools.product(range(0, 600, 2), repeat=2) if 99 <= y <= 160 and 199 <= x <= 290
    )


@pytest.mark.parametrize("first", [0, 90])
def test_a_speck_before_or_after_a_region_hides_none(first):
    mask = np.zeros((100, 100), np.uint8)
    mask[first, 5] = mask[45, 95] = 1
    mask[40:60, 30:50] = 1
    regions, dropped = find_regions(mask, "m", min_area=10)
    assert [r.box for r in regions] == [(30, 40, 50, 60)] and dropped == 2
