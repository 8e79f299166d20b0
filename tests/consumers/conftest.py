"""One export of a made-up build, opened by the libraries that users open it with: `tox -e consumers`."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core.export import ExportOptions, export
from medmat_core.records import Built
from tests.built import toy

FORMATS = ("chat", "coco", "croissant", "hf", "jsonl", "lmms-eval", "vlmeval", "webdataset")


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built folder: 25 records, of which one is open, over 17 pictures."""
    return toy(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def exported(out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All formats that have a consumer here, side by side."""
    to = tmp_path_factory.mktemp("exported") / "folder"
    export(Built.open(out), FORMATS, ExportOptions(to, jobs=1, option=("webdataset.samples=3", "hf.rows=10")))
    return to


@pytest.fixture(autouse=True)
def _caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched, and nothing is left in the home of whoever runs this."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
