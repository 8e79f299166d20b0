"""No bytes, however changed, make a reader raise what it does not promise.

Each target is tried MEDMAT_FUZZ seconds (a blink at the door; ``tox -e fuzz`` gives a minute or two), with bytes that
hang on the target alone. What was found once stays under ``found/TARGET-*``.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, Target

FOUND = Path(__file__).parent / "found"
SECONDS = float(os.environ.get("MEDMAT_FUZZ", "0.5"))
ODD = (
    b"\0",
    b"\xff",
    b"-1",
    b"0",
    b"999999999999",
    b"nan",
    b'"',
    b"\\",
    b"<",
    b"&",
    b"\x7f\xff\xff\xff",
    b"[",
    b"{",
    b"\xed\xa0\x80",
)


def changed(raw: bytes, draw: random.Random) -> bytes:
    """Some bytes flipped, put in, cut out, doubled or exchanged."""
    body = bytearray(raw)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(body) + 1)
        end = min(len(body), at + draw.choice((1, 1, 2, 4, 16, 64)))
        match draw.randrange(6):
            case 0:
                body[at:end] = bytes(draw.randrange(256) for _ in range(end - at))
            case 1:
                body[at:at] = draw.choice(ODD)
            case 2:
                del body[at:end]
            case 3:
                body[at:at] = body[at:end] * draw.randint(1, 50)
            case 4:
                body[at:end] = draw.choice(ODD)
            case _:
                del body[draw.randrange(len(body) + 1) :]
    return bytes(body)


def feed(target: Target, folder: Path, raw: bytes) -> None:
    (folder / target.name).write_bytes(raw)
    target.read(folder, target.name)


@pytest.mark.parametrize("what", TARGETS)
def test_changed_bytes_raise_nothing_but_what_is_promised(what: str, tmp_path: Path) -> None:
    target, draw = TARGETS[what], random.Random(what)
    feed(target, tmp_path, target.seed)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        raw = changed(target.seed, draw)
        try:
            feed(target, tmp_path, raw)
        except BaseException:
            kept = Path(os.environ.get("MEDMAT_FUZZ_FOUND", tmp_path)) / f"{what}-{abs(hash(raw)):x}"
            kept.write_bytes(raw)
            print(f"kept as {kept}")
            raise


@pytest.mark.parametrize("file", sorted(FOUND.glob("*")), ids=lambda file: file.name)
def test_what_was_found_once_is_not_found_again(file: Path, tmp_path: Path) -> None:
    feed(TARGETS[file.name.partition("-")[0]], tmp_path, file.read_bytes())
