"""A proposal as the files of a plugin package."""

from __future__ import annotations

import textwrap

from attrs import frozen

from medmat_core.hooks import API_VERSION
from medmat_core.scaffold.card_text import Facts, card_text
from medmat_core.scaffold.names import Names
from medmat_core.scaffold.proposal import UNREAD, Proposal
from medmat_core.scaffold.quoting import markdown, one_line, python_doc, python_text, toml_text, wrapped
from medmat_core.scaffold.triples import INSTRUCTIONS, Place


@frozen
class Plugin:
    """Everything that goes into a package. ``looked``: the example was taken from a real folder."""

    names: Names
    facts: Facts
    proposal: Proposal
    looked: bool = False


def package_files(plugin: Plugin) -> dict[str, str]:
    """Path below the package's folder -> text."""
    names = plugin.names
    files = {
        "pyproject.toml": _pyproject(plugin),
        f"{names.package}/__init__.py": f'"""{python_doc(plugin.facts.title)} for medmat."""\n',
        f"{names.package}/{names.module}.py": adapter_text(plugin),
        f"{names.package}/{names.module}.toml": card_text(plugin.proposal, plugin.facts),
        f"tests/test_{names.module.rstrip('_')}.py": _tests(plugin),
        "tox.ini": _TOX,
        "README.md": _readme(plugin),
        ".github/workflows/test.yml": _WORKFLOW,
        ".gitignore": _GITIGNORE,
    }
    if plugin.facts.place.new:
        files[f"{names.package}/instructions.py"] = _instructions(plugin.facts.place)
    return files


def adapter_imports(proposal: Proposal, new_subset: bool = False) -> str:
    """The head of an adapter module, below its docstring."""
    names = sorted({"Card", "Dataset", *proposal.code.names, *(("Subset",) if new_subset else ())})
    lines = [f"import {module}" for module in sorted(proposal.code.modules)]
    lines += ["from collections.abc import Iterator", ""]
    lines += [f"from medmat_core import {', '.join([*names, 'hookimpl', 'readers'])}"]
    lines += ["", "from .instructions import INSTRUCTIONS"] if new_subset else []
    return "\n".join(lines) + "\n\n"


def adapter_text(plugin: Plugin) -> str:
    """The adapter module."""
    proposal, place = plugin.proposal, plugin.facts.place
    doc = f"{python_doc(plugin.facts.title)}: {python_doc(proposal.doc)}"
    opening = textwrap.fill(f'"""{doc}.', 118, break_long_words=False, break_on_hyphens=False)
    body = proposal.code.body
    constants, marker, rest = body.partition("def samples(")
    hint = "".join(f"{line}\n" for line in proposal.suggestion)
    body_text = "\n".join(wrapped(line) for line in f"{marker}{rest}".split("\n"))
    subset = ""
    if place.new:
        words = ", ".join(python_text(word) for word in (place.modality, place.area, place.task))
        subset = (
            "\n\n@hookimpl\ndef medmat_subsets() -> list[Subset]:\n"
            "    # Med-MAT has no such subset; numbers from 1000 up are free\n"
            f"    return [Subset({place.no}, {words}, INSTRUCTIONS)]\n"
        )
    spaced = f"{constants.strip()}\n\n\n" if constants.strip() else "\n\n"
    return (
        f'{opening}"""\n\n'
        f"{adapter_imports(proposal, place.new)}"
        f"MEDMAT_API = {API_VERSION}  # the version of medmat's hooks that this module is written for\n"
        f"{spaced}{hint}{body_text}\n\n"
        "@hookimpl\ndef medmat_datasets() -> list[Dataset]:\n    return [Dataset.beside(__file__, samples)]\n"
        f"{subset}"
    )


def _instructions(place: Place) -> str:
    """The instructions of a new subset, to be edited."""
    lines = [
        f'"""What is asked of {python_doc(place.area)} / {python_doc(place.task)} pictures: six instructions a kind of '
        "question.",
        "",
        "Word them for your data set. Each of the six must differ, and hold the names in braces that it has here:",
        'medmat puts the words of the card."""',
        "",
        "INSTRUCTIONS: dict[str, tuple[str, ...]] = {",
    ]
    for ask in place.asks:
        lines.append(f"    {python_text(ask)}: (")
        lines += [f"        {python_text(text)}," for text in INSTRUCTIONS[ask]]
        lines.append("    ),")
    return "\n".join([*lines, "}", ""])


def _pyproject(plugin: Plugin) -> str:
    names = plugin.names
    extras = f"[{','.join(plugin.proposal.extras)}]" if plugin.proposal.extras else ""
    about = one_line(f"{plugin.facts.title} for medmat.")
    return f"""\
[build-system]
requires = ["hatchling>=1.25"]
build-backend = "hatchling.build"

[project]
name = {toml_text(names.dist)}
version = "0.1.0"
description = {toml_text(about)}
readme = "README.md"
# Choose a licence for this code (not the data set's): name it here and add its text as LICENSE.
# license = "Apache-2.0"
requires-python = ">=3.11"
dependencies = ["medmat-core{extras}>=0.1,<0.2"]

[project.entry-points.medmat]
{names.slug} = {toml_text(f"{names.package}.{names.module}")}

[dependency-groups]
test = ["medmat-core[testing]"]

[tool.hatch.build.targets.wheel]
packages = [{toml_text(names.package)}]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""


def _tests(plugin: Plugin) -> str:
    return (
        '"""medmat\'s conformance suite over this package: its card, its example tree, hostile trees, records."""\n\n'
        "from medmat_core.testing.conformance import *  # noqa: F403\n\n"
        f"MEDMAT_DATASETS = [{python_text(plugin.names.slug)}]\n"
    )


_TOX = """\
[testenv]
dependency_groups = test
commands = pytest {posargs}
"""

_WORKFLOW = """\
name: test
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python: ["3.11", "3.13"]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python }}
      - run: pip install "tox>=4.22"
      - run: tox -e py
"""

_GITIGNORE = """\
__pycache__/
*.egg-info/
.tox/
.venv/
.pytest_cache/
.hypothesis/
dist/
med-mat/
out/
"""


def _readme(plugin: Plugin) -> str:
    names, facts, proposal = plugin.names, plugin.facts, plugin.proposal
    place = facts.place
    doubts = "\n".join(f"- [ ] {markdown(doubt)}" for doubt in proposal.doubts)
    todo = [
        f"- [ ] `{names.package}/{names.module}.toml`: captions in plain English, address, licence, citation",
        *([doubts] if doubts else []),
        *([f"- [ ] `{names.package}/instructions.py`: six instructions of your own for each kind of question"]
          if place.new else []),
        *([f"- [ ] patients: see the comment in `{names.package}/{names.module}.py`"] if proposal.suggestion else []),
        "- [ ] a licence for this code: see `pyproject.toml`",
    ]  # fmt: skip
    subset = (
        f"a subset of its own, number {place.no}, which this plugin defines"
        if place.new
        else f"subset {place.no} of Med-MAT"
    )
    privacy = ""
    if plugin.looked:
        rows = any(file.text != UNREAD and not file.path.endswith((".xml", ".json")) for file in proposal.files)
        told = [
            "The example on the card holds file and folder names of the folder that it was made from"
            + (", and rows of its label files." if rows else "."),
            "Pictures are drawn phantoms.",
        ]
        if rows:
            told.append(
                "Of label rows only those of the example's pictures are there; columns that the adapter does not read "
                "are blank, and ids of groups are replaced by running numbers."
            )
        told.append(
            "**Names and ids may still point to patients: read the `[[example...]]` parts of the card and replace what "
            "must not be public** (the adapter does not mind other names of the same form)."
        )
        privacy = f"\n## Before you publish\n\n{textwrap.fill(' '.join(told), 118)}\n"
    return f"""\
# {names.dist}

{markdown(facts.title)} for medmat: {markdown(proposal.doc)}. It belongs to {subset}.

## Try it

```console
pip install -e . --group test
medmat show {names.slug}
medmat sample {names.slug} --to med-mat
medmat build {names.slug} --data med-mat --out out
pytest
tox
```

`pip install --group` needs pip 25.1; else `pip install -e . "medmat-core[testing]"`. For the real data set, put its
folder where `medmat show {names.slug}` says and run `medmat check {names.slug} --data DIR`.

## To do

{chr(10).join(todo)}
{privacy}"""
