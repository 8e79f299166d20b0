"""Records one after the other from files of any size: a JSON array however it is laid out, or an object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

CHUNK: Final = 1 << 20
"""Characters read at a time."""

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_LONGEST: Final = 64 << 20
_STRING: Final = 1 << 20
"""No record, and no text in one, is longer; a file that never closes a brace must not be read into memory whole."""


class StreamError(ValueError):
    """A file that is not, or not to its end, what it should be. The message says where and what."""


def records(path: Path) -> Iterator[Any]:
    """The values of a JSON array, or of JSON lines, in order; memory holds one chunk.

    Raises :class:`StreamError` where the file cannot be opened, is not UTF-8, is cut off or is no JSON; what came
    before was given out by then. An empty file has no lines, but is no array.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = _Reader(handle)
            if path.suffix == ".jsonl" or reader.peek() == "{":
                yield from reader.lines()
            else:
                yield from reader.array()
    except OSError as error:
        raise StreamError(f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise StreamError("is not UTF-8 text") from error


class _Reader:
    """A window over a text file; ``at`` is the place in the window that comes next."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.window = ""
        self.at = 0
        self.ended = False
        self.decode = json.JSONDecoder().raw_decode
        self.count = 0

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        if self.ended:
            return False
        chunk = self.handle.read(CHUNK)
        if not chunk:
            self.ended = True
            return False
        self.window = self.window[self.at :] + chunk
        self.at = 0
        return True

    def peek(self, skip: bool = True) -> str:
        """The next character that is no blank (or the very next one), '' at the end; it is not taken."""
        while True:
            if skip:
                blank = _BLANK.match(self.window, self.at)
                assert blank is not None, "the pattern matches the empty text"
                self.at = blank.end()
            if self.at < len(self.window):
                return self.window[self.at]
            if not self._more():
                return ""

    def value(self) -> tuple[Any, str]:
        """The next JSON value and its text."""
        while True:
            try:
                found, end = self.decode(self.window, self.at)
            except json.JSONDecodeError as error:
                # only what went wrong near the end of the window can come right with more text
                near_end = len(self.window) - error.pos < _STRING and len(self.window) - self.at < _LONGEST
                if near_end and self._more():
                    continue
                raise StreamError(f"is cut off or no JSON after {self.count} records ({error.msg})") from None
            except RecursionError:
                raise StreamError(f"is nested too deeply after {self.count} records") from None
            if end == len(self.window) and not isinstance(found, (dict, list, str)) and self._more():
                continue  # a number may go on in the next chunk
            text = self.window[self.at : end]
            self.at = end
            self.count += 1
            return found, text

    def array(self) -> Iterator[Any]:
        if self.peek() != "[":
            raise StreamError("is no JSON array of records" if self.peek() else "is empty")
        self.at += 1
        if self.peek() == "]":
            self.at += 1
        else:
            while True:
                if not self.peek():
                    raise StreamError(f"is cut off after {self.count} records")
                yield self.value()[0]
                mark = self.peek()
                if mark not in (",", "]"):
                    what = (
                        f"is no JSON after {self.count} records" if mark else f"is cut off after {self.count} records"
                    )
                    raise StreamError(what)
                self.at += 1
                if mark == "]":
                    break
        if self.peek():
            raise StreamError("goes on after the end of its array")

    def lines(self) -> Iterator[Any]:
        while self.peek():
            found, text = self.value()
            if "\n" in text or self._after_value() not in ("", "\n"):
                raise StreamError(f"does not hold one object a line (record {self.count})")
            yield found

    def _after_value(self) -> str:
        while (mark := self.peek(skip=False)) in (" ", "\t", "\r") and mark:
            self.at += 1
        return mark
