"""The example trees that ``medmat sample`` draws."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medmat_core.card import Card
from medmat_core.errors import CardError, UsageError
from medmat_core.example import ExampleFile, ExamplePicture
from medmat_core.samples import example_files, placed, write_example
from medmat_core.samples.phantoms import draw as draw_phantom
from medmat_core.samples.pictures import picture_bytes
from medmat_core.samples.shapes import draw
from medmat_core.samples.texts import file_bytes, text_bytes

HEAD = """
slug = "{slug}"
title = "Synthetic"
folder = "Synthetic"
modality = "{modality}"
area = "Kidney"
task = "Class"
subset = 2
kind = "single-label"
modality_shown = "CT scan"
area_shown = "kidney"
source = "https://example.org/synthetic"
access = "open"
license = "CC0"
outer = "outer/inner"

[labels]
a = "A finding"
"""


def card(folder: Path, example: str = "", *, slug: str = "synthetic", modality: str = "CT") -> Card:
    path = folder / f"{slug}.toml"
    path.write_text(HEAD.format(slug=slug, modality=modality) + example, encoding="utf-8")
    return Card.load(path)


def drawn(folder: Path, path: str, **fields: Any) -> bytes:
    return picture_bytes(card(folder), path, ExamplePicture((path,), **fields))


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


PAIR = """
[[example.pictures]]
paths = ["outer/inner/a/one.png", "outer/inner/a/two.png"]

[[example.files]]
path = "labels.csv"
text = "name,class\\none,a\\n"
newline = "crlf"
bom = true
"""


def test_the_tree_is_written_as_the_card_says_it_lies_on_disk(tmp_path: Path) -> None:
    written = write_example(card(tmp_path, PAIR), tmp_path / "data")
    names = [path.relative_to(tmp_path / "data").as_posix() for path in written]
    assert names == ["Synthetic/outer/inner/a/one.png", "Synthetic/outer/inner/a/two.png", "Synthetic/labels.csv"]
    assert all(path.is_file() for path in written)
    assert (tmp_path / "data/Synthetic/labels.csv").read_bytes() == b"\xef\xbb\xbfname,class\r\none,a\r\n"


def test_without_the_outer_folder_every_path_below_it_moves_up_and_the_others_stay(tmp_path: Path) -> None:
    written = write_example(card(tmp_path, PAIR), tmp_path / "data", strip_outer=True, wrap="archive")
    names = [path.relative_to(tmp_path / "data").as_posix() for path in written]
    assert names == ["Synthetic/archive/a/one.png", "Synthetic/archive/a/two.png", "Synthetic/archive/labels.csv"]


def test_a_folder_whose_name_only_begins_like_the_outer_one_is_not_stripped() -> None:
    assert placed("outer2/a.png", outer="outer") == "outer2/a.png"
    assert placed("outer/a.png", outer="outer") == "a.png"


def test_writing_twice_changes_nothing_and_says_the_same(tmp_path: Path) -> None:
    first = write_example(card(tmp_path, PAIR), tmp_path / "data")
    before = {path: path.stat().st_mtime_ns for path in first}
    assert write_example(card(tmp_path, PAIR), tmp_path / "data") == first
    assert {path: path.stat().st_mtime_ns for path in first} == before


def test_a_file_of_the_users_is_never_overwritten_and_nothing_else_is_written(tmp_path: Path) -> None:
    mine = tmp_path / "data/Synthetic/labels.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(UsageError, match=r"labels\.csv: is there with other content"):
        write_example(card(tmp_path, PAIR), tmp_path / "data")
    assert mine.read_text() == "mine"
    assert [path.name for path in mine.parent.rglob("*") if path.is_file()] == ["labels.csv"]


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_link_to_nothing_and_a_pipe_are_left_alone_as_well(tmp_path: Path, kind: str) -> None:
    theirs = tmp_path / "data/Synthetic/labels.csv"
    theirs.parent.mkdir(parents=True)
    if kind == "link":
        theirs.symlink_to(tmp_path / "elsewhere")
    elif hasattr(os, "mkfifo"):
        os.mkfifo(theirs)
    else:
        pytest.skip("no pipes here")
    with pytest.raises(UsageError, match=r"labels\.csv: "):
        write_example(card(tmp_path, PAIR), tmp_path / "data")
    assert not (tmp_path / "elsewhere").exists()


def test_two_cards_that_share_a_folder_write_the_same_bytes(tmp_path: Path) -> None:
    one = dict(example_files(card(tmp_path, PAIR, slug="one")))
    two = dict(example_files(card(tmp_path, PAIR, slug="two")))
    assert one == two


def test_pictures_of_one_tree_differ_from_one_another(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(40)]
    assert len({drawn(tmp_path, name, size=(32, 24), mode=mode) for name in names for mode in ("L", "1", "P")}) == 120


def test_a_copy_has_the_bytes_of_the_picture_it_is_a_copy_of(tmp_path: Path) -> None:
    example = """
[[example.pictures]]
paths = ["b.png"]
same_as = "a.png"

[[example.pictures]]
paths = ["a.png", "c.png"]
"""
    files = dict(example_files(card(tmp_path, example)))
    assert files["b.png"] == files["a.png"] != files["c.png"]


@pytest.mark.parametrize("target", ["a.png", "nowhere.png"])
def test_a_copy_of_itself_or_of_nothing_is_a_fault_of_the_card(tmp_path: Path, target: str) -> None:
    example = f'[[example.pictures]]\npaths = ["a.png"]\nsame_as = "{target}"\n'
    with pytest.raises(CardError, match="same_as"):
        dict(example_files(card(tmp_path, example)))


@pytest.mark.parametrize("path", ["../a.png", "/a.png", "x/../../a.png", "x\\\\a.png"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(CardError, match="below the data set's folder"):
        dict(example_files(card(tmp_path, f'[[example.pictures]]\npaths = ["{path}"]\n')))


@pytest.mark.parametrize(
    ("name", "mode", "format_", "stored"),
    [
        ("a.jpg", "RGB", "JPEG", "RGB"),
        ("a..JPG", "L", "JPEG", "L"),
        ("a.png", "RGB", "PNG", "RGB"),
        ("a.png", "RGBA", "PNG", "RGBA"),
        ("a.png", "1", "PNG", "1"),
        ("a.png", "P", "PNG", "P"),
        ("a.png", "I;16", "PNG", "I;16"),
        ("a.bmp", "RGB", "BMP", "RGB"),
        ("a.BMP", "1", "BMP", "1"),
        ("a.tif", "L", "TIFF", "L"),
        ("a.tif", "1", "TIFF", "1"),
        ("a.tiff", "I;16", "TIFF", "I;16"),
        ("a.pgm", "RGB", "PPM", "L"),
        ("a.ppm", "RGB", "PPM", "RGB"),
        ("a.gif", "P", "GIF", "P"),
    ],
)
def test_every_format_is_stored_in_the_mode_the_card_says(
    tmp_path: Path, name: str, mode: str, format_: str, stored: str
) -> None:
    content = drawn(tmp_path, name, size=(70, 50), mode=mode)
    image = Image.open(io.BytesIO(content))
    image.load()
    assert (image.format, image.mode, image.size) == (format_, stored, (70, 50))
    assert len(np.unique(np.asarray(image.convert("RGB"), np.uint8))) > 1
    assert content == drawn(tmp_path, name, size=(70, 50), mode=mode)


def test_a_grey_map_is_binary_whatever_mode_is_the_default(tmp_path: Path) -> None:
    assert drawn(tmp_path, "a.pgm").startswith(b"P5")
    assert drawn(tmp_path, "a.ppm").startswith(b"P6")


def test_a_format_says_which_modes_it_holds(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"jpeg holds no mode 'RGBA'; use RGB or L"):
        drawn(tmp_path, "a.jpg", mode="RGBA")
    with pytest.raises(CardError, match="no known format"):
        drawn(tmp_path, "readme.xyz")


@pytest.mark.parametrize("name", ["IM0001", "1.2.840.10008.5"])
def test_a_picture_without_a_suffix_is_dicom(tmp_path: Path, name: str) -> None:
    pytest.importorskip("pydicom")
    assert drawn(tmp_path, name)[128:132] == b"DICM"


def test_a_jpeg_called_png_is_a_jpeg(tmp_path: Path) -> None:
    assert drawn(tmp_path, "a.png", format="jpeg").startswith(b"\xff\xd8")


@pytest.mark.parametrize("modality", ["CT", "X-Ray", "FP", "Der", "Mic", "End", "OCT", "anything"])
def test_a_picture_of_six_megapixels_is_small_on_disk(tmp_path: Path, modality: str) -> None:
    subject = card(tmp_path, modality=modality)
    content = picture_bytes(subject, "a.jpg", ExamplePicture(("a.jpg",), size=(3000, 2000)))
    assert len(content) < 80_000
    assert Image.open(io.BytesIO(content)).size == (3000, 2000)


# -- masks ----------------------------------------------------------------------------------------


@given(
    x=st.integers(0, 60),
    y=st.integers(0, 40),
    width=st.integers(1, 60),
    height=st.integers(1, 40),
    kind=st.sampled_from(["box", "ellipse"]),
)
def test_a_shape_reaches_exactly_to_its_half_open_bounds(x: int, y: int, width: int, height: int, kind: str) -> None:
    shape = {kind: [x, y, x + width, y + height], "value": 7}
    mask = draw(ExamplePicture(("a.png",), size=(130, 90), shapes=(shape,)), "L")
    ys, xs = np.nonzero(mask == 7)
    assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == (x, y, x + width, y + height)


@pytest.mark.parametrize("kind", ["box", "ellipse"])
def test_a_jpeg_mask_has_grey_edges_and_its_bounds_at_half_of_the_range(tmp_path: Path, kind: str) -> None:
    mask = pixels(drawn(tmp_path, "m.jpg", size=(101, 83), shapes=({kind: [13, 9, 57, 64], "value": 255},)))
    assert mask.shape == (83, 101, 3)
    assert ((mask > 0) & (mask < 255)).any()
    ys, xs = np.nonzero(mask[..., 0] > 127)
    assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == (13, 9, 57, 64)


def test_a_one_bit_mask_is_true_where_a_value_is_not_zero(tmp_path: Path) -> None:
    mask = pixels(drawn(tmp_path, "m.png", mode="1", shapes=({"box": [3, 4, 9, 8], "value": 1},)))
    assert mask.dtype == bool
    assert mask.sum() == 24
    assert mask[4:8, 3:9].all()


def test_an_indexed_mask_keeps_its_numbers(tmp_path: Path) -> None:
    shapes = ({"box": [0, 0, 8, 8], "value": 3}, {"point": [20, 20], "value": 9})
    mask = pixels(drawn(tmp_path, "m.png", mode="P", shapes=shapes))
    assert sorted(np.unique(mask)) == [0, 3, 9]
    assert mask[20, 20] == 9


def test_a_coloured_mask_keeps_its_colours_and_background(tmp_path: Path) -> None:
    shapes = ({"polygon": [[10, 10], [30, 10], [20, 30]], "value": [170, 0, 85]},)
    mask = pixels(drawn(tmp_path, "m.png", mode="RGBA", shapes=shapes, background=[0, 0, 255]))
    assert mask[0, 0].tolist() == [0, 0, 255, 255]
    assert mask[15, 20].tolist() == [170, 0, 85, 255]


def test_a_background_alone_is_an_empty_mask(tmp_path: Path) -> None:
    assert not pixels(drawn(tmp_path, "m.png", mode="L", background=0)).any()


@pytest.mark.parametrize(
    "shape",
    [
        {"circle": [0, 0, 3, 3]},
        {"box": [5, 5, 5, 9]},
        {"box": [0, 0, 9, 9], "value": 300},
        {"box": [0, 0, 9, 9], "value": [1, 2, 3]},
        {"box": [0, 0, 9]},
        {"point": [99, 1]},
        {"polygon": [[0, 0], [4, 4]]},
        {"box": [0, 0, 9, 9], "ellipse": [0, 0, 9, 9]},
    ],
)
def test_a_shape_that_cannot_be_drawn_is_a_fault_of_the_card(tmp_path: Path, shape: dict[str, Any]) -> None:
    with pytest.raises(CardError, match=r"'m\.png': shapes"):
        drawn(tmp_path, "m.png", mode="L", shapes=(shape,))


# -- DICOM, volumes -------------------------------------------------------------------------------


def read_dicom(content: bytes) -> Any:
    pydicom = pytest.importorskip("pydicom")
    return pydicom.dcmread(io.BytesIO(content))


def test_a_dicom_file_has_the_keywords_of_the_card_and_valid_identifiers(tmp_path: Path) -> None:
    keywords = {"PatientID": "p7", "WindowCenter": 40, "WindowWidth": 400, "BitsStored": 12, "RescaleIntercept": -1024}
    file = read_dicom(drawn(tmp_path, "s/e/a.dcm", size=(40, 30), dicom=keywords))
    assert (file.PatientID, file.WindowCenter, file.BitsStored, file.HighBit, file.BitsAllocated) == (
        "p7",
        40,
        12,
        11,
        16,
    )
    assert file.pixel_array.shape == (30, 40)
    assert 255 < file.pixel_array.max() < 4096
    uids = (file.SOPInstanceUID, file.SeriesInstanceUID, file.StudyInstanceUID, file.file_meta.TransferSyntaxUID)
    assert all(uid.is_valid for uid in uids)
    assert len(set(uids)) == 4


def test_the_files_of_one_folder_are_one_series(tmp_path: Path) -> None:
    one, two, other = (read_dicom(drawn(tmp_path, path)) for path in ("s/e/a.dcm", "s/e/b.dcm", "s/f/a.dcm"))
    assert one.SeriesInstanceUID == two.SeriesInstanceUID != other.SeriesInstanceUID
    assert one.StudyInstanceUID == other.StudyInstanceUID
    assert len({one.SOPInstanceUID, two.SOPInstanceUID, other.SOPInstanceUID}) == 3


def test_a_file_name_that_is_an_identifier_is_the_files_own(tmp_path: Path) -> None:
    name = "1.2.276.0.7230010.3.1.4.8323329.12743.1517875241.599591"
    assert read_dicom(drawn(tmp_path, f"x/{name}.dcm")).SOPInstanceUID == name


def test_an_inverted_film_is_bright_where_the_picture_is_dark(tmp_path: Path) -> None:
    plain = read_dicom(drawn(tmp_path, "a.dcm")).pixel_array
    film = read_dicom(drawn(tmp_path, "a.dcm", dicom={"PhotometricInterpretation": "MONOCHROME1"})).pixel_array
    assert (film == 255 - plain).all()


def test_a_mask_of_an_inverted_film_is_stored_as_drawn(tmp_path: Path) -> None:
    film = {"PhotometricInterpretation": "MONOCHROME1"}
    mask = read_dicom(drawn(tmp_path, "a.dcm", dicom=film, shapes=({"box": [1, 2, 5, 6], "value": 1},))).pixel_array
    assert mask.sum() == 16


def test_a_film_in_jpeg_is_encapsulated_and_decodes(tmp_path: Path) -> None:
    syntax = "1.2.840.10008.1.2.4.50"
    file = read_dicom(drawn(tmp_path, "a.dcm", size=(64, 64), dicom={"TransferSyntaxUID": syntax}))
    plain = read_dicom(drawn(tmp_path, "a.dcm", size=(64, 64))).pixel_array
    assert file.file_meta.TransferSyntaxUID == syntax
    assert np.abs(file.pixel_array.astype(int) - plain).mean() < 6


def test_frames_are_the_slices_of_a_dicom_volume(tmp_path: Path) -> None:
    file = read_dicom(drawn(tmp_path, "a.dcm", size=(20, 10), slices=3))
    assert file.pixel_array.shape == (3, 10, 20)


@pytest.mark.parametrize("keywords", [{"NoSuchKeyword": 1}, {"TransferSyntaxUID": "1.2.840.10008.1.2.4.90"}])
def test_a_dicom_keyword_that_cannot_be_set_is_a_fault_of_the_card(tmp_path: Path, keywords: dict[str, Any]) -> None:
    with pytest.raises(CardError, match="dicom"):
        drawn(tmp_path, "a.dcm", dicom=keywords)


def test_a_nifti_volume_counts_x_first_and_is_the_same_file_each_time(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    shapes = ({"box": [2, 3, 12, 8], "value": 1, "slice": 1},)
    content = drawn(tmp_path, "v.nii.gz", size=(30, 20), slices=4, shapes=shapes)
    path = tmp_path / "v.nii.gz"
    path.write_bytes(content)
    array = np.asarray(nibabel.load(path).dataobj)
    assert array.shape == (30, 20, 4)
    assert array[2:12, 3:8, 1].all()
    assert array.sum() == 50
    assert content[4:8] == bytes(4), "a gzip header holds no time"
    assert drawn(tmp_path, "v.nii.gz", size=(30, 20), slices=4, shapes=shapes) == content


def test_a_numpy_volume_keeps_rows_first(tmp_path: Path) -> None:
    array = np.load(io.BytesIO(drawn(tmp_path, "v.npy", size=(30, 20), slices=4, mode="I;16")), allow_pickle=False)
    assert array.shape == (20, 30, 4)
    assert array.dtype == np.uint16
    assert len({array[..., index].tobytes() for index in range(4)}) == 4


def test_a_picture_file_holds_no_slices(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="holds no slices"):
        drawn(tmp_path, "a.png", slices=2)


# -- label files ----------------------------------------------------------------------------------


def test_text_is_written_in_its_encoding_with_its_line_ends() -> None:
    assert text_bytes("é\n", "latin-1", newline="crlf") == b"\xe9\r\n"
    assert text_bytes("a", "utf-16") == b"\xff\xfea\x00"
    assert text_bytes("a", "utf-8-sig", bom=True) == b"\xef\xbb\xbfa"


def test_text_that_its_encoding_cannot_hold_is_a_fault_of_the_card(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"'a\.csv': encoding 'latin-1'"):
        file_bytes(card(tmp_path), ExampleFile("a.csv", "，", encoding="latin-1"))


def test_a_spreadsheet_is_the_same_file_each_time_and_blanks_are_empty(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    file = ExampleFile("a.xlsx", sheets={"first": (("name", "n"), ("x", 1), ("", 2.5)), "second": (("y",),)})
    content = file_bytes(card(tmp_path), file)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["first", "second"]
    assert [*book["first"].iter_rows(values_only=True)] == [("name", "n"), ("x", 1), (None, 2.5)]
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
    assert set(re.findall(rb"\d{4}-\d\d-\d\dT", archive.read("docProps/core.xml"))) == {b"2000-01-01T"}


@pytest.mark.parametrize("modality", ["CT", "X-Ray", "FP", "Der", "Mic", "End", "OCT", "US"])
def test_a_phantom_shows_its_lesion_where_the_box_is(modality: str) -> None:
    """Two pictures of one seed with the lesion in two places differ in these places and nowhere else."""
    boxes = ((10, 8, 34, 26), (70, 60, 100, 84))
    one, other = (draw_phantom(modality, (128, 96), "RGB", 7, lesions=[box]).astype(int) for box in boxes)
    differs = np.abs(one - other).max(axis=2) > 8
    for x1, y1, x2, y2 in boxes:
        assert differs[y1:y2, x1:x2].mean() > 0.15
        differs[y1 - 1 : y2 + 1, x1 - 1 : x2 + 1] = False
    assert not differs.any()


def test_the_lesion_is_that_of_the_expected_box_or_of_the_other_card_of_the_folder(tmp_path: Path) -> None:
    plain = '[[example.pictures]]\npaths = ["a.png"]\nsize = [64, 48]\n'
    expect = plain + '[[example.expect]]\nimage = "a.png"\nboxes = { "A finding" = [[4, 5, 30, 28]] }\n'
    other = plain + '[example.lesions]\n"a.png" = [[4, 5, 30, 28]]\n'
    bare, marked, shared = (dict(example_files(card(tmp_path, text)))["a.png"] for text in (plain, expect, other))
    assert marked == shared != bare


def test_the_cards_of_one_folder_draw_their_common_pictures_alike() -> None:
    cards = [Card.load(path) for path in (Path(__file__).parent.parent / "plugins").glob("*/medmat_*/*.toml")]
    common = {one.folder for one in cards if one.example.lesions}
    known: dict[tuple[str, str], tuple[str, bytes]] = {}
    for one in cards:
        for name, content in example_files(one) if one.folder in common else ():
            slug, before = known.setdefault((one.folder, name), (one.slug, content))
            assert before == content, f"{name} of {one.slug} differs from that of {slug}"
    assert len(common) > 5 and len({slug for slug, _ in known.values()}) > 5
