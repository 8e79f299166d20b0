"""Install packages of this repository into the running environment from wheels that environments share.

    python tools/install.py [--extras dicom,xlsx] core plugin-fundus
    python tools/install.py --extras testing all

``core`` is medmat-core, ``plugin-NAME`` the package in plugins/NAME, ``all`` every one. A wheel is built only if its
sources have changed since, so a package is built once however many environments of a matrix install it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / ".wheels"
SKIPPED = {"__pycache__", ".tox", ".git", ".wheels", "dist", "plugins", "tests", "docs", "site", ".venv"}


def digest(package: Path) -> str:
    """A hash over the names and bytes of everything that goes into the wheel."""
    found = hashlib.sha256()
    for folder, names, files in os.walk(package):
        names[:] = sorted(name for name in names if name not in SKIPPED and not name.startswith("."))
        for file in sorted(files):
            path = Path(folder, file)
            found.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def project(package: Path) -> str:
    """The distribution's name."""
    name: str = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    return name


def build(package: Path) -> None:
    """Build one wheel, unless the one that is there came from the same sources."""
    name = project(package)
    mark = WHEELS / f"{name}.sha256"
    now = digest(package)
    if mark.exists() and mark.read_text() == now:
        return
    for old in WHEELS.glob(f"{name.replace('-', '_')}-*.whl"):
        old.unlink()
    subprocess.run(
        [sys.executable, "-m", "uv", "build", "-q", "--wheel", "--out-dir", str(WHEELS), str(package)], check=True
    )
    mark.write_text(now)


def packages(names: list[str]) -> list[Path]:
    """The folders that the names stand for."""
    # plugins/medmat holds nothing but the names of the others
    every = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml") if path.parent.name != "medmat")
    found: list[Path] = []
    for name in names:
        if name == "all":
            found += [ROOT, *every]
        elif name == "core":
            found.append(ROOT)
        else:
            found.append(ROOT / "plugins" / name.removeprefix("plugin-"))
    return list(dict.fromkeys(found))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--extras", default="", help="extras of medmat-core, separated by commas")
    arguments.add_argument("names", nargs="+")
    chosen = arguments.parse_args()
    WHEELS.mkdir(exist_ok=True)
    wanted = packages(chosen.names)
    for package in wanted:
        build(package)
    names = [project(package) for package in wanted]
    specs = [f"{name}[{chosen.extras}]" if name == "medmat-core" and chosen.extras else name for name in names]
    fresh = [part for name in names for part in ("--reinstall-package", name)]
    install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", sys.executable]
    subprocess.run([*install, "--find-links", str(WHEELS), *fresh, *specs], check=True)


if __name__ == "__main__":
    main()
