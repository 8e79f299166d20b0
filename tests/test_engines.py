"""Where the work is done changes no byte, and workers may die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medmat_core import build, load_catalog, readers
from medmat_core.catalog import Catalog
from medmat_core.errors import BuildError, UsageError
from medmat_core.pipeline import cluster as dask_engine
from medmat_core.pipeline import engines, source
from medmat_core.pipeline.engines import Pool
from medmat_core.samples import write_example
from tests import deadly
from tests.outside import alive, descendants, medmat, polyps, tree_bytes
from tests.toy import toy_catalog, toy_dataset, zoo

KINDS = ("ct-kidney", "mured", "kvasir-seg", "vindr-pcxr-boxes", "siim-acr-pneumothorax", "duke-liver-mri-v1")
"""Class folders, one-hot table, JPEG masks, boxes on DICOM, run lengths on DICOM, volumes."""

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    found = load_catalog()
    missing = set(KINDS) - {dataset.slug for dataset in found}
    if missing:
        pytest.skip(f"needs the plugins of {', '.join(sorted(missing))}")
    return found


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few samples a partition, so that tiny data sets have several."""
    monkeypatch.setattr(source, "SHARD", 4)
    monkeypatch.setattr(source, "COSTLY_SHARD", 2)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch, small_shards: None) -> None:
    """A pool that gives every task to a worker, however small the work is."""
    started = Pool._started

    def waited(pool: Pool) -> bool:
        started(pool)
        assert pool._starter is not None
        pool._starter.join()
        return started(pool)

    monkeypatch.setattr(engines, "PATIENCE", 0)
    monkeypatch.setattr(Pool, "_started", waited)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Path:
    data = tmp_path_factory.mktemp("mixed") / "med-mat"
    for slug in KINDS:
        write_example(catalog.get(slug).card, data)
    return data


@pytest.fixture(scope="module")
def alone(mixed: Path, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one job makes of the mixed data sets, in partitions of the usual size."""
    out = tmp_path_factory.mktemp("alone") / "out"
    build(data=mixed, out=out, catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    made = tree_bytes(out)
    for no in ("02", "24", "93"):
        assert made[f"records/Ori--{no}-train.jsonl"].count(b"\n") > 1
    assert any(name.startswith("rendered/siim") for name in made)
    assert any(name.startswith("rendered/duke") for name in made)
    return made


def test_small_partitions_change_no_byte(
    mixed: Path, catalog: Catalog, alone: dict[str, bytes], tmp_path: Path, small_shards: None
) -> None:
    build(data=mixed, out=tmp_path / "out", catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    assert tree_bytes(tmp_path / "out") == alone


@pytest.mark.parametrize("jobs", [2, 3])
def test_any_number_of_jobs_gives_the_same_bytes(
    mixed: Path, catalog: Catalog, alone: dict[str, bytes], tmp_path: Path, eager: None, jobs: int
) -> None:
    build(data=mixed, out=tmp_path / "out", catalog=catalog, jobs=jobs, formats=("medmat", "jsonl"))
    assert tree_bytes(tmp_path / "out") == alone


def test_lines_that_go_through_files_give_the_same_bytes(
    mixed: Path, catalog: Catalog, alone: dict[str, bytes], tmp_path: Path, small_shards: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from medmat_core.pipeline import one, publish

    monkeypatch.setattr(one, "KEPT", 0)
    monkeypatch.setattr(publish, "KEPT", 0)
    build(data=mixed, out=tmp_path / "out", catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    assert tree_bytes(tmp_path / "out") == alone


@pytest.mark.parametrize("kept", [60_000, 0])
def test_an_adapter_without_order_gives_the_same_bytes_in_partitions_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    from medmat_core.pipeline import one, publish

    data = zoo(tmp_path / "med-mat", 7)

    def samples(tree: Any, card: Any) -> Iterator[Any]:
        found = list(readers.class_folders(tree, card))
        yield from found[::-2] + found[::2]  # every partition reaches into every other

    catalog = toy_catalog(toy_dataset(tmp_path, samples))
    build(data=data, out=tmp_path / "one", catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    monkeypatch.setattr(source, "SHARD", 5)
    monkeypatch.setattr(source, "COSTLY_SHARD", 3)
    monkeypatch.setattr(one, "KEPT", kept)
    monkeypatch.setattr(publish, "KEPT", kept)
    build(data=data, out=tmp_path / "two", catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    made = tree_bytes(tmp_path / "two")
    assert made == tree_bytes(tmp_path / "one")
    images = [json.loads(line)["image"] for line in made["records/Ori--toy-train.jsonl"].splitlines()]
    assert len(images) > 20 and images == sorted(images)


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A Dask cluster in this process whose workers run two threads each."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=False, dashboard_address=None, silence_logs=50
    ) as made:
        yield made


def test_dask_gives_the_same_bytes_even_with_threads_in_its_workers(
    mixed: Path, catalog: Catalog, alone: dict[str, bytes], tmp_path: Path, small_shards: None, cluster: Any
) -> None:
    address = cluster.scheduler_address
    out = tmp_path / "out"
    build(data=mixed, out=out, catalog=catalog, engine="dask", scheduler=address, formats=("medmat", "jsonl"))
    assert tree_bytes(out) == alone


# -- workers that die -------------------------------------------------------------------------------------


@pytest.fixture
def perilous(tmp_path: Path) -> tuple[Path, Catalog]:
    """The folder of a data set whose masks may kill, and a catalog of it alone."""
    base = deadly.deadly_tree(tmp_path / "med-mat", 14)
    return base, load_catalog(plugins=[deadly])


def undisturbed(base: Path, catalog: Catalog, out: Path) -> dict[str, bytes]:
    build(data=base.parent, out=out, catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    made = tree_bytes(out)
    assert b"Polyp" in made["records/Ori--deadly-train.jsonl"]
    return made


def test_a_worker_that_dies_costs_nothing_where_no_picture_killed_it(
    perilous: tuple[Path, Catalog], tmp_path: Path, eager: None
) -> None:
    base, catalog = perilous
    expected = undisturbed(base, catalog, tmp_path / "one")
    (base / "die").write_bytes(b"x")
    build(data=base.parent, out=tmp_path / "two", catalog=catalog, jobs=2, formats=("medmat", "jsonl"))
    assert not (base / "die").exists()
    assert tree_bytes(tmp_path / "two") == expected


def test_pictures_that_kill_whoever_decodes_them_cost_a_line_each(
    perilous: tuple[Path, Catalog], tmp_path: Path, eager: None
) -> None:
    base, catalog = perilous
    deaths = {"002": ("11", "signal 11"), "003": ("exit 7", "exit code 7"), "012": ("6", "signal 6")}
    (base / "refuse").write_text("".join(f"{name} the decoder died: {how}\n" for name, (_, how) in deaths.items()))
    expected = undisturbed(base, catalog, tmp_path / "one")
    (base / "refuse").unlink()
    (base / "kill").write_text("".join(f"{name} {way}\n" for name, (way, _) in deaths.items()))
    out = tmp_path / "two"
    manifest = build(data=base.parent, out=out, catalog=catalog, jobs=2, formats=("medmat", "jsonl"))
    refused = [problem for problem in manifest.datasets[0].problems if problem.level == "refused"]
    assert {(p.reason, p.file, p.detail) for p in refused} == {
        ("bad_mask", f"pics/{name}.png", f"the decoder died: {how}") for name, (_, how) in deaths.items()
    }
    assert tree_bytes(out) == expected


@pytest.mark.parametrize("size", [2, 64])
@pytest.mark.parametrize(
    "culprits",
    ["000", "013", "000 001", "004 005", "001 003 005 007 009 011 013", " ".join(f"{n:03d}" for n in range(13)), "."],
)
def test_wherever_such_pictures_stand_and_however_many_they_are_the_others_are_built(
    perilous: tuple[Path, Catalog], tmp_path: Path, eager: None, monkeypatch: pytest.MonkeyPatch, size: int,
    culprits: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(source, "COSTLY_SHARD", size)
    base, catalog = perilous
    (base / "refuse").write_text("".join(f"{name} the decoder died: signal 11\n" for name in culprits.split()))
    build(data=base.parent, out=tmp_path / "one", catalog=catalog, jobs=1, formats=("medmat", "jsonl"))
    (base / "refuse").unlink()
    (base / "kill").write_text("".join(f"{name} 11\n" for name in culprits.split()))
    build(data=base.parent, out=tmp_path / "two", catalog=catalog, jobs=2, formats=("medmat", "jsonl"))
    assert tree_bytes(tmp_path / "two") == tree_bytes(tmp_path / "one")


def test_a_whole_shard_of_such_pictures_costs_a_line_each(tmp_path: Path) -> None:
    base = deadly.deadly_tree(tmp_path / "med-mat", 70)
    (base / "kill").write_text("".join(f"{number:03d} 11\n" for number in range(64)))
    manifest = build(
        data=base.parent, out=tmp_path / "out", catalog=load_catalog(plugins=[deadly]), jobs=2, resume=True
    )
    refused = [problem.file for problem in manifest.datasets[0].problems if problem.level == "refused"]
    assert refused == [f"pics/{number:03d}.png" for number in range(64)]
    assert (tmp_path / "out/records/Ori--deadly-train.jsonl").exists()


@pytest.mark.parametrize("resume", [True, False])
def test_with_one_job_the_build_after_a_crash_leaves_all_to_a_worker(
    perilous: tuple[Path, Catalog], tmp_path: Path, resume: bool
) -> None:
    base, catalog = perilous
    (tmp_path / "out/.medmat-work").mkdir(parents=True)  # as a build that was killed leaves it
    (base / "kill").write_text("005 11\n")
    manifest = build(data=base.parent, out=tmp_path / "out", catalog=catalog, jobs=1, resume=resume)
    refused = [problem.detail for problem in manifest.datasets[0].problems if problem.level == "refused"]
    assert refused == ["the decoder died: signal 11"]


def test_a_picture_that_never_ends_to_be_read_costs_its_own_line(
    perilous: tuple[Path, Catalog], tmp_path: Path, eager: None
) -> None:
    base, catalog = perilous
    (base / "kill").write_text(f"005 exit {engines.NEVER_ENDS}\n")
    manifest = build(data=base.parent, out=tmp_path / "out", catalog=catalog, jobs=2)
    refused = [
        (problem.file, problem.detail) for problem in manifest.datasets[0].problems if problem.level == "refused"
    ]
    assert refused == [("pics/005.png", "it never ends to be read")]


@pytest.mark.parametrize("way", ["9", "exit 3"])
def test_a_worker_that_is_killed_or_gives_up_is_no_picture_s_fault(
    perilous: tuple[Path, Catalog], tmp_path: Path, eager: None, way: str
) -> None:
    base, catalog = perilous
    (base / "kill").write_text(f"005 {way}\n")
    with pytest.raises(BuildError, match=r"out of memory.*--resume" if way == "9" else "gave up; .*--resume"):
        build(data=base.parent, out=tmp_path / "out", catalog=catalog, jobs=2)


def test_a_build_that_goes_on_leaves_to_workers_what_may_have_killed_it(
    perilous: tuple[Path, Catalog], tmp_path: Path, small_shards: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, catalog = perilous
    monkeypatch.setattr(engines, "PATIENCE", 60)
    build(data=base.parent, out=tmp_path / "out", catalog=catalog, jobs=2, resume=True)
    assert len(deadly.decoded(base)) == 14 and os.getpid() not in {process for process, _ in deadly.decoded(base)}


def test_work_is_done_in_the_workers(perilous: tuple[Path, Catalog], tmp_path: Path, eager: None) -> None:
    base, catalog = perilous
    build(data=base.parent, out=tmp_path / "out", catalog=catalog, jobs=2)
    workers = {process for process, _ in deadly.decoded(base)}
    assert len(deadly.decoded(base)) == 14 and os.getpid() not in workers


def test_small_work_starts_no_worker(
    perilous: tuple[Path, Catalog], tmp_path: Path, small_shards: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, catalog = perilous
    monkeypatch.setattr(engines, "PATIENCE", 60)
    started: list[Pool] = []
    monkeypatch.setattr(Pool, "_start", started.append)
    build(data=base.parent, out=tmp_path / "out", catalog=catalog, jobs=2)
    assert started == []
    assert {process for process, _ in deadly.decoded(base)} == {os.getpid()}


@pytest.mark.slow
def test_dask_tries_the_partition_of_a_dead_worker_again(
    perilous: tuple[Path, Catalog], tmp_path: Path, small_shards: None
) -> None:
    pytest.importorskip("distributed")
    base, catalog = perilous
    expected = undisturbed(base, catalog, tmp_path / "one")
    (base / "die").write_bytes(b"x")
    out = tmp_path / "two"
    build(data=base.parent, out=out, catalog=catalog, jobs=2, engine="dask", formats=("medmat", "jsonl"))
    assert not (base / "die").exists()
    assert tree_bytes(out) == expected


def test_an_error_in_a_worker_is_told_as_it_is(perilous: tuple[Path, Catalog], tmp_path: Path, eager: None) -> None:
    base, catalog = perilous
    (base / "full").touch()
    with pytest.raises(BuildError, match=r"^the disk of the worker is full$"):
        build(data=base.parent, out=tmp_path / "out", catalog=catalog, jobs=2)


# -- what happens to workers ------------------------------------------------------------------------------


def until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_a_pool_whose_own_thread_finds_no_room_for_another_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from multiprocessing.queues import Queue

    def full(queue: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(engines, "PATIENCE", 0.0)
    monkeypatch.setattr(engines, "_LOOK", 0.05)
    monkeypatch.setattr(Queue, "_start_thread", full)
    pool, hook = Pool(2), threading.excepthook

    def tasks() -> Iterator[int]:
        yield 1
        time.sleep(1)
        yield from range(100000)

    with pytest.raises(BuildError, match="can't start new thread"):
        list(pool.map(abs, tasks()))
    pool.close()
    assert threading.excepthook == hook and capsys.readouterr().err == ""


WAITING = """
import os, sys, time
from medmat_core import build
from medmat_core.pipeline import engines

own, replace = os.getpid(), os.replace

def waiting(source, target, **settings):
    if os.getpid() == own and "Ori--93" in os.fspath(target):
        print("all is looked at", flush=True)
        time.sleep(600)
    replace(source, target, **settings)

engines.PATIENCE, os.replace = 0, waiting
build(["93"], data=sys.argv[1], out=sys.argv[2], jobs=2, verify="full")
"""


@needs_proc
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, catalog: Catalog) -> None:
    data = polyps(tmp_path / "med-mat", 300, (64, 54))
    command = [sys.executable, "-c", WAITING, str(data), str(tmp_path / "out")]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE)
    workers: set[int] = set()
    try:
        assert process.stdout is not None and process.stdout.readline() == "all is looked at\n"
        assert until(lambda: len(descendants(process.pid)) >= 3, 60)
        workers = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert until(lambda: not any(map(alive, workers)), 60), "workers live on"
    finally:
        process.kill()
        for worker in filter(alive, workers):
            os.kill(worker, signal.SIGKILL)
        process.communicate()


SCRIPT = """
import sys
import threading
from medmat_core import build

build(["93"], data=sys.argv[1], out=sys.argv[2], jobs=2, verify="full")
"""


def test_a_script_needs_no_guard_around_its_build(tmp_path: Path, catalog: Catalog) -> None:
    data = polyps(tmp_path / "med-mat", 300, (64, 54))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script, data, tmp_path / "out"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out/manifest.json").exists()


# -- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["start_engine('local', 2, None)", "start_engine('dask', 1, None)"])
def test_no_process_takes_modules_from_the_folder_that_the_user_is_in(tmp_path: Path, engine: str) -> None:
    if "dask" in engine:
        pytest.importorskip("distributed")
    data, script = tmp_path / "data", tmp_path / "bin" / "run.py"
    data.mkdir()
    script.parent.mkdir()
    for name in ("socket", "signal", "random", "queue", "numpy", "cv2", "medmat_core"):
        (data / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\n", encoding="utf-8")
    script.write_text(
        "from operator import neg\n"
        "from medmat_core.pipeline.engines import start_engine\n"
        "if __name__ == '__main__':\n"
        f"    engine = {engine}\n"
        "    getattr(engine, '_start', int)()\n"
        "    print(*engine.map(neg, range(3)))\n"
        "    engine.close()\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], cwd=data, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "0 -1 -2\n"), done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("engine", ["start_engine('local', 1, None, careful=True)", "start_engine('dask', 1, None)"])
def test_no_process_takes_shared_libraries_from_the_folder_that_the_user_is_in(tmp_path: Path, engine: str) -> None:
    if "dask" in engine:
        pytest.importorskip("distributed")
    script = tmp_path / "run.py"
    script.write_text(
        "import os, cv2\n"
        "from medmat_core.pipeline.engines import start_engine\n"
        "if __name__ == '__main__':\n"
        f"    engine = {engine}\n"
        '    asked = [\'__import__("os").getpid()\', \'__import__("os").getenv("LD_LIBRARY_PATH")\']\n'
        "    print(os.getpid(), *engine.map(eval, asked))\n"
        "    engine.close()\n",
        encoding="utf-8",
    )
    bare = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    done = subprocess.run([sys.executable, script], env=bare, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    pid, others, libraries = done.stdout.split()
    assert pid != others
    assert all(os.path.isabs(entry) for entry in libraries.split(":")), libraries  # an empty one is that folder


@pytest.mark.parametrize(
    ("address", "expected"), [("tcp://nowhere", 2), ("tcp://127.0.0.1:1", 3), ("nonsense", 2), ("foo://x:1", 2)]
)
def test_a_scheduler_that_is_not_there_is_one_line(
    tmp_path: Path, catalog: Catalog, address: str, expected: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    pytest.importorskip("distributed")
    from medmat_core.cli import run

    monkeypatch.setattr(dask_engine, "_ANSWER", 1)
    write_example(catalog.get("kvasir-seg").card, tmp_path / "med-mat")
    out = tmp_path / "out"
    code = run(
        [
            "build",
            "93",
            "--data",
            str(tmp_path / "med-mat"),
            "--out",
            str(out),
            "--engine",
            "dask",
            "--scheduler",
            address,
        ]
    )
    told = capsys.readouterr().err.splitlines()
    assert code == expected and len(told) == 1
    assert told[0].startswith(f"medmat: --scheduler {address}: no Dask scheduler answers there")
    assert not out.exists()


def test_a_scheduler_goes_with_dask_only(tmp_path: Path, mixed: Path, catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="--engine dask"):
        build(data=mixed, out=tmp_path / "out", catalog=catalog, scheduler="tcp://127.0.0.1:8786")


def test_without_dask_the_engine_says_what_to_install(
    tmp_path: Path, mixed: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'medmat-core\[dask\]'"):
        build(data=mixed, out=tmp_path / "out", catalog=catalog, engine="dask")


@pytest.mark.slow
def test_the_command_takes_a_local_dask_cluster(tmp_path: Path, mixed: Path, alone: dict[str, bytes]) -> None:
    pytest.importorskip("distributed")
    done = medmat(
        "build", "--data", mixed, "--out", tmp_path / "out", "--engine", "dask", "--jobs", 2,
        "--format", "medmat", "--format", "jsonl", "--quiet",
    )  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)
    assert tree_bytes(tmp_path / "out") == alone


def test_a_plugins_decoder_that_fails_costs_its_picture_and_names_its_line(
    perilous: tuple[Path, Catalog], tmp_path: Path, eager: None
) -> None:
    base, catalog = perilous
    (base / "masks/004.txt").unlink()  # this plugin does not care
    manifest = build(data=base.parent, out=tmp_path / "out", catalog=catalog, jobs=2)
    (refused,) = (problem for problem in manifest.datasets[0].problems if problem.level == "refused")
    assert (refused.reason, refused.file) == ("bad_mask", "pics/004.png")
    assert "FileNotFoundError" in refused.detail and "line" in refused.detail
