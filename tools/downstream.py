"""Other people's plugins against this working tree: built, installed, tested and run, each in an empty environment.

    python tools/downstream.py [NAME ...] [--written] [--recipes FILE] [--keep DIR] [--find-links DIR ...] [--no-index]

A recipe of tests/downstream/recipes.toml says where a plugin is (a folder, a commit of a git repository, or what
`medmat new-plugin` is told to write) and what must come out; docs/howto/test-plugin.md explains its fields. Source
distribution and wheel are built of core and of the plugin, the wheels alone are installed, then the plugin's own
tests run, `medmat list`, `sample`, `build`, `audit` and the recipe's commands, and files and records are compared.
NAMEs (shell patterns) choose recipes; without any, all run that medmat does not write, or with --written those that
it does. Needs no network if --find-links names folders with the wheels of all that core, pytest and hatchling need,
beside --no-index. Every recipe runs to its end or its first fault; exit code 1 if one has a fault.
"""

from __future__ import annotations

import argparse
import fnmatch
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import Factory, fields, frozen

ROOT = Path(__file__).resolve().parent.parent
RECIPES = ROOT / "tests/downstream/recipes.toml"
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".tox", ".venv", ".pytest_cache", ".hypothesis", "__pycache__", "dist", "*.egg-info"
)


class Fault(Exception):  # noqa: N818 - a plugin's fault, which is told and not a bug of this script
    """A plugin that worked does not any more, or a recipe that says nothing of use."""


@frozen
class Recipe:
    """One plugin, and what it must still do. One of ``folder``, ``git`` and ``written`` says where it comes from."""

    name: str
    folder: str = ""
    git: str = ""
    commit: str = ""
    written: Sequence[str] | None = None
    draw: str = ""
    extras: Sequence[str] = ()
    tests: str = "pytest -q"
    tox: bool = False
    datasets: Sequence[str] = ()
    formats: Sequence[str] = ()
    subsets: Sequence[int] = ()
    commands: Sequence[str] = ()
    lines: Mapping[str, int] = Factory(dict)
    holds: Mapping[str, Sequence[Mapping[str, Any]]] = Factory(dict)
    beside: Path = ROOT


def recipes(file: Path) -> list[Recipe]:
    """The recipes of a file; Fault where one says too little or something unknown."""
    told = tomllib.loads(file.read_text("utf-8")).get("recipe", [])
    known = {field.name for field in fields(Recipe)} - {"beside"}
    found: list[Recipe] = []
    for number, given in enumerate(told, 1):
        where = f"{file.name}: recipe {given.get('name', number)}"
        if unknown := sorted(set(given) - known):
            raise Fault(f"{where}: {unknown[0]!r} is no field; use {', '.join(sorted(known))}")
        if not given.get("name"):
            raise Fault(f"{where}: give it a name")
        if sum(key in given for key in ("folder", "git", "written")) != 1:
            raise Fault(f"{where}: name one of folder, git and written")
        if "git" in given and not re.fullmatch("[0-9a-f]{40}", given.get("commit", "")):
            raise Fault(f"{where}: a git repository needs a commit of 40 hex digits, so that one run equals another")
        if not (given.get("lines") or given.get("holds")):
            raise Fault(f"{where}: without lines or holds nothing is compared; say what must come out")
        found.append(Recipe(**given, beside=file.parent))
    if len({recipe.name for recipe in found}) < len(found):
        raise Fault(f"{file.name}: two recipes have one name")
    return found


def clone(url: str, commit: str, into: Path) -> None:
    """One commit of a git repository, without the rest of its history where the host allows that."""
    into.mkdir(parents=True)

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        # what the user has configured (hooks, rewritten addresses, prompts for passwords) is not the repository's
        env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        return subprocess.run(["git", "-C", str(into), *arguments], text=True, capture_output=True, env=env)

    git("init", "-q")
    done = git("fetch", "-q", "--depth", "1", url, commit)
    if done.returncode:
        done = git("fetch", "-q", url, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    done = done if done.returncode else git("-c", "advice.detachedHead=false", "checkout", "-q", commit)
    if done.returncode:
        raise Fault(f"{url}: {commit} cannot be had: {done.stderr.strip()}")


class Wheels:
    """Builds distributions, and knows from where else packages may come."""

    def __init__(self, folder: Path, links: Sequence[str], no_index: bool) -> None:
        self.folder = folder
        self.links = [str(folder), *(str(Path(link).resolve()) for link in links)]
        self.no_index = no_index

    @property
    def options(self) -> list[str]:
        return [*(f"--find-links={link}" for link in self.links), *(["--no-index"] if self.no_index else [])]

    def environment(self) -> dict[str, str]:
        """What a stranger's shell holds: no path of this checkout, and our wheels where pip, uv and tox find them."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "TOX_", "VIRTUAL_"))}
        kept["PIP_FIND_LINKS"] = " ".join(filter(None, [*self.links, kept.get("PIP_FIND_LINKS", "")]))
        kept["UV_FIND_LINKS"] = ",".join(self.links)
        if self.no_index:
            kept["PIP_NO_INDEX"] = kept["UV_NO_INDEX"] = "1"
        return kept

    def build(self, package: Path) -> Path:
        """The wheel of a package, built from its source distribution, so that what one lacks the other lacks."""
        name = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]["name"]
        into = self.folder / name
        run(f"distributions of {name}", [*uv(), "build", "-q", "--out-dir", str(into), *self.options, str(package)],
            package, self.environment())  # fmt: skip
        (wheel,) = into.glob("*.whl")
        shutil.copy(wheel, self.folder)
        return self.folder / wheel.name


class Place:
    """An empty environment, and the folder in which its commands run."""

    def __init__(self, work: Path, wheels: Wheels) -> None:
        self.work = work
        self.wheels = wheels
        self.env = wheels.environment()
        work.mkdir(parents=True, exist_ok=True)
        run("environment", [*uv(), "venv", "-q", "--clear", "--python", sys.executable, str(work / "env")],
            work, self.env)  # fmt: skip
        self.bin = work / "env" / ("Scripts" if os.name == "nt" else "bin")
        self.env["PATH"] = os.pathsep.join([str(self.bin), self.env.get("PATH", "")])

    def install(self, wheels: Sequence[str]) -> None:
        told = ", ".join(Path(wheel).name for wheel in wheels)
        python = str(shutil.which("python", path=str(self.bin)))
        run(f"install {told}", [*uv(), "pip", "install", "-q", "--python", python, *self.wheels.options, *wheels],
            self.work, self.env)  # fmt: skip

    def __call__(self, command: str, cwd: Path | None = None) -> str:
        """Run a command line of the environment and return what it printed; Fault where it fails."""
        name, *arguments = shlex.split(command)
        found = shutil.which(name, path=str(self.bin))
        if found is None:
            raise Fault(f"{command}: the environment has no command {name}")
        return run(command, [found, *arguments], cwd or self.work, self.env)


def run(name: str, command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> str:
    start = time.monotonic()
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8")
    print(f"{time.monotonic() - start:7.1f} s  {name}", flush=True)
    if done.returncode:
        raise Fault(f"{name}: exit code {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def uv() -> list[str]:
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    if found is None:
        raise Fault("uv is not at hand; pip install uv")
    return [found]


def follow(recipe: Recipe, core: Path, wheels: Wheels, work: Path, *, tox: bool) -> Path:
    """From an empty environment to compared records; returns the plugin's wheel."""
    place = Place(work, wheels)
    medmat = f"{core}[{','.join(['testing', *recipe.extras])}]"
    place.install([medmat])
    if recipe.draw:
        place(f"python {shlex.quote(str(recipe.beside / recipe.draw))} med-mat")
    if recipe.written is not None:
        place(shlex.join(["medmat", "new-plugin", recipe.name, "--yes", "--to", ".", *recipe.written]))
        package = work / f"medmat-plugin-{recipe.name}"
    elif recipe.git:
        package = work / "repository"
        clone(recipe.git, recipe.commit, package)
    else:
        package = work / Path(recipe.folder).name
        shutil.copytree(recipe.beside / recipe.folder, package, ignore=LEFT_OUT)
    wheel = wheels.build(package)
    # core is named again: a plugin that does not want this version must fail here, and not bring another one
    place.install([medmat, str(wheel)])
    dist = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    listed(place, dist, "", "slug", recipe.datasets)
    listed(place, dist, "--formats ", "format", recipe.formats)
    listed(place, dist, "--subsets ", "no", recipe.subsets)
    if recipe.tests:
        place(recipe.tests, cwd=package)
    if recipe.datasets:
        names = shlex.join(recipe.datasets)
        place(f"medmat sample {names} --to sampled/med-mat")
        place(f"medmat build {names} --data sampled/med-mat --out out --jobs 1")
        place("medmat audit out --data sampled/med-mat")
    for command in recipe.commands:
        place(command)
    compare(recipe, work)
    if tox and recipe.tox and importlib.util.find_spec("tox") is not None:
        run("tox -e py", [sys.executable, "-m", "tox", "-e", "py"], package, wheels.environment())
    return wheel


def listed(place: Place, dist: str, option: str, key: str, wanted: Sequence[object]) -> None:
    """Whether `medmat list` shows what the plugin brings, and whose it is."""
    rows = json.loads(place(f"medmat list {option}--json"))
    found = {row[key] for row in rows if dist in (row["from"] if option else row["plugin"]["dist"])}
    if found != set(wanted):
        told = " and ".join(map(str, sorted(found, key=str))) or "nothing"
        raise Fault(f"medmat list {option}shows {told} of {dist}, expected {', '.join(map(str, wanted))}")


def compare(recipe: Recipe, work: Path) -> None:
    """Whether files have as many lines as the recipe says, and hold the records that it names."""
    for name, count in recipe.lines.items():
        found = len(read(work / name))
        if found != count:
            raise Fault(f"{name} has {found} lines, expected {count}")
    for name, wanted in recipe.holds.items():
        lines = [json.loads(line) for line in read(work / name)]
        for record in wanted:
            # a key that a later version adds breaks nobody; one that is gone or says something else does
            near = max(lines, key=lambda line: sum(same(line, item) for item in record.items()), default={})
            if missed := {key: value for key, value in record.items() if not same(near, (key, value))}:
                told = {key: near.get(key, "no such key") for key in missed}
                raise Fault(f"{name}: no record has {json.dumps(missed)}; the nearest one has {json.dumps(told)}")


def same(line: Mapping[str, Any], item: tuple[str, Any]) -> bool:
    key, value = item
    return key in line and bool(line[key] == value)


def read(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except OSError as error:
        raise Fault(f"{file}: {error.strerror}; did an earlier command write it?") from None


def together(names: Mapping[str, Path], datasets: Sequence[str], core: Path, wheels: Wheels, work: Path) -> None:
    """All plugins in one environment: none stands in another's way, and `pytest --medmat` finds every data set."""
    place = Place(work, wheels)
    place.install([f"{core}[testing]", *map(str, names.values())])
    found = {row["slug"] for row in json.loads(place("medmat list --json"))}
    if found != set(datasets):
        raise Fault(f"medmat list shows {sorted(found)}, expected {sorted(datasets)}")
    empty = work / "empty"
    empty.mkdir()
    told = place("pytest --medmat -q", cwd=empty)
    if not re.search(rf"^all {len(datasets)}\b", told, re.MULTILINE):
        raise Fault(f"pytest --medmat prints no table of {len(datasets)} data sets:\n{told}")


def main() -> int:
    """Follow the chosen recipes and say which found a fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="only recipes of these names (shell patterns)")
    parser.add_argument("--written", action="store_true", help="without names: what `medmat new-plugin` writes")
    parser.add_argument("--recipes", type=Path, default=RECIPES, metavar="FILE", help="take recipes from this file")
    parser.add_argument("--core", type=Path, default=ROOT, metavar="DIR", help="check this copy of medmat-core")
    parser.add_argument("--find-links", action="append", default=[], metavar="DIR", help="a folder of wheels")
    parser.add_argument("--no-index", action="store_true", help="take packages from --find-links only")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in this folder, which is new, and leave it")
    parser.add_argument("--no-tox", action="store_true", help="leave out the tox.ini of recipes that ask for it")
    given = parser.parse_args()
    work = given.keep.resolve() if given.keep else Path(tempfile.mkdtemp(prefix="medmat-downstream-"))
    try:
        faults = follow_all(given, work)
    except Fault as fault:
        faults = [str(fault)]
    finally:
        if not given.keep:
            shutil.rmtree(work, ignore_errors=True)
    for fault in faults:
        print(f"downstream: {fault}", file=sys.stderr)
    return 1 if faults else 0


def follow_all(given: argparse.Namespace, work: Path) -> list[str]:
    """What went wrong, a text a recipe."""
    chosen = [
        recipe for recipe in recipes(given.recipes)
        if any(fnmatch.fnmatchcase(recipe.name, pattern) for pattern in given.names)
        or (not given.names and (recipe.written is not None) == given.written)
    ]  # fmt: skip
    if not chosen:
        raise Fault(f"{given.recipes.name} has no recipe {' or '.join(given.names) or 'of this kind'}")
    wheels = Wheels(work / "wheels", given.find_links, given.no_index)
    wheels.folder.mkdir(parents=True)
    core = wheels.build(given.core.resolve())
    faults: list[str] = []
    built: dict[str, Path] = {}
    for recipe in chosen:
        print(f"-- {recipe.name}", flush=True)
        try:
            built[recipe.name] = follow(recipe, core, wheels, work / recipe.name, tox=not given.no_tox)
        except Fault as fault:
            faults.append(f"{recipe.name}: {fault}")
    if len(built) > 1 and not faults:
        print("-- all in one environment", flush=True)
        try:
            slugs = [slug for recipe in chosen for slug in recipe.datasets]
            together(built, slugs, core, wheels, work / "together")
        except Fault as fault:
            faults.append(f"together: {fault}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
