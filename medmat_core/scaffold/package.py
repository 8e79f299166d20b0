"""A proposal as the files of a plugin package: a card, and around it what templates hold."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import textwrap
import tomllib
from pathlib import Path
from string import Template
from typing import Any, Final

from attrs import frozen

from medmat_core.card import Card
from medmat_core.errors import CardError, UsageError
from medmat_core.hooks import API_VERSION
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.scaffold.card import Facts, card_text
from medmat_core.scaffold.names import Names

_TEMPLATES: Final = Path(__file__).parent / "templates"


@frozen
class Plugin:
    """Everything that goes into a package. ``looked``: the example was taken from a real folder."""

    names: Names
    facts: Facts
    proposal: Proposal
    looked: bool = False


def package_files(plugin: Plugin) -> dict[str, str]:
    """Path below the package's folder -> text. The card is all where its layout reads the data set and its subset is
    one of Med-MAT's; else a module beside it has the adapter to fill in, and the subset."""
    names, facts, proposal = plugin.names, plugin.facts, plugin.proposal
    files = {
        ".gitignore": "gitignore",
        ".github/workflows/test.yml": "workflow.yml",
        "README.md": "README.md",
        "pyproject.toml": "pyproject.toml",
        "tox.ini": "tox.ini",
        f"tests/test_{names.module.rstrip('_')}.py": "test.py",
        f"{names.package}/__init__.py": "init.py",
    }
    title = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", facts.title).split())
    words: dict[str, Any] = {
        "slug": names.slug,
        "dist": names.dist,
        "package": names.package,
        "module": names.module,
        "api": API_VERSION,
        "about": _quoted(f"{title} for medmat."),
        "doc": title.replace("\\", "\\\\").replace('"', '\\"'),
        "title": markdown(title),
        "kind": f"`{proposal.layout['kind']}`" if proposal.layout else "none of medmat's, so an adapter reads it",
        "extras": f"[{','.join(proposal.extras)}]" if proposal.extras else "",
        "subset_name": "Subset, " if facts.place.new else "",
        "subset": f"a subset of its own, number {facts.place.no}, which this plugin defines" if facts.place.new
        else f"subset {facts.place.no} of Med-MAT",
        "todo": "\n".join(f"- [ ] {item}" for item in _to_do(plugin)),
        "privacy": template("privacy.md").template if plugin.looked else "",
    }  # fmt: skip
    found = {path: template(name).substitute(words) for path, name in files.items()}
    found[f"{names.package}/{names.module}.toml"] = card_text(proposal, facts)
    code = "adapter.py" if not proposal.layout else "card.py" if facts.place.new else ""
    if code:
        hook = template("subset.py").template if facts.place.new else ""
        found[f"{names.package}/{names.module}.py"] = template(code).substitute(words) + hook
    if facts.place.new:
        found[f"{names.package}/subset.toml"] = _subset_text(plugin)
    return found


def template(name: str) -> Template:
    """A file of the package with $words to fill in."""
    return Template((_TEMPLATES / f"{name}.tmpl").read_text("utf-8"))


def instructions() -> dict[str, list[str]]:
    """Six instructions an ask to start a new subset from."""
    return tomllib.loads((_TEMPLATES / "instructions.toml").read_text("utf-8"))


def write_plugin(plugin: Plugin, to: Path) -> Path:
    """Write the package to ``to/<dist>`` whole, or not at all, and return that folder.

    :class:`UsageError` if it exists, even empty, cannot be written, or its card cannot be read back.
    """
    target = to / plugin.names.dist
    if os.path.lexists(target):
        raise UsageError(f"{target}: is there already and was left alone; choose another name or --to")
    try:
        to.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{plugin.names.dist}-", dir=to))
    except OSError as error:
        raise UsageError(f"{to}: cannot be written to: {error.strerror}; choose another --to") from error
    try:
        for path, text in package_files(plugin).items():
            file = partial / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        # nothing may be said to be done that medmat itself cannot read
        Card.load(partial / plugin.names.package / f"{plugin.names.module}.toml")
        partial.chmod(0o755)
        # a plain rename would replace an empty folder made meanwhile; that one holds nothing
        partial.rename(target)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror}") from error
    except CardError as error:
        why = str(error).replace(f"{partial}{os.sep}", "")
        raise UsageError(
            f"{target}: was not written, for its card cannot be read back: {why}; please report it"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def markdown(text: str) -> str:
    """Text in a Markdown paragraph: what would be markup is escaped."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))


def _quoted(text: str) -> str:
    """A TOML string: JSON escapes what TOML wants escaped, but for DEL, which is no part of a title here."""
    return json.dumps(text, ensure_ascii=False)


def _to_do(plugin: Plugin) -> list[str]:
    package, module = plugin.names.package, plugin.names.module
    adapter = f"`{package}/{module}.py`: how the real folder is read; then the labels and the example of the card"
    subset = f"`{package}/subset.toml`: six instructions of your own for each kind of question"
    return [
        *([] if plugin.proposal.layout else [adapter]),
        f"`{package}/{module}.toml`: captions in plain English, address, license, citation",
        *(textwrap.fill(markdown(doubt), 114, subsequent_indent="      ", break_long_words=False)
          for doubt in plugin.proposal.doubts),
        *([subset] if plugin.facts.place.new else []),
        "a license for this code: see `pyproject.toml`",
    ]  # fmt: skip


def _subset_text(plugin: Plugin) -> str:
    """The new subset as data."""
    from tomli_w import dumps

    place = plugin.facts.place
    texts = instructions()  # all of them for an adapter to fill in, which may come to yield anything
    data = {
        "no": place.no,
        "modality": place.modality,
        "area": place.area,
        "task": place.task,
        "instructions": {ask: texts[ask] for ask in (place.asks if plugin.proposal.layout else texts)},
    }
    return f"{template('subset.toml').template}\n{dumps(data, indent=2)}"
