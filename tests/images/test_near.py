"""Near copies have near hashes, other pictures have far ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from medmat_core.images.near import DISTANCE, bits_apart, near_pairs, near_within, perceptual


def picture(seed: int, size: tuple[int, int] = (120, 90)) -> np.ndarray:
    """Smooth blotches, as pictures are."""
    rough = np.random.default_rng(seed).integers(0, 256, (7, 9), np.uint8)
    return cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC)


def apart(one: np.ndarray, other: np.ndarray) -> int:
    return int(bits_apart(np.array([perceptual(one)], np.uint64), np.array([perceptual(other)], np.uint64))[0])


@pytest.mark.parametrize("seed", range(5))
def test_another_size_brightness_depth_or_a_lossy_save_is_near(seed):
    one = picture(seed)
    saved = cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_GRAYSCALE)
    for other in (
        saved,
        cv2.resize(one, (260, 200), interpolation=cv2.INTER_CUBIC),
        (one // 2 + 40).astype(np.uint8),
        one.astype(np.uint16) * 257,
        np.dstack([one] * 3),
    ):
        assert apart(one, other) <= DISTANCE


def test_other_pictures_are_far():
    marks = [picture(seed) for seed in range(20)]
    assert min(apart(a, b) for n, a in enumerate(marks) for b in marks[:n]) > 2 * DISTANCE


def test_a_picture_of_one_shade_is_near_to_none():
    for shade in (np.zeros((9, 9), np.uint8), np.full((50, 40, 3), 200, np.uint8), np.full((4, 4), np.nan)):
        assert perceptual(shade) == 0
    marks = np.zeros(5, np.uint64)
    assert near_within(marks) == []
    assert list(near_pairs(marks, marks)) == []


def test_pairs_within_and_across_agree_with_comparing_all():
    rng = np.random.default_rng(2)
    marks = rng.integers(1, 1 << 62, 60, np.uint64)
    for place in range(0, 60, 3):
        flips = rng.choice(64, place % 7, replace=False)
        marks[place] = marks[place + 1] ^ np.uint64(sum(1 << int(bit) for bit in flips))
    near = {
        (a, b) for b in range(60) for a in range(b) if bits_apart(marks[a : a + 1], marks[b : b + 1])[0] <= DISTANCE
    }
    assert near and set(near_within(marks)) == near
    for one, other, bits in near_pairs(marks[:30], marks[30:]):
        assert (one, other + 30) in near and bits <= DISTANCE
    assert {one for one, _, _ in near_pairs(marks[:30], marks[30:])} == {a for a, b in near if a < 30 <= b}


def test_of_very_many_equal_hashes_the_earliest_test_picture_is_named():
    train, test = np.full(70_000, 77, np.uint64), np.full(1_000, 79, np.uint64)
    train[5], test[400] = 0, 77
    pairs = list(near_pairs(train, test))
    assert len(pairs) == 69_999 and pairs[0] == (0, 400, 0)
    test[400] = 79
    assert {(other, bits) for _, other, bits in near_pairs(train, test)} == {(0, 1)}


def test_chunks_of_comparisons_find_what_one_would(monkeypatch: pytest.MonkeyPatch):
    marks = np.random.default_rng(3).integers(1, 1 << 20, 400, np.uint64)
    whole = list(near_pairs(marks[:300], marks[300:]))
    monkeypatch.setattr("medmat_core.images.near._AT_ONCE", 7)
    assert whole and list(near_pairs(marks[:300], marks[300:])) == whole
