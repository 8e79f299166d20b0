"""examples/generalization without its model: drawing, plugin, mixtures and scoring work together."""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import medmat_core
from medmat_core.catalog import load_catalog
from medmat_core.compose.mixtures import plan
from medmat_core.compose.triples import Families, triples_of
from medmat_core.compose.write import Composing, compose
from medmat_core.export import ExportOptions, export
from medmat_core.records import Built
from medmat_core.score import score

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "generalization"


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(EXAMPLE / "plugin"))
    before = set(sys.modules)
    spec = importlib.util.spec_from_file_location("draw", EXAMPLE / "draw.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    for name in set(sys.modules) - before:
        if name.startswith("medmat_phantoms"):
            del sys.modules[name]


def test_phantoms_are_built_composed_exported_and_scored(draw: ModuleType, tmp_path: Path) -> None:
    from medmat_phantoms import datasets
    from medmat_phantoms.design import COMBINATIONS, TARGET

    draw.draw(tmp_path / "med-mat", 8)
    catalog = load_catalog(plugins=[datasets])
    medmat_core.build(data=tmp_path / "med-mat", catalog=catalog, test_fraction=0.5, jobs=1)
    built = Built.open(tmp_path)
    families = Families.load()
    triples = triples_of((one.subset for one in COMBINATIONS), catalog, families)
    design = plan(TARGET.subset, triples, families)
    assert design.members("related") == (1001, 1002, 1003, 1004, 1005, 1006)
    assert design.members("unrelated") == (1007, 1008, 1009, 1010)
    assert all(len(shared) == 1 for shared in design.shares.values())  # the combination is nowhere half met
    done = compose(built, design, Composing(tmp_path / "mix", ("related", "unrelated"), size=48), catalog=catalog)
    assert {sum(own.values()) for name, own in done.records.items() if name != "target"} == {48}
    target = Built.open(tmp_path / "mix" / "target")
    export(target, ["vlmeval"], ExportOptions(tmp_path / "asked", jobs=1), catalog=catalog)
    (asked,) = (tmp_path / "asked" / "vlmeval").glob("*.tsv")
    csv.field_size_limit(1 << 30)
    with asked.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, dialect="excel-tab"))
    for name, reply in (("oracle", lambda row: row["answer"]), ("blank", lambda row: row["A"])):
        with (tmp_path / f"{name}.tsv").open("w", encoding="utf-8", newline="") as out:
            table = csv.writer(out, dialect="excel-tab")
            table.writerows([("index", "key", "prediction"), *((row["index"], row["key"], reply(row)) for row in rows)])
    files = [tmp_path / "oracle.tsv", tmp_path / "blank.tsv"]
    oracle, blank = (one.lines[0] for one in score(target, files, catalog=catalog).scored)
    assert oracle.rounds is not None and blank.rounds is not None
    assert blank.closed is not None
    assert oracle.rounds.value == 1.0
    # whoever sees no picture has one of four in every round, whatever is said
    in_rounds = [record for record in target.records() if record.round]
    assert blank.rounds.value == 0.0
    assert len(in_rounds) < len(rows) or blank.closed.value == 0.25


def test_nothing_but_the_mark_tells_the_answer(draw: ModuleType) -> None:
    import numpy as np
    from medmat_phantoms.design import TARGET

    drawn = [draw.phantom(TARGET, "ring", np.random.default_rng(n)) for n in range(2)]
    assert drawn[0].shape == (32, 32)
    assert (drawn[0] != drawn[1]).any()
    assert (draw.phantom(TARGET, "ring", np.random.default_rng(0)) == drawn[0]).all()
