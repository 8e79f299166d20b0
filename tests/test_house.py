"""The house: imports run one way, between modules and between rooms, and no module is longer than one sitting."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import medmat_core
from medmat_core import layouts

CORE: Final = Path(medmat_core.__file__).parent
ROOT: Final = Path(__file__).parent.parent
LONGEST: Final = 400
"""Lines of a module; one that needs more is two."""


def modules() -> dict[str, Path]:
    """Every module of the core by name."""
    found = {}
    for path in sorted(CORE.rglob("*.py")):
        name = ".".join(("medmat_core", *path.relative_to(CORE).with_suffix("").parts)).removesuffix(".__init__")
        found[name] = path
    return found


def imports(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """What a module imports of the core when it runs, inside functions as well; types alone do not count."""

    def visit(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from (alias.name for alias in child.names)
            if isinstance(child, ast.ImportFrom) and child.module:
                for alias in child.names:
                    inner = f"{child.module}.{alias.name}"
                    yield inner if inner in known else child.module
            yield from visit(child)

    yield from (name for name in visit(ast.parse(path.read_text(encoding="utf-8"))) if name in known)


@pytest.fixture(scope="module")
def arrows() -> dict[str, set[str]]:
    """Module by module, what it imports; the package's own face is left out, for it is a list of names."""
    known = modules()
    found = {name: set(imports(path, known)) - {name, "medmat_core"} for name, path in known.items()}
    del found["medmat_core"]
    return found


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        names: list[str] = error.args[1]
        return names
    return []


def test_no_modules_import_one_another_in_a_circle(arrows: dict[str, set[str]]) -> None:
    assert len(arrows) > 100
    assert circle(arrows) == []


def test_no_rooms_import_one_another_in_a_circle(arrows: dict[str, set[str]]) -> None:
    rooms: dict[str, set[str]] = {}
    for name, others in arrows.items():
        room = name.split(".")[1]
        rooms.setdefault(room, set()).update(other.split(".")[1] for other in others)
        rooms[room].discard(room)
    assert circle(rooms) == []


def test_nothing_but_new_plugin_imports_what_guesses_layouts(arrows: dict[str, set[str]]) -> None:
    guesses = {name for name in arrows if name.startswith("medmat_core.layouts.guess")}
    assert len(guesses) > 5
    for name, others in arrows.items():
        if others & guesses:
            assert name.startswith(("medmat_core.layouts.guess", "medmat_core.scaffold")) or name.endswith("new_plugin")


def test_every_kind_of_layout_has_a_guess() -> None:
    for place in layouts.KINDS.values():
        module = import_module(f"medmat_core.layouts.guess.{place.partition('.')[0]}")
        assert callable(module.guess)


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})


def test_no_module_is_longer_than_one_sitting() -> None:
    root = CORE.parent
    if not (root / "plugins").is_dir():
        pytest.skip("not a checkout")
    files = [path for room in ("medmat_core", "plugins", "tools") for path in (root / room).rglob("*.py")]
    for path in (path for path in files if "tests" not in path.parts):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= LONGEST, f"{path.relative_to(root)} has {lines} lines: make two of it"


def test_the_page_of_changes_names_files_that_are_there_and_never_more_than_five() -> None:
    text = (ROOT / "docs/where-does-a-change-go.md").read_text("utf-8")
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| [")]
    assert len(rows) == 11
    for change, files, page, tests in rows:
        named = re.findall(r"`([^`]+)`", files)
        assert 1 <= len(named) <= 5, change
        known = [name for name in named if not re.search(r"\b(NAME|ASK|ENGINE|NN)\b", name)]
        assert [name for name in known if not (ROOT / "medmat_core" / name).is_file()] == [], change
        assert [name for name in re.findall(r"`([^`]+)`", page) if not (ROOT / "docs" / name).is_file()] == [], change
        assert [name for name in re.findall(r"tests/[\w/.]+", tests) if not (ROOT / name).exists()] == [], change
