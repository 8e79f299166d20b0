"""croissant.json by mlcroissant: it validates, and its records load."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

mlcroissant = pytest.importorskip("mlcroissant")


def test_it_validates_and_loads(exported: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(str(exported / "croissant.json"))
    assert not dataset.metadata.issues.errors
    rows = list(dataset.records("test"))
    assert len(rows) == 12
    assert (exported / rows[0]["test/image"].decode()).is_file()
    assert rows[0]["test/letter"] in (b"A", b"B", b"C", b"D")


def test_what_neurips_asks_for_is_there(exported: Path) -> None:
    metadata = mlcroissant.Dataset(str(exported / "croissant.json")).metadata
    for name in ("data_collection", "data_limitations", "data_biases", "personal_sensitive_information"):
        assert getattr(metadata, name), name
    assert metadata.cite_as and metadata.license
