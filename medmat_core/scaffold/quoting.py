"""Text of users and file names as TOML, Python and Markdown that reads back as the same text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from medmat_core.errors import UsageError

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def valid(text: str, what: str) -> str:
    """``text``, if it can be written to a file; :class:`UsageError` for bytes that were no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{what} {text!a} is not valid Unicode; type it again") from None
    return text


def one_line(text: str) -> str:
    """``text`` with every control character and run of white space as one blank, for titles and comments."""
    return " ".join(_CONTROL.sub(" ", text).split())


def toml_text(text: str) -> str:
    """A TOML basic string on one line."""
    # JSON escapes what TOML wants escaped, but for DEL
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(text: str) -> str:
    """A key, bare where TOML allows it."""
    return text if _BARE.fullmatch(text) else toml_text(text)


def toml_block(text: str) -> str:
    """A TOML multi-line string, for label files to be read as they stand; ends of lines are ``\\n``."""
    escaped = text.replace("\\", "\\\\").replace('"""', '""\\"')
    escaped = re.sub(
        r"[\x00-\x08\x0b-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped.replace("\r\n", "\n")
    )
    if escaped.endswith('"'):
        escaped = escaped[:-1] + '\\"'
    return f'"""\n{escaped}"""'


def toml_value(value: Any) -> str:
    """A text, number, truth value, list or table as TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(str(key))} = {toml_value(item)}" for key, item in value.items()) + " }"
    return "[" + ", ".join(toml_value(item) for item in value) + "]"


def toml_list(values: list[str] | tuple[str, ...]) -> str:
    """A list of texts: on one line where it is short, else one a line."""
    line = toml_value(values)
    if len(line) <= 96:
        return line
    return "[\n" + "".join(f"  {toml_text(value)},\n" for value in values) + "]"


def python_text(text: str) -> str:
    """A Python string literal in double quotes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def python_raw(pattern: str) -> str:
    """A regular expression as a raw Python literal where it can be one."""
    if '"' in pattern or "\\" not in pattern or _CONTROL.search(pattern):
        return python_text(pattern)
    return f'r"{pattern}"' if not pattern.endswith("\\") else python_text(pattern)


def python_doc(text: str) -> str:
    """One line for the inside of a docstring in triple quotes."""
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')


def wrapped(line: str, width: int = 116) -> str:
    """A line of Python whose outermost call is too long, with an argument a line; other lines as they are."""
    start = line.find("(")
    if len(line) <= width or start < 0 or line.lstrip().startswith(('"', "#")):
        return line
    parts, end = _arguments(line, start)
    if end < 0 or not parts:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    inner = "".join(wrapped(f"{indent}    {part},", width) + "\n" for part in parts)
    return f"{line[: start + 1]}\n{inner}{indent}{line[end:]}"


def _arguments(line: str, start: int) -> tuple[list[str], int]:
    """The arguments of the call whose bracket opens at ``start``, and where it closes (-1: not on this line)."""
    depth, quote, begin = 0, "", start + 1
    parts: list[str] = []
    place = start
    while place < len(line):
        char = line[place]
        if quote:
            if char == "\\":
                place += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if not depth:
                last = line[begin:place].strip()
                return [*parts, *([last] if last else [])], place
        elif char == "," and depth == 1:
            parts.append(line[begin:place].strip())
            begin = place + 1
        place += 1
    return parts, -1


def markdown(text: str) -> str:
    """Text in a Markdown paragraph: what would be markup is escaped."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", one_line(text))
