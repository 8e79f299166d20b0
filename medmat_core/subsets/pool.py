"""The frozen pool: which captions the 109 rows have, subset by subset.

It is data in the package and not gathered at run time, so that a question stays the same whatever else is
installed. ``tools/freeze_pool.py`` writes it from the cards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from attrs import frozen

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
