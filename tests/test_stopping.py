"""Whoever stops medmat gets one line that says how to go on, and the exit code that a shell expects."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from medmat_core.pipeline.outfolder import WORK
from tests.outside import medmat, polyps, start, tree_bytes, whole

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
WHILE = 60
"""Seconds after which something hangs; far more than any end takes."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return polyps(tmp_path_factory.mktemp("stopping") / "med-mat", 300)


def build(data: Path, out: Path, jobs: int) -> list[object]:
    return ["build", "93", "--data", data, "--out", out, "--jobs", jobs, "--verify", "full", "--quiet"]


def under_way(process: object, out: Path) -> None:
    """Wait until the build is at its pictures."""
    end = time.monotonic() + WHILE
    while not list((out / WORK).glob("kvasir-seg/*.facts")):
        assert time.monotonic() < end and process.poll() is None  # type: ignore[attr-defined]
        time.sleep(0.02)


@posix
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_to_all_processes_ends_the_build_in_one_line_that_says_how_to_go_on(
    data: Path, tmp_path: Path, name: str, code: int, jobs: int
) -> None:
    out = tmp_path / "out of it's way"
    process = start(*build(data, out, jobs))
    under_way(process, out)
    os.killpg(process.pid, getattr(signal, name))
    told, error = process.communicate(timeout=WHILE)
    assert (process.returncode, told) == (code, "")
    (line,) = error.splitlines()
    assert line.startswith("medmat: stopped; go on with: medmat build 93 --data ") and line.endswith(" --resume")
    assert """--out '""" in line and """'"'"'s way'""" in line  # as a shell reads it
    assert not (out / "manifest.json").exists() and set(whole(out)) == set()


@posix
def test_a_second_signal_changes_nothing(data: Path, tmp_path: Path) -> None:
    process = start(*build(data, tmp_path / "out", 2))
    under_way(process, tmp_path / "out")
    for _ in range(5):
        os.killpg(process.pid, signal.SIGINT)
    error = process.communicate(timeout=WHILE)[1]
    assert process.returncode == 130 and error.count("\n") == 1 and "stopped; go on with" in error


@posix
@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_build_that_is_killed_and_stopped_again_and_again_ends_as_if_nothing_had_been(
    data: Path, tmp_path: Path, kills: int
) -> None:
    assert medmat(*build(data, tmp_path / "whole", 1)).returncode == 0
    out, moments = tmp_path / "out", random.Random(kills)
    for number in range(kills):
        process = start(*build(data, out, 1 + number % 2), "--resume")
        time.sleep(moments.random() * 4)
        os.killpg(process.pid, (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[number % 3])
        process.communicate(timeout=WHILE)
        if not (out / "manifest.json").exists():
            assert set(whole(out)) <= set(whole(tmp_path / "whole"))
    done = medmat(*build(data, out, 2), "--resume")
    assert (done.returncode, done.stderr) == (0, "")
    assert tree_bytes(out) == tree_bytes(tmp_path / "whole")


def limited(data: Path, out: Path, megabytes: int) -> tuple[int, str]:
    import resource
    import subprocess

    from tests.outside import START

    done = subprocess.run(
        [*START, *map(str, build(data, out, 2))], capture_output=True, text=True, timeout=300, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20,) * 2),
    )  # fmt: skip
    return done.returncode, done.stderr


@posix
@pytest.mark.parametrize("megabytes", [450, 460, 700])
def test_a_worker_that_cannot_start_ends_the_build_in_one_line(data: Path, tmp_path: Path, megabytes: int) -> None:
    code, error = limited(data, tmp_path / "out", megabytes)
    assert code in (0, 1, 3), error  # how much a process takes hangs on its libraries
    assert error.count("\n") == (code == 3) and "Traceback" not in error
    assert code != 3 or "memory" in error or "worker" in error
    if code == 1:  # there was room for all but some pictures
        told = (tmp_path / "out/problems.jsonl").read_text("utf-8").splitlines()
        assert told and all("memory" in line.casefold() for line in told), told


def test_a_dask_cluster_without_workers_is_one_line(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    distributed = pytest.importorskip("distributed")
    from medmat_core.cli import run
    from medmat_core.pipeline import cluster as engine

    monkeypatch.setattr(engine, "_WORKERS", 1)
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None, silence_logs=50) as cluster:
        address = cluster.scheduler_address
        given = ["build", "93", "--data", data, "--out", tmp_path / "out", "--engine", "dask", "--scheduler", address]
        assert run(list(map(str, given))) == 3
    assert capsys.readouterr().err.splitlines() == [
        f"medmat: the Dask scheduler at {address} has no workers; start some (dask worker ADDR), or see their logs"
    ]


def test_dask_workers_that_do_not_see_the_data_are_named(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    distributed = pytest.importorskip("distributed")
    from medmat_core.cli import run
    from medmat_core.pipeline import cluster as engine

    monkeypatch.setattr(engine, "_unseen", lambda folders: [folders[0]])
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None, silence_logs=50) as cluster:
        address = cluster.scheduler_address
        given = ["build", "93", "--data", data, "--out", tmp_path / "out", "--engine", "dask", "--scheduler", address]
        assert run(list(map(str, given))) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "does not see" in line and str(data) in line and "shared file system" in line
