"""Names from outside are shown and not obeyed."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from medmat_core.cli import run
from medmat_core.commands import console, print_rows
from medmat_core.commands.options import Counter
from medmat_core.shown import shown, shown_lines


def test_what_a_terminal_obeys_is_written_out() -> None:
    assert shown("\x1b[31mred\x9b0m\x07\r\n\t\x7f") == "\\x1b[31mred\\x9b0m\\x07\\x0d\\x0a\\x09\\x7f"


def test_turned_and_unseen_text_and_bytes_that_are_no_text_are_written_out() -> None:
    assert shown("a\u202egnp.exe\u200b\ufeff\udcff") == "a\\u202egnp.exe\\u200b\\ufeff\\udcff"


def test_names_in_any_script_stay_as_they_are() -> None:
    for name in ("Röntgen (1).png", "肺炎.jpg", "صورة.png", "a\u0301.png", "🫁.png"):
        assert shown(name) == name


def test_lines_stay_lines() -> None:
    assert shown_lines("a\x1b\nb") == "a\\x1b\nb"


def test_tables_and_text_on_a_console_show_names_and_obey_none() -> None:
    from rich.table import Table

    page = console(record=True)
    table = Table("file")
    table.add_row("evil\x1b[2J.png")
    page.print(table)
    page.print("evil\x9b2J.png", markup=False)
    text = page.export_text()
    assert "evil\\x1b[2J.png" in text and "evil\\x9b2J.png" in text and "\x1b" not in text


def test_rows_for_a_program_hold_nothing_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("slug", "records"), [("a\x1b]0;title\x07\u202e", 3)], ())
    assert capsys.readouterr().out == "slug\trecords\na\\x1b]0;title\\x07\\u202e\t3\n"


def test_a_counter_shows_the_name_of_a_file_and_obeys_it_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    Counter().advance(1, ", last those of \x1b]0;title\x07")
    assert sys.stderr.getvalue() == "\r\x1b[K1 records, last those of \\x1b]0;title\\x07"  # type: ignore[attr-defined]


@pytest.mark.skipif(os.name == "nt", reason="no folder has such a name there")
def test_a_new_plugin_tells_of_folders_and_obeys_no_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cat\x1b]0;title\x07", "dog\u202e", "cow\r\nnext"):
        folder = tmp_path / "zoo" / name
        folder.mkdir(parents=True)
        for number in range(3):
            Image.new("L", (8, 8), number).save(folder / f"{number}.png")
    assert run(["new-plugin", "zoo", "--from", str(tmp_path / "zoo"), "--to", str(tmp_path / "made"), "--yes"]) == 0
    told = capsys.readouterr().out
    assert "cat\\x1b]0;title\\x07 (3)" in told and "cow\\x0d\\x0anext (3)" in told
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(told)
