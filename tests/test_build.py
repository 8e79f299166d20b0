"""The main job end to end on a made-up data set."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medmat_core import LabelSample, Problem, build, readers
from medmat_core.errors import StrictError, UsageError
from medmat_core.pipeline.manifest import Manifest
from medmat_core.records import KEYS as RECORD_KEYS
from medmat_core.records import read_records
from tests.toy import picture, toy_catalog, toy_dataset, zoo

KEYS = ["id", "caption", "image", "Question", "Answer", "Question-choice", "Answer-choice", "data-no"]


def run(tmp_path: Path, *datasets: Any, out: str = "out", **options: Any) -> tuple[Manifest, Path]:
    target = tmp_path / out
    options.setdefault("jobs", 1)
    manifest = build(data=tmp_path / "med-mat", out=target, catalog=toy_catalog(*datasets), **options)
    return manifest, target


def records(out: Path, part: str = "train", slug: str = "toy") -> list[dict[str, Any]]:
    return json.loads((out / f"Original_Medical_Datasets/Ori--{slug}-{part}.json").read_text("utf-8"))


def problems(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "problems.jsonl").read_text("utf-8").splitlines()]


def tree_bytes(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return zoo(tmp_path / "med-mat")


def test_every_picture_becomes_a_record_with_the_eight_keys_in_order(tmp_path: Path, data: Path) -> None:
    manifest, out = run(tmp_path, toy_dataset(tmp_path))
    found = records(out) + records(out, "test")
    assert len(found) == 20 and manifest.refused == 0
    assert all(list(record) == KEYS for record in found)
    assert {record["image"] for record in found} == {p.relative_to(tmp_path).as_posix() for p in data.rglob("*.png")}
    for part in ("train", "test"):
        assert [record["id"] for record in records(out, part)] == list(range(1, len(records(out, part)) + 1))
        images = [record["image"] for record in records(out, part)]
        assert images == sorted(images)
    record = found[0]
    assert record["caption"] == record["Answer"] == "Cat"
    *lines, last = record["Question-choice"].split("\n")
    assert lines[0] == record["Question"]
    assert last == "Answer with the option's letter from the given choices directly."
    options = dict(line.split(": ", 1) for line in lines[1:])
    assert options[record["Answer-choice"]] == "Cat"
    assert sorted(options.values()) == ["Cat", "Cow", "Dog", "Eel"]
    assert record["data-no"] == "toy"


def test_jsonl_holds_the_full_record_in_the_promised_order(tmp_path: Path, data: Path) -> None:
    _, out = run(tmp_path, toy_dataset(tmp_path), formats=("medmat", "jsonl"))
    lines = (out / "records/Ori--toy-train.jsonl").read_text("utf-8").splitlines()
    first = json.loads(lines[0])
    assert list(first) == list(RECORD_KEYS)
    assert (first["width"], first["height"]) == (24, 16)
    assert first["options"][first["answer_index"]] == first["answer"]
    assert len(lines) == len(records(out))


def test_two_runs_give_the_same_bytes_whatever_the_jobs_and_the_order_of_files(tmp_path: Path, data: Path) -> None:
    dataset = toy_dataset(tmp_path)
    _, one = run(tmp_path, dataset, out="one", formats=("medmat", "jsonl"))
    files = sorted(data.rglob("*.png"))
    again = tmp_path / "copy" / "med-mat"
    for path in reversed(files):  # another order of creation
        target = again / path.relative_to(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    build(data=again, out=tmp_path / "two", catalog=toy_catalog(dataset), jobs=1, formats=("medmat", "jsonl"))
    assert tree_bytes(one) == tree_bytes(tmp_path / "two")


def test_another_seed_changes_questions_and_not_labels(tmp_path: Path, data: Path) -> None:
    _, one = run(tmp_path, toy_dataset(tmp_path), out="one", split="none")
    _, two = run(tmp_path, toy_dataset(tmp_path), out="two", split="none", seed=5)
    first, second = records(one), records(two)
    assert [r["caption"] for r in first] == [r["caption"] for r in second]
    assert [r["Question-choice"] for r in first] != [r["Question-choice"] for r in second]


def test_the_subset_file_of_one_member_is_its_own_file(tmp_path: Path, data: Path) -> None:
    _, out = run(tmp_path, toy_dataset(tmp_path))
    own = (out / "Original_Medical_Datasets/Ori--toy-train.json").read_bytes()
    assert (out / "Aggregated_Subsets/Subset--1000-train.json").read_bytes() == own


def test_the_manifest_counts_and_its_digests_are_right(tmp_path: Path, data: Path) -> None:
    from medmat_core.fileio import sha256_of

    _, out = run(tmp_path, toy_dataset(tmp_path, tables='[[ignored]]\npattern = "*thumb*"\nreason = "previews"'))
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["datasets"][0]["images"] == {
        "seen": 20, "used": 20, "refused": 0, "copies": 0, "ignored": 0, "unasked": 0, "reasons": {},
    }  # fmt: skip
    counted = {label for part in manifest["datasets"][0]["records"].values() for label in part}
    assert counted == {"Cat", "Dog", "Cow", "Eel"}
    assert all(sha256_of(out / path) == digest for path, digest in manifest["files"].items())
    written = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} - {"manifest.json"}
    assert set(manifest["files"]) == written


def test_a_truncated_picture_is_refused_by_full_and_the_rest_is_built(tmp_path: Path, data: Path) -> None:
    victim = data / "toy/pics/cat/cat (0).jpg"
    picture(victim, 77, (200, 200))
    victim.write_bytes(victim.read_bytes()[:-400])
    manifest, out = run(tmp_path, toy_dataset(tmp_path), verify="full")
    assert [(p["reason"], p["file"]) for p in problems(out)] == [("truncated_image", "pics/cat/cat (0).jpg")]
    assert manifest.refused == 1
    assert len(records(out)) + len(records(out, "test")) == 20


def test_what_is_no_picture_is_refused_by_header(tmp_path: Path, data: Path) -> None:
    (data / "toy/pics/cat/cat (9).jpg").write_bytes(b"not a picture")
    _, out = run(tmp_path, toy_dataset(tmp_path))
    assert [p["reason"] for p in problems(out)] == ["bad_image"]


def test_an_unknown_label_is_refused_with_its_text(tmp_path: Path, data: Path) -> None:
    def samples(tree: Any, card: Any) -> Iterator[Any]:
        yield from readers.class_folders(tree, card)
        yield LabelSample("pics/cat/cat (0).png", ("platypus",))

    _, out = run(tmp_path, toy_dataset(tmp_path, samples))
    assert [p["reason"] for p in problems(out)] == ["unknown_label"]
    assert "platypus" in problems(out)[0]["detail"]


def test_a_path_that_leaves_the_data_folder_is_refused(tmp_path: Path, data: Path) -> None:
    picture(tmp_path / "secret.png")

    def samples(tree: Any, card: Any) -> Iterator[Any]:
        yield from readers.class_folders(tree, card)
        yield LabelSample("../../secret.png", ("cat",))

    _, out = run(tmp_path, toy_dataset(tmp_path, samples))
    assert [p["reason"] for p in problems(out)] == ["path_escapes"]


def test_an_adapter_that_breaks_loses_only_what_it_had_not_given(tmp_path: Path, data: Path) -> None:
    def samples(tree: Any, card: Any) -> Iterator[Any]:
        yield from readers.class_folders(tree, card)
        raise KeyError("column")

    _, out = run(tmp_path, toy_dataset(tmp_path, samples))
    assert [p["reason"] for p in problems(out)] == ["reader_failed"]
    assert len(records(out)) + len(records(out, "test")) == 20


def test_strict_stops_at_the_first_refused_input(tmp_path: Path, data: Path) -> None:
    (data / "toy/pics/cat/cat (9).jpg").write_bytes(b"not a picture")
    with pytest.raises(StrictError, match=r"cat \(9\)\.jpg"):
        run(tmp_path, toy_dataset(tmp_path), strict=True)
    assert not (tmp_path / "out/manifest.json").exists()


def test_a_picture_filed_under_two_classes_gets_no_question_in_any_copy(tmp_path: Path, data: Path) -> None:
    shutil.copyfile(data / "toy/pics/cat/cat (0).png", data / "toy/pics/dog/other.png")
    _, out = run(tmp_path, toy_dataset(tmp_path))
    assert sorted((p["reason"], p["file"]) for p in problems(out)) == [
        ("contradictory_label", "pics/cat/cat (0).png"),
        ("contradictory_label", "pics/dog/other.png"),
    ]
    assert not [r for r in records(out) + records(out, "test") if r["image"].endswith(("cat (0).png", "other.png"))]


def test_of_identical_pictures_the_first_by_path_is_asked(tmp_path: Path, data: Path) -> None:
    for number in range(40):
        picture(data / "toy/pics/cat" / f"a{number}.png", 5000 + number)
        shutil.copyfile(data / "toy/pics/cat" / f"a{number}.png", data / "toy/pics/cat" / f"b{number}.png")
    manifest, out = run(tmp_path, toy_dataset(tmp_path), test_fraction=0.4)
    asked = {r["image"].rpartition("/")[2] for part in ("train", "test") for r in records(out, part)}
    assert {f"a{n}.png" for n in range(40)} <= asked
    assert not asked & {f"b{n}.png" for n in range(40)}
    assert {(p["level"], p["reason"]) for p in problems(out)} == {("note", "copy")}
    assert {p["file"] for p in problems(out)} == {f"pics/cat/b{n}.png" for n in range(40)}
    assert manifest.datasets[0].pictures.copies == 40


def test_pictures_of_one_size_beginning_and_middle_are_copies_only_if_all_of_them_is_equal(
    tmp_path: Path, data: Path
) -> None:
    raw = picture(data / "toy/pics/cat/a.png", 77).read_bytes()
    padded = raw + bytes(20_000)  # bytes after the end of a picture are legal
    for name, end in {"a": b"1", "b": b"2", "c": b"1", "d": b"3"}.items():
        (data / f"toy/pics/cat/{name}.png").write_bytes(padded + end)
    middle = bytearray(padded + b"1")
    middle[len(middle) // 2 + 7] = 1
    (data / "toy/pics/cat/e.png").write_bytes(middle)
    _, out = run(tmp_path, toy_dataset(tmp_path))
    assert [(p["reason"], p["file"]) for p in problems(out)] == [("copy", "pics/cat/c.png")]


def test_official_parts_are_kept_and_a_group_on_both_sides_stays_in_test(tmp_path: Path, data: Path) -> None:
    def samples(tree: Any, card: Any) -> Iterator[Any]:
        for sample in readers.class_folders(tree, card):
            number = int(sample.image.split("(")[1].split(")")[0])
            yield LabelSample(
                sample.image,
                sample.stated,
                group=f"p{number // 2}",
                split="test" if number == 4 or number == 3 else "train",
            )

    _, out = run(tmp_path, toy_dataset(tmp_path, samples))
    numbers = {part: {r["image"][-6:-5] for r in records(out, part)} for part in ("train", "test")}
    assert numbers == {"train": {"0", "1"}, "test": {"3", "4"}}
    assert {p["reason"] for p in problems(out)} == {"split_leak"}


def member(where: Path, slug: str, **card: Any) -> Any:
    return toy_dataset(where, slug=slug, folder=slug, **card)


def test_a_subset_drops_copies_leaks_and_contradictions_between_members(tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    labels = {"cat": "Cat", "dog": "Dog"}
    for slug in ("one", "two"):
        for name in labels:
            for number in range(6):
                picture(data / slug / "pics" / name / f"{number}.png", hash_free(slug, name, number))
    copied = data / "two/pics/cat/copy.png"
    shutil.copyfile(data / "one/pics/cat/0.png", copied)
    wrong = data / "two/pics/dog/wrong.png"
    shutil.copyfile(data / "one/pics/cat/1.png", wrong)
    _, out = run(tmp_path, member(tmp_path, "one", labels=labels), member(tmp_path, "two", labels=labels), split="none")
    left_out = json.loads((out / "manifest.json").read_text())["subset_removals"]
    assert {item["image"] for item in left_out} == {
        "med-mat/two/pics/cat/copy.png",
        "med-mat/one/pics/cat/1.png",
        "med-mat/two/pics/dog/wrong.png",
    }
    subset = json.loads((out / "Aggregated_Subsets/Subset--1000-train.json").read_text())
    assert len(subset) == 26 - 3
    assert [r["id"] for r in subset] == list(range(1, 24))
    assert [r["image"] for r in subset] == sorted(r["image"] for r in subset)


def hash_free(slug: str, name: str, number: int) -> int:
    return sum(map(ord, slug)) * 100 + sum(map(ord, name)) * 7 + number * 1009


def test_nothing_to_do_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "med-mat").mkdir()
    with pytest.raises(UsageError, match="medmat list"):
        run(tmp_path, toy_dataset(tmp_path))
    with pytest.raises(UsageError, match="no folder 'toy'"):
        run(tmp_path, toy_dataset(tmp_path), names=("toy",))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("split", "odd"),
        ("test_fraction", 1.0),
        ("jobs", 0),
        ("verify", "some"),
        ("asks", ("why",)),
        ("formats", ("x",)),
    ],
)
def test_bad_arguments_name_the_flag(tmp_path: Path, data: Path, option: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"--{option.rstrip('s').replace('_', '-')}"):
        run(tmp_path, toy_dataset(tmp_path), **{option: value})


def test_the_out_folder_may_not_lie_in_the_data(tmp_path: Path, data: Path) -> None:
    with pytest.raises(UsageError, match="inside --data"):
        run(tmp_path, toy_dataset(tmp_path), out="med-mat/out")


def test_problems_an_adapter_yields_reach_the_file(tmp_path: Path, data: Path) -> None:
    def samples(tree: Any, card: Any) -> Iterator[Any]:
        yield Problem("bad_row", "labels.csv", "three fields", 12)
        yield from readers.class_folders(tree, card)

    _, out = run(tmp_path, toy_dataset(tmp_path, samples))
    assert problems(out) == [
        {
            "level": "refused",
            "dataset": "toy",
            "file": "labels.csv",
            "row": 12,
            "reason": "bad_row",
            "detail": "three fields",
        }
    ]


def test_a_split_of_pictures_without_any_group_is_called_unprotected(tmp_path: Path, data: Path) -> None:
    manifest, _ = run(tmp_path, toy_dataset(tmp_path))
    assert manifest.datasets[0].split == "unprotected"


def test_a_named_data_set_without_any_picture_is_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "med-mat/toy/pics/cat").mkdir(parents=True)
    with pytest.raises(UsageError, match="nothing to do"):
        run(tmp_path, toy_dataset(tmp_path), names=("toy",))


@pytest.mark.parametrize("names", [(), ("toy", "other")])
def test_a_folder_in_which_nothing_is_found_is_told_and_the_rest_is_built(
    tmp_path: Path, data: Path, names: tuple[str, ...]
) -> None:
    picture(data / "full/pics/dog/a.png")
    for kind in ("cat", "dog", "cow", "eel"):
        (data / "toy/pics" / kind).rename(data / "toy" / f"{kind}s")  # not the layout of the card
    manifest, out = run(
        tmp_path, toy_dataset(tmp_path), toy_dataset(tmp_path, slug="other", folder="full"), names=names
    )
    told = [(p["dataset"], p["level"], p["reason"]) for p in problems(out) if p["reason"] != "empty_class"]
    assert told == [("toy", "refused", "no_picture")]
    assert manifest.refused == 1
    assert [r.image for r in read_records(out / "records/Ori--other-train.jsonl")] == ["med-mat/full/pics/dog/a.png"]


def test_a_broken_link_among_pictures_is_refused_and_the_rest_is_built(tmp_path: Path, data: Path) -> None:
    (data / "toy/pics/cat/gone.png").symlink_to("nowhere.png")
    (data / "toy/pics/cat/loop.png").symlink_to("loop.png")
    manifest, out = run(tmp_path, toy_dataset(tmp_path))
    assert sorted((p["reason"], p["file"]) for p in problems(out)) == [
        ("bad_image", "pics/cat/gone.png"),
        ("bad_image", "pics/cat/loop.png"),
    ]
    assert manifest.refused == 2
    assert len(records(out)) + len(records(out, "test")) == 20


def test_a_detail_of_any_length_is_cut(tmp_path: Path, data: Path) -> None:
    def samples(tree: Any, card: Any) -> Iterator[Any]:
        yield from readers.class_folders(tree, card)
        yield LabelSample("pics/cat/cat (1).png", ("x" * 100_000,))

    _, out = run(tmp_path, toy_dataset(tmp_path, samples))
    assert [len(p["detail"]) <= 500 for p in problems(out)] == [True]


def test_the_order_of_formats_changes_no_byte(tmp_path: Path, data: Path) -> None:
    one = run(tmp_path, toy_dataset(tmp_path), formats=("medmat", "jsonl"))[1]
    other = run(tmp_path, toy_dataset(tmp_path), formats=("jsonl", "medmat"), out="other")[1]
    assert tree_bytes(one) == tree_bytes(other)


def test_a_data_set_whose_neighbour_s_files_alone_lie_in_the_folder_is_absent(tmp_path: Path, data: Path) -> None:
    def needs_table(tree: Any, card: Any) -> Iterator[Any]:
        yield from (LabelSample(row["image"], (row["label"],)) for row in readers.rows(tree, "labels.csv"))

    neighbour = toy_dataset(tmp_path, needs_table, slug="other", folder="toy")
    manifest, out = run(tmp_path, neighbour, toy_dataset(tmp_path))
    assert [report.slug for report in manifest.datasets] == ["toy"]
    assert manifest.refused == 0
    # named, it is asked for, and what it lacks is told
    _, out = run(tmp_path, neighbour, toy_dataset(tmp_path), names=("other",), out="named")
    assert [problem["reason"] for problem in problems(out)] == ["missing_file"]


def test_records_name_a_linked_data_folder_as_it_was_given(tmp_path: Path, data: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "med-mat"
    data.rename(tmp_path / "disk7")
    link.symlink_to(tmp_path / "disk7")
    build(data=link, out=tmp_path / "out", catalog=toy_catalog(toy_dataset(tmp_path)), jobs=1)
    assert all(r["image"].startswith("med-mat/toy/") for r in records(tmp_path / "out"))


def test_a_film_with_an_upper_case_suffix_is_rendered_too(tmp_path: Path, data: Path) -> None:
    import numpy as np

    pytest.importorskip("pydicom")
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    film = Dataset()
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film.SOPClassUID = film.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["film"])
    film.Rows, film.Columns, film.BitsAllocated, film.BitsStored, film.HighBit = 12, 16, 8, 8, 7
    film.SamplesPerPixel, film.PixelRepresentation, film.PhotometricInterpretation = 1, 0, "MONOCHROME2"
    film.PixelData = np.arange(192, dtype=np.uint8).tobytes()
    film.save_as(data / "toy/pics/cat/FILM.DCM", enforce_file_format=True)
    _, out = run(tmp_path, toy_dataset(tmp_path))
    named = [r["image"] for r in records(out) + records(out, "test") if "FILM" in r["image"]]
    assert named == ["rendered/toy/pics/cat/FILM.DCM.png"]
    assert (out / named[0]).is_file()
