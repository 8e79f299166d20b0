"""BUSI's masks are numbered: one that is missing before another is told, since a lesion would be left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core import build, load_catalog
from medmat_core.samples import write_example


@pytest.mark.parametrize("gone", ["benign (4)_mask.png", "benign (195)_mask_1.png"])
def test_a_mask_that_is_missing_before_a_numbered_one_is_told(gone: str, tmp_path: Path) -> None:
    catalog = load_catalog()
    dataset = next((dataset for dataset in catalog if dataset.slug == "busi-seg"), None)
    if dataset is None:
        pytest.skip("needs the ultrasound plugin")
    data = tmp_path / "med-mat"
    write_example(dataset.card, data)
    assert not build(["busi-seg"], data=data, out=tmp_path / "whole", catalog=catalog, jobs=1).refused
    found = list(data.rglob(gone))
    if not found:
        pytest.skip(f"the example holds no {gone}")
    found[0].unlink()
    build(["busi-seg"], data=data, out=tmp_path / "out", catalog=catalog, jobs=1)
    told = (tmp_path / "out/problems.jsonl").read_text()
    assert "missing_mask" in told and gone.rpartition("_mask")[0] in told
