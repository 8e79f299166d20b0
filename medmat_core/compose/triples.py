"""Modality, area and task of subsets as they compare: which elements two of them share.

What compares is data: ``families.toml`` beside this file, or a file of the same form.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from medmat_core.errors import UsageError
from medmat_core.subsets import subset_index

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog

ELEMENTS: Final = ("modality", "area", "task")
_FILE: Final = Path(__file__).with_name("families.toml")


@frozen
class Triple:
    """A subset's modality, area and task in Med-MAT's words, and the families of its task, the main one first."""

    no: int
    modality: str
    area: str
    task: str
    families: tuple[str, ...]

    @property
    def family(self) -> str:
        """The main family."""
        return self.families[0]

    def __str__(self) -> str:
        return f"{self.no} ({self.modality}, {self.area}, {self.task})"


@frozen(slots=False)
class Families:
    """A table of families: by subset number, names of one thing, areas that overlap, its version and meaning."""

    version: int
    families: Mapping[str, str]
    subsets: Mapping[int, tuple[str, ...]]
    same: Mapping[str, Mapping[str, str]]
    overlapping: frozenset[frozenset[str]]

    @classmethod
    def load(cls, path: Path | None = None) -> Families:
        """The package's table, or the one at ``path``; :class:`UsageError` says what is wrong with it."""
        try:
            raw = tomllib.loads((path or _FILE).read_text(encoding="utf-8"))
            subsets = {int(no): _names(names) for no, names in raw["subsets"].items()}
            same = {str(element): dict(names) for element, names in raw.get("same", {}).items()}
            pairs = frozenset(frozenset(_names(pair)) for pair in raw.get("overlap", {}).get("area", ()))
            named = {str(name): str(told) for name, told in raw["families"].items()}
            odd = sorted({name for names in subsets.values() for name in names} - set(named))
            if odd:
                raise ValueError(f"the family {odd[0]!r} is not under [families]")
            return cls(int(raw["version"]), named, subsets, same, pairs)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}: is no table of families: {error}; see {_FILE.name} of medmat_core") from None

    def triple(self, no: int, modality: str, area: str, task: str) -> Triple:
        """A subset as it compares; a task that the table does not know is a family of its own."""
        names = self.same.get("modality", {}), self.same.get("area", {})
        families = self.subsets.get(no) or (" ".join(task.casefold().split()),)
        return Triple(no, names[0].get(modality, modality), names[1].get(area, area), task, families)

    @cached_property
    def known(self) -> Mapping[int, Triple]:
        """The 53 subsets."""
        return {no: self.triple(no, one.modality, one.area, one.task) for no, one in subset_index().items()}

    def shared(self, one: Triple, other: Triple) -> tuple[str, ...]:
        """Which of modality, area and task two subsets share."""
        equal = (one.modality == other.modality, one.area == other.area, one.family == other.family)
        return tuple(element for element, alike in zip(ELEMENTS, equal, strict=True) if alike)

    def apart(self, one: Triple, other: Triple) -> bool:
        """Whether they share nothing at all: no element, no lesser family, no area that shows the other's."""
        return not (
            self.shared(one, other)
            or set(one.families) & set(other.families)
            or frozenset((one.area, other.area)) in self.overlapping
        )


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError(f"expected a list of names, found {value!r:.60}")
    return tuple(value)


def triples_of(numbers: Iterable[int], catalog: Catalog | None, families: Families) -> dict[int, Triple]:
    """The subsets of these numbers. A plugin's is asked of the catalog; :class:`UsageError` where nobody knows it."""
    found = {}
    for no in sorted(set(numbers)):
        if no in families.known:
            found[no] = families.known[no]
            continue
        known = catalog.subsets() if catalog is not None else {}
        if no not in known:
            raise UsageError(f"subset {no}: no installed plugin defines it; install the one that the build had")
        one = known[no]
        found[no] = families.triple(no, one.modality, one.area, one.task)
    return found
