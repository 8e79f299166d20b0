"""Runs a trainer's command in this process, after what PyPI's torchvision and torchaudio lack beside a CPU torch.

``python -m tests.trainers.cli llamafactory.train.tuner:run_exp config.yaml``
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import types

from tests.consumers.tiny import mend_torchvision


def stub_torchaudio() -> None:
    """An empty torchaudio where the real one does not import; no picture needs it."""
    try:
        import torchaudio  # noqa: F401
    except (ImportError, OSError, RuntimeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
            del sys.modules[name]
        stub = types.ModuleType("torchaudio")
        stub.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
        stub.__version__ = "0"  # type: ignore[attr-defined]
        sys.modules["torchaudio"] = stub


def main() -> None:
    mend_torchvision()
    stub_torchaudio()
    module, _, function = sys.argv[1].partition(":")
    sys.argv = [module, *sys.argv[2:]]
    getattr(importlib.import_module(module), function)()


if __name__ == "__main__":
    main()
