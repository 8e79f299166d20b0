"""Pictures of an export: one root, nothing misread, boxes that hold."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from PIL import Image

from medmat_core.errors import UsageError
from medmat_core.export import ExportOptions, export
from medmat_core.export.run import Exported
from medmat_core.model import Record
from medmat_core.records import Built, read_records
from medmat_core.regions.box_words import BoxFormat, parse_boxes
from tests.built import SIZE, box_record, built, label_record, picture, structure_record


def one(tmp_path: Path, name: str, **options: Any) -> tuple[Exported, Record, Path]:
    """Export a build of one picture; (what was done, its record, the picture)."""
    image = f"med-mat/{name}"
    out = Built.open(built(tmp_path, [label_record(image, 1)]))
    done = export(out, ["jsonl"], ExportOptions(tmp_path / "to", jobs=1, **options))
    (record,) = read_records(tmp_path / "to/records/Ori--02-train.jsonl")
    return done, record, tmp_path / "to" / record.image


def test_a_good_picture_is_a_second_name_of_the_same_file(tmp_path: Path) -> None:
    source = picture(tmp_path / "med-mat/a.png", 1)
    _, record, path = one(tmp_path, "a.png")
    assert record.image == "images/med-mat/a.png"
    assert path.samefile(source)


def test_a_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    source = picture(tmp_path / "med-mat/a.png", 1)
    _, _, path = one(tmp_path, "a.png", pictures="copy")
    assert path.read_bytes() == source.read_bytes()
    assert not path.samefile(source)


def test_where_hard_links_fail_links_are_symbolic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = picture(tmp_path / "med-mat/a.png", 1)

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    _, _, path = one(tmp_path, "a.png")
    assert path.is_symlink()
    assert path.resolve() == source.resolve()


def test_absolute_paths_name_pictures_where_they_lie(tmp_path: Path) -> None:
    source = picture(tmp_path / "med-mat/a.png", 1)
    _, record, _ = one(tmp_path, "a.png", pictures="absolute")
    assert record.image == str(source)
    assert not (tmp_path / "to/images").exists()


@pytest.mark.parametrize(
    ("name", "mode", "why"),
    [
        ("a.tif", "RGB", "type"),
        ("a.bmp", "RGB", "type"),
        ("a.pgm", "L", "type"),
        ("a.gif", "P", "type"),
        ("a.png", "P", "palette"),
        ("a.png", "I;16", "bits"),
        ("a.jpg", "CMYK", "cmyk"),
    ],
)
def test_what_trainers_misread_becomes_8_bits_of_png_or_jpeg(tmp_path: Path, name: str, mode: str, why: str) -> None:
    source = picture(tmp_path / "med-mat" / name, 1, mode=mode)
    done, _, path = one(tmp_path, name)
    assert done.anew == {why: 1}
    with Image.open(path) as made, Image.open(source) as before:
        assert made.format == ("JPEG" if name.endswith("jpg") else "PNG")
        assert made.mode in ("L", "RGB")
        assert made.size == SIZE
        if mode in ("RGB", "L", "P"):
            same = np.asarray(made.convert("RGB")) == np.asarray(before.convert("RGB"))
            assert same.all()
        if mode == "I;16":  # spread over all grays, not clipped to white
            assert np.asarray(made).std() > 50
    readme = (tmp_path / "to/README.md").read_text()
    assert f"`med-mat/{name}` is `images/_" in readme


def test_a_turned_jpeg_keeps_every_stored_pixel_and_loses_its_tag(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    source = picture(tmp_path / "med-mat/a.jpg", 1, exif=exif, quality=80)
    done, record, path = one(tmp_path, "a.jpg")
    assert done.anew == {"exif": 1}
    with Image.open(path) as made, Image.open(source) as before:
        assert made.getexif().get(0x0112) is None
        assert made.size == before.size == (record.width, record.height)
        assert (np.asarray(made) == np.asarray(before)).all()


def test_a_turned_tiff_is_as_stored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(tmp_path / "med-mat/a.tif", 1, exif=exif)
    plain = picture(tmp_path / "plain.png", 1)
    _, record, path = one(tmp_path, "a.tif")
    assert (record.width, record.height) == SIZE
    assert (np.asarray(Image.open(path)) == np.asarray(Image.open(plain))).all()


def test_as_keep_changes_nothing_and_as_jpeg_everything(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.bmp", 1)
    done, _, path = one(tmp_path, "a.bmp", as_="keep")
    assert (done.anew, path.name) == ({}, "a.bmp")
    done, _, path = one(tmp_path, "a.bmp", as_="jpeg")
    assert path.name == "a.bmp.jpg"
    assert Image.open(path).format == "JPEG"


def test_pictures_of_one_name_but_two_types_do_not_meet(tmp_path: Path) -> None:
    names = ("a.bmp", "a.bmp.png", "a.png", "a.tif", "a.tif.png")
    for shade, name in enumerate(names):
        picture(tmp_path / "med-mat" / name, 40 * shade)
    records = [label_record(f"med-mat/{name}", number) for number, name in enumerate(names)]
    export(Built.open(built(tmp_path, records)), ["jsonl"], ExportOptions(tmp_path / "to", jobs=1))
    found = {}
    for record in read_records(tmp_path / "to/records/Ori--02-train.jsonl"):
        shown = np.asarray(Image.open(tmp_path / "to" / record.image).convert("RGB"))
        found[record.key] = shown.tobytes()
    assert len(set(found.values())) == 5


def test_a_picture_of_extreme_shape_is_stretched_until_qwens_processor_takes_it(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.png", 1, size=(900, 3))
    done, record, path = one(tmp_path, "a.png")
    assert done.anew == {"aspect": 1}
    assert Image.open(path).size == (900, 5) == (record.width, record.height)


@pytest.mark.parametrize("fmt", ["unit", "thousand", "pixel", "qwen25", "gemini", "internvl"])
def test_boxes_and_their_texts_follow_a_resized_picture(tmp_path: Path, fmt: BoxFormat) -> None:
    image = "med-mat/a.jpg"
    size = (600, 400)
    picture(tmp_path / image, 1, size=size)
    record = box_record(image, 1, fmt=fmt, size=size)
    wide = tuple(tuple(10 * value for value in box) for box in record.boxes[0].boxes)
    record = evolve(record, boxes=(evolve(record.boxes[0], boxes=wide), *record.boxes[1:]))
    out = Built.open(built(tmp_path, [record], fmt=fmt))
    export(out, ["jsonl"], ExportOptions(tmp_path / "to", jobs=1, max_side=300))
    (after,) = read_records(tmp_path / "to/records/Ori--93-train.jsonl")
    assert (after.width, after.height) == (300, 200) == Image.open(tmp_path / "to" / after.image).size
    assert after.boxes[0].boxes == tuple(tuple(value // 2 for value in box) for box in wide)
    assert after.options[after.answer_index] == after.answer
    for before, now in zip(record.options, after.options, strict=True):
        assert (before == now) == (fmt not in ("pixel", "qwen25"))
        for one_box, two in zip(parse_boxes(before, size, fmt), parse_boxes(now, (300, 200), fmt), strict=True):
            assert all(abs(a / 2 - b) <= 1 for a, b in zip(one_box, two, strict=True))


def test_a_box_inside_a_question_follows_too(tmp_path: Path) -> None:
    image = "med-mat/a.jpg"
    picture(tmp_path / image, 1)
    out = Built.open(built(tmp_path, [structure_record(image, 1, fmt="pixel")], fmt="pixel"))
    export(out, ["jsonl"], ExportOptions(tmp_path / "to", jobs=1, max_side=30))
    (after,) = read_records(tmp_path / "to/records/Ori--93-train.jsonl")
    assert "Name what [0, 15, 6, 20] encloses" in after.question
    assert "as [x1, y1, x2, y2] in pixels" in after.question


def test_options_that_read_alike_when_resized_are_left_out_and_told(tmp_path: Path) -> None:
    image = "med-mat/a.jpg"
    picture(tmp_path / image, 1)
    record = evolve(
        box_record(image, 1, fmt="pixel"), options=("[2, 3, 20, 14]", "[3, 3, 20, 14]"), answer="[2, 3, 20, 14]",
        answer_index=0,
    )  # fmt: skip
    picture(tmp_path / "med-mat/b.png", 2)
    out = Built.open(built(tmp_path, [record, label_record("med-mat/b.png", 1)], fmt="pixel"))
    done = export(out, ["jsonl"], ExportOptions(tmp_path / "to", jobs=1, max_side=6))
    assert (done.refused, done.refusals[0].key) == (1, record.key)
    assert "read alike" in (tmp_path / "to/README.md").read_text()


def test_a_missing_picture_is_told_and_the_others_stand(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.png", 1)
    (tmp_path / "med-mat/text.png").write_text("no picture")
    records = [label_record(f"med-mat/{name}.png", number) for number, name in enumerate(("a", "gone", "text"))]
    done = export(Built.open(built(tmp_path, records)), ["llava"], ExportOptions(tmp_path / "to", jobs=1))
    assert done.records["llava"] == 1
    assert sorted(one.why for one in done.refusals) == ["it is no picture of a known type", "it is not there"]


def test_a_png_that_ends_too_early_is_left_out_and_not_blamed_on_its_header(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.png", 1)
    cut = picture(tmp_path / "med-mat/cut.png", 2)
    cut.write_bytes(cut.read_bytes()[:-40])
    records = [label_record(f"med-mat/{name}.png", number) for number, name in enumerate(("a", "cut"))]
    done = export(Built.open(built(tmp_path, records)), ["llava"], ExportOptions(tmp_path / "to", jobs=1))
    (refusal,) = done.refusals
    assert refusal.image == "med-mat/cut.png" and refusal.why.startswith("it cannot be read: ")


def test_a_record_whose_picture_lies_outside_is_left_out(tmp_path: Path) -> None:
    secret = picture(tmp_path / "secret.png", 1)
    out = tmp_path / "out"
    picture(out / "med-mat/a.png", 1)
    names = ("med-mat/a.png", "../secret.png", str(secret))
    records = [label_record(name, number) for number, name in enumerate(names)]
    done = export(Built.open(built(out, records)), ["llava"], ExportOptions(tmp_path / "to", jobs=1))
    assert done.records["llava"] == 1
    assert {one.why for one in done.refusals} == {"its path leaves the folder of the build"}
    assert not list(tmp_path.rglob("to/**/secret*"))


def test_where_no_picture_is_found_nothing_is_made_and_the_error_says_what_to_give(tmp_path: Path) -> None:
    out = Built.open(built(tmp_path, [label_record("med-mat/gone.png", 1)]))
    with pytest.raises(UsageError, match=r"it is not there; where .* give --data"):
        export(out, ["llava"], ExportOptions(tmp_path / "to", jobs=1))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("to")] == []


def test_formats_that_hold_their_pictures_leave_none_beside_them(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.png", 1)
    out = Built.open(built(tmp_path, [label_record("med-mat/a.png", 1)]))
    export(out, ["webdataset"], ExportOptions(tmp_path / "to", jobs=1))
    assert not (tmp_path / "to/images").exists()


def test_the_picture_in_a_message_is_the_exported_one(tmp_path: Path) -> None:
    import base64

    picture(tmp_path / "med-mat/a.bmp", 1)
    out = Built.open(built(tmp_path, [label_record("med-mat/a.bmp", 1)]))
    export(out, ["chat", "jsonl"], ExportOptions(tmp_path / "to", jobs=1, option=("chat.style=openai",)))
    row = json.loads((tmp_path / "to/chat/train.jsonl").read_text())
    url = row["messages"][0]["content"][0]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")
    made = tmp_path / "to/images/_converted/med-mat/a.bmp.png"
    assert base64.b64decode(url.partition(",")[2]) == made.read_bytes()
