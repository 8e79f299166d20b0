"""A box that cannot be read leaves its class open: it is never "none", and never left out of an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medmat_core import Dataset
from tests.built import picture
from tests.hostile.case import World, world
from tests.hostile.inputs import CAT, boxed, voc
from tests.toy import toy_card, toy_catalog

DOG = CAT.replace("cat", "dog")


def asked(where: World, *objects: str) -> list[dict[str, Any]]:
    """The records of the picture whose VOC file holds these objects."""
    from medmat_core.cli import run

    arguments = ["build", "boxed", "--data", str(where.data), "--out", str(where.out), "--jobs", "1", "--quiet"]
    run(arguments, {"catalog": voc(where, *objects)})
    lines = [line for path in where.out.glob("records/*.jsonl") for line in path.read_text("utf-8").splitlines()]
    return [record for record in map(json.loads, lines) if record["image"].endswith("boxed/pics/0.png")]


@pytest.mark.parametrize("broken", ["<bndbox/>", "", "<bndbox><xmin>nan</xmin></bndbox>"])
def test_nothing_is_asked_about_a_class_with_a_box_that_cannot_be_read(tmp_path: Path, broken: str) -> None:
    found = asked(world(tmp_path), CAT, boxed(broken), DOG)
    assert found and all("Cat" not in record["captions"] for record in found)
    assert all("Cat" not in option for record in found for option in record["options"])


def test_boxes_drawn_on_another_picture_refuse_it(tmp_path: Path) -> None:
    where = world(tmp_path)
    catalog = voc(where, CAT, size="<size><width>30</width><height>40</height></size>")
    from medmat_core.cli import run

    assert run(["build", "--data", str(where.data), "--out", str(where.out), "--quiet"], {"catalog": catalog}) == 1
    assert "30 x 40" in (where.out / "problems.jsonl").read_text("utf-8")
    assert all("boxed/pics/0.png" not in path.read_text("utf-8") for path in where.out.glob("records/*.jsonl"))


def test_boxes_of_a_larger_picture_refuse_it_though_one_of_them_lies_inside(tmp_path: Path) -> None:
    where = world(tmp_path)
    far = "<bndbox><xmin>20</xmin><ymin>20</ymin><xmax>60</xmax><ymax>45</ymax></bndbox>"
    catalog = voc(where, CAT, boxed(far))
    from medmat_core.cli import run

    assert run(["build", "--data", str(where.data), "--out", str(where.out), "--quiet"], {"catalog": catalog}) == 1
    lines = (where.out / "problems.jsonl").read_text("utf-8").splitlines()
    (line,) = (line for line in lines if json.loads(line)["level"] == "refused")
    assert json.loads(line)["reason"] == "bad_box"
    assert "far out of a picture of 40 x 30" in line
    assert all("boxed/pics/0.png" not in path.read_text("utf-8") for path in where.out.glob("records/*.jsonl"))
    images = json.loads((where.out / "manifest.json").read_text("utf-8"))["datasets"][0]["images"]
    assert images["reasons"]["refused"] == {"bad_box": 1}


def test_where_many_pictures_have_boxes_of_a_larger_one_the_others_are_doubted_in_one_line(tmp_path: Path) -> None:
    from medmat_core.cli import run

    where = world(tmp_path)
    catalog = voc(where, CAT)
    for number in (2, 5):
        file = where.data / "boxed/pics" / f"{number}.xml"
        file.write_text(file.read_text("utf-8").replace("<ymax>12</ymax>", "<ymax>36</ymax>"))
    arguments = ["build", "--data", str(where.data), "--out", str(where.out), "--jobs", "1", "--quiet"]
    assert run(arguments, {"catalog": catalog}) == 1
    problems = [json.loads(line) for line in (where.out / "problems.jsonl").read_text("utf-8").splitlines()]
    told = {problem["file"]: problem["detail"] for problem in problems if problem["reason"] == "bad_box"}
    assert set(told) == {"", "pics/2.png", "pics/5.png"}
    assert "2 of 8 pictures" in told[""]


def test_a_coco_file_of_pictures_twice_as_large_gives_no_question(tmp_path: Path) -> None:
    from medmat_core.cli import run
    from medmat_core.subsets import load_subset

    numbers = range(8)
    for number in numbers:
        picture(tmp_path / f"med-mat/toy/pics/{number}.png", number, (40, 30))
    sizes = [{"width": 80, "height": 60} if number % 2 else {"width": 40, "height": 30} for number in numbers]
    text = {
        "images": [{"id": number, "file_name": f"{number}.png", **sizes[number]} for number in numbers],
        "categories": [{"id": 0, "name": "cat"}],
        "annotations": [
            {"image_id": number, "category_id": 0, "bbox": [2 + 3 * number, 3, 9, 8]} for number in numbers
        ],
    }
    (tmp_path / "med-mat/toy/c.json").write_text(json.dumps(text))
    card = toy_card(
        tmp_path, kind="box", labels={"cat": "Cat"}, head='asks = ["box"]',
        tables='[layout]\nkind = "coco"\nfile = "c.json"',
    )  # fmt: skip
    catalog = toy_catalog(Dataset.of_card(card.path, "tests.toy"), instructions=load_subset(43).instructions)
    out = tmp_path / "out"
    arguments = ["build", "--data", str(tmp_path / "med-mat"), "--out", str(out), "--jobs", "1", "--quiet"]
    assert run(arguments, {"catalog": catalog}) == 1
    problems = [json.loads(line) for line in (out / "problems.jsonl").read_text("utf-8").splitlines()]
    refused = [(problem["file"], problem["detail"]) for problem in problems if problem["level"] == "refused"]
    assert [file for file, _ in refused] == [f"pics/{number}.png" for number in (1, 3, 5, 7)]
    assert all("80 x 60" in detail for _, detail in refused)
    lines = [line for path in out.glob("records/*.jsonl") for line in path.read_text("utf-8").splitlines()]
    asked = {json.loads(line)["image"].rpartition("/")[2] for line in lines}
    assert asked == {f"{number}.png" for number in (0, 2, 4, 6)}
