"""How files look that no layout read, in a line a kind: what a person needs to know who writes the reader."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from medmat_core.layouts.guess.survey import Survey, grouped, head_of, some, stem
from medmat_core.tree import fold

_KINDS: Final = 8
"""Kinds of files that are told."""
_HEAD: Final = 4096
_JSON: Final = 50_000_000
_NUMBERS: Final = re.compile(r"[-+.\deE]+([\s,;]+[-+.\deE]+)*")
_NUMBER: Final = re.compile(r"[-+.\deE]+")
_SEPARATORS: Final = re.compile(r"[,;\t]")


def looks(survey: Survey) -> Iterator[str]:
    """A line for each kind of the files that are no pictures, those of which there are most first."""
    kinds = grouped(survey.others, lambda path: fold(path.rpartition("/")[2][len(stem(path).partition(".")[0]) :]))
    for kind, paths in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))[:_KINDS]:
        named = sum(fold(stem(path)) in survey.stems for path in paths)
        beside = f", {named} of them named like pictures" if named else ""
        look = _look(survey, paths[0])
        what = f"{len(paths)} {kind or 'without a suffix'}{beside}, such as {paths[0]}"
        yield f"{what}: {look}" if look else what


def _look(survey: Survey, path: str) -> str:
    """What a file holds, in a few words; "" where that cannot be told."""
    head = head_of(survey.base / path, _HEAD)
    if head[128:132] == b"DICM":
        return "DICOM"
    if path.lower().endswith(".json") and os.path.getsize(survey.base / path) <= _JSON:
        try:
            return _of_json(json.loads(head_of(survey.base / path, _JSON)), survey.stems)
        except (ValueError, RecursionError):
            return "no JSON"
    text = head.decode("utf-8", "replace")
    if not head or b"\0" in head or text.count("\ufffd") > 0.05 * len(text):
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if found := re.search(r"<([A-Za-z][\w:.-]*)", text if text.lstrip().startswith("<") else ""):
        return f"XML or HTML, <{found[1]}>"
    if lines and _NUMBERS.fullmatch(lines[0]):
        return f"lines of {len(_NUMBER.findall(lines[0]))} numbers"
    cells = _SEPARATORS.split(lines[0]) if lines else []
    if len(cells) > 1:
        return f"a table of {len(cells)} columns: {some(cell.strip()[:30] for cell in cells)}"
    return "text"


def _of_json(value: Any, stems: Collection[str], depth: int = 2) -> str:
    """What a value of JSON is; keys that name pictures are not listed."""
    if isinstance(value, list):
        inner = f", each {_of_json(value[0], stems, depth - 1)}" if value and depth else ""
        return f"a list of {len(value)}{inner}"
    if isinstance(value, dict):
        named = sum(fold(stem(key)) in stems or fold(key) in stems for key in value)
        if named > 0.5 * len(value):
            inner = f", each {_of_json(next(iter(value.values())), stems, depth - 1)}" if depth else ""
            return f"an object by names of pictures{inner}"
        return f"an object of {some(str(key)[:30] for key in value)}"
    return type(value).__name__.replace("str", "a text").replace("float", "a number").replace("int", "a number")
