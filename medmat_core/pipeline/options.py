"""What a build is asked to do, with every default filled in and every bad value refused."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal

from attrs import Attribute, field, frozen
from attrs.validators import optional

from medmat_core.errors import UsageError
from medmat_core.model import ASKS
from medmat_core.pipeline.engines import ENGINES, EngineName
from medmat_core.regions.conventions import BOX_FORMATS, BoxFormat

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


def _seconds(instance: Any, attribute: Attribute[float], value: float) -> None:
    if not 0 <= value < 1e6:
        raise UsageError(f"--timeout-per-file {value}: give seconds from 0 (no limit) up")


def _asks(instance: Any, attribute: Attribute[Any], value: tuple[str, ...] | None) -> None:
    for ask in value or ():
        if ask not in ASKS:
            raise UsageError(f"--ask {ask!r}: choose from {', '.join(ASKS)}")


def _tuple(values: int | str | Iterable[int | str]) -> tuple[str, ...]:
    """Texts, whether one is given (perhaps some, joined by commas) or several; numbers as text."""
    if isinstance(values, str):
        return tuple(part.strip() for part in values.split(",") if part.strip())
    return (str(values),) if isinstance(values, int) else tuple(map(str, values))


def _tuple_or_none(values: str | Iterable[str] | None) -> tuple[str, ...] | None:
    return None if values is None else _tuple(values)


def _whole(values: str | Iterable[str]) -> tuple[str, ...]:
    """Texts that may hold commas."""
    return (values,) if isinstance(values, str) else tuple(values)


def _set(values: Iterable[str]) -> tuple[str, ...]:
    """Each once and in one order, for the order in which they are given changes nothing."""
    return tuple(sorted(set(values)))


RECORDED: Final = ("jsonl", "medmat")
"""The formats that every build writes: its records, and Med-MAT's own form."""


TIMEOUT: Final = 600.0
"""Seconds that one file, or a step of an adapter, may take unless said otherwise: far more than any should."""


def _with_records(values: str | Iterable[str]) -> tuple[str, ...]:
    return _set([*_tuple(values), *RECORDED])


def _fold(value: Any) -> tuple[int, int] | None:
    """ "K/N" or (K, N): fold K of N is the test part."""
    if value is None:
        return None
    try:
        fold, of = map(int, value.split("/") if isinstance(value, str) else value)
    except (ValueError, TypeError):
        fold = of = 0
    if not 1 <= fold <= of or of < 2:
        raise UsageError(f"--fold {value}: give K/N with 1 <= K <= N and N from 2 up, such as 1/5")
    return fold, of


@frozen
class BuildOptions:
    """The arguments of ``medmat build``; see there for what each means. ``out`` defaults to the parent of ``data``."""

    data: Path = field(converter=Path)
    out: Path = field(converter=Path)
    names: tuple[str, ...] = field(default=(), converter=_tuple)
    subset: int | None = None
    modality: str | None = None
    access: tuple[str, ...] = field(default=(), converter=_tuple)
    licenses: tuple[str, ...] = field(default=(), converter=_whole)
    formats: tuple[str, ...] = field(default=RECORDED, converter=_with_records)
    seed: int = 0
    jobs: int = field(factory=lambda: os.cpu_count() or 1, validator=_positive)
    engine: EngineName = field(default="local", validator=_one_of(*ENGINES))
    scheduler: str | None = None
    split: SplitMode = field(default="official", validator=_one_of("official", "group", "none"))
    test_fraction: float = field(default=0.15, validator=_fraction)
    fold: tuple[int, int] | None = field(default=None, converter=_fold)
    validation: Literal["train", "test", "own"] | None = field(
        default=None, validator=optional(_one_of("train", "test", "own"))
    )
    max_per_label: int | None = field(default=None, validator=_positive)
    distractors: Literal["round", "subset"] = field(default="round", validator=_one_of("round", "subset"))
    surplus: Literal["keep", "drop"] = field(default="keep", validator=_one_of("keep", "drop"))
    pool: Literal["frozen", "installed"] = field(default="frozen", validator=_one_of("frozen", "installed"))
    near: Literal["off", "report", "drop"] = field(default="off", validator=_one_of("off", "report", "drop"))
    as_published: bool = False
    asks: tuple[str, ...] | None = field(default=None, converter=_tuple_or_none, validator=_asks)
    box_format: BoxFormat = field(default="unit", validator=_one_of(*BOX_FORMATS))
    verify: Literal["none", "header", "full"] = field(default="header", validator=_one_of("none", "header", "full"))
    timeout_per_file: float = field(default=TIMEOUT, validator=_seconds)
    strict: bool = False
    resume: bool = False

    @out.default
    def _beside_the_data(self) -> Path:
        return Path(os.path.abspath(self.data)).parent

    def __attrs_post_init__(self) -> None:
        if self.near != "off" and self.verify == "none":
            raise UsageError("--near compares pixels, and --verify none opens no picture; leave one of them out")
        if self.near != "off" and self.as_published:
            raise UsageError("--as-published copies a split that looks at no copies; leave out --near")

    def recorded(self) -> dict[str, Any]:
        """The arguments that change records, for the manifest (not jobs, engine, limits of time or paths)."""
        return {
            "formats": list(self.formats),
            "seed": self.seed,
            "split": self.split,
            "test_fraction": self.test_fraction,
            "fold": "/".join(map(str, self.fold)) if self.fold is not None else None,
            "validation": self.validation,
            "max_per_label": self.max_per_label,
            "distractors": self.distractors,
            "surplus": self.surplus,
            "pool": self.pool,
            "near": self.near,
            "as_published": self.as_published,
            "ask": list(self.asks) if self.asks is not None else None,
            "box_format": self.box_format,
            "verify": self.verify,
        }
