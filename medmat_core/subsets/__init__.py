"""The 53 aggregated subsets as data: what each is about, its instructions, and its frozen pool of captions.

``index.toml`` holds what a listing needs; ``NN.toml`` the six instructions of every ask of subset NN;
``pool.json`` the captions of all 109 rows, frozen so that nothing installed changes a question.
A subset is read only when it is asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from medmat_core.errors import CatalogError
from medmat_core.subsets.pool import PoolLabel, frozen_pool, pool_version
from medmat_core.subsets.wording import (
    OPEN_BOX,
    PLACEHOLDERS,
    convention_clause,
    count_clause,
    in_sentence,
    lacking,
    placeholders,
    speaks_of_options,
)

__all__ = [
    "OPEN_BOX",
    "PLACEHOLDERS",
    "Entry",
    "PoolLabel",
    "Subset",
    "convention_clause",
    "count_clause",
    "in_sentence",
    "load_subset",
    "placeholders",
    "pool_version",
    "speaks_of_options",
    "subset_index",
]

_HERE: Final = Path(__file__).parent


@frozen
class Entry:
    """What a listing says of a subset, in Med-MAT's own words."""

    no: int
    modality: str
    area: str
    task: str


def _instructions(value: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    # a plain dict: subsets travel to worker processes, and a mapping proxy does not pickle
    return {ask: tuple(texts) for ask, texts in value.items()}


@frozen
class Subset:
    """One (modality, area, task) aggregate.

    ``instructions`` maps an ask to six templates (see :mod:`medmat_core.subsets.wording` for what they hold), each
    worded differently. ``pool`` holds every caption that a member's question may take as a wrong option. A
    plugin's own subset has the numbers from 1000 up and may leave the pool empty.
    """

    no: int
    modality: str
    area: str
    task: str
    instructions: Mapping[str, tuple[str, ...]] = field(converter=_instructions)
    pool: tuple[PoolLabel, ...] = ()

    @instructions.validator
    def _complete(self, attribute: Any, value: Mapping[str, tuple[str, ...]]) -> None:
        if not value:
            raise ValueError(f"subset {self.no}: no instructions; give six for one ask at least")
        for ask, texts in value.items():
            if ask not in PLACEHOLDERS:
                raise ValueError(f"subset {self.no}: unknown ask {ask!r}; use one of {', '.join(PLACEHOLDERS)}")
            if len({" ".join(text.casefold().split()) for text in texts}) != 6 or len(texts) != 6:
                raise ValueError(f"subset {self.no}: {ask}: six different instructions are needed, found {len(texts)}")
            for text in texts:
                if lacking(ask, text):
                    names = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS[ask]))
                    raise ValueError(f"subset {self.no}: {ask}: {text!r} must hold {names} and nothing else in braces")

    @classmethod
    def beside(cls, module_file: str) -> Subset:
        """The subset in ``subset.toml`` beside a plugin's module: number, modality, area, task, and the instructions.

        Call it as ``Subset.beside(__file__)``. :class:`CatalogError` names the file where it cannot be read, or what
        is wrong in it.
        """
        path = Path(module_file).with_name("subset.toml")
        try:
            return cls(**tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise CatalogError(f"{path}: {error}") from error

    def question(self, ask: str, template: int, **words: str) -> str:
        """The instruction ``template`` (0-5) of an ask, filled; KeyError names a word that is missing."""
        return self.instructions[ask][template].format(**words)


@lru_cache(maxsize=1)
def subset_index() -> Mapping[int, Entry]:
    """Number -> modality, area and task of the 53 subsets, in order."""
    raw = tomllib.loads((_HERE / "index.toml").read_text(encoding="utf-8"))
    return MappingProxyType({int(no): Entry(int(no), **words) for no, words in raw.items()})


@cache
def load_subset(no: int) -> Subset:
    """The subset with this number (1 to 53); CatalogError for any other."""
    entry = subset_index().get(no)
    if entry is None:
        raise CatalogError(f"there is no subset {no}; the subsets are 1 to {len(subset_index())}")
    raw = tomllib.loads((_HERE / f"{no:02d}.toml").read_text(encoding="utf-8"))
    return Subset(no, entry.modality, entry.area, entry.task, raw, frozen_pool(no))
