"""Stored pixels of every format, and what is said of files that have none."""

from __future__ import annotations

import builtins
import io
import struct
import sys
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from medmat_core.errors import MedmatError
from medmat_core.images import MissingExtraError, PictureError
from medmat_core.images.headers import read_header
from medmat_core.images.pixels import load_array, load_color, load_gray
from medmat_core.model import Slice
from tests.regions.regions_oracle import write_dicom

GREY = cv2.GaussianBlur(np.random.default_rng(5).integers(0, 256, (40, 60), np.uint8), (9, 9), 2)
COLOUR = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])


def reason_of(path, role="mask", slice_=None) -> str:
    with pytest.raises(PictureError) as caught:
        load_array(path, slice_, role=role)
    assert str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("name", ["g.png", "g.bmp", "g.tif", "g.pgm", "g.gif"])
def test_grey_pictures_come_back_as_stored(tmp_path, name):
    Image.fromarray(GREY).save(tmp_path / name)
    assert np.array_equal(load_gray(tmp_path / name).array, GREY)
    if not name.endswith("gif"):
        assert np.array_equal(load_array(tmp_path / name), GREY)


@pytest.mark.parametrize("name", ["c.png", "c.bmp", "c.tif", "c.ppm"])
def test_colours_come_back_in_the_order_red_green_blue(tmp_path, name):
    Image.fromarray(COLOUR).save(tmp_path / name)
    assert np.array_equal(load_array(tmp_path / name), COLOUR)
    assert np.array_equal(load_color(tmp_path / name), COLOUR)


def test_a_jpeg_in_colour_is_red_green_blue_too(tmp_path):
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[...] = (200, 30, 60)
    Image.fromarray(picture).save(tmp_path / "c.jpg", quality=95)
    assert np.abs(load_array(tmp_path / "c.jpg").astype(int) - picture).max() < 8
    assert np.abs(load_color(tmp_path / "c.jpg").astype(int) - picture).max() < 8


@pytest.mark.parametrize("name", ["d.png", "d.tif", "d.pgm"])
def test_sixteen_bits_stay_sixteen_bits(tmp_path, name):
    deep = GREY.astype(np.uint16) * 251 + 7
    cv2.imwrite(str(tmp_path / name), deep)
    stored = load_gray(tmp_path / name)
    assert stored.array.dtype == np.uint16
    assert stored.top == 65535
    assert np.array_equal(stored.array, deep)


@pytest.mark.parametrize("name", ["d.png", "d.tif", "d.ppm"])
def test_sixteen_bit_colour_stays_sixteen_bits(tmp_path, name):
    deep = COLOUR.astype(np.uint16) * 251 + 7
    cv2.imwrite(str(tmp_path / name), deep[..., ::-1])
    assert np.array_equal(load_array(tmp_path / name), deep)
    assert np.array_equal(load_color(tmp_path / name), (deep >> 8).astype(np.uint8))


def test_a_one_bit_picture_is_boolean(tmp_path):
    Image.fromarray(GREY > 127).save(tmp_path / "b.png")
    stored = load_array(tmp_path / "b.png")
    assert stored.dtype == np.bool_
    assert np.array_equal(stored, GREY > 127)


def test_a_palette_picture_gives_indices_as_stored_and_colours_as_grey(tmp_path):
    picture = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    picture.putpalette([0, 0, 0, 255, 255, 255, 9, 9, 9])
    picture.save(tmp_path / "p.png")
    assert load_array(tmp_path / "p.png").tolist() == [[0, 1, 2]]
    assert load_gray(tmp_path / "p.png").array.tolist() == [[0, 255, 9]]
    assert load_color(tmp_path / "p.png")[0, 1].tolist() == [255, 255, 255]


def test_alpha_says_nothing(tmp_path):
    clear = np.dstack([GREY, GREY, GREY, np.zeros_like(GREY)])
    Image.fromarray(clear).save(tmp_path / "a.png")
    assert np.array_equal(load_gray(tmp_path / "a.png").array, GREY)
    Image.fromarray(np.dstack([GREY, np.zeros_like(GREY)])).save(tmp_path / "la.png")
    assert np.array_equal(load_gray(tmp_path / "la.png").array, GREY)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["o.jpg", "o.png", "o.tif"])
def test_the_orientation_that_a_camera_noted_is_ignored(tmp_path, name, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(COLOUR).save(tmp_path / name, exif=exif)
    Image.fromarray(COLOUR).save(tmp_path / f"plain-{name}")
    for load in (load_array, load_color, lambda path: load_gray(path).array):
        assert np.array_equal(load(tmp_path / name), load(tmp_path / f"plain-{name}"))
    header = read_header(str(tmp_path / name))
    assert (header.width, header.height) == (60, 40)


def test_the_format_is_told_by_its_first_bytes_not_by_its_name(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "g.png")
    (tmp_path / "g.png").rename(tmp_path / "g.jpg")
    assert np.array_equal(load_array(tmp_path / "g.jpg"), GREY)
    write_dicom(tmp_path / "g.dcm", GREY)
    (tmp_path / "g.dcm").rename(tmp_path / "IM00001")
    assert np.array_equal(load_array(tmp_path / "IM00001"), GREY)


def encoded(name: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(GREY).save(out, format=name)
    return out.getvalue()


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "BMP", "TIFF", "PPM"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("role", ["mask", "image"])
def test_a_body_that_is_cut_off_is_a_truncated_image(tmp_path, fmt, part, role):
    data = encoded(fmt)
    (tmp_path / "x.img").write_bytes(data[: int(part * len(data))])
    assert reason_of(tmp_path / "x.img", role) == "truncated_image"


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "BMP", "TIFF", "PPM"])
def test_bytes_after_the_end_are_legal(tmp_path, fmt):
    data = encoded(fmt)
    (tmp_path / "whole.img").write_bytes(data)
    (tmp_path / "more.img").write_bytes(data + b"\xff\x00\xff\xd8 and so on \xff\x10" * 9)
    assert np.array_equal(load_array(tmp_path / "more.img"), load_array(tmp_path / "whole.img"))


def test_the_end_marker_of_a_thumbnail_does_not_hide_that_the_picture_is_cut_off(tmp_path):
    data = encoded("JPEG")
    thumbnail = b"\xff\xd8 small picture \xff\xd9"
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with_thumbnail = data[:2] + segment + data[2:]
    (tmp_path / "whole.jpg").write_bytes(with_thumbnail + b"tail")
    assert load_array(tmp_path / "whole.jpg").shape == GREY.shape
    (tmp_path / "cut.jpg").write_bytes(with_thumbnail[: len(with_thumbnail) * 2 // 3])
    assert reason_of(tmp_path / "cut.jpg") == "truncated_image"


def test_a_progressive_jpeg_with_restart_markers_and_a_tail_is_whole(tmp_path):
    out = io.BytesIO()
    Image.fromarray(COLOUR).save(out, format="JPEG", progressive=True, restart_marker_blocks=1)
    (tmp_path / "p.jpg").write_bytes(out.getvalue() + b"tail")
    assert load_array(tmp_path / "p.jpg").shape == COLOUR.shape
    (tmp_path / "cut.jpg").write_bytes(out.getvalue()[:-40])
    assert reason_of(tmp_path / "cut.jpg") == "truncated_image"


@pytest.mark.parametrize("name", ["x.jpg", "x.png", "x.dcm", "x.nii", "x.nii.gz", "x.npy"])
@pytest.mark.parametrize("data", [b"no picture at all, only words" * 20, b"\xff\xd8\xff\xd9", b"\0" * 500])
def test_bytes_that_are_no_picture_are_a_bad_mask_or_a_bad_image(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert reason_of(tmp_path / name) == "bad_mask"
    assert reason_of(tmp_path / name, "image") == "bad_image"


def test_an_empty_file_is_a_truncated_image(tmp_path):
    (tmp_path / "x.png").touch()
    assert reason_of(tmp_path / "x.png") == "truncated_image"


def test_a_folder_in_the_place_of_a_picture_is_a_bad_image(tmp_path):
    assert reason_of(tmp_path, "image") == "bad_image"


def test_a_picture_that_is_not_there_is_a_missing_image(tmp_path):
    assert reason_of(tmp_path / "x.png", "image") == "missing_image"


def huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_more_than_200_megapixels_are_refused_by_the_header_alone(tmp_path):
    (tmp_path / "x.png").write_bytes(huge_png(20_000, 10_001))
    assert reason_of(tmp_path / "x.png") == "image_too_large"
    (tmp_path / "x.png").write_bytes(huge_png(20_000, 10_000))
    assert reason_of(tmp_path / "x.png") == "truncated_image"
    jpeg = bytearray(encoded("JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 20_001, 20_000)
    (tmp_path / "x.jpg").write_bytes(jpeg)
    assert reason_of(tmp_path / "x.jpg") == "image_too_large"
    (tmp_path / "x.pgm").write_bytes(b"P5 30000 30000 255\n" + bytes(10))
    assert reason_of(tmp_path / "x.pgm") == "image_too_large"


def test_pillow_s_own_limit_neither_refuses_a_picture_nor_is_changed(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 1)
        Image.new("1", (300, 200)).save(tmp_path / "x.tif", compression="group4")
        assert load_array(tmp_path / "x.tif").shape == (200, 300)
        assert Image.MAX_IMAGE_PIXELS == 1  # others' setting is theirs


def test_a_huge_array_is_refused_before_it_is_read(tmp_path):
    with open(tmp_path / "x.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (20_000, 20_000)})
        file.truncate(file.tell() + 20_000 * 20_000)
    assert reason_of(tmp_path / "x.npy") == "image_too_large"
    write_dicom(tmp_path / "x.dcm", GREY, Rows=20_000, Columns=20_000)
    assert reason_of(tmp_path / "x.dcm") == "image_too_large"


def test_reading_changes_nothing_of_pillow_s_own_limit(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    Image.fromarray(GREY).save(tmp_path / "g.png")
    load_array(tmp_path / "g.png")
    reason_of(tmp_path / "gone.png")
    assert before == Image.MAX_IMAGE_PIXELS


def test_pickled_objects_are_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return (builtins.exec, ("raise SystemExit('the pickle ran')",))

    np.save(tmp_path / "x.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    assert reason_of(tmp_path / "x.npy") == "bad_mask"


def test_a_volume_without_a_named_slice_is_no_picture(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros((5, 6, 7), np.uint8))
    assert reason_of(tmp_path / "v.npy") == "bad_mask"
    write_dicom(tmp_path / "v.dcm", np.zeros((4, 10, 12), np.uint8))
    assert reason_of(tmp_path / "v.dcm", "image") == "bad_image"


@pytest.mark.parametrize("slice_", [Slice("v", 9), Slice("v", -1), Slice("v", 0, 3), Slice("v", 0, -4)])
def test_a_slice_that_a_volume_does_not_have_is_said_so(tmp_path, slice_):
    np.save(tmp_path / "v.npy", np.zeros((5, 6, 7), np.uint8))
    assert reason_of(tmp_path / "v.npy", slice_=slice_) == "bad_mask"


def test_a_page_of_a_tiff_is_a_slice(tmp_path):
    pages = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    pages[0].save(tmp_path / "m.tif", save_all=True, append_images=pages[1:])
    assert np.array_equal(load_array(tmp_path / "m.tif", Slice("m.tif", 1, 0)), 255 - GREY)
    assert reason_of(tmp_path / "m.tif", slice_=Slice("m.tif", 5, 0)) in ("bad_mask", "truncated_image")


@pytest.mark.parametrize(("name", "module", "extra"), [("x.dcm", "pydicom", "dicom"), ("x.nii", "nibabel", "nifti")])
def test_a_missing_library_is_named_with_the_extra_that_brings_it(tmp_path, monkeypatch, name, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(MissingExtraError, match=rf"medmat-core\[{extra}\]") as caught:
        load_array(tmp_path / name)
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value, MedmatError)


def test_a_cut_off_dicom_is_a_truncated_image(tmp_path):
    write_dicom(tmp_path / "x.dcm", GREY)
    data = (tmp_path / "x.dcm").read_bytes()
    (tmp_path / "x.dcm").write_bytes(data[:-500])
    assert reason_of(tmp_path / "x.dcm") == "truncated_image"


def test_a_pixel_error_becomes_a_line_of_problems():
    problem = PictureError("bad_mask", "odd").problem("a/b.png", 7)
    assert (problem.reason, problem.file, problem.detail, problem.row, problem.level) == (
        "bad_mask",
        "a/b.png",
        "odd",
        7,
        "refused",
    )
    with pytest.raises(ValueError, match="fixed list"):
        PictureError("odd", "odd")
