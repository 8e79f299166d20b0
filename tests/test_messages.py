"""Whose mistake it is, where, and what to do: in one line, without a traceback and without library words."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from medmat_core import build, load_catalog
from medmat_core.blame import place_of, said
from medmat_core.card import Card
from medmat_core.errors import CardError, CatalogError, UsageError
from medmat_core.model import Box, BoxSample
from medmat_core.tree import Tree
from tests.outside import START
from tests.toy import toy_card, toy_catalog, toy_dataset, zoo

ZOO = """
from medmat_core import Dataset, Subset, hookimpl, readers

def samples(tree, card):
    {body}

SIX = tuple(f"{{n}}: what does this {{{{modality}}}} of the {{{{area}}}} show?" for n in range(6))

@hookimpl
def medmat_datasets():
    return [Dataset.beside(__file__, samples)]

@hookimpl
def medmat_subsets():
    return [Subset(1000, "Toy", "Toy", "Toy", {{"label": {instructions}}})]
"""


def plugin(
    folder: Path, body: str = "return readers.class_folders(tree, card)", instructions: str = "SIX"
) -> ModuleType:
    """A plugin module with its card, imported from ``folder``."""
    toy_card(folder)
    file = folder / "toy.py"
    file.write_text(ZOO.format(body=body, instructions=instructions))
    spec = importlib.util.spec_from_file_location(f"toy_{abs(hash(folder))}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


def problems(out: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (out / "problems.jsonl").read_text().splitlines()]


# -- a plugin author's mistakes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instructions", "told"),
    [
        ("SIX[:5]", "six different instructions are needed, found 5"),
        ("(*SIX[:5], 'What is {this}?')", "must hold {area}, {modality}"),
    ],
)
def test_five_instructions_or_a_wrong_placeholder_are_told_with_file_and_line(
    tmp_path: Path, instructions: str, told: str
) -> None:
    catalog = load_catalog(plugins=[plugin(tmp_path, instructions=instructions)])
    catalog.subsets()
    (failed,) = catalog.failed
    assert told in str(failed) and "toy.py, line 15" in str(failed) and "internal" not in str(failed)


def test_a_crash_in_the_adapter_is_told_with_its_own_file_and_line(tmp_path: Path) -> None:
    module = plugin(tmp_path, body="yield from (sample.path for sample in readers.class_folders(tree, card))")
    zoo(tmp_path / "med-mat")
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=load_catalog(plugins=[module]), jobs=1)
    (problem,) = [problem for problem in problems(tmp_path / "out") if problem["reason"] == "reader_failed"]
    assert "AttributeError" in problem["detail"] and "toy.py line 5" in problem["detail"]
    assert "report it to its authors" in problem["detail"] and str(tmp_path) not in problem["detail"]


def test_a_syntax_error_is_told_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(SyntaxError) as caught:
        plugin(tmp_path, body="return (")
    assert said(caught.value).startswith("syntax error: ")
    assert place_of(caught.value) == f"{tmp_path / 'toy.py'}, line 5"


def test_a_subset_that_nobody_defines_is_told_with_the_card(tmp_path: Path) -> None:
    toy_card(tmp_path)
    path = tmp_path / "toy.toml"
    path.write_text(path.read_text().replace("subset = 1000", "subset = 4242"))
    dataset = toy_dataset(tmp_path / "other")
    catalog = toy_catalog(type(dataset)(Card.load(path), dataset.samples, module="tests.toy"))
    zoo(tmp_path / "med-mat")
    with pytest.raises(CatalogError, match=r"toy\.toml: subset: no plugin defines subset 4242"):
        build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("area_shown =", "area_show =", "area_show: did you mean area_shown?"),
        ("[labels]", "[label]", "label: did you mean labels?"),
        ('kind = "single-label"', 'kind = "single"', "kind: 'single' is none of"),
        ('slug = "toy"', 'slug = "The Toy"', "slug: must be lower-case letters"),
    ],
)
def test_a_card_error_names_the_field_once_and_the_nearest_valid_one(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = toy_card(tmp_path).path
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CardError) as caught:
        Card.load(path)
    message = str(caught.value)
    assert told in message and message.count(": ") <= 3
    assert not any(word in message for word in ("typing", "Literal", "attrs", "cattrs", "required field"))


# -- what a build says of whole data sets ---------------------------------------------------------------------


def test_boxes_asked_of_labels_are_told_in_problems(tmp_path: Path) -> None:
    zoo(tmp_path / "med-mat")
    catalog = toy_catalog(toy_dataset(tmp_path))
    manifest = build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, asks=("box",))
    (problem,) = problems(tmp_path / "out")
    assert (manifest.records, problem["reason"], problem["level"]) == (0, "no_question", "note")
    assert problem["detail"] == "--ask box: its pictures can be asked by label"


@pytest.mark.parametrize(("asks", "lacking"), [(None, "box, location"), (("location",), "location")])
def test_boxes_of_a_subset_that_has_words_for_labels_alone_are_told(
    asks: tuple[str, ...] | None, lacking: str, tmp_path: Path
) -> None:
    """So it ends whoever makes a card one of boxes and leaves its package's subset.toml as it was."""
    zoo(tmp_path / "med-mat")

    def boxed(tree: Tree, card: Card) -> list[BoxSample]:
        return [BoxSample(path, (Box("cat", (2, 2, 12, 12)),)) for path in tree.images()]

    catalog = toy_catalog(toy_dataset(tmp_path, boxed, kind="box", head='asks = ["box", "location"]'))
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, asks=asks)
    (problem,) = [problem for problem in problems(tmp_path / "out") if problem["reason"] == "no_question"]
    assert problem["detail"].startswith(
        f"subset 1000 has instructions for label and none for {lacking}, which the card"
    )
    assert problem["detail"].endswith("write six for one of these into its subset.toml")


def test_a_whole_class_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    zoo(tmp_path / "med-mat")
    shutil.rmtree(tmp_path / "med-mat/toy/pics/cow")
    tables = "[counts]\nclasses = { Cat = 4, Dog = 4, Cow = 4 }\n"
    catalog = toy_catalog(toy_dataset(tmp_path, tables=tables))
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1)
    (problem,) = [problem for problem in problems(tmp_path / "out") if problem["reason"] == "empty_class"]
    assert problem["level"] == "note" and "Cow" in problem["detail"]


def test_build_suggests_the_nearest_slug(tmp_path: Path) -> None:
    zoo(tmp_path / "med-mat")
    with pytest.raises(UsageError, match=r"did you mean 'toy'\?"):
        build(["tyo"], data=tmp_path / "med-mat", out=tmp_path / "out", catalog=toy_catalog(toy_dataset(tmp_path)))


# -- the command ----------------------------------------------------------------------------------------------


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from medmat_core.cli import run

    (tmp_path / "file").touch()
    if not load_catalog().entries:
        pytest.skip("no plugin is installed")
    for command in (["sample", "2"], ["demo"], ["new-plugin", "a-b", "--yes"]):
        assert run([*command, "--to", str(tmp_path / "file" / "x")]) in (2, 3)
        told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("medmat: ")]
        assert len(told) == 1 and "internal error" not in told[0] and str(tmp_path / "file") in told[0], told


def test_python_m_is_the_command() -> None:
    one, two = (
        subprocess.run([*start, "--version"], capture_output=True, text=True, check=True).stdout
        for start in (START, [sys.executable, "-m", "medmat_core"])
    )
    assert one == two and one.startswith("medmat, version ")
