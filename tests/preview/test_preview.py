"""The folder that `medmat preview` makes, without looking at it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from medmat_core import build
from medmat_core.audit import audit
from medmat_core.cli import cli
from medmat_core.errors import UsageError
from medmat_core.export.select import Filters
from medmat_core.preview import PreviewOptions, preview
from medmat_core.preview.write import PAGE
from medmat_core.records import Built
from tests.built import built, label_record, picture, toy
from tests.preview.test_columns import value_of
from tests.toy import toy_catalog, toy_dataset, zoo


def made(out: Path, **options: Any) -> Path:
    return preview(Built.open(out), PreviewOptions(**options)).page.parent


def index_of(page: Path) -> Any:
    return value_of((page / "data-index.js").read_text())


def bytes_of(page: Path) -> dict[str, bytes]:
    return {path.relative_to(page).as_posix(): path.read_bytes() for path in page.rglob("*") if path.is_file()}


def test_equal_builds_give_equal_bytes_and_so_does_a_second_time(tmp_path: Path) -> None:
    one, other = made(toy(tmp_path / "a")), made(toy(tmp_path / "b"))
    first = bytes_of(one)
    assert first == bytes_of(other)
    assert bytes_of(made(tmp_path / "a")) == first


def test_no_picture_is_copied_and_the_page_names_where_they_lie(tmp_path: Path) -> None:
    page = made(toy(tmp_path))
    assert not [name for name in bytes_of(page) if name.endswith((".png", ".jpg"))]
    assert index_of(page)["pictures"] == "../"


def test_pictures_that_lie_elsewhere_are_told(tmp_path: Path) -> None:
    out = toy(tmp_path / "a")
    (out / "med-mat").rename(tmp_path / "med-mat")
    (tmp_path / "a").rename(tmp_path / "b")
    told = CliRunner().invoke(cli, ["preview", str(tmp_path / "b"), "--data", str(tmp_path / "b/med-mat")])
    assert told.exit_code == 0 and "give --data" in told.stderr
    assert "labels/00.png: no picture is there, nor those of 1 other data set" in told.stderr
    assert not CliRunner().invoke(cli, ["preview", str(tmp_path / "b"), "--data", str(tmp_path / "med-mat")]).stderr


def test_a_page_elsewhere_finds_the_pictures_by_an_encoded_relative_path(tmp_path: Path) -> None:
    out = toy(tmp_path / "o#u %t?")
    page = made(out, to=tmp_path / "pages" / "p")
    assert index_of(page)["pictures"] == "../../o%23u%20%25t%3F/"


def test_what_browsers_cannot_show_is_made_anew_and_nothing_else(tmp_path: Path) -> None:
    names = ["a.tif", "b.PGM", "c.bmp", "d.png", "e.tiff"]
    for number, name in enumerate(names):
        picture(tmp_path / "med-mat" / name, number, mode="L", size=(2000, 1000))
    records = [label_record(f"med-mat/{name}", number) for number, name in enumerate(names)]
    page = made(built(tmp_path, records))
    images = sorted(page.glob("pictures/*.png"))
    assert len(images) == 3
    assert {Image.open(path).size for path in images} == {(1024, 512)}


def test_a_jpeg_that_browsers_would_turn_is_made_anew_where_it_has_boxes(tmp_path: Path) -> None:
    from tests.built import box_record

    turned = Image.Exif()
    turned[0x0112] = 6
    picture(tmp_path / "med-mat/turned.jpg", 1, exif=turned)
    picture(tmp_path / "med-mat/plain.jpg", 2)
    page = made(built(tmp_path, [box_record("med-mat/turned.jpg", 1), box_record("med-mat/plain.jpg", 2)]))
    (image,) = page.glob("pictures/*.png")
    assert Image.open(image).size == (60, 40)


def test_a_picture_that_is_gone_or_broken_does_not_stop_the_page(tmp_path: Path) -> None:
    (tmp_path / "med-mat").mkdir()
    (tmp_path / "med-mat/broken.tif").write_bytes(b"II*\0nonsense")
    records = [label_record("med-mat/broken.tif", 0), label_record("med-mat/gone.tif", 1)]
    assert index_of(made(built(tmp_path, records)))["records"] == 2


def test_a_path_that_leaves_the_data_is_not_followed(tmp_path: Path) -> None:
    picture(tmp_path / "secret.tif", 1)
    page = made(built(tmp_path / "out", [label_record("../secret.tif", 0), label_record("/etc/x.png", 1)]))
    assert not list(page.glob("pictures/*"))
    shown = value_of((page / "data-0001.js").read_text())["pictures"]["shown"]
    assert shown == {"0": "", "1": ""}


def test_beyond_the_limit_each_data_set_opens_alone_and_in_pages(tmp_path: Path) -> None:
    out = toy(tmp_path, count=16)
    together = index_of(made(out))["packs"]
    assert [pack["name"] for pack in together] == ["all"]
    packs = index_of(made(out, limit=16))["packs"]
    assert [pack["name"] for pack in packs] == [
        "toy-labels-1",
        "toy-labels-2",
        "toy-boxes-1",
        "toy-boxes-2",
        "toy-boxes-3",
    ]
    assert sum(pack["records"] for pack in packs) == together[0]["records"]


def test_problems_are_shown_and_a_line_that_cannot_be_read_is_one(tmp_path: Path) -> None:
    out = toy(tmp_path)
    line = {"level": "note", "dataset": "toy-labels", "file": "<b>.png", "row": 3, "reason": "no_label", "detail": "d"}
    (out / "problems.jsonl").write_text(json.dumps(line) + "\nno json\n")
    page = made(out)
    told = value_of((page / "data-problems.js").read_text())
    assert told["file"][0] == "<b>.png" and told["row"][0] == 3
    assert told["details"][told["detail"][1]] == "this line cannot be read"
    assert index_of(page)["problems"]["total"] == 2


def test_only_the_data_sets_asked_for_are_shown(tmp_path: Path) -> None:
    page = made(toy(tmp_path), filters=Filters(datasets=("93",)))
    assert [one["slug"] for one in index_of(page)["datasets"]] == ["toy-boxes"]


def test_a_folder_that_holds_anything_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    out = toy(tmp_path / "out")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match=r"thesis\.txt, which no preview wrote"):
        made(out, to=mine)
    page = made(out)
    (page / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        made(out)
    assert (page / "index.html").is_file() and os.listdir(mine) == ["thesis.txt"]


def test_an_export_is_no_preview_and_is_not_replaced(tmp_path: Path) -> None:
    out = toy(tmp_path / "out")
    runner = CliRunner()
    to = tmp_path / "exported"
    done = runner.invoke(cli, ["export", str(out), "--to", str(to), "--format", "jsonl", "--jobs", "1"], obj={})
    assert done.exception is None, done.output
    with pytest.raises(UsageError, match="which no preview wrote"):
        made(out, to=to)


def test_a_page_in_the_built_folder_hinders_neither_the_next_build_nor_an_audit(tmp_path: Path) -> None:
    data, out = zoo(tmp_path / "med-mat"), tmp_path / "out"
    catalog = toy_catalog(toy_dataset(tmp_path))
    build(data=data, out=out, catalog=catalog, jobs=1)
    before, told = bytes_of(out), audit(out).as_json()
    page = made(out, to=None)
    after = bytes_of(page)
    assert audit(out).as_json() == told
    build(data=data, out=out, catalog=catalog, jobs=1)
    assert bytes_of(page) == after
    assert {name: raw for name, raw in bytes_of(out).items() if not name.startswith("preview/")} == before


def test_a_build_without_records_is_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"datasets": [], "files": {}}')
    with pytest.raises(UsageError, match="holds no records"):
        made(tmp_path)


def test_nothing_on_the_page_comes_from_elsewhere_or_goes_in_as_html() -> None:
    from importlib.resources import files

    for name in PAGE:
        text = (files("medmat_core.preview") / "page" / name).read_text(encoding="utf-8")
        assert "innerHTML" not in text and "insertAdjacentHTML" not in text and "document.write" not in text
        assert "https://" not in text and text.count("http://") == text.count("http://www.w3.org/2000/svg")


def test_the_command_says_what_to_open(tmp_path: Path) -> None:
    out = toy(tmp_path)
    done = CliRunner().invoke(cli, ["preview", str(out), "--jobs", "1"], obj={})
    assert done.exception is None, done.output
    assert f"Open {out.absolute() / 'preview' / 'index.html'}" in done.output
