"""Files and folders that may not be read or written: a line each, or one line and exit 3 where OUT is meant."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from medmat_core.pipeline import manifest
from tests.hostile.case import WHOLE, Case, Outcome, World, check, run_case

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are POSIX")
NOBODY = 65534


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which whoever runs the tests has no more rights than others: root gives them up."""
    run_case(Case("", lambda world: None), tmp_path)  # imports what may lie where others cannot read
    known = manifest.versions()
    monkeypatch.setattr(manifest, "versions", lambda: known)
    where = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(where, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    yield where
    if root:
        os.seteuid(0)
    for folder, names, _ in os.walk(where):
        for name in names:
            os.chmod(os.path.join(folder, name), 0o700)  # noqa: PTH101
    shutil.rmtree(where)


def closed(path: str) -> Callable[[World], None]:
    return lambda world: (world.top / path).chmod(0)


def read_only_out(world: World) -> None:
    world.out.mkdir()
    world.out.chmod(0o500)


def built(top: Path, spoil: Callable[[World], None], code: int, told: str = "", **more: object) -> Outcome:
    case = Case("", spoil, code, None, None, None, told=told)
    found = run_case(case, top)
    check(case, found)
    return found


@posix
@pytest.mark.parametrize(
    ("path", "reason", "lost"),
    [("toy/pics/cat/cat (0).png", "bad_image", 1), ("toy/pics/cat", "bad_file", 5)],
)
def test_what_may_not_be_read_has_its_line_and_the_rest_is_built(top: Path, path: str, reason: str, lost: int) -> None:
    found = built(top, closed(f"med-mat/{path}"), 1)
    assert found.reasons("refused") == {reason: 1} and found.records == WHOLE - lost


@posix
@pytest.mark.parametrize("path", ["med-mat/toy", "med-mat/toy/pics", "med-mat"])
def test_a_data_set_of_which_nothing_may_be_read_is_told(top: Path, path: str) -> None:
    found = built(top, closed(path), 2 if path == "med-mat" else 1, "")
    assert found.records == 0 and "Permission denied" in found.err + str(found.problems)


@posix
def test_an_out_that_may_not_be_written_is_one_line(top: Path) -> None:
    found = built(top, read_only_out, 3, "cannot be written: Permission denied")
    assert found.err.count("\n") == 1
