"""What is tried against medmat and what comes of it, from the tests: cases as data, and tests named as sentences."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .markdown import page, table, text

_MODULES: Final = (
    ("Pictures", "tests/images/test_hostile_pictures.py"),
    ("DICOM", "tests/images/test_hostile_dicom.py"),
    ("Masks", "tests/regions/test_hostile_masks.py"),
    ("Rights", "tests/hostile/test_rights.py"),
    ("Built folders that were changed", "tests/hostile/test_outs.py"),
    ("Signals, workers and clusters", "tests/test_stopping.py"),
    ("Kills, full disks and going on", "tests/test_resume.py"),
    ("What stands in OUT", "tests/test_outfolder.py"),
)
"""Tests that are not cases of the table: each is a statement, and its name says it."""


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """(path below docs/, text) of the page."""
    from tests.hostile import AREAS

    parts = [
        "What is done to medmat on purpose, and what comes of it. The tables are made of the tests: a case that does "
        "not end as it says here fails them. Whatever is tried, an error is one line, nothing half made lies in OUT, "
        "and the command ends."
    ]
    for title, cases in AREAS.items():
        rows = [(_cell(case.name), str(case.code), case.outcome()) for case in cases]
        parts += [f"## {title}", table(("tried", "exit", "comes of it"), rows)]
    for title, path in _MODULES:
        names = list(_statements(root / path))
        parts += [f"## {title}", "\n".join(f"- {name}" for name in names)]
    total = sum(map(len, AREAS.values()))
    parts.insert(1, f"{total} cases below are data; the lists after them are tests of their own, some of many cases.")
    yield "reference/hostile.md", page("# Hostile input", *parts, note="from tests/hostile")


def _cell(name: str) -> str:
    return text(name).replace("|", "\\|").replace("\n", " ")


def _statements(path: Path) -> Iterator[str]:
    """The tests of a module as sentences."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name.removeprefix("test_").replace("_", " ")
