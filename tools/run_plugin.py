"""Run the conformance suite and a plugin package's own tests: ``python tools/run_plugin.py plugin-fundus``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    name, *more = sys.argv[1:]
    # in the package's own folder, as a stranger runs it in his
    package = ROOT / "plugins" / name.removeprefix("plugin-")
    command = [sys.executable, "-m", "pytest", "--medmat", "-q", "-p", "no:cacheprovider", *more]
    return subprocess.run(command, check=False, cwd=package).returncode


if __name__ == "__main__":
    sys.exit(main())
