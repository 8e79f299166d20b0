"""Rendered pictures: tied to what they are made of, and named so that no two meet."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.images.rendering import (
    rendered,
    rendered_name,
    rule_digest,
    source_digest,
    source_of,
    tie,
)
from medmat_core.model import Slice

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=90
).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PICTURES = PATHS | st.builds(Slice, PATHS, st.integers(0, 40_000), st.integers(0, 2))


@given(st.lists(PICTURES, min_size=2, max_size=2, unique=True))
def test_no_two_pictures_share_a_name_and_every_name_fits_a_file(pictures):
    one, other = map(rendered_name, pictures)
    assert one != other
    for name in (one, other):
        assert all(0 < len(os.fsencode(part)) <= 230 for part in name.split("/"))


@given(PICTURES)
def test_a_name_that_was_not_cut_tells_its_picture(picture):
    assert source_of(rendered_name(picture)) in (None, picture)


@pytest.mark.parametrize(
    ("picture", "name"),
    [
        ("a/b.dcm", "a/b.dcm.png"),
        ("a/b.dicom", "a/b.dicom.png"),
        ("a/b.DCM", "a/b.DCM.png"),
        ("a#0001.dcm", "a#0001.dcm.png"),
        (Slice("v.nii.gz", 3), "v.nii.gz.2-0003.png"),
        (Slice("v.nii.gz", 3, 0), "v.nii.gz.0-0003.png"),
    ],
)
def test_names_are_read_back(picture, name):
    assert rendered_name(picture) == name
    assert source_of(name) == picture


def test_a_long_name_is_cut_and_a_picture_called_like_a_slice_is_told_apart():
    assert len(rendered_name("x" * 250 + ".dcm")) <= 230
    assert rendered_name("x" * 250 + "1.dcm") != rendered_name("x" * 250 + "2.dcm")
    assert rendered_name("v.nii.gz.2-0003") != rendered_name(Slice("v.nii.gz", 3))
    taken = rendered_name("x" * 250 + ".dcm").removesuffix(".png")
    assert rendered_name(taken) != rendered_name("x" * 250 + ".dcm")


def test_a_rendered_picture_carries_what_it_is_made_of_and_no_times(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(200, dtype=np.uint16).reshape(10, 20))
    first = rendered(tmp_path / "a.npy")
    assert tie(source_digest(tmp_path / "a.npy")).encode() in first.png
    np.save(tmp_path / "a.npy", np.arange(200, dtype=np.uint16)[::-1].reshape(10, 20))
    os.utime(tmp_path / "a.npy", (1, 1))  # older than what was rendered, and other bytes of the same length
    again = rendered(tmp_path / "a.npy")
    assert again.png != first.png
    assert tie(source_digest(tmp_path / "a.npy")).encode() in again.png
    assert (again.width, again.height) == (20, 10)


def test_the_rule_tells_slices_windows_and_library_versions_apart(monkeypatch):
    from medmat_core.images import rendering

    rules = [rule_digest(), rule_digest(Slice("v", 1)), rule_digest(Slice("v", 1, 0)), rule_digest(None, (40, 80))]
    assert len(set(rules)) == 4
    assert rule_digest(None, (40.0, 80.0)) == rules[3]
    monkeypatch.setattr(rendering, "library_versions", lambda: ("numpy 0.1",))
    assert rule_digest() != rules[0]
