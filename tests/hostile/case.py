"""A case of hostile input, and what came of it."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from medmat_core import Card, Dataset, readers
from medmat_core.catalog import Catalog
from tests.toy import toy_catalog, toy_dataset, zoo

Adapter = Callable[[readers.Tree, Card], Any]
WHOLE: Final = 20
"""Records of the toy data set where nothing is wrong."""


@frozen
class World:
    """Where a case takes place: ``data`` holds the toy data set ``toy`` in order, to be spoiled."""

    top: Path

    @property
    def data(self) -> Path:
        return self.top / "med-mat"

    @property
    def toy(self) -> Path:
        return self.data / "toy"

    @property
    def out(self) -> Path:
        return self.top / "out"

    def write(self, path: str, content: str | bytes) -> Path:
        """A file below the toy data set's folder."""
        file = self.toy / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file


@frozen
class Case:
    """``name`` is a sentence: what is tried. ``spoil`` does it, and may give data sets to build instead of the toy
    one.

    What has to come of it: the exit ``code``; ``refused`` and ``noted``, how many problems of which reason (None: of
    any kind and number); ``records``, how many (None: any number); ``told`` is found on stderr, and ``detail`` in the
    detail of a problem. ``command`` is what runs; all but "build" leave no problems and no records. Whatever happens: one line an error, no traceback, no file half made, and it ends.
    """

    name: str
    spoil: Callable[[World], Sequence[Dataset] | Catalog | None]
    code: int = 0
    refused: Mapping[str, int] | None = field(factory=dict)
    noted: Mapping[str, int] | None = field(factory=dict)
    records: int | None = None
    told: str = ""
    detail: str = ""
    args: tuple[str, ...] = ()
    command: str = "build"
    comes_of_it: str = ""

    def outcome(self) -> str:
        """What comes of it, in words."""
        if self.comes_of_it:
            return self.comes_of_it
        parts = [f"`{reason}`" for reason in (*(self.refused or {}), *(self.noted or {}))]
        said = {
            0: "built whole",
            1: "that input is refused",
            2: "nothing to do",
            3: "the plugin is named, all else built",
        }
        return said[self.code] + (f": {', '.join(parts)}" if parts else "")


_OUTCOMES: Final[Mapping[str, Any]] = json.loads(Path(__file__).with_name("outcomes.json").read_text("utf-8"))


def told(
    name: str,
    spoil: Callable[[World], Sequence[Dataset] | Catalog | None],
    *,
    args: tuple[str, ...] = (),
    comes_of_it: str = "",
) -> Case:
    """A case whose outcome stands in ``outcomes.json``: exit code, reasons refused, reasons noted, records."""
    code, refused, noted, records = _OUTCOMES.get(name, (None, None, None, None))
    return Case(name, spoil, code, refused, noted, records, args=args, comes_of_it=comes_of_it)


FOLLOWS: Final = ("empty_class", "no_question")
"""Notes of whole data sets, which follow from what was refused."""


@frozen
class Outcome:
    code: int
    err: str
    problems: Sequence[Mapping[str, Any]]
    records: int

    def reasons(self, level: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for problem in self.problems:
            if problem["level"] == level and problem["reason"] not in FOLLOWS:
                found[problem["reason"]] = found.get(problem["reason"], 0) + 1
        return found


def world(top: Path) -> World:
    """A toy data set of twenty pictures, in order."""
    zoo(top / "med-mat")
    return World(top)


def run_case(case: Case, top: Path) -> Outcome:
    """Do it, and tell what came of it."""
    from medmat_core.cli import run
    from medmat_core.errors import CardError

    where = world(top)
    try:
        made = case.spoil(where)
    except CardError as error:  # as the catalog tells it, which goes on with the other plugins
        return Outcome(3, f"medmat: {error}\n", (), 0)
    catalog = made if isinstance(made, Catalog) else toy_catalog(*(made or [toy_dataset(top)]))
    own = {"build": ["--out", str(where.out), "--jobs", "1", "--quiet"], "check": ["--jobs", "1"], "list": ["--json"]}
    arguments = [case.command, "--data", str(where.data), *own[case.command], *case.args]
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        code = run(arguments, {"catalog": catalog})
    lines = (where.out / "problems.jsonl").read_text("utf-8") if (where.out / "problems.jsonl").is_file() else ""
    records = sum(path.read_bytes().count(b"\n") for path in where.out.glob("records/*.jsonl"))
    return Outcome(code, err.getvalue(), [json.loads(line) for line in lines.splitlines()], records)


def check(case: Case, found: Outcome) -> None:
    """Whether what came of it is what has to."""
    assert found.code == case.code, (found.err, found.problems)
    assert "Traceback" not in found.err and "internal error" not in found.err, found.err
    assert all(line.startswith("medmat: ") for line in found.err.splitlines()), found.err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", found.err), found.err
    for level, wanted in (("refused", case.refused), ("note", case.noted)):
        if wanted is not None:
            assert found.reasons(level) == dict(wanted), found.problems
    assert re.search(case.told, found.err), found.err
    if case.detail:
        assert any(re.search(case.detail, problem["detail"]) for problem in found.problems), found.problems
    if case.records is not None:
        assert found.records == case.records, found.problems
