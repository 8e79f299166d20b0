"""The three verdicts of ``medmat check``, each apart: layout, completeness, problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medmat_core import Dataset, build, load_catalog
from medmat_core.catalog import Catalog
from medmat_core.check import Found, check_dataset
from medmat_core.pipeline.options import BuildOptions
from medmat_core.samples import write_example
from tests.commanded import Told, command
from tests.toy import picture, toy_catalog, toy_dataset, zoo

FIVE_EACH = "[counts]\nimages = 20\n[counts.classes]\nCat = 5\nDog = 5\nCow = 5\nEel = 5"


def looked(dataset: Dataset, data: Path, *, verify: Any = "full", jobs: int = 1, **how: Any) -> Found:
    return check_dataset(dataset, BuildOptions(data=data, verify=verify, jobs=jobs), **how)


def verdicts(found: Found) -> tuple[str, str, int, bool]:
    return found.layout, found.completeness, found.problems, found.sound


def run(catalog: Catalog, *arguments: str) -> Told:
    return command(catalog, "check", "--jobs", "1", *arguments)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return zoo(tmp_path / "med-mat")


# -- completeness -----------------------------------------------------------------------------------------


def test_a_whole_copy_is_right_whole_and_without_problems(tmp_path: Path, data: Path) -> None:
    dataset = toy_dataset(tmp_path, tables=FIVE_EACH)
    found = looked(dataset, data)
    assert verdicts(found) == ("right", "whole", 0, True)
    assert found.share == "20 of 20 pictures, 4 of 4 classes"
    assert run(toy_catalog(dataset), "--data", str(data)).exit_code == 0


def test_missing_pictures_make_a_part_which_partial_forgives(tmp_path: Path, data: Path) -> None:
    for number in range(4):
        (data / f"toy/pics/dog/dog ({number}).png").unlink()
    dataset = toy_dataset(tmp_path, tables=FIVE_EACH)
    found = looked(dataset, data)
    assert verdicts(found) == ("right", "part", 0, False)
    assert found.share == "16 of 20 pictures, 4 of 4 classes"
    catalog = toy_catalog(dataset)
    assert run(catalog, "--data", str(data)).exit_code == 1
    assert run(catalog, "--data", str(data), "--partial").exit_code == 0


def test_a_class_of_the_card_without_a_picture_is_a_fault_in_check_and_a_note_in_build(tmp_path: Path) -> None:
    data = zoo(tmp_path / "med-mat", classes=("cat", "dog", "cow"))
    dataset = toy_dataset(tmp_path)
    found = looked(dataset, data)
    assert (found.completeness, found.share) == ("part", "15 pictures, 3 of 4 classes")
    manifest = build(data=data, out=tmp_path / "out", catalog=toy_catalog(dataset), jobs=1)
    (line,) = map(json.loads, (tmp_path / "out/problems.jsonl").read_text().splitlines())
    assert (line["level"], line["reason"], line["detail"]) == ("note", "empty_class", "no picture of 'Eel'")
    assert manifest.refused == 0


def test_a_class_for_which_the_published_counts_leave_no_picture_is_not_missed(tmp_path: Path) -> None:
    data = zoo(tmp_path / "med-mat", classes=("cat", "dog", "cow"))
    tables = "[counts]\nimages = 15\n[counts.classes]\nCat = 5\nDog = 5\nCow = 5"
    assert verdicts(looked(toy_dataset(tmp_path, tables=tables), data)) == ("right", "whole", 0, True)


def test_pictures_that_a_table_names_and_that_are_not_there_are_missing_and_no_problem(tmp_path: Path) -> None:
    from medmat_core import LabelSample

    data = zoo(tmp_path / "med-mat")

    def samples(tree: Any, card: Any) -> Any:
        for number in range(8):
            for name in ("cat", "dog", "cow", "eel"):
                yield LabelSample(f"pics/{name}/{name} ({number}).png", (name,))

    dataset = toy_dataset(tmp_path, samples)
    found = looked(dataset, data)
    assert verdicts(found) == ("right", "part", 0, False)
    assert found.reasons == {"missing_image": 12} and found.images == 20
    assert looked(dataset, data, partial=True).sound


def test_a_mask_without_its_picture_is_no_picture_that_is_here(tmp_path: Path) -> None:
    from medmat_core import LabelSample

    data = zoo(tmp_path / "med-mat")
    picture(data / "toy/masks/lost.png")

    def samples(tree: Any, card: Any) -> Any:
        tree.report("missing_image", "masks/lost.png", "the mask has no picture")
        for path in tree.images("pics"):
            yield LabelSample(path, (path.split("/")[1],))

    found = looked(toy_dataset(tmp_path, samples, tables="[counts]\nimages = 21"), data)
    assert found.images == 20 and found.reasons == {"missing_image": 1}
    assert found.told("completeness")[0].what == "1 of 21 pictures are not here"


# -- layout -----------------------------------------------------------------------------------------------


def test_a_folder_without_anything_that_the_card_describes_is_laid_out_wrong(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/toy/elsewhere/a.png")
    dataset = toy_dataset(tmp_path)
    assert looked(dataset, tmp_path / "med-mat").layout == "wrong"
    assert run(toy_catalog(dataset), "--data", str(tmp_path / "med-mat"), "--partial").exit_code == 1


def test_nothing_there_is_exit_code_two(tmp_path: Path) -> None:
    (tmp_path / "med-mat").mkdir()
    catalog = toy_catalog(toy_dataset(tmp_path))
    named = run(catalog, "toy", "--data", str(tmp_path / "med-mat"))
    assert named.exit_code == 2 and "layout: absent" in named.output
    assert run(catalog, "--data", str(tmp_path / "med-mat")).exit_code == 2
    assert (
        json.loads(run(catalog, "toy", "--data", str(tmp_path / "med-mat"), "--json").output)[0]["layout"] == "absent"
    )


def test_one_absent_of_several_named_is_exit_code_one(tmp_path: Path, data: Path) -> None:
    catalog = toy_catalog(toy_dataset(tmp_path), toy_dataset(tmp_path, slug="moon", folder="moon"))
    told = run(catalog, "toy", "moon", "--data", str(data))
    assert told.exit_code == 1 and "1 of 2 data sets" in told.output


def test_an_adapter_that_breaks_is_a_wrong_layout_and_not_the_end_of_the_check(tmp_path: Path, data: Path) -> None:
    def broken(tree: Any, card: Any) -> Any:
        raise ValueError("no such column")
        yield

    found = looked(toy_dataset(tmp_path, broken), data)
    assert found.layout == "wrong" and "reader_failed" in found.reasons


# -- problems ---------------------------------------------------------------------------------------------


def _spoil(data: Path) -> None:
    """Every way out of a build: no picture, cut off, one picture under two classes, an unknown class."""
    (data / "toy/pics/cat/cat (0).png").write_text("no picture")
    raw = (data / "toy/pics/dog/dog (1).png").read_bytes()
    (data / "toy/pics/dog/dog (1).png").write_bytes(raw[: len(raw) // 2])
    (data / "toy/pics/eel/twin.png").write_bytes((data / "toy/pics/cow/cow (2).png").read_bytes())
    picture(data / "toy/pics/yak/yak.png", 9000)


@pytest.mark.parametrize("verify", ["header", "full"])
def test_check_reports_what_a_build_refuses(tmp_path: Path, data: Path, verify: Any) -> None:
    _spoil(data)
    dataset = toy_dataset(tmp_path)
    build(data=data, out=tmp_path / "out", catalog=toy_catalog(dataset), jobs=1, verify=verify)
    lines = [json.loads(line) for line in (tmp_path / "out/problems.jsonl").read_text().splitlines()]
    refused = [line for line in lines if line["level"] == "refused"]
    found = looked(dataset, data, verify=verify)
    assert found.problems == len(refused) and not found.sound
    told = {finding.what: finding.count for finding in found.told("problems")}
    assert told == {
        reason: sum(line["reason"] == reason for line in refused) for reason in {x["reason"] for x in refused}
    }
    assert {"bad_image", "contradictory_label", "unknown_label"} <= set(told)


def test_jobs_change_nothing_in_the_report(tmp_path: Path, data: Path) -> None:
    from medmat_core.pipeline.engines import start_engine

    _spoil(data)
    dataset = toy_dataset(tmp_path)
    engine = start_engine("local", 2, None)
    try:
        assert looked(dataset, data, engine=engine).as_json() == looked(dataset, data).as_json()
    finally:
        engine.close()


KNOWN = """
[[known]]
reason = "contradictory_label"
count = {count}
files = ["*/twin.png", "*/cow (2).png"]
note = "one picture filed as cow and as eel"
"""


def test_what_the_card_knows_is_named_and_fails_nothing(tmp_path: Path, data: Path) -> None:
    (data / "toy/pics/eel/twin.png").write_bytes((data / "toy/pics/cow/cow (2).png").read_bytes())
    found = looked(toy_dataset(tmp_path, tables=KNOWN.format(count=2)), data)
    assert found.sound
    (known,) = found.told("known")
    assert (known.what, known.count) == ("contradictory_label: one picture filed as cow and as eel", 2)


def test_what_is_beyond_the_number_that_the_card_knows_is_a_problem(tmp_path: Path, data: Path) -> None:
    for name in ("eel/twin.png", "cat/twin.png"):
        (data / "toy/pics" / name).write_bytes((data / "toy/pics/cow/cow (2).png").read_bytes())
    found = looked(toy_dataset(tmp_path, tables=KNOWN.format(count=2)), data)
    assert found.problems == 1 and found.told("known")[0].count == 2


def test_a_problem_in_another_file_than_the_card_knows_is_a_problem(tmp_path: Path, data: Path) -> None:
    (data / "toy/pics/eel/other.png").write_bytes((data / "toy/pics/cow/cow (3).png").read_bytes())
    assert looked(toy_dataset(tmp_path, tables=KNOWN.format(count=2)), data).problems == 2


def test_a_check_leaves_nothing_behind(tmp_path: Path, data: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    looked(toy_dataset(tmp_path / "card"), data)
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before] == [
        tmp_path / "card", tmp_path / "card/toy.toml",
    ]  # fmt: skip


# -- copies -----------------------------------------------------------------------------------------------


def _again(source: Path, target: Path) -> None:
    """The same pixels in other bytes."""
    Image.open(source).save(
        target, compress_level=1 if target.suffix == ".png" else 6, optimize=target.suffix != ".png"
    )
    assert source.read_bytes() != target.read_bytes()


def test_pictures_that_decode_alike_across_classes_come_first(tmp_path: Path, data: Path) -> None:
    pics = data / "toy/pics"
    _again(pics / "cow/cow (1).png", pics / "cow/zz.bmp")
    _again(pics / "cat/cat (1).png", pics / "eel/zz.bmp")
    found = looked(toy_dataset(tmp_path), data)
    alike = [finding for finding in found.told("note") if "decode alike" in finding.what]
    assert next(finding.what for finding in alike) == "sets of pictures decode alike across classes"
    assert len(alike) == 2 and "(Cat, " in alike[0].examples[0] and "(Eel, " in alike[0].examples[0]
    assert found.sound


def test_copies_of_equal_bytes_are_not_told_twice(tmp_path: Path, data: Path) -> None:
    pics = data / "toy/pics"
    (pics / "cow/copy.png").write_bytes((pics / "cow/cow (1).png").read_bytes())
    found = looked(toy_dataset(tmp_path), data)
    assert found.reasons == {"copy": 1}
    assert not any("decode alike" in finding.what for finding in found.findings)


def test_near_copies_are_looked_for_on_request(tmp_path: Path, data: Path) -> None:
    shade = np.random.default_rng(7).normal(0, 1, (12, 16)).cumsum(0).cumsum(1)
    shade = ((shade - shade.min()) / np.ptp(shade) * 255).astype(np.uint8)
    Image.fromarray(shade).resize((96, 72), Image.Resampling.BICUBIC).save(data / "toy/pics/cat/big.png")
    Image.fromarray(shade).resize((64, 48), Image.Resampling.BICUBIC).save(data / "toy/pics/dog/small.png")
    dataset = toy_dataset(tmp_path)
    near = [f for f in looked(dataset, data, near=True).told("note") if "across classes" in f.what and "near" in f.what]
    assert any("big.png" in one and "small.png" in one for one in near[0].examples)
    assert not any("near copies" in finding.what for finding in looked(dataset, data).findings)


# -- what is printed --------------------------------------------------------------------------------------


def test_a_heading_stands_over_every_block(tmp_path: Path, data: Path) -> None:
    zoo(tmp_path / "more")
    (tmp_path / "more/toy").rename(data / "moon")
    catalog = toy_catalog(toy_dataset(tmp_path), toy_dataset(tmp_path, slug="moon", folder="moon"))
    lines = run(catalog, "--data", str(data)).output.splitlines()
    heads = [number for number, line in enumerate(lines) if "  in " in line]
    assert sorted(lines[number].split()[0] for number in heads) == ["moon", "toy"]
    for number in heads:
        assert [line.split(":")[0].strip() for line in lines[number + 1 : number + 3]] == ["layout", "completeness"]


@pytest.mark.slow
def test_the_examples_of_all_installed_data_sets_are_laid_out_right(tmp_path: Path) -> None:
    catalog = load_catalog()
    for dataset in catalog:
        write_example(dataset.card, tmp_path / "med-mat")
    told = run(catalog, "--data", str(tmp_path / "med-mat"), "--json", "--partial")
    reports = json.loads(told.output)
    assert {report["slug"] for report in reports} == {dataset.slug for dataset in catalog}
    assert [(report["slug"], report["layout"], report["problems"]) for report in reports if not report["sound"]] == []
