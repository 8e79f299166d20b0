"""Masks that threads decode before they are asked for: the same pixels, and the same faults, as without threads."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from medmat_core.images import PictureError
from medmat_core.model import MaskFile
from medmat_core.pipeline import ahead
from medmat_core.pipeline.ahead import DEPTH, Ahead
from medmat_core.regions.decode import read_bare


def draw(root: Path, count: int, suffix: str = ".jpg") -> list[MaskFile]:
    """Masks, each with a square of its own."""
    masks = []
    for number in range(count):
        pixels = np.zeros((40, 60), np.uint8)
        pixels[number : number + 12, 2 * number : 2 * number + 12] = 255
        assert cv2.imwrite(str(root / f"{number}{suffix}"), pixels)
        masks.append(MaskFile(f"{number}{suffix}", "polyp"))
    return masks


def read(reader: Ahead, mask: MaskFile, root: Path) -> np.ndarray:
    return reader.read(mask, f"{root}/{mask.path}").found


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_masks_read_ahead_are_those_read_at_once(tmp_path: Path, suffix: str) -> None:
    masks = draw(tmp_path, 9, suffix)
    reader = Ahead(tmp_path, masks)
    for mask in masks:
        assert np.array_equal(read(reader, mask, tmp_path), read_bare(mask, f"{tmp_path}/{mask.path}").found)
    reader.close()


def test_a_jpeg_is_decoded_by_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    masks = draw(tmp_path, 5)
    by: list[int] = []
    real = ahead.decode_picture
    monkeypatch.setattr(ahead, "decode_picture", lambda *a: by.append(threading.get_ident()) or real(*a))
    reader = Ahead(tmp_path, masks)
    for mask in masks:
        read(reader, mask, tmp_path)
    reader.close()
    assert len(by) == len(masks) and threading.get_ident() not in by


def test_masks_that_nobody_asks_for_hold_up_nothing(tmp_path: Path) -> None:
    masks = draw(tmp_path, 12)
    reader = Ahead(tmp_path, masks)
    for mask in masks[::3]:
        assert read(reader, mask, tmp_path).any()
    assert read(reader, masks[0], tmp_path).any()  # one that was passed over already
    reader.close()


def test_a_fault_is_met_where_the_mask_is_asked_for(tmp_path: Path) -> None:
    masks = draw(tmp_path, 4)
    (tmp_path / "1.jpg").write_bytes(b"\xff\xd8 cut off")
    (tmp_path / "2.jpg").unlink()
    reader = Ahead(tmp_path, masks)
    assert read(reader, masks[0], tmp_path).any()
    for mask, reason in ((masks[1], "truncated_image"), (masks[2], "missing_mask")):
        with pytest.raises(PictureError) as raised:
            read(reader, mask, tmp_path)
        assert raised.value.reason == reason
    assert read(reader, masks[3], tmp_path).any()
    reader.close()


def test_a_path_out_of_the_data_is_opened_by_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(ahead, "read_bytes", lambda path, role: opened.append(str(path)) or b"")
    reader = Ahead(tmp_path / "data", [MaskFile("../secret.jpg", "polyp"), MaskFile("/etc/a.jpg", "polyp")])
    reader.close()
    assert opened == []


def test_no_more_than_a_few_masks_are_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    masks = draw(tmp_path, 9)
    begun: list[str] = []
    real = ahead.read_bytes
    monkeypatch.setattr(ahead, "read_bytes", lambda path, role: begun.append(str(path)) or real(path, role))
    reader = Ahead(tmp_path, masks)
    read(reader, masks[0], tmp_path)
    read(reader, masks[1], tmp_path)
    reader.close()
    assert len(begun) <= 2 + DEPTH


def test_a_decoder_that_never_ends_holds_up_its_own_mask_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    masks = draw(tmp_path, 4)
    never = threading.Event()
    monkeypatch.setattr(ahead, "decode_picture", lambda *a: never.wait())
    reader = Ahead(tmp_path, masks)

    class Alarm(BaseException):
        """What the watch raises."""

    def wait(timeout: float | None = None) -> bool:
        raise Alarm

    reader._coming[0].done.wait = wait  # type: ignore[method-assign]
    with pytest.raises(Alarm):
        read(reader, masks[0], tmp_path)
    for mask in masks[1:]:
        assert read(reader, mask, tmp_path).any()
    never.set()


def test_without_threads_masks_are_read_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    masks = draw(tmp_path, 3)
    reader = Ahead(tmp_path, masks)
    assert all(read(reader, mask, tmp_path).any() for mask in masks)
