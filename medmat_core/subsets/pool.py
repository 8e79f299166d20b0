"""The frozen pool: which captions the 109 rows have, subset by subset.

It is data in the package and not gathered at run time, so that a question stays the same whatever else is
installed. ``tools/freeze_pool.py`` writes it from the cards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from attrs import frozen

if TYPE_CHECKING:
    from medmat_core.card import Card

POOL_FILE: Final = Path(__file__).with_name("pool.json")

Kind = Literal["", "catch_all", "anatomy", "negative"]


@frozen
class PoolLabel:
    """A caption of a subset and the rows that have it.

    ``kind`` says why it is never a wrong option: a "catch_all" may be true of any picture, an "anatomy" caption
    names a place and no finding, a "negative" of a mask or box data set says that no region is there.
    """

    caption: str
    rows: tuple[int, ...]
    kind: Kind = ""

    @property
    def never(self) -> bool:
        """Whether the caption is never a wrong option."""
        return self.kind != ""


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


@lru_cache(maxsize=1)
def _file() -> Mapping[str, Any]:
    raw: Mapping[str, Any] = json.loads(POOL_FILE.read_text(encoding="utf-8"))
    return raw


def pool_version() -> int:
    """The version of the frozen pool; the manifest of a build names it."""
    version: int = _file()["version"]
    return version


def frozen_pool(no: int) -> tuple[PoolLabel, ...]:
    """The frozen captions of a subset, empty for one that is not Med-MAT's."""
    return tuple(PoolLabel(caption, tuple(rows), *kind) for caption, rows, *kind in _file()["subsets"].get(str(no), ()))
