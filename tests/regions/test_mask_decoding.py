"""Every encoding of a mask gives the regions that were drawn."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medmat_core.images import PictureError
from medmat_core.model import ColorMask, IndexMask, MaskFile, PolygonMask, RleMask, Slice
from medmat_core.regions.decode import decode
from medmat_core.regions.find import find_regions
from tests.regions.regions_oracle import (
    FILE_ENCODINGS,
    as_found,
    drawn_masks,
    flood_found,
    run_lengths,
    write_dicom,
    write_rgb,
)


def size_of(mask: np.ndarray) -> tuple[int, int]:
    return mask.shape[1], mask.shape[0]


def regions(mask_words, size, root=Path(), min_area=1):
    """code -> (box, area) pairs of every class that a mask gives."""
    return {
        part.code: as_found(find_regions(part.pixels, part.code, min_area)[0])
        for part in decode(mask_words, size, root)
    }


def reason_of(mask, size=(8, 6), root=Path()) -> str:
    with pytest.raises(PictureError) as caught:
        decode(mask, size, root)
    return caught.value.reason


@pytest.mark.parametrize("encoding", FILE_ENCODINGS)
@given(mask=drawn_masks(24))
def test_a_mask_file_gives_the_regions_drawn_whatever_its_encoding(tmp_path, encoding, mask):
    name, write = FILE_ENCODINGS[encoding]
    # whole JPEG blocks keep their edges sharp
    grain = 8 if "JPEG" in encoding else 1
    drawn = np.kron(mask, np.ones((grain, grain), np.uint8))
    write(tmp_path / name, drawn)
    for invert, inside in ((False, mask), (True, 1 - mask)):
        expected = [(tuple(grain * edge for edge in box), grain * grain * area) for box, area in flood_found(inside)]
        assert regions(MaskFile(name, "a", invert=invert), size_of(drawn), tmp_path) == {"a": expected}


@given(
    mask=drawn_masks(30), order=st.sampled_from(["rows", "columns"]), start=st.sampled_from(["one", "zero", "relative"])
)
def test_run_lengths_in_either_order_and_form_give_the_mask_back(mask, order, start):
    text = run_lengths(mask, order, start)
    for stated in (None, size_of(mask)):
        (part,) = decode(RleMask(text, "a", order=order, start=start, size=stated), size_of(mask), Path())
        assert np.array_equal(part.pixels, mask)
        assert not part.scaled


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9)), max_size=8))
def test_relative_run_lengths_follow_the_formula_of_their_authors(pairs):
    """position += gap; pixels position .. position+length-1; position += length; pixel k in column k // height."""
    width, height = 20, 10
    expected, position = np.zeros((height, width), np.uint8), 0
    for gap, length in pairs:
        position += gap
        for k in range(position, position + length):
            expected[k % height, k // height] = 1
        position += length
    text = " ".join(f"{gap} {length}" for gap, length in pairs)
    (part,) = decode(RleMask(text, "a", start="relative"), (width, height), Path())
    assert np.array_equal(part.pixels, expected)


def test_the_published_run_lengths_of_siim_cover_what_was_published():
    text = (
        "810584 20 1003 22 1001 25 998 28 994 32 990 36 987 39 983 42 980 45 977 48 974 51 971 54 968 57 965 60 "
        "962 63 958 68 953 72 946 80 942 83 940 85 938 88 934 91 931 95 926 100 921 104 917 108 913 113 908 117 "
        "904 121 901 124"
    )
    found = regions(RleMask(text, "1", start="relative"), (1024, 1024))
    assert found == {"1": [((791, 536, 821, 660), 2071)]}


def test_the_published_run_lengths_of_the_gi_tract_read_row_by_row():
    text = (
        "28094 3 28358 7 28623 9 28889 9 29155 9 29421 9 29687 9 29953 9 30219 9 30484 10 30750 10 31016 10 31282 10 "
        "31548 10 31814 10 32081 9 32347 8 32614 6"
    )
    assert regions(RleMask(text, "stomach", order="rows"), (266, 266)) == {"stomach": [((159, 105, 169, 123), 156)]}


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_blank_run_lengths_are_an_empty_mask(text):
    (part,) = decode(RleMask(text, "a"), (8, 6), Path())
    assert part.pixels.shape == (6, 8)
    assert not part.pixels.any()


def test_minus_one_is_an_empty_mask_only_where_its_authors_write_it_so():
    (part,) = decode(RleMask(" -1", "a", start="relative"), (8, 6), Path())
    assert not part.pixels.any()
    assert reason_of(RleMask("-1", "a", start="one")) == "bad_mask"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("3", "one"),
        ("3 2 9", "one"),
        ("-3 2", "zero"),
        ("3 -2", "relative"),
        ("0 2", "one"),
        ("48 2", "one"),
        ("47 2", "zero"),
        ("40 5 2 2", "relative"),
        ("3.0 2", "one"),
        ("1_0 2", "one"),
        ("三 2", "one"),
        ("nan 2", "one"),
        ("9" * 400 + " 2", "zero"),
    ],
)
def test_malformed_run_lengths_are_a_bad_mask(text, start):
    assert reason_of(RleMask(text, "a", start=start)) == "bad_mask"


def test_a_run_up_to_the_last_pixel_is_legal():
    for text, start in (("48 1", "one"), ("47 1", "zero"), ("40 5 2 1", "relative")):
        (part,) = decode(RleMask(text, "a", start=start, order="rows"), (8, 6), Path())
        assert part.pixels[5, 7] == 1


def test_run_lengths_of_an_absurd_size_are_refused_before_memory_is_taken():
    assert reason_of(RleMask("1 1", "a", size=(100_000, 100_000))) == "image_too_large"


# -- thresholds -----------------------------------------------------------------------------------------


def test_a_jpeg_mask_with_grey_edges_gives_one_box(tmp_path):
    mask = np.zeros((200, 260), np.uint8)
    cv2.ellipse(mask, (130, 100), (60, 45), 20, 0, 360, 255, -1)
    cv2.imwrite(str(tmp_path / "m.jpg"), np.dstack([mask] * 3), [cv2.IMWRITE_JPEG_QUALITY, 75])
    stored = cv2.imread(str(tmp_path / "m.jpg"), cv2.IMREAD_GRAYSCALE)
    assert ((stored > 0) & (stored < 255)).sum() > 500
    (((box, area),),) = (regions(MaskFile("m.jpg", "a"), (260, 200), tmp_path)["a"],)
    (((drawn, drawn_area),),) = (flood_found(mask),)
    assert np.abs(np.subtract(box, drawn)).max() <= 1
    assert abs(area - drawn_area) / drawn_area < 0.01
    careless = regions(MaskFile("m.jpg", "a", threshold=0), (260, 200), tmp_path)["a"]
    assert len(careless) > 1


@pytest.mark.parametrize(("dtype", "half"), [(np.uint8, 127), (np.uint16, 32767)])
def test_the_threshold_is_half_of_the_range(tmp_path, dtype, half):
    levels = np.array([[0, half - 1, half, half + 1, 2 * half + 1]], dtype).repeat(3, axis=0)
    cv2.imwrite(str(tmp_path / "m.png"), levels)
    (part,) = decode(MaskFile("m.png", "a"), (5, 3), tmp_path)
    assert part.pixels[0].tolist() == [0, 0, 0, 1, 1]
    (part,) = decode(MaskFile("m.png", "a", invert=True), (5, 3), tmp_path)
    assert part.pixels[0].tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("threshold", [100, 100.9])
def test_pixels_strictly_above_a_stated_threshold_are_foreground(tmp_path, threshold):
    cv2.imwrite(str(tmp_path / "m.png"), np.array([[99, 100, 101, 102]], np.uint8))
    (part,) = decode(MaskFile("m.png", "a", threshold=threshold), (4, 1), tmp_path)
    assert part.pixels.tolist() == [[0, 0, 1, 1]]


def test_an_8_bit_mask_of_zeros_and_ones_is_no_negative_but_asks_for_a_threshold(tmp_path):
    mask = np.zeros((6, 8), np.uint8)
    mask[1:4, 2:6] = 1
    Image.fromarray(mask).save(tmp_path / "m.png")
    assert reason_of(MaskFile("m.png", "a"), root=tmp_path) == "bad_mask"
    assert regions(MaskFile("m.png", "a", threshold=0), (8, 6), tmp_path) == {"a": [((2, 1, 6, 4), 12)]}


def test_a_few_ones_in_a_black_mask_are_noise(tmp_path):
    mask = np.zeros((6, 8), np.uint8)
    mask[0, :5] = 1
    Image.fromarray(mask).save(tmp_path / "m.png")
    assert regions(MaskFile("m.png", "a"), (8, 6), tmp_path) == {"a": []}


@pytest.mark.parametrize("threshold", [None, 0, 0.5, 127, 254])
def test_a_one_bit_mask_is_foreground_where_it_is_true_whatever_the_threshold(tmp_path, threshold):
    mask = np.zeros((20, 20), bool)
    mask[4:9, 5:12] = True
    Image.fromarray(mask).save(tmp_path / "m.png")
    assert regions(MaskFile("m.png", "a", threshold), (20, 20), tmp_path) == {"a": [((5, 4, 12, 9), 35)]}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.int32, bool])
def test_an_array_without_a_range_is_foreground_above_one_half(tmp_path, dtype):
    array = np.zeros((20, 20), dtype)
    array[4:9, 5:12] = 1
    np.save(tmp_path / "m.npy", array)
    assert regions(MaskFile("m.npy", "a"), (20, 20), tmp_path) == {"a": [((5, 4, 12, 9), 35)]}


def test_missing_values_are_background_inverted_or_not(tmp_path):
    np.save(tmp_path / "m.npy", np.array([[np.nan, 0.0, 1.0]]))
    for invert, row in ((False, [0, 0, 1]), (True, [0, 1, 0])):
        (part,) = decode(MaskFile("m.npy", "a", invert=invert), (3, 1), tmp_path)
        assert part.pixels.tolist() == [row]


def test_a_coloured_mask_counts_by_its_luma(tmp_path):
    Image.fromarray(np.array([[[255, 255, 0], [0, 0, 255]]], np.uint8)).save(tmp_path / "m.png")
    (part,) = decode(MaskFile("m.png", "a"), (2, 1), tmp_path)
    assert part.pixels.tolist() == [[1, 0]]


# -- several classes in one file ------------------------------------------------------------------------


@given(mask=drawn_masks(30), other=drawn_masks(30))
def test_an_index_mask_gives_each_listed_value_its_regions(tmp_path, mask, other):
    height, width = min(mask.shape[0], other.shape[0]), min(mask.shape[1], other.shape[1])
    first, second = mask[:height, :width], other[:height, :width]
    index = np.where(first, 3, np.where(second, 5, 0)).astype(np.uint8)
    only = {"three": index == 3, "five": index == 5}
    expected = {code: flood_found(where) for code, where in only.items() if where.any()}
    codes = ((3, "three"), (5, "five"), (4, "four"))
    Image.fromarray(index).save(tmp_path / "gray.png")
    Image.fromarray(np.dstack([index] * 3)).save(tmp_path / "rgb.png")
    palette = Image.fromarray(index)
    palette.putpalette([9, 9, 9] * 3 + [0, 0, 0] * 253)
    palette.save(tmp_path / "palette.png")
    np.save(tmp_path / "array.npy", index.astype(np.float32))
    write_dicom(tmp_path / "index.dcm", index)
    for name in ("gray.png", "rgb.png", "palette.png", "array.npy", "index.dcm"):
        assert regions(IndexMask(name, codes), (width, height), tmp_path) == expected, name


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_an_index_mask_of_few_bits_keeps_its_values(tmp_path, bits):
    from struct import pack
    from zlib import compress, crc32

    def chunk(kind: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + kind + body + pack(">I", crc32(kind + body))

    # one row of four pixels 0, 1, 1, 0 packed from the left
    packed = sum(value << (8 * 2 - bits * (place + 1)) for place, value in enumerate((0, 1, 1, 0))).to_bytes(2, "big")
    row = packed[: -(-4 * bits // 8)]
    header = pack(">IIBBBBB", 4, 1, bits, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", compress(b"\0" + row)) + chunk(b"IEND", b"")
    (tmp_path / "m.png").write_bytes(png)
    assert regions(IndexMask("m.png", ((1, "a"),)), (4, 1), tmp_path) == {"a": [((1, 0, 3, 1), 2)]}


def test_values_of_one_class_are_united_and_its_touching_parts_are_one_region(tmp_path):
    index = np.zeros((10, 20), np.uint8)
    index[2:6, 2:6], index[2:6, 6:12] = 1, 2
    Image.fromarray(index).save(tmp_path / "m.png")
    found = regions(IndexMask("m.png", ((1, "a"), (2, "a"))), (20, 10), tmp_path)
    assert found == {"a": [((2, 2, 12, 6), 40)]}


def test_an_index_mask_whose_channels_differ_is_a_bad_mask(tmp_path):
    Image.fromarray(np.random.default_rng(1).integers(0, 5, (9, 9, 3), np.uint8)).save(tmp_path / "m.png")
    assert reason_of(IndexMask("m.png", ((1, "a"),)), (9, 9), tmp_path) == "bad_mask"


def test_a_colour_mask_tells_classes_by_their_exact_colour(tmp_path):
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[2:8, 3:9] = (170, 0, 85)
    picture[2:8, 15:25] = (0, 85, 170)
    picture[12:18, 3:9] = (170, 0, 86)
    codes = (((170, 0, 85), "a"), ((0, 85, 170), "b"), ((1, 2, 3), "c"))
    for name in ("m.png", "m.bmp", "m.tif", "m.ppm"):
        Image.fromarray(picture).save(tmp_path / name)
        found = regions(ColorMask(name, codes), (30, 20), tmp_path)
        assert found == {"a": [((3, 2, 9, 8), 36)], "b": [((15, 2, 25, 8), 60)]}


def test_a_tolerant_colour_mask_takes_the_nearest_listed_colour_and_no_far_one(tmp_path):
    picture = np.array([[[100, 100, 100], [110, 100, 100], [118, 100, 100], [150, 100, 100]]], np.uint8)
    Image.fromarray(picture).save(tmp_path / "m.png")
    codes = (((100, 100, 100), "a"), ((120, 100, 100), "b"))
    parts = {part.code: part.pixels.tolist() for part in decode(ColorMask("m.png", codes, 15), (4, 1), tmp_path)}
    assert parts == {"a": [[1, 1, 0, 0]], "b": [[0, 0, 1, 0]]}


def test_a_colour_mask_saved_as_jpeg_is_read_with_tolerance(tmp_path):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[8:40, 16:48] = (255, 0, 0)
    Image.fromarray(picture).save(tmp_path / "m.jpg", quality=95, subsampling=0)
    (((box, _),),) = (regions(ColorMask("m.jpg", (((255, 0, 0), "a"),), 60), (64, 64), tmp_path)["a"],)
    assert np.abs(np.subtract(box, (16, 8, 48, 40))).max() <= 1


# -- outlines -------------------------------------------------------------------------------------------


@given(st.integers(-5, 40), st.integers(-5, 30), st.integers(0, 30), st.integers(0, 30))
def test_a_rectangular_outline_holds_its_corners_and_what_lies_between(x, y, w, h):
    width, height = 36, 27
    mask = PolygonMask(((x, y), (x + w, y), (x + w, y + h), (x, y + h)), "a")
    expected = np.zeros((height, width), np.uint8)
    expected[max(0, y) : max(0, y + h + 1), max(0, x) : max(0, x + w + 1)] = 1
    if not expected.any():
        assert reason_of(mask, (width, height)) == "bad_mask"
        return
    (part,) = decode(mask, (width, height), Path())
    assert np.array_equal(part.pixels, expected)


@given(
    st.floats(20, 60), st.floats(20, 50), st.floats(4, 30), st.floats(4, 25), st.floats(0, math.pi), st.integers(5, 40)
)
def test_a_round_outline_covers_what_it_encloses_and_little_more(cx, cy, rx, ry, turn, corners):
    width, height = 90, 80
    points = []
    for k in range(corners):
        t = 2 * math.pi * k / corners
        x, y = rx * math.cos(t), ry * math.sin(t)
        points.append((cx + x * math.cos(turn) - y * math.sin(turn), cy + x * math.sin(turn) + y * math.cos(turn)))
    (part,) = decode(PolygonMask(tuple(points), "a"), (width, height), Path())
    rows, columns = np.mgrid[:height, :width]
    distance = np.full((height, width), np.inf)
    for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
        long = math.hypot(x2 - x1, y2 - y1)
        # how far inside the half plane of this edge a pixel centre lies
        distance = np.minimum(distance, ((x2 - x1) * (rows - y1) - (y2 - y1) * (columns - x1)) / long)
    assert part.pixels[distance > 1.5].all()
    assert not part.pixels[distance < -1.5].any()


@pytest.mark.parametrize(
    "points",
    [(), ((500, 500), (600, 500), (600, 600)), ((float("nan"), 1), (2, 3), (4, 5)), ((1e30, 1), (2, 3), (4, 5))],
)
def test_an_outline_that_marks_nothing_in_the_picture_is_a_bad_mask(points):
    assert reason_of(PolygonMask(points, "a"), (40, 30)) == "bad_mask"


def test_an_outline_of_one_point_or_two_marks_a_dot_or_a_line():
    (dot,) = decode(PolygonMask(((3.4, 2.5),), "a"), (8, 6), Path())
    assert np.argwhere(dot.pixels).tolist() == [[3, 3]]
    (line,) = decode(PolygonMask(((1, 1), (4, 1)), "a"), (8, 6), Path())
    assert np.argwhere(line.pixels).tolist() == [[1, 1], [1, 2], [1, 3], [1, 4]]


# -- sizes and slices -----------------------------------------------------------------------------------


@given(mask=drawn_masks(24), factor=st.integers(2, 4))
def test_a_smaller_mask_is_scaled_to_its_picture_pixel_by_pixel(tmp_path, mask, factor):
    write_rgb(tmp_path / "m.png", mask)
    width, height = size_of(mask)
    (part,) = decode(MaskFile("m.png", "a"), (width * factor, height * factor), tmp_path)
    assert part.scaled
    assert part.stored == (width, height)
    assert np.array_equal(part.pixels, np.kron(mask, np.ones((factor, factor), np.uint8)))


@given(mask=drawn_masks(40), width=st.integers(5, 90), height=st.integers(5, 90))
def test_scaling_a_mirrored_mask_mirrors_the_result(mask, width, height):
    if width == mask.shape[1] and height == mask.shape[0]:
        width += 1
    ahead = run_lengths(mask, "rows", "one")
    back = run_lengths(mask[:, ::-1], "rows", "one")
    (one,) = decode(RleMask(ahead, "a", order="rows", size=size_of(mask)), (width, height), Path())
    (two,) = decode(RleMask(back, "a", order="rows", size=size_of(mask)), (width, height), Path())
    assert one.scaled
    differing = int((one.pixels != two.pixels[:, ::-1]).sum())
    # a centre that falls on the line between two source pixels goes to one side: whole columns at most
    ties = sum((2 * x + 1) * mask.shape[1] % (2 * width) == 0 for x in range(width))
    assert differing <= ties * height


def test_a_slice_of_a_volume_is_a_mask_of_its_own(tmp_path):
    layers = np.zeros((3, 20, 30), np.uint8)
    layers[1, 4:9, 5:17] = 255
    np.save(tmp_path / "last.npy", np.moveaxis(layers, 0, 2))
    np.save(tmp_path / "first.npy", layers)
    write_dicom(tmp_path / "v.dcm", layers)
    expected = {"a": [((5, 4, 17, 9), 60)]}
    for ref in (Slice("last.npy", 1), Slice("first.npy", 1, 0), Slice("v.dcm", 1, 0)):
        assert regions(MaskFile(ref, "a"), (30, 20), tmp_path) == expected, ref
        empty = MaskFile(Slice(ref.path, 0, ref.axis), "a")
        assert regions(empty, (30, 20), tmp_path) == {"a": []}


def test_a_nifti_slice_runs_its_first_axis_to_the_right(tmp_path):
    import nibabel

    volume = np.zeros((30, 20, 4), np.uint8)  # x, y, z
    volume[5:17, 4:9, 2] = 255
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "v.nii.gz")
    found = regions(MaskFile(Slice("v.nii.gz", 2), "a"), (30, 20), tmp_path)
    assert found == {"a": [((5, 4, 17, 9), 60)]}


@pytest.mark.parametrize("name", ["gone.png", "gone.jpg", "gone.dcm", "gone.nii", "gone.npy"])
def test_a_mask_that_is_not_there_is_a_missing_mask(tmp_path, name):
    assert reason_of(MaskFile(name, "a"), (8, 6), tmp_path) == "missing_mask"


def test_a_kind_of_mask_that_nobody_knows_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="not a kind of mask"):
        decode("a mask", (3, 3), Path())


@pytest.mark.parametrize(("tolerance", "inside"), [(9, 0), (10, 16), (11, 16)])
def test_a_color_as_far_off_as_the_tolerance_still_counts(tmp_path, tolerance, inside):
    array = np.zeros((20, 20, 3), np.uint8)
    array[4:8, 4:8] = (200, 110, 100)
    Image.fromarray(array).save(tmp_path / "m.png")
    mask = ColorMask("m.png", (((200, 100, 100), "a"),), tolerance=tolerance)
    found = decode(mask, (20, 20), tmp_path)
    assert sum(int(np.count_nonzero(part.pixels)) for part in found) == inside


def test_a_color_that_the_card_does_not_name_is_told_as_it_is_written_on_cards(tmp_path):
    array = np.zeros((20, 20, 3), np.uint8)
    array[4:18, 4:18] = (7, 201, 33)
    Image.fromarray(array).save(tmp_path / "m.png")
    mask = ColorMask("m.png", (((255, 0, 0), "a"),), named=((255, 0, 0),))
    with pytest.raises(PictureError, match="#07c921"):
        decode(mask, (20, 20), tmp_path)


def test_an_index_mask_drawn_in_its_alpha_alone_is_no_negative(tmp_path):
    array = np.zeros((20, 20, 4), np.uint8)
    array[4:8, 4:8, 3] = 255
    Image.fromarray(array).save(tmp_path / "m.png")
    with pytest.raises(PictureError, match="alpha"):
        decode(IndexMask("m.png", ((1, "a"),)), (20, 20), tmp_path)
