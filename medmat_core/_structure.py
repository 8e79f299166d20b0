"""TOML values into frozen classes, with errors that name file, field and reason.

What is sound, as nearly all is, is built by :func:`_built` in a millisecond. cattrs, whose import takes longer than the
rest of a small build's start, decides and explains all else.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from medmat_core.errors import CardError

T = TypeVar("T")


def structure(raw: Mapping[str, Any], shape: type[T], path: Path) -> T:
    """``raw`` as a ``shape``; :class:`CardError` lists every field that failed."""
    try:
        value: T = _built(raw, shape)
    except Exception:  # whatever is wrong, cattrs knows how to say it
        return _explained(raw, shape, path)
    return value


def _built(value: Any, kind: Any) -> Any:
    """``value`` as a ``kind``, or an error of any kind. TOML has types: nothing is converted but int to float."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any or kind is Path:  # a path is put there by the caller, never read from a card
        return value
    if attrs.has(kind):
        kinds = _kinds(kind)
        return kind(**{name: _built(item, kinds[name]) for name, item in value.items()})
    if origin is tuple and type(value) is list:
        if inner[-1] is Ellipsis:
            return tuple(_built(item, inner[0]) for item in value)
        return tuple(_built(item, each) for item, each in zip(value, inner, strict=True))
    if origin is Mapping and type(value) is dict:  # get_origin gives the class in collections.abc
        return {key: _built(item, inner[1]) for key, item in value.items()}
    if origin in (Union, UnionType):
        (one,) = (each for each in inner if each is not NoneType)
        return _built(value, one)
    if (origin is Literal and value in inner) or type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)
    raise TypeError(kind)


@cache
def _kinds(shape: type) -> Mapping[str, Any]:
    return get_type_hints(shape)


def _explained(raw: Mapping[str, Any], shape: type[T], path: Path) -> T:
    from cattrs import Converter, transform_error
    from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError

    def strict(kind: type) -> Any:
        """A number where text belongs is a mistake of the card, not something to convert."""

        def hook(value: Any, _: Any) -> Any:
            if type(value) is not kind:
                raise TypeError(f"expected {kind.__name__}, found {type(value).__name__} {value!r}")
            return value

        return hook

    def number(value: Any, _: Any) -> float:
        if type(value) not in (int, float):
            raise TypeError(f"expected a number, found {type(value).__name__} {value!r}")
        return float(value)

    def reason(error: BaseException, kind: type | None) -> str:
        if isinstance(error, KeyError):
            return "required field is missing"
        if isinstance(error, ForbiddenExtraKeysError):
            return f"there is no field {', '.join(sorted(error.extra_fields))}"
        return str(error) or type(error).__name__

    converter = Converter(forbid_extra_keys=True)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, strict(kind))
    converter.register_structure_hook(float, number)
    converter.register_structure_hook(Path, lambda value, _: value)
    try:
        return converter.structure(raw, shape)
    except BaseValidationError as error:
        faults = "; ".join(
            f"{where.replace('$.', '').replace('$', 'card')}: {why}"
            for why, _, where in (line.rpartition(" @ ") for line in transform_error(error, format_exception=reason))
        )
        raise CardError(f"{path}: {faults}") from error
