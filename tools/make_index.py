"""Write the index of every plugin package: what the heads of its cards say (see ``medmat_core/index.py``).

Run it after a card or a plugin module changed: ``python tools/make_index.py``. With ``--check`` nothing is written and
the exit code is 1 where an index is not current; medmat then reads the cards instead.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from medmat_core.index import main  # noqa: E402

if __name__ == "__main__":
    folders = sorted(str(path.parent) for path in (ROOT / "plugins").glob("*/pyproject.toml"))
    sys.exit(main([*sys.argv[1:], *folders]))
