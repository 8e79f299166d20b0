"""TOML values into frozen classes, with errors that name file, field and reason.

What is sound, as nearly all is, is built by :func:`_built` in a millisecond; what is not is gone through field by
field, so that one look at the message mends the whole card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from medmat_core.errors import CardError

T = TypeVar("T")


def must(
    holds: Callable[[Any], object], told: str, each: Callable[[Any], Iterable[Any]] = lambda value: (value,)
) -> Callable[[Any, Any, Any], None]:
    """A validator of a field: what ``holds`` refuses is told in these words, with the value for ``{!r}``.

    ``each`` gives the parts of a value that it is asked about, where that is not the value itself.
    """

    def check(_: Any, field: Any, value: Any) -> None:
        for item in each(value):
            if not holds(item):
                raise ValueError(told.format(item))

    return check


def structure(raw: Mapping[str, Any], shape: type[T], path: Path, where: str = "") -> T:
    """``raw`` as a ``shape``; :class:`CardError` lists every field that failed. ``where`` is the table that ``raw``
    stands in, if it is not the whole file."""
    try:
        value: T = _built(raw, shape)
    except Exception:  # whatever is wrong, the walk through all fields says it
        return _explained(raw, shape, path, where)
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
        return _built(value, _meant(value, inner))
    if (origin is Literal and value in inner) or type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)
    raise TypeError(kind)


def _meant(value: Any, kinds: tuple[Any, ...]) -> Any:
    """Which of several kinds a value is meant to be: a list only where one may stand, anything else the first."""
    some = [kind for kind in kinds if kind is not NoneType]
    lists = [kind for kind in some if get_origin(kind) is tuple]
    return lists[0] if lists and type(value) is list else some[0]


@cache
def _kinds(shape: type) -> Mapping[str, Any]:
    return get_type_hints(shape)


def _explained(raw: Mapping[str, Any], shape: type[T], path: Path, where: str = "") -> T:
    """What is wrong with ``raw``, every field of it, as :class:`CardError`; the value, if nothing is."""
    faults = [f"{field}: {why}" for field, why in _faults(raw, shape, where)]
    if faults:
        raise CardError(f"{path}: {'; '.join(faults)}")
    value: T = _built(raw, shape)
    return value


Fault = tuple[str, str]
"""(where, why): the path of a field, and what is wrong with its value."""


def _faults(value: Any, kind: Any, where: str) -> Iterator[Fault]:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any or kind is Path:
        return
    if attrs.has(kind):
        yield from _faults_of_fields(value, kind, where)
    elif origin is tuple:
        yield from _faults_of_list(value, inner, where)
    elif origin is Mapping:
        if type(value) is not dict:
            yield where, f"expected a table, found {_shown(value)}"
            return
        for key, item in value.items():
            yield from _faults(item, inner[1], f"{where}[{key!r}]")
    elif origin in (Union, UnionType):
        yield from _faults(value, _meant(value, inner), where)
    elif origin is Literal:
        if value not in inner:
            yield where, f"{value!r} is none of {', '.join(map(repr, inner))}{_near(value, inner)}"
    elif kind is float:
        if type(value) not in (int, float):
            yield where, f"expected a number, found {_shown(value)}"
    elif type(value) is not kind:
        yield where, f"expected {kind.__name__}, found {_shown(value)}"


def _faults_of_list(value: Any, inner: tuple[Any, ...], where: str) -> Iterator[Fault]:
    if type(value) is not list:
        yield where, f"expected a list, found {_shown(value)}"
        return
    if inner[-1] is not Ellipsis and len(value) != len(inner):
        yield where, f"expected {len(inner)} values, found {len(value)}"
        return
    kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
    for place, (item, kind) in enumerate(zip(value, kinds, strict=True)):
        yield from _faults(item, kind, f"{where}[{place}]")


def _faults_of_fields(value: Any, shape: Any, where: str) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield where, f"expected a table, found {_shown(value)}"
        return
    alone = list(_faults_one_by_one(value, shape, where))
    yield from alone
    if not alone:  # then the fields may not fit one another
        try:
            _built(value, shape)
        except ValueError as error:
            yield where or "its fields", str(error)


def _faults_one_by_one(value: Mapping[str, Any], shape: Any, where: str) -> Iterator[Fault]:
    known = {field.name: field for field in attrs.fields(shape) if field.type is not Path}
    missing = [name for name, field in known.items() if name not in value and field.default is attrs.NOTHING]
    prefix = f"{where}." if where else ""
    for name in value:
        if name not in known and not isinstance(value[name], Path):
            from difflib import get_close_matches  # the sound need it not

            meant = next(iter(get_close_matches(name, [n for n in known if n not in value], n=1)), None)
            hint = f": did you mean {meant}?" if meant else f"; there are {', '.join(known)}"
            yield prefix + name, f"there is no field {name}{hint}"
            missing = [other for other in missing if other != meant]  # one mistake is told once
    for name in missing:
        yield prefix + name, "it is missing and has to be given"
    for name, field in known.items():
        if name not in value:
            continue
        faults = list(_faults(value[name], _kinds(shape)[name], prefix + name))
        if not faults and field.validator is not None:
            try:
                field.validator(None, field, _built(value[name], _kinds(shape)[name]))
            except ValueError as error:
                faults = [(prefix + name, str(error))]
        yield from faults


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {value!r:.60}"


def _near(value: Any, known: tuple[Any, ...]) -> str:
    from difflib import get_close_matches

    meant = get_close_matches(str(value), [str(each) for each in known], n=1, cutoff=0.5)
    return f"; did you mean {meant[0]!r}?" if meant else ""
