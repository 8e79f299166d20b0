"""Pictures that no viewer opens become 8-bit PNG by stated rules, whole or not at all."""

from __future__ import annotations

import io
import os

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medmat_core.images import PictureError
from medmat_core.images.rendering import rendered, shown_pixels, windowed
from medmat_core.model import Slice
from tests.regions.regions_oracle import write_dicom

RAMP = np.arange(12 * 20, dtype=np.uint16).reshape(12, 20)


def render(path, slice_, out, window=None) -> tuple[int, int]:
    """The picture as a file; returns its (width, height)."""
    made = rendered(path, slice_, window)
    out.write_bytes(made.png)
    return made.width, made.height


def shown(path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.mode in ("L", "RGB")
        return np.asarray(picture)


# -- windows --------------------------------------------------------------------------------------------


def test_a_linear_window_follows_the_standard():
    """DICOM PS3.3 C.11.2.1.2.1, with its own example of center 2048, width 4096: 0 -> 0 and 4095 -> 255."""
    levels = windowed(np.array([-5, 0, 2047, 2048, 4095, 9000]), (2048, 4096))
    assert levels.tolist() == [0, 0, 127, 128, 255, 255]
    assert windowed(np.array([-1, 0, 1]), (0, 1)).tolist() == [0, 255, 255]


@pytest.mark.parametrize(
    ("function", "expected"), [("LINEAR_EXACT", [0, 64, 128, 191, 255]), ("SIGMOID", [30, 69, 128, 186, 225])]
)
def test_exact_and_sigmoid_windows_follow_the_standard(function, expected):
    values = np.array([0, 25, 50, 75, 100])
    assert windowed(values, (50, 100), function).tolist() == expected


@given(st.floats(-2000, 2000), st.floats(1, 4000))
def test_a_window_never_turns_the_order_of_values_around(center, width):
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        levels = windowed(np.arange(-3000, 3000, 7), (center, width), function).astype(int)
        assert (np.diff(levels) >= 0).all()


# -- DICOM ----------------------------------------------------------------------------------------------


def test_the_card_s_window_goes_before_the_file_s_own(tmp_path):
    write_dicom(tmp_path / "a.dcm", RAMP, 12, WindowCenter=100, WindowWidth=50)
    own = shown_pixels(tmp_path / "a.dcm")
    assert np.array_equal(own, windowed(RAMP, (100, 50)))
    assert np.array_equal(shown_pixels(tmp_path / "a.dcm", window=(40, 80)), windowed(RAMP, (40, 80)))


def test_of_several_windows_the_first_is_used(tmp_path):
    write_dicom(tmp_path / "a.dcm", RAMP, 12, WindowCenter=[60, 200], WindowWidth=[30, 10])
    assert np.array_equal(shown_pixels(tmp_path / "a.dcm"), windowed(RAMP, (60, 30)))


def test_a_window_is_in_rescaled_units(tmp_path):
    write_dicom(tmp_path / "a.dcm", RAMP, 12, RescaleSlope=2, RescaleIntercept=-1024)
    assert np.array_equal(
        shown_pixels(tmp_path / "a.dcm", window=(-800, 300)), windowed(2.0 * RAMP - 1024, (-800, 300))
    )


def test_the_window_s_function_is_the_file_s(tmp_path):
    write_dicom(tmp_path / "a.dcm", RAMP, 12, WindowCenter=100, WindowWidth=50, VOILUTFunction="SIGMOID")
    assert np.array_equal(shown_pixels(tmp_path / "a.dcm"), windowed(RAMP, (100, 50), "SIGMOID"))


def test_monochrome1_is_inverted(tmp_path):
    keywords = {"WindowCenter": 100, "WindowWidth": 50}
    write_dicom(tmp_path / "a.dcm", RAMP, 12, PhotometricInterpretation="MONOCHROME1", **keywords)
    write_dicom(tmp_path / "b.dcm", RAMP, 12, **keywords)
    assert np.array_equal(shown_pixels(tmp_path / "a.dcm"), 255 - shown_pixels(tmp_path / "b.dcm"))


def test_without_a_window_8_bits_stay_as_they_are(tmp_path):
    write_dicom(tmp_path / "a.dcm", RAMP.astype(np.uint8))
    assert np.array_equal(shown_pixels(tmp_path / "a.dcm"), RAMP.astype(np.uint8))


@pytest.mark.parametrize("width", [0, -5])
def test_without_a_usable_window_more_bits_go_by_percentiles(tmp_path, width):
    write_dicom(tmp_path / "a.dcm", RAMP, 12)
    plain = shown_pixels(tmp_path / "a.dcm")
    low, high = np.percentile(RAMP, (1, 99))
    expected = np.floor(np.clip((RAMP - low) / (high - low), 0, 1) * 255 + 0.5)
    assert np.array_equal(plain, expected)
    write_dicom(tmp_path / "b.dcm", RAMP, 12, WindowCenter=100, WindowWidth=width)
    assert np.array_equal(shown_pixels(tmp_path / "b.dcm"), plain)


def test_padding_is_left_out_of_the_percentiles(tmp_path):
    padded = RAMP.astype(np.int16)
    padded[:, :8] = -2000
    write_dicom(tmp_path / "a.dcm", padded, 16, PixelPaddingValue=-2000)
    levels = shown_pixels(tmp_path / "a.dcm")
    assert (levels[:, :8] == 0).all()
    assert levels[:, 8:].std() > 60


def with_table(path) -> None:
    """RAMP with a value lookup table of 12 bits that turns it upside down."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    table = Dataset()
    table.LUTDescriptor = [256, 0, 12]
    table["LUTDescriptor"].VR = "US"
    table.add_new("LUTData", "OW", (4095 - 16 * np.arange(256, dtype=np.uint16)).tobytes())
    write_dicom(path, RAMP, 12, VOILUTSequence=Sequence([table]), WindowCenter=3, WindowWidth=9)


def test_the_file_s_value_lookup_table_goes_before_its_window(tmp_path):
    with_table(tmp_path / "a.dcm")
    expected = np.floor((4095.0 - 16 * RAMP) / 4095 * 255 + 0.5)
    assert np.array_equal(shown_pixels(tmp_path / "a.dcm"), expected)


def test_the_card_s_window_goes_before_the_file_s_table(tmp_path):
    with_table(tmp_path / "a.dcm")
    assert np.array_equal(shown_pixels(tmp_path / "a.dcm", window=(100, 50)), windowed(RAMP, (100, 50)))


def test_a_jpeg_compressed_dicom_is_decoded(tmp_path):
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit

    grey = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (48, 64), np.uint8), (9, 9), 3)
    out = io.BytesIO()
    Image.fromarray(grey).save(out, format="JPEG", quality=95)
    write_dicom(tmp_path / "a.dcm", grey, encoded=encapsulate([out.getvalue()]), TransferSyntaxUID=JPEGBaseline8Bit)
    assert np.abs(shown_pixels(tmp_path / "a.dcm").astype(int) - grey).max() < 12


def test_a_frame_of_a_cine_is_rendered_alone(tmp_path):
    frames = np.stack([np.full((10, 12), value, np.uint8) for value in (10, 20, 30)])
    write_dicom(tmp_path / "a.dcm", frames)
    assert render(tmp_path / "a.dcm", Slice("a.dcm", 1, 0), tmp_path / "o.png") == (12, 10)
    assert (shown(tmp_path / "o.png") == 20).all()


# -- other formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d.png", "d.tif", "d.pgm"])
def test_16_bit_pictures_go_by_percentiles_and_keep_their_shape(tmp_path, name):
    cv2.imwrite(str(tmp_path / name), RAMP * np.uint16(7) + np.uint16(300))
    assert render(tmp_path / name, None, tmp_path / "o.png") == (20, 12)
    levels = shown(tmp_path / "o.png")
    assert levels.shape == (12, 20)
    assert (levels[0, 0], levels[-1, -1]) == (0, 255)
    assert (np.diff(levels.ravel().astype(int)) >= 0).all()


def test_16_bit_colour_keeps_its_hue(tmp_path):
    deep = np.zeros((12, 20, 3), np.uint16)
    deep[..., 0] = RAMP * 200  # red
    cv2.imwrite(str(tmp_path / "c.png"), deep[..., ::-1])
    render(tmp_path / "c.png", None, tmp_path / "o.png")
    levels = shown(tmp_path / "o.png")
    assert levels.shape == (12, 20, 3)
    assert levels[-1, -1].tolist() == [255, 0, 0]


def test_a_nifti_slice_is_as_wide_as_its_first_axis(tmp_path):
    import nibabel

    volume = np.zeros((20, 12, 3), np.int16)
    volume[17:, :2, 1] = 900  # far along x, near the start of y: the upper right corner
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "v.nii.gz")
    assert render(tmp_path / "v.nii.gz", Slice("v.nii.gz", 1), tmp_path / "o.png") == (20, 12)
    assert np.argwhere(shown(tmp_path / "o.png")).min(axis=0).tolist() == [0, 17]


def test_a_numpy_slice_is_rows_by_columns(tmp_path):
    np.save(tmp_path / "v.npy", np.stack([RAMP, RAMP.T.reshape(12, 20)], axis=2))
    assert render(tmp_path / "v.npy", Slice("v.npy", 0), tmp_path / "o.png") == (20, 12)
    assert (np.diff(shown(tmp_path / "o.png").ravel().astype(int)) >= 0).all()


@pytest.mark.parametrize(
    ("array", "levels"),
    [
        (np.full((2, 3), 700, np.int16), 0),
        (np.full((2, 3), np.nan), 0),
        (np.ones((2, 3), bool), 255),
        (np.full((2, 3), 77, np.uint8), 77),
    ],
)
def test_pictures_of_one_value_come_out_plain(tmp_path, array, levels):
    np.save(tmp_path / "a.npy", array)
    assert (shown_pixels(tmp_path / "a.npy") == levels).all()


def test_a_few_bright_pixels_on_black_are_not_lost(tmp_path):
    array = np.zeros((50, 50), np.uint16)
    array[3, 4] = 900
    np.save(tmp_path / "a.npy", array)
    assert shown_pixels(tmp_path / "a.npy")[3, 4] == 255


def test_missing_and_infinite_values_do_not_spoil_the_rest(tmp_path):
    array = RAMP.astype(np.float32)
    array[0, 0], array[0, 1], array[0, 2] = np.nan, np.inf, -np.inf
    np.save(tmp_path / "a.npy", array)
    levels = shown_pixels(tmp_path / "a.npy")
    assert levels[0, :3].tolist() == [0, 255, 0]
    assert levels[1:].std() > 60


# -- files ----------------------------------------------------------------------------------------------


def test_equal_sources_give_equal_bytes(tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("one", "two"):
        np.save(tmp_path / f"{name}.npy", RAMP)
        render(tmp_path / f"{name}.npy", None, tmp_path / "out" / f"{name}.png")
        os.utime(tmp_path / "one.npy", (1, 1))
    assert (tmp_path / "out/one.png").read_bytes() == (tmp_path / "out/two.png").read_bytes()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.png", "two.png"]


def test_a_newer_source_another_window_or_another_slice_is_rendered_anew(tmp_path):
    np.save(tmp_path / "a.npy", np.stack([RAMP, RAMP[::-1]], axis=2))
    out = tmp_path / "o.png"
    seen = set()
    for slice_, window in (
        (Slice("a", 0), None),
        (Slice("a", 1), None),
        (Slice("a", 1), (40, 9)),
        (Slice("a", 1), (40, 8)),
    ):
        render(tmp_path / "a.npy", slice_, out, window)
        assert np.array_equal(shown(out), shown_pixels(tmp_path / "a.npy", slice_, window))
        seen.add(out.read_bytes())
    assert len(seen) == 4
    np.save(tmp_path / "a.npy", np.zeros((12, 20, 2), np.uint8))
    later = out.stat().st_mtime + 5
    os.utime(tmp_path / "a.npy", (later, later))
    render(tmp_path / "a.npy", Slice("a", 1), out, (40, 8))
    assert not shown(out).any()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("gone.dcm", None, "missing_image"),
        ("a.dcm", b"words " * 40, "bad_image"),
        ("a.npy", b"words " * 40, "bad_image"),
        ("a.png", b"\x89PNG\r\n\x1a\n cut", "truncated_image"),
    ],
)
def test_what_cannot_be_rendered_is_the_picture_s_fault(tmp_path, name, data, reason):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(PictureError) as caught:
        rendered(tmp_path / name)
    assert caught.value.reason == reason
