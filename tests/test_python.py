"""medmat from Python: what a user types does what it says, shows itself, and is typed."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import medmat_core
from medmat_core import build
from medmat_core.catalog import Catalog
from medmat_core.errors import UsageError
from medmat_core.model import LabelSample, Record
from medmat_core.pipeline.progress import Step
from tests.outside import tree_bytes
from tests.toy import toy_catalog, toy_dataset, zoo

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebooks" / "first.ipynb"


@pytest.fixture
def toys(tmp_path: Path) -> tuple[Path, Catalog]:
    zoo(tmp_path / "med-mat")
    return tmp_path / "med-mat", toy_catalog(toy_dataset(tmp_path, head="no = 97"))


def test_numbers_slugs_and_single_names_name_the_same(toys: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = toys
    made = []
    for number, names in enumerate(([97], 97, "97", "toy", ["toy"], (name for name in ["97"]), ())):
        build(names, data=data, out=tmp_path / str(number), catalog=catalog, jobs=1, formats="jsonl", asks="label")
        made.append(tree_bytes(tmp_path / str(number)))
    assert all(other == made[0] for other in made) and "records/Ori--97-train.jsonl" in made[0]
    assert catalog.get(97) is catalog.get("toy")
    with pytest.raises(UsageError, match="no data set '9'"):
        build(9, data=data, catalog=catalog)


def test_a_misspelled_format_is_told_whole_and_not_by_letters(toys: tuple[Path, Catalog]) -> None:
    data, catalog = toys
    with pytest.raises(UsageError, match="--format 'jsnl'"):
        build(data=data, catalog=catalog, formats="jsnl")


def test_every_argument_is_explicit_and_typed() -> None:
    from medmat_core.commands.build import command

    parameters = inspect.signature(build).parameters
    assert all(p.kind is not p.VAR_KEYWORD and p.annotation is not p.empty for p in parameters.values())
    assert {option.name for option in command.params} - {"quiet"} <= set(parameters)


def test_a_manifest_shows_itself_as_a_line_and_as_a_table(toys: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = toys
    manifest = build(data=data, out=tmp_path / "out", catalog=catalog, jobs=1)
    assert repr(manifest) == f"<Manifest of 1 (toy): {manifest.records} records, 0 inputs refused>"
    table = manifest._repr_html_()
    assert table.count("<tr>") == 2 and "<td>toy</td>" in table


def test_a_function_is_told_each_step(toys: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = toys
    steps: list[Step] = []
    build(data=data, out=tmp_path / "out", catalog=catalog, jobs=1, progress=steps.append)
    assert steps[0].step == "start" and steps[-1].step == "finished"
    assert {(step.dataset, step.number, step.of, step.total) for step in steps} == {("toy", 1, 1, 20)}
    assert max(step.done for step in steps if step.step == "seen") == 20


def test_progress_true_tells_and_false_does_not(
    toys: tuple[Path, Catalog], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, catalog = toys
    build(data=data, out=tmp_path / "out", catalog=catalog, jobs=1)
    assert capsys.readouterr() == ("", "")
    build(data=data, out=tmp_path / "out", catalog=catalog, jobs=1, progress=True)
    assert capsys.readouterr().err.startswith("97 toy: (1 of 1) ")


def test_dir_shows_the_face() -> None:
    assert set(medmat_core.__all__) | {"load", "records", "__version__"} == set(dir(medmat_core))


def test_records_iterates_typed_records(toys: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = toys
    manifest = build(data=data, out=tmp_path / "out", catalog=catalog, jobs=1)
    found = list(medmat_core.records(tmp_path / "out"))
    assert len(found) == manifest.records and all(type(record) is Record for record in found)
    assert {record.split for record in medmat_core.records(tmp_path / "out", "test")} == {"test"}


def test_what_an_adapter_finds_is_read_in_ones_own_code(toys: tuple[Path, Catalog]) -> None:
    data, catalog = toys
    dataset = catalog.get("toy")
    tree = dataset.tree(data)
    found = list(dataset.read(data))
    assert found == list(dataset.samples(tree, dataset.card)) and len(found) == 20
    assert all(isinstance(sample, LabelSample) and (tree.root / str(sample.image)).is_file() for sample in found)
    with pytest.raises(UsageError, match="no folder 'toy' under"):
        dataset.tree(data / "toy")


def cells() -> list[str]:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_runs_from_data_to_a_drawn_question(tmp_path: Path) -> None:
    if 97 not in {entry.head.no for entry in medmat_core.load_catalog().entries}:
        pytest.skip("needs the plugin of row 97")
    check = "assert sheet.width > 400 and 2 <= len(fellows) <= 4 and len(set(sheet.getdata())) > 20"
    script = tmp_path / "notebook.py"
    script.write_text("\n".join([*cells(), check]), "utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_notebook_runs_in_a_kernel(tmp_path: Path) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    made = nbclient.NotebookClient(nbformat.read(NOTEBOOK, as_version=4), timeout=300).execute()
    shown = [output for cell in made.cells for output in cell.get("outputs", ()) if "data" in output]
    assert any("<table>" in output["data"].get("text/html", "") for output in shown)
    assert "image/png" in shown[-1]["data"]
