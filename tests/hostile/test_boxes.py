"""A box that cannot be read leaves its class open: it is never "none", and never left out of an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.case import World, world
from tests.hostile.inputs import CAT, boxed, voc

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
