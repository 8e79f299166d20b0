"""Records in Med-MAT's form, as medmat writes them and as its authors published them: the one reader of both.

A file is a JSON array however it is laid out (or an object a line) and is read bit by bit, whatever its size.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from medmat_core.records import RecordError

KEYS: Final = ("id", "caption", "image", "Question", "Answer", "Question-choice", "Answer-choice", "data-no")
"""The keys of a record, in their order."""

NEWER_KEYS: Final = ("id", "image", "question", "choices", "caption")
"""The keys of the newer form (``Subset-NN-train.json``), where ``caption`` is the right choice's text."""

LETTERS: Final = "ABCDEFGHIJ"
CLOSING_LINE: Final = "Answer with the option's letter from the given choices directly."

CHUNK: Final = 1 << 20
"""Characters read at a time."""

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_OPTION: Final = re.compile(r"\s*\(?([A-J])\)?\s*[:.)]\s*(.*?)\s*")
_LONGEST: Final = 64 << 20
_STRING: Final = 1 << 20
"""No record, and no text in one, is longer; a file that never closes a brace must not be read into memory whole."""


@frozen
class Choice:
    """A record in Med-MAT's form. ``slot`` is the option that its letter names, -1 where it names none; ``form`` says
    what is odd about its Question-choice, "" where nothing is. ``data_no`` is "" in the newer form."""

    id: str
    image: str
    caption: str
    question: str
    answer: str
    options: tuple[str, ...]
    slot: int
    data_no: str
    form: str = ""


def choice_text(question: str, options: tuple[str, ...]) -> str:
    """What Question-choice holds: the question, one line an option, and the closing line."""
    listed = "\n".join(f"{letter}: {option}" for letter, option in zip(LETTERS, options, strict=False))
    return f"{question}\n{listed}\n{CLOSING_LINE}"


def choice_of(raw: Any) -> Choice:
    """One parsed record, of either form; TypeError, ValueError or KeyError says what is wrong with it."""
    if type(raw) is not dict:
        raise TypeError(f"expected an object, found {raw!r:.60}")
    if "choices" in raw:
        return _newer(raw)
    missing = [key for key in KEYS if key not in raw]
    if missing:
        raise KeyError(f"{', '.join(map(repr, missing))} missing")
    for key in KEYS[1:]:
        if key != "data-no":
            _text(key, raw[key])
    options, form = _options(raw["Question"], raw["Question-choice"])
    letter = raw["Answer-choice"].strip()
    # a letter may stand with what follows it: "A:" or "A: Cyst"
    slot = LETTERS.find(letter[0]) if letter and (len(letter) == 1 or letter[1] in ":.) ") else -1
    return Choice(
        _id(raw["id"]), raw["image"], raw["caption"], raw["Question"], raw["Answer"], options,
        slot if slot < len(options) else -1, _id(raw["data-no"]), form,
    )  # fmt: skip


def _newer(raw: dict[str, Any]) -> Choice:
    missing = [key for key in NEWER_KEYS if key not in raw]
    if missing:
        raise KeyError(f"{', '.join(map(repr, missing))} missing")
    for key in ("image", "question", "caption"):
        _text(key, raw[key])
    choices = raw["choices"]
    listed = list(choices.values()) if isinstance(choices, dict) else choices
    if not isinstance(listed, list):
        raise TypeError(f"choices: expected an object of letter and text, found {choices!r:.60}")
    options = tuple(_text("choices", option) for option in listed)
    slot = options.index(raw["caption"]) if raw["caption"] in options else -1
    return Choice(_id(raw["id"]), raw["image"], raw["caption"], raw["question"], raw["caption"], options, slot, "")


def _text(key: str, value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{key}: expected text, found {value!r:.60}")
    value.encode()
    return value


def _id(value: Any) -> str:
    """Published files number by text, ours by whole numbers."""
    if type(value) not in (str, int):
        raise TypeError(f"expected a number or a text, found {value!r:.60}")
    return str(value)


def _options(question: str, text: str) -> tuple[tuple[str, ...], str]:
    """The options of a Question-choice, read strictly, else as far as lettered lines can be told; and what is odd."""
    head, tail = question + "\n", "\n" + CLOSING_LINE
    if text.startswith(head) and text.endswith(tail) and len(text) > len(head) + len(tail):
        lines = text[len(head) : -len(tail)].split("\n")
        if len(lines) <= len(LETTERS) and all(map(str.startswith, lines, [f"{letter}: " for letter in LETTERS])):
            return tuple(line[3:] for line in lines), ""
    found = [match for line in text.splitlines() if (match := _OPTION.fullmatch(line)) is not None]
    options = tuple(match[2] for match in found)
    if not text.startswith(question):
        return options, "it does not open with the question"
    if not text.endswith(CLOSING_LINE):
        return options, "it does not end with the closing line"
    if [match[1] for match in found] != list(LETTERS[: len(found)]):
        return options, f"its options are lettered {', '.join(match[1] for match in found) or 'not at all'}"
    return options, "it holds more than question, options and closing line"


def read_values(path: Path) -> Iterator[Any]:
    """The values of a JSON array, or of JSON lines, in order; memory holds one chunk.

    Raises :class:`RecordError` where the file cannot be opened, is not UTF-8, is cut off or is no JSON; what came
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
        raise RecordError(f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RecordError("is not UTF-8 text") from error


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
                raise RecordError(f"is cut off or no JSON after {self.count} records ({error.msg})") from None
            except ValueError:
                raise RecordError(f"holds a number too long after {self.count} records") from None
            except RecursionError:
                raise RecordError(f"is nested too deeply after {self.count} records") from None
            if end == len(self.window) and not isinstance(found, (dict, list, str)) and self._more():
                continue  # a number may go on in the next chunk
            text = self.window[self.at : end]
            self.at = end
            self.count += 1
            return found, text

    def array(self) -> Iterator[Any]:
        if self.peek() != "[":
            raise RecordError("is no JSON array of records" if self.peek() else "is empty")
        self.at += 1
        if self.peek() == "]":
            self.at += 1
        else:
            while True:
                if not self.peek():
                    raise RecordError(f"is cut off after {self.count} records")
                yield self.value()[0]
                mark = self.peek()
                if mark not in (",", "]"):
                    what = (
                        f"is no JSON after {self.count} records" if mark else f"is cut off after {self.count} records"
                    )
                    raise RecordError(what)
                self.at += 1
                if mark == "]":
                    break
        if self.peek():
            raise RecordError("goes on after the end of its array")

    def lines(self) -> Iterator[Any]:
        while self.peek():
            found, text = self.value()
            if "\n" in text or self._after_value() not in ("", "\n"):
                raise RecordError(f"does not hold one object a line (record {self.count})")
            yield found

    def _after_value(self) -> str:
        while (mark := self.peek(skip=False)) in (" ", "\t", "\r") and mark:
            self.at += 1
        return mark
