"""`medmat download` as it is typed: the plan, the terms, what came, what is left to a person."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medmat_core import cli
from medmat_core.dataset import Dataset
from medmat_core.download import space
from medmat_core.download.web import UnreachableError, Web
from tests.download.loopback import Loopback
from tests.download.test_run import found, links, zipped
from tests.toy import picture, toy_catalog, toy_dataset

HAND = '[by_hand]\nwhy = "a form stands before the files"\nsteps = ["Fill in the form.", "Download toys.zip."]\n'
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Types a command (`download` but where another is given) over data sets; exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def typed(datasets: list[Dataset], *arguments: str, command: str = "download") -> tuple[int, str, str]:
        catalog = toy_catalog(*datasets)
        with monkeypatch.context() as patched:
            patched.setattr("medmat_core.catalog.load_catalog", lambda **_: catalog)
            code = cli.run([command, *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return typed


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, bytes]:
    """Twelve pictures in class folders."""
    files = {}
    for place, label in enumerate(("cat", "dog", "cow", "eel")):
        for number in range(3):
            name = f"pics/{label}/{number}.png"
            files[name] = picture(tmp_path / "drawn" / name, 100 * place + number).read_bytes()
    return files


def served(host: Loopback, pictures: dict[str, bytes], where: Path, **card: str) -> Dataset:
    host("/toys.zip", zipped(pictures))
    return toy_dataset(where, tables=links(host, "toys.zip"), **card)


ACCOUNT = 'access = "account"'


def closed(host: Loopback, pictures: dict[str, bytes], where: Path, slug: str = "toy") -> Dataset:
    """The same behind an account."""
    dataset = served(host, pictures, where, slug=slug, folder=slug)
    path = dataset.card.path
    path.write_text(path.read_text("utf-8").replace('access = "open"', ACCOUNT), "utf-8")
    return Dataset(type(dataset.card).load(path), dataset.samples, module="tests.toy")


def test_an_open_data_set_comes_and_is_checked(
    host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path
) -> None:
    code, out, err = run([served(host, pictures, tmp_path)], "toy")
    assert code == 0, err
    assert found(tmp_path / "med-mat/toy") == pictures
    assert "12 files in med-mat/toy" in out and "1 data set fetched into med-mat, 0 not" in out
    assert "1 of 1 data sets are as their cards say" in out


def test_what_is_there_is_not_fetched_again(
    host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path
) -> None:
    dataset = served(host, pictures, tmp_path)
    run([dataset], "toy", "--to", "data")
    asked = len(host.asked)
    code, out, _ = run([dataset], "toy", "--data", "data")
    assert code == 0 and "toy: is there" in out and len(host.asked) == asked
    assert "0 data sets fetched into data, 0 not, 1 there already" in out
    assert run([dataset], "toy", "--data", "data", "--again", "--no-check")[0] == 0 and len(host.asked) > asked


def test_a_dry_run_fetches_nothing(host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path) -> None:
    hand = toy_dataset(tmp_path, slug="form", folder="form", tables=HAND)
    code, out, _ = run([served(host, pictures, tmp_path), hand], "--all", "--dry-run")
    assert code == 0 and host.asked == [] and not (tmp_path / "med-mat").exists()
    assert "127.0.0.1" in out and "unknown" in out
    assert "1 to fetch (0 bytes as far as known, 1 of unknown size), 0 there, 1 by hand" in out
    assert "1. Fill in the form." in out and "2. Download toys.zip." in out and "https://example.org/toy" in out


def test_the_hosts_are_asked_for_sizes_on_request(
    host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path
) -> None:
    host("/toys.zip", bytes(2_500_000))
    dataset = toy_dataset(tmp_path, tables=links(host, "toys.zip"))
    _, out, _ = run([dataset], "toy", "--dry-run", "--sizes")
    assert "2.5 MB" in out and [asked.method for asked in host.asked] == ["HEAD"]


def test_a_host_that_cannot_be_reached_is_told_and_asked_once(
    host: Loopback, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host("/toys.zip", bytes(2_500_000))
    tries: list[str] = []

    class Lost(Web):
        def _open(self, url: str, *rest: Any, **more: Any) -> Any:
            if "nowhere" not in url:
                return super()._open(url, *rest, **more)
            tries.append(url)
            raise UnreachableError(f"{url}: cannot be reached (no network); look at the address, or try later")

    monkeypatch.setattr("medmat_core.download.web.Web", Lost)
    lost = [
        toy_dataset(
            tmp_path / slug, slug=slug, folder=slug,
            tables=f'[[download]]\nhost = "link"\nlinks = {{ a = "https://nowhere.example.org/{slug}.zip" }}\n',
        )
        for slug in ("one", "two", "three")
    ]  # fmt: skip
    code, out, err = run(
        [*lost, toy_dataset(tmp_path, tables=links(host, "toys.zip"))], "--all", "--dry-run", "--sizes"
    )
    assert code == 0 and "2.5 MB as far as known, 3 of unknown size" in out
    assert tries == ["https://nowhere.example.org/one.zip"]
    assert err.splitlines() == [
        "medmat: asking nowhere.example.org for sizes",
        "medmat: https://nowhere.example.org/one.zip: cannot be reached (no network); look at the address, or try "
        "later; nowhere.example.org is asked for no more sizes",
        "medmat: asking 127.0.0.1 for sizes",
    ]


def test_a_plan_that_does_not_fit_says_so(
    host: Loopback, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "free", lambda folder: 1_000_000_000)
    dataset = toy_dataset(tmp_path, tables=links(host, "toys.zip", more="about = 2_000_000_000"))
    _, out, _ = run([dataset], "toy", "--dry-run")
    assert "about 2.0 GB" in out and "1.0 GB are free" in out and "They do not fit" in out
    code, _, err = run([dataset], "toy")
    assert code == 3 and "needs 2.0 GB" in err


def test_licence_and_terms_of_what_is_not_open_must_be_accepted(
    host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = closed(host, pictures, tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))  # nobody at a terminal: a pipe does not accept
    code, out, err = run([dataset], "toy")
    assert code == 1 and "--accept toy" in err and host.asked == []
    assert "licence: CC0" in out and "terms: https://example.org/toy" in out
    code, out, _ = run([dataset], "toy", "--accept", "toy")
    assert code == 0 and found(tmp_path / "med-mat/toy") == pictures


@pytest.mark.parametrize(("answer", "comes"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_at_a_terminal_it_asks(
    host: Loopback,
    run: Run,
    pictures: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    comes: bool,
) -> None:
    stdin = io.StringIO(answer)
    stdin.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", stdin)
    code, _, _ = run([closed(host, pictures, tmp_path)], "toy")
    assert (tmp_path / "med-mat/toy").exists() is comes and code == (0 if comes else 1)


def test_yes_accepts_what_is_named(host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path) -> None:
    code, out, _ = run([closed(host, pictures, tmp_path)], "toy", "--yes")
    assert code == 0 and "licence" not in out


def test_what_stands_behind_a_form_is_left_to_the_user_with_its_steps(run: Run, tmp_path: Path) -> None:
    code, out, _ = run([toy_dataset(tmp_path, tables=HAND)], "toy", "--yes")
    assert code == 1 and "1. Fill in the form." in out and "medmat check toy --data med-mat" in out
    assert not (tmp_path / "med-mat").exists()


def test_one_that_fails_does_not_stop_the_others(
    host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path
) -> None:
    gone = toy_dataset(tmp_path, slug="gone", folder="gone", tables=links(host, "none.zip"))
    code, out, err = run([gone, served(host, pictures, tmp_path)], "--all")
    assert code == 1 and "gone: " in err and "(404)" in err
    assert "1 data set fetched into med-mat, 1 not" in out and found(tmp_path / "med-mat/toy") == pictures


def test_two_rows_of_one_download_fetch_it_once(
    host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path
) -> None:
    host("/toys.zip", zipped(pictures))
    rows = [toy_dataset(tmp_path, slug=slug, tables=links(host, "toys.zip")) for slug in ("one", "two")]
    assert "comes with one" in run(rows, "--all", "--dry-run")[1]
    code, out, _ = run(rows, "--all")
    assert code == 0 and "2 data sets fetched" in out and len(host.asked) == 1


def test_the_access_narrows_it(host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path) -> None:
    rows = [served(host, pictures, tmp_path), closed(host, pictures, tmp_path, slug="closed")]
    out = run(rows, "--all", "--access", "open", "--dry-run")[1]
    assert "toy" in out and "closed" not in out


def test_list_narrows_by_access_as_well(host: Loopback, run: Run, pictures: dict[str, bytes], tmp_path: Path) -> None:
    rows = [served(host, pictures, tmp_path), closed(host, pictures, tmp_path, slug="closed")]
    code, out, _ = run(rows, "--access", "open", "--json", command="list")
    assert code == 0 and [row["slug"] for row in json.loads(out)] == ["toy"]


def test_show_says_size_host_and_steps(host: Loopback, run: Run, tmp_path: Path) -> None:
    tables = links(host, "toys.zip", more='about = 3_600_000_000\ninto = "release"\nnote = "A copy."') + HAND
    code, out, _ = run([toy_dataset(tmp_path, tables=tables)], "toy", command="show")
    assert code == 0 and "`medmat download toy`, size about 3.6 GB" in out
    assert "127.0.0.1: toys.zip, about 3.6 GB, into release/" in out
    assert "A copy." in out and "By hand: a form stands before the files" in out and "  1. Fill in the form." in out


@pytest.mark.parametrize("arguments", [[], ["toy", "--all"], ["nothing-like-it"], ["--all", "--subset", "7"]])
def test_nothing_to_do_is_an_error_of_the_caller(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    assert run([toy_dataset(tmp_path, tables=HAND)], *arguments)[0] == 2
