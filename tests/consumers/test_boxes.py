"""COCO files by pycocotools and supervision."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medmat_core.catalog import Catalog
from medmat_core.export import ExportOptions, export
from medmat_core.records import Built
from tests.formats.test_masks import made  # noqa: F401  # a fixture


def test_pycocotools_evaluates_boxes_against_themselves(exported: Path, tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    truth = coco.COCO(str(exported / "coco/93-train.json"))
    assert len(truth.getImgIds()) == 4
    assert [entry["name"] for entry in truth.loadCats(truth.getCatIds())] == ["Cat", "Dog"]
    results = [
        {key: annotation[key] for key in ("image_id", "category_id", "bbox")} | {"score": 1.0}
        for annotation in truth.loadAnns(truth.getAnnIds())
    ]
    (tmp_path / "results.json").write_text(json.dumps(results))
    judged = cocoeval.COCOeval(truth, truth.loadRes(str(tmp_path / "results.json")), "bbox")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    assert judged.stats[0] == 1.0


def test_supervision_reads_boxes_over_the_one_root(exported: Path) -> None:
    supervision = pytest.importorskip("supervision")
    loaded = supervision.DetectionDataset.from_coco(str(exported), str(exported / "coco/93-train.json"))
    assert loaded.classes == ["Cat", "Dog"]
    assert len(loaded) == 4
    for path, pixels, found in loaded:
        assert Path(path).is_file()
        assert pixels.shape == (40, 60, 3)
        assert len(found) == 3
    path, _, found = next(iter(loaded))
    assert found.xyxy.tolist()[0] == [2, 3, 20, 14], path


def test_a_class_has_one_id_in_train_and_test(exported: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    one, two = (coco.COCO(str(exported / f"coco/93-{split}.json")) for split in ("train", "test"))
    assert one.dataset["categories"] == two.dataset["categories"]


def test_masks_are_read_as_runs(tmp_path: Path, made: tuple[Built, Catalog]) -> None:  # noqa: F811
    coco = pytest.importorskip("pycocotools.coco")
    supervision = pytest.importorskip("supervision")
    built, catalog = made
    export(built, ["coco"], ExportOptions(tmp_path / "to", jobs=1), catalog=catalog)
    file = tmp_path / "to/coco/toy-train.json"
    truth = coco.COCO(str(file))
    for annotation in truth.loadAnns(truth.getAnnIds()):
        assert truth.annToMask(annotation).sum() == annotation["area"] > 0
    loaded = supervision.DetectionDataset.from_coco(str(tmp_path / "to"), str(file), force_masks=True)
    for _, _, found in loaded:
        assert found.mask is not None
        assert [int(mask.sum()) for mask in found.mask] == [int(area) for area in found.data["area"]]
