"""Write ``medmat_core/subsets/pool.json`` from the cards under ``plugins/``.

Run it after a card's captions changed: ``python tools/freeze_pool.py``. The version goes up when the captions
differ; with ``--check`` nothing is written and the exit code is 1 when they do.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from medmat_core.card import Card  # noqa: E402
from medmat_core.subsets.pool import POOL_FILE, Kind, PoolLabel, frozen_pool, pool_version  # noqa: E402

ROWS = frozenset(range(1, 110))


def cards(plugins: Path) -> list[Card]:
    """Every card of the plugin packages: each .toml in a package."""
    paths = sorted(path for path in plugins.rglob("*.toml") if (path.parent / "__init__.py").is_file())
    return [Card.load(path) for path in paths]


def kind_of(card: Card, caption: str) -> Kind:
    """Why a card's caption is never a wrong option ("": it may be one)."""
    classes = card.tables.classes
    if caption in classes.catch_all:
        return "catch_all"
    if caption in classes.anatomy:
        return "anatomy"
    if card.head.kind in ("mask", "box") and (caption == card.head.normal or caption in classes.negates):
        return "negative"
    return ""


def gather(cards: Iterable[Card]) -> dict[int, list[PoolLabel]]:
    """The pool of every subset from cards: captions by their lowest row, then in card order.

    Cards without a row number are a third party's and stay out. A caption that one card flags is flagged.
    """
    rows: dict[tuple[int, str], list[int]] = {}
    kinds: dict[tuple[int, str], Kind] = {}
    found: dict[int, list[str]] = {}
    numbered = [(card.head.no, card) for card in cards if card.head.no is not None]
    for no, card in sorted(numbered, key=lambda pair: pair[0]):
        for caption in card.captions:
            key = (card.head.subset, caption)
            if key not in rows:
                found.setdefault(card.head.subset, []).append(caption)
            rows.setdefault(key, []).append(no)
            kinds[key] = kinds.get(key) or kind_of(card, caption)
    return {
        subset: [PoolLabel(caption, tuple(rows[subset, caption]), kinds[subset, caption]) for caption in found[subset]]
        for subset in sorted(found)
    }


def to_json(pool: Mapping[int, Iterable[PoolLabel]], version: int) -> str:
    """The text of ``pool.json``, a line a caption so that a change reads well."""
    subsets = []
    for no, labels in pool.items():
        lines = [
            json.dumps([label.caption, list(label.rows), *([label.kind] if label.kind else [])], ensure_ascii=False)
            for label in labels
        ]
        subsets.append(f'    "{no}": [\n      ' + ",\n      ".join(lines) + "\n    ]")
    return f'{{\n  "version": {version},\n  "subsets": {{\n' + ",\n".join(subsets) + "\n  }\n}\n"


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
