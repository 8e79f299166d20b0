"""A build that is killed leaves nothing half, goes on with --resume, and ends as if nothing had been."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medmat_core import build, fileio, load_catalog
from medmat_core.catalog import Catalog
from medmat_core.errors import BuildError, StrictError, UsageError
from medmat_core.pipeline import source
from medmat_core.pipeline.outfolder import WORK, OutFolder
from tests import deadly
from tests.outside import medmat, polyps, tree_bytes, whole
from tests.toy import picture, toy_catalog, toy_dataset, zoo

posix = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and flock are POSIX")


# -- kill -9 ----------------------------------------------------------------------------------------------

DEADLY = """
import os, signal, sys
pattern, left, own, replace = sys.argv[1], int(sys.argv[2]), os.getpid(), os.replace

def deadly(source, target, **settings):
    global left
    if os.getpid() == own and pattern in os.fspath(target):
        left -= 1
        if left < 0:
            os.kill(own, signal.SIGKILL)
    replace(source, target, **settings)

os.replace = deadly
from medmat_core.cli import main
from medmat_core.pipeline import engines
pool = engines.Pool  # where a worker gives names this process is not killed
engines.Pool = lambda jobs, careful: pool(jobs, careful=careful) if jobs > 1 else engines.InProcess()
main(sys.argv[3:])
"""


def killed(pattern: str, number: int, *arguments: object) -> bool:
    """Run a build that is killed (SIGKILL) when it is about to give its final name to a file whose path holds
    ``pattern``, after ``number`` others; whether it came to that."""
    command = [sys.executable, "-c", DEADLY, pattern, str(number), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict[str, bytes]]:
    """The arguments of a build that works in many steps, and what it makes undisturbed."""
    if "kvasir-seg" not in {dataset.slug for dataset in load_catalog()}:
        pytest.skip("needs the plugin of kvasir-seg")
    where = tmp_path_factory.mktemp("busy")
    data = polyps(where / "med-mat", 500, (64, 54))
    arguments = ["build", "93", "--data", str(data), "--verify", "full", "--format", "medmat", "--format", "jsonl"]
    done = medmat(*arguments, "--out", where / "out", "--jobs", 1, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    made = tree_bytes(where / "out")
    assert made["records/Ori--93-train.jsonl"].count(b"\n") > 400
    return arguments, made


@posix
@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_build_killed_at_any_moment_goes_on_and_ends_the_same(
    busy: tuple[list[str], dict[str, bytes]], tmp_path: Path, jobs: int
) -> None:
    arguments, expected = busy
    for number in (0, 2, 5, 8):
        out = tmp_path / f"out{number}"
        assert killed("", number, *arguments, "--out", out, "--jobs", jobs, "--quiet")
        if not (out / "manifest.json").exists():
            assert set(whole(out)) <= set(expected), "a file that no build writes"
        done = medmat(*arguments, "--out", out, "--jobs", 3 - jobs, "--quiet", "--resume")
        assert (done.returncode, done.stderr) == (0, "")
        assert tree_bytes(out) == expected


@posix
@pytest.mark.slow
def test_a_build_killed_again_and_again_gets_on_each_time(
    busy: tuple[list[str], dict[str, bytes]], tmp_path: Path
) -> None:
    arguments, expected = busy
    out = tmp_path / "out"
    for kept in (2, 4, 6):  # of eight; facts that stand are used, so each build comes to the next two
        assert killed(".facts", 2, *arguments, "--out", out, "--jobs", 1, "--quiet", "--resume")
        assert [name for name in whole(out) if name.endswith((".json", ".jsonl"))] == []
        assert len(list((out / WORK / "kvasir-seg").glob("*.facts"))) == kept
    done = medmat(*arguments, "--out", out, "--jobs", 1, "--quiet", "--resume")
    assert (done.returncode, done.stderr) == (0, "")
    assert tree_bytes(out) == expected


@posix
@pytest.mark.slow
def test_temporary_files_of_a_killed_build_are_gone_after_the_next(
    busy: tuple[list[str], dict[str, bytes]], tmp_path: Path
) -> None:
    arguments, expected = busy
    out = tmp_path / "out"
    assert killed(".jsonl.new", 0, *arguments, "--out", out, "--jobs", 1, "--quiet")
    assert list(out.rglob("*.part"))
    done = medmat(*arguments, "--out", out, "--jobs", 1, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert tree_bytes(out) == expected


# -- what is used again -----------------------------------------------------------------------------------


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Catalog, Path]:
    """(data set's folder, catalog, OUT) of a build that was stopped after eight of fourteen masks."""
    monkeypatch.setattr(source, "COSTLY_SHARD", 2)
    deadly.deadly_tree(tmp_path / "elsewhere" / "med-mat", 14)
    base = deadly.deadly_tree(tmp_path / "med-mat", 14)
    catalog = load_catalog(plugins=[deadly])
    (base / "stop").write_text("masks/009")
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(base, catalog, out)
    (base / "stop").unlink()
    assert len(deadly.decoded(base)) == 9
    (base / "decoded").unlink()
    return base, catalog, out


def run(base: Path, catalog: Catalog, out: Path, **options: Any) -> dict[str, bytes]:
    options.setdefault("jobs", 1)
    build(data=base.parent, out=out, catalog=catalog, **options)
    return tree_bytes(out)


def masks(base: Path) -> list[str]:
    return sorted({mask[6:9] for _, mask in deadly.decoded(base)})


def test_resume_decodes_only_what_was_not_done(stopped: tuple[Path, Catalog, Path], tmp_path: Path) -> None:
    base, catalog, out = stopped
    made = run(base, catalog, out, resume=True)
    assert masks(base) == ["008", "009", "010", "011", "012", "013"]
    assert made == run(base, catalog, tmp_path / "afresh")


def test_without_resume_everything_is_done_again(stopped: tuple[Path, Catalog, Path], tmp_path: Path) -> None:
    base, catalog, out = stopped
    made = run(base, catalog, out)
    assert len(masks(base)) == 14
    assert made == run(base, catalog, tmp_path / "afresh")


@pytest.mark.parametrize("part", ["pics/001.png", "masks/001.txt"])
def test_a_file_that_changed_since_is_looked_at_again(
    stopped: tuple[Path, Catalog, Path], tmp_path: Path, part: str
) -> None:
    base, catalog, out = stopped
    other = base / part.replace("001", "013")
    old = os.stat(base / part)
    shutil.copyfile(other, tmp_path / "other")
    os.utime(tmp_path / "other", ns=(old.st_atime_ns, old.st_mtime_ns))  # as a copy that keeps its times
    os.replace(tmp_path / "other", base / part)
    made = run(base, catalog, out, resume=True)
    assert masks(base) == ["000", "001", "008", "009", "010", "011", "012", "013"]
    assert made == run(base, catalog, tmp_path / "afresh")


def test_a_damaged_file_of_facts_is_made_again(stopped: tuple[Path, Catalog, Path], tmp_path: Path) -> None:
    base, catalog, out = stopped
    first, second, third, *_ = sorted((out / WORK / "deadly").glob("*.facts"))
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[:-3])
    third.write_bytes(third.read_bytes().replace(b"Polyp", b"Polxp"))
    made = run(base, catalog, out, resume=True)
    assert masks(base)[:6] == ["000", "001", "002", "003", "004", "005"]
    assert made == run(base, catalog, tmp_path / "afresh")


def test_a_card_that_changed_since_is_obeyed(
    stopped: tuple[Path, Catalog, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, _, out = stopped
    card = tmp_path / "deadly.toml"
    text = Path(deadly.__file__).with_suffix(".toml").read_text()
    card.write_text(text.replace('"Polyp"', '"Adenoma"'))
    monkeypatch.setattr(deadly, "__file__", str(tmp_path / "deadly.py"))
    made = run(base, load_catalog(plugins=[deadly]), out, resume=True)
    assert len(masks(base)) == 14
    lines = made["Original_Medical_Datasets/Ori--deadly-train.json"]
    assert b'"caption": "Adenoma"' in lines and b'"caption": "Polyp"' not in lines


def test_data_of_the_same_name_in_another_place_are_looked_at(
    stopped: tuple[Path, Catalog, Path], tmp_path: Path
) -> None:
    _, catalog, out = stopped
    other = tmp_path / "elsewhere/med-mat/deadly"  # older than what the stopped build left
    run(other, catalog, out, resume=True)
    assert len(masks(other)) == 14


# -- other arguments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"seed": 5}, "had --seed 0, this one has 5"),
        ({"verify": "full"}, "had --verify header, this one has full"),
        ({"formats": ("llava",)}, "had --format jsonl, medmat, this one has jsonl, llava, medmat"),
        ({"asks": ("box",)}, "had --ask unset, this one has box"),
    ],
)
def test_resume_with_other_arguments_is_refused_and_harms_nothing(
    stopped: tuple[Path, Catalog, Path], tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    base, catalog, out = stopped
    before = tree_bytes(out)
    with pytest.raises(UsageError, match=told) as stop:
        run(base, catalog, out, resume=True, **options)
    assert stop.value.exit_code == 2 and "without --resume" in str(stop.value)
    assert tree_bytes(out) == before
    run(base, catalog, out, resume=True)
    assert "000" not in masks(base)


def test_jobs_may_change_between_a_build_and_its_resume(stopped: tuple[Path, Catalog, Path], tmp_path: Path) -> None:
    base, catalog, out = stopped
    made = run(base, catalog, out, resume=True, jobs=2)
    assert "000" not in masks(base)
    assert made == run(base, catalog, tmp_path / "afresh")


def test_resume_of_nothing_is_a_build(tmp_path: Path) -> None:
    base = deadly.deadly_tree(tmp_path / "med-mat", 5)
    catalog = load_catalog(plugins=[deadly])
    made = run(base, catalog, tmp_path / "one", resume=True)
    assert made == run(base, catalog, tmp_path / "two")
    assert made == run(base, catalog, tmp_path / "one", resume=True)


# -- a second build into the same folder ------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Catalog]:
    """Data sets 'one' and 'two' of class folders, and their catalog."""
    data = tmp_path / "med-mat"
    for place, slug in enumerate(("one", "two")):
        for shade, name in enumerate(("cat", "dog", "cow")):
            for number in range(6):
                picture(data / slug / "pics" / name / f"{number}.png", 900 * place + 100 * shade + number)
    return data, toy_catalog(*(toy_dataset(tmp_path, slug=slug, folder=slug) for slug in ("one", "two")))


def test_a_second_build_that_fails_leaves_what_stands_as_it_is(two: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = two
    out = tmp_path / "out"
    build(data=data, out=out, catalog=catalog, jobs=1)
    before = tree_bytes(out)
    (data / "two/pics/cat/0.png").write_bytes(b"no picture")
    with pytest.raises(StrictError):
        build(["two"], data=data, out=out, catalog=catalog, jobs=1, strict=True)
    assert {name: raw for name, raw in tree_bytes(out).items() if not name.startswith(WORK)} == before


def test_a_killed_build_leaves_no_files_to_the_next_with_other_data_sets(
    two: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = two
    out = tmp_path / "out"
    for resume in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(OutFolder, "commit", lambda self, files: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                build(["one"], data=data, out=out, catalog=catalog, jobs=1)
        assert whole(out) == []
        build(["two"], data=data, out=out, catalog=catalog, jobs=1, resume=resume)
        build(["two"], data=data, out=tmp_path / "alone", catalog=catalog, jobs=1)
        assert tree_bytes(out) == tree_bytes(tmp_path / "alone")
        shutil.rmtree(out)


def test_a_manifest_that_medmat_did_not_write_is_not_overwritten(two: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = two
    out = tmp_path / "site"
    out.mkdir()
    (out / "manifest.json").write_text('{"name": "my web app"}')
    with pytest.raises(UsageError, match=r"manifest\.json was not written by medmat"):
        build(data=data, out=out, catalog=catalog, jobs=1)
    assert (out / "manifest.json").read_text() == '{"name": "my web app"}'


# -- a disk that is full, a folder that cannot be written -------------------------------------------------


@pytest.mark.parametrize(
    "place", ["Original_Medical_Datasets", "Aggregated_Subsets", "records", "problems", "manifest"]
)
def test_a_full_disk_is_one_line_and_leaves_nothing_half(
    two: tuple[Path, Catalog], tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = two
    out = tmp_path / "out"
    sync = os.fsync

    def full(handle: int) -> None:
        if place in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    if not Path("/proc/self/fd").exists():
        pytest.skip("files are told by /proc")
    # both data sets are one subset: its files are written, not linked
    with monkeypatch.context() as patch:
        patch.setattr(fileio.os, "fsync", full)
        with pytest.raises(BuildError, match="the disk is full") as stop:
            build(data=data, out=out, catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    assert stop.value.exit_code == 3 and place in str(stop.value) and "\n" not in str(stop.value)
    assert not (out / "manifest.json").exists() and not list(out.rglob("*.part"))
    whole(out)
    build(data=data, out=out, catalog=catalog, jobs=1, formats=("medmat", "jsonl"), resume=True)
    build(data=data, out=tmp_path / "afresh", catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    assert tree_bytes(out) == tree_bytes(tmp_path / "afresh")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 KB."""
    where = tmp_path / "disk"
    where.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(where)], capture_output=True, check=False
    ) if shutil.which("mount") else None  # fmt: skip
    if made is None or made.returncode:
        pytest.skip("mounting a small file system takes root")
    yield where
    subprocess.run(["umount", str(where)], check=True)


def test_a_disk_that_is_really_full_is_one_line_and_exit_3(small_disk: Path, tmp_path: Path) -> None:
    if "ct-kidney" not in {dataset.slug for dataset in load_catalog()}:
        pytest.skip("needs the plugin of ct-kidney")
    from tests.outside import kidneys

    data = kidneys(tmp_path / "med-mat", 2400)
    out = small_disk / "out"
    done = medmat("build", "2", "--data", data, "--out", out, "--quiet", "--jobs", 1)
    assert done.returncode == 3 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and "the disk is full; free some room" in done.stderr
    assert not list(out.rglob("*.part")) and whole(out) == []


def test_a_full_disk_in_a_worker_is_told_the_same(
    small_disk: Path, tmp_path: Path, busy: tuple[Path, list[str], dict[str, bytes], float]
) -> None:
    arguments, _ = busy
    (small_disk / "ballast").write_bytes(b"x" * 380_000)
    done = medmat(*arguments, "--out", small_disk / "out", "--quiet", "--jobs", 2)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1 and "the disk is full" in done.stderr


@pytest.mark.parametrize("blocked", ["out", "out/inner"])
def test_an_out_folder_that_cannot_be_written_is_one_line_and_exit_3(
    tmp_path: Path, blocked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = toy_catalog(toy_dataset(tmp_path))
    data = zoo(tmp_path / "med-mat")
    (tmp_path / "out").write_text("a file")
    out = tmp_path / blocked
    with pytest.raises(BuildError, match="cannot be written") as stop:
        build(data=data, out=out, catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    assert stop.value.exit_code == 3 and "\n" not in str(stop.value) and "out" in str(stop.value)


def test_a_file_whose_folder_was_removed_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    file = fileio.GrowingFile(folder / "a.jsonl")
    shutil.rmtree(folder)
    file.write("a line")
    with pytest.raises(BuildError, match="its folder was removed meanwhile; build again"):
        file.finish()
