"""Masks that a thread decodes before they are asked for: the same pixels, and the same faults, as without it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import cv2
import numpy as np
import pytest

from medmat_core.images import PictureError
from medmat_core.images.pixels import load_gray
from medmat_core.model import LabelSample, MaskFile, MaskSample, Slice
from medmat_core.pipeline import ahead
from medmat_core.pipeline.ahead import DEPTH, Ahead
from medmat_core.watch import Overdue


def draw(root: Path, count: int, suffix: str = ".jpg") -> list[MaskSample]:
    """Pictures with a mask each, a square of its own."""
    samples = []
    for number in range(count):
        pixels = np.zeros((40, 60), np.uint8)
        pixels[number : number + 12, 2 * number : 2 * number + 12] = 255
        assert cv2.imwrite(str(root / f"{number}{suffix}"), pixels)
        samples.append(MaskSample(f"{number}.png", (MaskFile(f"{number}{suffix}", "polyp"),)))
    return samples


def paths(root: Path, samples: list[MaskSample]) -> list[str]:
    return [f"{root}/{mask.path}" for sample in samples for mask in sample.masks if isinstance(mask, MaskFile)]


@pytest.fixture
def decoded_by(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The threads that decoded something ahead."""
    by: list[int] = []
    real = ahead.decode_picture
    monkeypatch.setattr(ahead, "decode_picture", lambda *a: by.append(threading.get_ident()) or real(*a))
    yield by


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png"])
def test_masks_read_ahead_are_those_read_at_once(tmp_path: Path, suffix: str, decoded_by: list[int]) -> None:
    samples = draw(tmp_path, 9, suffix)
    reader = Ahead(tmp_path, [LabelSample("x.png", ("a",)), *samples])
    for path in paths(tmp_path, samples):
        assert np.array_equal(reader.read(path, None).array, load_gray(path).array)
    reader.close()
    assert len(decoded_by) == (0 if suffix == ".png" else 9) and threading.get_ident() not in decoded_by


def test_masks_that_nobody_asks_for_hold_up_nothing(tmp_path: Path, decoded_by: list[int]) -> None:
    samples = draw(tmp_path, 12)
    reader, every = Ahead(tmp_path, samples), paths(tmp_path, samples)
    for path in every[::2]:
        assert np.array_equal(reader.read(path, None).array, load_gray(path).array)
    assert np.array_equal(reader.read(every[0], None).array, load_gray(every[0]).array)  # passed over already
    reader.close()
    assert len(decoded_by) >= 10


def test_a_fault_is_met_where_the_mask_is_asked_for(tmp_path: Path) -> None:
    samples = draw(tmp_path, 6)
    every = paths(tmp_path, samples)
    Path(every[1]).write_bytes(b"\xff\xd8 cut off")
    Path(every[2]).unlink()
    Path(every[3]).write_bytes(Path(every[3]).read_bytes()[:-40])
    reader = Ahead(tmp_path, samples)
    assert reader.read(every[0], None).array.any()
    for path, reason in zip(every[1:4], ("truncated_image", "missing_mask", "truncated_image"), strict=True):
        with pytest.raises(PictureError) as raised:
            reader.read(path, None)
        assert raised.value.reason == reason
    assert all(reader.read(path, None).array.any() for path in every[4:])
    reader.close()


def test_a_path_out_of_the_data_is_opened_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(ahead, "read_bytes", lambda path, *_: opened.append(str(path)) or b"")
    masks = [MaskFile("../secret.jpg", "polyp"), MaskFile("/etc/a.jpg", "polyp"), MaskFile(Slice("a.jpg", 0, 0), "a")]
    reader = Ahead(tmp_path / "data", [MaskSample("a.png", (*masks, MaskFile("own.jpg", "polyp")))])
    with pytest.raises(PictureError, match="not there"):
        reader.read(f"{tmp_path}/data/own.jpg", None)
    reader.close()
    assert opened == [f"{tmp_path}/data/own.jpg"]


def test_a_large_picture_is_left_to_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoded_by: list[int]
) -> None:
    samples = draw(tmp_path, 3)
    monkeypatch.setattr(ahead, "LARGE", 40 * 60 - 1)
    reader = Ahead(tmp_path, samples)
    assert all(reader.read(path, None).array.any() for path in paths(tmp_path, samples))
    reader.close()
    assert decoded_by == []


def test_no_more_than_a_few_masks_are_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = draw(tmp_path, 9)
    begun: list[str] = []
    real = ahead.read_bytes
    monkeypatch.setattr(ahead, "read_bytes", lambda path, *more: begun.append(str(path)) or real(path, *more))
    reader, every = Ahead(tmp_path, samples), paths(tmp_path, samples)
    for asked in range(3):
        reader.read(every[asked], None)
        assert len(begun) == asked + 1 + DEPTH
    reader.close()


def test_a_decoder_that_never_ends_holds_up_its_own_mask_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = draw(tmp_path, 4)
    never = threading.Event()
    monkeypatch.setattr(ahead, "decode_picture", lambda *a: never.wait())
    reader, every = Ahead(tmp_path, samples), paths(tmp_path, samples)

    class Alarm(BaseException):
        """What the watch raises."""

    class Silent(SimpleQueue[Any]):
        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            raise Alarm

    monkeypatch.setattr(reader, "_done", Silent())
    with pytest.raises(Alarm):
        reader.read(every[0], None)
    assert all(reader.read(path, None).array.any() for path in every[1:])
    never.set()


def test_a_mask_that_nobody_asks_for_takes_no_other_s_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = draw(tmp_path, 4)
    never = threading.Event()
    monkeypatch.setattr(ahead, "decode_picture", lambda *a: never.wait())
    reader, every = Ahead(tmp_path, samples), paths(tmp_path, samples)

    class Late(SimpleQueue[Any]):
        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            raise Overdue

    monkeypatch.setattr(reader, "_done", Late())
    assert all(reader.read(path, None).array.any() for path in every[1:])  # the first one's sample was refused
    never.set()


@pytest.mark.parametrize("error", [Overdue, MemoryError])
def test_a_file_that_is_not_read_in_time_costs_no_mask_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    samples = draw(tmp_path, 4)
    every, real = paths(tmp_path, samples), ahead.read_bytes

    def slowly(path: str, *more: Any) -> bytes:
        if path == every[2]:
            raise error
        return real(path, *more)

    monkeypatch.setattr(ahead, "read_bytes", slowly)
    reader = Ahead(tmp_path, samples)
    assert all(reader.read(path, None).array.any() for path in every)
    reader.close()


def test_a_long_file_is_left_to_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoded_by: list[int]
) -> None:
    samples = draw(tmp_path, 2)
    monkeypatch.setattr(ahead, "LARGE", 40 * 60)
    for path in paths(tmp_path, samples):
        with open(path, "ab") as file:
            file.truncate(40 * 60 + 1)
    reader = Ahead(tmp_path, samples)
    assert all(reader.read(path, None).array.any() for path in paths(tmp_path, samples))
    reader.close()
    assert decoded_by == []


def test_the_interpreter_does_not_end_under_a_decoder(tmp_path: Path) -> None:
    draw(tmp_path, 3)
    script = tmp_path / "run.py"
    script.write_text(
        "import time\n"
        "from medmat_core.model import MaskFile, MaskSample\n"
        "from medmat_core.pipeline import ahead\n"
        "ahead.decode_picture = lambda *a: time.sleep(0.3) or print('decoded', flush=True)\n"
        "masks = tuple(MaskFile(f'{number}.jpg', 'polyp') for number in range(3))\n"
        f"reader = ahead.Ahead({str(tmp_path)!r}, [MaskSample('a.png', masks)])\n"
        f"reader.read({str(tmp_path)!r} + '/0.jpg', None)\n"
        "reader.close()\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.split()) == (0, ["decoded"] * 3), done.stderr


def test_who_is_stopped_while_a_mask_is_begun_gets_no_other_s_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = draw(tmp_path, 8)
    reader, every = Ahead(tmp_path, samples), paths(tmp_path, samples)
    reader.read(every[0], None)

    class Stopped(deque[str]):
        def append(self, path: str) -> None:
            monkeypatch.setattr(reader, "_begun", deque(self))
            raise Overdue  # as the watch does, wherever it finds the thread

    monkeypatch.setattr(reader, "_begun", Stopped(reader._begun))
    for path in every[1:]:
        assert np.array_equal(reader.read(path, None).array, load_gray(path).array)
    reader.close()


def test_without_a_thread_masks_are_read_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    samples = draw(tmp_path, 3)
    reader = Ahead(tmp_path, samples)
    assert all(reader.read(path, None).array.any() for path in paths(tmp_path, samples))
