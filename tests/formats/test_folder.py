"""The exported folder: whole or not there, and never in the place of a user's files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medmat_core.cli import run
from medmat_core.errors import UsageError
from medmat_core.export import ExportOptions, Filters, export
from medmat_core.formats import Facts
from medmat_core.formats.card import withheld
from medmat_core.records import Built
from tests.built import toy

SLOW = """
import sys, time
from pathlib import Path
import medmat_core.export.run as run
from medmat_core.export import ExportOptions, export
from medmat_core.records import Built

class Stuck(Exception): pass

def stuck(count):
    print("working", flush=True)
    time.sleep(60)

run._BATCH = 1
export(Built.open(Path(sys.argv[1])), ["llava"], ExportOptions(Path(sys.argv[2]), jobs=1), progress=stuck)
"""


def test_a_killed_export_leaves_no_folder_that_looks_whole_and_the_next_sweeps_up(tmp_path: Path) -> None:
    out, to = toy(tmp_path / "built"), tmp_path / "to"
    child = subprocess.Popen([sys.executable, "-c", SLOW, str(out), str(to)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"working\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert not to.exists()
    left = [path for path in tmp_path.iterdir() if path.name.startswith("to.part-")]
    assert len(left) == 1
    export(Built.open(out), ["llava"], ExportOptions(to, jobs=1))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("to")] == ["to"]


def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, to = toy(tmp_path / "built"), tmp_path / "to"
    export(Built.open(out), ["llava"], ExportOptions(to, jobs=1))
    before = sorted(path.name for path in to.rglob("*"))

    def fail(count: int) -> None:
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        export(Built.open(out), ["chat"], ExportOptions(to, jobs=1), progress=fail)
    assert sorted(path.name for path in to.rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("to.")] == []


def test_an_export_takes_the_place_of_one_before_it(tmp_path: Path) -> None:
    out, to = Built.open(toy(tmp_path / "built")), tmp_path / "to"
    export(out, ["llava"], ExportOptions(to, jobs=1))
    export(out, ["swift"], ExportOptions(to, jobs=1))
    assert (to / "swift").is_dir()
    assert not (to / "llava").exists()


@pytest.mark.parametrize("name", ["notes.txt", "llava/my.json", "README.md"])
def test_a_file_that_no_export_wrote_is_never_overwritten(tmp_path: Path, name: str) -> None:
    to = tmp_path / "to"
    (to / name).parent.mkdir(parents=True)
    (to / name).write_text("mine")
    with pytest.raises(UsageError, match="no export wrote; choose an empty or a new folder"):
        export(Built.open(toy(tmp_path / "built")), ["llava"], ExportOptions(to, jobs=1))
    assert (to / name).read_text() == "mine"


def test_a_file_added_to_an_export_is_never_lost(tmp_path: Path) -> None:
    out, to = Built.open(toy(tmp_path / "built")), tmp_path / "to"
    export(out, ["llava"], ExportOptions(to, jobs=1))
    (to / "llava/mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"llava/mine\.txt"):
        export(out, ["llava"], ExportOptions(to, jobs=1))
    assert (to / "llava/mine.txt").read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    export(Built.open(toy(tmp_path / "built")), ["llava"], ExportOptions(tmp_path / "to", jobs=1))
    assert (tmp_path / "to/README.md").is_file()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "to")
    with pytest.raises(UsageError, match="file or link of that name"):
        export(Built.open(toy(tmp_path / "built")), ["llava"], ExportOptions(tmp_path / "to", jobs=1))


def test_the_command_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = toy(tmp_path / "built")
    code = run(["export", str(out), "--to", str(tmp_path / "to"), "--format", "llava,swift", "--jobs", "1"])
    said = capsys.readouterr().out
    assert code == 0
    assert "llava: 24 records, 1 left out" in said
    assert "swift: 25 records" in said


def test_a_left_out_picture_exits_with_one(tmp_path: Path) -> None:
    out = toy(tmp_path / "built")
    (out / "med-mat/labels/00.png").unlink()
    assert run(["export", str(out), "--to", str(tmp_path / "to"), "--format", "llava", "--jobs", "1", "-q"]) == 1


def test_a_build_with_another_out_finds_its_pictures_by_the_data_folder(tmp_path: Path) -> None:
    toy(tmp_path / "built")
    (tmp_path / "raw").mkdir()
    (tmp_path / "built/med-mat").rename(tmp_path / "raw/med-mat")
    export_ = [
        "export",
        str(tmp_path / "built"),
        "--to",
        str(tmp_path / "to"),
        "--format",
        "llava",
        "-q",
        "--jobs",
        "1",
    ]
    assert run(export_) == 2
    assert run([*export_, "--data", str(tmp_path / "raw/med-mat")]) == 0


def test_the_readme_says_what_must_not_be_passed_on(tmp_path: Path) -> None:
    export(Built.open(toy(tmp_path / "built")), ["llava"], ExportOptions(tmp_path / "to", jobs=1))
    text = (tmp_path / "to/README.md").read_text()
    kept = text.partition("## Not to be passed on")[2].partition("## Cite")[0]
    assert "toy-boxes" in kept
    assert "credentialed" in kept
    assert "toy-labels" not in kept
    assert time.strftime("%Y") not in text  # equal exports have equal bytes, whenever they are made


def test_a_public_export_refuses_what_must_not_be_passed_on_with_the_reason(tmp_path: Path) -> None:
    out, to = Built.open(toy(tmp_path / "built")), tmp_path / "to"
    with pytest.raises(UsageError, match=r"toy-boxes \(access is credentialed.*leave it out"):
        export(out, ["llava"], ExportOptions(to, jobs=1, public=True))
    assert not to.exists()
    done = export(out, ["llava"], ExportOptions(to, jobs=1, public=True, filters=Filters(datasets=("toy-labels",))))
    assert done.records["llava"] == 8


@pytest.mark.parametrize(
    ("license_", "access", "kept"),
    [
        ("CC BY 4.0", "open", False),
        ("CC0 Public Domain", "account", False),
        ("CC BY-NC-SA 4.0 (not re-checked on the page)", "open", False),
        ("MIT (of the source collection BCCD)", "open", False),
        ("CC BY 4.0", "competition", True),
        ("CC BY-NC-ND 4.0", "open", True),
        ("unknown on Kaggle; CC BY 4.0 on Mendeley, where the set was first published", "open", True),
        ("custom: non-commercial use, cite the paper, no redistribution of the data", "open", True),
        ("PhysioNet Restricted Health Data License 1.5.0", "account", True),
        ("Simula terms: research and educational use only", "open", True),
        ("", "open", True),
    ],
)
def test_what_is_not_known_to_be_allowed_is_withheld(license_: str, access: str, kept: bool) -> None:
    assert bool(withheld(Facts(1, "a", "A", 1, license_, access, "", ""))) == kept


def test_what_was_edited_in_an_export_is_not_replaced(tmp_path: Path) -> None:
    out, to = toy(tmp_path / "built"), tmp_path / "to"
    export(Built.open(out), ["llava"], ExportOptions(to, jobs=1))
    edited = next(path for path in sorted((to / "llava").iterdir()) if path.suffix == ".yaml")
    edited.write_text(edited.read_text(encoding="utf-8").replace("all", "random:50%"), encoding="utf-8")
    with pytest.raises(UsageError, match=rf"llava/{edited.name} was changed since; move it away"):
        export(Built.open(out), ["llava"], ExportOptions(to, jobs=1))
    assert "random:50%" in edited.read_text(encoding="utf-8")
    edited.unlink()
    export(Built.open(out), ["llava"], ExportOptions(to, jobs=1))
    assert "random:50%" not in edited.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["", "/", "mi", None])
def test_a_mark_that_claims_every_file_gives_away_none(tmp_path: Path, folder: str | None) -> None:
    from medmat_core.export.folder import EXPORT, check_free

    (tmp_path / EXPORT.mark).write_text(json.dumps({"files": {}, "folders": [folder]}), encoding="utf-8")
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="holds mine, which no export wrote"):
        check_free(tmp_path)


def test_a_folder_in_the_way_of_a_format_is_told_before_anything_is_built(tmp_path: Path) -> None:
    import medmat_core
    from tests.toy import toy_catalog, toy_dataset, zoo

    zoo(tmp_path / "med-mat")
    (tmp_path / "out/export").mkdir(parents=True)
    (tmp_path / "out/export/mine").write_text("mine", encoding="utf-8")
    catalog = toy_catalog(toy_dataset(tmp_path))
    with pytest.raises(UsageError, match="holds mine, which no export wrote"):
        medmat_core.build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, formats=["llava"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["export"]


def test_pictures_are_found_beside_the_build_as_well_as_in_it(tmp_path: Path) -> None:
    import medmat_core
    from tests.toy import toy_catalog, toy_dataset, zoo

    zoo(tmp_path / "med-mat")
    catalog = toy_catalog(toy_dataset(tmp_path))
    for out in (tmp_path, tmp_path / "out"):
        medmat_core.build(data=tmp_path / "med-mat", out=out, catalog=catalog, jobs=1)
        assert Built.open(out).pictures == tmp_path
        assert medmat_core.load(out)[0].picture().mode == "RGB"
    with pytest.raises(UsageError, match="'trian' is no part"):
        medmat_core.load(tmp_path, "trian")
