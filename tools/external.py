"""Strangers' plugins, as ``medmat new-plugin`` writes them: installed unedited, listed, sampled, built and tested.

    python tools/external.py [--find-links DIR ...] [--no-index] [--into PYTHON] [--keep DIR] [--no-tox]

Writes one plugin for class folders and one for masks, each made up, and one of each from a folder of pictures, as a
stranger has them. Builds their wheels and core's, installs all of them into a fresh environment, and runs ``medmat
list``, ``sample``, ``build``, ``pytest --medmat``, each package's own tests, and (where tox is at hand) the tox.ini
that came with the first. Needs no network if --find-links names folders with the wheels of all that core, pytest and
hatchling need, beside --no-index. Prints what each step took; the first step that fails ends it with its exit code.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Bench:
    """The environment that everything goes into, and the folder that everything is written to."""

    def __init__(self, work: Path, links: Sequence[str], no_index: bool, into: str | None) -> None:
        self.work = work
        self.wheels = work / "wheels"
        self.wheels.mkdir(parents=True)
        self.pip = ["--find-links", str(self.wheels), *(f"--find-links={Path(link).resolve()}" for link in links)]
        self.pip += ["--no-index"] if no_index else []
        self.times: list[tuple[str, float]] = []
        if into is None:
            self.step("environment", sys.executable, "-m", "venv", str(work / "env"))
            folder = "Scripts" if os.name == "nt" else "bin"
            into = str(work / "env" / folder / "python")
        self.python = into

    def step(self, name: str, *command: str, cwd: Path | None = None) -> str:
        """Run one command and return what it printed; if it fails, say so and stop."""
        print(f"-- {name}", flush=True)
        start = time.monotonic()
        done = subprocess.run(
            command, cwd=cwd or self.work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8", env=self.environment(),
        )  # fmt: skip
        self.times.append((name, time.monotonic() - start))
        if done.returncode:
            print(done.stdout)
            print(f"external: {name} failed with exit code {done.returncode}: {' '.join(command)}", file=sys.stderr)
            sys.exit(done.returncode)
        return done.stdout

    def environment(self) -> dict[str, str]:
        """The environment of a stranger: without the paths of this checkout, with the wheels where tox finds them."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "TOX_", "VIRTUAL_"))}
        links = [part.removeprefix("--find-links=") for part in self.pip if part not in ("--find-links", "--no-index")]
        kept["PIP_FIND_LINKS"] = " ".join(filter(None, [*links, kept.get("PIP_FIND_LINKS", "")]))
        kept["UV_FIND_LINKS"] = ",".join(links)
        if "--no-index" in self.pip:
            kept["PIP_NO_INDEX"] = kept["UV_NO_INDEX"] = "1"
        return kept

    def build(self, package: Path) -> None:
        """Build the wheel of a package."""
        self.step(f"wheel of {package.name}", *self.wheel(package))

    def wheel(self, package: Path) -> list[str]:
        if self.has_pip:
            return [
                self.python, "-m", "pip", "wheel", "-q", "--no-deps", *self.pip, "-w", str(self.wheels), str(package),
            ]  # fmt: skip
        return [*_uv(), "build", "-q", "--wheel", "--out-dir", str(self.wheels), str(package)]

    def install(self, *names: str) -> None:
        """Install distributions, ours from the wheels that were built."""
        told = [name for name in names if not name.startswith("-")]
        if self.has_pip:
            self.step(f"install {', '.join(told)}", self.python, "-m", "pip", "install", "-q", *self.pip, *names)
        else:
            self.step(
                f"install {', '.join(told)}", *_uv(), "pip", "install", "-q", "--python", self.python, *self.pip, *names
            )

    @property
    def has_pip(self) -> bool:
        found = subprocess.run([self.python, "-c", "import pip"], capture_output=True)
        return found.returncode == 0

    def medmat(self, *arguments: str, name: str = "") -> str:
        """Run the command ``medmat`` of the environment."""
        told = name or f"medmat {arguments[0]}"
        return self.step(told, self.python, "-c", "from medmat_core.cli import main; main()", *arguments)


def _uv() -> list[str]:
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    if found is None:
        sys.exit("external: the environment has no pip, and uv is not at hand; give --into a python with pip")
    return [found]


DRAW = """
import sys
from pathlib import Path
from PIL import Image, ImageDraw

base = Path(sys.argv[1])
for width, shape in enumerate(("sickle", "oval", "round"), 1):
    for number in range(8):
        path = base / "Cells" / "cells_v1" / shape / f"{shape}_{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (64, 48), (230, 225, 235 - number))
        ImageDraw.Draw(image).ellipse((10 + number, 8, 10 + 10 * width + number, 38), fill=(170, 40, 60 + number))
        image.save(path)
for number in range(8):
    for folder, mode, back, ink in (("images", "RGB", (40, 40, 44), (150, 140, 130)), ("masks", "L", 0, 255)):
        path = base / "Breast" / folder / f"scan{number}{'_mask' if folder == 'masks' else ''}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new(mode, (96, 72), back)
        ImageDraw.Draw(image).ellipse((8 + 6 * number, 10, 30 + 6 * number, 30), fill=ink)
        image.save(path)
"""

TRIPLES = {
    "Cells": ("--modality", "Mic", "--area", "Red Blood Cell", "--task", "Cell Shape"),
    "Breast": ("--modality", "Ultrasound", "--area", "Breast", "--task", "Cancer Segmentation"),
}


def main() -> None:
    """Run every step."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--find-links", action="append", default=[], metavar="DIR", help="a folder of wheels")
    parser.add_argument("--no-index", action="store_true", help="take packages from --find-links only")
    parser.add_argument("--into", metavar="PYTHON", help="install into this environment instead of a fresh one")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in this folder and leave it")
    parser.add_argument("--no-tox", action="store_true", help="leave out the tox.ini that comes with a package")
    given = parser.parse_args()
    work = given.keep.resolve() if given.keep else Path(tempfile.mkdtemp(prefix="medmat-external-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        check(Bench(work, given.find_links, given.no_index, given.into), tox=not given.no_tox)
    finally:
        if not given.keep:
            shutil.rmtree(work, ignore_errors=True)


def check(bench: Bench, *, tox: bool) -> None:
    """From an empty environment to tested strangers' plugins."""
    bench.build(ROOT)
    bench.install("medmat-core[testing]")
    bench.step("draw folders of pictures", bench.python, "-c", DRAW, str(bench.work / "med-mat"))
    packages: dict[str, Path] = {}
    for slug, options in (
        ("made-up-classes", ("--layout", "class-folders")),
        ("made-up-masks", ("--layout", "masks")),
        ("found-cells", ("--from", str(bench.work / "med-mat/Cells"), *TRIPLES["Cells"])),
        ("found-breast", ("--from", str(bench.work / "med-mat/Breast"), *TRIPLES["Breast"])),
    ):
        bench.medmat("new-plugin", slug, "--yes", "--to", str(bench.work), *options, name=f"new-plugin {slug}")
        packages[slug] = bench.work / f"medmat-plugin-{slug}"
        bench.build(packages[slug])
    bench.install("--no-deps", *(package.name for package in packages.values()))
    listed = {row["slug"]: row["plugin"]["dist"] for row in json.loads(bench.medmat("list", "--json"))}
    expect(listed == {slug: package.name for slug, package in packages.items()}, f"medmat list shows {listed}")
    bench.medmat("sample", *packages, "--to", "sampled/med-mat")
    out = bench.work / "out"
    bench.medmat("build", "--data", "sampled/med-mat", "--out", str(out), "--jobs", "1", name="build the samples")
    bench.medmat(
        "build", "found-cells", "found-breast", "--data", "med-mat", "--out", str(bench.work / "real"), "--jobs", "1",
        name="build the folders",
    )  # fmt: skip
    for folder, slugs in ((out, packages), (bench.work / "real", ("found-cells", "found-breast"))):
        for slug in slugs:
            files = (folder / "records").glob(f"Ori--{slug}-*.jsonl")
            records = sum(len(file.read_text("utf-8").splitlines()) for file in files)
            expect(records > 0, f"{slug}: no records in {folder}")
    empty = bench.work / "empty"
    empty.mkdir()
    told = bench.step("pytest --medmat", bench.python, "-m", "pytest", "--medmat", "-q", cwd=empty)
    print(told)
    expect("all 4" in told and "properties" in told, "pytest --medmat prints no table of four data sets")
    for slug, package in packages.items():
        bench.step(f"tests of {slug}", bench.python, "-m", "pytest", "-q", cwd=package)
    if tox and importlib.util.find_spec("tox") is not None:
        bench.step(
            f"tox of {next(iter(packages))}", sys.executable, "-m", "tox", "-e", "py", cwd=packages["made-up-classes"]
        )
    for name, seconds in bench.times:
        print(f"{seconds:7.1f} s  {name}")


def expect(holds: bool, what: str) -> None:
    """Stop where something is not as it should be."""
    if not holds:
        sys.exit(f"external: {what}")


if __name__ == "__main__":
    main()
