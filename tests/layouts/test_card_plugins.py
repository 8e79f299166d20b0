"""A plugin of a card alone: installed as pip would, found by its entry point, and built like any other."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pytest

from medmat_core import build, load_catalog
from medmat_core.errors import UsageError
from medmat_core.index import made
from medmat_core.plugins import CardPlugin, plugin_called
from medmat_core.testing import find_datasets
from tests.plugged import SUBSET, Install, install  # noqa: F401
from tests.toy import zoo

LAYOUT = '[layout]\nkind = "class-folders"\n'


@pytest.fixture
def newts(install: Install) -> Install:  # noqa: F811
    """A card without a module, beside the module of another data set that brings the subset."""
    install("newts", code=None, tables=LAYOUT, head="unprotected = true")
    install("efts", dist="medmat-plugin-efts", extra=SUBSET.format(no=1000), head='aliases = ["efts"]')
    return install


def test_a_card_without_a_module_is_a_plugin(newts: Install) -> None:
    catalog = load_catalog()
    assert not catalog.failed
    dataset = catalog.get("newts")
    assert (dataset.module, dataset.source.dist) == ("medmat_plugin_newts.newts", "medmat-plugin-newts")
    assert plugin_called("medmat_plugin_newts.newts") == plugin_called("medmat_plugin_newts.newts")
    (same,) = find_datasets(["medmat_plugin_newts.newts"])
    assert same.slug == "newts"


@pytest.mark.parametrize("options", [{"jobs": 1}, {"jobs": 2}, {"jobs": 2, "engine": "dask"}], ids=str)
def test_it_builds_like_class_folders_whatever_the_engine(
    options: dict[str, object], newts: Install, tmp_path: Path
) -> None:
    if "engine" in options:
        pytest.importorskip("distributed")
    zoo(tmp_path / "data", count=8)
    for slug, given in (("newts", options), ("efts", {"jobs": 1})):
        build([slug], data=tmp_path / "data", out=tmp_path / slug, **given)  # type: ignore[arg-type]
    records = [
        (tmp_path / slug / f"records/Ori--{slug}-train.jsonl").read_text().count('"kind":')
        for slug in ("newts", "efts")
    ]
    assert records[0] == records[1] > 0


def test_a_killed_build_goes_on(newts: Install, tmp_path: Path) -> None:
    zoo(tmp_path / "data", count=8)
    for out in ("once", "again", "again"):
        build(["newts"], data=tmp_path / "data", out=tmp_path / out, jobs=1, resume=out == "again")
    name = "records/Ori--newts-train.jsonl"
    assert filecmp.cmp(tmp_path / "once" / name, tmp_path / "again" / name, shallow=False)


def test_its_index_is_current_until_the_card_changes_or_a_module_comes(newts: Install) -> None:
    from medmat_core.index import Indexes

    card = load_catalog().get("newts").card.path
    for file, text in made(["medmat_plugin_newts.newts"]).items():
        file.write_text(text)
    assert Indexes().heads("medmat_plugin_newts.newts")
    module = card.with_suffix(".py")
    module.write_text("")
    assert Indexes().heads("medmat_plugin_newts.newts") is None
    module.unlink()
    card.write_text(card.read_text() + "\n# newer\n")
    assert Indexes().heads("medmat_plugin_newts.newts") is None


def test_the_list_of_data_sets_reads_no_layout_of_a_card_with_an_index(
    newts: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, text in made(["medmat_plugin_newts.newts"]).items():
        file.write_text(text)

    def refuse(self: CardPlugin) -> list[object]:
        raise AssertionError("the card was read")

    monkeypatch.setattr(CardPlugin, "medmat_datasets", refuse)
    assert "newts" in {entry.head.slug for entry in load_catalog().entries}


def test_a_card_with_a_wrong_layout_fails_alone(install: Install) -> None:  # noqa: F811
    install("newts", code=None, tables=LAYOUT + "skipp = []\n")
    (failed,) = load_catalog().failed
    assert "layout.skipp: there is no field skipp: did you mean skip?" in failed.reason


def test_without_a_module_and_without_a_card_the_plugin_fails_as_any_does(install: Install) -> None:  # noqa: F811
    install("newts", code=None)
    card = Path(str(plugin_called("medmat_plugin_newts.newts")._card))  # type: ignore[attr-defined]
    card.unlink()
    (failed,) = load_catalog().failed
    assert "No module named 'medmat_plugin_newts.newts'" in failed.reason
    with pytest.raises(UsageError, match="cannot be imported"):
        find_datasets(["medmat_plugin_newts.newts"])


def test_a_module_that_fails_is_not_passed_over_for_its_card(install: Install) -> None:  # noqa: F811
    install("newts", code="import no_such_newt\n", tables=LAYOUT)
    (failed,) = load_catalog().failed
    assert "no_such_newt" in failed.reason
