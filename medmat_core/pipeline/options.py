"""What a build is asked to do, with every default filled in and every bad value refused."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from attrs import Attribute, field, frozen

from medmat_core.errors import UsageError
from medmat_core.model import ASKS

SplitMode = Literal["official", "group", "none"]


def _one_of(*allowed: str) -> Any:
    def check(instance: Any, attribute: Attribute[str], value: str) -> None:
        if value not in allowed:
            flag = attribute.name.replace("_", "-")
            raise UsageError(f"--{flag} {value!r}: choose one of {', '.join(allowed)}")

    return check


def _fraction(instance: Any, attribute: Attribute[float], value: float) -> None:
    if not 0 <= value < 1:
        raise UsageError(f"--test-fraction {value}: give a number from 0 up to, but not including, 1")


def _positive(instance: Any, attribute: Attribute[int], value: int | None) -> None:
    if value is not None and value < 1:
        raise UsageError(f"--{attribute.name.replace('_', '-')} {value}: give a number from 1 up")


def _asks(instance: Any, attribute: Attribute[Any], value: tuple[str, ...] | None) -> None:
    for ask in value or ():
        if ask not in ASKS:
            raise UsageError(f"--ask {ask!r}: choose from {', '.join(ASKS)}")


def _tuple(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _set(values: Iterable[str]) -> tuple[str, ...]:
    """Each once and in one order, for the order in which they are given changes nothing."""
    return tuple(sorted(set(values)))


@frozen
class BuildOptions:
    """The arguments of ``medmat build``; see there for what each means."""

    data: Path = field(converter=Path)
    out: Path = field(converter=Path)
    names: tuple[str, ...] = field(default=(), converter=_tuple)
    subset: int | None = None
    modality: str | None = None
    formats: tuple[str, ...] = field(default=("medmat",), converter=_set)
    seed: int = 0
    jobs: int = field(factory=lambda: os.cpu_count() or 1, validator=_positive)
    engine: str = field(default="local", validator=_one_of("local", "dask"))
    scheduler: str | None = None
    split: SplitMode = field(default="official", validator=_one_of("official", "group", "none"))
    test_fraction: float = field(default=0.15, validator=_fraction)
    max_per_label: int | None = field(default=None, validator=_positive)
    distractors: Literal["mixed", "subset", "dataset"] = field(
        default="mixed", validator=_one_of("mixed", "subset", "dataset")
    )
    pool: Literal["frozen", "installed"] = field(default="frozen", validator=_one_of("frozen", "installed"))
    asks: tuple[str, ...] | None = field(default=None, validator=_asks)
    box_format: Literal["unit", "thousand", "pixel"] = field(
        default="unit", validator=_one_of("unit", "thousand", "pixel")
    )
    verify: Literal["none", "header", "full"] = field(default="header", validator=_one_of("none", "header", "full"))
    strict: bool = False
    resume: bool = False

    def recorded(self) -> dict[str, Any]:
        """The arguments that change records, for the manifest (not jobs, engine or paths)."""
        return {
            "formats": list(self.formats),
            "seed": self.seed,
            "split": self.split,
            "test_fraction": self.test_fraction,
            "max_per_label": self.max_per_label,
            "distractors": self.distractors,
            "pool": self.pool,
            "ask": list(self.asks) if self.asks is not None else None,
            "box_format": self.box_format,
            "verify": self.verify,
        }
