"""Whatever was done to a built folder, each command that takes one ends in one line, or says what is wrong with it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from medmat_core.catalog import Catalog
from medmat_core.cli import run
from medmat_core.subsets import load_subset
from tests.hostile.case import World
from tests.hostile.pictures import MARKED, masked, saved
from tests.toy import toy_catalog, toy_dataset, zoo

WEIRD: Final = [
    None, 0, -1, 10**400, 1.5, float("nan"), True, "", "x", "\ud800", "../../etc/passwd", "/etc/passwd", "a\0b",
    "\x1b[2J", [], [None], [[]], {}, {"a": None}, "x" * 100_000, [1, 2, 3, 4],
]  # fmt: skip
WHOLE: Final = ["", "\0", "[", "{}", "[]", "null", "7", '"x"', "[" * 100_000, "9" * 6000, '{"a": 1, "a": 2}', "\n\n"]

COMMANDS: Final[dict[str, Callable[[Path], list[object]]]] = {
    "audit": lambda top: ["audit", top / "out"],
    "audit --data": lambda top: ["audit", top / "out", "--data", top / "med-mat"],
    "stats": lambda top: ["stats", top / "out"],
    "preview": lambda top: ["preview", top / "out", "--jobs", 1],
    "export": lambda top: ["export", top / "out", "--to", top / "exported", "--format", "sharegpt", "--jobs", 1],
    "score": lambda top: ["score", top / "out", top / "said.jsonl"],
    "compose": lambda top: ["compose", top / "out", "--target", 1000, "--to", top / "mixed"],
    "build": lambda top: ["build", "--data", top / "med-mat", "--out", top / "out", "--jobs", 1, "--quiet"],
    "build --resume": lambda top: ["build", "toy", "--data", top / "med-mat", "--out", top / "out", "--jobs", 1,
                                   "--quiet", "--resume"],
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Catalog]:
    """A folder with data, records and predictions, and the catalog that it was built from."""
    top = tmp_path_factory.mktemp("built")
    zoo(top / "med-mat")
    words = {**load_subset(43).instructions, **load_subset(2).instructions}
    catalog = toy_catalog(
        toy_dataset(top), *masked("0.png", lambda: saved("PNG", MARKED * 255))(World(top)), instructions=words
    )
    code, err = called(COMMANDS["build"](top), catalog)
    assert (code, err) == (0, "")
    lines = [line for file in (top / "out").glob("records/*.jsonl") for line in file.read_text().splitlines()]
    said = [{"key": json.loads(line)["key"], "prediction": "A"} for line in lines]
    (top / "said.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said))
    return top, catalog


def called(arguments: list[object], catalog: Catalog) -> tuple[int, str]:
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        return run(list(map(str, arguments)), {"catalog": catalog}), err.getvalue()


def ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a JSON value."""
    if way:
        yield way
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from ways(inner, (*way, key))


def spoiled(text: str, lines: bool, draw: random.Random) -> str:
    """A JSON text, or one of JSON lines, with something else in one place."""
    if draw.random() < 0.2 or not text.strip():
        return draw.choice([*WHOLE, text[: len(text) // 2], text * 2, "\ufeff" + text])
    rows = text.splitlines() if lines else [text]
    place = draw.randrange(len(rows))
    value = json.loads(rows[place])
    *way, last = draw.choice(list(ways(value)))
    around = value
    for step in way:
        around = around[step]
    if draw.random() < 0.2:
        del around[last]
    else:
        around[last] = draw.choice(WEIRD)
    with contextlib.suppress(ValueError):  # a number too long to be written
        rows[place] = json.dumps(value)
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_was_done_to_its_files_a_command_ends_in_words(
    built: tuple[Path, Catalog], tmp_path: Path, command: str
) -> None:
    source, catalog = built
    draw = random.Random(command)
    for number in range(4):
        top = tmp_path / str(number)
        shutil.copytree(source, top)
        files = [*sorted((top / "out").rglob("*.json*")), *([top / "said.jsonl"] * 5 if command == "score" else [])]
        file = draw.choice([file for file in files if ".medmat" not in file.parts])
        file.write_text(spoiled(file.read_text(), file.suffix == ".jsonl", draw))
        code, err = called(COMMANDS[command](top), catalog)
        assert code in (0, 1, 2), (number, file.name, err)
        assert "internal error" not in err and "Traceback" not in err and "\x1b" not in err, (number, file.name, err)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_not_wait_for_a_pipe_in_the_place_of_a_file(
    built: tuple[Path, Catalog], tmp_path: Path, command: str
) -> None:
    source, catalog = built
    files = [file.relative_to(source) for file in sorted((source / "out").rglob("*")) if file.is_file()]
    for number, file in enumerate(files):
        top = tmp_path / str(number)
        shutil.copytree(source, top)
        (top / file).unlink()
        os.mkfifo(top / file)
        code, err = called(COMMANDS[command](top), catalog)
        assert code in (0, 1, 2) and "internal error" not in err and "Traceback" not in err, (file, err)


@pytest.mark.parametrize("text", ['{"section": "about", "bytes": 1000000000000000000, "count": 1}\n', "[" * 50_000])
def test_a_state_that_lies_of_its_size_costs_one_line(built: tuple[Path, Catalog], tmp_path: Path, text: str) -> None:
    source, catalog = built
    shutil.copytree(source, tmp_path / "copy")
    first, *rest = (entry["slug"] for entry in json.loads((source / "out/manifest.json").read_text())["datasets"])
    (tmp_path / f"copy/out/.medmat/{rest[0]}.state").write_text(text)
    others = ["build", first, "--data", tmp_path / "copy/med-mat", "--out", tmp_path / "copy/out", "--jobs", 1, "-q"]
    code, err = called(others, catalog)
    assert code == 2 and err.count("\n") == 1, err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_an_export_waits_for_no_pipe_where_it_shall_go(built: tuple[Path, Catalog], tmp_path: Path) -> None:
    source, catalog = built
    to = tmp_path / "exported"
    assert called(["export", source / "out", "--to", to, "--format", "sharegpt", "--jobs", 1], catalog)[0] == 0
    for name in sorted(path.name for path in to.iterdir() if path.is_file()):
        shutil.copytree(to, tmp_path / name, symlinks=True)
        (tmp_path / name / name).unlink()
        os.mkfifo(tmp_path / name / name)
        again = ["export", source / "out", "--to", tmp_path / name, "--format", "sharegpt", "--jobs", 1]
        code, err = called(again, catalog)
        assert code == 2 and err.count("\n") == 1, (name, err)
