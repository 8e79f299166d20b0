"""Plain text and docstrings as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|{}])")
_URL = re.compile(r"https?://[^\s)>\]]+")
_ROLE = re.compile(r":(?:class|data|func|mod|meth|attr):`~?([^`]+)`")


def text(plain: str) -> str:
    """A sentence of a card as Markdown: nothing in it is markup, and addresses are links."""
    parts: list[str] = []
    end = 0
    for found in _URL.finditer(plain):
        address = found.group().rstrip(".,;:")
        parts += [_SPECIAL.sub(r"\\\1", plain[end : found.start()]), f"<{address}>"]
        end = found.start() + len(address)
    return "".join([*parts, _SPECIAL.sub(r"\\\1", plain[end:])])


def code(literal: str) -> str:
    """A literal as it stands on disk; blanks at its ends are shown between quotes."""
    shown = literal if literal == literal.strip() and literal else f'"{literal}"'
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}".replace("|", "\\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def bullets(items: Iterable[str]) -> str:
    """A list of sentences of a card."""
    return "\n".join(f"- {text(item)}" for item in items)


def fenced(body: str, language: str = "text") -> str:
    """A block of literal text."""
    return f"```{language}\n{body.rstrip()}\n```"


def docstring(thing: object) -> str:
    """A docstring as Markdown: its roles and double backticks become code, examples become blocks."""
    raw = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    return prose(raw)


def prose(raw: str) -> str:
    """The text of a docstring as Markdown."""
    body = _ROLE.sub(lambda found: f"`{found[1].rpartition('.')[2]}`", raw).replace("``", "`")
    lines: list[str] = []
    example = False
    for line in body.splitlines():
        starts = line.lstrip().startswith(">>>")
        if starts and not example:
            lines += ["```python"]
            example = True
        elif example and not line.strip():
            lines.append("```")
            example = False
        lines.append(line)
    if example:
        lines.append("```")
    return "\n".join(lines)


def page(*blocks: str, note: str = "") -> str:
    """Blocks, one blank line between them; ``note`` says where a page comes from and is not shown."""
    head = f"<!-- Made by tools/make_docs.py {note}: edit that, not this page. -->\n\n" if note else ""
    return head + "\n\n".join(block.rstrip() for block in blocks if block.strip()) + "\n"
