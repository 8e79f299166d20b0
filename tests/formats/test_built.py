"""Exports of what `medmat build` itself wrote: one definition of a line, and ways back."""

from __future__ import annotations

from pathlib import Path

import pytest

import medmat_core
from medmat_core.catalog import Catalog
from medmat_core.check import compare_published
from medmat_core.errors import UsageError
from medmat_core.export import ExportOptions, export
from medmat_core.records import Built
from tests.toy import toy_catalog, toy_dataset, zoo


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return toy_catalog(toy_dataset(tmp_path / "card"))


def test_records_and_medmat_of_an_export_read_as_the_builds_but_for_the_root(tmp_path: Path, catalog: Catalog) -> None:
    zoo(tmp_path / "med-mat", 6)
    medmat_core.build(data=tmp_path / "med-mat", out=tmp_path, catalog=catalog, jobs=1)
    export(Built.open(tmp_path), ["jsonl", "medmat"], ExportOptions(tmp_path / "to", jobs=1), catalog=catalog)
    compared = 0
    for folder in ("records", "Original_Medical_Datasets", "Aggregated_Subsets"):
        for file in sorted((tmp_path / folder).iterdir()):
            own = file.read_text(encoding="utf-8").replace('"image": "', '"image": "images/')
            assert (tmp_path / "to" / folder / file.name).read_text(encoding="utf-8") == own, file.name
            compared += 1
    assert compared >= 5


def test_medmat_choices_are_read_back_by_check_published(tmp_path: Path, catalog: Catalog) -> None:
    data = zoo(tmp_path / "med-mat", 6)
    medmat_core.build(data=data, out=tmp_path, catalog=catalog, jobs=1)
    export(Built.open(tmp_path), ["medmat-choices"], ExportOptions(tmp_path / "to", jobs=1), catalog=catalog)
    files = sorted((tmp_path / "to/medmat-choices").iterdir())
    found = compare_published(catalog.get("toy"), data, files)
    assert found.records == found.pictures == 24 and not found.differences  # the files hold no paths: captions count
    assert found.captions == dict.fromkeys(("Cat", "Dog", "Cow", "Eel"), (6, 6))


def test_access_is_known_from_the_card_where_the_manifest_says_nothing(tmp_path: Path, catalog: Catalog) -> None:
    from medmat_core.export import Filters

    zoo(tmp_path / "med-mat", 6)
    medmat_core.build(data=tmp_path / "med-mat", out=tmp_path, catalog=catalog, jobs=1)
    only = ExportOptions(tmp_path / "to", jobs=1, filters=Filters(access=("open",)))
    assert export(Built.open(tmp_path), ["jsonl"], only, catalog=catalog).records["jsonl"] == 24
    manifest = Built.open(tmp_path).manifest
    if not all(entry.get("access") for entry in manifest["datasets"]):
        with pytest.raises(UsageError, match="whose plugin is not installed"):
            export(Built.open(tmp_path), ["jsonl"], only)
