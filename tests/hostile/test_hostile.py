"""Every case of tests/hostile ends as it says, on one line, without a traceback."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import CASES
from tests.hostile.case import Case, check, run_case


@pytest.fixture(autouse=True)
def guard() -> Iterator[None]:
    """Whatever hangs is a fault; this is far more time than any case takes."""
    faulthandler.dump_traceback_later(300, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_contained(case: Case, tmp_path: Path) -> None:
    check(case, run_case(case, tmp_path))


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
