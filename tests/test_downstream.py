"""Recipes for other people's plugins: what they may say, how a repository is fetched, and what is noticed.

`tox -e downstream` follows them; here stands what needs no environment.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import medmat_core

ROOT = Path(__file__).parent.parent
STRANGERS = sorted((ROOT / "tests/downstream").glob("medmat-plugin-*"))


@pytest.fixture(scope="module")
def downstream() -> ModuleType:
    spec = importlib.util.spec_from_file_location("downstream", ROOT / "tools/downstream.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["downstream"] = module
    spec.loader.exec_module(module)
    return module


def test_every_stranger_here_is_in_the_recipes(downstream: ModuleType) -> None:
    found = {Path(recipe.folder).name for recipe in downstream.recipes(downstream.RECIPES) if recipe.folder}
    assert found == {stranger.name for stranger in STRANGERS}
    assert found


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda stranger: stranger.name)
def test_a_stranger_uses_public_names_and_those_that_a_how_to_shows(stranger: Path) -> None:
    shown = {("medmat_core", name) for name in medmat_core.__all__}
    for page in (ROOT / "docs/howto").glob("*.md"):
        for module, names in re.findall(r"^from (medmat_core[\w.]*) import ([\w, *]+)", page.read_text("utf-8"), re.M):
            shown |= {(module, name.strip()) for name in names.split(",")}
    used = {
        (node.module, alias.name)
        for file in stranger.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("medmat_core")
        for alias in node.names
    }
    assert ("medmat_core", "Dataset") in used
    assert used - shown == set()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('folder = "x"\nlines = { a = 1 }\n', "recipe 1: give it a name"),
        ('name = "x"\nlines = { a = 1 }\n', "recipe x: name one of folder, git and written"),
        ('name = "x"\nfolder = "x"\ngit = "y"\nlines = { a = 1 }\n', "name one of folder, git and written"),
        ('name = "x"\nfolder = "x"\n', "recipe x: without lines or holds nothing is compared"),
        ('name = "x"\ngit = "x"\ncommit = "main"\nlines = { a = 1 }\n', "needs a commit of 40 hex digits"),
        ('name = "x"\nfolder = "x"\nline = { a = 1 }\n', "'line' is no field; use commands, commit, datasets"),
    ],
)
def test_a_recipe_that_says_too_little_is_told(downstream: ModuleType, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "recipes.toml"
    file.write_text("[[recipe]]\n" + text)
    with pytest.raises(downstream.Fault, match=re.escape(told)):
        downstream.recipes(file)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"answer": "Polyp", "boxes": [[1, 2, 3, 4]]}, ""),
        (
            {"answer": "Polyp", "reply": "A"},
            'no record has {"reply": "A"}; the nearest one has {"reply": "no such key"}',
        ),
        (
            {"answer": "Polyp", "boxes": []},
            'no record has {"boxes": []}; the nearest one has {"boxes": [[1, 2, 3, 4]]}',
        ),
    ],
)
def test_a_record_that_changed_is_told_and_a_key_that_came_is_not(
    downstream: ModuleType, tmp_path: Path, wanted: dict[str, object], told: str
) -> None:
    lines = [
        {"id": 1, "answer": "Ulcer", "boxes": [[1, 2, 3, 5]]},
        {"id": 2, "answer": "Polyp", "boxes": [[1, 2, 3, 4]]},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    recipe = downstream.Recipe(name="x", lines={"a.jsonl": 2}, holds={"a.jsonl": [wanted]})
    if not told:
        downstream.compare(recipe, tmp_path)
        return
    with pytest.raises(downstream.Fault, match=re.escape(told)):
        downstream.compare(recipe, tmp_path)


def test_a_record_less_and_a_file_less_are_told(downstream: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    with pytest.raises(downstream.Fault, match=r"a\.jsonl has 1 lines, expected 2"):
        downstream.compare(downstream.Recipe(name="x", lines={"a.jsonl": 2}), tmp_path)
    with pytest.raises(downstream.Fault, match=r"b\.jsonl: No such file"):
        downstream.compare(downstream.Recipe(name="x", lines={"b.jsonl": 2}), tmp_path)


def test_a_repository_is_had_at_the_commit_of_its_recipe(downstream: ModuleType, tmp_path: Path) -> None:
    there = tmp_path / "hub/medmat-plugin-x"
    there.mkdir(parents=True)

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ["git", "-C", str(there), *who, *arguments], capture_output=True, text=True, check=True
        ).stdout

    git("init", "-q", "-b", "main")
    commits = []
    for text in ("first", "second"):
        (there / "README.md").write_text(text)
        git("add", "-A")
        git("commit", "-q", "-m", text)
        commits.append(git("rev-parse", "HEAD").strip())
    for number, commit in enumerate(commits):
        into = tmp_path / f"clone{number}"
        downstream.clone(there.as_uri(), commit, into)
        assert (into / "README.md").read_text() == ("first", "second")[number]
    with pytest.raises(downstream.Fault, match="0000 cannot be had"):
        downstream.clone(there.as_uri(), "0" * 40, tmp_path / "none")
