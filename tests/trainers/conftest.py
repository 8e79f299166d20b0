"""What the trainers are given: a made-up build, or the one that MEDMAT_BUILT names (of all samples, say)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medmat_core.records import Built
from tests.built import toy


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """A whole build with a train part."""
    given = os.environ.get("MEDMAT_BUILT")
    return Built.open(Path(given) if given else toy(tmp_path / "built"))
