"""Regions of whole samples: several masks, the card's rules, plugins' decoders, boxes, and what goes wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medmat_core.images import PictureError
from medmat_core.model import (
    Box,
    BoxSample,
    ColorMask,
    IndexMask,
    MaskFile,
    MaskSample,
    PolygonMask,
    RleMask,
    Slice,
)
from medmat_core.regions.extract import Found, regions_of
from tests.regions.regions_oracle import as_found, drawn_masks, flood_found, make_card, run_lengths, write_gray

SIZE = (60, 40)


@pytest.fixture
def card(tmp_path):
    return make_card(tmp_path)


def boxes(found: Found) -> list[tuple[str, tuple[int, int, int, int]]]:
    return [(region.code, region.box) for region in found.regions]


def blob(*spans: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for x1, y1, x2, y2 in spans:
        mask[y1:y2, x1:x2] = 1
    return mask


def written(folder, **masks: np.ndarray) -> None:
    for name, mask in masks.items():
        write_gray(folder / f"{name}.png", mask)


# -- masks ----------------------------------------------------------------------------------------------


@given(parts=st.lists(drawn_masks(30), min_size=1, max_size=3), code=st.sampled_from(["a", "b"]))
def test_masks_of_one_class_are_united_before_regions_are_looked_for(tmp_path, parts, code):
    height, width = (min(part.shape[axis] for part in parts) for axis in (0, 1))
    parts = [part[:height, :width] for part in parts]
    masks = []
    for number, part in enumerate(parts):
        if number % 2:
            masks.append(RleMask(run_lengths(part, "rows", "zero"), code, order="rows", start="zero"))
        else:
            write_gray(tmp_path / f"{number}.png", part)
            masks.append(MaskFile(f"{number}.png", code))
    card = make_card(tmp_path, "[mask]\nmin_area = 1")
    found = regions_of(MaskSample("i.png", tuple(masks)), (width, height), tmp_path, card)
    assert as_found(found.regions) == flood_found(np.maximum.reduce(parts))
    assert {region.code for region in found.regions} <= {code}
    assert not found.notes


def test_one_file_a_lesion_gives_one_region_a_lesion(tmp_path, card):
    written(tmp_path, one=blob((5, 5, 15, 15)), two=blob((30, 8, 44, 20)), inside=blob((7, 7, 12, 12)))
    masks = tuple(MaskFile(f"{name}.png", "a") for name in ("two", "one", "inside"))
    found = regions_of(MaskSample("i.png", masks), SIZE, tmp_path, card)
    assert boxes(found) == [("a", (5, 5, 15, 15)), ("a", (30, 8, 44, 20))]


def test_classes_may_overlap_and_come_in_card_order(tmp_path, card):
    written(tmp_path, cow=blob((5, 5, 25, 25)), bee=blob((10, 10, 40, 30)))
    masks = (MaskFile("cow.png", "c"), MaskFile("bee.png", "b"))
    found = regions_of(MaskSample("i.png", masks), SIZE, tmp_path, card)
    assert boxes(found) == [("b", (10, 10, 40, 30)), ("c", (5, 5, 25, 25))]
    assert [region.box for region in found.of("c")] == [(5, 5, 25, 25)]


def test_codes_of_one_caption_are_one_class(tmp_path, card):
    written(tmp_path, one=blob((5, 5, 15, 15)), two=blob((15, 5, 25, 15)))
    masks = (MaskFile("two.png", "ant"), MaskFile("one.png", "a"))
    found = regions_of(MaskSample("i.png", masks), SIZE, tmp_path, card)
    assert boxes(found) == [("a", (5, 5, 25, 15))]


def test_no_mask_and_an_empty_mask_are_negatives(tmp_path, card):
    written(tmp_path, empty=blob())
    for masks in ((), (MaskFile("empty.png", "a"),), (RleMask("-1", "a", start="relative"),)):
        assert regions_of(MaskSample("i.png", masks), SIZE, tmp_path, card) == Found()


def test_a_region_over_the_whole_picture_is_a_region(tmp_path, card):
    written(tmp_path, full=blob((0, 0, *SIZE)))
    found = regions_of(MaskSample("i.png", (MaskFile("full.png", "a"),)), SIZE, tmp_path, card)
    assert boxes(found) == [("a", (0, 0, *SIZE))]


def test_specks_are_dropped_and_counted_beside_what_is_kept(tmp_path, card):
    written(tmp_path, m=blob((0, 0, 1, 1), (3, 3, 6, 6), (20, 20, 30, 30)))
    found = regions_of(MaskSample("i.png", (MaskFile("m.png", "a"),)), SIZE, tmp_path, card)
    assert boxes(found) == [("a", (20, 20, 30, 30))]
    assert (found.dropped, found.notes, found.unsure) == (2, (), frozenset())


def test_a_class_of_specks_alone_is_neither_present_nor_absent(tmp_path, card):
    written(tmp_path, specks=blob((0, 0, 2, 2), (9, 9, 11, 11)), bee=blob((20, 20, 30, 30)))
    only = regions_of(MaskSample("i.png", (MaskFile("specks.png", "a"),)), SIZE, tmp_path, card)
    assert (only.regions, only.dropped, only.unsure) == ((), 2, frozenset({"a"}))
    assert [note.reason for note in only.notes] == ["regions_too_small"]
    assert not only.refused
    masks = (MaskFile("specks.png", "a"), MaskFile("bee.png", "b"))
    both = regions_of(MaskSample("i.png", masks), SIZE, tmp_path, card)
    assert boxes(both) == [("b", (20, 20, 30, 30))]
    assert (both.notes, both.unsure) == ((), frozenset({"a"}))


def test_the_card_sets_the_floor(tmp_path):
    written(tmp_path, m=blob((3, 3, 6, 6), (20, 20, 25, 25)))
    sample = MaskSample("i.png", (MaskFile("m.png", "a"),))
    for floor, count in ((9, 2), (10, 1), (26, 0)):
        found = regions_of(sample, SIZE, tmp_path, make_card(tmp_path, f"[mask]\nmin_area = {floor}"))
        assert (len(found.regions), found.dropped) == (count, 2 - count)


def test_the_card_s_threshold_holds_where_the_mask_names_none(tmp_path):
    Image.fromarray(blob((3, 3, 13, 13))).save(tmp_path / "m.png")
    card = make_card(tmp_path, "[mask]\nthreshold = 0")
    sample = MaskSample("i.png", (MaskFile("m.png", "a"),))
    assert boxes(regions_of(sample, SIZE, tmp_path, card)) == [("a", (3, 3, 13, 13))]
    own = MaskSample("i.png", (MaskFile("m.png", "a", threshold=1),))
    assert not regions_of(own, SIZE, tmp_path, card).regions
    assert not regions_of(sample, SIZE, tmp_path, make_card(tmp_path)).regions


@pytest.mark.parametrize("stated", [False, True])
def test_the_card_s_inversion_holds_whether_or_not_the_mask_repeats_it(tmp_path, stated):
    written(tmp_path, m=1 - blob((3, 3, 13, 13)))
    card = make_card(tmp_path, "[mask]\ninvert = true")
    sample = MaskSample("i.png", (MaskFile("m.png", "a", invert=stated),))
    assert boxes(regions_of(sample, SIZE, tmp_path, card)) == [("a", (3, 3, 13, 13))]


def test_index_and_colour_tables_come_from_the_card_where_the_mask_has_none(tmp_path):
    index = blob((3, 3, 13, 13)) * np.uint8(3) + blob((20, 20, 30, 30)) * np.uint8(7)
    Image.fromarray(index).save(tmp_path / "index.png")
    palette = np.zeros((8, 3), np.uint8)
    palette[3], palette[7] = (255, 128, 0), (0, 85, 170)
    Image.fromarray(palette[index]).save(tmp_path / "colour.png")
    tables = '[mask.index]\n3 = "a"\n7 = "b"\n[mask.colors]\n"#ff8000" = "a"\n"#0055AA" = "b"'
    card = make_card(tmp_path, tables)
    for mask in (IndexMask("index.png", ()), ColorMask("colour.png", ())):
        found = regions_of(MaskSample("i.png", (mask,)), SIZE, tmp_path, card)
        assert boxes(found) == [("a", (3, 3, 13, 13)), ("b", (20, 20, 30, 30))]
    own = regions_of(MaskSample("i.png", (IndexMask("index.png", ((7, "c"),)),)), SIZE, tmp_path, card)
    assert boxes(own) == [("c", (20, 20, 30, 30))]


def test_a_mask_of_another_size_is_scaled_and_noted_once(tmp_path, card):
    small = np.zeros((20, 30), np.uint8)
    small[5:10, 6:15], small[12:18, 20:28] = 1, 2
    Image.fromarray(small).save(tmp_path / "m.png")
    sample = MaskSample("i.png", (IndexMask("m.png", ((1, "a"), (2, "b"))),))
    found = regions_of(sample, SIZE, tmp_path, card)
    assert boxes(found) == [("a", (12, 10, 30, 20)), ("b", (40, 24, 56, 36))]
    (note,) = found.notes
    assert (note.reason, note.file, note.level) == ("mask_size", "m.png", "note")
    assert "30 x 20" in note.detail
    assert "60 x 40" in note.detail


@pytest.mark.parametrize(
    ("mask", "reason", "file"),
    [
        (MaskFile("gone.png", "a"), "missing_mask", "gone.png"),
        (MaskFile("words.png", "a"), "bad_mask", "words.png"),
        (MaskFile("cut.png", "a"), "truncated_image", "cut.png"),
        (MaskFile(Slice("words.npy", 3), "a"), "bad_mask", "words.npy#0003"),
        (RleMask("1 2 3", "a"), "bad_mask", "i.png"),
        (PolygonMask((), "a"), "bad_mask", "i.png"),
        (MaskFile("good.png", "zebra"), "unknown_label", "good.png"),
    ],
)
def test_a_mask_that_cannot_be_used_refuses_the_sample_and_names_the_file(tmp_path, card, mask, reason, file):
    written(tmp_path, good=blob((5, 5, 25, 25)), cut=blob((5, 5, 25, 25)))
    data = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    for name in ("words.png", "words.npy"):
        (tmp_path / name).write_bytes(b"only words " * 30)
    for masks in ((MaskFile("good.png", "b"), mask), (mask, MaskFile("good.png", "b"))):
        found = regions_of(MaskSample("i.png", masks), SIZE, tmp_path, card)
        assert found.regions == ()
        assert found.refused
        assert [(note.reason, note.file) for note in found.notes] == [(reason, file)]
        assert found.notes[0].detail


def test_an_unknown_class_is_refused_with_its_text(tmp_path, card):
    written(tmp_path, m=blob((5, 5, 25, 25)))
    found = regions_of(MaskSample("i.png", (MaskFile("m.png", "zebra"),)), SIZE, tmp_path, card)
    assert "'zebra'" in found.notes[0].detail


def test_plugins_decoders_are_asked_first_in_order_and_the_core_last(tmp_path, card):
    written(tmp_path, m=blob((5, 5, 25, 25)))
    asked = []

    def shy(mask, size, root):
        asked.append(("shy", mask, size, root))

    def bold(mask, size, root):
        asked.append(("bold", mask, size, root))
        if isinstance(mask, RleMask):
            return [("b", blob((30, 5, 45, 20)).astype(np.int64) * 300), ("c", blob((0, 0, 20, 20)) != 0)]
        return None

    masks = (MaskFile("m.png", "a"), RleMask("in a language of its own", "a"))
    found = regions_of(MaskSample("i.png", masks), SIZE, tmp_path, card, (shy, bold))
    assert boxes(found) == [("a", (5, 5, 25, 25)), ("b", (30, 5, 45, 20)), ("c", (0, 0, 20, 20))]
    assert [name for name, *_ in asked] == ["shy", "bold", "shy", "bold"]
    assert asked[0][1:] == (masks[0], SIZE, tmp_path)


def test_a_plugin_s_fault_is_a_bad_mask_of_that_sample(tmp_path, card):
    def wrong_shape(mask, size, root):
        return [("a", np.ones(size, np.uint8))]

    def refusing(mask, size, root):
        raise PictureError("bad_mask", "not in my language")

    sample = MaskSample("i.png", (RleMask("x", "a"),))
    for decoder, word in ((wrong_shape, "(60, 40)"), (refusing, "my language")):
        found = regions_of(sample, SIZE, tmp_path, card, (decoder,))
        assert found.refused
        assert found.notes[0].reason == "bad_mask"
        assert word in found.notes[0].detail


# -- boxes ----------------------------------------------------------------------------------------------


def box_regions(card, tmp_path, *corners, code="a", size=SIZE) -> Found:
    return regions_of(BoxSample("i.png", tuple(Box(code, xyxy) for xyxy in corners)), size, tmp_path, card)


@given(
    st.floats(-20, 80, allow_nan=False),
    st.floats(-20, 60, allow_nan=False),
    st.floats(0.01, 60, allow_nan=False),
    st.floats(0.01, 40, allow_nan=False),
)
def test_a_box_is_clipped_to_the_picture_and_rounded_outwards(tmp_path, x, y, w, h):
    found = box_regions(make_card(tmp_path), tmp_path, (x, y, x + w, y + h))
    left, top, right, bottom = max(0, x), max(0, y), min(SIZE[0], x + w), min(SIZE[1], y + h)
    if right - left < 1e-3 or bottom - top < 1e-3:
        return  # hardly or not inside: see the tests below
    (region,) = found.regions
    x1, y1, x2, y2 = region.box
    assert 0 <= x1 < x2 <= SIZE[0]
    assert 0 <= y1 < y2 <= SIZE[1]
    tiny = 1e-5
    assert x1 <= left + tiny < x1 + 1 + 2 * tiny
    assert y1 <= top + tiny < y1 + 1 + 2 * tiny
    assert x2 - 1 - 2 * tiny < right - tiny <= x2
    assert y2 - 1 - 2 * tiny < bottom - tiny <= y2
    assert region.area == (x2 - x1) * (y2 - y1)
    assert sum(region.cells) == pytest.approx(1)


def test_the_noise_of_scaled_coordinates_does_not_widen_a_box(tmp_path, card):
    found = box_regions(card, tmp_path, (3 + 1e-12, 4 - 1e-12, 20 + 1e-9, 30 - 1e-9))
    assert boxes(found) == [("a", (3, 4, 20, 30))]


@pytest.mark.parametrize(
    "corners",
    [
        (10, 10, 10, 20),
        (10, 10, 5, 20),
        (10, 20, 20, 10),
        (-9, 5, 0, 9),
        (60, 5, 70, 9),
        (5, 40, 9, 50),
        (float("nan"), 5, 9, 9),
        (5, 5, float("inf"), 9),
        (5, 5, 5 + 1e-9, 9),
    ],
)
def test_a_box_without_area_in_the_picture_is_a_bad_box_and_the_others_stay(tmp_path, card, corners):
    found = box_regions(card, tmp_path, corners, (20, 20, 30, 30))
    assert boxes(found) == [("a", (20, 20, 30, 30))]
    (note,) = found.notes
    assert (note.reason, note.file, note.level) == ("bad_box", "i.png", "refused")
    assert not found.refused
    assert found.unsure == frozenset()
    alone = box_regions(card, tmp_path, corners)
    assert (alone.regions, alone.unsure, alone.refused) == ((), frozenset({"a"}), False)


@pytest.mark.parametrize(
    ("corners", "size", "astray"),
    [
        ((-2, -2, 20, 20), (60, 40), False),
        ((10, 10, 62, 42), (60, 40), False),
        ((10, 10, 62.5, 30), (60, 40), True),
        ((10, -2.5, 30, 30), (60, 40), True),
        ((-40, 10, 900, 2048), (2000, 2000), True),
        ((-40, 10, 2040, 2020), (2000, 2000), False),
        ((15, 15, 90, 60), (60, 40), True),
    ],
)
def test_a_box_may_slip_over_the_edge_and_one_that_reaches_far_out_refuses_its_picture(
    tmp_path, card, corners, size, astray
):
    found = box_regions(card, tmp_path, corners, (20, 20, 30, 30), size=size)
    assert found.refused == astray
    assert [(note.reason, note.file) for note in found.notes] == [("bad_box", "i.png")] * astray


def test_all_boxes_that_reach_far_out_are_one_line(tmp_path, card):
    found = box_regions(card, tmp_path, (10, 10, 80, 30), (20, 20, 30, 30), (5, 5, 9, 70))
    (note,) = found.notes
    assert "reaches far out of a picture of 60 x 40, and 1 more" in note.detail


def test_a_fraction_of_the_picture_that_counts_pixels_reaches_far_out(tmp_path, card):
    sample = BoxSample(
        "i.png", (Box("a", (4, 8, 20, 28), relative=True), Box("a", (0.1, 0.1, 0.2, 0.2), relative=True))
    )
    assert [note.reason for note in regions_of(sample, SIZE, tmp_path, card).notes] == ["bad_box"]
    sample = BoxSample("i.png", (Box("a", (0.5, 0.5, 1.01, 1.004), relative=True),))
    assert boxes(regions_of(sample, SIZE, tmp_path, card)) == [("a", (30, 20, 60, 40))]


def test_boxes_come_in_reading_order_each_once_even_if_they_overlap(tmp_path, card):
    found = box_regions(card, tmp_path, (30, 5, 40, 15), (2, 20, 9, 30), (5, 5, 33, 12), (30, 5, 40, 15))
    assert boxes(found) == [("a", (5, 5, 33, 12)), ("a", (30, 5, 40, 15)), ("a", (2, 20, 9, 30))]


def test_no_boxes_are_a_negative_and_an_unknown_class_refuses_the_sample(tmp_path, card):
    assert box_regions(card, tmp_path) == Found()
    found = box_regions(card, tmp_path, (3, 3, 9, 9), code="zebra")
    assert found.refused
    assert found.notes[0].reason == "unknown_label"


def test_small_boxes_count_unless_the_card_sets_a_floor(tmp_path, card):
    assert boxes(box_regions(card, tmp_path, (3, 3, 5, 5))) == [("a", (3, 3, 5, 5))]
    floored = make_card(tmp_path, "[mask]\nmin_area = 9")
    found = box_regions(floored, tmp_path, (3, 3, 5, 5))
    assert (found.regions, found.dropped, found.unsure) == ((), 1, frozenset({"a"}))
    assert [note.reason for note in found.notes] == ["regions_too_small"]
