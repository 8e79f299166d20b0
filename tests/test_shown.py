"""Names from outside are shown and not obeyed."""

from __future__ import annotations

from medmat_core.commands import console
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
