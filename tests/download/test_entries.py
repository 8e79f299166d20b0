"""What cards say of their downloads: every card says it, and what it says is well formed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medmat_core import cli, load_catalog
from medmat_core.card import Card
from medmat_core.download import web
from medmat_core.download.names import safe_name
from medmat_core.download_entries import Download, card_size, size_text
from medmat_core.errors import CardError, DownloadError
from tests.toy import toy_card

CARDS = [dataset.card for dataset in load_catalog()]

FORBIDDEN = ("physionet", "stanford", "grand-challenge", "tianchi", "baidu", "heywhale", "ieee-dataport", "bupt")
"""Hosts that give files to a person who applied or logged in, and to nobody else."""


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.slug)
def test_every_card_says_how_its_data_set_is_had(card: Card) -> None:
    assert card.download or card.by_hand.why, f"{card.path}: write [[download]] entries, or [by_hand] with the steps"
    for entry in card.download:
        assert not any(name in address.lower() for name in FORBIDDEN for address in (*entry.links.values(), entry.id))
        if entry.names:
            assert set(entry.sizes) | set(entry.hashes) <= set(entry.names)
        for name in (*entry.names, *(part for part in (entry.into, *entry.inner.values()) if part)):
            assert safe_name(name, card.path) == name
    if not card.download:
        assert any("http" in step for step in card.by_hand.steps), "a step names the page"
    if card.access == "credentialed":
        assert not card.download


def test_a_dry_run_over_all_rows_prints_a_plan_that_one_can_follow_without_asking_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a dry run asks no host")

    monkeypatch.setattr(web.Web, "_open", asked)
    assert cli.run(["download", "--all", "--dry-run", "--to", str(tmp_path / "x")]) == 0
    out = capsys.readouterr().out
    for card in CARDS:
        (row,) = re.findall(rf"(?m)^ *{card.no or ''} +{re.escape(card.slug)} .*$", out)
        assert f" {card.access} " in row
        if not card.download:
            head = f"{card.no} {card.slug}: {card.source}\n  By hand: {card.by_hand.why}\n    1. "
            assert head in out
    assert re.search(r"\d+ to fetch \(.* as far as known, \d+ of unknown size\), 0 there, 21 by hand; .* free", out)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('host = "ftp"', "host"),
        ('host = "zenodo"\nid = "10.5281/zenodo.1"', "the number of the record"),
        ('host = "github"\nid = "a/b@main"\nfiles = ["x"]', "all 40 digits"),
        (f'host = "github"\nid = "a/b@{"0" * 40}"', "needs files"),
        ('host = "link"', "it needs some"),
        ('host = "link"\nlinks = { "a" = "file:///etc/passwd" }', "no web address"),
        ('host = "zenodo"\nid = "1"\nhashes = { "a" = "sha1:00" }', "no hash"),
        ('host = "zenodo"\nid = "1"\nabout = -1', "number of bytes"),
        ('host = "zenodo"\nid = "1"\nurl = "x"', "url"),
    ],
)
def test_a_broken_entry_is_a_broken_card(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(CardError, match=told) as error:
        toy_card(tmp_path, tables=f"[[download]]\n{table}\n")
    assert "toy.toml" in str(error.value)


def test_steps_need_a_reason_and_a_reason_needs_steps(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="come together"):
        toy_card(tmp_path, tables='[by_hand]\nwhy = "a form"\n')


@pytest.mark.parametrize(
    ("size", "told"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (3_600_000_000, "3.6 GB"), (150 * 10**9, "150 GB")],
)
def test_sizes_are_told_in_powers_of_ten(size: int, told: str) -> None:
    assert size_text(size) == told


def test_a_cards_size_says_how_sure_it_is() -> None:
    exact = Download(host="link", links={"a": "https://example.org/a"}, sizes={"a": 5_000_000})
    about = Download(host="zenodo", id="1", about=2_000_000)
    unknown = Download(host="zenodo", id="2")
    assert card_size((exact,)) == "5.0 MB"
    assert card_size((exact, about)) == "about 7.0 MB"
    assert card_size((exact, unknown)) == "at least 5.0 MB"
    assert card_size((unknown,)) == "unknown"


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "/a", "\\a", "C:/a", "c:\\a", "", ".", "a\0b", "a\nb", "x" * 300]
)
def test_a_name_that_could_leave_its_folder_or_break_it_is_refused(name: str) -> None:
    with pytest.raises(DownloadError, match="here: "):
        safe_name(name, "here")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b.png", "a/b.png"),
        ("./a//b.png", "a/b.png"),
        ("a\\b.png", "a/b.png"),
        ("a/..b", "a/..b"),
        ("é肺.png", "é肺.png"),
    ],
)
def test_other_names_stay(name: str, safe: str) -> None:
    assert safe_name(name, "here") == safe
