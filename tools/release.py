"""Build a release into a folder, and see that it can be installed from there without an index.

    python tools/release.py DIST [--find-links DIR ...] [--no-index] [--no-install]

Builds wheel and sdist of medmat-core, of every plugin package and of medmat, checks that all have one version and that
medmat ties it, builds each wheel anew from its sdist, and installs ``medmat`` into a fresh environment from DIST alone
(and, for what others publish, from the folders of --find-links, or the index where --no-index is not given). Then it
runs ``medmat list`` there, and builds the example of one data set.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def packages() -> list[Path]:
    """The folders of all distributions, core first and medmat, which needs the others, last."""
    others = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
    return [ROOT, *sorted(others, key=lambda path: (path.name == "medmat", path.name))]


def version_of(package: Path) -> str:
    """The version that a distribution says it has."""
    project = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    if "version" in project:
        return str(project["version"])
    found = re.search(r'^__version__ = "([^"]+)"', (package / "medmat_core/__init__.py").read_text("utf-8"), re.M)
    return found[1] if found else ""


def check_versions() -> str:
    """The one version of all distributions; SystemExit names one that has another, or that medmat does not tie."""
    versions = {package.name if package != ROOT else "core": version_of(package) for package in packages()}
    version = versions["core"]
    odd = [name for name, other in versions.items() if other != version]
    if odd:
        sys.exit(f"release: {odd[0]} has version {versions[odd[0]]}, core has {version}; give all the same")
    project = tomllib.loads((ROOT / "plugins/medmat/pyproject.toml").read_text("utf-8"))["project"]
    tied = {re.split(r"[\[=]", need)[0]: need.rpartition("==")[2] for need in project["dependencies"]}
    wanted = {"medmat-core", *(f"medmat-plugin-{name}" for name in versions if name not in ("core", "medmat"))}
    for name in sorted(wanted ^ set(tied)):
        sys.exit(
            f"release: plugins/medmat/pyproject.toml: {name} is {'missing' if name in wanted else 'no package here'}"
        )
    for name, other in tied.items():
        if other != version:
            sys.exit(f"release: plugins/medmat/pyproject.toml: {name} is tied to {other or 'nothing'}, not {version}")
    return version


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a command and return what it printed; if it fails, say so and stop."""
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}\nrelease: failed with {done.returncode}: {' '.join(command)}")
    return done.stdout


def build(dist: Path, isolated: bool) -> None:
    """An sdist of each package, and its wheel from that sdist, so that an sdist that lacks a file is found here."""
    flags = [] if isolated else ["--no-isolation"]
    for package in packages():
        print(f"-- {package.name if package != ROOT else 'core'}", flush=True)
        run(sys.executable, "-m", "build", *flags, "--outdir", str(dist), str(package))


def check_contents(dist: Path, version: str) -> None:
    """Every wheel holds a license and, but for medmat's, code; and no sdist holds what lies beside the package."""
    wheels, sdists = sorted(dist.glob("*.whl")), sorted(dist.glob("*.tar.gz"))
    if not len(wheels) == len(sdists) == len(packages()):
        sys.exit(f"release: {dist} holds {len(wheels)} wheels and {len(sdists)} sdists, not {len(packages())} each")
    for wheel in wheels:
        names = zipfile.ZipFile(wheel).namelist()
        code = [name for name in names if name.endswith(".py")]
        if bool(code) == wheel.name.startswith("medmat-"):
            sys.exit(f"release: {wheel.name} holds {len(code)} modules")
        stray = [name for name in names if name.startswith(("tests/", "docs/")) or "__pycache__" in name]
        if stray or f"-{version}-" not in wheel.name:
            sys.exit(f"release: {wheel.name} holds {stray or 'another version'}")
    for sdist in sdists:
        with tarfile.open(sdist) as archive:
            stray = [name for name in archive.getnames() if re.search(r"/(\.venv|\.tox|\.git|\.wheels)(/|$)", name)]
        if stray:
            sys.exit(f"release: {sdist.name} holds {stray[0]}")


def install(dist: Path, links: list[str], no_index: bool) -> None:
    """Install ``medmat`` into a fresh environment from DIST, and use it."""
    with tempfile.TemporaryDirectory() as work:
        venv.create(Path(work) / "env", with_pip=True)
        programs = Path(work) / "env" / ("Scripts" if os.name == "nt" else "bin")
        found = [f"--find-links={dist}", *(f"--find-links={Path(link).resolve()}" for link in links)]
        flags = ["--no-index"] if no_index else []
        run(str(programs / "python"), "-m", "pip", "install", "-q", *flags, *found, "medmat")
        medmat = str(programs / "medmat")
        rows = json.loads(run(medmat, "list", "--json", cwd=Path(work)))
        if {row["no"] for row in rows} < set(range(1, 110)):
            sys.exit(f"release: only {len(rows)} data sets are installed")
        run(medmat, "sample", "2", "104", "--to", "med-mat", cwd=Path(work))
        run(medmat, "build", "--data", "med-mat", "--out", "out", cwd=Path(work))
        print(f"-- installed from {dist}: {len(rows)} data sets, 2 built")


def main() -> None:
    arguments = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    arguments.add_argument("dist", type=Path)
    arguments.add_argument("--find-links", action="append", default=[], metavar="DIR", help="wheels of others")
    arguments.add_argument("--no-index", action="store_true", help="use no index at all")
    arguments.add_argument("--no-isolation", action="store_true", help="build with the hatchling that is installed")
    arguments.add_argument("--no-install", action="store_true", help="only build and check")
    given = arguments.parse_args()
    version = check_versions()
    dist = given.dist.resolve()
    dist.mkdir(parents=True, exist_ok=True)
    if any(dist.iterdir()):
        sys.exit(f"release: {dist} is not empty; give a new folder")
    build(dist, isolated=not given.no_isolation)
    check_contents(dist, version)
    if not given.no_install:
        install(dist, given.find_links, given.no_index)
    print(f"release {version}: {len(list(dist.iterdir()))} files in {dist}")


if __name__ == "__main__":
    main()
