"""A target under atheris, which looks for new paths through the code: ``python -m tests.fuzz.atheris_run CSV``.

Without a target, or with options of libFuzzer alone, each target has its turn in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["medmat_core"]):
    from tests.fuzz.targets import TARGETS, Target

    def first(target: Target, folder: Path) -> None:
        """Read what is sound: what is imported only when it is needed has to be imported here to be looked into."""
        (folder / target.name).write_bytes(target.seed)
        target.read(folder, target.name)

    if len(sys.argv) > 1 and sys.argv[1] in TARGETS:
        with tempfile.TemporaryDirectory() as where:
            first(TARGETS[sys.argv[1]], Path(where))


def fuzz(target: Target, options: list[str]) -> None:
    """Changed bytes until the options' time is up; the first that raise what is not promised end it."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        (corpus / "seed").write_bytes(target.seed)

        def one(raw: bytes) -> None:
            (Path(folder) / target.name).write_bytes(raw)
            target.read(Path(folder), target.name)

        atheris.Setup(["fuzz", str(corpus), *options], one)
        atheris.Fuzz()


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] in TARGETS:
        fuzz(TARGETS[arguments[0]], arguments[1:])
        return 0
    codes = {}
    for name in TARGETS:
        print(f"== {name}", flush=True)
        codes[name] = subprocess.run([sys.executable, "-m", __spec__.name, name, *arguments], check=False).returncode
    failed = [name for name, code in codes.items() if code]
    print(f"{len(codes)} targets; failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
