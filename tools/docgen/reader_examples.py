"""The examples of the page on readers: run here, compared with what the page shows by a test."""

from __future__ import annotations

import ast
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs
import numpy as np

from medmat_core import readers
from medmat_core.card import Card
from medmat_core.tree import Tree

from .markdown import fenced

HERE: Final = Path(__file__).parent
_CARD: Final = """
slug = "x"
title = "X"
folder = "x"
modality = "X"
area = "X"
task = "X"
subset = 1
kind = "{kind}"
modality_shown = "picture"
area_shown = "x"
source = "x"
access = "open"
license = "x"
[labels]
{labels}
[mask.colors]
{colors}
"""


@cache
def examples() -> Mapping[str, Mapping[str, Any]]:
    """Name of a reader -> its example: files, call, and perhaps labels, colors and markers."""
    return tomllib.loads((HERE / "readers.toml").read_text(encoding="utf-8"))


@cache
def shown() -> Mapping[str, str]:
    """Name of a reader -> what its example yielded when the page was last made by hand (readers.txt)."""
    parts = re.split(r"^== (\w+)\n", (HERE / "readers.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.rstrip("\n") for part in parts[2::2]), strict=True))


def section(name: str) -> str:
    """The example of a reader as Markdown; "" where it has none."""
    example = examples().get(name)
    if example is None:
        return ""
    blocks = [fenced(_listing(example["files"]))] if "files" in example else []
    blocks += [fenced(example["call"].strip(), "python"), fenced(shown()[name])]
    return "\n\n".join(["For example:", *blocks])


def _listing(files: Mapping[str, str]) -> str:
    lines = []
    for path, text in files.items():
        lines.append(path)
        lines += [f"    {line}" for line in text.splitlines()]
    return "\n".join(lines)


def run(example: Mapping[str, Any]) -> str:
    """What the lines of a call yield, one value a line, and what they report."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "x"
        root.mkdir()
        for path, text in example.get("files", {}).items():
            _write(root / path, text)
        tree = Tree(root, example.get("markers", ()))
        names = {"readers": readers, "tree": tree, "card": _card(Path(folder), example)}
        names["pictures"] = readers.Pictures(tree)
        lines: list[str] = []
        for statement in ast.parse(example["call"]).body:
            if isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), "example", "eval"), names)  # our own file
                lines += map(_text, value) if isinstance(value, Iterator | list) else [_text(value)]
            else:
                exec(compile(ast.Module([statement], []), "example", "exec"), names)
        lines = [line for line in lines if line != "None"] if tree.problems else lines
        return "\n".join([*lines, *(f"problem: {_text(problem)}" for problem in tree.problems)])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if text.startswith("array of"):
        np.save(path, np.zeros([int(side) for side in re.findall(r"\d+", text)]))
    else:
        path.write_text(text, encoding="utf-8")


def _card(folder: Path, example: Mapping[str, Any]) -> Card:
    labels = "\n".join(f'"{code}" = "{caption}"' for code, caption in example.get("labels", {"x": "X"}).items())
    colors = "\n".join(f'"{color}" = "{code}"' for color, code in example.get("colors", {}).items())
    path = folder / "card.toml"
    path.write_text(_CARD.format(kind="mask" if colors else "single-label", labels=labels, colors=colors), "utf-8")
    return Card.load(path)


def _text(value: Any) -> str:
    """A value as one would write it: attrs classes without the fields that have their default."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' * (len(value) == 1)})"
    if not attrs.has(type(value)):
        return repr(value)
    told = []
    for field in attrs.fields(type(value)):
        one = getattr(value, field.name)
        if field.default is attrs.NOTHING or one != field.default:
            told.append(_text(one) if field.default is attrs.NOTHING else f"{field.name}={_text(one)}")
    return f"{type(value).__name__}({', '.join(told)})"


def main() -> None:
    """Run all examples and write what they yield, for a person to read: python -m docgen.reader_examples in tools/."""
    told = "\n".join(f"== {name}\n{run(example)}\n" for name, example in examples().items())
    (HERE / "readers.txt").write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
