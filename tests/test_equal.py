"""Which files are equal byte for byte, whoever hashes them."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from medmat_core.pipeline import equal
from medmat_core.pipeline.equal import equal_files
from medmat_core.pipeline.facts import Named

COUNT = 3 * equal._BATCH + 5


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Any, dict[int, Named]]:
    """Files of one length that begin alike and have one middle: every seventh is equal to the one before it."""
    for place in range(COUNT):
        number = place - (place % 7 == 6)
        body = bytearray(20_000)
        body[-8:] = number.to_bytes(8, "big")
        (tmp_path / f"{place:05d}.jpg").write_bytes(body)
    return SimpleNamespace(root=tmp_path, image_prefix="data/"), {
        place: Named(f"data/{place:05d}.jpg", "") for place in range(COUNT)
    }


EXPECTED = [[place - 1, place] for place in range(COUNT) if place % 7 == 6]


def test_equal_files_are_found_among_many_that_differ_at_their_end(pictures: tuple[Any, dict[int, Named]]) -> None:
    context, names = pictures
    by: set[int] = set()
    real = equal.sha256_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equal, "sha256_of", lambda path: by.add(threading.get_ident()) or real(path))
        assert equal_files(context, names, [list(reversed(range(COUNT)))]) == EXPECTED
    assert threading.get_ident() not in by


def test_a_file_that_cannot_be_read_is_equal_to_none(pictures: tuple[Any, dict[int, Named]]) -> None:
    context, names = pictures
    gone = EXPECTED[3]
    (context.root / f"{gone[0]:05d}.jpg").unlink()
    assert equal_files(context, names, [list(range(COUNT))]) == [same for same in EXPECTED if same != gone]


def test_few_files_and_no_threads_give_the_same(
    pictures: tuple[Any, dict[int, Named]], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, names = pictures
    assert equal_files(context, names, [list(range(7))]) == EXPECTED[:1]

    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert equal_files(context, names, [list(range(COUNT))]) == EXPECTED
