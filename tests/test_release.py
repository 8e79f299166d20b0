"""A release: thirteen distributions of one version, which install from a folder without an index."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / "tools/release.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def project(package: Path) -> dict[str, object]:
    found: dict[str, object] = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def test_all_distributions_have_one_version_and_medmat_ties_it(release: ModuleType) -> None:
    version = release.check_versions()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert len(release.packages()) == 13


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"medmat-plugin-ct==0.1.0"', '"medmat-plugin-ct>=0.1.0"', "medmat-plugin-ct"),
        ('  "medmat-plugin-mri==0.1.0",\n', "", "medmat-plugin-mri is missing"),
        ('version = "0.1.0"', 'version = "0.2.0"', "medmat has version 0.2.0, core has 0.1.0"),
    ],
)
def test_a_version_that_is_not_tied_is_told(
    release: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, told: str
) -> None:
    for package in release.packages():
        copy = tmp_path / package.relative_to(ROOT) / "pyproject.toml"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((package / "pyproject.toml").read_text("utf-8"))
    (tmp_path / "medmat_core").mkdir()
    (tmp_path / "medmat_core/__init__.py").write_text((ROOT / "medmat_core/__init__.py").read_text("utf-8"))
    file = tmp_path / "plugins/medmat/pyproject.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    monkeypatch.setattr(release, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=re.escape(told)):
        release.check_versions()


def test_medmat_asks_for_every_extra_that_a_plugin_needs() -> None:
    def extras(needs: object) -> set[str]:
        found = re.search(r"medmat-core\[([^\]]+)\]", str(needs))
        return set(found[1].split(",")) if found else set()

    needed = set().union(
        *(extras(project(path.parent)["dependencies"]) for path in ROOT.glob("plugins/*/pyproject.toml"))
    )
    assert needed <= extras(project(ROOT / "plugins/medmat")["dependencies"])


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release in a folder, built from this checkout."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    where = tmp_path_factory.mktemp("release") / "dist"
    command = [sys.executable, str(ROOT / "tools/release.py"), str(where), "--no-isolation", "--no-install"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return where


@pytest.mark.slow
def test_every_distribution_builds_from_its_sdist_and_holds_what_belongs_there(dist: Path) -> None:
    assert len(list(dist.glob("*.whl"))) == len(list(dist.glob("*.tar.gz"))) == 13


@pytest.mark.slow
def test_medmat_installs_from_a_folder_without_an_index(dist: Path, tmp_path: Path) -> None:
    # what others publish is taken as it stands in this environment: nothing is downloaded, and pip alone decides
    command = [
        sys.executable, "-m", "pip", "install", "--no-index", f"--find-links={dist}", "--no-deps",
        "--target", str(tmp_path / "site"), "medmat", "medmat-core",
        *(f"medmat-plugin-{path.parent.name}" for path in ROOT.glob("plugins/*/pyproject.toml")
          if path.parent.name != "medmat"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named pip" in done.stderr:
        command[1:4] = ["-m", "uv", "pip", "install"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import medmat_core\n"
        f"assert medmat_core.__file__.startswith({str(tmp_path / 'site')!r}), medmat_core.__file__\n"
        "catalog = medmat_core.load_catalog()\n"
        "assert not catalog.failed, catalog.failed\n"
        "print(len({entry.head.no for entry in catalog.entries if entry.head.no}))\n"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout.strip()) == (0, "109"), told.stderr


def test_the_citation_names_this_version(release: ModuleType) -> None:
    assert f"\nversion: {release.check_versions()}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
