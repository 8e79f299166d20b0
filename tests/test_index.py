"""The index of a plugin package: start-up by it, and never by one that is stale."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medmat_core.catalog import load_catalog
from medmat_core.cli import run
from medmat_core.errors import PluginError
from medmat_core.index import NAME, made, main
from medmat_core.testing.card_check import check_index
from tests.plugged import COMMAND, PLUGIN, Install, install

__all__ = ["install"]

ROOT = Path(__file__).resolve().parent.parent
MODULE = "medmat_plugin_newts.newts"


def package(tmp_path: Path) -> Path:
    return tmp_path / "site/medmat_plugin_newts"


def indexed(tmp_path: Path) -> Path:
    """The installed newts with an index, their module not imported."""
    ((file, text),) = made([MODULE]).items()
    assert file == package(tmp_path) / NAME
    file.write_text(text, "utf-8")
    forget()
    return file


def forget() -> None:
    sys.modules.pop(MODULE, None)


def imported() -> bool:
    return MODULE in sys.modules


def test_list_reads_the_index_and_imports_no_plugin(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts")
    assert run(["list", "--json"]) == 0 and imported()
    read = json.loads(capsys.readouterr().out)
    indexed(tmp_path)
    assert run(["list", "--json"]) == 0 and not imported()
    assert json.loads(capsys.readouterr().out) == read


def test_an_index_says_all_that_the_head_says(install: Install, tmp_path: Path) -> None:
    install("newts", head='faults = ["one is a toad"]\nnormal = "Cat"')
    indexed(tmp_path)
    catalog = load_catalog()
    head = catalog.entry("newts").head
    assert not imported()
    card = catalog.get("newts").card
    assert imported() and type(head) is not type(card)
    assert all(getattr(card, name) == value for name, value in vars(head).items())


def test_a_changed_card_outranks_the_index(install: Install, tmp_path: Path) -> None:
    install("newts")
    indexed(tmp_path)
    card = package(tmp_path) / "newts.toml"
    card.write_text(card.read_text("utf-8").replace('title = "Toy"', 'title = "Newt"'), "utf-8")
    assert load_catalog().entry("newts").head.title == "Newt"


def test_a_changed_module_outranks_the_index(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts")
    indexed(tmp_path)
    (package(tmp_path) / "newts.py").write_text(PLUGIN.replace("{extra}", COMMAND.format(name="count-newts")), "utf-8")
    assert run(["count-newts"]) == 0 and capsys.readouterr().out == "two newts\n"


def test_a_module_with_other_hooks_is_imported_for_them(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts", extra=COMMAND.format(name="count-newts"))
    indexed(tmp_path)
    assert run(["count-newts"]) == 0 and capsys.readouterr().out == "two newts\n"


def test_an_edited_index_counts_for_nothing(install: Install, tmp_path: Path) -> None:
    install("newts")
    file = indexed(tmp_path)
    file.write_text(file.read_text("utf-8").replace('"title": "Toy"', '"title": "Lie"'), "utf-8")
    assert load_catalog().entry("newts").head.title == "Toy"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "\x00",
        '{"hooks": 2}',
        '{"hooks": 2, "modules": []}',
        '{"hooks": 2, "modules": {"medmat_plugin_newts.newts": 7}}',
        '{"hooks": 2, "modules": {"medmat_plugin_newts.newts": {"hooks": ["medmat_datasets"], "cards": {"../x": {}}}}}',
        "[" * 5000,
    ],
)
def test_a_damaged_index_counts_for_nothing(install: Install, tmp_path: Path, text: str) -> None:
    install("newts")
    (package(tmp_path) / NAME).write_text(text, "utf-8")
    forget()
    catalog = load_catalog()
    assert catalog.get("newts").card.title == "Toy" and not catalog.failed


def test_an_index_of_another_contract_counts_for_nothing(install: Install, tmp_path: Path) -> None:
    install("newts")
    file = indexed(tmp_path)
    file.write_text(file.read_text("utf-8").replace('{"hooks": 2', '{"hooks": 1', 1), "utf-8")
    load_catalog()
    assert imported()


@pytest.mark.slow
def test_an_indexed_plugin_that_fails_when_it_is_needed_is_told_and_the_others_are_built(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install("newts", extra="import os\nif os.environ.get('NEWTS') == 'gone': raise ImportError('no pond')")
    install("geckos")
    indexed(tmp_path)
    monkeypatch.setenv("NEWTS", "gone")
    told = "plugin 'newts' of medmat-plugin-newts 1.2 failed to load: ImportError: no pond"
    catalog = load_catalog()
    with pytest.raises(PluginError, match=told):
        catalog.get("newts")
    (failed,) = map(str, catalog.failed)
    assert failed.startswith(told) and "newts.py, line " in failed
    (tmp_path / "data/toy").mkdir(parents=True)
    assert run(["sample", "--to", str(tmp_path / "samples")]) == 3
    assert capsys.readouterr().err.count(told) == 1
    assert run(["show", "newts"]) == 3 and capsys.readouterr().err.count(told) == 1


def test_the_tool_writes_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "oct"
    shutil.copytree(ROOT / "plugins/oct", copy)
    (copy / "medmat_oct").rename(copy / "medmat_otherwise")
    for file in (copy / "pyproject.toml", *copy.glob("medmat_otherwise/*.py")):
        file.write_text(file.read_text("utf-8").replace("medmat_oct", "medmat_otherwise"), "utf-8")
    file = copy / "medmat_otherwise" / NAME
    assert main(["--check", str(copy)]) == 1 and "is not current" in capsys.readouterr().out
    assert main([str(copy)]) == 0 and main(["--check", str(copy)]) == 0
    assert set(json.loads(file.read_text("utf-8"))["modules"]) == {
        "medmat_otherwise.oct2017_kermany",
        "medmat_otherwise.retinal_oct_c8",
    }


def test_the_indexes_of_the_plugins_here_are_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/make_index.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), "run: python tools/make_index.py"


def test_the_conformance_suite_tells_an_index_that_is_not_current(install: Install, tmp_path: Path) -> None:
    install("newts")
    file = indexed(tmp_path)
    dataset = load_catalog().get("newts")
    assert list(check_index(dataset)) == []
    file.write_text(file.read_text("utf-8").replace('"title": "Toy"', '"title": "Lie"'), "utf-8")
    (finding,) = check_index(dataset)
    assert finding.file == str(file) and "medmat_plugin_newts.newts is not current" in finding.what
