"""Regions in words and back: boxes in three conventions, places, shares of the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.model import Region
from medmat_core.regions.box_words import BOX_FORMATS, box_text, parse_boxes, smart_resize, steps_of, steps_text
from medmat_core.regions.find import box_cells, find_regions
from medmat_core.regions.words import CELLS, NO_CELL, cell_of, coverage_text, enclosing, parse_coverage


@st.composite
def sized_boxes(draw, count: int = 4):
    """(size, boxes): a picture of up to 5000 pixels a side and boxes inside it."""
    width, height = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
    found = []
    for _ in range(draw(st.integers(1, count))):
        x1, y1 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        found.append((x1, y1, draw(st.integers(x1 + 1, width)), draw(st.integers(y1 + 1, height))))
    return (width, height), tuple(found)


# -- boxes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", BOX_FORMATS)
@given(case=sized_boxes())
def test_a_box_text_reads_back_to_half_a_step_of_its_format(fmt, case):
    (width, height), boxes = case
    back = parse_boxes(box_text(boxes, (width, height), fmt), (width, height), fmt)
    assert len(back) == len(boxes)
    for box, read in zip(boxes, back, strict=True):
        for axis, length in ((0, width), (1, height)):
            step = length / (1000 if fmt != "qwen25" else smart_resize((width, height))[axis])
            step = 0 if fmt == "pixel" else step
            narrow = box[axis + 2] - box[axis] <= step  # may have been widened by one step
            slack = (1.5 if narrow else 0.5) * step + 1e-6
            assert abs(read[axis] - box[axis]) <= slack
            assert abs(read[axis + 2] - box[axis + 2]) <= slack
        assert 0 <= read[0] < read[2] <= width
        assert 0 <= read[1] < read[3] <= height


@given(case=sized_boxes(1))
def test_unit_and_thousand_say_the_same(case):
    size, boxes = case
    unit = [float(number) for number in box_text(boxes, size, "unit").strip("[]").split(", ")]
    thousand = [int(number) for number in box_text(boxes, size, "thousand").strip("[]").split(", ")]
    assert [round(1000 * number) for number in unit] == thousand


@pytest.mark.parametrize(
    ("box", "size", "fmt", "text"),
    [
        ((0, 0, 622, 529), (622, 529), "unit", "[0.000, 0.000, 1.000, 1.000]"),
        ((39, 6, 430, 338), (622, 529), "unit", "[0.063, 0.011, 0.691, 0.639]"),
        ((39, 6, 430, 338), (622, 529), "thousand", "[63, 11, 691, 639]"),
        ((39, 6, 430, 338), (622, 529), "pixel", "[39, 6, 430, 338]"),
        ((1, 1, 2, 3), (2000, 2000), "unit", "[0.001, 0.001, 0.002, 0.002]"),
        ((5, 5, 6, 6), (9000, 9000), "unit", "[0.001, 0.001, 0.002, 0.002]"),
        ((4999, 0, 5000, 5000), (5000, 5000), "unit", "[0.999, 0.000, 1.000, 1.000]"),
        ((4999, 0, 5000, 5000), (5000, 5000), "thousand", "[999, 0, 1000, 1000]"),
        ((39, 6, 430, 338), (622, 529), "qwen25", "[39, 6, 426, 340]"),  # resized to 616 x 532
        ((39, 6, 430, 338), (622, 529), "gemini", "[11, 63, 639, 691]"),
        ((39, 6, 430, 338), (622, 529), "internvl", "<box>[[63, 11, 691, 639]]</box>"),
        ((123, 45, 678, 900), (1000, 1000), "unit", "[0.123, 0.045, 0.678, 0.900]"),
    ],
)
def test_box_texts_are_written_to_the_letter(box, size, fmt, text):
    assert box_text([box], size, fmt) == text


def test_internvl_names_what_its_boxes_enclose():
    two = [(0, 0, 30, 25), (30, 25, 60, 50)]
    text = box_text(two, (60, 50), "internvl", "Optic disc")
    assert text == "<ref>Optic disc</ref><box>[[0, 0, 500, 500], [500, 500, 1000, 1000]]</box>"
    assert parse_boxes(text, (60, 50), "internvl") == ((0, 0, 30, 25), (30, 25, 60, 50))


@pytest.mark.parametrize(
    ("size", "resized"),
    [
        # width, height; worked out with the processor of transformers 5.24, which takes and gives height first
        ((622, 529), (616, 532)),
        ((24, 16), (84, 56)),
        ((5000, 4000), (4004, 3192)),
        ((42, 70), (56, 56)),
        ((1, 1), (56, 56)),
        ((1, 190), (28, 784)),
    ],
)
def test_a_picture_is_resized_as_qwens_processor_resizes_it(size, resized):
    assert smart_resize(size) == resized


@pytest.mark.parametrize(
    ("text", "fmt"),
    [
        ("<box>[[1, 2, 3]]</box>", "internvl"),
        ("[1, 2, 3, 4]", "internvl"),
        ("[0.1, 0.2, 0.3, 0.4]", "unit"),
        ("[0.100, 0.200, 0.300, 1.400]", "unit"),
        ("[0.300, 0.200, 0.300, 0.400]", "unit"),
        ("[100, 200, 300, 400]", "unit"),
        ("[0.100, 0.200, 0.300, 0.400]", "thousand"),
        ("[100, 200, 300, 1001]", "thousand"),
        ("[0.100, 0.200, 0.300, 0.400]", "pixel"),
        ("[1, 2, 3, 51]", "pixel"),
        ("[1, 2, 3]", "pixel"),
        ("[-1, 2, 3, 4]", "pixel"),
        ("[1, 2, 3, 4];[1, 2, 3, 4]", "pixel"),
        ("", "unit"),
        ("the upper left", "unit"),
    ],
)
def test_a_text_that_is_no_box_of_its_format_is_not_read(text, fmt):
    with pytest.raises(ValueError, match=r"box|area"):
        parse_boxes(text, (60, 50), fmt)


def as_region(box, area=None, size=(100, 100)) -> Region:
    return Region("a", box, area or (box[2] - box[0]) * (box[3] - box[1]), box_cells(box, size))


@given(sized_boxes(9))
def test_the_enclosing_box_is_the_smallest_that_holds_all(case):
    _, boxes = case
    x1, y1, x2, y2 = enclosing(boxes)
    assert all(x1 <= box[0] and y1 <= box[1] and box[2] <= x2 and box[3] <= y2 for box in boxes)
    assert any(box[0] == x1 for box in boxes)
    assert any(box[1] == y1 for box in boxes)
    assert any(box[2] == x2 for box in boxes)
    assert any(box[3] == y2 for box in boxes)


# -- places ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", range(9))
def test_a_region_in_the_middle_of_a_cell_is_called_by_that_cell(cell):
    row, column = divmod(cell, 3)
    mask = np.zeros((90, 120), np.uint8)
    mask[30 * row + 10 : 30 * row + 20, 40 * column + 12 : 40 * column + 30] = 1
    regions, _ = find_regions(mask, "a")
    assert cell_of(regions[0].cells) == (cell, 1 << cell)


def test_the_names_say_row_then_column():
    assert CELLS[0] == "upper left"
    assert CELLS[5] == "center right"
    assert CELLS[7] == "lower center"
    assert len(set(CELLS)) == 9


@pytest.mark.parametrize(("inside", "cell"), [(60, 0), (59, NO_CELL)])
def test_sixty_percent_in_one_cell_make_a_place(inside, cell):
    assert cell_of((inside / 100, (100 - inside) / 100, 0, 0, 0, 0, 0, 0, 0))[0] == cell


def test_five_percent_of_a_region_touch_a_cell():
    assert cell_of((0.8, 0.05, 0.0499, 0.1001, 0, 0, 0, 0, 0)) == (0, 0b1011)


def test_a_region_without_cells_lies_nowhere():
    assert cell_of(()) == (NO_CELL, 0)


@given(st.integers(0, 2**32 - 1))
def test_mirroring_the_picture_swaps_left_and_right_in_the_answer(seed):
    rng = np.random.default_rng(seed)
    mask = np.zeros((60, 80), np.uint8)
    x, y = rng.integers(0, 60), rng.integers(0, 45)
    mask[y : y + rng.integers(5, 15), x : x + rng.integers(5, 20)] = 1
    ahead, _ = find_regions(mask, "a")
    back, _ = find_regions(np.ascontiguousarray(mask[:, ::-1]), "a")
    (cell, touched), (turned, touched_too) = cell_of(ahead[0].cells), cell_of(back[0].cells)
    mirror = [2, 1, 0, 5, 4, 3, 8, 7, 6]
    assert turned == (NO_CELL if cell == NO_CELL else mirror[cell])
    assert touched_too == sum(1 << mirror[n] for n in range(9) if touched >> n & 1)


# -- shares of the picture ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (100, "100%"),
        (12.4, "12%"),
        (12.5, "13%"),
        (1, "1%"),
        (0.95, "1%"),
        (0.94, "0.9%"),
        (0.25, "0.3%"),
        (0.01, "0.1%"),
    ],
)
def test_percentages_are_whole_from_one_up(percent, text):
    assert coverage_text(percent) == text
    assert abs(parse_coverage(text) - percent) <= 0.5 if percent >= 1 else abs(parse_coverage(text) - percent) <= 0.1


@pytest.mark.parametrize("text", ["12", "12.5%", "a%", "", "-3%", "1000%"])
def test_a_text_that_is_no_percentage_is_not_read(text):
    with pytest.raises(ValueError, match="percentage"):
        parse_coverage(text)


@pytest.mark.parametrize("fmt", ["unit", "pixel"])
@pytest.mark.parametrize("far", ["x", "y"])
def test_a_box_that_leaves_the_picture_is_not_read(fmt, far):
    across, down = (1, 1) if fmt == "unit" else (100, 50)
    text = f"[0, 0, {across * (1 + (far == 'x'))}, {down * (1 + (far == 'y'))}]"
    if fmt == "unit":
        text = f"[0.000, 0.000, {1 + (far == 'x')}.000, {1 + (far == 'y')}.000]"
    with pytest.raises(ValueError, match=r"has no area inside a picture of 100 x 50|is not a box"):
        parse_boxes(text, (100, 50), fmt)


@given(sized_boxes(), st.sampled_from(BOX_FORMATS))
def test_the_steps_of_many_boxes_are_the_numbers_that_each_text_prints(case, fmt):
    size, boxes = case
    told = steps_of(np.array([boxes], np.int32), np.array([size], np.int64), fmt)[0].tolist()
    for box, steps in zip(boxes, told, strict=True):
        assert box_text([box], size, fmt) == steps_text(steps, fmt)


@pytest.mark.parametrize("text", ["[3, 7, 9, 7]", "[9, 3, 9, 7]", "[3, 9, 5, 7]"])
def test_a_box_without_area_is_not_read(text):
    with pytest.raises(ValueError, match="has no area"):
        parse_boxes(text, (100, 100), "pixel")
