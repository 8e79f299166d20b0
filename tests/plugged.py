"""Plugins as they are installed: a module and a dist-info folder on ``sys.path``, found by their entry points."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.toy import CARD

COMMAND = """
import click


@click.command("{name}")
def command():
    "Count the newts."
    click.echo("two newts")


@hookimpl
def medmat_commands():
    return [command]
"""

PLUGIN = """
from medmat_core import Dataset, Subset, hookimpl, readers

{extra}


def samples(tree, card):
    return readers.class_folders(tree, card)


@hookimpl
def medmat_datasets():
    return [Dataset.beside(__file__, samples)]
"""

SUBSET = """
VERBS = ("Name", "Read", "Judge", "Sort", "See", "Call")


@hookimpl
def medmat_subsets():
    asked = tuple(f"{{verb}} this {{{{area}}}} {{{{modality}}}}." for verb in VERBS)
    return [Subset({no}, "Toy", "Toy", "Toy", {{"label": asked}})]
"""

WRITER = """
import csv
import io

from medmat_core.formats.lines import LineFormat

from medmat_core.formats import LineFormat


class CsvFormat(LineFormat):
    name = "{name}"
    about = "a table"
    opening = b"id,image,answer\\n"

    def scopes(self, told):
        return ("dataset",)

    def file(self, place, told):
        return f"csv/{{place.stem}}.csv"

    def items(self, record, picture, told):
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(["\\0", record.image, record.answer])
        return [out.getvalue().encode()]


@hookimpl
def medmat_formats():
    return [CsvFormat()]
"""

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a plugin into a site folder of its own, as pip would: module, card, and dist-info with entry points."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def add(
        slug: str,
        *,
        dist: str = "",
        entry: str = "",
        extra: str = "",
        head: str = "",
        code: str | None = PLUGIN,
        subset: int = 1000,
        tables: str = "",
    ) -> str:
        dist = dist or f"medmat-plugin-{slug}"
        package = dist.replace("-", "_")
        module = slug.replace("-", "_")
        folder = site / package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        if code is not None:  # else the card is all there is
            (folder / f"{module}.py").write_text(code.replace("{extra}", extra))
        labels = "\n".join(f'{name} = "{name.capitalize()}"' for name in ("cat", "dog", "cow", "eel"))
        card = CARD.format(slug=slug, folder="toy", kind="single-label", labels=labels, head=head, tables=tables)
        (folder / f"{module}.toml").write_text(card.replace("subset = 1000", f"subset = {subset}"))
        info = site / f"{package}-1.2.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[medmat]\n{entry or slug} = {package}.{module}\n")
        importlib.invalidate_caches()
        return dist

    yield add
    for name in set(sys.modules) - before:
        if name.startswith("medmat_plugin_"):
            del sys.modules[name]
