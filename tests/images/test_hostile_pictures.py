"""Files that lie, hang or break decoders: each costs its own line, and nothing is made room for that is not there."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from medmat_core.fileio import NotAFileError, check_regular, open_regular
from medmat_core.images import PictureError, faults
from medmat_core.images.headers import HeaderReader, read_header
from medmat_core.images.pixels import load_array
from medmat_core.images.rendering import rendered
from medmat_core.model import Slice
from medmat_core.readers.volumes import slices_of
from medmat_core.tree import Tree
from tests.regions.regions_oracle import write_dicom

GREY = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)


def refusal(path, slice_=None) -> PictureError:
    """The one error that decoding, rendering and (without a slice) reading the header agree on."""
    with pytest.raises(PictureError) as caught:
        load_array(path, slice_, role="image")
    with pytest.raises(PictureError):
        rendered(path, slice_)
    return caught.value


def header_refusal(path) -> PictureError:
    with pytest.raises(PictureError) as caught:
        read_header(str(path))
    return caught.value


# -- what is no file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".dcm", ".nii", ".nii.gz", ".npy", ".webp"])
def test_a_pipe_a_device_a_socket_a_folder_and_a_name_with_nul_are_not_opened(tmp_path, suffix):
    pipe, device, folder = (tmp_path / f"{what}{suffix}" for what in ("pipe", "device", "folder"))
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    folder.mkdir()
    for path in (pipe, device, folder, tmp_path / f"a\0b{suffix}"):
        assert refusal(path, Slice("v", 0)).reason == "bad_image"
        assert header_refusal(path).reason == "bad_image"
        with pytest.raises(NotAFileError):
            open_regular(path)


def test_the_fast_loop_over_headers_does_not_wait_for_a_pipe_either(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    headers = HeaderReader(str(tmp_path))
    for name in ("pipe.jpg", "a\0b.jpg"):
        with pytest.raises(PictureError):
            headers.fields(name)
    headers.close()


def test_a_file_is_opened_and_one_that_is_not_there_is_told_so(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert check_regular(tmp_path / "a") == 3
    with open_regular(tmp_path / "a") as file:
        assert file.read() == b"abc"
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "b")


# -- what is no picture ---------------------------------------------------------------------------------


def archive(kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as zipped:
            zipped.writestr("a.png", b"x" * 500)
    elif kind == "tar":
        with tarfile.open(fileobj=out, mode="w") as tar:
            entry = tarfile.TarInfo("a.png")
            entry.size = 500
            tar.addfile(entry, io.BytesIO(b"x" * 500))
    else:
        out.write(gzip.compress(b"x" * 500))
    return out.getvalue()


STRANGERS = {
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0f1e\nsize 12345\n",
    "HTML": b"\n\n<!DOCTYPE HTML><html><body>Sign in</body></html>",
    "HTML page": b"\xef\xbb\xbf<html lang=en><head></head></html>",
    "zip": archive("zip"),
    "tar": archive("tar"),
    "gzip": archive("gzip"),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\nshowpage\n",
    "EPS": b"\xc5\xd0\xd3\xc6" + bytes(26) + b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "PDF": b"%PDF-1.7\n1 0 obj\n",
    "SVG": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "XML": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
}


@pytest.mark.parametrize("what", STRANGERS)
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.dcm"])
def test_what_lies_there_instead_of_the_picture_is_said(tmp_path, what, name):
    (tmp_path / name).write_bytes(STRANGERS[what])
    for error in (refusal(tmp_path / name), header_refusal(tmp_path / name)):
        assert error.reason == "bad_image"
        assert what in error.detail
        assert "\n" not in error.detail


@pytest.mark.parametrize("form", ["ICO", "TGA", "PCX", "SGI", "PDF", "EPS", "JPEG2000", "ICNS", "DDS"])
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_formats_that_no_data_set_uses_are_refused_by_the_header_as_by_the_decoder(tmp_path, form, name):
    Image.fromarray(GREY).resize((64, 64)).convert("RGB").save(tmp_path / name, format=form)
    assert refusal(tmp_path / name).reason == header_refusal(tmp_path / name).reason == "bad_image"


# -- sizes that are claimed -----------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def claims(form: str, width: int, height: int) -> bytes:
    """A file that claims a size of which next to nothing is there."""
    if form == "PNG":
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")
    out = io.BytesIO()
    Image.fromarray(GREY).save(out, format=form)
    data = bytearray(out.getvalue())
    if form == "JPEG":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    elif form == "BMP":
        data[18:26] = struct.pack("<ii", width, height)
    elif form == "TIFF":
        for tag, value in ((256, width), (257, height)):
            at = data.index(
                struct.pack("<HH", tag, 4) if struct.pack("<HH", tag, 4) in data else struct.pack("<HH", tag, 3)
            )
            data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
    elif form == "PPM":
        data = bytearray(b"P5 %d %d 255\n" % (width, height) + bytes(100))
    return bytes(data)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF", "PPM"])
def test_a_size_that_the_file_cannot_hold_is_refused_before_room_is_made_for_it(tmp_path, form, monkeypatch):
    (tmp_path / "a.img").write_bytes(claims(form, 19_000, 10_000))
    (tmp_path / "b.img").write_bytes(claims(form, 19_000, 20_000))
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    assert refusal(tmp_path / "a.img").reason == "truncated_image"
    assert refusal(tmp_path / "b.img").reason == "image_too_large"
    assert header_refusal(tmp_path / "b.img").reason == "image_too_large"


def test_a_whole_picture_of_one_color_is_not_too_short_for_its_size(tmp_path):
    for form, suffix in (("PNG", "png"), ("JPEG", "jpg"), ("BMP", "bmp"), ("TIFF", "tif"), ("GIF", "gif")):
        for mode in ("1", "L", "RGB"):
            if (form, mode) == ("JPEG", "1"):
                continue
            Image.new(mode, (3000, 2000)).save(tmp_path / f"a.{suffix}", form)
            assert load_array(tmp_path / f"a.{suffix}", role="image").shape[:2] == (2000, 3000)
    Image.new("RGB", (3000, 2000)).save(tmp_path / "p.jpg", progressive=True, quality=10)
    assert load_array(tmp_path / "p.jpg", role="image").shape == (2000, 3000, 3)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.dcm", "a.tif"])
def test_a_sparse_file_of_terabytes_is_refused_unread(tmp_path, name):
    with open(tmp_path / name, "wb") as file:
        file.truncate(1 << 40)
    assert refusal(tmp_path / name).reason == "image_too_large"


@pytest.mark.parametrize("shape", [(1 << 20, 1 << 20), (1 << 40, 3), (32_767, 32_767, 32_767), (4, 5, 1 << 40)])
def test_a_numpy_header_that_claims_more_than_is_there_is_refused(tmp_path, shape):
    with open(tmp_path / "a.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
        file.write(bytes(1000))
    assert refusal(tmp_path / "a.npy", Slice("a.npy", 0)).reason in ("bad_image", "truncated_image", "image_too_large")
    tree = Tree(tmp_path)
    assert list(slices_of(tree, "a.npy")) == []
    assert [problem.reason for problem in tree.problems] == ["bad_image"]


def nifti(*dim: int, kind: int = 16) -> bytes:
    """A NIfTI-1 header that claims these axes, and a kilobyte of values."""
    header = bytearray(352)
    header[0:4] = struct.pack("<i", 348)
    header[40 : 40 + 2 * (len(dim) + 1)] = struct.pack(f"<{len(dim) + 1}h", len(dim), *dim)
    header[70:74] = struct.pack("<hh", kind, 32)
    header[76:108] = struct.pack("<8f", *[1.0] * 8)
    header[108:112] = struct.pack("<f", 352.0)
    header[344:348] = b"n+1\0"
    return bytes(header) + bytes(1000)


@pytest.mark.parametrize(
    "dim", [(32_767, 32_767, 32_767), (99, 99, 32_767), (0, 6, 7), (5, -6, 7), (5, 6, 0), (-5, -6, 7), (999, 999, 9)]
)
@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz"])
def test_a_nifti_whose_axes_are_a_lie_is_one_line_and_not_one_a_slice(tmp_path, dim, name):
    raw = nifti(*dim)
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    assert refusal(tmp_path / name, Slice(name, 0)).reason in ("bad_image", "truncated_image", "image_too_large")
    tree = Tree(tmp_path)
    assert list(slices_of(tree, name)) == []
    assert len(tree.problems) == 1


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz"])
def test_of_a_volume_that_is_cut_off_not_even_the_first_slices_are_shown(tmp_path, name):
    import nibabel

    values = np.random.default_rng(0).integers(0, 999, (50, 60, 7)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for length in (len(whole) - 40, len(whole) // 2):
        (tmp_path / name).write_bytes(whole[:length])
        assert refusal(tmp_path / name, Slice(name, 0)).reason == "truncated_image"
        tree = Tree(tmp_path)
        assert list(slices_of(tree, name)) == []
        assert [problem.reason for problem in tree.problems] == ["truncated_image"]


def test_a_volume_that_was_packed_in_pieces_is_whole(tmp_path):
    import nibabel

    values = np.arange(210, dtype=np.int16).reshape(5, 6, 7)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "v.nii")
    raw = (tmp_path / "v.nii").read_bytes()
    packed = gzip.compress(raw[:400]) + gzip.compress(raw[400:]) + gzip.compress(b"")
    for tail in (b"", bytes(512)):
        (tmp_path / "v.nii.gz").write_bytes(packed + tail)
        assert np.array_equal(load_array(tmp_path / "v.nii.gz", Slice("v.nii.gz", 6)), values[..., 6].T)


@pytest.mark.parametrize("slice_", [Slice("v", 7), Slice("v", -1), Slice("v", 0, 3), Slice("v", 0, -9)])
def test_a_slice_out_of_range_is_a_line(tmp_path, slice_):
    import nibabel

    nibabel.save(nibabel.Nifti1Image(np.zeros((5, 6, 7), np.int16), np.eye(4)), tmp_path / "v.nii.gz")
    np.save(tmp_path / "v.npy", np.zeros((5, 6, 7), np.int16))
    for name in ("v.nii.gz", "v.npy"):
        assert refusal(tmp_path / name, slice_).reason == "bad_image"


@pytest.mark.parametrize("shape", [(0, 5), (5, 0, 7), (0,)])
def test_an_array_with_an_axis_of_no_length_is_a_line(tmp_path, shape):
    np.save(tmp_path / "v.npy", np.zeros(shape, np.uint8))
    assert refusal(tmp_path / "v.npy", Slice("v.npy", 0)).reason == "bad_image"


# -- decoders that break --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raised", [MemoryError(), RecursionError("too deep"), KeyError("x"), AssertionError(), OSError()]
)
def test_whatever_a_decoder_raises_is_about_that_file(tmp_path, monkeypatch, raised):
    import nibabel
    import pydicom.pixels

    def broken(*_, **__):
        raise raised

    Image.fromarray(GREY).save(tmp_path / "a.png")
    Image.fromarray(GREY).save(tmp_path / "a.tif")
    np.save(tmp_path / "a.npy", GREY)
    write_dicom(tmp_path / "a.dcm", GREY)
    nibabel.save(nibabel.Nifti1Image(GREY, np.eye(4)), tmp_path / "a.nii")
    monkeypatch.setattr(Image, "open", broken)
    monkeypatch.setattr(np, "load", broken)
    monkeypatch.setattr(nibabel, "load", broken)
    monkeypatch.setattr(pydicom.pixels, "pixel_array", broken)
    for name in ("a.png", "a.tif", "a.npy", "a.dcm", "a.nii"):
        error = refusal(tmp_path / name)
        assert error.reason == "bad_image"
        assert error.detail and "\n" not in error.detail and len(error.detail) < 500
    assert header_refusal(tmp_path / "a.tif").reason == "bad_image"


def test_a_file_longer_than_the_limit_is_told_by_its_length(tmp_path, monkeypatch):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    monkeypatch.setattr(faults, "BYTE_LIMIT", 10)
    monkeypatch.setattr(faults.opened, "__defaults__", (10,))
    assert "limit" in refusal(tmp_path / "a.png").detail
