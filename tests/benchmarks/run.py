"""Speed and size against yardsticks that run beside them: ``tox -e bench``, or ``python tests/benchmarks/run.py``.

Every row of the table is a ratio of times that were taken side by side, in the quietest of several turns, so that
neither a busy machine nor a cold disk decides. Wall time is what is promised; CPU time (user and system) stands
beside it, and where the two differ much the machine was busy with something else.

Needs medmat-core and the plugins of rows 2 and 93. ``--quick`` takes small sizes (start-up then weighs more than it
should), ``--strict`` ends with 1 if something is over its reach, ``--only WORD`` takes rows whose name holds the word.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
START = "from medmat_core.cli import main; main()"


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds of wall and CPU time, and its peak memory in megabytes."""

    wall: float
    cpu: float
    megabytes: float = 0.0

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.wall - other.wall, self.cpu - other.cpu, self.megabytes)

    def __truediv__(self, number: float) -> Cost:
        return Cost(self.wall / number, self.cpu / number, self.megabytes)


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured against what. ``most`` or ``least`` is the promised ratio."""

    work: str
    ours: str
    yardstick: str
    wall: float
    cpu: float | None
    most: float | None = None
    least: float | None = None
    unit: str = "x"

    @property
    def kept(self) -> bool:
        """Whether the promise holds, by wall time."""
        return self.wall <= self.most if self.most is not None else self.wall >= (self.least or 0)

    def cells(self) -> tuple[str, ...]:
        reach = (
            f"at most {self.most:g} {self.unit}" if self.most is not None else f"at least {self.least:g} {self.unit}"
        )
        digits = 2 if self.unit == "x" else 0
        cpu = "" if self.cpu is None else f"{self.cpu:.{digits}f}"
        return (
            self.work, self.ours, self.yardstick, f"{self.wall:.{digits}f}", cpu, reach, "ok" if self.kept else "OVER",
        )  # fmt: skip


def run(*command: str | Path) -> Cost:
    """Run a command to its end; its own children count where it waited for them."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{told.decode(errors='replace')}")
    size = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / size)


def medmat(*arguments: str | Path) -> Cost:
    """Run ``medmat`` as its console script does."""
    script = Path(sys.executable).with_name("medmat")
    return run(script, *arguments) if script.exists() else run(sys.executable, "-c", START, *arguments)


def quietest(turns: int, *works: Callable[[], Cost]) -> list[Cost]:
    """What a run of each work costs, all in the same turn: the one that took the least time as a whole.

    In a turn a short work is run as often as fills the time of the longest, and the runs of all are spread evenly over
    it. Else, on a machine that others slow down for seconds or minutes, the short one would find a quiet moment, and
    the long one never.
    """
    first = [work().wall for work in works]
    runs = [max(1, round(max(first) / wall)) for wall in first]
    order = sorted(((number + 0.5) / count, place) for place, count in enumerate(runs) for number in range(count))
    best: tuple[float, list[Cost]] | None = None
    for _ in range(turns):
        costs: list[list[Cost]] = [[] for _ in works]
        start = time.perf_counter()
        for _, place in order:
            costs[place].append(works[place]())
        took = time.perf_counter() - start
        if best is None or took < best[0]:
            best = took, [mean(some) for some in costs]
    assert best is not None
    return best[1]


def mean(costs: Sequence[Cost]) -> Cost:
    """The mean of several runs, and the most memory of any."""
    total = Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), max(c.megabytes for c in costs))
    return total / len(costs)


@dataclass(frozen=True)
class Bench:
    """Where the benchmarks work, and how large."""

    where: Path
    quick: bool
    runs: int

    def draw(self, kind: str, count: int) -> Path:
        """Data of a kind, drawn by another process: a large driver would count as its children's memory."""
        data = self.where / f"{kind}-{count}" / "med-mat"
        if not data.exists():
            subprocess.run([sys.executable, HERE / "draw.py", kind, data, str(count)], check=True)
        return data

    def build(self, no: int, data: Path, *arguments: str, jobs: int = 1) -> Callable[[], Cost]:
        """A whole ``medmat build`` into an empty folder."""

        def work() -> Cost:
            out = self.where / "out"
            shutil.rmtree(out, ignore_errors=True)
            return medmat("build", str(no), "--data", data, "--out", out, "--jobs", str(jobs), "--quiet", *arguments)

        return work

    # -- the rows of the table ------------------------------------------------------------------------

    def folders(self) -> Iterator[Row]:
        """Class folders to records and Med-MAT's JSON, whole processes."""
        count = 5_000 if self.quick else 50_000
        data = self.draw("folders", count)
        root = data / _kidney()
        yard, none, header = quietest(
            self.runs,
            lambda: run(sys.executable, HERE / "yardsticks/class_folders.py", root, self.where / "yard.json"),
            self.build(2, data, "--verify", "none"),
            self.build(2, data, "--verify", "header"),
        )
        for name, cost, most in (("none", none, 1.0), ("header", header, 2.0)):
            yield Row(
                f"{count:,} images in class folders, --verify {name}", f"{cost.wall:.2f} s",
                f"a short script: {yard.wall:.2f} s", cost.wall / yard.wall, cost.cpu / yard.cpu, most,
            )  # fmt: skip

    def masks(self) -> Iterator[Row]:
        """Masks to box records, start-up subtracted, against their bare decoding."""
        count = 200 if self.quick else 1_500
        data, alike, one = self.draw("masks", count), self.draw("alike", count), self.draw("masks", 1)
        folder = data / "Kvasir-SEG/Kvasir-SEG/masks"
        yard, *wholes, start = quietest(
            self.runs,
            lambda: _told(HERE / "yardsticks/decode_masks.py", folder),
            self.build(93, data),
            self.build(93, alike),
            self.build(93, one),
        )
        for what, whole, most in (("", wholes[0], 1.25), (", the images of one size and beginning", wholes[1], 1.6)):
            own = whole - start
            yield Row(
                f"{count:,} pairs of image and mask{what}, start-up subtracted", f"{own.wall:.2f} s",
                f"cv2.imread of the masks in grey: {yard.wall:.2f} s", own.wall / yard.wall, own.cpu / yard.cpu, most,
            )  # fmt: skip

    def start(self) -> Iterator[Row]:
        """Start-up."""
        yard, help_, list_ = quietest(
            self.runs,
            lambda: run(sys.executable, "-c", "import numpy"),
            lambda: medmat("--help"),
            lambda: medmat("list"),
        )
        for name, cost in (("medmat --help", help_), ("medmat list", list_)):
            yield Row(
                name, f"{cost.wall:.2f} s", f"python -c 'import numpy': {yard.wall:.2f} s", cost.wall / yard.wall,
                cost.cpu / yard.cpu, 3.0,
            )  # fmt: skip

    def jobs(self) -> Iterator[Row]:
        """Two jobs against one where decoding takes the time."""
        count = 400 if self.quick else 4_000
        data = self.draw("masks", count)
        full = ("--verify", "full")
        one, two = quietest(self.runs // 2 + 1, self.build(93, data, *full), self.build(93, data, *full, jobs=2))
        yield Row(
            f"two jobs, {count:,} pairs, --verify full", f"{two.wall:.2f} s", f"one job: {one.wall:.2f} s",
            one.wall / two.wall, None, least=1.7,
        )  # fmt: skip

    def looks(self) -> Iterator[Row]:
        """`check`, `audit --data` and `audit --data --near` against the build that decodes all."""
        count = 2_000 if self.quick else 20_000
        data = self.draw("folders", count)
        out = self.where / "looked-at"

        def build() -> Cost:
            shutil.rmtree(out, ignore_errors=True)
            return medmat("build", "2", "--data", data, "--out", out, "--verify", "full", "--quiet", "--jobs", "2")

        two = ("--jobs", "2")
        whole, check, audit, near = quietest(
            max(1, self.runs // 2), build, lambda: self.judged("check", "2", "--data", data, "--partial", *two),
            lambda: self.judged("audit", out, "--data", data, *two),
            lambda: self.judged("audit", out, "--data", data, "--near", *two),
        )  # fmt: skip
        for name, cost in (("check", check), ("audit --data", audit), ("audit --data --near", near)):
            yield Row(
                f"{name}, {count:,} pictures", f"{cost.wall:.2f} s", f"build --verify full: {whole.wall:.2f} s",
                cost.wall / whole.wall, cost.cpu / whole.cpu, 2.0,
            )  # fmt: skip

    def judged(self, *arguments: str | Path) -> Cost:
        """A command that may find something and say so with its exit code."""
        start = "import sys; from medmat_core.cli import run; sys.exit(run(sys.argv[1:]) == 3)"
        return run(sys.executable, "-c", start, *arguments)

    def records(self) -> Iterator[Row]:
        """Time a record and memory as the number of records grows a hundred times."""
        few, many = (10_000, 100_000) if self.quick else (10_000, 1_000_000)
        none = ("--verify", "none")
        start, small, large = quietest(
            max(1, self.runs // 2), *(self.build(2, self.draw("links", count), *none) for count in (40, few, many))
        )
        one, other = (small - start) / few, (large - start) / many
        yield Row(
            f"{many:,} records, time a record, start-up subtracted", f"{1e6 * other.wall:.1f} us",
            f"{few:,} records: {1e6 * one.wall:.1f} us", other.wall / one.wall, other.cpu / one.cpu, 1.2,
        )  # fmt: skip
        yield Row(
            f"{many:,} records, peak memory", f"{large.megabytes:.0f} MB", f"{few:,} records: {small.megabytes:.0f} MB",
            large.megabytes, None, 300, unit="MB",
        )  # fmt: skip


def _kidney() -> str:
    sys.path.insert(0, str(HERE))
    from draw import KIDNEY

    return KIDNEY


def _told(script: Path, *arguments: str | Path) -> Cost:
    """A script that measures itself, so that its imports do not count."""
    done = subprocess.run([sys.executable, script, *arguments], check=True, capture_output=True, text=True)
    wall, cpu = map(float, done.stdout.split())
    return Cost(wall, cpu)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--strict", action="store_true", help="end with 1 if a row is over its reach")
    parser.add_argument("--runs", type=int, default=5, help="turns that yardstick and medmat take (default: 5)")
    parser.add_argument("--only", default="", metavar="WORD", help="only groups of rows whose name holds WORD")
    parser.add_argument(
        "--dir", type=Path, help="where to draw the data, which then stays; default: a temporary folder"
    )
    chosen = parser.parse_args()
    groups = ("folders", "masks", "start", "jobs", "looks", "records")
    where = chosen.dir or Path(tempfile.mkdtemp(prefix="medmat-bench-"))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, and not at every start
    bench = Bench(where.resolve(), chosen.quick, chosen.runs)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {load:.1f} before the first run", flush=True)
    rows: list[Row] = []
    try:
        for name in groups:
            if chosen.only in name:
                print(f"measuring: {name} ...", file=sys.stderr, flush=True)
                rows.extend(getattr(bench, name)())
    finally:
        if chosen.dir is None:
            shutil.rmtree(where, ignore_errors=True)
    heads = ("work", "medmat", "yardstick", "wall", "cpu", "reach", "")
    print(table([heads, *(row.cells() for row in rows)]))
    over = [row for row in rows if not row.kept]
    if over and load > 0.75 * (os.cpu_count() or 1):
        print("The machine was busy: wall times above are not to be trusted, CPU ratios are nearer the truth.")
    return 1 if over and chosen.strict else 0


if __name__ == "__main__":
    sys.exit(main())
