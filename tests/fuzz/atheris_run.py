"""A target under atheris, which looks for new paths through the code: ``python -m tests.fuzz.atheris_run CSV``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["medmat_core"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / target.name

        def one(raw: bytes) -> None:
            file.write_bytes(raw)
            target.read(Path(folder), target.name)

        atheris.Setup(sys.argv, one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
