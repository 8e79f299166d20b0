"""``pytest --medmat`` as a stranger runs it: the suite is found wherever its environment lies, and ends in a table."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import medmat_core
from medmat_core.cli import run

CORE = Path(medmat_core.__file__).parent


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin package as ``medmat new-plugin`` writes it, with its tests left out."""
    assert run(["new-plugin", "newts", "--yes", "--to", str(tmp_path)]) == 0
    folder = tmp_path / "medmat-plugin-newts"
    shutil.rmtree(folder / "tests")
    (folder / "pyproject.toml").unlink()  # so that pytest collects from the folder itself
    return folder


def suite(folder: Path, core: Path = CORE.parent, *arguments: str) -> tuple[int, str]:
    """Exit code and output of ``pytest --medmat`` in a folder, over its one data set."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(core), str(folder)])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--medmat"]
    done = subprocess.run(
        [*command, "--medmat-dataset", "medmat_newts.newts", *arguments],
        cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def row(text: str) -> list[str]:
    """The cells of the table's line for the data set."""
    lines = [line.split() for line in text.splitlines() if re.match(r"newts +\d", line)]
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.slow
def test_the_run_ends_in_a_table_of_samples_properties_and_time(plugin: Path) -> None:
    code, text = suite(plugin)
    assert code == 0, text
    _, samples, properties, checks, failed, seconds, unit = row(text)
    assert (samples, checks, failed, unit) == ("9", "5", "-", "s")
    # three classes, nine pictures as drawn and as expected, each style, each record, and trees with something wrong
    assert int(properties) > 3 + 9 + 9 + 2 * 9 + 9 and float(seconds) < 60


def test_a_failure_is_counted_in_the_table_and_names_file_field_and_what_to_do(plugin: Path) -> None:
    card = plugin / "medmat_newts/newts.toml"
    text = card.read_text("utf-8")
    last = text.rindex('captions = ["')
    card.write_text(text[:last] + text[last:].replace("Normal", "Benign"), "utf-8")
    code, told = suite(plugin)
    assert code == 1
    assert row(told)[3:5] == ["5", "2"]  # the example, and the records built from it
    assert re.search(
        r"FAIL expected: normal/\S+ \(example\.expect\[\d\]\.captions\): 'Normal', expected 'Benign'; mend", told
    )


@pytest.mark.slow
def test_the_suite_is_found_in_an_environment_below_the_folder(plugin: Path) -> None:
    site = plugin / ".tox/py/lib/site-packages"
    shutil.copytree(CORE, site / "medmat_core", ignore=shutil.ignore_patterns("__pycache__"))
    (plugin / ".tox/py/pyvenv.cfg").write_text("home = /usr/bin\n")
    code, text = suite(plugin, site)
    assert code == 0 and row(text)[3] == "5", text


@pytest.mark.slow
def test_a_part_of_the_suite_can_be_chosen(plugin: Path) -> None:
    code, text = suite(plugin, CORE.parent, "-k", "card_is_complete")
    assert code == 0 and row(text)[3] == "1", text
