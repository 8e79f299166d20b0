"""DICOM of every compression is read as pydicom reads it; damaged headers and pixels cost their own line."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from medmat_core.images import PictureError
from medmat_core.images.headers import read_header
from medmat_core.images.pixels import load_array
from medmat_core.images.rendering import rendered, shown_pixels
from medmat_core.model import Slice
from tests.regions.regions_oracle import write_dicom

pydicom = pytest.importorskip("pydicom")

GREY = (np.arange(48 * 64) % 251).astype(np.uint8).reshape(48, 64)


def refusal(path, slice_=None) -> PictureError:
    with pytest.raises(PictureError) as caught:
        rendered(path, slice_)
    assert "\n" not in caught.value.detail
    return caught.value


def with_text(path: Path, keyword: str, text: str, width: int = 16) -> None:
    """A DICOM whose number is a text: written as digits, then overwritten in the file."""
    vr = {"NumberOfFrames": "IS"}.get(keyword, "DS")
    digits = "1" * width if vr == "DS" else "1" * 10
    write_dicom(path, GREY, **{keyword: digits if vr == "IS" else "1" * width})
    raw = path.read_bytes()
    assert raw.count(digits.encode()) >= 1
    path.write_bytes(raw.replace(digits.encode(), text.ljust(len(digits)).encode(), 1))


# -- pydicom's own files --------------------------------------------------------------------------------


def test_files() -> list[Path]:
    """The single-frame pictures among the files that pydicom brings for its own tests, and those of pydicom-data."""
    roots = [Path(pydicom.__file__).parent / "data/test_files"]
    try:
        import data_store
    except ImportError:
        pass
    else:
        roots.append(Path(data_store.__file__).parent)
    found = []
    for path in sorted(path for root in roots for path in root.rglob("*") if path.is_file()):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = pydicom.dcmread(path)
                if "PixelData" in data and int(data.get("NumberOfFrames") or 1) == 1:
                    found.append(path)
        except Exception:  # files that are broken on purpose
            continue
    return found


test_files.__test__ = False


def test_pydicom_s_own_files_come_out_as_pydicom_reads_them_or_are_refused():
    from pydicom.pixels import pixel_array

    same, refused = 0, []
    for path in test_files():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                theirs = np.asarray(pixel_array(path)).astype(np.float64)
            except Exception:
                theirs = None
        try:
            ours = load_array(path, role="image")
            picture = rendered(path)
        except PictureError as error:
            assert theirs is None, f"{path.name}: {error}"
            refused.append(path.name)
            continue
        header = read_header(str(path))
        assert (header.width, header.height) == (picture.width, picture.height) == ours.shape[1::-1]
        if theirs is not None:
            assert np.abs(ours - theirs).max() <= 1, path.name
            same += 1
    assert same >= 60
    assert len(refused) <= 6, refused


@pytest.mark.parametrize(
    "name", ["SC_rgb_jpeg_gdcm.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_jp2klossless.dcm", "MR_small_RLE.dcm"]
)
def test_the_decoders_of_the_extra_read_every_lossless_compression(name):
    path = Path(pydicom.__file__).parent / "data/test_files" / name
    plain = path.with_name("MR_small.dcm")
    pixels = load_array(path, role="image")
    if "MR_small" in name:
        assert np.array_equal(pixels, load_array(plain, role="image"))
    assert pixels.std() > 0


def test_a_picture_shown_in_its_window_is_as_pydicom_shows_it():
    from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array

    path = Path(pydicom.__file__).parent / "data/test_files/CT_small.dcm"
    data = pydicom.dcmread(path)
    data.WindowCenter, data.WindowWidth = 40, 400
    values = apply_modality_lut(pixel_array(data), data)
    theirs = apply_voi_lut(values, data).astype(np.float64)
    theirs = (theirs - theirs.min()) / (theirs.max() - theirs.min()) * 255
    assert np.abs(shown_pixels(path, window=(40, 400)) - theirs).max() <= 1


# -- headers that lie -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["abc", "1A", "-", "1\\x"])
def test_a_text_for_the_number_of_frames_is_a_line(tmp_path, text):
    with_text(tmp_path / "a.dcm", "NumberOfFrames", text)
    error = refusal(tmp_path / "a.dcm")
    assert error.reason == "bad_image" and "NumberOfFrames" in error.detail


@pytest.mark.parametrize("keyword", ["WindowCenter", "WindowWidth", "RescaleSlope"])
def test_a_text_for_a_number_of_the_window_is_a_line(tmp_path, keyword):
    write_dicom(tmp_path / "b.dcm", GREY, WindowCenter=100, WindowWidth=50)
    assert rendered(tmp_path / "b.dcm").width == 64
    numbers = {"WindowCenter": 100, "WindowWidth": 50, "RescaleSlope": 2, "RescaleIntercept": 0}
    numbers[keyword] = "1" * 16
    write_dicom(tmp_path / "a.dcm", GREY, **numbers)
    raw = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "a.dcm").write_bytes(raw.replace(b"1" * 16, b"wide enough     ", 1))
    assert refusal(tmp_path / "a.dcm").reason == "bad_image"
    if keyword != "RescaleSlope":
        assert rendered(tmp_path / "a.dcm", window=(40, 80)).width == 64


def test_a_file_of_several_frames_is_refused_unless_one_is_named(tmp_path):
    write_dicom(tmp_path / "a.dcm", np.stack([GREY, 255 - GREY]))
    assert "2 frames" in refusal(tmp_path / "a.dcm").detail
    assert "asked for" in refusal(tmp_path / "a.dcm", Slice("a.dcm", 2, 0)).detail
    assert np.array_equal(shown_pixels(tmp_path / "a.dcm", Slice("a.dcm", 1, 0)), 255 - GREY)


@pytest.mark.parametrize("sizes", [{"Rows": 0}, {"Columns": 0}, {"Rows": 9000, "Columns": 9000}])
def test_a_size_that_is_none_or_not_there_is_a_line(tmp_path, sizes):
    write_dicom(tmp_path / "a.dcm", GREY, **sizes)
    assert refusal(tmp_path / "a.dcm").reason in ("bad_image", "truncated_image")


@pytest.mark.parametrize("bits", [0, 17, 65_535])
def test_an_odd_number_of_bits_is_no_reason_to_stop(tmp_path, bits):
    write_dicom(tmp_path / "a.dcm", GREY)
    data = pydicom.dcmread(tmp_path / "a.dcm")
    data.BitsStored = bits
    data.save_as(tmp_path / "b.dcm")
    try:
        assert rendered(tmp_path / "b.dcm").width == 64
    except PictureError as error:
        assert "\n" not in error.detail


def test_a_file_without_preamble_or_suffix_is_read_by_header_and_decoder_alike(tmp_path):
    write_dicom(tmp_path / "a.dcm", GREY)
    raw = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "IM0001").write_bytes(raw)
    length = 12 + int.from_bytes(raw[140:144], "little")  # of the file meta group, which such files lack as well
    (tmp_path / "bare.dcm").write_bytes(raw[132 + length :])
    for name in ("a.dcm", "IM0001", "bare.dcm"):
        header = read_header(str(tmp_path / name))
        assert (header.width, header.height, header.format) == (64, 48, "dicom")
        assert np.array_equal(load_array(tmp_path / name, role="image"), GREY)


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_comes_out_or_is_a_line(tmp_path, seed):
    rng = np.random.default_rng(seed)
    source = Path(pydicom.__file__).parent / "data/test_files"
    name = ("CT_small.dcm", "MR_small_RLE.dcm", "MR_small.dcm", "SC_rgb_jpeg_gdcm.dcm")[seed % 4]
    raw = bytearray((source / name).read_bytes())
    for place in rng.integers(132, len(raw), 12):
        raw[place] = int(rng.integers(256))
    (tmp_path / "a.dcm").write_bytes(raw[: int(rng.integers(200, len(raw)))] if seed % 5 == 0 else raw)
    for read in (lambda path: read_header(str(path)), load_array, rendered):
        try:
            read(tmp_path / "a.dcm")
        except PictureError as error:
            assert "\n" not in error.detail


def test_a_decoder_written_in_rust_that_panics_is_a_line(tmp_path, monkeypatch):
    """Such a panic is no Exception, but a BaseException."""
    import pydicom.pixels

    class PanicException(BaseException):
        pass

    def panics(*_, **__):
        raise PanicException("index out of bounds")

    write_dicom(tmp_path / "a.dcm", GREY)
    monkeypatch.setattr(pydicom.pixels, "pixel_array", panics)
    assert "index out of bounds" in refusal(tmp_path / "a.dcm").detail

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(pydicom.pixels, "pixel_array", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rendered(tmp_path / "a.dcm")
