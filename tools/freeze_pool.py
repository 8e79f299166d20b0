"""Write ``medmat_core/subsets/pool.json`` from the cards under ``plugins/``.

Run it after a card's captions changed: ``python tools/freeze_pool.py``. The version goes up when the captions
differ; with ``--check`` nothing is written and the exit code is 1 when they do.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from medmat_core.card import Card  # noqa: E402
from medmat_core.subsets.pool import POOL_FILE, frozen_pool, gather, pool_version, to_json  # noqa: E402

ROWS = frozenset(range(1, 110))


def cards(plugins: Path) -> list[Card]:
    """Every card of the plugin packages: each .toml in a package."""
    paths = sorted(path for path in plugins.rglob("*.toml") if (path.parent / "__init__.py").is_file())
    return [Card.load(path) for path in paths]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the pool agrees with the cards")
    check: bool = parser.parse_args(arguments).check
    found = cards(ROOT / "plugins")
    missing = ROWS - {card.head.no for card in found}
    if missing:
        # a pool gathered from some of the rows would take captions from the questions of the others
        print(f"no card under plugins/ for rows {', '.join(map(str, sorted(missing)))}", file=sys.stderr)
        return 2
    pool = gather(found)
    stale = [no for no in pool if tuple(pool[no]) != frozen_pool(no)] if POOL_FILE.is_file() else list(pool)
    captions = sum(map(len, pool.values()))
    if not stale:
        print(f"pool.json is up to date: {captions} captions in {len(pool)} subsets")
        return 0
    print(f"captions differ from pool.json in subsets {', '.join(map(str, stale))}")
    if check:
        return 1
    version = pool_version() + 1 if POOL_FILE.is_file() else 1
    POOL_FILE.write_text(to_json(pool, version), encoding="utf-8")
    print(f"wrote version {version}: {captions} captions in {len(pool)} subsets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
