"""Masks that once passed for negatives, or for something else than they are: each is read right or refused."""

from __future__ import annotations

import os

import cv2
import numpy as np
import pytest
from PIL import Image

from medmat_core.errors import CardError
from medmat_core.model import ColorMask, IndexMask, MaskFile, MaskSample, Slice
from medmat_core.regions.extract import Found, regions_of
from tests.regions.regions_oracle import make_card, write_dicom

SIZE = (60, 40)
BOX = (10, 8, 30, 24)


def drawn(value: int = 1, dtype: type = np.uint8) -> np.ndarray:
    mask = np.zeros((SIZE[1], SIZE[0]), dtype)
    mask[BOX[1] : BOX[3], BOX[0] : BOX[2]] = value
    return mask


def seen(folder, mask, below: str = "", size=SIZE) -> Found:
    return regions_of(MaskSample("i.png", (mask,)), size, folder, make_card(folder, below))


def refused(folder, mask, below: str = "", size=SIZE) -> tuple[str, str]:
    found = seen(folder, mask, below, size)
    assert found.refused and not found.regions
    return found.notes[-1].reason, found.notes[-1].detail


# -- values ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [2, 100, 127])
@pytest.mark.parametrize("invert", [False, True])
def test_a_mask_of_0_and_one_small_value_is_binary_by_its_values(tmp_path, value, invert):
    mask = drawn(value)
    if invert:
        mask = value - mask
    for name in ("m.png", "m.tif", "m.bmp", "m.pgm"):
        Image.fromarray(mask).save(tmp_path / name)
        found = seen(tmp_path, MaskFile(name, "a", invert=invert))
        assert [region.box for region in found.regions] == [BOX]
        assert not found.notes


@pytest.mark.parametrize("value", [255, 300, 32767])
def test_a_16_bit_mask_of_8_bit_values_is_binary_by_its_values(tmp_path, value):
    cv2.imwrite(str(tmp_path / "m.png"), drawn(value, np.uint16))
    write_dicom(tmp_path / "m.dcm", drawn(value, np.uint16), 16)
    np.save(tmp_path / "m.npy", drawn(value, np.uint16))
    for name in ("m.png", "m.dcm", "m.npy"):
        assert [region.box for region in seen(tmp_path, MaskFile(name, "a")).regions] == [BOX]


def test_a_mask_in_pure_blue_is_binary_by_its_values(tmp_path):
    Image.fromarray(np.dstack([drawn(0), drawn(0), drawn(255)])).save(tmp_path / "m.png")
    assert [region.box for region in seen(tmp_path, MaskFile("m.png", "a")).regions] == [BOX]


@pytest.mark.parametrize("values", [(0, 1, 2), (0, 50, 100), (1, 2), (7,), (100,)])
def test_small_values_that_do_not_tell_what_is_marked_are_a_bad_mask(tmp_path, values):
    mask = np.resize(np.repeat(np.array(values, np.uint8), 40), (SIZE[1], SIZE[0]))
    Image.fromarray(mask).save(tmp_path / "m.png")
    for invert in (False, True):
        reason, detail = refused(tmp_path, MaskFile("m.png", "a", invert=invert))
        assert reason == "bad_mask" and "mask.threshold" in detail


def test_a_dark_jpeg_mask_is_a_bad_mask_and_a_black_one_with_noise_a_negative(tmp_path):
    Image.fromarray(drawn(100)).save(tmp_path / "dark.jpg", quality=70)
    assert refused(tmp_path, MaskFile("dark.jpg", "a"))[0] == "bad_mask"
    noise = np.random.default_rng(1).integers(0, 4, (SIZE[1], SIZE[0]), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.jpg", quality=95)
    assert seen(tmp_path, MaskFile("noise.jpg", "a")) == Found()


def test_a_stated_threshold_is_never_second_guessed(tmp_path):
    Image.fromarray(drawn(100)).save(tmp_path / "m.png")
    assert seen(tmp_path, MaskFile("m.png", "a", threshold=127)) == Found()
    assert [r.box for r in seen(tmp_path, MaskFile("m.png", "a"), "[mask]\nthreshold = 50").regions] == [BOX]


# -- alpha, pages, size ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shade", [0, 255])
@pytest.mark.parametrize("name", ["m.png", "m.tif", "m.webp"])
def test_a_mask_that_lies_in_the_alpha_channel_alone_is_refused(tmp_path, shade, name):
    flat = np.full((SIZE[1], SIZE[0]), shade, np.uint8)
    Image.fromarray(np.dstack([flat, flat, flat, drawn(255)])).save(tmp_path / name, lossless=True, exact=True)
    for mask in (MaskFile(name, "a"), MaskFile(name, "a", threshold=0)):
        reason, detail = refused(tmp_path, mask)
        assert reason == "bad_mask" and "alpha" in detail
    if not shade:
        assert refused(tmp_path, ColorMask(name, (((255, 0, 0), "a"),)))[0] == "bad_mask"


def test_a_mask_with_an_even_alpha_channel_is_a_mask(tmp_path):
    for alpha in (0, 255):
        mask = drawn(255)
        Image.fromarray(np.dstack([mask, mask, mask, np.full_like(mask, alpha)])).save(tmp_path / "m.png")
        assert [region.box for region in seen(tmp_path, MaskFile("m.png", "a")).regions] == [BOX]
        Image.fromarray(np.dstack([drawn(0)] * 3 + [np.full_like(mask, alpha)])).save(tmp_path / "m.png")
        assert seen(tmp_path, MaskFile("m.png", "a")) == Found()


@pytest.mark.parametrize("name", ["m.tif", "m.gif", "m.png", "m.webp"])
def test_a_mask_on_a_second_page_or_frame_is_not_taken_for_a_negative(tmp_path, name):
    pages = [Image.fromarray(drawn(0)), Image.fromarray(drawn(255))]
    pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
    reason, detail = refused(tmp_path, MaskFile(name, "a"))
    assert reason == "bad_mask" and "2 pages" in detail
    found = seen(tmp_path, MaskFile(Slice(name, 1, 0), "a"))
    assert [region.box for region in found.regions] == [BOX]
    assert seen(tmp_path, MaskFile(Slice(name, 0, 0), "a")) == Found()


def test_a_preview_on_a_second_page_is_no_second_mask(tmp_path):
    page = Image.fromarray(drawn(255))
    page.save(tmp_path / "m.tif", save_all=True, append_images=[page.resize((15, 10))])
    assert [region.box for region in seen(tmp_path, MaskFile("m.tif", "a")).regions] == [BOX]


@pytest.mark.parametrize(("size", "word"), [((40, 60), "turned"), ((60, 60), "aspect"), ((600, 200), "aspect")])
def test_a_mask_of_another_aspect_is_refused_and_the_reason_said(tmp_path, size, word):
    Image.fromarray(drawn(255)).save(tmp_path / "m.png")
    Image.fromarray(drawn(0)).save(tmp_path / "empty.png")
    masks = (MaskFile("m.png", "a"), MaskFile("empty.png", "a"), IndexMask("empty.png", ((255, "a"),)))
    for mask in (*masks, ColorMask("empty.png", (((255, 255, 255), "a"),))):
        reason, detail = refused(tmp_path, mask, size=size)
        assert reason == "bad_mask" and word in detail and "60 x 40" in detail


@pytest.mark.parametrize("size", [(120, 80), (30, 20), (61, 40), (179, 119)])
def test_a_mask_of_the_same_aspect_is_scaled_and_noted(tmp_path, size):
    Image.fromarray(drawn(255)).save(tmp_path / "m.png")
    found = seen(tmp_path, MaskFile("m.png", "a"), size=size)
    assert len(found.regions) == 1
    assert [note.reason for note in found.notes] == ["mask_size"]


# -- paths ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["../m.png", "a/../../m.png", "..\\m.png", "/m.png"])
def test_a_mask_path_that_leads_out_of_the_data_folder_is_refused(tmp_path, path):
    root = tmp_path / "data"
    root.mkdir()
    Image.fromarray(drawn(255)).save(tmp_path / "m.png")
    for mask in (MaskFile(path, "a"), IndexMask(path, ((1, "a"),)), MaskFile(Slice(path, 0), "a")):
        assert refused(root, mask)[0] == "path_escapes"


def test_names_that_no_file_can_have_pipes_and_folders_are_a_line(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    for name in ("a\0b.png", "a\0b.npy", "a\0b.nii", "a\0b.dcm", "pipe.png", "folder.png"):
        assert refused(tmp_path, MaskFile(name, "a"))[0] in ("bad_mask", "missing_mask")


# -- held against the card ------------------------------------------------------------------------------

COLORS = '[mask.colors]\n"#ff0000" = "a"\n"#00ff00" = "b"'


def painted(*spots: tuple[tuple[int, int, int, int], tuple[int, int, int]], scale: int = 1) -> np.ndarray:
    picture = np.zeros((SIZE[1] * scale, SIZE[0] * scale, 3), np.uint8)
    for (x1, y1, x2, y2), color in spots:
        picture[y1 * scale : y2 * scale, x1 * scale : x2 * scale] = color
    return picture


@pytest.mark.parametrize("tolerance", [0, 20])
def test_a_color_that_the_card_does_not_name_is_an_unknown_label_with_its_share(tmp_path, tolerance):
    picture = painted((BOX, (255, 0, 0)), ((40, 10, 52, 34), (0, 0, 255)))
    Image.fromarray(picture).save(tmp_path / "m.png")
    reason, detail = refused(tmp_path, ColorMask("m.png", (), tolerance), COLORS)
    assert reason == "unknown_label" and "#0000ff" in detail and "12 %" in detail
    named = COLORS + '\n"#0000ff" = ""'
    assert [r.box for r in seen(tmp_path, ColorMask("m.png", (), tolerance), named).regions] == [BOX]


def test_one_wrong_digit_on_the_card_is_found_out(tmp_path):
    Image.fromarray(painted((BOX, (255, 0, 0)))).save(tmp_path / "m.png")
    wrong = '[mask.colors]\n"#fe0000" = "a"'
    assert refused(tmp_path, ColorMask("m.png", ()), wrong)[0] == "unknown_label"
    assert [r.box for r in seen(tmp_path, ColorMask("m.png", (), 4), wrong).regions] == [BOX]


def test_specks_and_the_seams_of_a_jpeg_are_no_colors_of_their_own(tmp_path):
    size = (SIZE[0] * 4, SIZE[1] * 4)
    picture = painted((BOX, (255, 0, 0)), ((30, 8, 45, 24), (0, 255, 0)), scale=4)
    Image.fromarray(picture).save(tmp_path / "m.jpg", quality=90)
    found = seen(tmp_path, ColorMask("m.jpg", (), 60), COLORS, size)
    assert {region.code for region in found.regions} == {"a", "b"}
    picture[0, :5] = (0, 0, 255)
    Image.fromarray(picture).save(tmp_path / "m.png")
    assert len(seen(tmp_path, ColorMask("m.png", ()), COLORS, size).regions) == 2
    other = painted((BOX, (255, 0, 0)), ((40, 8, 55, 24), (0, 0, 255)), scale=4)
    Image.fromarray(other).save(tmp_path / "m.jpg", quality=90)
    assert refused(tmp_path, ColorMask("m.jpg", (), 60), COLORS, size)[0] == "unknown_label"


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_a_value_that_the_card_does_not_name_is_an_unknown_label_with_its_share(tmp_path, dtype):
    index = drawn(3, dtype)
    index[30:38, 40:55] = 9
    np.save(tmp_path / "m.npy", index)
    reason, detail = refused(tmp_path, IndexMask("m.npy", ()), '[mask.index]\n3 = "a"')
    assert reason == "unknown_label" and "value 9" in detail and "5 %" in detail
    for table in ('[mask.index]\n3 = "a"\n9 = ""', '[mask.index]\n3 = "a"\n9 = "b"'):
        assert seen(tmp_path, IndexMask("m.npy", ()), table).regions[0].box == BOX
    assert seen(tmp_path, IndexMask("m.npy", ((3, "a"),)), '[mask.index]\n9 = "b"').regions[0].code == "a"


@pytest.mark.parametrize(
    "table",
    [
        '[mask.colors]\n"red" = "a"',
        '[mask.colors]\n"#ff00" = "a"',
        '[mask.colors]\n"#ff0000ff" = "a"',
        '[mask.colors]\n"#gg0000" = "a"',
        '[mask.colors]\n"ff0000" = "a"',
        '[mask.index]\n"3.0" = "a"',
        '[mask.index]\n"three" = "a"',
        '[mask.index]\n"3" = "zebra"',
    ],
)
def test_a_malformed_color_or_value_is_told_when_the_card_is_read(tmp_path, table):
    with pytest.raises(CardError, match=r"drawn\.toml"):
        make_card(tmp_path, table).tables.mask  # noqa: B018
