"""``tools/merge_report.py``: a stranger's report becomes a line of a card, and only what a person settles goes."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from medmat_core.card import Card
from tests.docs_blocks import ROOT

TOLD = {"slug": "toy", "layout": "right", "completeness": "whole", "problems": 0, "images": 780,
        "names": {"pictures": {"pics/cat (N).png": 780}},
        "pictures": {"sizes": {"500x400": 700, "unread": 9, "600x470": 71}}}  # fmt: skip
FACTS = ("the licence", "the outer folder [of the archive]", "patients: no id is published")
UNVERIFIED = "unverified = [\n" + "".join(f'  "{fact}",\n' for fact in FACTS) + "]"


@pytest.fixture(scope="module")
def tool() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("merge_report", ROOT / "tools" / "merge_report.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    from tests.toy import toy_card

    package = tmp_path / "plugins" / "toy" / "medmat_toy"
    text = '[citation]\nbibtex = """\n[verified]\n[labels]\n"""'
    toy_card(package, head=UNVERIFIED, tables=text.replace("[labels]\n", "[[x]]\n"))
    (package / "toy.py").write_text("")
    (package.parent / "pyproject.toml").write_text('[project]\nname = "medmat-plugin-toy"\n')
    return tmp_path / "plugins"


def report(folder: Path, *datasets: Any, **whole: Any) -> str:
    path = folder / "report.json"
    told = {"medmat_report": 1, "date": "2026-11-26", "medmat_core": "0.1.0", "datasets": list(datasets), **whole}
    path.write_text(json.dumps(told))
    return str(path)


def card_of(plugins: Path) -> Card:
    return Card.load(plugins / "toy" / "medmat_toy" / "toy.toml")


def test_a_report_is_added_once_and_settles_nothing_by_itself(
    tool: ModuleType, plugins: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = card_of(plugins)
    for _ in range(2):
        assert tool.main([report(tmp_path, TOLD), "--plugins", str(plugins)]) == 0
    card = card_of(plugins)
    (entry,) = card.verified
    assert (entry.date, entry.version, entry.images, entry.sound) == ("2026-11-26", "0.1.0", 780, True)
    assert entry.sizes == ("500x400", "600x470")
    assert card.unverified == before.unverified and card.labels == before.labels and card.citation == before.citation
    told = capsys.readouterr().out
    assert "2. the outer folder [of the archive]\n     may be settled (--settle 2)" in told
    assert "--settle 1" not in told and "by hand: quote the license" in told
    assert tool.main([report(tmp_path, {**TOLD, "images": 779}), "--plugins", str(plugins)]) == 0
    assert [one.images for one in card_of(plugins).verified] == [780, 779]


@pytest.mark.parametrize(
    ("settled", "left"),
    [
        ([2], ["the licence", "patients: no id is published"]),
        ([1, 3], ["the outer folder [of the archive]"]),
        ([1, 2, 3], []),
    ],
)
def test_only_the_lines_that_a_person_names_go(
    tool: ModuleType, plugins: Path, tmp_path: Path, settled: list[int], left: list[str]
) -> None:
    options = [option for number in settled for option in ("--settle", str(number))]
    assert tool.main([report(tmp_path, TOLD), "--plugins", str(plugins), *options]) == 0
    assert list(card_of(plugins).unverified) == left and len(card_of(plugins).verified) == 1


@pytest.mark.parametrize(
    "whole",
    [
        {"datasets": [{**TOLD, "slug": "../x"}]},
        {"datasets": [{**TOLD, "slug": ["toy"]}]},
        {"datasets": [{**TOLD, "images": "780"}]},
        {"datasets": [{**TOLD, "images": -1}]},
        {"datasets": [TOLD, {**TOLD, "images": -1}]},
        {"datasets": [{**TOLD, "layout": 'right"\nx = 1'}]},
        {"datasets": [{**TOLD, "layout": "absent"}]},
        {"datasets": [TOLD], "date": '2026-11-26"\nlicense = "mine'},
        {"datasets": [TOLD], "medmat_core": "$(x)"},
        {"datasets": [TOLD], "medmat_report": 2},
        {"datasets": "toy"},
        {"datasets": [7]},
    ],
)
def test_a_report_that_is_none_changes_no_card(
    tool: ModuleType, plugins: Path, tmp_path: Path, whole: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    before = card_of(plugins).path.read_bytes()
    assert tool.main([report(tmp_path, **whole), "--plugins", str(plugins)]) == 2
    assert card_of(plugins).path.read_bytes() == before and len(capsys.readouterr().err.splitlines()) == 1


def test_a_line_that_is_not_there_is_not_settled(tool: ModuleType, plugins: Path, tmp_path: Path) -> None:
    before = card_of(plugins).path.read_bytes()
    assert tool.main([report(tmp_path, TOLD), "--plugins", str(plugins), "--settle", "4"]) == 2
    assert card_of(plugins).path.read_bytes() == before


def test_every_unverified_fact_of_every_card_has_a_way_to_be_settled(tool: ModuleType) -> None:
    for entry in tool.load(ROOT / "plugins"):
        for fact in entry.card.unverified:
            way = tool.settle.way(fact)
            assert way.about, f"{entry.card.slug}: no way of its own: {fact}"
            assert way.by_report != tool.settle.told(fact, entry.card).startswith("by hand")
