"""Running the code blocks of the documentation as a reader would, from the top of a page to its end.

A comment before a fence says what the block is: ``<!-- run -->`` (a shell block, or Python), ``<!-- run exit=1 -->``
where that exit code is expected, ``<!-- file -->`` for a file to write (its path is the fence's ``title``), and
``<!-- output -->`` for what the block before it printed, where '...' stands for any text. Other blocks are not run.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent

_BLOCK = re.compile(
    r"^<!-- (?P<what>run|file|output)(?: exit=(?P<exit>\d+))? -->\n+"
    r"^(?P<fence>```+) *(?P<language>\w+)?(?: title=\"(?P<title>[^\"]+)\")?[^\n]*\n(?P<body>.*?)^(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"^<!-- (?:run|file|output)\b", re.MULTILINE)

_PIP = """#!{python}
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.docs_blocks import install
arguments = [word for word in sys.argv[1:] if Path(word).is_dir()]
for word in arguments:
    install(Path(word), Path({site!r}))
"""


@frozen
class Block:
    """One block of a page: what to do with it, and the line it stands on."""

    what: str
    language: str
    title: str
    body: str
    code: int
    line: int


class StaleBlockError(AssertionError):
    """A block that does not do what its page says."""


def blocks(text: str) -> list[Block]:
    """The marked blocks of a page, in order. Raises StaleBlockError where a mark is not followed by a block."""
    found = [
        Block(
            match["what"], match["language"] or "", match["title"] or "", match["body"], int(match["exit"] or 0),
            text.count("\n", 0, match.start("fence")) + 1,
        )
        for match in _BLOCK.finditer(text)
    ]  # fmt: skip
    if len(found) != len(_MARK.findall(text)):
        raise StaleBlockError(f"{len(_MARK.findall(text))} marks, but {len(found)} blocks")
    return found


def run_page(text: str, folder: Path, environment: Mapping[str, str]) -> int:
    """Do what a page says, in ``folder``; returns how many blocks were run.

    Raises StaleBlockError naming the first block that fails or prints something else.
    """
    printed = ""
    count = 0
    for block in blocks(text):
        if block.what == "file":
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.what == "run":
            command = ["bash", "-eu", "-c"] if block.language in ("sh", "bash") else [sys.executable, "-c"]
            done = subprocess.run(
                [*command, block.body], cwd=folder, env=dict(environment), text=True, encoding="utf-8",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
            printed = done.stdout
            if done.returncode != block.code:
                raise StaleBlockError(f"line {block.line}: exit code {done.returncode}, not {block.code}:\n{printed}")
            count += 1
        else:
            same = doctest.OutputChecker().check_output(
                block.body, printed, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            )
            if not same:
                raise StaleBlockError(
                    f"line {block.line}: the page says\n{block.body}\nbut this was printed:\n{printed}"
                )
    return count


def workplace(folder: Path) -> dict[str, str]:
    """An environment in which this checkout and all its plugins are installed, and ``pip install -e`` works.

    Nothing is downloaded and the Python that runs the tests stays as it is: distributions are laid below ``folder``,
    which is put on the path.
    """
    site, programs = folder / "site", folder / "bin"
    for made in (site, programs):
        made.mkdir(parents=True)
    for project in (ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))):
        install(project, site)
    _program(programs / "pip", _PIP.format(python=sys.executable, root=str(ROOT), site=str(site)))
    start = "import sys\nfrom medmat_core.cli import main\nmain()\n"
    _program(programs / "medmat", f"#!{sys.executable}\n{start}")
    _program(programs / "pytest", f"#!{sys.executable}\nimport sys, pytest\nsys.exit(pytest.main())\n")
    _program(programs / "python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    kept = ("HOME", "LANG", "LC_ALL", "TMPDIR", "SystemRoot")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", "")]),
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def install(project: Path, site: Path) -> None:
    """Lay an editable installation of a project into ``site``: links to its packages, and its metadata."""
    project = project.resolve()
    facts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = facts["name"], facts.get("version", "0.1.0")
    for package in _packages(project):
        link = site / package.name
        link.unlink(missing_ok=True)
        link.symlink_to(package, target_is_directory=True)
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    shutil.rmtree(info, ignore_errors=True)
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("\n".join(_points(facts)), encoding="utf-8")


def _packages(project: Path) -> list[Path]:
    return sorted(path.parent for path in project.glob("*/__init__.py") if path.parent.name.startswith("medmat_"))


def _points(facts: Mapping[str, object]) -> Iterator[str]:
    groups: dict[str, dict[str, str]] = dict(facts.get("entry-points", {}))  # type: ignore[call-overload]
    for group, points in groups.items():
        yield f"[{group}]"
        yield from (f"{key} = {value}" for key, value in points.items())


def _program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
