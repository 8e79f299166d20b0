"""How far it is: bars on a terminal, plain lines in a log."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from medmat_core.download import progress
from medmat_core.download.progress import shown


def work(console: Console) -> None:
    with shown(console) as bars:
        bars.say("40 nct-crc-he-100k")
        bars.start("[a].zip", 2_000_000, 500_000)
        bars.advance(1_000_000)
        bars.end()
        bars.start("labels.csv", 0)
        bars.advance(10)
        bars.end()
        bars.end()


def test_a_log_has_lines_with_sizes_and_no_control_characters() -> None:
    out = io.StringIO()
    work(Console(file=out, width=100))
    assert out.getvalue().splitlines() == [
        "40 nct-crc-he-100k",
        "  [a].zip: 2.0 MB, 500 kB are there",
        "  [a].zip: 1.5 MB",
        "  labels.csv: size unknown",
        "  labels.csv: 10 bytes",
    ]


def test_a_log_tells_of_long_work_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    out = io.StringIO()
    work(Console(file=out, width=100))
    assert "  [a].zip: 1.5 MB of 2.0 MB" in out.getvalue().splitlines()


def test_a_terminal_has_bars_that_are_gone_at_the_end_and_lines_that_stay() -> None:
    out = io.StringIO()
    work(Console(file=out, force_terminal=True, width=120, highlight=False))
    assert "40 nct-crc-he-100k" in out.getvalue() and "[a].zip" in out.getvalue()
