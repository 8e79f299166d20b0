"""Installed plugins that break where they are imported, asked, or write: the others work on, and exit 3 names them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from tests.plugged import COMMAND, PLUGIN, SUBSET, WRITER, Install, install
from tests.toy import zoo

__all__ = ["install"]

RAISED = [
    "raise KeyError('x')", "import sys; sys.exit(0)", "class Whim(BaseException): pass\nraise Whim('no')",
    "raise MemoryError", "import no_such_module", "1 +", "def f(): return f()\nf()",
]  # fmt: skip


def medmat(*arguments: object) -> tuple[int, str, str]:
    from medmat_core.cli import run

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(map(str, arguments)))
    assert "Traceback" not in err.getvalue(), err.getvalue()
    assert all(line.startswith("medmat: ") for line in err.getvalue().splitlines()), err.getvalue()
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def sound(install: Install, tmp_path: Path) -> Path:
    """A sound plugin and its data; where they lie."""
    install("sound", extra=SUBSET.format(no=1000))
    zoo(tmp_path / "med-mat")
    return tmp_path


def built(where: Path, *more: str) -> tuple[int, str]:
    code, _, err = medmat("build", "--data", where / "med-mat", "--out", where / "out", "--jobs", 1, "--quiet", *more)
    assert (where / "out/records/Ori--sound-train.jsonl").exists(), err
    return code, err


@pytest.mark.parametrize("raised", RAISED)
def test_a_plugin_that_cannot_be_imported_is_named_and_the_others_are_built(
    sound: Path, install: Install, raised: str
) -> None:
    install("torn", code=raised + "\n")
    code, err = built(sound)
    assert code == 3 and "plugin 'torn' of medmat-plugin-torn 1.2 failed to load" in err


@pytest.mark.parametrize(
    "head", ["kind = 'nothing'", "[", "slug = 7", "subset = 'x'", "\x00", "labels = []"], ids=lambda head: repr(head)
)
def test_a_plugin_whose_card_is_broken_is_named_and_the_others_are_built(
    sound: Path, install: Install, head: str
) -> None:
    install("torn", head=head)
    code, err = built(sound)
    assert code == 3 and "medmat-plugin-torn 1.2" in err


@pytest.mark.parametrize("answer", ["None", "7", "'torn'", "[1]", "[None]", "iter(int, 1)", "[Dataset]"])
def test_a_plugin_that_answers_with_something_else_is_named_and_the_others_are_built(
    sound: Path, install: Install, answer: str
) -> None:
    code_ = f"from medmat_core import Dataset, hookimpl\n@hookimpl\ndef medmat_datasets():\n    return {answer}\n"
    install("torn", code=code_)
    code, err = built(sound)
    if answer == "None":  # pluggy leaves it out: no answer
        assert code == 0
    else:
        assert code == 3 and "medmat-plugin-torn 1.2" in err


@pytest.mark.parametrize("raised", RAISED[:4])
def test_a_command_of_a_plugin_that_breaks_is_named(sound: Path, install: Install, raised: str) -> None:
    body = "\n".join(f"    {line}" for line in raised.splitlines())
    install("torn", extra=COMMAND.format(name="newts").replace('    click.echo("two newts")', body), code=NO_DATASETS)
    if "sys.exit" in raised:  # a command's own business
        with pytest.raises(SystemExit):
            medmat("newts")
        return
    code, _, err = medmat("newts")
    assert code == 3 and "plugin torn (medmat-plugin-torn) in its command 'newts' failed" in err


NO_DATASETS = "from medmat_core import hookimpl\n{extra}\n"


@pytest.mark.parametrize("raised", RAISED[:4])
def test_a_format_of_a_plugin_that_breaks_is_named_and_the_build_is_whole(
    sound: Path, install: Install, raised: str
) -> None:
    body = "\n".join(f"        {line}" for line in raised.splitlines())
    broken = WRITER.format(name="torn").replace("        out = io.StringIO()", body)
    install("torn", extra=broken, code="from medmat_core import hookimpl\n{extra}\n")
    code, err = built(sound, "--format", "torn")
    assert code == 3 and "'torn'" in err and "medmat-plugin-torn" in err
    assert (sound / "out/manifest.json").exists()


@pytest.mark.parametrize("name", ["../../outside.csv", "/tmp/medmat-outside.csv", "a/../../outside.csv", "a\\0b.csv"])
def test_a_format_that_names_a_file_outside_is_refused(sound: Path, install: Install, name: str) -> None:
    broken = WRITER.format(name="torn").replace('f"csv/{place.stem}.csv"', repr(name).replace("\\\\0", "\\0"))
    install("torn", extra=broken, code="from medmat_core import hookimpl\n{extra}\n")
    code, err = built(sound, "--format", "torn")
    assert code in (2, 3) and err.count("\n") == 1, err
    assert not list(sound.rglob("outside.csv")) and not Path("/tmp/medmat-outside.csv").exists()


def test_a_sound_plugin_beside_is_built_whole(sound: Path) -> None:
    assert PLUGIN and built(sound) == (0, "")


def test_list_with_data_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    import os

    from tests.hostile.inputs import fifo_table
    from tests.toy import toy_catalog

    from .case import world

    where = world(tmp_path)
    from medmat_core.cli import run

    catalog = toy_catalog(*fifo_table(where))
    os.mkfifo(where.toy / "pics/cat/a.png")
    assert run(["list", "--data", str(where.data)], {"catalog": catalog}) == 0
