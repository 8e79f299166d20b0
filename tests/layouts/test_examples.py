"""Every layout reads its own example, as the documentation shows it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from medmat_core.dataset import Dataset
from medmat_core.layouts import KINDS, layout_class
from medmat_core.samples import example_files
from medmat_core.testing.example_check import check_example
from medmat_core.testing.reading import Files
from tests.toy import CARD

ASKED = {"masks": "mask", "voc": "box", "yolo": "box", "coco": "box", "box-table": "box"}


def example_of(kind: str, where: Path) -> Dataset:
    text = layout_class(kind).example
    head = 'group_by = "patient"' if "group = {" in text else "" if "parts = {" in text else "unprotected = true"
    card = CARD.partition("[labels]")[0].replace('markers = ["pics"]', "markers = []")
    where.mkdir(exist_ok=True)
    path = where / f"{kind}.toml"
    path.write_text(card.format(slug=kind, folder="toy", kind=ASKED.get(kind, "single-label"), head=head) + text)
    return Dataset.of_card(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layout_reads_its_own_example(kind: str, tmp_path: Path) -> None:
    dataset = example_of(kind, tmp_path / "card")
    assert dataset.card.example.expect
    files = Files(dict(example_files(dataset.card)))
    found = [str(finding) for finding in check_example(dataset, dataset.card, files, tmp_path) if not finding.hint]
    assert found == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_holds_the_three_tables_and_names_its_kind(kind: str) -> None:
    text = layout_class(kind).example
    assert set(tomllib.loads(text)) == {"labels", "layout", "example"}
    assert tomllib.loads(text)["layout"]["kind"] == kind
    assert layout_class(kind).about
