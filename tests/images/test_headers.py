"""A picture's size comes from its first bytes, in agreement with Pillow."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medmat_core.images import PictureError
from medmat_core.images.headers import read_header

FORMATS = {
    "a.jpg": "JPEG",
    "a.png": "PNG",
    "a.bmp": "BMP",
    "a.tif": "TIFF",
    "a.gif": "GIF",
    "a.pgm": "PPM",
    "a.webp": "WEBP",
}


@given(
    name=st.sampled_from(sorted(FORMATS)),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    mode=st.sampled_from(["L", "RGB"]),
)
def test_the_size_is_what_pillow_says(tmp_path: Path, name: str, width: int, height: int, mode: str) -> None:
    if name == "a.pgm":
        mode = "L"
    path = tmp_path / name
    Image.new(mode, (width, height), 7 if mode == "L" else (7, 8, 9)).save(path, FORMATS[name])
    header = read_header(str(path))
    assert (header.width, header.height, header.bits) == (width, height, 8)


def test_a_long_profile_before_the_frame_header_is_walked_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x010E] = "x" * 60_000
    Image.new("RGB", (33, 44)).save(path, exif=exif, icc_profile=b"p" * 150_000)
    assert read_header(str(path)).width == 33


def test_sixteen_bits_are_told(tmp_path: Path) -> None:
    Image.fromarray(np.full((5, 6), 40_000, np.uint16)).save(tmp_path / "a.png")
    assert read_header(str(tmp_path / "a.png")).bits == 16


def test_exif_orientation_does_not_turn_the_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    header = read_header(str(tmp_path / "a.jpg"))
    assert (header.width, header.height) == (30, 20)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "bad_image"),
        (b"hello", "bad_image"),
        (b"\xff\xd8\xff\xe0\x00\x04ab", "bad_image"),
        (b"\xff\xd8\xff\xd9", "bad_image"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (50_000).to_bytes(4, "big") * 2 + b"\x08\2\0\0\0", "image_too_large"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(8) + b"\x08\2\0\0\0", "bad_image"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(tmp_path: Path, raw: bytes, reason: str) -> None:
    (tmp_path / "a.jpg").write_bytes(raw)
    with pytest.raises(PictureError) as caught:
        read_header(str(tmp_path / "a.jpg"))
    assert caught.value.reason == reason


def test_a_missing_picture_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(PictureError) as caught:
        read_header(str(tmp_path / "none.jpg"))
    assert caught.value.reason == "missing_image"


@given(st.binary(max_size=400))
def test_any_bytes_after_a_jpeg_start_end_in_a_size_or_a_refusal(tmp_path: Path, tail: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff" + tail)
    try:
        header = read_header(str(tmp_path / "a.jpg"))
    except PictureError:
        return
    assert header.width > 0 and header.height > 0


def test_equal_files_have_equal_marks_and_other_files_other_ones(tmp_path: Path) -> None:
    buffer = BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "JPEG")
    for name, tail in (("a.jpg", b""), ("b.jpg", b""), ("c.jpg", b"x"), ("d.jpg", b"y")):
        (tmp_path / name).write_bytes(buffer.getvalue() + tail)
    a, b, c, d = (read_header(str(tmp_path / f"{name}.jpg")).mark for name in "abcd")
    assert a == b
    assert len({a, c, d}) == 3


@pytest.mark.parametrize(("width", "fits"), [(19_000, True), (20_001, False)])
def test_the_limit_is_200_megapixels_in_formats_that_pillow_reads_too(tmp_path: Path, width: int, fits: bool) -> None:
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5\n%d 10000\n255\n" % width)
    if fits:
        assert read_header(str(path)).width == width
    else:
        with pytest.raises(PictureError, match="20001 x 10000 pixels; the limit is 200 megapixels"):
            read_header(str(path))
