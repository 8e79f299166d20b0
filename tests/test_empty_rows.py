"""A row of a label table that names no picture says nothing of any: in every data set it is a note, no more."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from attrs import evolve

from medmat_core.catalog import load_catalog
from medmat_core.dataset import Dataset
from medmat_core.example import ExampleFile
from medmat_core.samples import example_files
from medmat_core.samples.texts import file_bytes
from medmat_core.testing.hostile import Bench
from medmat_core.testing.reading import Files, read

DATASETS = [
    dataset for dataset in load_catalog() if any(file.text or file.sheets for file in dataset.card.example.files)
]


def nameless_row(file: ExampleFile, token: str) -> ExampleFile | None:
    """The file with one more row: the one that names ``token``, without the cells that do."""
    for sheet, rows in file.sheets.items():
        for row in rows:
            if any(token in str(cell) for cell in row):
                more = tuple("" if token in str(cell) else cell for cell in row)
                return evolve(file, sheets={**file.sheets, sheet: (*rows, more)})
    for row in csv.reader(io.StringIO(file.text.lstrip("\n"))):
        if len(row) > 1 and any(token in cell for cell in row):
            line = io.StringIO()
            csv.writer(line, lineterminator="\n").writerow(["" if token in cell else cell for cell in row])
            return evolve(file, text=file.text.rstrip("\n") + "\n" + line.getvalue())
    return None


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.slug)
def test_a_row_without_a_key_is_a_note_and_its_neighbours_are_read(dataset: Dataset, tmp_path: Path) -> None:
    card = dataset.card
    files = Files(dict(example_files(card)))
    pristine = read(dataset, card, files.write(tmp_path / "pristine" / card.folder))
    bench = Bench(dataset, card, files, pristine, tmp_path / "changed")
    for _, file, token in bench.named():
        changed = nameless_row(file, token) if file.sheets or file.path.endswith((".csv", ".txt")) else None
        if changed is None:
            continue  # no table: a text about one picture, a JSON or XML file
        reading = bench.read({file.path: file_bytes(card, changed)})
        fresh = [problem for problem in reading.problems if problem not in pristine.problems]
        assert not reading.crash
        assert [problem for problem in fresh if problem.level == "refused"] == []
        assert fresh, f"{file.path}: the row was passed over in silence"
        assert reading.by_image == pristine.by_image
