"""The command line: help, exit codes, one-line errors, and what each command prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from medmat_core import build, load_catalog
from medmat_core.builtin import medmat_commands
from medmat_core.catalog import Catalog
from medmat_core.cli import run
from medmat_core.errors import UsageError
from medmat_core.filters import license_fits
from medmat_core.samples import write_example
from tests.outside import START, medmat, tree_bytes

COMMANDS = tuple(command.name for command in medmat_commands())
FIELDS = ["no", "slug", "title", "modality", "area", "task", "subset", "kind", "folder", "access", "license", "source"]

Call = Callable[..., SimpleNamespace]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """``medmat ARGUMENTS`` in this process: its code, stdout and stderr."""

    def run_it(*arguments: object) -> SimpleNamespace:
        code = run([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return SimpleNamespace(code=code, out=told.out, err=told.err)

    return run_it


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    found = load_catalog()
    if not {"ct-kidney", "kvasir-seg", "mured"} <= {dataset.slug for dataset in found}:
        pytest.skip("needs the plugins of ct-kidney, kvasir-seg and mured")
    return found


@pytest.fixture
def kidneys(tmp_path: Path, catalog: Catalog) -> Path:
    """A data folder with the example tree of row 2."""
    write_example(catalog.get("ct-kidney").card, tmp_path / "med-mat")
    return tmp_path / "med-mat"


def pictures(data: Path) -> list[Path]:
    return sorted(data.rglob("*.jpg"))


def one_line(told: str) -> str:
    """The one line of an error."""
    lines = told.splitlines()
    assert len(lines) == 1 and lines[0].startswith("medmat: "), told
    return lines[0]


# -- help -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(call: Call, command: str) -> None:
    done = call(command, "--help")
    assert done.code == 0 and done.err == ""
    assert done.out.startswith(f"Usage: medmat {command} ")
    assert len(done.out.split("Options:")[0].splitlines()) >= 3  # says what it does, not only its options


def test_help_lists_every_command_and_the_exit_codes(call: Call) -> None:
    done = call("--help")
    assert done.code == 0
    assert all(f"\n  {command} " in done.out for command in COMMANDS)
    assert "Exit codes: 0 done; 1 done, but some inputs were refused;" in " ".join(done.out.split())


def test_build_help_states_every_default(call: Call) -> None:
    text = " ".join(call("build", "--help").out.split())
    for option, default in {
        "--seed": "0", "--jobs": "(cores)", "--engine": "local", "--split": "official",
        "--test-fraction": "0.15", "--distractors": "round", "--surplus": "keep", "--pool": "frozen",
        "--box-format": "unit", "--verify": "header",
    }.items():  # fmt: skip
        assert f"[default: {default}]" in text.split(f" {option} ", 1)[1].split(" --", 1)[0], option


def test_no_command_at_all_shows_the_help(call: Call) -> None:
    done = call()
    assert "Usage: medmat" in done.out + done.err and done.code in (0, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "2", "--data", "med-mat", "--out", ""),
        ("build", "2", "--data", ""),
        ("export", "", "--to", "exported", "--format", "llava"),
        ("export", "out", "--data", "", "--to", "exported", "--format", "llava"),
        ("sample", "2", "--to", ""),
        ("preview", ""),
        ("check", "--data", ""),
        ("list", "--data", ""),
        ("audit", "out", "--data", ""),
        ("download", "2", "--to", ""),
    ],
)
def test_an_empty_folder_name_is_not_the_current_folder(
    call: Call, kidneys: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(kidneys.parent)
    before = tree_bytes(kidneys.parent)
    done = call(*arguments)
    assert done.code == 2 and "it is empty; name a folder" in one_line(done.err)
    assert tree_bytes(kidneys.parent) == before
    with pytest.raises(UsageError, match="out: it is empty"):
        build(2, data="med-mat", out="")


def test_a_build_that_leaves_an_older_export_says_so_also_when_it_is_quiet(call: Call, kidneys: Path) -> None:
    arguments = ("build", "2", "--data", kidneys, "--jobs", 1, "--quiet")
    assert call(*arguments, "--format", "llava").err == ""
    done = call(*arguments)
    assert done.code == 0 and done.out == ""
    assert (
        one_line(done.err)
        == f"medmat: {kidneys.parent / 'export'} is of an earlier build; name its formats (--format) to renew it"
    )


# -- exit codes and errors --------------------------------------------------------------------------------


def test_0_if_everything_was_used(call: Call, kidneys: Path, tmp_path: Path) -> None:
    assert call("build", 2, "--data", kidneys, "--out", tmp_path / "out", "-q").code == 0


def test_1_if_an_input_was_refused(call: Call, kidneys: Path, tmp_path: Path) -> None:
    pictures(kidneys)[0].write_bytes(b"no picture")
    done = call("build", 2, "--data", kidneys, "--out", tmp_path / "out", "-q")
    assert done.code == 1 and (tmp_path / "out/manifest.json").exists()


def test_strict_stops_at_the_first_refused_input_with_1(call: Call, kidneys: Path, tmp_path: Path) -> None:
    victim = pictures(kidneys)[0]
    victim.write_bytes(b"no picture")
    done = call("build", 2, "--data", kidneys, "--out", tmp_path / "out", "-q", "--strict")
    assert done.code == 1 and not (tmp_path / "out/manifest.json").exists()
    assert victim.name in one_line(done.err) and "bad_image" in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["build"], "Missing option '--data'"),
        (["build", "2", "--data", "nowhere", "--out", "out"], "--data nowhere: no such folder"),
        (["build", "2", "--data", ".", "--out", "out"], "no folder 'CT_Kindney_Dataset'"),
        (["build", "--data", ".", "--out", "out"], "nothing to do"),
        (["build", "--data", ".", "--out", "out", "--seed", "x"], "'x' is not a valid integer"),
        (["build", "--data", ".", "--out", "out", "--split", "odd"], "--split 'odd': choose one of official, group"),
        (["build", "--data", ".", "--out", "out", "--format", "xml"], "--format 'xml': choose from "),
        (["build", "--data", ".", "--out", "out", "--jobs", "0"], "--jobs 0: give a number from 1 up"),
        (["build", "--data", ".", "--out", "./out"], "lies inside --data"),
        (["build", "999", "--data", ".", "--out", "out"], "no data set '999' is installed"),
        (["show", "ct-kidny"], "did you mean 'ct-kidney'?"),
        (["show"], "Missing argument"),
        (["check", "--data", "nowhere"], "--data nowhere: no such folder"),
        (["list", "--data", "nowhere"], "--data nowhere: no such folder"),
        (["build", "--data", ".", "--out", "out", "--subset", "99"], "--subset 99: there is no such subset"),
        (["check", "--data", "."], "no folder of a data set lies under ."),
        (["check", "--data", ".", "--published", "x.json"], "--published compares one data set: name it"),
        (["bild"], "No such command 'bild'"),
        (["--nope"], "No such option"),
    ],
)  # fmt: skip
def test_2_and_one_line_for_bad_arguments_and_nothing_to_do(
    call: Call, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    if "out" in arguments:  # beside the data, not in it
        arguments = [str(tmp_path / "out") if word == "out" else word for word in arguments]
    done = call(*arguments)
    assert done.code == 2 and done.out == ""
    assert told in one_line(done.err)
    assert not (tmp_path / "out").exists()


def test_3_for_an_internal_error_and_a_traceback_only_with_debug(
    call: Call, kidneys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("medmat_core.pipeline.one.settle", broken)
    arguments = ("build", 2, "--data", kidneys, "--out", tmp_path / "out", "-q")
    done = call(*arguments)
    assert done.code == 3
    assert "internal error: RuntimeError: two lines; run again with `medmat --debug ...`" in one_line(done.err)
    shown = call("--debug", *arguments)
    assert shown.code == 3 and "Traceback (most recent call last)" in shown.err and "in broken" in shown.err


def test_debug_shows_where_a_users_error_was_found(call: Call) -> None:
    done = call("--debug", "show", "nothing-like-it")
    assert done.code == 2 and "Traceback" in done.err and done.err.splitlines()[-1].startswith("medmat: no data set")


def test_3_if_a_plugin_fails_and_the_others_are_built(kidneys: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = site / "medmat_plugin_torn-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: medmat-plugin-torn\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[medmat]\ntorn = torn_plugin\n")
    (site / "torn_plugin.py").write_text("import a_library_that_is_not_there\n")
    path = os.pathsep.join([str(site), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path}
    arguments = ("build", 2, "--data", kidneys, "--out", tmp_path / "out", "-q")
    done = medmat(*arguments, env=environment)
    assert done.returncode == 3 and (tmp_path / "out/manifest.json").exists()
    told = one_line(done.stderr)
    assert "'torn' of medmat-plugin-torn 1.2 failed to load" in told and "a_library_that_is_not_there" in told
    assert medmat("--disable", "torn", *arguments, env=environment).returncode == 0


def test_an_interrupt_is_one_line_and_130(
    call: Call, kidneys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("medmat_core.pipeline.one.inspect_shard", interrupted)
    done = call("build", 2, "--data", kidneys, "--out", tmp_path / "out", "-q", "--jobs", 1)
    assert done.code == 130
    told = one_line(done.err.lstrip("\n"))  # click ends the line in which ^C stands
    assert told.startswith("medmat: stopped; go on with: medmat build 2 --data ") and told.endswith(
        " --jobs 1 --resume"
    )


# -- list and show ----------------------------------------------------------------------------------------


def test_list_json_has_exactly_the_promised_fields(call: Call, catalog: Catalog) -> None:
    rows = json.loads(call("list", "--json").out)
    assert len(rows) == len(catalog.datasets)
    assert all(list(row) == [*FIELDS, "plugin"] for row in rows)
    assert all(list(row["plugin"]) == ["name", "dist", "version"] for row in rows)
    kidney = next(row for row in rows if row["no"] == 2)
    assert (kidney["slug"], kidney["folder"], kidney["kind"]) == ("ct-kidney", "CT_Kindney_Dataset", "single-label")
    assert (kidney["modality"], kidney["area"], kidney["subset"]) == ("CT", "Kidney", 2)
    assert kidney["plugin"]["dist"] == "medmat-plugin-ct" and kidney["plugin"]["name"] == "ct-kidney"


def test_list_json_with_data_adds_present_by_pictures_and_not_by_folders(
    call: Call, kidneys: Path, catalog: Catalog
) -> None:
    (kidneys / catalog.get("mured").card.folder).mkdir()
    rows = json.loads(call("list", "--json", "--data", kidneys).out)
    assert all(list(row) == [*FIELDS, "plugin", "present"] for row in rows)
    assert {row["slug"]: row["present"] for row in rows if row["slug"] in ("ct-kidney", "mured")} == {
        "ct-kidney": True,
        "mured": False,
    }
    assert "1 present under" in call("list", "--data", kidneys).err


def test_list_narrows_by_modality_code_or_name_and_by_subset(call: Call, catalog: Catalog) -> None:
    fundus = json.loads(call("list", "--json", "--modality", "fp").out)
    assert fundus and {row["modality"] for row in fundus} == {"FP"}
    named = json.loads(call("list", "--json", "--modality", "CT scan").out)
    assert {row["slug"] for row in named} >= {"ct-kidney"} and {row["modality"] for row in named} == {"CT"}
    one = json.loads(call("list", "--json", "--subset", 2).out)
    assert {row["subset"] for row in one} == {2} and "ct-kidney" in {row["slug"] for row in one}
    both = json.loads(call("list", "--json", "--subset", 2, "--modality", "FP").out)
    assert both == []
    assert call("list", "--subset", 2, "--modality", "FP").out == "No data set matches.\n"


def test_list_in_a_pipe_is_a_title_line_and_tabs(call: Call, catalog: Catalog) -> None:
    title, *rows = [line.split("\t") for line in call("list").out.splitlines()]
    assert title[:9] == ["no", "slug", "modality", "area", "task", "subset", "kind", "pictures", "access"]
    assert len(rows) == len(catalog.entries) and {len(row) for row in rows} == {len(title)}
    assert next(row for row in rows if row[0] == "2")[1:3] == ["ct-kidney", "CT"]


@pytest.mark.parametrize("arguments", [(), ("--data", "DATA"), ("--subsets",), ("--formats",)])
@pytest.mark.parametrize("width", [80, 120])
def test_list_on_a_terminal_keeps_to_its_width_with_a_row_a_line(
    call: Call, kidneys: Path, arguments: tuple[str, ...], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    lines = call("list", *(str(kidneys) if part == "DATA" else part for part in arguments)).out.splitlines()
    assert max(map(len, map(click.unstyle, lines[:-1]))) <= width  # the last may name a folder
    if not arguments:
        assert len(lines) == len(load_catalog().entries) + 2


@pytest.mark.parametrize(
    ("option", "value", "fields"),
    [
        ("--modality", "sonography", {"modality": {"US", "Ultrasound"}}),
        ("--modality", "us", {"modality": {"US", "Ultrasound"}}),
        ("--modality", "x ray", {"modality": {"X-Ray"}}),
        ("--access", "Rules", {"access": {"competition"}}),
        ("--license", "cc by-nc-sa", {}),
    ],
)
def test_filters_know_synonyms_and_no_letter_case(
    call: Call, catalog: Catalog, option: str, value: str, fields: dict[str, set[str]]
) -> None:
    rows = json.loads(call("list", "--json", option, value).out)
    assert rows and all({row[name] for row in rows} >= allowed for name, allowed in fields.items())
    assert len(rows) < len(catalog.entries)
    if option == "--license":
        assert all(row["license"].startswith("CC BY-NC-SA") for row in rows)


def test_a_license_is_not_a_longer_one() -> None:
    assert license_fits("CC BY 4.0 (Zenodo's default)", "CC-BY-4.0")
    assert not license_fits("CC BY-NC 4.0", "cc by")
    assert license_fits("CC BY-NC 4.0", "cc by*")


@pytest.mark.parametrize("command", ["list", "build"])
@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--modality", "fundos", "did you mean 'fundus'?"),
        ("--access", "opne", "did you mean 'open'?"),
        ("--license", "CC BX 4.0", "did you mean 'CC BY 4.0'?"),
        ("--subset", "99", "there is no such subset"),
    ],
)
def test_a_filter_that_fits_nothing_there_is_ends_with_2(
    call: Call, kidneys: Path, command: str, option: str, value: str, told: str
) -> None:
    done = call(command, option, value, *(("--data", kidneys) if command == "build" else ()))
    assert done.code == 2 and told in one_line(done.err)


def test_build_narrows_by_modality_and_subset(call: Call, kidneys: Path, catalog: Catalog, tmp_path: Path) -> None:
    write_example(catalog.get("mured").card, kidneys)
    for arguments, slug in ((("--modality", "FP"), "mured"), (("--subset", "2"), "ct-kidney")):
        out = tmp_path / slug
        assert call("build", "--data", kidneys, "--out", out, "-q", *arguments).code == 0
        assert [d["slug"] for d in json.loads((out / "manifest.json").read_text())["datasets"]] == [slug]
    done = call("build", "--data", kidneys, "--out", tmp_path / "none", "--modality", "FP", "--subset", "2")
    assert done.code == 2 and "nothing to do" in done.err


def test_show_takes_number_and_slug(call: Call, catalog: Catalog) -> None:
    by_number, by_slug = call("show", "2"), call("show", "CT-Kidney")
    assert by_number.code == 0 and by_number.out == by_slug.out
    for told in ("CT Kidney Dataset", "https://www.kaggle.com", "CT_Kindney_Dataset", "Stone", "licence:", "@article"):
        assert told in by_number.out
    card = json.loads(call("show", "02", "--json").out)
    assert card["slug"] == "ct-kidney" and card["labels"]["Stone"] == "Stone"
    assert card["plugin"]["dist"] == "medmat-plugin-ct"


def test_a_reader_that_stops_early_is_no_error(catalog: Catalog) -> None:
    for arguments in (["list"], ["list", "--json"], ["show", "2"]):
        process = subprocess.Popen(
            [*START, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()  # before a word was written
        assert "Error" not in process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 0, arguments


def test_work_goes_on_and_the_verdict_stays_though_nobody_reads(call: Call, tmp_path: Path) -> None:
    assert call("sample", 2, "--to", tmp_path / "med-mat").code == 0
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/Ori--03.json").write_text("[[[", encoding="utf-8")
    for arguments, code in (
        (["build", "2", "--data", tmp_path / "med-mat", "--out", tmp_path / "out", "--jobs", "1"], 0),
        (["audit", tmp_path / "broken/Ori--03.json"], 1),
    ):
        process = subprocess.Popen([*START, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        assert process.wait(60) == code, arguments
    assert (tmp_path / "out/manifest.json").is_file()


# -- sample and demo --------------------------------------------------------------------------------------


def test_sample_writes_a_tree_that_builds_and_checks(call: Call, catalog: Catalog, tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    done = call("sample", 2, "kvasir-seg", "--to", data)
    assert done.code == 0 and "of 2 data sets written" in done.out
    assert call("sample", 2, "kvasir-seg", "--to", data).code == 0  # the same files may be there
    assert call("check", "--data", data, "--partial").code == 0
    assert call("build", "--data", data, "--out", tmp_path / "out", "-q").code == 0


def test_sample_does_not_overwrite_a_users_file(call: Call, kidneys: Path) -> None:
    mine = pictures(kidneys)[3]
    mine.write_bytes(b"a real picture")
    before = tree_bytes(kidneys)
    done = call("sample", 2, "--to", kidneys)
    assert done.code == 2 and str(mine) in one_line(done.err) and "choose another folder" in done.err
    assert tree_bytes(kidneys) == before


# -- check ------------------------------------------------------------------------------------------------


def test_check_finds_a_sample_tree_sound(call: Call, kidneys: Path) -> None:
    done = call("check", 2, "--data", kidneys, "--partial")
    assert done.code == 0 and "1 of 1 data sets are right and without problems" in done.out
    assert call("check", 2, "--data", kidneys).code == 1  # 10 of 12,446 pictures


def test_check_json_says_what_lies_there(call: Call, kidneys: Path) -> None:
    (report,) = json.loads(call("check", "--data", kidneys, "--json", "--partial").out)
    assert list(report) == [
        "slug", "no", "folder", "present", "root", "layout", "completeness", "problems", "images", "images_published",
        "counts", "published", "expected", "reasons", "findings", "sound",
    ]  # fmt: skip
    assert (report["slug"], report["no"], report["present"], report["sound"]) == ("ct-kidney", 2, True, True)
    assert report["counts"] == {"Cyst": 3, "Normal": 3, "Stone": 2, "Tumor": 2}
    assert report["published"]["Cyst"] == 3709 and report["images"] == 10
    assert all(list(finding) == ["about", "what", "count", "examples"] for finding in report["findings"])


def test_check_names_what_is_damaged_with_1(call: Call, kidneys: Path) -> None:
    cut, gone = pictures(kidneys)[0], [path for path in pictures(kidneys) if path.parent.name == "Stone"]
    cut.write_bytes(cut.read_bytes()[:-200])
    for path in gone:
        path.unlink()
    (kidneys / "CT_Kindney_Dataset/stray.txt").write_text("what is this")
    done = call("check", 2, "--data", kidneys, "--json")
    assert done.code == 1
    (report,) = json.loads(done.out)
    told = {finding["what"]: finding for finding in report["findings"]}
    assert not report["sound"]
    assert told["truncated_image"]["about"] == "problems" and cut.name in told["truncated_image"]["examples"][0]
    assert told["1 class of the card has no picture"]["examples"] == ["'Stone', 1377 are published"]
    assert told["files that no rule reads"] == {
        "about": "note", "what": "files that no rule reads", "count": 1, "examples": ["stray.txt"],
    }  # fmt: skip
    assert call("check", 2, "--data", kidneys, "--verify", "none").code == 1  # Stone is missing all the same


def test_check_says_where_an_absent_data_set_was_looked_for(call: Call, kidneys: Path) -> None:
    done = call("check", "93", "--data", kidneys)
    assert done.code == 2 and "no folder 'Kvasir-SEG'" in done.out and str(kidneys) in done.out


def published(path: Path, *pairs: tuple[str, str]) -> Path:
    """A file as Med-MAT publishes it."""
    records = [
        {"id": number, "caption": caption, "image": image, "data-no": "2"}
        for number, (image, caption) in enumerate(pairs, 1)
    ]
    path.write_text(json.dumps(records))
    return path


def test_check_against_a_published_file(call: Call, kidneys: Path, tmp_path: Path) -> None:
    images = [path.relative_to(tmp_path).as_posix() for path in pictures(kidneys)]
    right = [(image, image.split("/")[-2]) for image in images]
    whole = published(tmp_path / "Ori--02.json", *right)
    done = call("check", 2, "--data", kidneys, "--published", whole)
    assert done.code == 0 and done.out.startswith("10 pictures agree\n")

    other = published(
        tmp_path / "train.json", (images[0], "Tumor"), *right[2:], ("med-mat/CT_Kindney_Dataset/x.jpg", "Cyst")
    )
    done = call("check", 2, "--data", kidneys, "--published", other, "--json")
    assert done.code == 1
    body = json.loads(done.out)
    assert body["same"] == 8
    assert [(d["kind"], d["published"], d["here"]) for d in body["differences"]] == [
        ("other label", "Tumor", "Cyst"),
        ("only published", "Cyst", ""),
    ]
    assert body["unseen"] == 1
    told = call("check", 2, "--data", kidneys, "--published", other).out
    assert "'Tumor' published, 'Cyst' here" in told and "8 pictures agree" in told

    parts = [published(tmp_path / f"{n}.json", *right[n::2]) for n in (0, 1)]
    assert call("check", 2, "--data", kidneys, "--published", parts[0], "--published", parts[1]).code == 0


def test_a_published_file_that_is_none_is_told(call: Call, kidneys: Path, tmp_path: Path) -> None:
    for name, text, told in (("a.json", "[1]", "not a Med-MAT file"), ("b.json", "{", "not valid JSON")):
        (tmp_path / name).write_text(text)
        done = call("check", 2, "--data", kidneys, "--published", tmp_path / name)
        assert done.code == 2 and told in one_line(done.err) and name in done.err


# -- build ------------------------------------------------------------------------------------------------


def test_build_tells_its_progress_in_plain_lines_and_a_summary(
    call: Call, kidneys: Path, catalog: Catalog, tmp_path: Path
) -> None:
    write_example(catalog.get("mured").card, kidneys)
    done = call("build", "--data", kidneys, "--out", tmp_path / "out")
    lines = done.err.splitlines()
    assert len(lines) == 2 and "\x1b" not in done.err and "\r" not in done.err
    assert (
        lines[0].startswith("2 ct-kidney: (1 of 2) ") and " train and " in lines[0] and lines[0].endswith("0 refused")
    )
    assert lines[1].startswith("24 mured: (2 of 2) ")
    for told in ("ct-kidney", "Questions a subset", "One question, of ct-kidney", f"are in {tmp_path / 'out'}"):
        assert told in " ".join(done.out.split())


def test_quiet_is_silent(call: Call, kidneys: Path, tmp_path: Path) -> None:
    done = call("build", 2, "--data", kidneys, "--out", tmp_path / "out", "--quiet")
    assert (done.out, done.err) == ("", "")


def test_formats_may_be_repeated_or_joined(call: Call, kidneys: Path, tmp_path: Path) -> None:
    for number, formats in enumerate((["--format", "medmat", "--format", "jsonl"], ["--format", "medmat,jsonl"])):
        assert call("build", 2, "--data", kidneys, "--out", tmp_path / str(number), "-q", *formats).code == 0
    assert tree_bytes(tmp_path / "0") == tree_bytes(tmp_path / "1")
    assert (tmp_path / "0/records/Ori--02-train.jsonl").exists()
