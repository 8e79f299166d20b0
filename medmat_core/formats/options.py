"""``--option FORMAT.KEY=VALUE``: texts from the command line into a format's options class."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs
from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError

from medmat_core.errors import UsageError
from medmat_core.formats.protocol import Format

_LITERAL: Final = re.compile(r"(.*) not in literal typing\.Literal\[(.*)\]", re.DOTALL)


def _flag(value: Any, _: Any) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        return known[str(value).casefold()]
    except KeyError:
        raise ValueError(f"{value!r} is neither true nor false") from None


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(bool, _flag)
    return converter


def options_of(formats: Sequence[Format], given: Iterable[str]) -> Mapping[str, Any]:
    """Options by format, from texts such as 'chat.style=openai', with every default filled in.

    :class:`UsageError` where a text is none, names a format that is not written or a key that it has not, or where a
    value does not fit.
    """
    raw: dict[str, dict[str, str]] = {format_.name: {} for format_ in formats}
    for text in given:
        name, dot, rest = text.partition(".")
        key, equals, value = rest.partition("=")
        if not (dot and equals and name and key):
            raise UsageError(f"--option {text!r}: write FORMAT.KEY=VALUE, such as chat.style=openai")
        if name not in raw:
            raise UsageError(f"--option {text!r}: {name!r} is not written; {near(name, raw, 'give --format too, or')}")
        fields = [field.name for format_ in formats if format_.name == name for field in attrs.fields(format_.options)]
        if key not in fields:
            has = "it has none" if not fields else near(key, fields, "it has")
            raise UsageError(f"--option {text!r}: {name} has no option {key!r}; {has}")
        raw[name][key] = value
    return {format_.name: _structured(format_, raw[format_.name]) for format_ in formats}


def _structured(format_: Format, raw: Mapping[str, str]) -> Any:
    try:
        return _converter().structure(raw, format_.options)
    except BaseValidationError as error:
        told = "; ".join(
            f"{where.replace('$.', '')}: {reason}"
            for reason, _, where in (line.rpartition(" @ ") for line in transform_error(error, format_exception=_why))
        )
        raise UsageError(f"--option {format_.name}: {told}") from None
    except ValueError as error:  # of a validator, where only one field was wrong
        raise UsageError(f"--option {format_.name}: {error}") from None


def _why(error: BaseException, kind: type | None) -> str:
    found = _LITERAL.fullmatch(str(error))
    if found is None:
        return str(error) or type(error).__name__
    names = [name.strip("'") for name in found[2].split(", ")]
    return f"{found[1]!r} is none of {', '.join(names)}"


def near(word: str, known: Iterable[str], otherwise: str) -> str:
    """A hint at the nearest known name, or all of them."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"{otherwise} {', '.join(names)}"
