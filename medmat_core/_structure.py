"""TOML values into frozen classes by cattrs, with errors that name file, field and reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError

from medmat_core.errors import CardError

T = TypeVar("T")


def _strict(kind: type) -> Any:
    """TOML has types: a number where text belongs is a mistake of the card, not something to convert."""

    def hook(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, found {type(value).__name__} {value!r}")
        return value

    return hook


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"expected a number, found {type(value).__name__} {value!r}")
    return float(value)


_converter = Converter(forbid_extra_keys=True)
for _kind in (str, int, bool):
    _converter.register_structure_hook(_kind, _strict(_kind))
_converter.register_structure_hook(float, _number)
_converter.register_structure_hook(Path, lambda value, _: value)  # put there by the caller, never read from a card


def _reason(error: BaseException, kind: type | None) -> str:
    if isinstance(error, KeyError):
        return "required field is missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return f"there is no field {', '.join(sorted(error.extra_fields))}"
    return str(error) or type(error).__name__


def structure(raw: Mapping[str, Any], shape: type[T], path: Path) -> T:
    """``raw`` as a ``shape``; :class:`CardError` lists every field that failed."""
    try:
        return _converter.structure(raw, shape)
    except BaseValidationError as error:
        faults = "; ".join(
            f"{where.replace('$.', '').replace('$', 'card')}: {reason}"
            for reason, _, where in (
                line.rpartition(" @ ") for line in transform_error(error, format_exception=_reason)
            )
        )
        raise CardError(f"{path}: {faults}") from error
